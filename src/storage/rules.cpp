// SPDX-License-Identifier: Apache-2.0
#include "storage/rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace kith {
namespace {

void check_operands(const Entity& entity, const Condition& condition) {
  using Op = Condition::Op;
  if (condition.op == Op::all || condition.op == Op::any || condition.op == Op::none) {
    if (condition.op == Op::none && condition.terms.size() != 1) {
      throw Error(Code::misuse, "`none` takes exactly one term");
    }
    for (const Condition& term : condition.terms) check_operands(entity, term);
    return;
  }
  const auto place = static_cast<std::size_t>(condition.field);
  if (condition.field < 0 || place >= entity.fields.size()) {
    throw Error(Code::misuse, std::string(entity.name), "", "a condition names a field that the entity does not have");
  }
  const Field& field = entity.fields[place];
  const bool compares = condition.op >= Op::eq && condition.op <= Op::ge;
  if (condition.operands.size() < (condition.op == Op::between ? 2U : (compares ? 1U : 0U))) {
    throw Error(Code::misuse, std::string(entity.name), std::string(field.name), "a comparison lacks its operand");
  }
  for (const Cell& cell : condition.operands) {
    if (std::holds_alternative<std::monostate>(cell)) continue;
    if (std::holds_alternative<std::string>(cell) != is_text(field.type)) {
      throw Error(Code::misuse, std::string(entity.name), std::string(field.name),
                  "a text is compared with a word; both sides must be of the field's kind");
    }
  }
}

}  // namespace

namespace {

std::vector<int> positions_of(const Entity& entity, std::span<const std::string_view> names) {
  std::vector<int> positions;
  for (const std::string_view name : names) {
    if (!name.empty()) positions.push_back(entity.at(name));
  }
  return positions;
}

}  // namespace

std::vector<int> positions_of(const Entity& entity, const UniqueKey& key) { return positions_of(entity, key.fields); }
std::vector<int> positions_of(const Entity& entity, const IndexKey& key) { return positions_of(entity, key.fields); }

bool leads_a_key(const Entity& entity, std::string_view field) {
  const auto leads = [&](const auto& key) { return key.fields.front() == field; };
  return std::any_of(entity.unique.begin(), entity.unique.end(), leads) ||
         std::any_of(entity.indexes.begin(), entity.indexes.end(), leads);
}

int to_seq_field(const Entity& history) {
  if (const int position = history.find("to_seq"); position >= 0) return position;
  throw Error(Code::misuse, std::string(history.name), "to_seq", "a history entity needs this field");
}

void check_batch(const Entity& entity, const Batch& batch) {
  bool fits = batch.columns.size() == entity.fields.size() && batch.fields.size() == entity.fields.size();
  const std::size_t rows = batch.rows();
  for (std::size_t i = 0; fits && i < batch.columns.size(); ++i) {
    const Column& column = batch.columns[i];
    fits = batch.fields[i] == static_cast<int>(i) && column.size() == rows &&
           column.is_text() == is_text(entity.fields[i].type);
  }
  if (!fits) {
    throw Error(Code::misuse, std::string(entity.name), "",
                "a batch to write holds every field of the entity, in table order, in columns of one length");
  }
  for (std::size_t i = 0; i < batch.columns.size(); ++i) {
    if (batch.columns[i].null_count() != 0 && !entity.fields[i].nullable) {
      throw Error(Code::invalid, std::string(entity.name), std::string(entity.fields[i].name), "a value is needed");
    }
  }
}

void check_expected(const Entity& entity, const Batch& batch, std::span<const std::int64_t> expected) {
  if (expected.size() == (has_revision(entity) ? batch.rows() : 0)) return;
  throw Error(Code::misuse, std::string(entity.name), "revision",
              has_revision(entity) ? "an update names the revision that each row had when it was read"
                                   : "this entity has no revision to name");
}

void check_scan(const Scan& scan) {
  if (scan.entity == nullptr) throw Error(Code::misuse, "a scan names its entity");
  const auto count = static_cast<int>(scan.entity->fields.size());
  const auto known = [&](int field) {
    if (field < 0 || field >= count) {
      throw Error(Code::misuse, std::string(scan.entity->name), "",
                  "a scan names a field that the entity does not have");
    }
  };
  if (scan.fields.empty()) {
    throw Error(Code::misuse, std::string(scan.entity->name), "", "a scan chooses at least one field");
  }
  for (const int field : scan.fields) known(field);
  for (const Order& order : scan.order) known(order.field);
  for (const Condition& condition : scan.where) check_operands(*scan.entity, condition);
  if (scan.history != nullptr && (scan.entity->keeping != Keeping::versioned || !is_history(*scan.history))) {
    throw Error(Code::misuse, std::string(scan.entity->name), "", "only a versioned entity can be read as of a work");
  }
}

