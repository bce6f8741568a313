// SPDX-License-Identifier: Apache-2.0
#include "kith/engine/migration.hpp"

#include <algorithm>
#include <optional>
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

constexpr std::string_view kCurrencyLine = "head.currency=";
constexpr std::string_view kZoneLine = "head.zone=";

/// What a row says of the head row, so that the chain covers it.
std::string lines_of(const Head& head) {
  return std::string(kCurrencyLine) + head.currency + "\n" + std::string(kZoneLine) + head.zone + "\n";
}

/// The line that begins so, without that; nothing where there is none.
std::optional<std::string_view> line_of(std::string_view additions, std::string_view begin) {
  while (!additions.empty()) {
    const std::string_view line = additions.substr(0, additions.find('\n'));
    if (line.starts_with(begin)) return line.substr(begin.size());
    additions.remove_prefix(std::min(line.size() + 1, additions.size()));
  }
  return std::nullopt;
}

void write_row(Work& work, MigrationRow row) {
  row.additions += lines_of(Inside::state(work).head);
  row.checksum = migration_checksum(row.from_format, row.to_format, row.statements);
  work.create(row);
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
  write_row(work, std::move(row));
  std::set<std::string_view> fresh;
  for (const MigrationStep& step : migration.steps) {
    if (step.sql.starts_with("CREATE TABLE")) fresh.insert(step.entity);
  }
  add_grants(work, fresh);
  found_areas(work, fresh);
}

void record_founding(Work& work) {
  MigrationRow row;
  row.to_format = kFormat;
  write_row(work, std::move(row));
}

std::vector<std::string> head_faults(const Reader& reader, const Head& head) {
  std::vector<std::string> faults;
  std::optional<std::int64_t> format;
  const auto hold = [&](const MigrationRow& row, std::string_view begin, std::string_view what,
                        std::string_view stored) {
    const auto said = line_of(row.additions, begin);
    if (!said || *said == stored) return;
    faults.push_back("has the " + std::string(what) + " '" + std::string(stored) + "', but work " +
                     std::to_string(row.seq) + " says '" + std::string(*said) + "'");
  };
  for (const MigrationRow& row : reader.list<MigrationRow>({.order = {"seq", "id"}})) {
    if (format && row.from_format != *format) {
      faults.push_back("had the format " + std::to_string(row.from_format) + " before work " + std::to_string(row.seq) +
                       ", but the store was of format " + std::to_string(*format));
    }
    format = row.to_format;
    hold(row, kCurrencyLine, "currency", head.currency);
    hold(row, kZoneLine, "zone", head.zone);
  }
  if (format && head.format != *format) {
    faults.push_back("has the format " + std::to_string(head.format) + ", but the store is of format " +
                     std::to_string(*format));
  }
  return faults;
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

std::vector<std::string> doctor(const Engine& engine) {
  std::vector<std::string> lines = engine.storage().describe();
  try {
    const auto connection = engine.storage().connect();
    const auto head = read_head(*connection->begin(Access::read));
    if (!head) return lines;
    lines.push_back("format " + std::to_string(head->format));
    if (head->format < kFormat) {
      lines.back() += "; opening the store for writing migrates it to format " + std::to_string(kFormat);
    }
  } catch (const Error& error) {  // a doctor goes on where the store is ill
    lines.push_back("warning: the head row cannot be read: " + error.message);
  }
  return lines;
}

std::string script(const Migration& migration) {
  if (migration.from == migration.to) return {};
  const std::string statements = statements_of(migration);
  return "-- format " + std::to_string(migration.from) + " to " + std::to_string(migration.to) + ", sha256 " +
         to_hex(checksum_of(migration.from, migration.to, statements)) + "\n" + statements;
}

}  // namespace migration
}  // namespace kith
