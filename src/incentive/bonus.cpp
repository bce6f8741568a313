// SPDX-License-Identifier: Apache-2.0
// Bonuses as records, and the awards they post.
#include "kith/incentive/bonus.hpp"

#include <fmt/format.h>

#include <map>
#include <set>

#include "engine/verbs.hpp"
#include "incentive/bonus_facts.hpp"
#include "incentive/bonus_words.hpp"
#include "incentive/entities.hpp"
#include "kith/engine/formula.hpp"
#include "kith/people/employee.hpp"
#include "kith/sales/opportunity.hpp"

namespace kith {
namespace incentive {
namespace {

constexpr int kBonusRateScale = 9;

constexpr auto kBonusFields = field_table<Bonus>(
    field<&Bonus::name>("name", {.required = true, .max_length = 200}), field<&Bonus::kind>("kind"),
    field<&Bonus::from>("from"), field<&Bonus::to>("to"), field<&Bonus::currency>("currency", {.required = true}),
    field<&Bonus::unit>("unit", {.refers_to = "unit"}), field<&Bonus::counts>("counts", {.max_length = 200}),
    field<&Bonus::amount>("amount", {.minimum = 0}),
    field<&Bonus::rate>("rate", {.scale = kBonusRateScale, .minimum = 0}), field<&Bonus::hurdle>("hurdle"),
    field<&Bonus::cap>("cap", {.minimum = 0}), field<&Bonus::minimum>("minimum"), field<&Bonus::ties>("ties"),
    field<&Bonus::filter>("filter"));
constexpr UniqueKey kBonusKeys[] = {{{"name"}}};

constexpr auto kBonusPartFields = field_table<BonusPart>(
    field<&BonusPart::bonus>("bonus", {.required = true, .refers_to = "bonus"}),
    field<&BonusPart::position>("position", {.minimum = 1}),
    field<&BonusPart::employee>("employee", {.refers_to = "employee"}),
    field<&BonusPart::weight>("weight", {.minimum = 0}), field<&BonusPart::amount>("amount", {.minimum = 0}));
constexpr UniqueKey kBonusPartKeys[] = {{{"bonus", "position"}}};

constexpr auto kAwardFields =
    field_table<Award>(field<&Award::bonus>("bonus", {.required = true, .refers_to = "bonus"}),
                       field<&Award::employee>("employee", {.required = true, .refers_to = "employee"}),
                       field<&Award::unit>("unit", {.refers_to = "unit"}), field<&Award::on>("on"),
                       field<&Award::currency>("currency", {.required = true}), field<&Award::amount>("amount"),
                       field<&Award::correction>("correction"), field<&Award::basis>("basis", {.max_length = 1000}));

}  // namespace

constexpr Entity kBonus = make_entity<Bonus>({.name = "bonus",
                                              .plural = "bonuses",
                                              .fields = kBonusFields,
                                              .unique = kBonusKeys,
                                              .roles = {.currency = "currency", .title = "name"}});
constexpr Entity kBonusPart = make_entity<BonusPart>({.name = "bonus_part",
                                                      .plural = "bonus_parts",
                                                      .fields = kBonusPartFields,
                                                      .unique = kBonusPartKeys,
                                                      .roles = {.parent = "bonus"}});
constexpr Entity kAward = make_entity<Award>({.name = "award",
                                              .plural = "awards",
                                              .fields = kAwardFields,
                                              .roles = {.owner = "employee", .unit = "unit", .currency = "currency"}});

namespace {

void check_amounts(const Bonus& row, Currency currency, verb::Faults& faults) {
  const auto check = [&](std::string_view field, const std::optional<Amount>& amount) {
    if (amount && amount->minor < 0) {
      faults.add(field, "is negative: " + to_string(Money{amount->minor, currency}) + "; give 0 or more");
    }
  };
  check("amount", row.amount);
  check("cap", row.cap);
  if (row.rate && *row.rate < Decimal{}) faults.add("rate", "is " + to_string(*row.rate, true) + "; give 0 or more");
  if (row.minimum && *row.minimum < 0) faults.add("minimum", "is negative; give 0 or more");
}

/// What each kind needs, and what would have no effect in it.
void check_kind(const Bonus& row, verb::Faults& faults) {
  const auto refuse = [&](bool given, std::string_view field, const char* whose) {
    if (given) faults.add(field, std::string("has no effect here; it is that of a ") + whose + ": leave it empty");
  };
  if (row.kind == BonusKind::contest) {
    refuse(row.amount.has_value(), "amount", "pool or spiff; prizes are parts");
    refuse(row.rate.has_value(), "rate", "pool or spiff");
    refuse(row.cap.has_value(), "cap", "pool or spiff");
  } else {
    refuse(row.minimum.has_value(), "minimum", "contest");
    if (row.amount.has_value() == row.rate.has_value()) {
      faults.add("amount",
                 row.amount ? "and rate are both given; give one of them" : "or rate is missing; give one of them");
    }
  }
  if (row.kind == BonusKind::spiff) {
    refuse(!row.counts.empty(), "counts", "pool or contest");
  } else {
    refuse(row.filter.has_value(), "filter", "spiff");
  }
  if (row.kind != BonusKind::pool || !row.rate) refuse(row.hurdle.has_value(), "hurdle", "pool with a rate");
}

void check_bonus(const Work& work, const Bonus& row, verb::Faults& faults) {
  if (verb::is_blank(row.name)) faults.add("name", "is missing");
  check_amounts(row, work.currency(), faults);
  check_kind(row, faults);
  if (!verb::is_day(row.from)) faults.add("from", std::string(verb::kDayExpected));
  if (row.to <= row.from || row.to > kOpenDate)
    faults.add("to", "must lie after from: the first day that counts no more");
  const Reader system = work.as_system("bonuses");
  try {
    if (row.kind != BonusKind::spiff) static_cast<void>(as_measure(system, counted_named(row.counts)));
  } catch (const Error& error) {
    faults.add("counts", error.message);
  }
  try {
    if (row.filter) Expression::compile(*row.filter, scope_of(system, entity_of<Opportunity>()));
  } catch (const Error& error) {
    faults.add("filter", error.message);
  }
}

}  // namespace

Id set_bonus(Work& work, Bonus& bonus) {
  Bonus row = bonus;
  verb::Faults faults(kBonus);
  if (row.revision == 0) {
    work.require(Action::create, kBonus);
  } else {
    const Bonus before = verb::before_update(work, row);
    if (row.kind != before.kind) faults.add("kind", "stays; set another bonus");
  }
  if (row.counts.empty() && row.kind != BonusKind::spiff) row.counts = "won_amount";
  check_bonus(work, row, faults);
  if (row.currency && row.currency != work.currency()) {
    faults.add("currency", "is " + code_of(row.currency) + "; bonuses are in " + code_of(work.currency()));
  }
  faults.raise();
  row.currency = work.currency();
  if (row.rate) row.rate = rescale(*row.rate, kBonusRateScale);
  if (row.revision == 0) {
    work.create(row);
  } else {
    work.update(row);
  }
  bonus = std::move(row);
  return bonus.id;
}

void set_bonus_parts(Work& work, Id bonus, const std::vector<BonusPart>& parts) {
  work.require(Action::edit, kBonus, bonus);
  const Bonus row = work.get<Bonus>(bonus);
  verb::Faults faults(kBonusPart);
  if (row.kind == BonusKind::spiff && !parts.empty())
    faults.add("bonus", "is a spiff, which has neither weights nor prizes");
  std::set<Id> seen;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const BonusPart& part = parts[i];
    const std::string where = fmt::format("part {}: ", i + 1);
    if (part.amount && part.amount->minor < 0) faults.add("amount", where + "is negative; give 0 or more");
    if (part.weight && *part.weight < 0) faults.add("weight", where + "is negative; give 0 or more");
    if (row.kind == BonusKind::contest) {
      if (!part.amount || part.employee || part.weight)
        faults.add("amount", where + "a place has a prize, nothing else");
    } else if (!part.employee || !part.weight) {
      faults.add("employee", where + "a share of a pool has an employee and a weight");
    } else if (!seen.insert(*part.employee).second) {
      faults.add("employee", where + "the employee is named twice; add the two weights up");
    }
  }
  faults.raise();
  work.trusted([&] {
    for (const BonusPart& old : parts_of(work, bonus)) work.remove<BonusPart>(old.id, old.revision);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      BonusPart part = parts[i];
      part.id = {};
      part.revision = part.seq = 0;
      part.bonus = bonus;
      part.position = static_cast<std::int64_t>(i) + 1;
      work.create(part);
    }
  });
}