void check_get(const Entity& entity) {
  if (!is_history(entity)) return;
  throw Error(Code::misuse, std::string(entity.name), "", "an id has many versions in a history; use a scan");
}

void shape_batch(const Scan& scan, Batch& batch) {
  if (batch.entity == scan.entity && batch.fields == scan.fields) {
    batch.clear();
  } else {
    batch = Batch(*scan.entity, scan.fields);
    batch.reserve(Cursor::kRows);
  }
}

void shape_groups(const GroupBy& by, Groups& groups) {
  groups = {};
  for (const int key : by.keys) {
    groups.keys.emplace_back(is_text(by.entity->fields[static_cast<std::size_t>(key)].type));
  }
  groups.present.resize(by.sums.size());
  groups.sums.resize(by.sums.size());
}

Cell default_of(const Entity& entity, int field, std::span<const Entity* const> entities) {
  const Entity* owner = &entity;
  if (is_history(entity)) {
    const auto found = std::find_if(entities.begin(), entities.end(), [&](const Entity* other) {
      return std::string(other->name) + "_history" == entity.name;
    });
    if (found != entities.end()) owner = *found;
  }
  if (owner->make == nullptr) {
    throw Error(Code::internal, std::string(owner->name), "", "has no struct to take defaults from");
  }
  const std::unique_ptr<void, void (*)(void*)> fresh(owner->make(), owner->destroy);
  Batch batch(*owner, {&field, 1});
  store_row(fresh.get(), batch);
  return batch.columns.front().cell(0);
}

std::string begin_of(const Field& field) { return fmt::format("\"{}\" = \"{}\"", field.name, field.options.begins_as); }

std::string statements_of(const Migration& migration) {
  std::string text;
  for (const MigrationStep& step : migration.steps) text += step.sql + ";\n";
  return text;
}

Digest checksum_of(std::int64_t from, std::int64_t to, std::string_view statements) {
  return sha256(std::to_string(from) + " " + std::to_string(to) + "\n" + std::string(statements));
}

void fail_id_taken(const Entity& entity, std::int64_t id) {
  throw Error(Code::conflict, std::string(entity.name), "id", fmt::format("the id {} is taken", id));
}

void fail_key_taken(const Entity& entity, const UniqueKey& key, std::int64_t holder) {
  std::string names;
  for (const std::string_view name : key.fields) {
    if (name.empty()) continue;
    if (!names.empty()) names += ", ";
    names += name;
  }
  throw Error(Code::conflict, std::string(entity.name), names,
              fmt::format("must be unique, and {} {} has the same; change one of the two", entity.name, holder));
}

void fail_stale(const Entity& entity, std::int64_t id, std::int64_t expected, std::int64_t stored) {
  throw Error(Code::conflict, std::string(entity.name), "revision",
              fmt::format("{} {} was changed in the meantime (revision {}, not {}); read it again, then decide again",
                          entity.name, id, stored, expected));
}

void fail_gone(const Entity& entity, std::int64_t id) {
  throw Error(Code::conflict, std::string(entity.name), "id",
              fmt::format("{} {} was removed in the meantime; read again, then decide again", entity.name, id));
}

void fail_unknown_entity(const Entity& entity) {
  throw Error(Code::misuse, std::string(entity.name), "", "the store has no table for this entity; prepare it first");
}

void fail_unprepared(std::string_view store) {
  throw Error(Code::misuse, fmt::format("{} has no tables yet; prepare it first", store));
}

void fail_ended() { throw Error(Code::misuse, "the transaction has ended; begin another one"); }

void fail_read_only_transaction() {
  throw Error(Code::misuse, "a read transaction cannot write; begin one for writing");
}

void fail_read_only_store(std::string_view store) {
  throw Error(Code::storage, fmt::format("{} is open for reading only; open it without read_only to write", store));
}

void fail_second_transaction(Access access) {
  throw Error(Code::misuse, fmt::format("the connection already has a {} transaction; end that one first",
                                        access == Access::write ? "write" : "read"));
}

void fail_no_savepoint() { throw Error(Code::misuse, "there is no savepoint to release or to roll back to"); }

}  // namespace kith
