// SPDX-License-Identifier: Apache-2.0
#include "storage/postgres_transaction.hpp"

#ifdef KITH_POSTGRES

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <unordered_map>

#include "kith/base/error.hpp"
#include "storage/postgres_cursor.hpp"
#include "storage/postgres_schema.hpp"
#include "storage/postgres_sql.hpp"
#include "storage/rules.hpp"

namespace kith::postgres {
namespace {

/// Ids in one statement.
constexpr std::size_t kMostIds = 4096;

void give_row(const Result& rows, int row, std::span<const Field> fields, RowSink& sink) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const int column = static_cast<int>(i);
    if (fields[i].nullable && rows.is_null(row, column)) {
      sink.null(column);
    } else if (is_text(fields[i].type)) {
      sink.text(column, rows.text(row, column));
    } else {
      sink.word(column, rows.word(row, column));
    }
  }
}

}  // namespace

PostgresTransaction::PostgresTransaction(std::shared_ptr<Link> link, Access access)
    : link_(std::move(link)), access_(access) {
  take_channel(false);
  try {
    begin();
  } catch (const Interrupted&) {
    if (channel_->borrowed()) throw;
    // It had died while it rested in the pool, and so may the others have: nothing was begun, so once more.
    take_channel(true);
    begin();
  }
  (access_ == Access::write ? link_->writing : link_->reading) = true;
}

void PostgresTransaction::take_channel(bool fresh) {
  life_->channel.reset();
  const std::shared_ptr<Pool> pool = link_->pool;
  channel_ = pool->take(fresh).release();
  life_->channel =
      std::shared_ptr<Channel>(channel_, [pool](Channel* channel) { pool->give(std::unique_ptr<Channel>(channel)); });
}

PostgresTransaction::~PostgresTransaction() { end(false); }

void PostgresTransaction::begin() {
  if (channel_->borrowed()) return begin_borrowed();
  const Settings& settings = channel_->settings();
  const bool writes = access_ == Access::write;
  // Names are qualified, operators cannot be: a role might have a path with its own in front.
  std::vector<std::string> own = {"SET LOCAL search_path = pg_catalog"};
  const std::string limit = settings.postgres.statement_ms > 0
                                ? fmt::format("SET LOCAL statement_timeout = {}", settings.postgres.statement_ms)
                                : "";
  // The wait for another writer has a limit of its own.
  if (!writes && !limit.empty()) own.push_back(limit);
  if (settings.postgres.idle_ms > 0) {
    own.push_back(fmt::format("SET LOCAL idle_in_transaction_session_timeout = {}", settings.postgres.idle_ms));
  }
  // The last statement takes the snapshot of a reader, and the tenant's row for its writer.
  const std::string tenant =
      fmt::format("SELECT \"format\" FROM {} WHERE {} = {}{}", qualified(settings.postgres.schema, kTenantTable),
                  quoted_name(kTenantColumn), settings.postgres.tenant, writes ? " FOR UPDATE" : "");
  const char* mode =
      writes ? "BEGIN ISOLATION LEVEL READ COMMITTED" : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
  try {
    // Of a reader it bounds the wait for a table that another program holds whole.
    const int wait = std::max(settings.storage.busy_ms, 1);
    check_newer(channel_->begin(mode, own, wait, tenant, {writes ? kLock : kRead, kTenantTable}));
    if (writes && !limit.empty()) channel_->exec(limit);
  } catch (...) {
    channel_->try_exec("ROLLBACK");
    throw;
  }
}

void PostgresTransaction::begin_borrowed() {
  const Settings& settings = channel_->settings();
  channel_->check_lent();
  if (channel_->state() == PQTRANS_INERROR) {
    throw Error(Code::misuse, "the host's transaction has failed; roll it back first");
  }
  if (channel_->state() != PQTRANS_INTRANS) {
    throw Error(Code::misuse, "the host's connection is in no transaction, or busy; begin one first");
  }
  channel_->enter();
  if (access_ == Access::read) return;
  try {
    const Result row = channel_->begin_work(fmt::format("SELECT \"format\" FROM {} WHERE {} = {} FOR UPDATE",
                                                        qualified(settings.postgres.schema, kTenantTable),
                                                        quoted_name(kTenantColumn), settings.postgres.tenant));
    try {
      check_newer(row);
    } catch (...) {
      channel_->undo_work();
      throw;
    }
  } catch (...) {
    channel_->leave();
    throw;
  }
}

