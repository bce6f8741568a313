// SPDX-License-Identifier: Apache-2.0
#include "kith/schema/entity.hpp"

#include <string>
#include <vector>

#include "kith/base/error.hpp"
#include "kith/base/text.hpp"

namespace kith {

int Entity::find(std::string_view field) const {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].name == field) return static_cast<int>(i);
  }
  return -1;
}

int Entity::at(std::string_view field) const {
  if (const int position = find(field); position >= 0) return position;
  std::vector<std::string_view> known;
  known.reserve(fields.size());
  for (const Field& row : fields) {
    if (row.name != kCustomColumn) known.push_back(row.name);
  }
  throw Error(Code::invalid, std::string(name), std::string(field),
              "there is no field of this name." + suggest(field, known));
}

int Entity::currency_of(const Field& field) const {
  return roles.currency.empty() || field.options.in_base ? -1 : find(roles.currency);
}

int Entity::custom() const {
  // The last one; in a history to_seq follows.
  const std::size_t last = fields.size() - (keeping == Keeping::history ? 2 : 1);
  if (last >= fields.size() || fields[last].slot != nullptr || fields[last].name != kCustomColumn) return -1;
  return static_cast<int>(last);
}

}  // namespace kith
