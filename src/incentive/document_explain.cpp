// SPDX-License-Identifier: Apache-2.0
// The steps from the facts to an amount.
#include <fmt/format.h>

#include <algorithm>

#include "base/quote.hpp"
#include "incentive/document_pay.hpp"
#include "incentive/document_results.hpp"
#include "incentive/document_told_credit.hpp"
#include "kith/base/error.hpp"
#include "kith/base/sha256.hpp"

namespace kith::incentive {
namespace {

using namespace general;

constexpr std::string_view kDoes[] = {"multiply", "add", "cap", "floor", "prorate", "disqualify", "gate"};

std::string counted(std::size_t number) { return std::to_string(number); }

class Writer {
 public:
  Writer(const Model& model, const Ground& ground, const Credits& credits, Evaluator& evaluator, const Called& called)
      : model_(model), ground_(ground), credits_(credits), evaluator_(evaluator) {
    called_ = [&](Index person) { return called ? called(ground_.people[person]) : ground_.people[person]; };
  }

  /// `carried`: what the period before left over.
  std::vector<ToldStep> write(const Outcome& out, const Exact& carried) {
    const ComponentRule& rule = model_.components[static_cast<std::size_t>(out.component)];
    person_ = out.person;
    period_ = out.period;
    credits(out, rule);
    for (const auto& [person, amount] : out.others) {
      put("commission", {{"person", called_(person)}, {"component", rule.component}, {"amount", major(amount)}});
    }
    if (looks_back(rule)) put("before_period", {{"amount", major(out.measured - own_sum(out, rule))}});
    measured(out, rule);
    goal(out, rule);
    target_pay(rule);
    if (!out.applicable) put(rule.kind == Kind::pool_share ? "no_weight" : "not_applicable");
    if (rule.kind == Kind::pool_share) pool(out);
    if (out.placed) place(*out.placed, rule);
    if (rule.kind == Kind::fixed && ground_.takes_part(person_, period_)) value(*rule.pool, period_, person_);
    slices(out, rule);
    for (const Divided& whole : out.wholes) {
      put("whole", {{"event", ground_.facts.key(whole.event)},
                    {"base", major(whole.base)},
                    {"exact", major(whole.exact)},
                    {"rounded", major(whole.rounded)},
                    {"share", number_text(whole.share)},
                    {"amount", major(whole.own)}});
    }
    paid_before(out, rule, carried);
    if (rule.weight != 1) put("component_weight", {{"weight", number_text(rule.weight)}});
    if (carried != 0) put("carried", {{"amount", major(carried)}});
    put("raw", {{"amount", major(out.raw)}});
    for (const Step& step : out.steps) modified(step, out);
    for (const Outcome::Line& line : out.lines) lines(line, rule);
    if (model_.point != Point::statement) rounded(out.amount);
    return std::move(steps_);
  }

  /// What a clawback takes back of a person in a period.
  std::vector<ToldStep> taken_back(std::size_t clawback, Index person, Index period) {
    const EventPays pays = pays_by_event(model_, ground_, credits_, evaluator_);
    std::int64_t sum = 0;
    for (const Taken& one : claw_back(model_, ground_, pays)) {
      if (one.clawback != clawback || one.person != person || one.period != period) continue;
      put("taken", {{"event", ground_.facts.key(one.event)},
                    {"of", ground_.facts.key(ground_.facts.origin(one.event))},
                    {"paid", money_text(one.paid)},
                    {"component", model_.components[static_cast<std::size_t>(one.component)].name},
                    {"amount", money_text(one.amount)}});
      unserved(one);
      sum = checked_add(sum, one.amount, "clawback");
    }
    put("all", {{"amount", money_text(sum)}});
    return std::move(steps_);
  }

  /// Caps and floors over all components of a person.
  std::vector<ToldStep> whole(const Bounded& out, Index person) {
    person_ = person;
    period_ = out.period;
    put("components", {{"amount", major(out.own)}});
    if (out.carried != 0) put("carried", {{"amount", major(out.carried)}});
    for (const Step& step : out.steps) bounded_by(step);
    if (model_.point != Point::statement) put("adds", {{"amount", major(out.after - out.own)}});
    rounded(out.amount);
    return std::move(steps_);
  }

 private:
  using Parts = std::vector<std::pair<std::string_view, std::string>>;
  void put(std::string_view kind, Parts parts = {}, std::string_view words = {}) {
    steps_.push_back({kind, std::move(parts), words});
  }
  std::string major(const Exact& value) const { return number_text(value / ten_to(model_.digits)); }
  std::string money_text(std::int64_t minor) const { return to_string(Money{minor, model_.currency}); }
  void rounded(std::int64_t amount) {
    put("rounded", {{"mode", std::string(name_of(model_.mode))}, {"amount", money_text(amount)}});
  }