/// A process that opened the tenant before a newer Kith migrated it must not write into it: what it does not know of
/// would be missing from the digests of its changes.
void PostgresTransaction::check_newer(const Result& tenant) const {
  const Settings& settings = channel_->settings();
  if (tenant.rows() == 0) {
    throw Error(Code::not_found,
                fmt::format("{} is not there any more: the tenant was removed while it was open", settings.place));
  }
  std::int64_t format = 0;
  const std::string_view digits = tenant.text(0, 0);
  std::from_chars(digits.data(), digits.data() + digits.size(), format);
  if (access_ == Access::write) check_format(*channel_, format);
}

void PostgresTransaction::check_alive() const {
  if (life_->ended) fail_ended();
}

void PostgresTransaction::check_writable() {
  check_alive();
  if (access_ != Access::write) fail_read_only_transaction();
  channel_->look();
}

void PostgresTransaction::check_known(const Entity& entity) {
  if (!link_->pool->has_table(*channel_, entity.name)) fail_unknown_entity(entity);
}

Params PostgresTransaction::tenant() const {
  Params params;
  params.word(channel_->settings().postgres.tenant);
  return params;
}

void PostgresTransaction::get(const Entity& entity, std::span<const Id> ids, RowSink& sink) {
  check_alive();
  check_get(entity);
  check_known(entity);
  if (ids.size() == 1) return get_one(entity, ids.front(), sink);
  const std::string sql = get_sql(schema(), entity);
  for (std::size_t from = 0; from < ids.size(); from += kMostIds) {
    const auto some = ids.subspan(from, std::min(kMostIds, ids.size() - from));
    std::vector<std::int64_t> words;
    for (const Id id : some) words.push_back(id.value);
    Params params = tenant();
    params.words(words);
    const Result rows = channel_->run(sql, params, {kRead, entity});
    std::unordered_map<std::int64_t, int> places;
    for (int row = 0; row < rows.rows(); ++row) places.emplace(rows.word(row, kIdField), row);
    for (std::size_t i = 0; i < some.size(); ++i) {
      const auto place = places.find(some[i].value);
      if (place == places.end()) continue;
      sink.row(from + i);
      give_row(rows, place->second, entity.fields, sink);
    }
  }
}

void PostgresTransaction::get_one(const Entity& entity, Id id, RowSink& sink) {
  Params params = tenant();
  params.word(id.value);
  const Result rows = channel_->run(get_one_sql(schema(), entity), params, {kRead, entity});
  if (rows.rows() == 0) return;
  sink.row(0);
  give_row(rows, 0, entity.fields, sink);
}

void PostgresTransaction::erase(const Entity& entity, std::span<const Id> ids) {
  check_writable();
  check_known(entity);
  const std::string sql = erase_sql(schema(), entity);
  const std::string left = get_sql(schema(), entity);
  for (std::size_t from = 0; from < ids.size(); from += kMostIds) {
    std::vector<std::int64_t> words;
    for (const Id id : ids.subspan(from, std::min(kMostIds, ids.size() - from))) words.push_back(id.value);
    Params params = tenant();
    params.words(words);
    const auto removed = channel_->run(sql, params, {kErase, entity}).touched();
    // Ids that are not there are no error, but rows that stay are.
    if (removed >= static_cast<std::int64_t>(words.size())) continue;
    if (channel_->run(left, params, {kRead, entity}).rows() != 0) fail_swallowed(kErase, entity);
  }
}

Params PostgresTransaction::scan_params(const ScanSql& wanted) const {
  Params params = tenant();
  for (const ScanSql::Parameter& parameter : wanted.parameters) {
    if (parameter.condition == nullptr) {
      params.word(parameter.word);
    } else if (parameter.operand < 0) {
      params.cells(parameter.condition->operands, parameter.type);
    } else {
      params.cell(parameter.cell(), parameter.type);
    }
  }
  return params;
}

