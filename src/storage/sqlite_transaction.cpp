// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite_transaction.hpp"

#include <algorithm>
#include <utility>

#include "storage/rules.hpp"
#include "storage/sqlite_cursor.hpp"
#include "storage/sqlite_file.hpp"
#include "storage/sqlite_sql.hpp"

namespace kith::sqlite {
namespace {

/// Hands the columns of the current row to the sink. The table says NOT NULL where a field is not nullable, so only
/// the others are asked whether they are null.
void give_row(sqlite3_stmt* statement, std::span<const Field> fields, RowSink& sink) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const int column = static_cast<int>(i);
    if (fields[i].nullable && sqlite3_column_type(statement, column) == SQLITE_NULL) {
      sink.null(column);
    } else if (is_text(fields[i].type)) {
      sink.text(column, column_text(statement, column));
    } else {
      sink.word(column, sqlite3_column_int64(statement, column));
    }
  }
}

void bind_parameters(sqlite3_stmt* statement, const ScanSql& wanted) {
  for (std::size_t i = 0; i < wanted.parameters.size(); ++i) {
    const ScanSql::Parameter& parameter = wanted.parameters[i];
    const int index = static_cast<int>(i) + 1;
    if (parameter.condition == nullptr) {
      bind_word(statement, index, parameter.word);
    } else {
      bind_cell(statement, index, parameter.cell(), parameter.type);
    }
  }
}

void bind_row(sqlite3_stmt* statement, const Entity& entity, const Batch& batch, std::size_t row) {
  for (std::size_t i = 0; i < entity.fields.size(); ++i) {
    bind_column(statement, static_cast<int>(i) + 1, batch.columns[i], row, entity.fields[i].type);
  }
}

}  // namespace

SqliteTransaction::SqliteTransaction(std::shared_ptr<Link> link, Channel& channel, Access access)
    : link_(std::move(link)), channel_(channel), database_(channel.database), access_(access) {
  if (database_.borrowed()) {
    begin_borrowed();
  } else {
    begin();
  }
  channel_.busy = true;
}

/// In the host's transaction. Its lock comes with the first write, unless the host has taken it already.
void SqliteTransaction::begin_borrowed() {
  if (database_.idle()) {
    throw Error(Code::misuse, "the host's connection is in no transaction; begin one first");
  }
  if (access_ != Access::write) return;
  if (std::exchange(*link_->host_works, true)) fail_second_transaction(access_);
  try {
    run("SAVEPOINT kith_work");
  } catch (...) {
    *link_->host_works = false;
    throw;
  }
}

void SqliteTransaction::begin() {
  // Without memory even rolling back fails; what was left open then is ended now.
  if (!database_.idle()) run("ROLLBACK");
  if (access_ == Access::write) {
    run("BEGIN IMMEDIATE");
  } else {
    run("BEGIN");
    try {
      // SQLite fixes the snapshot with the first read, not with BEGIN.
      run("SELECT 1 FROM sqlite_schema LIMIT 1");
    } catch (...) {
      if (!database_.idle()) sqlite3_exec(database_.raw(), "ROLLBACK", nullptr, nullptr, nullptr);
      throw;
    }
  }
}

SqliteTransaction::~SqliteTransaction() { end(false); }

void SqliteTransaction::check_alive() const {
  if (life_->ended) fail_ended();
  check_open(database_);
}

void SqliteTransaction::check_writable() const {
  check_alive();
  if (access_ != Access::write) fail_read_only_transaction();
}

Plan& SqliteTransaction::plan_of(const Entity& entity) {
  std::unique_ptr<Plan>& plan = channel_.plans[&entity];
  // Another entity may live at the address of one that died.
  if (plan != nullptr && plan->fields == entity.fields.data() && plan->name == entity.name) return *plan;
  auto made = std::make_unique<Plan>();  // kept only when it is whole
  made->name = entity.name;
  made->fields = entity.fields.data();
  made->get = get_sql(database_.schema(), entity);
  made->insert = insert_sql(database_.schema(), entity);
  made->update = update_sql(database_.schema(), entity);
  made->erase = erase_sql(database_.schema(), entity);
  plan = std::move(made);
  return *plan;
}

Lease SqliteTransaction::lease(const Entity& entity, std::vector<Statement>& home, const std::string& sql) {
  try {
    return database_.lease(home, sql);
  } catch (const Error& error) {
    fail_missing_table(entity, error);
  }
}

void SqliteTransaction::fail_missing_table(const Entity& entity, const Error& error) {
  if (error.code != Code::internal) throw error;
  const Statement tables = database_.prepare("SELECT 1 FROM " + qualified(database_.schema(), "sqlite_schema") +
                                             " WHERE type = 'table' AND name = ?1");
  bind_text(tables.get(), 1, entity.name, Type::text);
  if (database_.step(tables.get(), "read")) throw error;
  fail_unknown_entity(entity);
}

