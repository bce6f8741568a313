// SPDX-License-Identifier: Apache-2.0
/// \file
/// Writes of the PostgreSQL backend. A statement that fails breaks a whole transaction there, so none is sent that
/// can fail for what the caller gave: a row that is in the way makes an insert add nothing and an update change
/// nothing, and the reason is asked for afterwards. Many rows go in COPY, in one statement, or in one pipeline; when
/// not all of them could be written, they are undone and written one by one up to the one that could not.

#ifdef KITH_POSTGRES

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "kith/base/error.hpp"
#include "kith/base/text.hpp"
#include "storage/postgres_foreign.hpp"
#include "storage/postgres_sql.hpp"
#include "storage/postgres_transaction.hpp"
#include "storage/rules.hpp"

namespace kith::postgres {
namespace {

/// Rows in one statement, and the number from which COPY is faster.
constexpr std::size_t kMostRows = 4096;
constexpr std::size_t kCopyRows = 512;
/// Bytes of values in one statement, about: both sides hold all of them at once.
constexpr std::size_t kMostBytes = std::size_t{1} << 24;
/// Bytes that are handed to COPY at once: the server is at work on them while the next are made.
constexpr std::size_t kCopyBytes = std::size_t{1} << 15;
/// Updates in one pipeline: their answers fit the buffers on the way, so neither side waits for the other.
constexpr std::size_t kMostSteps = 128;

const std::string kSavepoint = "SAVEPOINT kith_rows";
const std::string kRelease = "RELEASE kith_rows";
const std::string kUndo = "ROLLBACK TO kith_rows; RELEASE kith_rows";

/// Before anything is sent: the server would refuse such a text, and with it the transaction.
void check_texts(const Entity& entity, const Batch& batch) {
  for (std::size_t i = 0; i < batch.columns.size(); ++i) {
    const Column& column = batch.columns[i];
    if (!column.is_text() || entity.fields[i].type == Type::bytes) continue;
    for (std::size_t row = 0; row < column.size(); ++row) {
      if (invalid_utf8(column.text(row)) == std::string_view::npos) continue;
      throw Error(Code::invalid, std::string(entity.name), std::string(entity.fields[i].name),
                  "the text is not valid UTF-8, or holds a NUL; PostgreSQL keeps neither");
    }
  }
}

/// Where the statement ends whose first row is `from`: one row or more.
std::size_t end_of_statement(const Batch& batch, std::size_t from) {
  const std::size_t most = std::min(batch.rows(), from + kMostRows);
  std::size_t bytes = 0;
  std::size_t row = from;
  for (; row < most; ++row) {
    for (const Column& column : batch.columns) bytes += column.is_text() ? column.text(row).size() : 8;
    if (bytes > kMostBytes && row > from) break;
  }
  return row;
}

}  // namespace

void PostgresTransaction::check_insert(const Entity& entity, const Batch& batch) {
  check_writable();
  check_batch(entity, batch);
  check_known(entity);
  check_texts(entity, batch);
}

void PostgresTransaction::insert(const Entity& entity, const Batch& batch) {
  insert_while(entity, batch, [](std::size_t, std::size_t) {});
}

void PostgresTransaction::insert_while(const Entity& entity, const Batch& batch, const Meanwhile& meanwhile) {
  check_insert(entity, batch);
  // COPY knows no row-level security.
  const bool copies = batch.rows() >= kCopyRows && !link_->pool->rls;
  if (copies && copy_all(entity, batch, meanwhile)) return;
  insert_few(entity, batch);
  if (!copies) meanwhile(0, batch.rows());
}

void PostgresTransaction::insert_few(const Entity& entity, const Batch& batch) {
  for (std::size_t from = 0, to = 0; from < batch.rows(); from = to) {
    to = end_of_statement(batch, from);
    if (to - from > 1 && insert_many(entity, batch, from, to)) continue;
    for (std::size_t row = from; row < to; ++row) {
      if (!insert_one(entity, batch, row)) fail_insert(entity, batch, row);
    }
  }
}

bool PostgresTransaction::insert_one(const Entity& entity, const Batch& batch, std::size_t row) {
  Params params = tenant();
  for (std::size_t i = 0; i < entity.fields.size(); ++i) {
    params.column(batch.columns[i], row, entity.fields[i].type);
  }
  return channel_->run(insert_sql(schema(), entity), params, {kInsert, entity}).touched() == 1;
}

bool PostgresTransaction::insert_many(const Entity& entity, const Batch& batch, std::size_t from, std::size_t to) {
  const std::string sql = insert_many_sql(schema(), entity);
  Params params = tenant();
  for (std::size_t i = 0; i < entity.fields.size(); ++i) {
    params.rows(batch.columns[i], from, to, entity.fields[i].type);
  }
  std::vector<Step> writes;
  writes.push_back({&sql, std::move(params)});
  return run_undoable(std::move(writes), static_cast<std::int64_t>(to - from), {kInsert, entity});
}

bool PostgresTransaction::copy_all(const Entity& entity, const Batch& batch, const Meanwhile& meanwhile) {
  using namespace std::string_literals;
  const std::string sql = kSavepoint + "; " + copy_sql(schema(), entity);
  std::string bytes = "PGCOPY\n\377\r\n\0"s;
  append_int32(bytes, 0);  // flags
  append_int32(bytes, 0);  // length of more header
  std::string begin;       // of each row
  append_int16(begin, static_cast<std::int16_t>(entity.fields.size() + 1));
  append_int32(begin, 8);
  append_int64(begin, channel_->settings().postgres.tenant);
  try {
    Copying copying(*channel_, sql, entity);
    std::size_t told = 0;
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      bytes += begin;
      for (const Column& column : batch.columns) append_value(bytes, column, row);
      if (bytes.size() < kCopyBytes) continue;
      copying.send(bytes);
      bytes.clear();
      meanwhile(told, row + 1);
      told = row + 1;
    }
    append_int16(bytes, -1);
    copying.send(bytes);
    if (told != batch.rows()) meanwhile(told, batch.rows());
    if (copying.end(static_cast<std::int64_t>(batch.rows()))) {
      channel_->exec(kRelease);
      return true;
    }
  } catch (...) {
    channel_->try_exec(kUndo.c_str());
    throw;
  }
  channel_->exec(kUndo);
  return false;
}

