// SPDX-License-Identifier: Apache-2.0
#include "engine/before.hpp"

#include "engine/internal.hpp"

namespace kith {

Reader before(const Work& work, std::string_view purpose) {
  Reader reader = work.as_system(purpose);
  // Past versions are written with the change itself, so the state of the last work can be read as of it.
  Inside::state(reader).as_of = true;
  return reader;
}

bool has_touched(const Work& work, const Entity& entity) {
  const auto finds = [&](const Entity& table, std::string_view field) {
    const Condition now{.op = Condition::Op::eq, .field = table.at(field), .operands = {work.next_seq()}, .terms = {}};
    return raw_all(work, {.entity = &table, .fields = {kIdField}, .where = {now}, .limit = 1}).rows() != 0;
  };
  if (finds(entity, "seq")) return true;
  const Entity* past = work.model().history_of(entity);
  return past != nullptr && finds(*past, "to_seq");
}

}  // namespace kith
