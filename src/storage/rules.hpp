// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What every backend does the same way: checks of what comes in, and the words of a conflict.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kith/base/error.hpp"
#include "kith/base/sha256.hpp"
#include "kith/storage/storage.hpp"

namespace kith {

/// True for entities whose rows carry a revision that an update must name.
constexpr bool has_revision(const Entity& entity) {
  return entity.keeping != Keeping::log && entity.keeping != Keeping::index;
}
/// True where (id, seq) tells rows apart, not id alone.
constexpr bool is_history(const Entity& entity) { return entity.keeping == Keeping::history; }

/// Positions of the fields of a unique key.
std::vector<int> positions_of(const Entity& entity, const UniqueKey& key);
std::vector<int> positions_of(const Entity& entity, const IndexKey& key);
/// Whether a unique key or an index of several fields begins with the field, which then needs no index of its own.
bool leads_a_key(const Entity& entity, std::string_view field);
/// Position of `to_seq` in a history entity. Error{misuse} without one.
int to_seq_field(const Entity& history);

/// The batch is of that entity, holds every field in table order in columns of one length, and has no null where
/// the schema allows none. Errors: misuse, invalid.
void check_batch(const Entity& entity, const Batch& batch);
/// `expected` has an entry for each row, or none where the entity has no revision. Error{misuse}.
void check_expected(const Entity& entity, const Batch& batch, std::span<const std::int64_t> expected);
/// The scan names an entity, fields it has, and operands of the right kind. Error{misuse}.
void check_scan(const Scan& scan);
/// `get` needs ids that tell rows apart. Error{misuse}.
void check_get(const Entity& entity);

/// Makes `batch` an empty batch of the scan's columns; keeps its buffers when it is one already.
void shape_batch(const Scan& scan, Batch& batch);

/// The value of a field in a struct that nobody has filled: what a column that a migration adds begins with. Rows of a
/// history are those of its entity, which is among `entities`.
Cell default_of(const Entity& entity, int field, std::span<const Entity* const> entities);
/// What fills a column that a migration adds from another of the same row: "new" = "old".
std::string begin_of(const Field& field);
/// The statements of a migration, a line each, and their checksum: SHA-256 of "from to", a line end and them.
std::string statements_of(const Migration& migration);
Digest checksum_of(std::int64_t from, std::int64_t to, std::string_view statements);

/// Makes `groups` an empty answer to the question.
void shape_groups(const GroupBy& by, Groups& groups);

[[noreturn]] void fail_id_taken(const Entity& entity, std::int64_t id);
[[noreturn]] void fail_key_taken(const Entity& entity, const UniqueKey& key, std::int64_t holder);
[[noreturn]] void fail_stale(const Entity& entity, std::int64_t id, std::int64_t expected, std::int64_t stored);
[[noreturn]] void fail_gone(const Entity& entity, std::int64_t id);
[[noreturn]] void fail_unknown_entity(const Entity& entity);
[[noreturn]] void fail_unprepared(std::string_view store);
[[noreturn]] void fail_ended();
[[noreturn]] void fail_read_only_transaction();
[[noreturn]] void fail_read_only_store(std::string_view store);
[[noreturn]] void fail_second_transaction(Access access);
[[noreturn]] void fail_no_savepoint();

}  // namespace kith
