// SPDX-License-Identifier: Apache-2.0
/// \file
/// The PostgreSQL backend: one tenant in the tables of one schema.

#include "kith/storage/postgres.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <map>

#include "kith/base/error.hpp"
#include "storage/lendable.hpp"
#include "storage/postgres_foreign.hpp"
#include "storage/postgres_schema.hpp"
#include "storage/postgres_sql.hpp"
#include "storage/postgres_tables.hpp"
#include "storage/postgres_transaction.hpp"
#include "storage/postgres_url.hpp"
#include "storage/rules.hpp"

namespace kith {

#ifdef KITH_POSTGRES

namespace postgres {

std::unique_ptr<Channel> Pool::take(bool fresh_one) {
  if (borrows()) return std::make_unique<Channel>(settings_, lent_);
  {
    std::unique_lock lock(mutex_);
    if (fresh_one) idle_.clear();
    const auto wait = std::chrono::milliseconds(std::max(settings_.storage.busy_ms, 1));
    if (!given_.wait_for(lock, wait, [&] { return !idle_.empty() || out_ < settings_.postgres.pool; })) {
      throw Error(Code::busy, fmt::format("all {} connections to {} are in use; end a Reader or a Work, or raise "
                                          "kith_pool",
                                          settings_.postgres.pool, settings_.place));
    }
    ++out_;
    if (!idle_.empty()) {
      auto channel = std::move(idle_.back());
      idle_.pop_back();
      return channel;
    }
  }
  try {
    return std::make_unique<Channel>(settings_);
  } catch (...) {
    const std::lock_guard lock(mutex_);
    --out_;
    given_.notify_one();
    throw;
  }
}

void Pool::give(std::unique_ptr<Channel> channel) noexcept {
  if (channel->borrowed()) return;
  if (!channel->alive() || channel->state() != PQTRANS_IDLE) channel.reset();
  try {
    const std::lock_guard lock(mutex_);
    --out_;
    if (channel != nullptr) idle_.push_back(std::move(channel));
  } catch (const std::bad_alloc&) {
    channel.reset();
  }
  given_.notify_one();
}

bool Pool::has_table(Channel& channel, std::string_view name) {
  {
    const std::lock_guard lock(mutex_);
    if (tables_.find(name) != tables_.end()) return true;
  }
  auto found = table_names(channel);
  const std::lock_guard lock(mutex_);
  tables_ = std::move(found);
  return tables_.find(name) != tables_.end();
}

namespace {

class PostgresConnection final : public Connection {
 public:
  explicit PostgresConnection(std::shared_ptr<Pool> pool) : link_(std::make_shared<Link>()) {
    link_->pool = std::move(pool);
  }

  std::unique_ptr<Transaction> begin(Access access) override {
    const Settings& settings = link_->pool->settings();
    const bool writes = access == Access::write;
    if (link_->pool->fresh) fail_unprepared(settings.place);
    if (writes ? link_->writing : link_->reading) fail_second_transaction(access);
    if (writes && settings.storage.read_only) fail_read_only_store(settings.place);
    return std::make_unique<PostgresTransaction>(link_, access);
  }

 private:
  std::shared_ptr<Link> link_;
};

class PostgresStorage final : public Storage, public Lendable {
 public:
  explicit PostgresStorage(std::shared_ptr<Pool> pool) : pool_(std::move(pool)) {}

  std::unique_ptr<Connection> connect() override { return std::make_unique<PostgresConnection>(pool_); }

  bool borrowed() const override { return pool_->borrows(); }

  bool fresh() const override { return pool_->fresh; }

  void prepare(std::span<const Entity* const> entities) override {
    const Settings& settings = pool_->settings();
    if (pool_->fresh && settings.storage.read_only) fail_read_only_store(settings.place);
    with_channel([&](Channel& channel) {
      const bool adds_rls = settings.postgres.rls && !pool_->rls && !settings.storage.read_only;
      if ((pool_->fresh || adds_rls) && !channel.borrowed()) {
        make_tables(channel, entities);
        pool_->rls = inspect(channel).rls;
        pool_->fresh = false;
        return;
      }
      if (pool_->fresh) {
        throw Error(Code::not_found, fmt::format("{} has no tables, and none are made on a connection of the host's; "
                                                 "open it once by its URL (postgresql://...), which makes them",
                                                 settings.place));
      }
      const Found found = inspect(channel);
      if (found.format != kFormat || found.tenant_format != kFormat) fail_older(found);
      check_tables(channel, entities);
      if (const auto faults = walls(channel, entities, found.rls); !faults.empty()) {
        throw Error(Code::corrupt, fmt::format("{}; nothing was changed: {}", settings.place, fmt::join(faults, "\n")));
      }
    });
    entities_.assign(entities.begin(), entities.end());
  }

