// SPDX-License-Identifier: Apache-2.0
// From outcomes to rows: components, lines, releases, what is posted, what is paid.
#include "incentive/document_results.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "base/quote.hpp"
#include "incentive/document_pay.hpp"
#include "kith/base/error.hpp"

namespace kith::incentive::general {
namespace {

constexpr std::string_view kStatement = kWholeStatement;

// What a component of a person and period comes to.
struct Posting {
  Index person = 0;
  Index component = 0;  ///< place in the sorted names
  Index period = 0;
  std::int64_t amount = 0;
  auto key() const { return std::tie(person, component, period); }
};

class Poster {
 public:
  Poster(const Model& model, const Inputs& inputs, const Ground& ground, const Credits& credits, Evaluator& evaluator,
         Detail detail)
      : model_(model),
        inputs_(inputs),
        ground_(ground),
        credits_(credits),
        evaluator_(evaluator),
        all_(detail == Detail::all) {
    std::set<std::string> names{std::string(kStatement)};
    for (const ComponentRule& rule : model.components) names.insert(rule.name);
    for (const Clawback& rule : model.clawbacks) names.insert(rule.name);
    for (const PostedLine& line : inputs.posted) names.insert(line.component);
    names_.assign(names.begin(), names.end());
    exact_.resize(ground.people.size() * ground.periods.size());
    closed_.resize(ground.periods.size());
    for (const std::string& label : inputs.closed) closed_[static_cast<std::size_t>(find(label))] = true;
    read_posted();
    for (const BroughtForward& row : inputs.brought) brought_[ground.people.find(row.person)] = &row;
  }

  /// Without rows of components and releases: for what needs statements alone.
  void leave_rows_out() { rows_ = false; }

  PlanResult post() {
    if (all_) credits();
    if (rows_) doubtful();
    for (std::size_t c = 0; c < model_.components.size(); ++c) component(c);
    statements();
    take_back();
    ledger();
    if (rows_ && (model_.payment || !inputs_.brought.empty())) payments();
    return std::move(result_);
  }

 private:
  std::string major(const Exact& value) const { return number_text(value / ten_to(model_.digits)); }
  Index place(std::string_view name) const {
    return static_cast<Index>(std::lower_bound(names_.begin(), names_.end(), name) - names_.begin());
  }
  static std::string payable(const Outcome::Line& line) {
    const Exact whole = line.exact + line.excess;
    return line.excess.is_zero() || whole.is_zero() ? "" : number_text(line.exact / whole * 100);
  }
  const std::string& label(Index period) const { return ground_.periods[period].label; }
  Exact& exact(Index person, Index period) {
    return exact_[static_cast<std::size_t>(person) * ground_.periods.size() + static_cast<std::size_t>(period)];
  }
  bool closed(Index period) const { return closed_[static_cast<std::size_t>(period)]; }
  Index find(const std::string& label) const {
    const Index period = ground_.periods.find(model_.period(label).label);
    return period < 0 ? ground_.periods.find(label) : period;
  }

  /// Adds to a sum of a person's.
  void add(std::int64_t& sum, std::int64_t amount, std::string_view what, Index person, Index period) const {
    sum = told_whose([&] { return ground_.whose(what, person, period); }, [&] { return checked_add(sum, amount); });
  }

  void read_posted() {
    for (const PostedLine& line : inputs_.posted) {
      const Index person = ground_.people.find(line.person);
      const Index earned = find(line.period);
      add(posted_[{person, place(line.component), earned}], line.amount, line.component, person, earned);
      const Index stands = line.posted.empty() ? earned : find(line.posted);
      add(stood_[{person, stands}], line.amount, kStatement, person, stands);
    }
  }

  void credits() {
    std::vector<const Credit*> rows;
    for (std::size_t i = 0; i < credits_.all().size(); ++i) {
      if (!credits_.gone(i)) rows.push_back(&credits_.all()[i]);
    }
    std::stable_sort(rows.begin(), rows.end(), [&](const Credit* a, const Credit* b) {
      if (a->rule != b->rule) return a->rule < b->rule;
      return a->event != b->event && ground_.facts.before(a->event, b->event);
    });
    for (const Credit* credit : rows) {
      const Date day = credit->mirrored ? ground_.facts.takes_effect(credit->event) : ground_.facts.date(credit->event);
      result_.credits.push_back({model_.credits[static_cast<std::size_t>(credit->rule)].name,
                                 ground_.people[credit->person], ground_.facts.key(credit->event),
                                 model_.period_at(day).label, major(credit->amount)});
    }
  }

