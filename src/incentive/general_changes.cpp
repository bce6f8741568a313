// SPDX-License-Identifier: Apache-2.0
#include "incentive/general_changes.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "incentive/as_of.hpp"
#include "incentive/document_model.hpp"

namespace kith::incentive {
namespace {

/// The first day from which dated rows say something else than before. A row of which only the end moved says so from
/// the earlier of its ends on.
template <class T, class Content>
Date first_difference(const std::vector<T>& versions, Content content) {
  std::map<Id, std::vector<const T*>> rows;
  for (const T& row : versions) rows[row.id].push_back(&row);
  Date first = kOpenDate;
  for (const auto& [id, same] : rows) {
    const bool only_end = same.size() > 1 && std::all_of(same.begin(), same.end(), [&](const T* row) {
                            return row->from == same.front()->from && content(*row) == content(*same.front());
                          });
    for (const T* row : same) first = std::min(first, only_end ? row->to : row->from);
  }
  return first;
}

}  // namespace

GeneralChanges::GeneralChanges(const Reader& system, std::int64_t since) {
  find_events(system, since);
  find_values(system, since);
  find_dated(system, since);
  find_people(system, since);
}

void GeneralChanges::find_events(const Reader& system, std::int64_t since) {
  std::set<std::string> keys, origins;
  for (const BusinessEvent& row : changed_rows<BusinessEvent>(system, since)) {
    events_.insert(row.id);
    days_.insert(row.date);
    keys.insert(row.source + ":" + row.external_id);
    if (row.reverses) origins.insert(*row.reverses);
  }
  std::unordered_set<Id> concerned = events_;
  const auto add_days = [&](std::vector<Condition> conditions) {
    for (const BusinessEvent& row :
         system.list<BusinessEvent>({.conditions = std::move(conditions), .fields = {"id", "date"}})) {
      days_.insert(row.date);
      concerned.insert(row.id);
    }
  };
  constexpr std::size_t kPiece = 500;
  Condition reversing{.op = Condition::Op::in, .field = kEvent.at("reverses"), .operands = {}, .terms = {}};
  for (auto key = keys.begin(); key != keys.end();) {
    reversing.operands.clear();
    for (std::size_t i = 0; i < kPiece && key != keys.end(); ++i, ++key) reversing.operands.emplace_back(*key);
    add_days({reversing});
  }
  std::map<std::string, std::vector<std::string>> by_source;
  for (const std::string& key : origins) {
    by_source[key.substr(0, key.find(':'))].push_back(key.substr(key.find(':') + 1));
  }
  for (const auto& [source, names] : by_source) {
    for (std::size_t start = 0; start < names.size(); start += kPiece) {
      Condition these{.op = Condition::Op::in, .field = kEvent.at("external_id"), .operands = {}, .terms = {}};
      for (std::size_t i = start; i < std::min(names.size(), start + kPiece); ++i)
        these.operands.emplace_back(names[i]);
      add_days({equals(kEvent, "source", source), these});
    }
  }
  for (const EventShare& row : changed_rows<EventShare>(system, since)) people_.insert(row.employee);
  std::vector<Id> ids(concerned.begin(), concerned.end());
  std::sort(ids.begin(), ids.end());
  in_pieces(ids, [&](const std::vector<Id>& piece) {
    for (const EventShare& row : system.list<EventShare>({.conditions = {verb::one_of(kEventShare, "event", piece)}})) {
      people_.insert(row.employee);
    }
  });
}

void GeneralChanges::find_values(const Reader& system, std::int64_t since) {
  for (const CommissionValue& row : changed_rows<CommissionValue>(system, since)) {
    everything_ = everything_ || !row.period;
    if (row.period) labels_.insert(*row.period);
  }
  for (const Quota& row : changed_rows<Quota>(system, since)) {
    if (row.employee) labels_.insert(row.period);
  }
}

void GeneralChanges::find_dated(const Reader& system, std::int64_t since) {
  const Date lines = first_difference(changed_rows<ReportingLine>(system, since),
                                      [](const ReportingLine& row) { return std::tie(row.employee, row.manager); });
  const Date rates = first_difference(changed_rows<ExchangeRate>(system, since), [](const ExchangeRate& row) {
    return std::tuple(row.from_currency.packed, row.to_currency.packed, row.kind, row.rate.coefficient);
  });
  from_ = std::min(lines, rates);
  dated_ = from_ < kOpenDate;
  const auto shared = system.list<CommissionValue>({.where = "unit is not null or role is not null", .limit = 1});
  if (shared.empty()) return;  // places and roles decide over values alone; over plans, the terms
  from_ = std::min({from_,
                    first_difference(changed_rows<Membership>(system, since),
                                     [](const Membership& row) { return std::tie(row.employee, row.unit); }),
                    first_difference(changed_rows<UnitParent>(system, since),
                                     [](const UnitParent& row) { return std::tie(row.unit, row.parent); }),
                    first_difference(changed_rows<PayeeRole>(system, since),
                                     [](const PayeeRole& row) { return std::tie(row.employee, row.role); })});
}

void GeneralChanges::find_people(const Reader& system, std::int64_t since) {
  std::map<Id, std::set<std::pair<std::optional<Date>, std::optional<Date>>>> service;
  for (const Employee& row : changed_rows<Employee>(system, since)) {
    service[row.id].emplace(row.hired_on, row.left_on);
  }
  for (const auto& [id, versions] : service) everything_ = everything_ || versions.size() > 1;
}

bool GeneralChanges::concerns(const PlanVersion& version, const Period& period) const {
  if (everything_ || from_ < period.to) return true;
  const PlanDocument::Model& model = version.document->model();
  // What takes an event back counts in the event's period, at the rate and under the superiors of its own day.
  const bool late = std::any_of(model.measures.begin(), model.measures.end(), [](const general::Measure& measure) {
    return measure.return_period == general::Reversal::original;
  });
  if (dated_ && late) return true;
  const Date first = GeneralFacts::window(*version.document, period);
  const auto day = days_.lower_bound(first);
  if (day != days_.end() && *day < period.to) return true;
  return std::any_of(labels_.begin(), labels_.end(), [&](const std::string& label) {
    if (label == period.label) return true;
    if (first == period.from) return false;
    try {
      return parse_period(model.calendar, label).from < period.to;
    } catch (const Error&) {
      return false;  // no period of this calendar
    }
  });
}

}  // namespace kith::incentive
