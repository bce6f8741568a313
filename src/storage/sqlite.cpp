// SPDX-License-Identifier: Apache-2.0
/// \file
/// The SQLite backend: one file, one store. The library of the system is used, never a second copy.

#include <fmt/format.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>

#include "storage/rules.hpp"
#include "storage/sqlite_file.hpp"
#include "storage/sqlite_transaction.hpp"

namespace kith {
namespace {

class SqliteConnection final : public Connection {
 public:
  explicit SqliteConnection(std::shared_ptr<sqlite::Link> link) : link_(std::move(link)) {}

  std::unique_ptr<Transaction> begin(Access access) override {
    using Mode = sqlite::Database::Mode;
    const bool writes = access == Access::write;
    std::optional<sqlite::Channel>& channel = writes ? link_->writing : link_->reading;
    if (*link_->fresh) fail_unprepared(link_->path);
    if (channel && channel->busy) fail_second_transaction(access);
    if (writes && link_->options.read_only) fail_read_only_store(link_->path);
    if (!channel) channel.emplace(link_->path, writes ? Mode::write : Mode::read, link_->options);
    return std::make_unique<sqlite::SqliteTransaction>(link_, *channel, access);
  }

 private:
  std::shared_ptr<sqlite::Link> link_;
};

/// One link that nobody uses. Opening a file and reading its schema is most of what a first read costs, so the link of
/// a session that ended, or that the store was opened with, waits here for the next.
class Rest {
 public:
  std::unique_ptr<sqlite::Link> take() {
    const std::lock_guard lock(mutex_);
    return std::move(link_);
  }
  void give(std::unique_ptr<sqlite::Link> link) noexcept {
    const auto clean = [](const std::optional<sqlite::Channel>& channel) {
      return !channel || (!channel->busy && channel->database.idle());
    };
    if (!clean(link->reading) || !clean(link->writing)) return;
    const std::lock_guard lock(mutex_);
    if (link_ == nullptr) link_.swap(link);
  }

 private:
  std::mutex mutex_;
  std::unique_ptr<sqlite::Link> link_;
};

class SqliteStorage final : public Storage {
 public:
  SqliteStorage(std::string path, const StorageOptions& options, bool fresh)
      : path_(std::move(path)), options_(options), fresh_(std::make_shared<std::atomic<bool>>(fresh)) {}

  std::unique_ptr<Connection> connect() override { return std::make_unique<SqliteConnection>(link()); }

  bool fresh() const override { return *fresh_; }