  // How much of what was paid a loss takes back.
  void unserved(const Taken& one) {
    const Unserved& rest = one.unserved;
    const bool months = model_.clawbacks[one.clawback].prorate == Unearned::months;
    if (rest.of == 0) {
      put("taken_share", {{"share", number_text(rest.share)}});
    } else {
      put("unserved",
          {{"left", std::to_string(rest.left)}, {"of", std::to_string(rest.of)}, {"unit", months ? "months" : "days"}},
          months ? "unserved_months" : "unserved_days");
    }
    if (one.before != 0) put("taken_before", {{"amount", money_text(one.before)}});
  }

  // A value by name of which only a part counts. Person -1 asks for everybody's.
  void value(const Number& number, Index period, Index person) {
    if (number.constant || (!number.above && number.times == 1)) return;
    Number plain = number;
    plain.above.reset();
    plain.times = 1;
    const Exact whole = ground_.lookup.value(plain, person, period, 1);
    Parts parts = {{"name", number.name}, {"value", number_text(whole)}};
    if (number.above) parts.emplace_back("above", number_text(*number.above));
    parts.emplace_back("times", number_text(number.times));
    parts.emplace_back("amount", number_text(ground_.lookup.value(number, person, period, 1)));
    put("value", std::move(parts), !number.above ? "value" : whole > *number.above ? "value_above" : "value_below");
  }

  void measured(const Outcome& out, const ComponentRule& rule) {
    static constexpr std::string_view kAggregates[] = {"sum", "count", "average", "distinct", "last"};
    const Measure* measure = model_.measure(rule.measure);
    const bool sums = measure == nullptr || measure->aggregate == Aggregate::sum;
    Parts parts = {{"amount", major(out.measured)}};
    if (!sums) parts.emplace_back("aggregate", kAggregates[static_cast<std::size_t>(measure->aggregate)]);
    put("measured", std::move(parts), sums ? "measured" : "measured_by");
  }

  void target_pay(const ComponentRule& rule) {
    if (!rule.target_pay) return;
    const Number& pay = *rule.target_pay;
    if (!pay.constant && !ground_.lookup.has(pay.name, person_, period_)) return;  // nothing asked for it
    value(pay, period_, person_);
    const Exact amount = ground_.lookup.value(pay, person_, period_, ten_to(model_.digits));
    put("target_pay", {{"amount", major(amount)}});
  }

  bool looks_back(const ComponentRule& rule) const {
    const Measure* measure = rule.kind == Kind::tiers ? model_.measure(rule.measure) : nullptr;
    return measure != nullptr &&
           (measure->accumulate == Accumulating::year_to_date || measure->accumulate == Accumulating::lifetime);
  }
  Exact own_sum(const Outcome& out, const ComponentRule& rule) const {
    const auto index = static_cast<std::size_t>(model_.measure(rule.measure) - model_.measures.data());
    return credits_.sum(index, out.person, out.period);
  }

  // The goal, and before it what a ramp and days of absence leave of it.
  void goal(const Outcome& out, const ComponentRule& rule) {
    if (!out.goal) return;
    const Measure& measure = *model_.measure(rule.measure);
    const Period& period = ground_.periods[out.period];
    const auto found = [&](const Number& number, const Exact& scale) {
      return ground_.lookup.value(number, out.person, out.period, scale);
    };
    value(*measure.goal, out.period, out.person);
    Exact left = found(*measure.goal, ten_to(model_.digits));
    const auto [days, of] = measure.prorate == "none" ? std::pair<std::int64_t, std::int64_t>{1, 1}
                                                      : ground_.lookup.active_days(out.person, period, measure.prorate);
    if (measure.ramp || days != of) put("goal_before", {{"amount", major(left)}});
    if (measure.ramp) {
      value(*measure.ramp, out.period, out.person);
      const Exact factor = found(*measure.ramp, 1);
      left *= factor;
      put("goal_ramp", {{"factor", number_text(factor)}, {"amount", major(left)}});
    }
    if (days != of) {
      put("goal_days", {{"days", std::to_string(days)},
                        {"of", std::to_string(of)},
                        {"basis", measure.prorate},
                        {"amount", major(*out.goal)}});
    }
    if (*out.goal == 0) return put("goal", {{"amount", "0"}}, "goal_zero");
    const Exact percent = out.measured / *out.goal * 10000;
    put("goal", {{"amount", major(*out.goal)},
                 {"attainment", to_string(Decimal{round_number(percent, Rounding::half_up), 2})}});
  }

