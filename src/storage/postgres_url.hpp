// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A URL taken apart: Kith's own parameters, and what is left for libpq.

#include <string>
#include <string_view>

#include "kith/storage/postgres.hpp"

namespace kith::postgres {

struct Url {
  std::string rest;  ///< the URL without Kith's parameters
  PostgresOptions options;
};
/// Error{invalid} for an unknown kith_ parameter or a value that it cannot have.
Url parse_url(std::string_view url);

/// Error{invalid} for a schema without a name, a tenant below 1, or a pool that is none.
void check_options(const PostgresOptions& options);

}  // namespace kith::postgres
