// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite_cursor.hpp"

#include <algorithm>
#include <utility>

#include "kith/base/error.hpp"
#include "storage/rules.hpp"
#include "storage/sqlite_transaction.hpp"

namespace kith::sqlite {
namespace {

constexpr const char* kPointer = "kith";
/// What every build of SQLite allows a function, less the cursor.
constexpr std::size_t kMostColumns = 99;

/// A value of the current row, of which the table says whether it may be null.
struct OfStatement {
  sqlite3_stmt* statement;
  bool is_null(int place) const { return sqlite3_column_type(statement, place) == SQLITE_NULL; }
  std::int64_t word(int place) const { return sqlite3_column_int64(statement, place); }
  std::string_view text(int place) const { return column_text(statement, place); }
};

struct OfFunction {
  sqlite3_value** values;
  bool is_null(int place) const { return sqlite3_value_type(values[place]) == SQLITE_NULL; }
  std::int64_t word(int place) const { return sqlite3_value_int64(values[place]); }
  std::string_view text(int place) const {
    const void* bytes = sqlite3_value_blob(values[place]);  // before the length, as in column_text
    const int size = sqlite3_value_bytes(values[place]);
    if (bytes == nullptr) return {"", 0};
    return {static_cast<const char*>(bytes), static_cast<std::size_t>(size)};
  }
};

template <class Row>
void append(const Row& row, const std::vector<char>& nullable, Batch& batch) {
  for (std::size_t i = 0; i < batch.columns.size(); ++i) {
    Column& column = batch.columns[i];
    const int place = static_cast<int>(i);
    if (column.is_text()) {
      if (nullable[i] && row.is_null(place)) {
        column.append_null();
      } else {
        column.append(row.text(place));
      }
      continue;
    }
    // NULL reads as 0, so only a 0 has to be asked what it is.
    const std::int64_t word = row.word(place);
    if (word == 0 && nullable[i] && row.is_null(place)) {
      column.append_null();
    } else {
      column.append(word);
    }
  }
}

}  // namespace

void check_open(const Database& database) {
  if (!database.idle()) return;
  throw Error(Code::storage, "the transaction was rolled back after a failure of the disk; the store is as before it");
}

SqliteCursor::SqliteCursor(std::shared_ptr<Link> link, Database& database, std::shared_ptr<Life> life, const Scan& scan,
                           Taken taken, Lease lease)
    : link_(std::move(link)),
      database_(database),
      life_(std::move(life)),
      taken_(std::move(taken)),
      lease_(std::move(lease)),
      by_function_(hands_rows(database, scan)) {
  columns_.entity = scan.entity;
  columns_.fields = scan.fields;
  for (const int field : scan.fields) {
    nullable_.push_back(scan.entity->fields[static_cast<std::size_t>(field)].nullable);
  }
  if (by_function_ && sqlite3_bind_pointer(lease_.get(), 1, this, kPointer, nullptr) == SQLITE_NOMEM) {
    throw std::bad_alloc();
  }
  life_->cursors.push_back(this);
}

bool SqliteCursor::next(Batch& batch) {
  if (life_->ended) fail_ended();
  shape_batch(columns_, batch);
  if (!lease_) return false;
  check_open(database_);
  by_function_ ? fill_by_function(batch) : fill_by_row(batch);
  return batch.rows() != 0;
}

void SqliteCursor::close() noexcept {
  if (!lease_) return;
  lease_.give_back();
  std::erase(life_->cursors, this);
}

void SqliteCursor::fill_by_row(Batch& batch) {
  for (std::size_t rows = 0; rows < kRows; ++rows) {
    if (!database_.step(lease_.get(), "read")) return close();
    append(OfStatement{lease_.get()}, nullable_, batch);
  }
}

void SqliteCursor::fill_by_function(Batch& batch) {
  filling_ = &batch;
  const int rc = sqlite3_step(lease_.get());
  filling_ = nullptr;
  if (failure_ != nullptr) std::rethrow_exception(std::exchange(failure_, nullptr));
  if (rc == SQLITE_ROW) return;  // the batch is full
  if (rc != SQLITE_DONE) database_.fail(rc, "read");
  close();
}

bool SqliteCursor::take(sqlite3_value** values) {
  append(OfFunction{values}, nullable_, *filling_);
  return filling_->rows() == kRows;
}

void SqliteCursor::row_function(sqlite3_context* context, int count, sqlite3_value** values) noexcept {
  auto* cursor = count == 0 ? nullptr : static_cast<SqliteCursor*>(sqlite3_value_pointer(values[0], kPointer));
  if (cursor == nullptr || cursor->filling_ == nullptr) {
    return sqlite3_result_error(context, "kith_row is for Kith's own scans", -1);
  }
  try {
    sqlite3_result_int(context, cursor->take(values + 1) ? 1 : 0);
  } catch (...) {
    cursor->failure_ = std::current_exception();
    sqlite3_result_error(context, "a row does not fit in its batch", -1);
  }
}

void SqliteCursor::add_function(Database& database) {
  const int rc = sqlite3_create_function_v2(database.raw(), "kith_row", -1, SQLITE_UTF8 | SQLITE_DIRECTONLY, nullptr,
                                            row_function, nullptr, nullptr, nullptr);
  if (rc != SQLITE_OK) database.fail(rc, "open");
}

/// Only where nothing but the function decides on a row: SQLite may evaluate the terms of a condition in any order, and
/// one of them more than once. A host's connection is not given functions.
bool SqliteCursor::hands_rows(const Database& database, const Scan& scan) {
  return !database.borrowed() && is_whole_table(scan) && scan.fields.size() <= kMostColumns;
}

}  // namespace kith::sqlite
