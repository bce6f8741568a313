// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "kith/engine/generic.hpp"

namespace kith::generic {
namespace {

std::string type_of(const Field& field) {
  std::string text(name_of(field.type));
  if (field.type == Type::decimal) text += ", " + std::to_string(field.options.scale) + " digits";
  if (field.options.max_length != 0) text += ", at most " + std::to_string(field.options.max_length);
  if (!field.options.refers_to.empty()) text += " of " + std::string(field.options.refers_to);
  return text;
}

// What else is to be known, in words joined by commas.
std::string notes_of(const Field& field) {
  std::string text;
  const auto add = [&](bool holds, std::string_view note) {
    if (!holds) return;
    if (!text.empty()) text += ", ";
    text += note;
  };
  std::string choices;
  for (const std::string_view choice : field.choices) (choices += choices.empty() ? "" : " / ") += choice;
  add(!choices.empty(), choices);
  add(field.options.required, "required");
  add(field.nullable, "may be absent");
  add(field.options.in_base, "in the store's base currency");
  add(field.options.kept, "kept by the engine");
  add(field.options.indexed, "indexed");
  add(field.options.personal, "personal");
  return text;
}

std::string keys_of(const Entity& entity) {
  const auto listed = [](std::string_view what, const auto& keys) {
    std::string text;
    for (const auto& key : keys) {
      std::string fields;
      for (const std::string_view field : key.fields) {
        if (!field.empty()) (fields += fields.empty() ? "`" : " + `") += std::string(field) + "`";
      }
      text += (text.empty() ? std::string(what) : "; ") + fields;
    }
    return text.empty() ? text : text + ".\n\n";
  };
  return listed("Unique: ", entity.unique) + listed("Indexed together: ", entity.indexes);
}

}  // namespace

std::string dictionary(const Model& model) {
  std::string page;
  for (const Area* area : model.areas()) {
    for (const Entity* entity : area->entities) {
      page += "## " + std::string(entity->name) + "\n\n";
      page += "Area " + std::string(area->name) + ", plural `" + std::string(entity->plural) + "`";
      if (!entity->roles.parent.empty()) page += ", a part of its `" + std::string(entity->roles.parent) + "`";
      page += ".\n\n" + keys_of(*entity);
      page += "| Field | Type | Notes |\n|---|---|---|\n";
      for (const Field& field : entity->fields) {
        page += "| `" + std::string(field.name) + "` | " + type_of(field) + " | " + notes_of(field) + " |\n";
      }
      page += "\n";
    }
  }
  return page;
}

}  // namespace kith::generic