/// Runs the writes in one pipeline; undoes them unless they touched so many rows in all.
bool PostgresTransaction::run_undoable(std::vector<Step> writes, std::int64_t rows, const Doing& doing) {
  writes.insert(writes.begin(), Step{&kSavepoint, {}});
  const std::vector<Result> results = channel_->pipeline(writes, doing);
  std::int64_t touched = 0;
  for (std::size_t i = 1; i < results.size(); ++i) touched += results[i].touched();
  channel_->exec(touched == rows ? kRelease : kUndo);
  return touched == rows;
}

void PostgresTransaction::update(const Entity& entity, const Batch& batch, std::span<const std::int64_t> expected) {
  check_writable();
  check_batch(entity, batch);
  check_expected(entity, batch, expected);
  check_known(entity);
  check_texts(entity, batch);
  for (std::size_t from = 0, to = 0; from < batch.rows(); from = to) {
    to = end_of_statement(batch, from);
    if (to - from > 1 && update_many(entity, batch, expected, from, to)) continue;
    update_few(entity, batch, expected, from, to);
  }
}

void PostgresTransaction::update_few(const Entity& entity, const Batch& batch, std::span<const std::int64_t> expected,
                                     std::size_t from, std::size_t end) {
  // Keys that move are minded row by row, for one may take what another gives up.
  const bool keyed = !entity.unique.empty() && !is_history(entity);
  for (; from < end; from += kMostSteps) {
    const std::size_t to = std::min(end, from + kMostSteps);
    if (keyed && to - from > 1 && update_each(entity, batch, expected, from, to)) continue;
    for (std::size_t row = from; row < to; ++row) {
      if (!update_one(entity, batch, expected, row)) fail_update(entity, batch, expected, row);
    }
  }
}

Params PostgresTransaction::update_params(const Entity& entity, const Batch& batch,
                                          std::span<const std::int64_t> expected, std::size_t row) const {
  Params params = tenant();
  for (std::size_t i = 0; i < entity.fields.size(); ++i) {
    params.column(batch.columns[i], row, entity.fields[i].type);
  }
  if (has_revision(entity)) params.word(expected[row]);
  return params;
}

