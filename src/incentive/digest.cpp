// SPDX-License-Identifier: Apache-2.0
// The morning digest: what the day before brought, and what is due.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "engine/verbs.hpp"
#include "incentive/entities.hpp"
#include "incentive/feedback_parts.hpp"
#include "incentive/quota_actuals.hpp"
#include "incentive/statement_terms.hpp"
#include "kith/customer/customer.hpp"
#include "kith/people/employee.hpp"
#include "kith/sales/opportunity.hpp"

namespace kith {
namespace incentive {
namespace {

constexpr auto kDeliveryFields = field_table<DigestDelivery>(
    field<&DigestDelivery::employee>("employee", {.required = true, .refers_to = "employee"}),
    field<&DigestDelivery::day>("day"), field<&DigestDelivery::text>("text", {.max_length = 100'000}));
constexpr UniqueKey kDeliveryKeys[] = {{{"employee", "day"}}};

}  // namespace

constexpr Entity kDigestDelivery = make_entity<DigestDelivery>({.name = "digest_delivery",
                                                                .plural = "digest_deliveries",
                                                                .fields = kDeliveryFields,
                                                                .unique = kDeliveryKeys,
                                                                .roles = {.owner = "employee"}});

namespace {

/// Everybody may read their own morning, and those who read somebody's statements may read theirs.
Employee require_readable(const Reader& reader, Id employee) {
  Employee person = reader.get<Employee>(employee);
  if (reader.actor().employee == employee || reader.actor().kind == PrincipalKind::system) return person;
  Query own{.conditions = {equals(kQuota, "employee", employee)}, .fields = {"id"}, .limit = 1};
  const bool sees_quota = !reader.list<Quota>(own).empty();
  own.conditions = {equals(kStatement, "employee", employee)};
  if (sees_quota || !reader.list<Statement>(own).empty() || reader.may(Action::edit, entity_of<Employee>(), employee)) {
    return person;
  }
  throw Error(Code::denied, "digest", "employee",
              "'" + reader.actor().name + "' may read neither the statements nor the quotas of that employee");
}

class Morning {
 public:
  Morning(const Reader& reader, const Employee& person, Date day)
      : system_(reader.as_system("digest")), person_(person), day_(day), before_{day.days - 1}, places_(system_) {}

  MorningDigest make() {
    digest_.employee = person_.id;
    digest_.name = person_.name;
    digest_.day = day_;
    digest_.credited = digest_.month_to_date = {0, system_.currency()};
    add_deals();
    add_commission();
    add_attainment();
    add_due();
    return std::move(digest_);
  }

 private:
  /// What of won deals was credited to the person, by deal, from a day until `day`.
  std::map<Id, std::int64_t> credits_from(Date from) const {
    std::map<Id, std::int64_t> credits;
    const Measure won = as_measure(system_, Counted{QuotaMetric::won_amount, {}});
    for (const MeasuredShare& share : measured(system_, won, from, day_)) {
      if (share.employee == person_.id) credits[share.record] += share.amount;
    }
    return credits;
  }

  void add_deals() {
    const std::map<Id, std::int64_t> credits = credits_from(before_);
    const Entity& entity = entity_of<Opportunity>();
    const Query won{.conditions = {equals(entity, "status", static_cast<std::int64_t>(DealStatus::won)),
                                   equals(entity, "closed_on", before_.days)}};
    for (const Opportunity& deal : system_.list<Opportunity>(won)) {
      const auto credit = credits.find(deal.id);
      const auto customer = deal.customer ? system_.find<Customer>(*deal.customer) : std::nullopt;
      const bool theirs = customer && customer->owner == person_.id;
      if (credit == credits.end() && !theirs) continue;
      const std::int64_t own = credit == credits.end() ? 0 : credit->second;
      digest_.deals.push_back(
          {deal.id, deal.title, {deal.amount.value_or(Amount{}).minor, deal.currency}, {own, system_.currency()}});
      digest_.credited.minor = checked_add(digest_.credited.minor, own, "credit");
    }
    const Civil civil = kith::civil(before_);
    for (const auto& [deal, amount] : credits_from(date(civil.year, civil.month, 1))) {
      digest_.month_to_date.minor = checked_add(digest_.month_to_date.minor, amount, "credit");
    }
  }

  /// A plan that pays some by what others did and cannot be judged keeps back all who hold it, and nobody else.
  bool concerns(const EarnedKey& key) const {
    if (key.employee != Id{}) return key.employee == person_.id;
    if (key.plan.empty()) return true;
    const Terms terms(system_, key.calendar, std::unordered_set<Id>{person_.id});
    const auto holding = terms.holding(person_.id, parse_period(calendar_named(system_, key.calendar), key.period));
    return holding && holding->version->row.name == key.plan;
  }

  void add_commission() {
    const std::unordered_set<Id> own{person_.id};
    const EarnedAnswer answer = earned_in(system_, {{before_}, {before_}, own, own});
    for (const auto& [key, error] : answer.untold) {
      if (!concerns(key)) continue;
      const Error first(error.code, error.entity, error.field, error.message);  // of what may be many
      digest_.untold.push_back(
          fmt::format("{}{}{}: {}", key.plan, key.plan.empty() ? "" : " ", key.period, first.what()));
    }
    for (const auto& [key, earned] : answer.earned) {
      if (key.employee != person_.id || answer.why_untold(key) != nullptr) continue;
      std::int64_t until = 0;
      for (const auto& [day, amount] : earned.by_day) {
        if (day < before_) until = checked_add(until, amount, "commission");
      }
      const auto yesterday = earned.by_day.find(before_);
      if (yesterday == earned.by_day.end() || yesterday->second == 0) continue;
      digest_.progress.push_back(
          commission_row(system_, places_, key, until, checked_add(until, yesterday->second, "commission")));
    }
  }

  /// A customer is new by the first deal of anybody, so all deals are looked at there.
  QuotaActuals actuals(const Quota& quota, Date until) const {
    if (quota.metric == QuotaMetric::new_customers) return {system_, counted_by(quota), quota.from, until};
    return {system_, counted_by(quota), quota.from, until, {person_.id}};
  }

  void add_attainment() {
    const Query own{.conditions = {equals(kQuota, "employee", person_.id), equals(kQuota, "draft", 0),
                                   verb::compare(kQuota, "from", Condition::Op::le, before_.days),
                                   verb::compare(kQuota, "to", Condition::Op::gt, before_.days)},
                    .order = {"from", "to desc", "metric", "measure"}};
    for (const Quota& quota : system_.list<Quota>(own)) {
      const QuotaActuals until = actuals(quota, before_);
      const QuotaActuals with = actuals(quota, day_);
      digest_.progress.push_back(
          attainment_row(places_, quota, Reliefs(system_, quota.from, quota.to), until.of(quota), with.of(quota)));
    }
  }

  void add_due() {
    const Entity& entity = entity_of<Opportunity>();
    const Query deals{.conditions = {equals(entity, "owner", person_.id),
                                     equals(entity, "status", static_cast<std::int64_t>(DealStatus::open)),
                                     verb::compare(entity, "expected_on", Condition::Op::le, day_.days)}};
    for (const Opportunity& deal : system_.list<Opportunity>(deals))
      add_item("opportunity", deal.id, deal.title, *deal.expected_on);
    const Query open{.conditions = {equals(kQuotaMilestone, "status", static_cast<std::int64_t>(MilestoneStatus::open)),
                                    verb::compare(kQuotaMilestone, "due", Condition::Op::le, day_.days)}};
    for (const QuotaMilestone& row : system_.list<QuotaMilestone>(open)) {
      const auto quota = system_.find<Quota>(row.quota);
      const bool theirs = row.owner ? row.owner == person_.id : quota && quota->employee == person_.id;
      if (theirs) add_item("quota_milestone", row.id, row.title, *row.due);
    }
    std::sort(digest_.due.begin(), digest_.due.end(), [](const DigestItem& a, const DigestItem& b) {
      return std::tie(a.due, a.entity, a.record) < std::tie(b.due, b.entity, b.record);
    });
  }
  void add_item(std::string entity, Id record, std::string title, Date due) {
    digest_.due.push_back({std::move(entity), record, std::move(title), due, due < day_});
  }

  Reader system_;
  const Employee& person_;
  Date day_;
  Date before_;
  Places places_;
  MorningDigest digest_;
};

}  // namespace

MorningDigest digest(const Reader& reader, Id employee, std::optional<Date> day) {
  const Employee person = require_readable(reader, employee);
  const Date morning = day.value_or(reader.today());
  if (!verb::is_day(morning) || !verb::is_day(Date{morning.days - 1})) {
    throw Error(Code::invalid, "digest", "day", std::string(verb::kDayExpected));
  }
  return Morning(reader, person, morning).make();
}

std::string to_text(const MorningDigest& digest, Language language) {
  const bool chinese = language == Language::chinese;
  std::string text = chinese ? fmt::format("{}，{} 早报\n", digest.name, to_string(digest.day))
                             : fmt::format("{}, the morning of {}\n", digest.name, to_string(digest.day));
  if (digest.deals.empty()) text += chinese ? "昨日无成交。\n" : "No deal was won yesterday.\n";
  for (const DigestDeal& deal : digest.deals) {
    text += chinese ? fmt::format("成交 {}：{}，计入 {}\n", deal.title, display(deal.amount), display(deal.credit))
                    : fmt::format("Won {}: {}, credited {}\n", deal.title, display(deal.amount), display(deal.credit));
  }
  text += chinese ? fmt::format("昨日 {}，本月至今 {}\n", display(digest.credited), display(digest.month_to_date))
                  : fmt::format("Yesterday {}, month to date {}\n", display(digest.credited),
                                display(digest.month_to_date));
  for (const Progress& row : digest.progress) {
    text += fmt::format("{} {}: {}\n", label_of(row, chinese), row.period, phrase(row, chinese));
  }
  for (const std::string& why : digest.untold) {
    text += fmt::format(fmt::runtime(chinese ? "提成无法计算：{}\n" : "Commission cannot be told: {}\n"), why);
  }
  for (const DigestItem& item : digest.due) {
    const char* late = !item.overdue ? "" : chinese ? "（已逾期）" : " (overdue)";
    text += chinese ? fmt::format("到期 {} {}{}\n", to_string(item.due), item.title, late)
                    : fmt::format("Due {}: {}{}\n", to_string(item.due), item.title, late);
  }
  return text;
}

DigestDelivery deliver_digest(Work& work, Id employee, std::optional<Date> day, Language language) {
  static_cast<void>(require_readable(work, employee));
  const Date morning = day.value_or(work.today());
  const auto known = work.as_system("digest").find_one<DigestDelivery>(
      {.conditions = {equals(kDigestDelivery, "employee", employee), equals(kDigestDelivery, "day", morning.days)}});
  if (known) return *known;
  DigestDelivery row;
  row.employee = employee;
  row.day = morning;
  row.text = to_text(digest(work, employee, morning), language);
  work.trusted([&] { work.create(row); });
  return row;
}

}  // namespace incentive

template <>
const Entity& entity_of<DigestDelivery>() {
  return incentive::kDigestDelivery;
}

}  // namespace kith
