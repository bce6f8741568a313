// SPDX-License-Identifier: Apache-2.0
// What a Work has done for people: the same figures computed from the facts before and after it.
#include "kith/incentive/feedback.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <unordered_set>

#include "engine/before.hpp"
#include "engine/verbs.hpp"
#include "incentive/as_of.hpp"
#include "incentive/earned.hpp"
#include "incentive/entities.hpp"
#include "incentive/feedback_parts.hpp"
#include "incentive/general_changes.hpp"
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

/// On which days records of an entity count that this Work has touched, themselves or their parts, and whose they are:
/// before and after.
class Touched {
 public:
  Touched(const Work& work, const Reader& then, const Measure& measure)
      : work_(work),
        system_(work.as_system("feedback")),
        entity_(work.model().entity(measure.entity)),
        on_(entity_.at(measure.on)),
        credit_(credited(work.model(), entity_, measure.who)) {
    add_ids(entity_, "id");
    if (credit_.parts != nullptr) add_ids(*credit_.parts, credit_.parts->roles.parent);
    const std::vector<Id> ids(ids_.begin(), ids_.end());
    for (const Reader* reader : {static_cast<const Reader*>(&system_), &then}) {
      in_pieces(ids, [&](const std::vector<Id>& piece) { read(*reader, piece); });
    }
  }
  const std::set<Date>& days() const { return days_; }
  const std::unordered_set<Id>& people() const { return people_; }

 private:
  /// `field` of every row that came, changed or went, then and now.
  void add_ids(const Entity& table, std::string_view field) {
    const auto touched = changed_since(system_, table, work_.seq());
    if (touched && field == "id") {
      ids_.insert(touched->begin(), touched->end());
      return;
    }
    const Entity& past = *work_.model().history_of(table);
    for (const auto& [where, seq] : {std::pair(&table, "seq"), std::pair(&past, "to_seq")}) {
      const Condition now = verb::compare(*where, seq, Condition::Op::eq, work_.next_seq());
      if (!touched) {
        add_ids(*where, field, {now});
        continue;
      }
      in_pieces(*touched, [&, where = where](const std::vector<Id>& piece) {
        add_ids(*where, field, {verb::one_of(*where, "id", piece), now});
      });
    }
  }

  void add_ids(const Entity& table, std::string_view field, std::vector<Condition> conditions) {
    auto cursor = system_.scan(table, {.conditions = std::move(conditions), .fields = {std::string(field)}});
    for (Batch batch; cursor->next(batch);) {
      for (std::size_t row = 0; row < batch.rows(); ++row) ids_.insert(Id{batch.columns.front().word(row)});
    }
  }

  void read(const Reader& reader, const std::vector<Id>& ids) {
    const auto name = [&](int field) { return std::string(entity_.fields[static_cast<std::size_t>(field)].name); };
    Query query{.conditions = {verb::one_of(entity_, "id", ids)}, .fields = {name(on_)}};
    if (credit_.field >= 0) query.fields.push_back(name(credit_.field));
    auto cursor = reader.scan(entity_, query);
    for (Batch batch; cursor->next(batch);) {
      for (std::size_t row = 0; row < batch.rows(); ++row) {
        if (const auto day = day_of(reader, entity_, on_, batch, row)) days_.insert(*day);
        if (credit_.field < 0 || batch.column(credit_.field).is_null(row)) continue;
        people_.insert(Id{batch.column(credit_.field).word(row)});
      }
    }
    if (credit_.parts == nullptr) return;
    const Entity& parts = *credit_.parts;
    auto shares =
        reader.scan(parts, {.conditions = {verb::one_of(parts, parts.roles.parent, ids)}, .fields = {"employee"}});
    for (Batch batch; shares->next(batch);) {
      for (std::size_t row = 0; row < batch.rows(); ++row) people_.insert(Id{batch.columns.front().word(row)});
    }
  }

