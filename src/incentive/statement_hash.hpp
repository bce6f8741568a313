// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The hash that a closed statement carries: SHA-256 over the hash of the employee's statement before it, its own
/// sums and all its lines. Every text goes in with its length, so that no two statements share their bytes.

#include <string>
#include <string_view>

#include "kith/base/sha256.hpp"
#include "kith/incentive/statement.hpp"

namespace kith::incentive {

/// The lines of one statement, added by position.
class LinesHash {
 public:
  void add(const StatementLine& line);
  Digest digest() const { return hash_.digest(); }

 private:
  Sha256 hash_;
};

/// Hexadecimal; `previous` is "" for somebody's first statement.
std::string hash_of(const Statement& statement, std::string_view previous, const LinesHash& lines);

}  // namespace kith::incentive