  // Events that count unlike one may think, by name.
  void doubtful() {
    std::vector<std::pair<std::string, std::string>> told;
    for (std::size_t i = 0; i < ground_.facts.size(); ++i) {
      if (ground_.facts.gone(i)) continue;
      if (std::string doubt = doubt_of(i); !doubt.empty()) told.emplace_back(ground_.facts.key(i), std::move(doubt));
    }
    std::sort(told.begin(), told.end());
    for (const auto& [key, doubt] : told) result_.warnings.push_back(fmt::format("Event {} {}.", quote(key), doubt));
  }

  std::string doubt_of(std::size_t row) const {
    const Facts& facts = ground_.facts;
    const auto valid = [&](Date day) { return model_.from <= day && day < model_.to; };
    if (facts.orphan(row)) return "takes back one that is cancelled; it counts for nothing";
    if (!valid(facts.date(row)) && !valid(facts.date(facts.origin(row)))) {
      return fmt::format("is of {}, when the plan is not valid; it counts for nothing", to_string(facts.date(row)));
    }
    if (facts.stray(row)) return "takes back one that is not there; it counts by itself";
    return unshared(row) ? "has no splits; nobody is credited with it" : "";
  }

  // Whether a rule that shares by splits counts an event without any. What takes back another one may need none.
  bool unshared(std::size_t row) const {
    if (ground_.facts.parts(row) > 0 || ground_.facts.origin(row) != row) return false;
    const std::uint32_t rows[] = {static_cast<std::uint32_t>(row)};
    bool wanted = false;
    for (const CreditRule& rule : model_.credits) {
      const bool splits = rule.who == Who::split_weights || (rule.who == Who::split && rule.sum_must_be_100);
      if (!splits && rule.who != Who::values) continue;
      if (rule.when) {
        EventView view(model_, ground_, rule.fx, rule.reversal);
        view.read(*rule.when, rows);
        if (rule.when->test(view.view(), 1)[0] != Tri::yes) continue;
      }
      if (!splits) return false;
      wanted = true;
    }
    return wanted;
  }

  void component(std::size_t c) {
    const ComponentRule& rule = model_.components[c];
    for (std::size_t i = 0; i < ground_.people.size(); ++i) {
      const auto person = static_cast<Index>(i);
      if (!credits_.live_person(person)) continue;
      for (const Outcome& out : evaluator_.outcomes(c, person)) outcome(rule, out);
    }
    if (rule.kind == Kind::pool_share) pools(c);
  }

  void outcome(const ComponentRule& rule, const Outcome& out) {
    if (rows_) {
      warn(rule, out);
      result_.components.push_back(row_of(model_, ground_, out));
    }
    if (all_) {
      for (const Outcome::Line& line : out.lines) {
        result_.lines.push_back({ground_.people[out.person], rule.name,
                                 line.event < 0 ? "" : ground_.facts.key(static_cast<std::size_t>(line.event)),
                                 label(out.period), major(line.exact), line.amount, major(line.excess), payable(line)});
      }
    }
    const bool whole = model_.point == Point::statement;
    exact(out.person, out.period) += whole ? out.exact : Exact(out.amount);
    if (!whole) postings_.push_back({out.person, place(rule.name), out.period, out.amount});
    if (rows_ && !model_.releases.empty()) release(rule, out);
  }

  void warn(const ComponentRule& rule, const Outcome& out) {
    if (out.applicable || rule.kind != Kind::tiers) return;
    const auto measure = static_cast<std::size_t>(model_.measure(rule.measure) - model_.measures.data());
    const bool any = credits_.kept() ? !credits_.rows(measure, out.person, out.period).empty()
                                     : credits_.sum(measure, out.person, out.period) != 0;
    if (!any && !out.goal) return;
    result_.warnings.push_back(
        fmt::format("{} of {} in {} has no goal above 0; attainment is undefined and nothing is "
                    "paid.",
                    rule.name, ground_.people[out.person], label(out.period)));
  }