  void slices(const Outcome& out, const ComponentRule& rule) {
    Exact all = 0;
    std::size_t event = 0;
    const auto begin = [&](std::size_t piece) {
      for (; event < out.alone.size() && out.alone[event].second <= piece; ++event) {
        put("alone", {{"event", ground_.facts.key(out.alone[event].first)}});
      }
    };
    for (std::size_t i = 0; i < out.pieces.size(); ++i) {
      begin(i);
      slice(out.pieces[i], rule);
      all += out.pieces[i].product;
    }
    begin(out.pieces.size());
    if (rule.kind == Kind::tiers && out.applicable && out.pieces.empty() && out.measured > 0) put("no_row");
    if (rule.table.unit == Unit::pct_of_base && out.pieces.size() > 1 && !out.measured.is_zero()) {
      put("blended", {{"rate", number_text(all / out.measured * 100)}});
    }
  }

  void slice(const Piece& piece, const ComponentRule& rule) {
    const Table& table = rule.table;
    const bool count = table.unit == Unit::amount || table.unit == Unit::per_unit;  // the input is one
    const bool plain = count && rule.kind == Kind::tiers;
    Parts parts = {{"row", counted(piece.row + 1)},
                   {"input", plain ? number_text(piece.input) : major(piece.input)},
                   {"value", plain ? major(piece.value) : number_text(piece.value)},
                   {"product", major(piece.product)}};
    const auto at = [&](Input input, const Exact& value) {
      return input == Input::amount ? major(value) : number_text(value);
    };
    const bool matrix = table.mode == Mode::matrix;
    const bool own = table.input == Input::amount || (table.input == Input::attainment && table.name.empty());
    const auto& when = table.rows[piece.row].when;
    if (matrix || (!own && !table.rows.front().when)) {
      parts.emplace_back("looked_up", input_name(table.input, table.name));
      parts.emplace_back("at", at(table.input, piece.at));
    }
    if (matrix) {
      parts.emplace_back("column", counted(piece.column + 1));
      parts.emplace_back("across", input_name(table.second_input, table.second_name));
      parts.emplace_back("across_at", at(table.second_input, piece.across));
    }
    if (when) parts.emplace_back("when", when->text());
    const bool told = parts.size() > 4;
    put("slice", std::move(parts), matrix ? "cell" : when ? "slice_when" : told ? "slice_at" : "slice");
  }

  // What a row is found by: "amount", "attainment", "attainment of sales", "rank", or the name of a measure or
  // attribute.
  static std::string input_name(Input input, const std::string& name) {
    if (input == Input::amount) return "amount";
    if (input == Input::rank) return "rank";
    if (input == Input::attainment) return name.empty() ? "attainment" : "attainment of " + name;
    return name;
  }

  // What there is to share, by which weights, and what those at their cap leave to the others.
  void pool(const Outcome& out) {
    const auto component = static_cast<std::size_t>(out.component);
    const ComponentRule& rule = model_.components[component];
    const Pool& shared = evaluator_.pool(component, out.period);
    value(*rule.pool, out.period, -1);
    put("pool", {{"amount", major(shared.whole)}, {"brought", major(shared.brought)}},
        shared.brought == 0 ? "" : "pool_brought");
    const Exact weight = evaluator_.weight_in_pool(component, out.person, out.period);
    put("weight", {{"weight", major(weight)},
                   {"all", major(shared.weight)},
                   {"people", counted(shared.people)},
                   {"without", counted(shared.without)}});
    Exact of = shared.weight;
    std::int64_t left = shared.whole;
    const auto above = [&] {
      return rule.member_cap && weight > 0 && of > 0 &&
             Exact(left) / of * weight > evaluator_.cap_in_pool(component, out.person, out.period);
    };
    bool capped = above();
    for (const Pool::Round& round : shared.rounds) {
      put("capped", {{"people", counted(round.people)},
                     {"given", major(round.given)},
                     {"left", major(round.left)},
                     {"weight", major(round.open)}});
      if (capped) continue;
      left = round.left;
      of = round.open;
      capped = above();
    }
    const std::string own = major(shared.shares[static_cast<std::size_t>(out.person)]);
    if (capped) {
      value(*rule.member_cap, out.period, out.person);
      put("at_cap", {{"cap", major(evaluator_.cap_in_pool(component, out.person, out.period))}, {"amount", own}});
    } else if (weight > 0) {
      put("share", {{"left", major(left)}, {"weight", major(weight)}, {"of", major(of)}, {"amount", own}});
    }
    if (shared.whole == shared.paid) return;
    put("unpaid", {{"amount", major(shared.whole - shared.paid)}, {"goes", rule.unpaid_carried ? "carry" : "lose"}},
        rule.unpaid_carried ? "unpaid_carry" : "unpaid_lose");
  }