void SqliteTransaction::run(const char* sql) {
  const Lease statement = database_.lease(sql);
  while (database_.step(statement.get(), access_ == Access::write ? "write to" : "read")) {
  }
}

void SqliteTransaction::get(const Entity& entity, std::span<const Id> ids, RowSink& sink) {
  check_alive();
  check_get(entity);
  Plan& plan = plan_of(entity);
  const Lease statement = lease(entity, plan.getting, plan.get);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    bind_word(statement.get(), 1, ids[i].value);
    if (database_.step(statement.get(), "read")) {
      sink.row(i);
      give_row(statement.get(), entity.fields, sink);
    }
    sqlite3_reset(statement.get());
  }
}

void SqliteTransaction::insert(const Entity& entity, const Batch& batch) {
  check_writable();
  check_batch(entity, batch);
  Plan& plan = plan_of(entity);
  const Lease statement = lease(entity, plan.inserting, plan.insert);
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    bind_row(statement.get(), entity, batch, row);
    step_write(statement.get(), entity, batch, row, true);
  }
}

void SqliteTransaction::update(const Entity& entity, const Batch& batch, std::span<const std::int64_t> expected) {
  check_writable();
  check_batch(entity, batch);
  check_expected(entity, batch, expected);
  Plan& plan = plan_of(entity);
  const Lease statement = lease(entity, plan.updating, plan.update);
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    bind_row(statement.get(), entity, batch, row);
    if (has_revision(entity)) bind_word(statement.get(), static_cast<int>(entity.fields.size()) + 1, expected[row]);
    step_write(statement.get(), entity, batch, row, false);
    if (sqlite3_changes(database_.raw()) != 0) continue;
    const std::int64_t id = batch.columns[kIdField].word(row);
    const auto stored = stored_revision(entity, batch, row);
    if (!stored) fail_gone(entity, id);
    fail_stale(entity, id, expected[row], *stored);
  }
}

void SqliteTransaction::erase(const Entity& entity, std::span<const Id> ids) {
  check_writable();
  Plan& plan = plan_of(entity);
  const Lease statement = lease(entity, plan.erasing, plan.erase);
  for (const Id id : ids) {
    bind_word(statement.get(), 1, id.value);
    database_.step(statement.get(), "write to");
    sqlite3_reset(statement.get());
  }
}

void SqliteTransaction::step_write(sqlite3_stmt* statement, const Entity& entity, const Batch& batch, std::size_t row,
                                   bool adding) {
  if (sqlite3_step(statement) == SQLITE_DONE) {
    sqlite3_reset(statement);
    return;
  }
  // What `step` gives is a host's choice (sqlite3_extended_result_codes).
  const int rc = sqlite3_extended_errcode(database_.raw());
  sqlite3_reset(statement);
  if (rc == SQLITE_CONSTRAINT_UNIQUE || rc == SQLITE_CONSTRAINT_PRIMARYKEY || rc == SQLITE_CONSTRAINT_ROWID) {
    fail_constraint(entity, batch, row, adding);
  }
  database_.fail(rc, "write to");
}

/// Which key was taken is asked from the store: SQLite's message is no interface.
void SqliteTransaction::fail_constraint(const Entity& entity, const Batch& batch, std::size_t row, bool adding) {
  const std::int64_t id = batch.columns[kIdField].word(row);
  if (adding && stored_revision(entity, batch, row)) fail_id_taken(entity, id);
  for (const UniqueKey& key : entity.unique) {
    const Statement query = database_.prepare(holder_sql(database_.schema(), entity, key));
    bind_word(query.get(), 1, id);
    int parameter = 2;
    for (const int position : positions_of(entity, key)) {
      const auto field = static_cast<std::size_t>(position);
      bind_column(query.get(), parameter++, batch.columns[field], row, entity.fields[field].type);
    }
    if (database_.step(query.get(), "read")) fail_key_taken(entity, key, sqlite3_column_int64(query.get(), 0));
  }
  throw Error(Code::conflict, std::string(entity.name), "", "a unique key that this version does not know is taken");
}

std::optional<std::int64_t> SqliteTransaction::stored_revision(const Entity& entity, const Batch& batch,
                                                               std::size_t row) {
  const Statement query = database_.prepare(revision_sql(database_.schema(), entity));
  bind_word(query.get(), 1, batch.columns[kIdField].word(row));
  if (is_history(entity)) bind_word(query.get(), 2, batch.columns[kSeqField].word(row));
  if (!database_.step(query.get(), "read")) return std::nullopt;
  return sqlite3_column_int64(query.get(), 0);
}