  void pools(std::size_t c) {
    const ComponentRule& rule = model_.components[c];
    for (std::size_t i = 0; i < ground_.periods.size(); ++i) {
      const auto period = static_cast<Index>(i);
      if (!credits_.live_period(period)) continue;
      const Pool& pool = evaluator_.pool(c, period);
      result_.pools.push_back({rule.name, label(period), pool.whole, pool.paid, pool.carried});
      if (!pool.nobody) continue;
      result_.warnings.push_back(fmt::format("Nobody contributed to {} in {}; nothing is paid and {}.", rule.name,
                                             label(period),
                                             rule.unpaid_carried ? "the pool is carried" : "the pool lapses"));
    }
  }

  void release(const ComponentRule& rule, const Outcome& out) {
    if (model_.point == Point::statement) return;  // only statements are whole amounts there
    const Schedule now = schedule(model_, ground_, out, out.amount, out.period);
    for (std::size_t i = 0; i < now.parts.size(); ++i) {
      ReleaseResult& row = result_.releases.emplace_back();
      row.person = ground_.people[out.person];
      row.component = rule.name;
      row.period = label(out.period);
      row.trigger = model_.releases[i].trigger;
      row.amount = now.parts[i];
      row.at_once = model_.releases[i].at_once();
      for (const auto& [period, amount] : now.out[i]) {
        row.released += amount;
        row.when.push_back({label(period), amount});
      }
    }
    if (!model_.payment && inputs_.brought.empty()) return;
    const BroughtForward* from = brought(out.person);
    if (from != nullptr && out.period < find(from->period)) return;  // it is brought forward
    if (!closed(out.period)) {
      flow(out.person, out.period, now, 1);
      return;
    }
    // What a closed period posted keeps its schedule; the correction has its own, from the open period on.
    const auto found = posted_.find({out.person, place(rule.name), out.period});
    const std::int64_t before = found == posted_.end() ? 0 : found->second;
    flow(out.person, out.period, schedule(model_, ground_, out, before, out.period), 1);
    if (before == out.amount) return;
    const Index open = ground_.periods.find(inputs_.open);
    if (open < 0) return;
    flow(out.person, open, schedule(model_, ground_, out, out.amount, open), 1);
    flow(out.person, open, schedule(model_, ground_, out, before, open), -1);
  }

  void flow(Index person, Index at, const Schedule& schedule, int sign) {
    std::map<Index, Flow>& own = flows_[person];
    for (std::size_t i = 0; i < schedule.parts.size(); ++i) {
      if (model_.releases[i].at_once()) continue;
      add(own[at].held, sign * schedule.parts[i], "held back", person, at);
      for (const auto& [period, amount] : schedule.out[i]) {
        add(own[period].released, sign * amount, "released", person, period);
      }
    }
  }

  // Caps and floors over all components; also the one rounding of plans that round statements.
  void statements() {
    if (!bounded(model_)) return;
    for (std::size_t i = 0; i < ground_.people.size(); ++i) {
      const auto person = static_cast<Index>(i);
      if (!credits_.live_person(person)) continue;
      const auto own = [&](Index period) { return exact(person, period); };
      for (const Bounded& one : bounded_periods(model_, ground_, credits_, person, own)) {
        if (one.amount != 0) postings_.push_back({person, place(kStatement), one.period, one.amount});
      }
    }
  }

  void take_back() {
    if (model_.clawbacks.empty() && !model_.amortization) return;
    const EventPays pays = pays_by_event(model_, ground_, credits_, evaluator_);
    for (const Taken& taken : claw_back(model_, ground_, pays)) {
      const std::string& name = model_.clawbacks[taken.clawback].name;
      postings_.push_back({taken.person, place(name), taken.period, taken.amount});
      if (!all_) continue;
      result_.lines.push_back({ground_.people[taken.person], name, ground_.facts.key(taken.event), label(taken.period),
                               major(Exact(taken.amount)), taken.amount, "0", ""});
    }
    if (model_.amortization) result_.amortization = spread_costs(model_, ground_, pays);
  }