bool PostgresTransaction::group(const GroupBy& by, Groups& groups) {
  check_alive();
  Scan scan{.entity = by.entity, .fields = by.keys, .where = by.where, .history = by.history, .as_of = by.as_of};
  scan.fields.insert(scan.fields.end(), by.sums.begin(), by.sums.end());
  if (scan.fields.empty()) scan.fields.push_back(kIdField);
  check_scan(scan);
  check_known(*scan.entity);
  if (scan.history != nullptr) check_known(*scan.history);
  const ScanSql wanted = scan_sql(schema(), scan);
  if (std::find(wanted.taken.where.begin(), wanted.taken.where.end(), false) != wanted.taken.where.end()) return false;
  Params params = scan_params(wanted);
  const Result rows = channel_->run(group_sql(by, wanted.sql, "pg_catalog."), params, {kRead, *scan.entity});
  shape_groups(by, groups);
  for (int row = 0; row < rows.rows(); ++row) {
    int place = 0;
    for (Column& key : groups.keys) {
      if (rows.is_null(row, place)) {
        key.append_null();
      } else if (key.is_text()) {
        key.append(rows.text(row, place));
      } else {
        key.append(rows.word(row, place));
      }
      ++place;
    }
    const std::int64_t count = rows.word(row, place++);
    if (count == 0) continue;  // without keys SQL has a group even of no rows
    groups.rows.push_back(count);
    for (std::size_t i = 0; i < by.sums.size(); ++i) {
      groups.present[i].push_back(rows.word(row, place++));
      const auto sum = rows.whole(row, place++);
      if (!sum) return false;
      groups.sums[i].push_back(*sum);
    }
  }
  return true;
}

std::unique_ptr<Cursor> PostgresTransaction::scan(const Scan& scan) {
  check_alive();
  check_scan(scan);
  check_known(*scan.entity);
  if (scan.history != nullptr) check_known(*scan.history);
  ScanSql wanted = scan_sql(schema(), scan);
  Params params = scan_params(wanted);
  return std::make_unique<PostgresCursor>(life_, scan, std::move(wanted), std::move(params));
}

void PostgresTransaction::savepoint() {
  check_alive();
  channel_->look();
  channel_->exec("SAVEPOINT kith");
  ++life_->savepoints;
}

void PostgresTransaction::release() {
  check_alive();
  if (life_->savepoints == 0) fail_no_savepoint();
  channel_->look();
  channel_->exec("RELEASE kith");
  --life_->savepoints;
  for (PostgresCursor* cursor : life_->cursors) cursor->released(life_->savepoints);
}

void PostgresTransaction::rollback_to() {
  check_alive();
  if (life_->savepoints == 0) fail_no_savepoint();
  channel_->look();
  // The server drops the cursors that were opened behind the savepoint.
  const std::vector<PostgresCursor*> open = life_->cursors;
  for (PostgresCursor* cursor : open) {
    if (cursor->savepoints() < life_->savepoints) continue;
    if (channel_->state() == PQTRANS_INTRANS) {
      cursor->drain();
    } else {
      cursor->forget();
    }
  }
  channel_->exec("ROLLBACK TO kith; RELEASE kith");
  --life_->savepoints;
}

void PostgresTransaction::migrate(const Migration& migration, std::span<const Entity* const> /*entities*/) {
  check_writable();
  const Settings& settings = channel_->settings();
  const std::string only =
      fmt::format("{} = {} AND \"format\" = {}", quoted_name(kTenantColumn), settings.postgres.tenant, migration.from);
  // The tenant's row is locked since `begin`, so whoever finds its old format is the only one.
  const Result raised =
      channel_->exec(fmt::format("UPDATE {} SET \"format\" = {} WHERE {}",
                                 qualified(settings.postgres.schema, kTenantTable), migration.to, only),
                     {kUpdate, kTenantTable});
  if (raised.touched() == 1) return;
  throw Error(Code::conflict, "another process has migrated the store meanwhile; open it again");
}

void PostgresTransaction::commit() {
  check_alive();
  try {
    if (!channel_->borrowed()) {
      channel_->commit();
    } else if (access_ == Access::write) {
      channel_->keep_work();
    }
  } catch (...) {
    end(false);
    throw;
  }
  end(true);
}

void PostgresTransaction::end(bool committed) noexcept {
  if (life_->ended) return;
  const std::vector<PostgresCursor*> open = life_->cursors;
  for (PostgresCursor* cursor : open) {
    // The host's transaction goes on, and with it what was declared there.
    if (channel_->borrowed()) cursor->drop();
    cursor->forget();
  }
  life_->ended = true;
  if (channel_->borrowed()) {
    if (!committed) channel_->undo_work();
    channel_->leave();
  } else if (channel_->alive() && channel_->state() != PQTRANS_IDLE) {
    channel_->try_exec("ROLLBACK");
  }
  life_->channel.reset();
  (access_ == Access::write ? link_->writing : link_->reading) = false;
}

}  // namespace kith::postgres

#endif