  void place(const Placed& own, const ComponentRule& rule) {
    if (own.below) return put("below", {{"least", major(*rule.least)}});
    const std::string at = counted(own.place + 1);
    put("place", {{"place", at}, {"of", counted(own.of)}});
    if (own.equal > 1) {
      put("tied",
          {{"place", at},
           {"equal", counted(own.equal)},
           {"last", counted(own.place + (rule.ties_share ? own.equal : 1))},
           {"sum", major(own.sum)},
           {"prize", major(own.prize)}},
          rule.ties_share ? "tied" : "tied_each");
    }
    put("prize", {{"amount", major(own.prize)}});
  }

  // Slices of a measure that looks back pay for all of it; what they paid for the part before is taken off.
  void paid_before(const Outcome& out, const ComponentRule& rule, const Exact& carried) {
    const bool each = std::any_of(rule.modifiers.begin(), rule.modifiers.end(),
                                  [](const Modifier& modifier) { return modifier.per == "event"; });
    if (!looks_back(rule) || each || rule.weight == 0 || !out.applicable) return;
    Exact all = 0;
    for (const Piece& piece : out.pieces) all += piece.product;
    put("paid_before", {{"amount", major(all - (out.raw - carried) / rule.weight)}});
  }

  void bounded_by(const Step& step) {
    const Modifier& modifier = *step.modifier;
    const bool cap = modifier.kind == Do::cap;
    value(modifier.by, period_, person_);
    if (modifier.per == "year") {
      put("year_bound",
          {{"by", major(step.factor + step.year)}, {"passed", major(step.year)}, {"bound", major(step.factor)}});
    }
    const Exact before = step.before + step.cut;
    if (step.cut != 0) {
      put("year_cut", {{"before", major(step.before)}, {"after", major(before)}, {"by", major(step.cut)}},
          cap ? "year_cut" : "year_lift");
    }
    Parts parts = {
        {"before", major(before)}, {"after", major(step.after)}, {"by", major(step.factor)}, {"per", modifier.per}};
    std::string_view words = cap ? "cap" : "floor";
    if (cap && before > step.after) {
      parts.emplace_back("cut", major(before - step.after));
      parts.emplace_back("excess", modifier.carry ? "carry" : "lose");
      words = modifier.carry ? "cap_carry" : "cap_lose";
    }
    put(cap ? "cap" : "floor", std::move(parts), words);
  }

  void modified(const Step& step, const Outcome& out) {
    const Modifier& modifier = *step.modifier;
    const std::string_view kind = kDoes[static_cast<std::size_t>(modifier.kind)];
    if (modifier.kind == Do::cap || modifier.kind == Do::floor) return bounded_by(step);
    const bool named = modifier.kind == Do::multiply || modifier.kind == Do::add || modifier.kind == Do::prorate;
    if (named && !modifier.table && !modifier.by.name.empty()) value(modifier.by, period_, person_);
    Parts parts = {{"before", major(step.before)}, {"after", major(step.after)}};
    std::string_view words = kind;
    const bool amount = modifier.kind == Do::add && modifier.of == "amount";
    const bool input = modifier.kind == Do::gate && !modifier.attainment;
    if (modifier.kind != Do::disqualify) {
      parts.emplace_back("by", amount || input ? major(step.factor) : number_text(step.factor));
    }
    if (modifier.kind == Do::add) {
      parts.emplace_back("of", modifier.of);
      words = modifier.of == "raw" ? "add_raw" : modifier.of == "amount" ? "add_amount" : "add_target_pay";
    }
    if (modifier.kind == Do::gate) parts.emplace_back("input", modifier.input);
    if (modifier.kind == Do::prorate && modifier.basis != "value") {
      const auto [days, of] = ground_.lookup.active_days(out.person, ground_.periods[out.period], modifier.basis);
      parts.emplace_back("days", std::to_string(days));
      parts.emplace_back("of", std::to_string(of));
      parts.emplace_back("basis", modifier.basis);
      words = "prorate_days";
    }
    put(kind, std::move(parts), words);
    if (modifier.table || modifier.kind == Do::gate) looked_up(modifier);
  }