bool PostgresTransaction::update_one(const Entity& entity, const Batch& batch, std::span<const std::int64_t> expected,
                                     std::size_t row) {
  Params params = update_params(entity, batch, expected, row);
  return channel_->run(update_sql(schema(), entity), params, {kUpdate, entity}).touched() == 1;
}

bool PostgresTransaction::update_each(const Entity& entity, const Batch& batch, std::span<const std::int64_t> expected,
                                      std::size_t from, std::size_t to) {
  const std::string sql = update_sql(schema(), entity);
  std::vector<Step> writes;
  for (std::size_t row = from; row < to; ++row) {
    writes.push_back({&sql, update_params(entity, batch, expected, row)});
  }
  return run_undoable(std::move(writes), static_cast<std::int64_t>(to - from), {kUpdate, entity});
}

bool PostgresTransaction::update_many(const Entity& entity, const Batch& batch, std::span<const std::int64_t> expected,
                                      std::size_t from, std::size_t to) {
  const std::string sql = update_many_sql(schema(), entity);
  Params params = tenant();
  for (std::size_t i = 0; i < entity.fields.size(); ++i) {
    params.rows(batch.columns[i], from, to, entity.fields[i].type);
  }
  if (has_revision(entity)) params.words(expected.subspan(from, to - from));
  std::vector<Step> writes;
  writes.push_back({&sql, std::move(params)});
  return run_undoable(std::move(writes), static_cast<std::int64_t>(to - from), {kUpdate, entity});
}

void PostgresTransaction::fail_insert(const Entity& entity, const Batch& batch, std::size_t row) {
  if (stored_revision(entity, batch, row)) fail_id_taken(entity, batch.columns[kIdField].word(row));
  fail_if_held(entity, batch, row);
  fail_swallowed(kInsert, entity);
}

void PostgresTransaction::fail_update(const Entity& entity, const Batch& batch, std::span<const std::int64_t> expected,
                                      std::size_t row) {
  const std::int64_t id = batch.columns[kIdField].word(row);
  const auto stored = stored_revision(entity, batch, row);
  if (!stored) fail_gone(entity, id);
  if (has_revision(entity) && *stored != expected[row]) fail_stale(entity, id, expected[row], *stored);
  fail_if_held(entity, batch, row);
  fail_swallowed(kUpdate, entity);
}

/// The server did nothing and told nothing, and no row of Kith's was in the way.
void PostgresTransaction::fail_swallowed(std::string_view verb, const Entity& entity) {
  std::vector<std::string> found;
  for (ForeignPart& part : foreign_parts(*channel_, entity)) found.push_back(std::move(part.drop));
  if (found.empty()) {
    throw Error(Code::internal, std::string(entity.name), "",
                fmt::format("the server did not {} {} of {}, and nothing was in the way", verb, entity.name,
                            channel_->settings().place));
  }
  throw Error(Code::corrupt, std::string(entity.name), "",
              fmt::format("the server did not {} {} of {}, for something of another program is in the way; nothing was "
                          "changed; mend or drop what it is: {}",
                          verb, entity.name, channel_->settings().place, fmt::join(found, "; ")));
}

void PostgresTransaction::fail_if_held(const Entity& entity, const Batch& batch, std::size_t row) {
  for (const UniqueKey& key : entity.unique) {
    Params params = tenant();
    params.word(batch.columns[kIdField].word(row));
    for (const int position : positions_of(entity, key)) {
      const auto field = static_cast<std::size_t>(position);
      params.column(batch.columns[field], row, entity.fields[field].type);
    }
    const Result holder = channel_->run(holder_sql(schema(), entity, key), params, {kRead, entity});
    if (holder.rows() != 0) fail_key_taken(entity, key, holder.word(0, 0));
  }
}

std::optional<std::int64_t> PostgresTransaction::stored_revision(const Entity& entity, const Batch& batch,
                                                                 std::size_t row) {
  Params params = tenant();
  params.word(batch.columns[kIdField].word(row));
  if (is_history(entity)) params.word(batch.columns[kSeqField].word(row));
  const Result stored = channel_->run(revision_sql(schema(), entity), params, {kRead, entity});
  if (stored.rows() == 0) return std::nullopt;
  return stored.word(0, 0);
}

}  // namespace kith::postgres

#endif