  Migration migration(std::span<const Entity* const> entities) override {
    Migration plan;
    with_channel([&](Channel& channel) { plan = plan_migration(channel, entities); });
    return plan;
  }

  void migrate(const Migration& migration, std::span<const Entity* const> entities) override {
    const Settings& settings = pool_->settings();
    if (migration.from == migration.to) return;
    if (settings.storage.read_only) fail_read_only_store(settings.place);
    with_channel([&](Channel& channel) {
      if (channel.borrowed()) {
        throw Error(Code::version, fmt::format("{} has the older format {}, and nothing is migrated on a connection of "
                                               "the host's; open it once by its URL",
                                               settings.place, migration.from));
      }
      migrate_tables(channel, entities);
    });
  }

  std::vector<std::string> damage() override {
    std::vector<std::string> faults;
    if (pool_->fresh) return faults;
    with_channel([&](Channel& channel) { faults = faults_of(channel); });
    return faults;
  }

  /// Taking the tables from all tenants while they are written anew is for the keeper of the server to decide.
  std::vector<std::string> scrub() override {
    return {
        "PostgreSQL keeps replaced rows until VACUUM FULL has written a table anew; run it on the tables of schema " +
            pool_->settings().postgres.schema + " as their owner, when nobody works on them",
        "write-ahead logs, replicas, dumps and backups made before keep what was there; let them run out"};
  }

  std::vector<std::string> describe() const override {
    const Settings& settings = pool_->settings();
    std::vector<std::string> lines;
    with_channel([&](Channel& channel) {
      const int server = api().PQserverVersion(channel.raw());
      const int client = api().PQlibVersion();
      lines.push_back(fmt::format("postgresql {}.{}, {}", server / 10'000, server % 10'000, settings.place));
      lines.push_back(
          fmt::format("libpq {}.{}, role {}", client / 10'000, client % 10'000, api().PQuser(channel.raw())));
      const Result flags = channel.exec(
          "SELECT pg_catalog.current_setting('synchronous_commit'), pg_catalog.current_setting('fsync'), "
          "pg_catalog.current_setting('in_hot_standby'), "
          "pg_catalog.current_setting('default_transaction_read_only')");
      lines.push_back(fmt::format("row-level security {}, synchronous_commit {}, fsync {}", pool_->rls ? "on" : "off",
                                  flags.text(0, 0), flags.text(0, 1)));
      if (flags.text(0, 0) == "off" || flags.text(0, 1) == "off") {
        lines.emplace_back("warning: a crash of the server can lose works that were acknowledged");
      }
      if (flags.text(0, 2) == "on") {
        lines.emplace_back(
            "a standby: it reads, and may be behind its primary, where works go (target_session_attrs=read-write)");
      } else if (flags.text(0, 3) == "on") {
        lines.emplace_back("set to be read-only (default_transaction_read_only): works are refused");
      }
      if (pool_->fresh) return;
      const auto tell = [&](const std::vector<ForeignPart>& parts) {
        for (const ForeignPart& part : parts) {
          lines.push_back(fmt::format("of another program: {}; to drop it: {}", part.what, part.drop));
        }
      };
      tell(foreign_parts_of_store(channel));
      for (const Entity* entity : entities_) tell(foreign_parts(channel, *entity));
      for (const std::string& fault : faults_of(channel)) lines.push_back("warning: " + fault);
    });
    return lines;
  }

 private:
  /// What row-level security is not as Kith made it, or, where Kith made none, that there is some.
  static std::vector<std::string> walls(Channel& channel, std::span<const Entity* const> entities, bool rls) {
    std::vector<std::string> faults = wall_faults(channel, entities, rls);
    // Another process may have made it since.
    if (!rls && !faults.empty() && inspect(channel).rls) faults = wall_faults(channel, entities, true);
    return faults;
  }

  /// What another program has done to the tables since they were opened, or never told Kith.
  std::vector<std::string> faults_of(Channel& channel) const {
    std::vector<std::string> faults = invalid_indexes(channel, entities_);
    const auto add = [&](const std::vector<std::string>& more) {
      faults.insert(faults.end(), more.begin(), more.end());
    };
    add(unlogged_tables(channel, entities_));
    add(walls(channel, entities_, pool_->rls));
    try {
      check_tables(channel, entities_);
    } catch (const Error& error) {
      if (error.code != Code::corrupt) throw;
      faults.push_back(error.message);
    }
    return faults;
  }

