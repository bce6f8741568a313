// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Expecting a kith::Error with its code and a piece of its text, in one line.

#include <gtest/gtest.h>

#include <string>

#include "kith/base/error.hpp"

/// Fails unless `statement` throws kith::Error with that code and a `what()` that holds `piece`.
#define EXPECT_KITH_ERROR(statement, expected_code, piece)                                        \
  try {                                                                                           \
    statement;                                                                                    \
    ADD_FAILURE() << #statement << " threw nothing";                                              \
  } catch (const kith::Error& kith_error_caught) {                                                \
    EXPECT_EQ(kith::name_of(kith_error_caught.code), kith::name_of(expected_code)) << #statement; \
    EXPECT_NE(std::string(kith_error_caught.what()).find(piece), std::string::npos)               \
        << #statement << " said: " << kith_error_caught.what();                                   \
  }                                                                                               \
  static_assert(true, "needs a semicolon")