std::unique_ptr<Cursor> SqliteTransaction::scan(const Scan& scan) {
  check_alive();
  check_scan(scan);
  const bool hands_rows = SqliteCursor::hands_rows(database_, scan);
  ScanSql wanted = hands_rows ? whole_table_sql(database_.schema(), scan) : scan_sql(database_.schema(), scan);
  Lease statement;
  try {
    statement = database_.lease(wanted.sql);
  } catch (const Error& error) {
    fail_missing_table(*scan.entity, error);
  }
  bind_parameters(statement.get(), wanted);
  return std::make_unique<SqliteCursor>(link_, database_, life_, scan, std::move(wanted.taken), std::move(statement));
}

void SqliteTransaction::savepoint() {
  check_alive();
  run("SAVEPOINT kith");
  ++savepoints_;
}

void SqliteTransaction::release() {
  check_alive();
  if (savepoints_ == 0) fail_no_savepoint();
  run("RELEASE kith");
  --savepoints_;
}

void SqliteTransaction::rollback_to() {
  check_alive();
  if (savepoints_ == 0) fail_no_savepoint();
  run("ROLLBACK TO kith");
  run("RELEASE kith");
  --savepoints_;
}

void SqliteTransaction::migrate(const Migration& migration, std::span<const Entity* const> entities) {
  check_writable();
  if (database_.borrowed()) throw Error(Code::misuse, "nothing is migrated on a connection of the host's");
  if (database_.number("PRAGMA user_version") != migration.from) {
    throw Error(Code::conflict, "another process has migrated the store meanwhile; open it again");
  }
  for (const MigrationStep& step : migration.steps) run(step.sql.c_str());
  run(("PRAGMA user_version=" + std::to_string(migration.to)).c_str());
  check_tables(database_, entities);
}

void SqliteTransaction::commit() {
  check_alive();
  while (!life_->cursors.empty()) life_->cursors.back()->close();
  try {
    if (!database_.borrowed()) {
      run("COMMIT");
    } else if (access_ == Access::write) {
      run("RELEASE kith_work");
    }
  } catch (...) {
    end(false);
    throw;
  }
  end(true);
}

void SqliteTransaction::end(bool committed) noexcept {
  if (life_->ended) return;
  life_->ended = true;
  while (!life_->cursors.empty()) life_->cursors.back()->close();
  if (database_.borrowed()) {
    if (access_ == Access::write) {
      *link_->host_works = false;
      // Where SQLite ended the host's transaction after a failure of the disk, the savepoint went with it.
      const char* undo = "ROLLBACK TO kith_work; RELEASE kith_work";
      if (!committed && !database_.idle()) sqlite3_exec(database_.raw(), undo, nullptr, nullptr, nullptr);
    }
  } else if (!database_.idle()) {
    sqlite3_exec(database_.raw(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
  channel_.busy = false;
}

bool SqliteTransaction::group(const GroupBy& by, Groups& groups) {
  check_alive();
  Scan scan{.entity = by.entity, .fields = by.keys, .where = by.where, .history = by.history, .as_of = by.as_of};
  scan.fields.insert(scan.fields.end(), by.sums.begin(), by.sums.end());
  if (scan.fields.empty()) scan.fields.push_back(kIdField);
  check_scan(scan);
  const ScanSql rows = scan_sql(database_.schema(), scan);
  if (std::find(rows.taken.where.begin(), rows.taken.where.end(), false) != rows.taken.where.end()) return false;
  const Lease lease = database_.lease(group_sql(by, rows.sql));
  sqlite3_stmt* statement = lease.get();
  bind_parameters(statement, rows);
  shape_groups(by, groups);
  for (int rc = SQLITE_ROW; (rc = sqlite3_step(statement)) != SQLITE_DONE;) {
    // A sum past 64 bits is an error of the statement, and of nothing else.
    if ((rc & 0xff) == SQLITE_ERROR) return false;
    if (rc != SQLITE_ROW) database_.fail(rc, "read");
    int place = 0;
    for (Column& key : groups.keys) {
      if (sqlite3_column_type(statement, place) == SQLITE_NULL) {
        key.append_null();
      } else if (key.is_text()) {
        key.append(column_text(statement, place));
      } else {
        key.append(std::int64_t{sqlite3_column_int64(statement, place)});
      }
      ++place;
    }
    const std::int64_t count = sqlite3_column_int64(statement, place++);
    if (count == 0) continue;  // without keys SQL has a group even of no rows
    groups.rows.push_back(count);
    for (std::size_t i = 0; i < by.sums.size(); ++i) {
      groups.present[i].push_back(sqlite3_column_int64(statement, place++));
      groups.sums[i].push_back(sqlite3_column_int64(statement, place++));
    }
  }
  return true;
}

}  // namespace kith::sqlite
