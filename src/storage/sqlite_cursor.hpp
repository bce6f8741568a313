// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Cursors of the SQLite backend.

#include <sqlite3.h>

#include <exception>
#include <memory>
#include <vector>

#include "storage/sqlite_handle.hpp"
#include "storage/sqlite_sql.hpp"

namespace kith::sqlite {

struct Life;
struct Link;

/// SQLite ends a transaction itself when the disk fails badly enough. Going on would write each statement for itself.
void check_open(const Database& database);

/// Reads the rows of one statement into batches, in one of two ways. Most statements give the columns and are stepped
/// row by row. One that reads a whole table hands each row to the function `kith_row`, which keeps it and is true only
/// when the batch is full: one step fills a batch, which takes a fifth of the time off such a scan.
class SqliteCursor final : public Cursor {
 public:
  SqliteCursor(std::shared_ptr<Link> link, Database& database, std::shared_ptr<Life> life, const Scan& scan,
               Taken taken, Lease lease);
  ~SqliteCursor() override { close(); }

  const Taken& taken() const override { return taken_; }
  bool next(Batch& batch) override;
  /// Gives the statement back; the cursor has no more rows.
  void close() noexcept;

  /// Makes `kith_row` known to a connection of Kith's own.
  static void add_function(Database& database);
  /// True where a scan on that connection is written with `kith_row`.
  static bool hands_rows(const Database& database, const Scan& scan);

 private:
  static void row_function(sqlite3_context* context, int count, sqlite3_value** values) noexcept;
  void fill_by_row(Batch& batch);
  void fill_by_function(Batch& batch);
  /// Appends what the function was given; true when the batch is full.
  bool take(sqlite3_value** values);

  std::shared_ptr<Link> link_;  ///< keeps the database
  Database& database_;
  std::shared_ptr<Life> life_;
  Taken taken_;
  Scan columns_;  ///< entity and fields only
  std::vector<char> nullable_;
  Lease lease_;
  bool by_function_;
  Batch* filling_ = nullptr;    ///< while the function may be called
  std::exception_ptr failure_;  ///< of the function: nothing may be thrown through SQLite
};

}  // namespace kith::sqlite