  // One posting for each person, component and period, also where only the past has one.
  void gather() {
    for (const auto& [key, amount] : posted_) {
      const auto& [person, component, period] = key;
      if (closed(period)) postings_.push_back({person, component, period, 0});
    }
    std::sort(postings_.begin(), postings_.end(), [](const Posting& a, const Posting& b) { return a.key() < b.key(); });
    std::size_t kept = 0;
    for (std::size_t i = 0; i < postings_.size(); ++i) {
      if (kept > 0 && postings_[kept - 1].key() == postings_[i].key()) {
        add(postings_[kept - 1].amount, postings_[i].amount, names_[static_cast<std::size_t>(postings_[i].component)],
            postings_[i].person, postings_[i].period);
      } else {
        postings_[kept++] = postings_[i];
      }
    }
    postings_.resize(kept);
  }

  void ledger() {
    gather();
    std::set<std::string_view> clawbacks;
    for (const Clawback& rule : model_.clawbacks) clawbacks.insert(rule.name);
    for (const Posting& posting : postings_) {
      const std::string& component = names_[static_cast<std::size_t>(posting.component)];
      LedgerLine line{ground_.people[posting.person],
                      component,
                      label(posting.period),
                      label(posting.period),
                      clawbacks.contains(component) ? "clawback" : "earning",
                      posting.amount};
      Index stands = posting.period;
      if (closed(posting.period)) {
        const auto found = posted_.find({posting.person, posting.component, posting.period});
        line.amount = told_whose(
            [&] { return ground_.whose(component, posting.person, posting.period); },
            [&] { return checked_sub(posting.amount, found == posted_.end() ? 0 : found->second, "correction"); });
        if (line.amount == 0) continue;
        if (inputs_.open.empty() || closed(find(inputs_.open))) {
          throw Error(Code::state, "inputs", "open",
                      fmt::format("{} of {} changes by {} in {}, which is closed; name an open period for corrections.",
                                  quote(component), quote(line.person), to_string(Money{line.amount, model_.currency}),
                                  line.earned));
        }
        stands = find(inputs_.open);
        line.posted = label(stands);
        line.kind = "delta";
      }
      add(sums_[{posting.person, stands}], line.amount, kStatement, posting.person, stands);
      if (line.amount != 0) result_.ledger.push_back(std::move(line));
    }
    for (const auto& [key, amount] : sums_) {
      result_.statements.push_back({ground_.people[key.first], label(key.second), amount});
    }
  }

  const BroughtForward* brought(Index person) const {
    const auto found = brought_.find(person);
    return found == brought_.end() ? nullptr : found->second;
  }

  // Earlier periods are settled elsewhere.
  void begin_with(const BroughtForward& from, std::map<Index, Flow>& own) const {
    const Index first = find(from.period);
    own.erase(own.begin(), own.lower_bound(first));
    Flow& flow = own[first];
    const Index person = ground_.people.find(from.person);
    add(flow.earned, from.adjusted, "payment", person, first);
    add(flow.held, from.held, "payment", person, first);
    add(flow.released, from.released, "payment", person, first);
  }

  void payments() {
    const auto earned = [&](std::pair<Index, Index> key, std::int64_t amount) {
      add(flows_[key.first][key.second].earned, amount, "payment", key.first, key.second);
    };
    for (const auto& [key, amount] : sums_) earned(key, amount);
    for (const auto& [key, amount] : stood_) {
      if (closed(key.second)) earned(key, amount);
    }
    for (std::size_t i = 0; i < ground_.people.size(); ++i) {
      const auto person = static_cast<Index>(i);
      if (!credits_.live_person(person)) continue;
      std::map<Index, Flow>& own = flows_[person];
      for (std::size_t k = 0; k < ground_.periods.size(); ++k) {
        if (credits_.live_period(static_cast<Index>(k))) own.try_emplace(static_cast<Index>(k));
      }
      const BroughtForward* from = brought(person);
      if (from != nullptr) begin_with(*from, own);
      for (PaymentResult& row : pay_out(model_, ground_, person, own, from)) {
        result_.payments.push_back(std::move(row));
      }
    }
  }

