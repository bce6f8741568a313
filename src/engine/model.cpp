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
