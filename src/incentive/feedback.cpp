// SPDX-License-Identifier: Apache-2.0
// What a Work has done for people: the same figures computed from the facts before and after it.
#include "kith/incentive/feedback.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "engine/before.hpp"
#include "engine/verbs.hpp"
#include "incentive/earned.hpp"
#include "incentive/entities.hpp"
#include "incentive/feedback_parts.hpp"
#include "incentive/measure_facts.hpp"
#include "incentive/quota_actuals.hpp"
#include "incentive/relief.hpp"
#include "kith/sales/opportunity.hpp"

namespace kith {
namespace incentive {
namespace {

constexpr auto kProgressFields =
    field_table<Progress>(field<&Progress::employee>("employee", {.required = true, .refers_to = "employee"}),
                          field<&Progress::unit>("unit", {.refers_to = "unit"}), field<&Progress::kind>("kind"),
                          field<&Progress::name>("name", {.required = true, .max_length = 200}),
                          field<&Progress::period>("period", {.required = true, .max_length = 20}),
                          field<&Progress::calendar>("calendar", {.required = true, .max_length = 200}),
                          field<&Progress::currency>("currency", {.required = true}),
                          field<&Progress::before>("before"), field<&Progress::after>("after"),
                          field<&Progress::goal>("goal"), field<&Progress::quota>("quota", {.refers_to = "quota"}));

}  // namespace

constexpr Entity kProgress =
    make_entity<Progress>({.name = "progress",
                           .plural = "progresses",
                           .fields = kProgressFields,
                           .roles = {.owner = "employee", .unit = "unit", .currency = "currency"}});

namespace {

/// The day a record counts on, or nothing.
std::optional<Date> day_of(const Reader& reader, const Entity& entity, int on, const Batch& batch, std::size_t row) {
  const Column& column = batch.column(on);
  if (column.is_null(row)) return std::nullopt;
  if (entity.fields[static_cast<std::size_t>(on)].type == Type::timestamp) {
    return local_date(Timestamp{column.word(row)}, reader.zone());
  }
  return Date{static_cast<std::int32_t>(column.word(row))};
}

/// On which days records of an entity count that this Work has touched, themselves or their parts: before and after.
class TouchedDays {
 public:
  TouchedDays(const Work& work, const Reader& then, const Measure& measure)
      : work_(work),
        system_(work.as_system("feedback")),
        entity_(work.model().entity(measure.entity)),
        on_(entity_.at(measure.on)) {
    collect(system_, entity_, "seq");
    collect(system_, *work.model().history_of(entity_), "to_seq");
    const Credited credit = credited(work.model(), entity_, measure.who);
    if (credit.parts == nullptr) return;
    const std::vector<Id> ids = touched_wholes(*credit.parts);
    if (ids.empty()) return;
    const Condition wholes = verb::one_of(entity_, "id", ids);
    add(system_, entity_, wholes);
    add(then, entity_, wholes);
  }
  const std::set<Date>& days() const { return days_; }

 private:
  Condition now(const Entity& table, std::string_view field) const {
    return verb::compare(table, field, Condition::Op::eq, work_.next_seq());
  }
  void collect(const Reader& reader, const Entity& table, std::string_view field) {
    add(reader, table, now(table, field));
  }
  void add(const Reader& reader, const Entity& table, const Condition& condition) {
    auto cursor = reader.scan(table, {.conditions = {condition},
                                      .fields = {std::string(entity_.fields[static_cast<std::size_t>(on_)].name)}});
    for (Batch batch; cursor->next(batch);) {
      for (std::size_t row = 0; row < batch.rows(); ++row) {
        if (const auto day = day_of(reader, entity_, on_, batch, row)) days_.insert(*day);
      }
    }
  }
  std::vector<Id> touched_wholes(const Entity& parts) const {
    std::set<Id> ids;
    const auto read = [&](const Entity& table, std::string_view field) {
      auto cursor =
          system_.scan(table, {.conditions = {now(table, field)}, .fields = {std::string(parts.roles.parent)}});
      for (Batch batch; cursor->next(batch);) {
        for (std::size_t row = 0; row < batch.rows(); ++row) ids.insert(Id{batch.columns.front().word(row)});
      }
    };
    read(parts, "seq");
    read(*work_.model().history_of(parts), "to_seq");
    return {ids.begin(), ids.end()};
  }

  const Work& work_;
  Reader system_;
  const Entity& entity_;
  int on_;
  std::set<Date> days_;
};

/// Computes every figure that the Work has moved.
class Feedback {
 public:
  explicit Feedback(const Work& work)
      : work_(work), now_(work.as_system("feedback")), then_(before(work, "feedback")), places_(now_) {}

