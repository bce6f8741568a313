// SPDX-License-Identifier: Apache-2.0
#include "incentive/payout_scene.hpp"

#include <algorithm>
#include <charconv>

#include "engine/internal.hpp"
#include "incentive/as_of.hpp"
#include "incentive/payout_pay.hpp"

namespace kith::incentive {
namespace {

/// The same data as it was right after a work. The reader may be of the past itself, or a Work with its own writes.
Reader reader_at(const Reader& reader, std::int64_t seq) {
  Reader past = reader.as_system("commission");
  Inside::state(past).as_of = true;
  Inside::state(past).seq = seq;
  return past;
}

/// The work whose facts a statement states.
std::int64_t work_of(const Reader& system, const Statement& row, const CommissionPeriod& period) {
  if (row.status == PeriodStatus::closed) return row.seq;
  // The mark is the last work before that of the run, which may have brought facts itself.
  if (period.facts_seq != 0) return period.facts_seq + 1;
  // Opened again and not run since: as it was closed.
  const Entity& past = *system.model().history_of(kStatement);
  std::vector<Statement> versions;
  append_rows(system, past, {.conditions = {equals(past, "id", row.id)}}, versions);
  std::int64_t seq = 0;
  for (const Statement& version : versions) {
    if (version.status == PeriodStatus::closed) seq = std::max(seq, version.seq);
  }
  return seq == 0 ? row.seq : seq;
}

}  // namespace

Scene::Scene(const Reader& reader, Id statement, Seen seen)
    : asked_(reader), system_(reader.as_system("commission")), statement_(reader.get<Statement>(statement)) {
  row_ = system_.get<CommissionPeriod>(statement_.period);
  period_ = period_from(row_);
  const bool stated = closed() || seen == Seen::stated;
  seq_ = stated ? work_of(system_, statement_, row_) : system_.seq();
  known_.emplace(stated ? reader_at(system_, seq_) : system_.as_system("commission"));
  look_around();
}

void Scene::look_around() {
  const std::unordered_set<Id> only{statement_.employee};
  const Calendar calendar = calendar_named(system_, row_.calendar);
  terms_.emplace(*known_, row_.calendar, only);
  const std::vector<const PlanVersion*> versions = terms_->general_versions();
  if (std::any_of(versions.begin(), versions.end(),
                  [](const PlanVersion* version) { return GeneralFacts::crosses(*version->document); })) {
    terms_.emplace(*known_, row_.calendar);
    facts_.emplace(*known_, *terms_, calendar);
  } else {
    facts_.emplace(*known_, *terms_, calendar, only);
  }
}

const std::vector<StatementLine>& Scene::lines() const {
  if (!lines_) lines_ = lines_of(asked_, statement_.id);
  return *lines_;
}

std::string Scene::name_of(Id employee) const {
  auto row = known_->find<Employee>(employee);
  if (!row) row = system_.find<Employee>(employee);
  return row ? row->name : std::to_string(employee.value);
}

std::string Scene::name_of(const std::string& person) const {
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(person.data(), person.data() + person.size(), id);
  return error == std::errc() && end == person.data() + person.size() ? name_of(Id{id}) : person;
}

Period Scene::named(const std::string& label) const {
  const auto row = system_.find_one<CommissionPeriod>({.conditions = {
                                                           equals(kCommissionPeriod, "calendar", row_.calendar),
                                                           equals(kCommissionPeriod, "label", label),
                                                       }});
  return row ? period_from(*row) : parse_period(calendar_named(system_, row_.calendar), label);
}

std::vector<Earning> Scene::earnings(const Period& period) const {
  const PlanVersion* held = version(period);
  if (held == nullptr) return {};
  const std::unordered_set<Id> only{statement_.employee};
  return facts_->earnings(*held, period, &only);
}

Inputs Scene::inputs(const Period& period) const {
  const std::unordered_set<Id> only{statement_.employee};
  Inputs given = facts_->inputs(*version(period), period, {.only = &only});
  if (period.label != period_.label) return given;
  if (auto brought = brought_beside(system_, statement_, period_, *version(period))) {
    given.brought.push_back(std::move(*brought));
  }
  return given;
}

}  // namespace kith::incentive
