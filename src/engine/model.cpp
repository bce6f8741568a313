// SPDX-License-Identifier: Apache-2.0
#include "kith/engine/model.hpp"

#include "engine/internal.hpp"
#include "kith/base/error.hpp"
#include "kith/base/text.hpp"

namespace kith {

// The derived history table owns what an Entity otherwise refers to in static storage.
struct Model::Derived {
  std::string name;
  std::string plural;
  std::vector<Field> fields;
  Entity entity;
};

int dated_key(const Entity& entity) {
  const int from = entity.find("from");
  const int to = entity.find("to");
  if (entity.keeping != Keeping::versioned || from < 0 || to < 0) return -1;
  const Type type = entity.fields[static_cast<std::size_t>(from)].type;
  if (type != Type::date && type != Type::timestamp) return -1;
  for (std::size_t i = 0; i < entity.fields.size(); ++i) {
    const FieldOptions& options = entity.fields[i].options;
    if (options.required && !options.refers_to.empty()) return static_cast<int>(i);
  }
  return -1;
}

namespace {

bool may_be_looked_up(const Field& field) {
  return field.type != Type::money && field.type != Type::bytes && field.slot != nullptr;
}

void add_dated(const Entity& entity, std::vector<DatedName>& dated) {
  const int key = dated_key(entity);
  if (key < 0) return;
  const Type moment = entity.fields[static_cast<std::size_t>(entity.find("from"))].type;
  for (const Field& field : entity.fields) {
    if (!may_be_looked_up(field)) continue;
    dated.push_back({std::string(entity.name) + "." + std::string(field.name), Type::id, moment, field.type,
                     field.options.scale, field.choices});
  }
}

}  // namespace

Model::Model(std::span<const Area* const> areas) : areas_{&kEngineArea} {
  areas_.insert(areas_.end(), areas.begin(), areas.end());
  for (const Area* area : areas_) {
    for (const Entity* entity : area->entities) {
      if (!by_name_.emplace(entity->name, entity).second || !by_name_.emplace(entity->plural, entity).second) {
        throw Error(Code::internal, "two entities are called '" + std::string(entity->name) + "'");
      }
      entities_.push_back(entity);
      stored_.push_back(entity);
      if (entity->keeping != Keeping::versioned) continue;
      auto derived = std::make_unique<Derived>();
      derived->name = std::string(entity->name) + "_history";
      derived->plural = std::string(entity->plural) + "_history";
      for (Field field : entity->fields) {
        field.options.indexed = false;
        derived->fields.push_back(field);
      }
      derived->fields.push_back({.name = "to_seq", .type = Type::integer, .options = {.kept = true}});
      derived->entity = {.name = derived->name,
                         .plural = derived->plural,
                         .fields = derived->fields,
                         .roles = entity->roles,
                         .keeping = Keeping::history};
      stored_.push_back(&derived->entity);
      derived_.emplace(entity, std::move(derived));
    }
  }
  for (const Entity* entity : entities_) add_dated(*entity, dated_);
}

Model::~Model() = default;

const Entity* Model::find_entity(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

const Entity& Model::entity(std::string_view name) const {
  if (const Entity* found = find_entity(name)) return *found;
  std::vector<std::string_view> names;
  for (const Entity* entity : entities_) names.push_back(entity->name);
  throw Error(Code::invalid, "there is no entity '" + std::string(name) + "'." + suggest(name, names));
}

const Entity* Model::history_of(const Entity& entity) const {
  const auto found = derived_.find(&entity);
  return found == derived_.end() ? nullptr : &found->second->entity;
}

const RecordVerbs* Model::verbs_of(const Entity& entity) const {
  for (const Area* area : areas_) {
    for (const RecordVerbs& verbs : area->verbs) {
      if (verbs.entity == entity.name) return &verbs;
    }
  }
  return nullptr;
}

const Report& Model::report(std::string_view name) const {
  std::vector<std::string_view> names;
  for (const Area* area : areas_) {
    for (const Report& report : area->reports) {
      if (report.name == name) return report;
      names.push_back(report.name);
    }
  }
  throw Error(Code::invalid, "there is no report '" + std::string(name) + "'." + suggest(name, names));
}

std::vector<const Report*> Model::reports() const {
  std::vector<const Report*> all;
  for (const Area* area : areas_) {
    for (const Report& report : area->reports) all.push_back(&report);
  }
  return all;
}

}  // namespace kith