  const Model& model_;
  const Inputs& inputs_;
  const Ground& ground_;
  const Credits& credits_;
  Evaluator& evaluator_;
  bool all_;
  bool rows_ = true;
  PlanResult result_;
  std::vector<std::string> names_;  ///< of components, sorted
  std::vector<Exact> exact_;
  std::vector<bool> closed_;
  std::vector<Posting> postings_;
  std::map<std::tuple<Index, Index, Index>, std::int64_t> posted_;  ///< by person, component, period earned
  std::map<std::pair<Index, Index>, std::int64_t> stood_;           ///< by person, period posted
  std::map<std::pair<Index, Index>, std::int64_t> sums_;            ///< by person, period posted
  std::map<Index, std::map<Index, Flow>> flows_;
  std::map<Index, const BroughtForward*> brought_;
};

}  // namespace

std::vector<Bounded> bounded_periods(const Model& model, const Ground& ground, const Credits& credits, Index person,
                                     const std::function<Exact(Index)>& own) {
  std::vector<Bounded> all;
  Exact carried = 0;
  YearSums sums;
  Index last = 0;
  for (std::size_t k = 0; k < ground.periods.size(); ++k) {
    const auto period = static_cast<Index>(k);
    if (!credits.live_period(period)) continue;
    if (last < ground.periods.year_begin(period)) sums.clear();
    sums.resize(model.statement.size());
    last = period;
    Bounded one{period, own(period), carried};
    one.after = one.own + carried;
    carried = 0;
    for (std::size_t i = 0; i < sums.size(); ++i) {
      const Modifier& modifier = model.statement[i];
      if (modifier.per != "year") sums[i] = {};
      const Exact by = bound_of(modifier, ground.lookup, person, period);
      Step step{&modifier, one.after, one.after, by - sums[i].left, sums[i].left, sums[i].cut};
      if (modifier.kind == Do::cap || ground.takes_part(person, period)) {
        one.after = step.after = bounded_value(modifier, by, step.before, sums[i]);
      } else {
        sums[i].left += one.after;  // nobody is lifted for a time of absence
      }
      if (modifier.carry) carried += sums[i].cut;
      one.steps.push_back(std::move(step));
    }
    const bool whole = model.point == Point::statement;
    one.amount = told_whose(
        [&] { return ground.whose(kStatement, person, period); },
        [&] { return round_number(whole ? one.after : Exact(one.after - one.own), model.mode, model.unit); });
    all.push_back(std::move(one));
  }
  return all;
}

Bounded bounded_of(const Model& model, const Ground& ground, const Credits& credits, Evaluator& evaluator, Index person,
                   Index period) {
  const bool whole = model.point == Point::statement;
  std::map<Index, Exact> sums;
  for (std::size_t c = 0; c < model.components.size(); ++c) {
    for (const Outcome& out : evaluator.outcomes(c, person)) sums[out.period] += whole ? out.exact : Exact(out.amount);
  }
  for (Bounded& one : bounded_periods(model, ground, credits, person, [&](Index at) { return sums[at]; })) {
    if (one.period == period) return std::move(one);
  }
  return {};
}

ComponentResult row_of(const Model& model, const Ground& ground, const Outcome& out) {
  const auto major = [&](const Exact& value) { return number_text(value / ten_to(model.digits)); };
  ComponentResult row;
  row.person = ground.people[out.person];
  row.component = model.components[static_cast<std::size_t>(out.component)].name;
  row.period = ground.periods[out.period].label;
  row.measured = major(out.measured);
  row.raw = major(out.raw);
  row.excess = major(out.excess);
  row.exact = major(out.exact);
  row.amount = out.amount;
  row.applicable = out.applicable;
  if (!out.goal) return row;
  row.goal = major(*out.goal);
  if (*out.goal != 0) {
    const Exact percent = out.measured / *out.goal * 100;
    row.attainment = to_string(Decimal{round_number(percent * 100, Rounding::half_up), 2});
  }
  return row;
}

PlanResult results_of(const Model& model, const Inputs& inputs, const Ground& ground, const Credits& credits,
                      Evaluator& evaluator, Detail detail) {
  return Poster(model, inputs, ground, credits, evaluator, detail).post();
}

std::vector<StatementResult> statements_of(const Model& model, const Inputs& inputs, const Ground& ground,
                                           const Credits& credits, Evaluator& evaluator) {
  Poster poster(model, inputs, ground, credits, evaluator, Detail::totals);
  poster.leave_rows_out();
  return poster.post().statements;
}

}  // namespace kith::incentive::general
