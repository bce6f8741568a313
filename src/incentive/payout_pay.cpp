// SPDX-License-Identifier: Apache-2.0
#include "incentive/payout_pay.hpp"

#include <fmt/format.h>

#include <map>
#include <set>
#include <tuple>

#include "engine/verbs.hpp"
#include "incentive/correction_reasons.hpp"
#include "incentive/statement_pay.hpp"

namespace kith::incentive {
namespace {

struct Words {
  std::string_view held, released, correction, paid, balance, carry;
  std::string_view held_back, let_go, carried, advanced, recovered, topped_up, carried_on;
};
constexpr Words kEnglish = {"Held: {} of {} in {} until {}{}\n",
                            "Released: {} of {} in {} by {}{}\n",
                            " (correction: {})",
                            "Paid: {} = earned {}{}\n",
                            "  balance of the draw: {}, forgiven {}\n",
                            "  carried into the next period: {}\n",
                            " - held {}",
                            " + released {}",
                            " + carried {}",
                            " + advanced {}",
                            " - recovered {}",
                            " + topped up {}",
                            " - carried on {}"};
constexpr Words kChinese = {"暂扣：{}（{}，{}，待 {}）{}\n",
                            "发放：{}（{}，{}，因 {}）{}\n",
                            "（更正：{}）",
                            "实付：{} = 应得 {}{}\n",
                            "  预支余额：{}，免除 {}\n",
                            "  结转下期：{}\n",
                            " - 暂扣 {}",
                            " + 发放 {}",
                            " + 上期结转 {}",
                            " + 预支 {}",
                            " - 扣回 {}",
                            " + 补足 {}",
                            " - 结转下期 {}"};

using Key = std::tuple<ReleaseKind, std::string, std::string>;  // kind, component, part

bool own(const StatementRelease& row, const Period& period) {
  return !row.correction && row.period_earned == period.label;
}

/// Payments of the statements before one, oldest first.
std::vector<std::pair<Period, StatementPayment>> payments_before(const Reader& system, const Statement& statement) {
  std::vector<std::pair<Period, StatementPayment>> rows;
  for (const Statement& before : statements_before(system, statement, false)) {
    auto row = payment_of(system, before.id);
    if (!row) continue;
    rows.emplace_back(period_from(system.get<CommissionPeriod>(before.period)), std::move(*row));
  }
  return rows;
}

BroughtForward brought(const Reader& system, const Statement& statement, const Period& period,
                       const PlanVersion& version) {
  std::map<Id, std::string> names;
  const Query query{.fields = {"id", "name"}};
  for (const CommissionPlan& row : system.list<CommissionPlan>(query)) names.emplace(row.id, row.name);
  BroughtForward row = brought_from(payments_before(system, statement), version, period, names);
  row.person = std::to_string(statement.employee.value);
  return row;
}

}  // namespace

std::string payment_text(const Reader& reader, const Statement& statement, const std::string& label, bool chinese) {
  const std::optional<StatementPayment> row = payment_of(reader, statement.id);
  if (!row) return {};
  const Words& words = chinese ? kChinese : kEnglish;
  const auto money = [&](Amount amount) { return display({amount.minor, statement.currency}); };
  std::string text;
  for (const StatementRelease& one : releases_of(reader, statement.id)) {
    const std::string why =
        one.reason ? fmt::format(fmt::runtime(words.correction), reason_in(*one.reason, chinese)) : "";
    const std::string_view how = one.kind == ReleaseKind::held ? words.held : words.released;
    text += fmt::format(fmt::runtime(how), money(one.amount), one.component,
                        one.period_earned.empty() ? label : one.period_earned, one.part, why);
  }
  std::string steps;
  const std::pair<std::string_view, Amount> parts[] = {
      {words.held_back, row->held},    {words.let_go, row->released},     {words.carried, row->carried},
      {words.advanced, row->advanced}, {words.recovered, row->recovered}, {words.topped_up, row->topped_up},
      {words.carried_on, row->carry}};
  for (const auto& [how, amount] : parts) {
    if (amount.minor != 0) steps += fmt::format(fmt::runtime(how), money(amount));
  }
  text += fmt::format(fmt::runtime(words.paid), money(row->pay), money(row->earned), steps);
  if (row->balance.minor != 0 || row->forgiven.minor != 0) {
    text += fmt::format(fmt::runtime(words.balance), money(row->balance), money(row->forgiven));
  }
  if (row->carry.minor != 0) text += fmt::format(fmt::runtime(words.carry), money(row->carry));
  return text;
}

std::optional<BroughtForward> brought_beside(const Reader& system, const Statement& statement, const Period& period,
                                             const PlanVersion& version) {
  const std::optional<StatementPayment> payment = payment_of(system, statement.id);
  if (!payment) return std::nullopt;
  BroughtForward row = brought(system, statement, period, version);
  row.adjusted = payment->earned.minor;
  for (const StatementLine& line : lines_of(system, statement.id)) {
    if (line.kind != LineKind::earning || line.plan != version.row.id) continue;
    row.adjusted = checked_sub(row.adjusted, line.amount.minor, "what else stands in a statement");
  }
  for (const StatementRelease& one : releases_of(system, statement.id)) {
    if (own(one, period)) continue;
    std::int64_t& sum = one.kind == ReleaseKind::held ? row.held : row.released;
    sum = checked_add(sum, one.amount.minor, "releases of a statement");
  }
  return row;
}

void recheck_payment(const Reader& system, const Statement& statement, const Period& period, const GeneralFacts& facts,
                     const PlanVersion* version, std::vector<Violation>& faults) {
  const std::optional<StatementPayment> payment = payment_of(system, statement.id);
  if (!payment) return;
  const auto differs = [&](const char* entity, std::string field, std::int64_t says, std::int64_t is) {
    if (says == is) return;
    faults.push_back({entity, std::move(field),
                      fmt::format("It says {}; computed again it is {}.", display({says, statement.currency}),
                                  display({is, statement.currency}))});
  };
  std::map<Key, std::pair<std::int64_t, std::int64_t>> rows;  // said, computed
  std::int64_t held = 0;
  std::int64_t released = 0;
  for (const StatementRelease& row : releases_of(system, statement.id)) {
    (row.kind == ReleaseKind::held ? held : released) += row.amount.minor;
    if (own(row, period)) rows[{row.kind, row.component, row.part}].first = row.amount.minor;
  }
  if (version != nullptr) {
    const std::unordered_set<Id> only{statement.employee};
    const auto parts = facts.parts(*version, period, period, &only);
    for (const StatementRelease& row : own_releases(parts, period, statement.employee)) {
      rows[{row.kind, row.component, row.part}].second = row.amount.minor;
    }
  }
  for (const auto& [key, amounts] : rows) {
    differs("statement_release", fmt::format("{}.{}", std::get<1>(key), std::get<2>(key)), amounts.first,
            amounts.second);
  }
  std::optional<PlanVersion> other;
  if (version == nullptr || version->row.id != payment->plan) {
    other = read_version(system.get<CommissionPlan>(payment->plan));
    version = &*other;
  }
  BroughtForward row = brought(system, statement, period, *version);
  row.adjusted = statement.total.minor;
  row.held = held;
  row.released = released;
  StatementPayment again = *payment;
  fill(again, facts.payments(*version, period, {row}).front());
  const std::tuple<const char*, Amount, Amount> amounts[] = {{"earned", payment->earned, again.earned},
                                                             {"held", payment->held, again.held},
                                                             {"released", payment->released, again.released},
                                                             {"carried", payment->carried, again.carried},
                                                             {"advanced", payment->advanced, again.advanced},
                                                             {"recovered", payment->recovered, again.recovered},
                                                             {"topped_up", payment->topped_up, again.topped_up},
                                                             {"forgiven", payment->forgiven, again.forgiven},
                                                             {"balance", payment->balance, again.balance},
                                                             {"carry", payment->carry, again.carry},
                                                             {"pay", payment->pay, again.pay}};
  for (const auto& [field, says, is] : amounts) differs("statement_payment", field, says.minor, is.minor);
}

}  // namespace kith::incentive
