// SPDX-License-Identifier: Apache-2.0
#pragma once
// Postings on two accounts that are a pair balance only together, however far apart their rows stand in a table.

#include <map>
#include <utility>
#include <vector>

#include "engine/ledger.hpp"
#include "interchange/import_rows.hpp"

namespace kith {

// Keeps the rows of pairs back until they balance. What is open is kept only: a table whose pairs stand close together
// needs next to no memory for it.
class ImportPairs {
 public:
  explicit ImportPairs(const Reader& reader) : accounts_(reader), base_(reader.currency()) {}

  // Appends to `ready` the rows that can now be written: the given one, if its account has no pair, or all that the
  // given one balances, with a number in common that says so.
  void add(ImportRow row, const Posting& posting, std::vector<ImportRow>& ready);
  // The rows of each pair that has not balanced, by where they began.
  std::vector<std::vector<ImportRow>> rest();

 private:
  struct Open {
    std::int64_t together = 0;
    Int128 amount = 0;
    Int128 quantity = 0;
    std::vector<ImportRow> rows;
  };

  ledger::Accounts accounts_;
  Currency base_;
  std::map<ledger::PairSum, Open> open_;
  std::int64_t groups_ = 0;
};

// What a row is told of an error that `rows` rows met together: `at` counts from 0. Nothing where the error names
// others of them only.
std::vector<Violation> faults_of_row(const Error& error, std::size_t at, std::size_t rows);

}  // namespace kith
