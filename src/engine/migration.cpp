// SPDX-License-Identifier: Apache-2.0
#include "kith/engine/migration.hpp"

#include <algorithm>
#include <set>

#include "engine/internal.hpp"
#include "engine/migrate.hpp"
#include "kith/base/error.hpp"
#include "storage/rules.hpp"

namespace kith {
namespace {

/// Tables and columns of a migration; those of histories follow from their entities.
std::string additions_of(const Migration& migration, const Model& model) {
  std::set<std::string_view> tables;
  for (const MigrationStep& step : migration.steps) {
    if (step.field.empty() && step.sql.starts_with("CREATE TABLE")) tables.insert(step.entity);
  }
  std::string text;
  std::set<std::string_view> said;
  for (const MigrationStep& step : migration.steps) {
    if (model.find_entity(step.entity) == nullptr) continue;
    if (!step.field.empty()) {
      text += step.entity + "." + step.field + "\n";
    } else if (tables.contains(step.entity) && said.insert(step.entity).second) {
      text += step.entity + "\n";
    }
  }
  return text;
}

/// First grants on entities that the store did not have.
void add_grants(Work& work, const std::set<std::string_view>& fresh) {
  const auto roles = work.list<Role>();
  for (const Area* area : work.model().areas()) {
    for (const FirstGrant& first : area->grants) {
      if (!fresh.contains(first.entity)) continue;
      const auto role =
          std::find_if(roles.begin(), roles.end(), [&](const Role& one) { return one.name == first.role; });
      if (role == roles.end()) continue;  // the host has renamed or removed it: its rights are its own affair
      Grant grant;
      grant.role = role->id;
      grant.entity = first.entity;
      grant.action = first.action;
      grant.level = first.level;
      work.create(grant);
    }
  }
}

/// First rows of areas that the store did not have at all.
void found_areas(Work& work, const std::set<std::string_view>& fresh) {
  for (const Area* area : work.model().areas()) {
    const bool all = std::all_of(area->entities.begin(), area->entities.end(),
                                 [&](const Entity* entity) { return fresh.contains(entity->name); });
    if (area->found != nullptr && !area->entities.empty() && all) area->found(work);
  }
}

}  // namespace

Bytes migration_checksum(std::int64_t from, std::int64_t to, std::string_view statements) {
  const Digest digest = checksum_of(from, to, statements);
  return {std::string(reinterpret_cast<const char*>(digest.data()), digest.size())};
}

void record_migration(Work& work, const Migration& migration) {
  MigrationRow row;
  row.from_format = migration.from;
  row.to_format = migration.to;
  row.additions = additions_of(migration, work.model());
  row.statements = statements_of(migration);
  row.checksum = migration_checksum(row.from_format, row.to_format, row.statements);
  work.create(row);
  std::set<std::string_view> fresh;
  for (const MigrationStep& step : migration.steps) {
    if (step.sql.starts_with("CREATE TABLE")) fresh.insert(step.entity);
  }
  add_grants(work, fresh);
  found_areas(work, fresh);
}

void check_migrations(const Reader& reader, std::vector<Finding>& findings) {
  for (const MigrationRow& row : reader.list<MigrationRow>()) {
    if (row.checksum == migration_checksum(row.from_format, row.to_format, row.statements)) continue;
    findings.push_back({"migration", row.id, "its checksum must be that of its statements"});
  }
}

AddedFields::AddedFields(const Reader& reader) {
  for (const MigrationRow& row : reader.list<MigrationRow>()) {
    std::string_view rest = row.additions;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      const std::string_view line = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      const std::size_t dot = line.find('.');
      if (dot == std::string_view::npos) continue;
      const Entity* entity = reader.model().find_entity(line.substr(0, dot));
      const int position = entity == nullptr ? -1 : entity->find(line.substr(dot + 1));
      if (position < 0) continue;
      const Field& field = entity->fields[static_cast<std::size_t>(position)];
      if (!field.options.begins_as.empty()) {
        added_[entity].push_back({position, row.seq, {}, entity->at(field.options.begins_as)});
        continue;
      }
      if (field.nullable) continue;
      const std::unique_ptr<void, void (*)(void*)> empty(entity->make(), entity->destroy);
      Batch batch(*entity, {&position, 1});
      store_row(empty.get(), batch);
      added_[entity].push_back({position, row.seq, batch.columns.front().cell(0), -1});
    }
  }
}

std::vector<bool> AddedFields::after(const Entity& entity, std::int64_t seq) const {
  std::vector<bool> marks;
  const auto found = added_.find(&entity);
  if (found == added_.end()) return marks;
  for (const Added& added : found->second) {
    if (seq >= added.seq) continue;
    marks.resize(entity.fields.size());
    marks[static_cast<std::size_t>(added.field)] = true;
  }
  return marks;
}

bool AddedFields::defaults_hold(const Entity& entity, std::int64_t seq, const Batch& batch, std::size_t row) const {
  const auto found = added_.find(&entity);
  if (found == added_.end()) return true;
  return std::all_of(found->second.begin(), found->second.end(), [&](const Added& added) {
    if (seq >= added.seq) return true;
    return batch.column(added.field).cell(row) == (added.from < 0 ? added.value : batch.column(added.from).cell(row));
  });
}

namespace migration {

Migration plan(std::string_view url, const Model& model, const StorageOptions& options) {
  return open_storage(url, options)->migration(model.stored());
}

std::string script(const Migration& migration) {
  if (migration.from == migration.to) return {};
  const std::string statements = statements_of(migration);
  return "-- format " + std::to_string(migration.from) + " to " + std::to_string(migration.to) + ", sha256 " +
         to_hex(checksum_of(migration.from, migration.to, statements)) + "\n" + statements;
}

}  // namespace migration
}  // namespace kith