std::int64_t post_bonus(Work& work, Id bonus) {
  work.require(Action::close, kBonus, bonus);
  const Reader system = work.as_system("bonuses");
  const Bonus programme = system.get<Bonus>(bonus);
  const BonusOutcome outcome = compute_bonus(system, programme);
  std::int64_t added = 0;
  Work::Step step(work);
  work.trusted([&] {
    for (const BonusResult& result : outcome.people) {
      if (result.amount == result.posted) continue;
      Award row;
      row.bonus = bonus;
      row.employee = result.employee;
      row.unit = people::unit_of(system, result.employee, work.today());
      row.on = work.today();
      row.currency = work.currency();
      row.amount.minor = missing_to(system, programme, result);
      row.correction = result.posted != 0;
      row.basis = result.basis;
      work.create(row);
      ++added;
    }
  });
  step.keep();
  return added;
}

BonusOutcome bonus_outcome(const Reader& reader, Id bonus) {
  const Bonus row = reader.get<Bonus>(bonus);
  BonusOutcome outcome = compute_bonus(reader.as_system("bonuses"), row);
  if (reader.actor().kind == PrincipalKind::system) return outcome;
  // Whose awards the actor may read: all, or those of people whose unit or self the rights reach.
  std::set<Id> readable;
  for (const Award& award : reader.list<Award>({.conditions = {equals(kAward, "bonus", bonus)}})) {
    readable.insert(award.employee);
  }
  const bool all = reader.may(Action::close, kBonus, bonus);
  std::erase_if(outcome.people, [&](const BonusResult& result) {
    return !all && result.employee != reader.actor().employee && !readable.contains(result.employee);
  });
  return outcome;
}

std::string to_text(const Reader& reader, const BonusOutcome& outcome, Language language) {
  const bool chinese = language == Language::chinese;
  const Reader system = reader.as_system("bonuses");
  const Currency currency = system.currency();
  std::string text;
  if (outcome.pool.currency) {
    text += fmt::format("{} {}\n", chinese ? "奖金池" : "pool", display(outcome.pool));
  }
  for (const BonusResult& result : outcome.people) {
    const auto person = system.find<Employee>(result.employee);
    text += fmt::format("{}: {}{}{}\n", person ? person->name : std::to_string(result.employee.value),
                        display({result.amount, currency}), chinese ? "，" : ", ",
                        chinese ? basis_in_chinese(result.basis) : result.basis);
  }
  if (outcome.pool.currency && outcome.carried.minor != 0) {
    text += fmt::format("{} {}\n", chinese ? "结转" : "carried", display(outcome.carried));
  }
  return text;
}

}  // namespace incentive

template <>
const Entity& entity_of<Bonus>() {
  return incentive::kBonus;
}
template <>
const Entity& entity_of<BonusPart>() {
  return incentive::kBonusPart;
}
template <>
const Entity& entity_of<Award>() {
  return incentive::kAward;
}

}  // namespace kith
