// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite_handle.hpp"

#include <fmt/format.h>

#include <charconv>
#include <new>

#include "kith/base/error.hpp"

namespace kith::sqlite {
namespace {

/// More shapes than any program of fixed queries has; beyond it the kept statements are let go.
constexpr std::size_t kMostKept = 512;

std::string_view advice(int primary) {
  switch (primary) {
    case SQLITE_FULL: return "free some space, then try again";
    case SQLITE_IOERR: return "check the disk and the file system, then try again";
    case SQLITE_READONLY: return "the file or its directory cannot be written; check its permissions";
    case SQLITE_CANTOPEN: return "check that the directory exists and that its permissions allow it";
    case SQLITE_PERM:
    case SQLITE_AUTH: return "check the permissions of the file";
    case SQLITE_SCHEMA: return "another program changed the tables; close it and open the store again";
    default: return "try again";
  }
}

}  // namespace

void Lease::give_back() noexcept {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
  try {
    home_->push_back(std::move(statement_));
  } catch (const std::bad_alloc&) {
    statement_.reset();
  }
}

Database::Database(const std::string& path, Mode mode, const StorageOptions& options)
    : path_(path), busy_ms_(options.busy_ms) {
  int flags = SQLITE_OPEN_NOMUTEX | (options.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
  if (mode == Mode::make && !options.read_only) flags |= SQLITE_OPEN_CREATE;
  sqlite3* handle = nullptr;
  const int rc = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  handle_.reset(handle);  // SQLite gives a handle, for the message, even when opening failed.
  if (rc != SQLITE_OK) fail(rc, "open");
  configure(mode, options);
}

Database::Database(sqlite3* host, std::string schema)
    : schema_(std::move(schema)), busy_ms_(0), handle_(host, Close{.owns = false}) {
  const char* file = sqlite3_db_filename(host, schema_.c_str());
  path_ =
      fmt::format("the host's database {}, schema {}", file == nullptr || *file == '\0' ? "in memory" : file, schema_);
}

void Database::configure(Mode mode, const StorageOptions& options) {
  sqlite3_extended_result_codes(raw(), 1);
  sqlite3_busy_timeout(raw(), busy_ms_);
  // A hostile file must not run code through its schema, and damage must be seen early.
  sqlite3_db_config(raw(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(raw(), SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(raw(), SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(raw(), SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
  sqlite3_db_config(raw(), SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
  exec("PRAGMA cell_size_check=ON; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY");
  if (mode == Mode::read) exec("PRAGMA query_only=ON");
  if (mode == Mode::write && !options.read_only) {
    // Says at once where the file is in this mode already. Where the file system cannot do it, or another connection
    // forbids it for now, SQLite goes on in the mode the file has: readers may then wait, nothing else changes.
    const Statement wal = prepare("PRAGMA journal_mode=WAL");
    const int rc = sqlite3_step(wal.get());
    if (rc != SQLITE_ROW && rc != SQLITE_DONE && (rc & 0xff) != SQLITE_BUSY) fail(rc, "open");
  }
}

void Database::exec(const char* sql) {
  if (const int rc = sqlite3_exec(raw(), sql, nullptr, nullptr, nullptr); rc != SQLITE_OK) fail(rc, "use");
}

std::int64_t Database::number(const char* sql) {
  const Statement statement = prepare(sql);
  return step(statement.get(), "read") ? sqlite3_column_int64(statement.get(), 0) : 0;
}

std::string Database::text(const char* sql) {
  const Statement statement = prepare(sql);
  return step(statement.get(), "read") ? std::string(column_text(statement.get(), 0)) : std::string();
}

namespace {

/// What kept SQLite from looking at a page, where that was no damage: no memory, or a read that failed; 0 otherwise.
int failure_in(std::string_view line) {
  constexpr std::string_view kSaid = "error code=";
  const std::size_t at = line.find(kSaid);
  if (at == std::string_view::npos) return 0;
  int rc = 0;
  std::from_chars(line.data() + at + kSaid.size(), line.data() + line.size(), rc);
  const bool cut = rc == SQLITE_IOERR_SHORT_READ;  // the file ends before the page does
  return (rc & 0xff) == SQLITE_NOMEM || ((rc & 0xff) == SQLITE_IOERR && !cut) ? rc : 0;
}

}  // namespace

std::vector<std::string> Database::damage(const std::string& integrity_check) {
  std::vector<std::string> faults;
  const Statement rows = prepare(integrity_check);
  while (step(rows.get(), "read")) {
    const std::string_view line = column_text(rows.get(), 0);
    if (const int rc = failure_in(line)) fail(rc, "read");
    if (line != "ok") faults.emplace_back(line);
  }
  return faults;
}

Statement Database::prepare(const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  const int rc = sqlite3_prepare_v3(raw(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                    &statement, nullptr);
  if (rc != SQLITE_OK) fail(rc, "use");
  return Statement(statement);
}

Lease Database::lease(std::vector<Statement>& home, const std::string& sql) {
  if (home.empty()) return {home, prepare(sql)};
  Lease lease(home, std::move(home.back()));
  home.pop_back();
  return lease;
}

Lease Database::lease(const std::string& sql) {
  if (kept_.size() >= kMostKept && kept_.find(sql) == kept_.end()) {
    // Homes stay, for leases point at them; only what rests in them goes.
    for (auto& [text, home] : kept_) home.clear();
  }
  return lease(kept_[sql], sql);
}

void Database::fail(int rc, std::string_view doing) const {
  const int primary = rc & 0xff;
  if (primary == SQLITE_NOMEM || rc == SQLITE_IOERR_NOMEM) throw std::bad_alloc();
  const char* said = handle_ != nullptr ? sqlite3_errmsg(raw()) : sqlite3_errstr(rc);
  switch (primary) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      if (borrowed()) {
        throw Error(Code::busy, fmt::format("another connection writes to {}; roll the host's transaction back and "
                                            "repeat all of it, best behind BEGIN IMMEDIATE",
                                            path_));
      }
      throw Error(Code::busy,
                  fmt::format("another writer held {} for more than {} ms; try the whole work again", path_, busy_ms_));
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      throw Error(Code::corrupt, fmt::format("{} is damaged ({}); nothing was changed; restore a backup", path_, said));
    case SQLITE_TOOBIG: throw Error(Code::overflow, fmt::format("a text is too long for {} ({})", path_, said));
    case SQLITE_INTERRUPT: throw Error(Code::cancelled, fmt::format("the work on {} was interrupted", path_));
    case SQLITE_ERROR:
      // The only damage that SQLite tells in no code of its own: a schema format in the header that it does not know.
      if (std::string_view(said) == "unsupported file format") fail(SQLITE_CORRUPT, doing);
      [[fallthrough]];
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
    case SQLITE_MISMATCH:
    case SQLITE_CONSTRAINT: throw Error(Code::internal, fmt::format("cannot {} {}: {} ({})", doing, path_, said, rc));
    default:
      throw Error(Code::storage, fmt::format("cannot {} {}: {} ({}); {}", doing, path_, said, rc, advice(primary)));
  }
}

void bind_text(sqlite3_stmt* statement, int index, std::string_view text, Type type) {
  // A null pointer would mean NULL; the empty text has a place too.
  const char* bytes = text.data() == nullptr ? "" : text.data();
  if (type == Type::bytes) {
    sqlite3_bind_blob64(statement, index, bytes, text.size(), SQLITE_STATIC);
  } else {
    sqlite3_bind_text64(statement, index, bytes, text.size(), SQLITE_STATIC, SQLITE_UTF8);
  }
}

void bind_cell(sqlite3_stmt* statement, int index, const Cell& cell, Type type) {
  int rc = SQLITE_OK;
  if (const auto* word = std::get_if<std::int64_t>(&cell)) {
    rc = sqlite3_bind_int64(statement, index, *word);
  } else if (const auto* text = std::get_if<std::string>(&cell)) {
    if (type == Type::bytes) {
      rc = sqlite3_bind_blob64(statement, index, text->data(), text->size(), SQLITE_TRANSIENT);
    } else {
      rc = sqlite3_bind_text64(statement, index, text->data(), text->size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    }
  } else {
    rc = sqlite3_bind_null(statement, index);
  }
  // The parameter would stay null and the answer be wrong.
  if (rc == SQLITE_NOMEM) throw std::bad_alloc();
}

}  // namespace kith::sqlite
