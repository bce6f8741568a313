// SPDX-License-Identifier: Apache-2.0
/// \file
/// A store on the host's own SQLite connection.
#include <fmt/format.h>

#include "kith/base/error.hpp"
#include "kith/storage/sqlite.hpp"
#include "storage/rules.hpp"
#include "storage/sqlite_file.hpp"
#include "storage/sqlite_sql.hpp"
#include "storage/sqlite_transaction.hpp"

namespace kith {
namespace {

class HostConnection final : public Connection {
 public:
  explicit HostConnection(std::shared_ptr<sqlite::Link> link) : link_(std::move(link)) {}

  std::unique_ptr<Transaction> begin(Access access) override {
    const bool writes = access == Access::write;
    std::optional<sqlite::Channel>& channel = writes ? link_->writing : link_->reading;
    if (channel && channel->busy) fail_second_transaction(access);
    if (writes && link_->options.read_only) fail_read_only_store(link_->path);
    if (!channel) channel.emplace(link_->host, link_->schema);
    return std::make_unique<sqlite::SqliteTransaction>(link_, *channel, access);
  }

 private:
  std::shared_ptr<sqlite::Link> link_;
};

class HostStorage final : public Storage {
 public:
  HostStorage(sqlite3* host, std::string schema, const StorageOptions& options)
      : host_(host), schema_(std::move(schema)), options_(options) {}

  std::unique_ptr<Connection> connect() override {
    auto link = std::make_shared<sqlite::Link>();
    link->path = sqlite::Database(host_, schema_).path();
    link->options = options_;
    link->host = host_;
    link->schema = schema_;
    link->host_works = works_;
    return std::make_unique<HostConnection>(std::move(link));
  }

  bool fresh() const override { return false; }

  void prepare(std::span<const Entity* const> entities) override {
    sqlite::Database database(host_, schema_);
    sqlite::check_tables(database, entities);
  }

  Migration migration(std::span<const Entity* const> entities) override {
    sqlite::Database database(host_, schema_);
    return sqlite::plan_migration(database, entities);
  }

  void migrate(const Migration& migration, std::span<const Entity* const> /*entities*/) override {
    if (migration.from == migration.to) return;
    throw Error(Code::version, fmt::format("{} has the older format {}, and nothing is migrated on a connection of the "
                                           "host's; open the file once by its path",
                                           sqlite::Database(host_, schema_).path(), migration.from));
  }

  std::vector<std::string> damage() override {
    return sqlite::Database(host_, schema_).damage("PRAGMA " + qualified(schema_, "integrity_check"));
  }

  std::vector<std::string> describe() const override {
    sqlite::Database database(host_, schema_);
    const std::string mode = database.text(("PRAGMA " + qualified(schema_, "journal_mode")).c_str());
    return {fmt::format("sqlite {}, {}", sqlite3_libversion(), database.path()), "journal mode " + mode};
  }

 private:
  sqlite3* host_;
  std::string schema_;
  StorageOptions options_;
  std::shared_ptr<bool> works_ = std::make_shared<bool>(false);
};

}  // namespace

std::shared_ptr<Storage> open_sqlite_on(void* connection, const SqliteOptions& sqlite, const StorageOptions& options) {
  if (connection == nullptr) throw Error(Code::misuse, "the host's connection is null");
  auto* host = static_cast<sqlite3*>(connection);
  sqlite::Database database(host, sqlite.schema);
  const auto there =
      database.prepare("SELECT 1 FROM pragma_database_list WHERE name = " + sqlite::quoted_text(sqlite.schema));
  if (!database.step(there.get(), "read")) {
    throw Error(Code::not_found, fmt::format("the host's connection has no schema '{}'; ATTACH the file under that "
                                             "name, or say 'main'",
                                             sqlite.schema));
  }
  const auto number = [&](const char* name) {
    return database.number(("PRAGMA " + qualified(sqlite.schema, name)).c_str());
  };
  if (number("application_id") == 0 && number("user_version") == 0) {
    throw Error(Code::not_found, fmt::format("{} has no tables of Kith, and none are made on a connection of the "
                                             "host's; open the file once by its path",
                                             database.path()));
  }
  sqlite::check_format(database.path(), number("application_id"), number("user_version"));
  return std::make_shared<HostStorage>(host, sqlite.schema, options);
}

}  // namespace kith