  // What decided about a modifier, and the row that it reached.
  void looked_up(const Modifier& modifier) {
    const Exact at = evaluator_.looked_up(modifier, person_, period_);
    if (!modifier.table) {
      const std::string name = input_name(modifier.attainment ? Input::attainment : Input::measure, modifier.input);
      return put("looked_up", {{"looked_up", name}, {"at", number_text(at)}}, "compared");
    }
    const Table& table = *modifier.table;
    const bool total = table.input == Input::amount && table.name.empty();
    const std::string& of = table.input == Input::attainment && table.name.empty() ? modifier.input : table.name;
    const std::string name = total ? modifier.input : input_name(table.input, of);
    const int row = row_of(table, at);
    put("looked_up",
        {{"looked_up", name}, {"at", total ? major(at) : number_text(at)}, {"row", std::to_string(row + 1)}},
        row < 0               ? "looked_up_none"
        : modifier.cumulative ? "looked_up_all"
                              : "looked_up");
  }

  // Lines whose events came to nothing are not told, unless a cap per event made them so.
  void lines(const Outcome::Line& line, const ComponentRule& rule) {
    const bool cuts = std::any_of(rule.modifiers.begin(), rule.modifiers.end(),
                                  [](const Modifier& one) { return one.per == "event" && one.kind == Do::cap; });
    const bool cut = cuts && line.excess != 0;
    if (line.amount == 0 && !cut) return;
    if (line.event < 0) return put("rest", {{"amount", money_text(line.amount)}});
    Parts parts = {{"event", ground_.facts.key(static_cast<std::size_t>(line.event))},
                   {"amount", money_text(line.amount)}};
    if (cut) parts.emplace_back("cut", major(line.excess));
    put("line", std::move(parts), cut ? "line_cut" : "");
  }

  void credits(const Outcome& out, const ComponentRule& rule) {
    const Measure* measure = model_.measure(rule.measure);
    if (measure == nullptr) return;
    const auto index = static_cast<std::size_t>(measure - model_.measures.data());
    for (const std::uint32_t row : credits_.rows(index, out.person, out.period)) {
      tell_credit(model_, ground_, credits_.all()[row], called_, steps_);
    }
  }

  const Model& model_;
  const Ground& ground_;
  const Credits& credits_;
  Evaluator& evaluator_;
  std::function<std::string(Index)> called_;
  Index person_ = 0;
  Index period_ = 0;
  std::vector<ToldStep> steps_;
};

}  // namespace

std::vector<std::string> general::explained_parts(const Model& model) {
  std::vector<std::string> parts;
  for (const auto& part : model.components) parts.push_back(part.name);
  for (const auto& part : model.clawbacks) {
    if (part.prorate != Unearned::recompute) parts.push_back(part.name);
  }
  if (bounded(model)) parts.emplace_back(kWholeStatement);
  return parts;
}

std::string general::explain_outcome(const Model& model, const Ground& ground, const Credits& credits,
                                     Evaluator& evaluator, std::string_view person, const Called& called,
                                     std::string_view component, std::string_view period, std::string_view language) {
  if (language != "en" && language != "zh" && language != "steps") {
    throw Error(Code::invalid, "commission", "language", fmt::format("{} is none of en, zh, steps.", quote(language)));
  }
  const std::string shown = called ? called(std::string(person)) : std::string(person);
  const Index who = ground.people.find(person);
  const Index when = ground.periods.find(period);
  const auto told = [&](const std::vector<ToldStep>& steps) {
    const ToldHeading heading{std::string(person), shown,         std::string(component),         std::string(period),
                              model.name,          model.version, to_hex(sha256(model.canonical))};
    return language == "steps" ? json_of(heading, steps) : text_of(heading, steps, language == "zh");
  };
  const Called named = language == "steps" ? Called() : called;  // data names people as the facts do
  Writer writer(model, ground, credits, evaluator, named);
  const bool live = who >= 0 && when >= 0 && credits.live_person(who) && credits.live_period(when);
  for (std::size_t c = 0; live && c < model.components.size(); ++c) {
    if (model.components[c].name != component) continue;
    Exact carried = 0;
    for (const Outcome& earlier : evaluator.outcomes(c, who)) {
      if (earlier.period < when) carried = earlier.carry;
    }
    return told(writer.write(evaluator.explained(c, who, when), carried));
  }
  const bool known = who >= 0 && when >= 0 && credits.live_person(who);  // a loss credits nobody
  for (std::size_t k = 0; known && k < model.clawbacks.size(); ++k) {
    if (model.clawbacks[k].name == component) return told(writer.taken_back(k, who, when));
  }
  if (live && component == kWholeStatement && bounded(model)) {
    return told(writer.whole(bounded_of(model, ground, credits, evaluator, who, when), who));
  }
  throw Error(Code::not_found, "commission", "",
              fmt::format("There is no {} of {} in {}.", quote(component), quote(shown), quote(period)));
}

}  // namespace kith::incentive