  void prepare(std::span<const Entity* const> entities) override {
    using Mode = sqlite::Database::Mode;
    if (!*fresh_) {
      const auto link = this->link();
      sqlite::Database& database = unchecked(*link);
      sqlite::check_tables(database, entities);
      sqlite3_db_config(database.raw(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
      return;
    }
    if (options_.read_only) fail_read_only_store(path_);
    {
      // A creation that was cut off is undone by the first read. A handle that saw its header would carry what was torn
      // there, such as the vacuum mode, over into the new store.
      sqlite::Database database(path_, Mode::make, options_);
      static_cast<void>(database.number("SELECT count(*) FROM sqlite_schema"));
    }
    {
      sqlite::Database database(path_, Mode::make, options_);
      sqlite::make_tables(database, entities);
    }
    // Only now the log: until the file itself says whose it is, nothing may stand in a log beside it.
    sqlite::Database database(path_, Mode::write, options_);
    *fresh_ = false;
  }

  Migration migration(std::span<const Entity* const> entities) override {
    if (*fresh_) return {};
    const auto link = this->link();
    return sqlite::plan_migration(unchecked(*link), entities);
  }

  bool copy_to(const std::string& path) override {
    sqlite::Database from(path_, sqlite::Database::Mode::read, options_);
    sqlite::Database to(path, sqlite::Database::Mode::make, {});
    sqlite3_backup* copy = sqlite3_backup_init(to.raw(), "main", from.raw(), "main");
    if (copy == nullptr) to.fail(sqlite3_errcode(to.raw()), "copy to");
    // All pages in one step: one snapshot, which holds no writer up and starts anew for none.
    const int stepped = sqlite3_backup_step(copy, -1);
    const int finished = sqlite3_backup_finish(copy);
    if (stepped != SQLITE_DONE) to.fail(stepped, "copy to");
    if (finished != SQLITE_OK) to.fail(finished, "copy to");
    return true;
  }

  std::vector<std::string> damage() override {
    std::vector<std::string> faults;
    if (*fresh_) return faults;
    try {
      sqlite::Database database(path_, sqlite::Database::Mode::read, options_);
      faults = database.damage("PRAGMA integrity_check");
    } catch (const Error& error) {
      if (error.code != Code::corrupt) throw;
      faults.push_back(error.message);
    }
    return faults;
  }

  /// VACUUM writes every row anew and cuts the file; the log that held the old pages is folded in and cut to nothing.
  std::vector<std::string> scrub() override {
    if (options_.read_only) fail_read_only_store(path_);
    sqlite::Database database(path_, sqlite::Database::Mode::write, options_);
    database.exec("VACUUM");
    if (database.number("PRAGMA wal_checkpoint(TRUNCATE)") != 0) {
      throw Error(Code::busy, fmt::format("a reader still holds old pages of {}; close it and scrub again", path_));
    }
    return {"copies of the file, dumps and backups made before keep what was there; make new ones and destroy the old"};
  }

  std::vector<std::string> describe() const override {
    std::vector<std::string> lines = {fmt::format("sqlite {}, file {}", sqlite3_libversion(), path_),
                                      fmt::format("sqlite source {}", sqlite3_sourceid())};
    if (!*fresh_) {
      sqlite::Database database(path_, sqlite::Database::Mode::read, options_);
      lines.push_back(fmt::format("journal mode {}", database.text("PRAGMA journal_mode")));
    }
    std::ifstream maps("/proc/self/maps");
    const std::string text{std::istreambuf_iterator<char>(maps), std::istreambuf_iterator<char>()};
    const std::vector<std::string> libraries = sqlite::sqlite_libraries(text);
    if (libraries.size() > 1) {
      lines.push_back(
          fmt::format("warning: {} SQLite libraries are loaded ({}): two in one process lose each other's "
                      "file locks; link everything against one",
                      libraries.size(), fmt::join(libraries, ", ")));
    }
    return lines;
  }

 private:
  /// The link at rest, or a new one; it comes to rest when its last user is gone.
  std::shared_ptr<sqlite::Link> link() {
    auto link = rest_->take();
    if (link == nullptr) {
      link = std::make_unique<sqlite::Link>();
      link->fresh = fresh_;
      link->path = path_;
      link->options = options_;
    }
    return {link.release(), [rest = rest_](sqlite::Link* used) { rest->give(std::unique_ptr<sqlite::Link>(used)); }};
  }

  /// For looking at a store that may yet be refused: such a one keeps its bytes, its log is not folded into it on
  /// closing.
  sqlite::Database& unchecked(sqlite::Link& link) {
    if (!link.reading) link.reading.emplace(path_, sqlite::Database::Mode::read, options_);
    sqlite::Database& database = link.reading->database;
    sqlite3_db_config(database.raw(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    return database;
  }

  std::string path_;
  StorageOptions options_;
  std::shared_ptr<std::atomic<bool>> fresh_;
  std::shared_ptr<Rest> rest_ = std::make_shared<Rest>();
};

}  // namespace

std::shared_ptr<Storage> open_sqlite(std::string_view path, const StorageOptions& options) {
  if (path.empty() || path.find('\0') != std::string_view::npos) {
    throw Error(Code::invalid, "an SQLite store needs the path of its file, such as shop.kith");
  }
  if (path == ":memory:") {
    throw Error(Code::invalid, "a store in memory is opened as \"memory:\", without SQLite");
  }
  // Connections are opened later, when the working directory may be another one.
  std::error_code fault;
  const std::string file = std::filesystem::absolute(std::string(path), fault).string();
  if (fault) throw Error(Code::storage, fmt::format("cannot find the place of {}: {}", path, fault.message()));

  const sqlite::Found found = sqlite::inspect(file);
  if (found == sqlite::Found::absent && (!options.create || options.read_only)) {
    throw Error(Code::not_found, fmt::format("there is no file {}; check the path, or allow to create it", file));
  }
  if (found == sqlite::Found::fresh && (!options.create || options.read_only)) {
    throw Error(Code::not_found,
                fmt::format("there is no store in {}: the file is empty, or its creation was cut off; check the path, "
                            "restore a backup, or allow to create a store there",
                            file));
  }
  return std::make_shared<SqliteStorage>(file, options, found != sqlite::Found::store);
}

}  // namespace kith
