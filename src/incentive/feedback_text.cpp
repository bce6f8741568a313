// SPDX-License-Identifier: Apache-2.0
// Progress in rows and in words.
#include <fmt/format.h>

#include "engine/verbs.hpp"
#include "incentive/feedback_parts.hpp"
#include "kith/engine/generic.hpp"
#include "kith/incentive/quota_math.hpp"
#include "kith/people/employee.hpp"

namespace kith::incentive {

Places::Places(const Reader& system) {
  // The unit of an employee may be one that begins later.
  const Query query{.conditions = verb::holding(entity_of<Membership>(), system.today())};
  for (const Membership& row : system.list<Membership>(query)) units_.emplace(row.employee, row.unit);
}

std::optional<Id> Places::of(Id employee) const {
  const auto found = units_.find(employee);
  return found == units_.end() ? std::nullopt : found->second;
}

Progress commission_row(const Reader& system, const Places& places, const EarnedKey& key, std::int64_t before,
                        std::int64_t after) {
  Progress row;
  row.employee = key.employee;
  row.unit = places.of(key.employee);
  row.kind = ProgressKind::commission;
  row.name = key.plan;
  row.period = key.period;
  row.calendar = key.calendar;
  row.currency = system.currency();
  row.before.minor = before;
  row.after.minor = after;
  return row;
}

Progress attainment_row(const Places& places, const Quota& quota, const Reliefs& reliefs, std::int64_t before,
                        std::int64_t after) {
  Progress row;
  row.employee = *quota.employee;
  row.unit = places.of(row.employee);
  row.kind = ProgressKind::attainment;
  row.name = quota.measure.empty() ? Choices<QuotaMetric>::names[static_cast<std::size_t>(quota.metric) - 1]
                                   : std::string_view(quota.measure);
  row.period = quota.period;
  row.calendar = quota.calendar;
  row.currency = quota.currency;
  row.before.minor = before;
  row.after.minor = after;
  row.goal = Amount{rounded(reliefs.of(quota.employee).goal(quota.amount), Rounding::half_up)};
  row.quota = quota.id;
  return row;
}

namespace {

std::string signed_text(Money delta) {
  const std::string text = to_string(delta);
  return delta.minor > 0 ? "+" + text : text;
}

std::string percent_text(std::int64_t actual, std::int64_t goal) {
  const auto percent = compute_attainment(actual, goal);
  return percent ? to_string(*percent) + " %" : "n/a";
}

}  // namespace

std::string label_of(const Progress& row, bool chinese) {
  struct Label {
    std::string_view metric, english, chinese;
  };
  constexpr Label kLabels[] = {{"won_amount", "won amount", "赢单金额"},
                               {"won_count", "won deals", "赢单数"},
                               {"new_customers", "new customers", "新客户数"}};
  for (const Label& one : kLabels) {
    if (row.kind == ProgressKind::attainment && row.name == one.metric) {
      return std::string(chinese ? one.chinese : one.english);
    }
  }
  return row.name;
}

std::string phrase(const Progress& row, bool chinese) {
  const Money delta{checked_sub(row.after.minor, row.before.minor, "progress"), row.currency};
  if (row.kind == ProgressKind::commission) {
    return chinese ? "提成 " + signed_text(delta) : signed_text(delta) + " commission";
  }
  const std::int64_t goal = row.goal.value_or(Amount{}).minor;
  const std::string from = percent_text(row.before.minor, goal);
  const std::string to = percent_text(row.after.minor, goal);
  // Money needs no name: it is what a target is about unless another is named.
  const bool plain = row.name == Choices<QuotaMetric>::names[0];
  const std::string label = plain ? "" : label_of(row, chinese) + " ";
  if (chinese) return fmt::format("{}目标达成 {} → {}", label, from, to);
  return fmt::format("{} to {} of {}target", from, to, label);
}

std::string to_text(const std::vector<Progress>& progress, Language language) {
  const bool chinese = language == Language::chinese;
  std::string text;
  for (std::size_t i = 0; i < progress.size(); ++i) {
    if (i != 0) text += progress[i].employee != progress[i - 1].employee ? "\n" : chinese ? "，" : ", ";
    text += phrase(progress[i], chinese);
  }
  return text.empty() ? text : text + "\n";
}

Table to_table(const std::vector<Progress>& progress, Currency base) {
  Batch batch(entity_of<Progress>());
  for (const Progress& row : progress) store_row(&row, batch);
  return generic::to_table(batch, base);
}

}  // namespace kith::incentive