  [[noreturn]] void fail_older(const Found& found) const {
    throw Error(Code::version,
                fmt::format("{} has the older format {}, this Kith writes {}; open it for writing once, "
                            "which migrates it",
                            pool_->settings().place, std::min(found.format, found.tenant_format), kFormat));
  }

  /// On a connection of the pool; on the host's within an undo point, so that a failure does not break its transaction.
  template <class Function>
  void with_channel(Function function) const {
    const std::shared_ptr<Pool> pool = pool_;
    const std::shared_ptr<Channel> channel(pool->take().release(),
                                           [pool](Channel* one) { pool->give(std::unique_ptr<Channel>(one)); });
    if (!channel->borrowed()) return function(*channel);
    channel->check_lent();
    const bool within = channel->state() == PQTRANS_INTRANS;
    const char* end = within ? "ROLLBACK TO kith_look; RELEASE kith_look" : "ROLLBACK";
    channel->exec(within ? "SAVEPOINT kith_look" : "BEGIN READ ONLY");
    try {
      channel->enter();
      const std::shared_ptr<Channel> inside(channel.get(), [](Channel* one) { one->leave(); });
      function(*channel);
    } catch (...) {
      channel->try_exec(end);
      throw;
    }
    channel->exec(end);
  }

  friend std::shared_ptr<Storage> open_pool(std::shared_ptr<Pool> pool);
  std::shared_ptr<Pool> pool_;
  std::vector<const Entity*> entities_;  ///< that were prepared
};

std::shared_ptr<Storage> open_pool(std::shared_ptr<Pool> pool) {
  auto storage = std::make_shared<PostgresStorage>(pool);
  const Settings& settings = pool->settings();
  Found found;
  storage->with_channel([&](Channel& channel) { found = inspect(channel); });
  pool->fresh = found.tenant_format == 0;
  pool->rls = found.rls;
  if (pool->fresh && (!settings.storage.create || settings.storage.read_only)) {
    throw Error(Code::not_found,
                fmt::format("there is no store in {}; {}", settings.place,
                            pool->borrows() ? "check schema and tenant; none is made on a connection of the host's, so "
                                              "open it once by its URL (postgresql://...), which makes it"
                                            : "check the URL, or allow to create it"));
  }
  return storage;
}

}  // namespace

namespace {

/// libpq puts what it cannot read between double quotes into its message: that may be a password, or the whole URL. In
/// another language the quotes are others, so of words that are not known nothing is shown.
std::string without_values(const std::string& message, bool query_holds_at) {
  static constexpr std::string_view kKnown[] = {"invalid ", "forbidden value", "missing ",      "extra ",
                                                "IPv6 ",    "end of string",   "unexpected ch", "out of memory"};
  if (std::none_of(std::begin(kKnown), std::end(kKnown), [&](auto one) { return message.starts_with(one); })) {
    return "(what libpq says is not shown, for it may hold a password)";
  }
  const std::size_t from = message.find('"');
  const std::size_t to = message.rfind('"');
  // A '@' there may be the end of a password that begins before the question mark.
  const bool parameter = message.starts_with("invalid URI query parameter") && !query_holds_at;
  if (from == to || parameter) return message;
  return message.substr(0, from) + "(not shown)" + message.substr(to + 1);
}

/// What libpq takes where the URL says nothing: of its environment (PGHOST, PGPORT, PGDATABASE, PGUSER), or its
/// service. Empty for what it was built with.
std::map<std::string, std::string, std::less<>> libpq_defaults() {
  std::map<std::string, std::string, std::less<>> found;
  PQconninfoOption* all = api().PQconndefaults();
  if (all == nullptr) return found;
  for (const PQconninfoOption* option = all; option->keyword != nullptr; ++option) {
    const bool built =
        option->val != nullptr && option->compiled != nullptr && std::string_view(option->val) == option->compiled;
    if (option->val != nullptr && !built) found[option->keyword] = option->val;
  }
  api().PQconninfoFree(all);
  return found;
}

/// For messages: which database it is, and where. Errors: invalid where the port is no number.
std::string place_of(const PQconninfoOption* parsed, const PostgresOptions& options) {
  auto given = libpq_defaults();
  for (const PQconninfoOption* option = parsed; option->keyword != nullptr; ++option) {
    if (option->val != nullptr) given[option->keyword] = option->val;
  }
  if (given["port"].find_first_not_of("0123456789,") != std::string::npos) {
    throw Error(Code::invalid,
                "the port of the URL (or PGPORT) is not a number; write %2F, %3A, %3F and %40 for '/', "
                "':', '?' and '@' in a name or password");
  }
  // Without one the database is called as the role.
  const std::string& database = given["dbname"].empty() ? given["user"] : given["dbname"];
  return fmt::format("database {} on {}{}{}, schema {}, tenant {}", database.empty() ? "(default)" : database,
                     given["host"].empty() ? "this machine" : given["host"], given["port"].empty() ? "" : ":",
                     given["port"], options.schema, options.tenant);
}

}  // namespace

Settings settings_of(std::string_view whole_url, const StorageOptions& options) {
  if (whole_url.find('\0') != std::string_view::npos) throw Error(Code::invalid, "the URL holds a NUL");
  const Url url = parse_url(whole_url);
  Settings settings;
  settings.postgres = url.options;
  settings.storage = options;
  char* said = nullptr;
  PQconninfoOption* parsed = api().PQconninfoParse(url.rest.c_str(), &said);
  if (parsed == nullptr) {
    std::string message = said == nullptr ? "out of memory" : said;
    api().PQfreemem(said);
    while (!message.empty() && message.back() == '\n') message.pop_back();
    throw Error(Code::invalid,
                fmt::format("the URL cannot be read: {}; write postgresql://user@host/database, with "
                            "%25, %2F, %3A and %40 for '%', '/', ':' and '@' in a name or password",
                            without_values(message, url.rest.find('@', url.rest.find('?')) != std::string::npos)));
  }
  const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> freed(parsed, api().PQconninfoFree);
  settings.place = place_of(parsed, url.options);
  for (const PQconninfoOption* option = parsed; option->keyword != nullptr; ++option) {
    const std::string_view keyword = option->keyword;
    if (option->val == nullptr || keyword == "client_encoding" || keyword == "fallback_application_name") continue;
    settings.keywords.emplace_back(keyword);
    settings.values.emplace_back(option->val);
  }
  const auto add = [&](std::string_view keyword, std::string_view value) {
    settings.keywords.emplace_back(keyword);
    settings.values.emplace_back(value);
  };
  add("client_encoding", "UTF8");
  add("fallback_application_name", "kith");
  return settings;
}

}  // namespace postgres

std::shared_ptr<Storage> open_postgres(std::string_view url, const StorageOptions& options) {
  return postgres::open_pool(std::make_shared<postgres::Pool>(postgres::settings_of(url, options)));
}

std::shared_ptr<Storage> open_postgres_on(void* connection, const PostgresOptions& options,
                                          const StorageOptions& storage) {
  if (connection == nullptr) throw Error(Code::misuse, "the host's connection is null");
  postgres::check_options(options);
  static_cast<void>(postgres::api());
  std::ifstream maps("/proc/self/maps");
  const std::string text{std::istreambuf_iterator<char>(maps), std::istreambuf_iterator<char>()};
  if (const auto files = postgres::libpq_files(text); files.size() > 1) {
    throw Error(Code::misuse,
                fmt::format("{} libpq libraries are loaded ({}), and the host's connection may be another one's than "
                            "Kith's; use a driver that is built on the system's (psycopg without [binary])",
                            files.size(), fmt::join(files, ", ")));
  }
  auto* host = static_cast<PGconn*>(connection);
  postgres::Settings settings;
  settings.postgres = options;
  settings.storage = storage;
  settings.place = fmt::format("the host's database {}, schema {}, tenant {}", postgres::api().PQdb(host),
                               options.schema, options.tenant);
  return postgres::open_pool(std::make_shared<postgres::Pool>(std::move(settings), host));
}

#else

namespace {

[[noreturn]] void fail_absent() {
  throw Error(Code::storage,
              "this Kith was built without PostgreSQL; build it where the headers of libpq are (Debian: "
              "libpq-dev), or use another storage");
}

}  // namespace

std::shared_ptr<Storage> open_postgres(std::string_view url, const StorageOptions&) {
  static_cast<void>(postgres::parse_url(url));
  fail_absent();
}

std::shared_ptr<Storage> open_postgres_on(void*, const PostgresOptions& options, const StorageOptions&) {
  postgres::check_options(options);
  fail_absent();
}

#endif

}  // namespace kith