  const Work& work_;
  Reader system_;
  const Entity& entity_;
  int on_;
  Credited credit_;
  std::set<Id> ids_;
  std::set<Date> days_;
  std::unordered_set<Id> people_;
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
    const EarnedQuestion question = touched_by_commission();
    const EarnedAnswer old = earned_in(then_, question);
    EarnedAnswer now = earned_in(now_, question);
    // What could not be judged before either is none of this Work's doing: a run names it.
    for (const auto& [key, error] : now.untold) {
      if (old.why_untold(key) == nullptr) throw Error(error);
    }
    for (const auto& [key, earned] : old.earned) now.earned.try_emplace(key);  // what was earned and is no more
    for (const auto& [key, earned] : now.earned) {
      if (old.why_untold(key) != nullptr || now.why_untold(key) != nullptr) continue;
      const auto was = old.earned.find(key);
      const std::int64_t amount = was == old.earned.end() ? 0 : was->second.total;
      if (amount != earned.total) rows_.push_back(commission_row(now_, places_, key, amount, earned.total));
    }
  }

  /// On which days facts of commission count that the Work has touched, and whom that concerns: those who share in
  /// them, and those above. Everybody, where the Work has changed more than facts. Measures of general plans may look
  /// back, so the periods that were run later are looked at too.
  EarnedQuestion touched_by_commission() const {
    EarnedQuestion question;
    const Touched deals(work_, then_, as_measure(now_, Counted{QuotaMetric::won_amount, {}}));
    Measure posted;
    posted.entity = kEvent.name;
    posted.on = "date";
    const Touched events(work_, then_, posted);
    question.deal_days = deals.days();
    question.event_days = events.days();
    if (!events.days().empty()) {
      const Condition later = verb::compare(kCommissionPeriod, "from", Condition::Op::gt, events.days().begin()->days);
      for (const CommissionPeriod& row : now_.list<CommissionPeriod>({.conditions = {later}})) {
        question.event_days.insert(row.from);
      }
    }
    if (terms_changed_since(now_, work_.seq()).any()) return question;
    question.deal_people = deals.people();
    const GeneralChanges changes(now_, work_.seq());
    if (!changes.only_events()) return question;
    question.event_people = with_superiors(now_, changes.people());
    return question;
  }

  void add_attainment() {
    for (const Counted& what : counted()) {
      const Touched touched(work_, then_, as_measure(now_, what));
      if (touched.days().empty()) continue;
      // A customer is new by the first deal of anybody: another deal may move somebody else's.
      const bool alone = what.metric != QuotaMetric::new_customers;
      for (const auto& [stretch, quotas] : quotas_of(what, alone ? &touched.people() : nullptr)) {
        const auto& [from, to] = stretch;
        const auto first = touched.days().lower_bound(from);
        if (first == touched.days().end() || *first >= to) continue;
        if (alone) {
          compare(quotas, QuotaActuals(then_, what, from, to, touched.people()),
                  QuotaActuals(now_, what, from, to, touched.people()), from, to);
        } else {
          compare(quotas, QuotaActuals(then_, what, from, to), QuotaActuals(now_, what, from, to), from, to);
        }
      }
    }
  }

  /// Everything that a quota may count.
  std::vector<Counted> counted() const {
    std::vector<Counted> all{
        {QuotaMetric::won_amount, {}}, {QuotaMetric::won_count, {}}, {QuotaMetric::new_customers, {}}};
    for (const Measure& row : now_.list<Measure>({.order = {"name"}})) all.push_back({QuotaMetric::measure, row.name});
    return all;
  }

  /// Quotas of people in force, by their days.
  std::map<std::pair<Date, Date>, std::vector<Quota>> quotas_of(const Counted& what,
                                                                const std::unordered_set<Id>* people) const {
    std::map<std::pair<Date, Date>, std::vector<Quota>> groups;
    for (Quota& quota : rows_about<Quota>(now_, "employee", people)) {
      if (!quota.employee || quota.draft != 0 || counted_by(quota) != what) continue;
      groups[{quota.from, quota.to}].push_back(std::move(quota));
    }
    return groups;
  }

  void compare(const std::vector<Quota>& quotas, const QuotaActuals& old, const QuotaActuals& fresh, Date from,
               Date to) {
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