  std::vector<Progress> run() {
    add_commission();
    add_attainment();
    return std::move(rows_);
  }

 private:
  void add_commission() {
    const std::set<Date> days = days_of_commission();
    const EarnedTable old = earned_in(then_, days);
    EarnedTable table = earned_in(now_, days);
    for (const auto& [key, earned] : old) table.try_emplace(key);  // what was earned and is no more
    for (const auto& [key, earned] : table) {
      const auto was = old.find(key);
      const std::int64_t amount = was == old.end() ? 0 : was->second.total;
      if (amount != earned.total) rows_.push_back(commission_row(now_, places_, key, amount, earned.total));
    }
  }

  /// On which days facts of commission count that the Work has touched: deals, and events of general plans. Measures of
  /// those may look back, so the periods that were run later are looked at too.
  std::set<Date> days_of_commission() const {
    std::set<Date> days = TouchedDays(work_, then_, as_measure(now_, Counted{QuotaMetric::won_amount, {}})).days();
    Measure events;
    events.entity = kEvent.name;
    events.on = "date";
    const std::set<Date> posted = TouchedDays(work_, then_, events).days();
    if (posted.empty()) return days;
    days.insert(posted.begin(), posted.end());
    const Condition later = verb::compare(kCommissionPeriod, "from", Condition::Op::gt, posted.begin()->days);
    for (const CommissionPeriod& row : now_.list<CommissionPeriod>({.conditions = {later}})) days.insert(row.from);
    return days;
  }

  void add_attainment() {
    std::map<std::tuple<QuotaMetric, std::string, Date, Date>, std::vector<Quota>> groups;
    for (Quota& quota : now_.list<Quota>({.conditions = {equals(kQuota, "draft", 0)}})) {
      if (quota.employee) groups[{quota.metric, quota.measure, quota.from, quota.to}].push_back(std::move(quota));
    }
    std::map<std::pair<QuotaMetric, std::string>, std::set<Date>> touched;
    for (const auto& [key, quotas] : groups) {
      const auto& [metric, measure, from, to] = key;
      const Counted what{metric, measure};
      const auto [days, fresh] = touched.try_emplace({metric, measure});
      if (fresh) days->second = TouchedDays(work_, then_, as_measure(now_, what)).days();
      const auto first = days->second.lower_bound(from);
      if (first == days->second.end() || *first >= to) continue;
      compare(quotas, what, from, to);
    }
  }

  void compare(const std::vector<Quota>& quotas, const Counted& what, Date from, Date to) {
    const QuotaActuals old(then_, what, from, to);
    const QuotaActuals fresh(now_, what, from, to);
    const Reliefs reliefs(now_, from, to);
    for (const Quota& quota : quotas) {
      const std::int64_t was = old.of(quota);
      const std::int64_t is = fresh.of(quota);
      if (was != is) rows_.push_back(attainment_row(places_, quota, reliefs, was, is));
    }
  }

  const Work& work_;
  Reader now_;
  Reader then_;
  Places places_;
  std::vector<Progress> rows_;
};

auto figure(const Progress& row) { return std::tie(row.employee, row.kind, row.name, row.period, row.calendar); }

bool says_the_same(const Progress& a, const Progress& b) {
  return std::tie(a.unit, a.currency, a.before, a.after, a.goal, a.quota) ==
         std::tie(b.unit, b.currency, b.before, b.after, b.goal, b.quota);
}

}  // namespace

std::vector<Progress> catch_up(Work& work) {
  std::vector<Progress> rows = Feedback(work).run();
  std::sort(rows.begin(), rows.end(), [](const Progress& a, const Progress& b) { return figure(a) < figure(b); });
  std::vector<Progress> stored =
      work.as_system("feedback")
          .list<Progress>({.conditions = {verb::compare(kProgress, "seq", Condition::Op::eq, work.next_seq())}});
  work.trusted([&] {
    for (Progress& row : rows) {
      const auto known =
          std::find_if(stored.begin(), stored.end(), [&](const Progress& old) { return figure(old) == figure(row); });
      if (known == stored.end()) {
        work.create(row);
        continue;
      }
      row.id = known->id;
      row.revision = known->revision;
      row.seq = known->seq;
      if (!says_the_same(row, *known)) work.update(row);
      stored.erase(known);
    }
    for (const Progress& gone : stored) work.remove<Progress>(gone.id, gone.revision);
  });
  std::erase_if(rows, [&](const Progress& row) { return !work.may(Action::read, kProgress, row.id); });
  return rows;
}

}  // namespace incentive

template <>
const Entity& entity_of<Progress>() {
  return incentive::kProgress;
}

}  // namespace kith
