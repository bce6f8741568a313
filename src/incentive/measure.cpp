// SPDX-License-Identifier: Apache-2.0
// Measures as records: what one may say, checked when it is set.
#include "kith/incentive/measure.hpp"

#include <algorithm>

#include "engine/verbs.hpp"
#include "incentive/entities.hpp"
#include "incentive/measure_facts.hpp"
#include "kith/engine/formula.hpp"
#include "kith/incentive/quota.hpp"

namespace kith {
namespace incentive {
namespace {

constexpr auto kMeasureFields = field_table<Measure>(
    field<&Measure::name>("name", {.required = true, .max_length = 200}),
    field<&Measure::entity>("entity", {.required = true, .max_length = 100}),
    field<&Measure::on>("on", {.required = true, .max_length = 100}), field<&Measure::who>("who", {.max_length = 100}),
    field<&Measure::filter>("filter"), field<&Measure::value>("value"), field<&Measure::kind>("kind", {.kept = true}),
    field<&Measure::role>("role", {.max_length = 200}));
constexpr UniqueKey kMeasureKeys[] = {{{"name"}}};

}  // namespace

constexpr Entity kMeasure = make_entity<Measure>({.name = "measure",
                                                  .plural = "measures",
                                                  .fields = kMeasureFields,
                                                  .unique = kMeasureKeys,
                                                  .roles = {.title = "name"}});

namespace {

/// What an expression of that type adds up; nothing for one that adds up to nothing.
std::optional<MeasureKind> kind_of(Type type) {
  if (type == Type::money) return MeasureKind::money;
  if (type == Type::integer || type == Type::decimal) return MeasureKind::number;
  return std::nullopt;
}

void check_expressions(const Reader& reader, const Entity& entity, Measure& measure, verb::Faults& faults) {
  const Scope scope = scope_of(reader, entity);
  const auto compiled = [&](std::string_view field, const std::optional<std::string>& text) -> std::optional<Type> {
    if (!text) return std::nullopt;
    try {
      return Expression::compile(*text, scope).type();
    } catch (const Error& error) {
      faults.add(field, error.message);
      return std::nullopt;
    }
  };
  if (const auto type = compiled("filter", measure.filter); type && *type != Type::boolean) {
    faults.add("filter", "is no test but a " + std::string(name_of(*type)) + "; compare it with something");
  }
  measure.kind = MeasureKind::count;
  if (const auto type = compiled("value", measure.value)) {
    const auto kind = kind_of(*type);
    if (!kind) faults.add("value", "is neither money nor a number but a " + std::string(name_of(*type)));
    measure.kind = kind.value_or(MeasureKind::count);
  }
}

void check_fields(const Reader& reader, Measure& measure, verb::Faults& faults) {
  const Entity* entity = reader.model().find_entity(measure.entity);
  if (entity == nullptr || entity->keeping != Keeping::versioned) {
    std::vector<std::string_view> names;
    for (const Entity* one : reader.model().entities()) {
      if (one->keeping == Keeping::versioned) names.push_back(one->name);
    }
    faults.add("entity", "'" + measure.entity + "' is no kind of record." + suggest(measure.entity, names));
    return;
  }
  measure.entity = entity->name;
  try {
    const Type type = entity->fields[static_cast<std::size_t>(entity->at(measure.on))].type;
    if (type != Type::date && type != Type::timestamp) faults.add("on", "'" + measure.on + "' is no date or timestamp");
  } catch (const Error& error) {
    faults.add("on", error.message);
  }
  try {
    const Credited credit = credited(reader.model(), *entity, measure.who);
    if (measure.role && (credit.parts == nullptr || credit.parts->find("role") < 0)) {
      faults.add("role", "is named, but a " + measure.entity + " has no splits with a role; leave it empty");
    }
  } catch (const Error& error) {
    faults.add("who", error.message);
  }
  check_expressions(reader, *entity, measure, faults);
}

bool is_metric(std::string_view name) {
  return std::find(std::begin(Choices<QuotaMetric>::names), std::end(Choices<QuotaMetric>::names), name) !=
         std::end(Choices<QuotaMetric>::names);
}

}  // namespace

Id set_measure(Work& work, Measure& measure) {
  work.require(Action::administer, kMeasure);
  const Reader system = work.as_system("measures");
  Measure row = measure;
  verb::Faults faults(kMeasure);
  if (verb::is_blank(row.name)) faults.add("name", "is missing; give a name such as 'margin'");
  if (is_metric(row.name))
    faults.add("name", "'" + row.name + "' is what quotas count without a measure; choose another");
  check_fields(system, row, faults);
  if (row.revision == 0) {
    if (system.find_one<Measure>({.conditions = {equals(kMeasure, "name", row.name)}})) {
      throw Error(Code::conflict, "measure", "name", "there is a measure '" + row.name + "' already; change that one");
    }
    faults.raise();
    work.create(row);
  } else {
    const Measure before = verb::before_update(work, row);
    if (row.name != before.name) faults.add("name", "stays '" + before.name + "'; set another measure");
    faults.raise();
    if (row.kind != before.kind &&
        !system.list<Quota>({.conditions = {equals(kQuota, "measure", row.name)}, .limit = 1}).empty()) {
      throw Error(Code::state, "measure", "value",
                  "adds up something else than before, and quotas count it; set another measure");
    }
    work.update(row);
  }
  measure = std::move(row);
  return measure.id;
}

Measure measure_named(const Reader& reader, std::string_view name) {
  const Reader system = reader.as_system("measures");
  std::optional<Measure> found = system.find_one<Measure>({.conditions = {equals(kMeasure, "name", name)}});
  if (found) return *std::move(found);
  std::vector<std::string> names;
  for (const Measure& one : system.list<Measure>({.order = {"name"}})) names.push_back(one.name);
  const std::vector<std::string_view> views(names.begin(), names.end());
  throw Error(Code::invalid, "measure", "name",
              "there is no measure '" + std::string(name) + "'." +
                  (views.empty() ? " Set one with set_measure." : suggest(name, views)));
}

}  // namespace incentive

template <>
const Entity& entity_of<Measure>() {
  return incentive::kMeasure;
}

}  // namespace kith
