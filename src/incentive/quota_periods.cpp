// SPDX-License-Identifier: Apache-2.0
// A target over a long period as targets over the short ones that make it up.
#include <fmt/format.h>

#include <algorithm>

#include "engine/mixed_table.hpp"
#include "engine/verbs.hpp"
#include "incentive/entities.hpp"
#include "incentive/quota_actuals.hpp"
#include "kith/incentive/quota_math.hpp"

namespace kith::incentive {
namespace {

/// The node of a unit or employee for a period, if there is one.
std::optional<Quota> node_of(const Reader& reader, const Quota& like, const std::string& period) {
  Quota wanted = like;
  wanted.period = period;
  std::vector<Condition> conditions = counting_the_same(wanted);
  conditions.push_back(like.unit ? equals(kQuota, "unit", *like.unit) : equals(kQuota, "employee", *like.employee));
  return reader.find_one<Quota>({.conditions = conditions});
}

std::vector<Period> parts_of(const Reader& reader, const Quota& whole, Grain grain) {
  const Calendar calendar = calendar_named(reader, whole.calendar);
  return children(calendar, parse_period(calendar, whole.period), grain);
}

void check_weights(const std::vector<Decimal>& weights, std::size_t parts) {
  if (weights.empty()) return;
  verb::Faults faults(kQuota);
  if (weights.size() != parts) {
    faults.add("weight", fmt::format("is given for {} periods; the target has {}", weights.size(), parts));
  }
  for (const Decimal weight : weights) {
    if (weight <= Decimal{}) {
      faults.add("weight", "is " + to_string(weight, true) + "; a share needs a weight above 0");
    }
  }
  faults.raise();
}

/// Makes or replaces the nodes of the parts; `shared` cuts an amount into theirs.
template <class Shared>
std::vector<Id> split(Work& work, const Quota& whole, const std::vector<Period>& parts, Shared shared) {
  const auto share = [&](std::optional<Amount> amount) {
    return amount ? shared(amount->minor) : std::vector<std::int64_t>();
  };
  const auto amounts = share(whole.amount);
  const auto stretches = share(whole.stretch);
  const auto challenges = share(whole.challenge);
  const Reader system = work.as_system("quotas");
  const std::optional<Quota> above = whole.parent ? system.find<Quota>(*whole.parent) : std::nullopt;
  Work::Step step(work);
  std::vector<Id> ids;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    Quota row = node_of(work, whole, parts[i].label).value_or(Quota{});
    const bool fresh = row.revision == 0;
    row.amount.minor = amounts[i];
    row.stretch.reset();
    row.challenge.reset();
    // By rounding a grade may fall a unit short of the one before it; it never stays below.
    if (whole.stretch) row.stretch = std::max(Amount{stretches[i]}, row.amount);
    if (whole.challenge) row.challenge = std::max(Amount{challenges[i]}, row.stretch.value_or(row.amount));
    if (fresh) {
      row.metric = whole.metric;
      row.measure = whole.measure;
      row.currency = whole.currency;
      row.draft = whole.draft;
      row.calendar = whole.calendar;
      row.period = parts[i].label;
      row.unit = whole.unit;
      row.employee = whole.employee;
      const auto parent = above ? node_of(system, *above, parts[i].label) : std::nullopt;
      if (parent) row.parent = parent->id;
    }
    set_quota(work, row);
    ids.push_back(row.id);
  }
  step.keep();
  return ids;
}

}  // namespace

std::vector<Id> split_periods(Work& work, Id quota, Grain grain, const std::vector<Decimal>& weights) {
  work.require(Action::edit, kQuota, quota);
  const Quota whole = work.get<Quota>(quota);
  const std::vector<Period> parts = parts_of(work, whole, grain);
  check_weights(weights, parts.size());
  return split(work, whole, parts, [&](std::int64_t amount) {
    return weights.empty() ? decompose_equal(amount, static_cast<std::int64_t>(parts.size()))
                           : decompose_ratio(amount, weights);
  });
}

std::vector<Id> split_by(Work& work, Id quota, Grain grain, const std::vector<std::int64_t>& weights) {
  const Quota whole = work.get<Quota>(quota);
  return split(work, whole, parts_of(work, whole, grain),
               [&](std::int64_t amount) { return allocate(amount, weights); });
}

std::vector<QuotaPart> quota_parts(const Reader& reader, Id quota, Grain grain) {
  const Quota whole = reader.get<Quota>(quota);
  std::vector<QuotaPart> parts;
  for (Period& period : parts_of(reader, whole, grain)) {
    std::optional<Quota> node = node_of(reader, whole, period.label);
    parts.push_back({std::move(period), std::move(node)});
  }
  return parts;
}

Table to_table(const std::vector<QuotaPart>& parts) {
  MixedTable table({{.name = "period"},
                    {.name = "from", .type = Type::date},
                    {.name = "to", .type = Type::date},
                    {.name = "quota", .type = Type::id},
                    amount_column("amount")});
  for (const QuotaPart& part : parts) {
    const Currency currency = part.quota ? part.quota->currency : kith::currency("XXX");
    table.add(currency, part.period.label, part.period.from, part.period.to,
              part.quota ? Value(part.quota->id) : Value(),
              part.quota ? Value(Money{part.quota->amount.minor, currency}) : Value());
  }
  return std::move(table).table();
}

}  // namespace kith::incentive
