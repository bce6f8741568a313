// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The SQLite C API as far as Kith needs it: handles that close themselves, result codes as kith::Error, and
/// prepared statements that are kept. One thread at a time.

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "kith/storage/storage.hpp"

namespace kith::sqlite {

struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

/// A kept statement while it runs. It leaves its home, so that a second use of the same shape meanwhile prepares its
/// own; at the end it is reset and goes back. The home outlives the lease.
class Lease {
 public:
  Lease() = default;
  Lease(std::vector<Statement>& home, Statement statement) : home_(&home), statement_(std::move(statement)) {}
  Lease(Lease&& other) noexcept = default;
  Lease& operator=(Lease&& other) noexcept {
    give_back();
    home_ = other.home_;
    statement_ = std::move(other.statement_);
    return *this;
  }
  ~Lease() { give_back(); }

  sqlite3_stmt* get() const { return statement_.get(); }
  explicit operator bool() const { return statement_ != nullptr; }
  void give_back() noexcept;

 private:
  std::vector<Statement>* home_ = nullptr;
  Statement statement_;
};

/// Closes a handle, unless it is the host's.
struct Close {
  bool owns = true;
  void operator()(sqlite3* handle) const {
    if (owns) sqlite3_close_v2(handle);
  }
};

/// One sqlite3*.
class Database {
 public:
  enum class Mode { read, write, make };  ///< `make` may create the file and leaves the journal mode alone

  /// Errors: storage, busy, corrupt.
  Database(const std::string& path, Mode mode, const StorageOptions& options);
  /// Borrows the host's handle, which is neither configured nor closed; the tables are in that schema of it.
  Database(sqlite3* host, std::string schema);

  sqlite3* raw() const { return handle_.get(); }
  const std::string& path() const { return path_; }
  const std::string& schema() const { return schema_; }
  bool borrowed() const { return !handle_.get_deleter().owns; }
  /// True while no transaction is open: SQLite itself ends one on some failures of the disk.
  bool idle() const { return sqlite3_get_autocommit(raw()) != 0; }

  void exec(const char* sql);
  /// The first column of the first row; 0 or "" without a row.
  std::int64_t number(const char* sql);
  std::string text(const char* sql);
  /// What a statement `PRAGMA integrity_check` finds; nothing for a whole database. Throws std::bad_alloc.
  std::vector<std::string> damage(const std::string& integrity_check);

  Statement prepare(const std::string& sql);
  /// A kept statement of that very text, or a new one. Shapes come from entity tables, so there are few.
  Lease lease(const std::string& sql);
  /// A statement from a home of the caller's.
  Lease lease(std::vector<Statement>& home, const std::string& sql);

  /// Steps: true for a row, false at the end. `doing` is for the message ("write to").
  bool step(sqlite3_stmt* statement, std::string_view doing) {
    const int rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW) return true;
    if (rc == SQLITE_DONE) return false;
    fail(rc, doing);
  }

  /// The failure as kith::Error: BUSY as busy, CORRUPT and NOTADB as corrupt, FULL, IOERR, READONLY, CANTOPEN and
  /// what else the disk or another program did as storage.
  [[noreturn]] void fail(int rc, std::string_view doing) const;

 private:
  void configure(Mode mode, const StorageOptions& options);

  std::string path_;
  std::string schema_ = "main";
  int busy_ms_;
  std::unique_ptr<sqlite3, Close> handle_;
  std::unordered_map<std::string, std::vector<Statement>> kept_;  ///< destroyed before the handle
};

/// Binding a word, a text or a null. Text must stay where it is until the statement has run. Nothing is copied, so
/// binding cannot fail but for a wrong index.
inline void bind_word(sqlite3_stmt* statement, int index, std::int64_t word) {
  sqlite3_bind_int64(statement, index, word);
}
inline void bind_null(sqlite3_stmt* statement, int index) { sqlite3_bind_null(statement, index); }
void bind_text(sqlite3_stmt* statement, int index, std::string_view text, Type type);
/// Copies the text; for scans, which outlive their operands. std::bad_alloc when memory runs out.
void bind_cell(sqlite3_stmt* statement, int index, const Cell& cell, Type type);
/// A column of a batch, by the rules of `bind_text`.
inline void bind_column(sqlite3_stmt* statement, int index, const Column& column, std::size_t row, Type type) {
  if (column.is_null(row)) {
    bind_null(statement, index);
  } else if (column.is_text()) {
    bind_text(statement, index, column.text(row), type);
  } else {
    bind_word(statement, index, column.word(row));
  }
}

/// The bytes of a text or blob column; valid until the statement moves.
inline std::string_view column_text(sqlite3_stmt* statement, int index) {
  // The pointer is asked for first: asking may convert, and the length is that of the converted value.
  const void* bytes = sqlite3_column_blob(statement, index);
  const int size = sqlite3_column_bytes(statement, index);
  if (bytes == nullptr) return {"", 0};
  return {static_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}

}  // namespace kith::sqlite
