// SPDX-License-Identifier: Apache-2.0
#include "incentive/document_pay.hpp"

#include <algorithm>

#include "kith/base/error.hpp"
#include "kith/incentive/amortization.hpp"
#include "kith/incentive/draw.hpp"

namespace kith::incentive::general {
namespace {

// Months of a contract: said by the plan, or by an attribute of the event.
std::int64_t term_of(const Model& model, const Ground& ground, const std::optional<Exact>& said,
                     const std::string& attribute, std::size_t event) {
  Exact months = said.value_or(Exact(0));
  if (!said) {
    for (std::size_t i = kFixedColumns; i < model.scope.names.size(); ++i) {
      if (model.scope.names[i].name != attribute) continue;
      EventView view(model, ground, "transaction", Reversal::original);
      months = Exact(view.word(i, event)) / ten_to(model.scope.names[i].scale);
    }
  }
  constexpr int kMost = 1200;
  if (months < 1 || months > kMost || denominator(months) != 1) {
    fail_event(ground.facts.key(event), "attributes." + attribute,
               "the term of a contract is a whole number of months from 1 to 1,200.");
  }
  return static_cast<std::int64_t>(numerator(months));
}

// The rows that are meant, in the order of the events, which is not that of rows that came late.
template <class Meant>
std::vector<std::size_t> in_order(const Facts& facts, Meant meant) {
  std::vector<std::size_t> rows;
  for (std::size_t row = 0; row < facts.size(); ++row) {
    if (meant(row)) rows.push_back(row);
  }
  const auto before = [&](std::size_t a, std::size_t b) { return facts.before(a, b); };
  if (!std::is_sorted(rows.begin(), rows.end(), before)) std::sort(rows.begin(), rows.end(), before);
  return rows;
}

// The first day without service.
Date ended_on(Date date, bool last_day) { return last_day ? Date{date.days + 1} : date; }

std::int64_t whole_months(Date from, Date to) {
  std::int64_t months = 0;
  while (add_months(from, static_cast<int>(months) + 1) <= to) ++months;
  return months;
}

Unserved unserved(const Model& model, const Ground& ground, const Clawback& rule, std::size_t origin,
                  std::size_t loss) {
  if (rule.prorate == Unearned::share) return {rule.share};
  const std::int64_t term = term_of(model, ground, rule.term, rule.term_attribute, origin);
  const Date from = ground.facts.date(origin);
  const Date to = add_months(from, static_cast<int>(term));
  const Date ended = std::clamp(ended_on(ground.facts.date(loss), rule.last_day), from, to);
  const bool months = rule.prorate == Unearned::months;
  const std::int64_t left = months ? term - whole_months(from, ended) : std::int64_t{to.days} - ended.days;
  const std::int64_t of = months ? term : std::int64_t{to.days} - from.days;
  return {Exact(left) / Exact(of), left, of};
}

}  // namespace

EventPays pays_by_event(const Model& model, const Ground& ground, const Credits& credits, Evaluator& evaluator) {
  EventPays pays;
  const bool rounded = model.point == Point::line || model.point == Point::telescoped;
  for (std::size_t c = 0; c < model.components.size(); ++c) {
    for (std::size_t p = 0; p < ground.people.size(); ++p) {
      if (!credits.live_person(static_cast<Index>(p))) continue;
      for (const Outcome& out : evaluator.outcomes(c, static_cast<Index>(p))) {
        for (const Outcome::Line& line : out.lines) {
          if (line.event < 0) continue;
          const std::int64_t amount = rounded ? line.amount : round_number(line.exact, model.mode, model.unit);
          if (amount != 0) pays[static_cast<std::uint32_t>(line.event)].push_back({out.person, out.component, amount});
        }
      }
    }
  }
  return pays;
}

std::vector<Taken> claw_back(const Model& model, const Ground& ground, const EventPays& pays) {
  std::vector<Taken> all;
  const std::vector<std::size_t> losses = in_order(
      ground.facts, [&](std::size_t row) { return ground.facts.origin(row) != row && !ground.facts.gone(row); });
  for (std::size_t k = 0; k < model.clawbacks.size(); ++k) {
    const Clawback& rule = model.clawbacks[k];
    if (rule.prorate == Unearned::recompute) continue;  // its credits were taken back
    const Index type = ground.facts.names().find(rule.type);
    std::map<std::pair<std::uint32_t, std::size_t>, std::int64_t> before;  // taken of a pay so far
    for (const std::size_t row : losses) {
      if (ground.facts.type(row) != type) continue;
      const std::size_t origin = ground.facts.origin(row);
      const Index period = ground.periods.at(ground.facts.takes_effect(row));
      const auto paid = pays.find(static_cast<std::uint32_t>(origin));
      if (period < 0 || paid == pays.end()) continue;
      const Date last = rule.window == 0 ? kOpenDate : add_months(ground.facts.date(origin), rule.window);
      if (ground.facts.date(row) >= last) continue;
      const Unserved rest = unserved(model, ground, rule, origin, row);
      for (std::size_t i = 0; i < paid->second.size(); ++i) {
        const EventPay& one = paid->second[i];
        const std::string& component = model.components[static_cast<std::size_t>(one.component)].name;
        const auto& scope = rule.components;
        if (!scope.empty() && std::find(scope.begin(), scope.end(), component) == scope.end()) continue;
        std::int64_t& so_far = before[{static_cast<std::uint32_t>(origin), i}];
        const std::int64_t wanted = round_number(rest.share * one.amount, model.mode, model.unit);
        const std::int64_t left = one.amount - so_far;  // never more than was paid
        const std::int64_t amount = one.amount > 0
                                        ? std::clamp<std::int64_t>(wanted, 0, std::max<std::int64_t>(left, 0))
                                        : std::clamp<std::int64_t>(wanted, std::min<std::int64_t>(left, 0), 0);
        if (amount != 0) {
          all.push_back({one.person, k, static_cast<std::uint32_t>(row), period, -amount, one.component, one.amount,
                         rest, so_far});
        }
        so_far += amount;
      }
    }
  }
  return all;
}

// --- Releases ---------------------------------------------------------------------------------------------------

namespace {

// The part of the events behind an outcome that a trigger has reached before a day, by amount.
Exact fired(const Ground& ground, const Outcome& out, const Release& release, Date until) {
  Exact base = 0;
  Exact reached = 0;
  std::int64_t last = -1;
  const Index type = ground.facts.names().find(release.type);
  for (const Outcome::Line& line : out.lines) {
    if (line.event < 0 || line.event == last) continue;
    last = line.event;
    const auto event = static_cast<std::size_t>(line.event);
    const Exact amount = ground.facts.amount(event);
    base += amount;
    Exact sum = 0;
    bool any = false;
    for (const std::size_t other : ground.facts.reversing(event)) {
      if (ground.facts.type(other) != type || ground.facts.date(other) >= until) continue;
      sum += Exact(ground.facts.amount(other));
      any = true;
    }
    if (!release.proportional) sum = any ? amount : Exact(0);
    reached += sum;
  }
  if (base == 0) return 0;
  return std::clamp(Exact(reached / base), Exact(0), Exact(1));
}

}  // namespace

std::optional<Date> release_day(const Model& model, const Release& release, const Period& earned) {
  if (release.day) return release.day;
  const Date last{earned.to.days - 1};
  if (release.on == "period_end") return last;
  if (release.on == "year_end") {
    const Date end = model.whole_plan ? earned.to : period_of(model.calendar, Grain::year, earned.from).to;
    return Date{end.days - 1};
  }
  if (release.months > 0) return add_months(last, release.months);
  return std::nullopt;
}

Schedule schedule(const Model& model, const Ground& ground, const Outcome& out, std::int64_t amount, Index at) {
  Schedule result;
  std::vector<Exact> shares;
  for (const Release& one : model.releases) shares.push_back(one.share);
  for (const Whole& part : apportion(amount, shares)) result.parts.push_back(to_int64(part));
  result.out.resize(model.releases.size());
  for (std::size_t i = 0; i < model.releases.size(); ++i) {
    const Release& one = model.releases[i];
    auto& released = result.out[i];
    if (!one.type.empty()) {
      std::int64_t posted = 0;
      for (auto period = at; period < static_cast<Index>(ground.periods.size()); ++period) {
        const Exact share = fired(ground, out, one, ground.periods[period].to);
        const std::int64_t now = round_number(share * result.parts[i], model.mode, model.unit);
        if (now != posted) released.emplace_back(period, now - posted);
        posted = now;
      }
      continue;
    }
    const std::optional<Date> day = release_day(model, one, ground.periods[out.period]);
    if (!day) {
      released.emplace_back(at, result.parts[i]);
      continue;
    }
    Index period = at;
    const auto last = static_cast<Index>(ground.periods.size()) - 1;
    while (period < last && ground.periods[period].to <= *day) ++period;
    if (*day < ground.periods[period].to) released.emplace_back(period, result.parts[i]);
  }
  return result;
}

// --- Payments ---------------------------------------------------------------------------------------------------

namespace {

class Payer {
 public:
  Payer(const Model& model, const Ground& ground, Index person)
      : model_(model), ground_(ground), person_(person), leaves_(ground.lookup.leaves(person)) {
    // A plan that holds back and says nothing of payment pays what is left, whatever its sign.
    rule_ = model.payment.value_or(Payment{.carry = false});
  }

  void begin_with(const BroughtForward& from) {
    carry_ = from.carried;
    state_ = {from.balance, from.term_earned, from.term_guaranteed, from.term_given};
    last_ = ground_.periods.find(from.period);
  }
  void stop_drawing() { holds_ = false; }

  PaymentResult period(Index period, const Flow& flow) {
    return told_whose([&] { return ground_.whose("payment", person_, period); }, [&] { return settle(period, flow); });
  }

 private:
  PaymentResult settle(Index period, const Flow& flow) {
    PaymentResult row;
    row.person = ground_.people[person_];
    row.period = ground_.periods[period].label;
    row.earned = flow.earned;
    row.held = flow.held;
    row.released = flow.released;
    row.carried = carry_;
    const Int128 sum = Int128{flow.earned} - flow.held + flow.released + carry_;
    row.pay = narrow(sum, "pay");
    if (rule_.draw) draw(*rule_.draw, period, row);
    if (rule_.carry) {
      const NetPay net = net_pay(row.pay, 0);
      row.pay = net.pay;
      row.carry = net.carry;
    }
    carry_ = row.carry;
    row.balance = state_.balance;
    row.drawn = drawn_;
    return row;
  }

  void draw(const Draw& rule, Index period, PaymentResult& row) {
    drawn_.reset();
    const Period& own = ground_.periods[period];
    if (leaves_ && *leaves_ <= own.to) {  // the last period, or one after it
      if (state_.balance == 0) return;
      const LeaverRule what = rule.forgive ? LeaverRule::forgive : LeaverRule::owe;
      const LeaverResult left = settle_leaver(what, state_.balance, row.pay);
      row.pay = left.pay;
      row.recovered = left.recovered;
      row.forgiven = left.forgiven;
      state_.balance = left.receivable;
      return;
    }
    const bool valid = holds_ && rule.from <= own.from && own.from < rule.to;
    const bool active = valid && ground_.lookup.active_share(person_, own, "calendar") > 0;
    if (rule.kind == Drawn::guarantee && rule.by_year && last_ < ground_.periods.year_begin(period)) state_ = {};
    last_ = period;
    DrawTerms terms;
    terms.kind = rule.kind == Drawn::recoverable ? DrawKind::recoverable
                 : rule.kind == Drawn::guarantee ? DrawKind::guarantee
                                                 : DrawKind::nonrecoverable;
    terms.recover_share = {round_number(rule.recover_share * ten_to(kRateScale), Rounding::half_up), kRateScale};
    if (active) {
      const Exact amount = ground_.lookup.value(rule.amount, person_, period, ten_to(model_.digits));
      terms.amount = round_number(amount, model_.mode, model_.unit);
      drawn_ = terms.amount;
    } else if (rule.kind != Drawn::recoverable) {
      return;  // what was advanced is still recovered; nothing else goes on
    }
    const std::int64_t advanced_before = row.pay;
    const DrawResult paid = apply_draw(terms, advanced_before, state_);
    row.pay = active || paid.recovered > 0 ? paid.pay : advanced_before;
    row.advanced = active ? paid.advanced : 0;
    row.recovered = paid.recovered;
    row.topped_up = paid.topped_up;
    const std::int64_t balance = active ? paid.state.balance : state_.balance - paid.recovered;
    state_ = paid.state;
    state_.balance = balance;
  }

  const Model& model_;
  const Ground& ground_;
  Payment rule_;
  bool holds_ = true;
  std::optional<std::int64_t> drawn_;
  Index person_;
  std::optional<Date> leaves_;
  DrawState state_;
  std::int64_t carry_ = 0;
  Index last_ = 0;
};

}  // namespace

std::vector<PaymentResult> pay_out(const Model& model, const Ground& ground, Index person,
                                   const std::map<Index, Flow>& flows, const BroughtForward* from) {
  Payer payer(model, ground, person);
  if (from != nullptr) payer.begin_with(*from);
  std::vector<PaymentResult> rows;
  for (const auto& [period, flow] : flows) rows.push_back(payer.period(period, flow));
  return rows;
}

PaymentResult pay_brought(const Model& model, const Ground& ground, const BroughtForward& row, bool holds) {
  Payer payer(model, ground, ground.people.find(row.person));
  payer.begin_with(row);
  if (!holds) payer.stop_drawing();
  return payer.period(ground.periods.find(row.period), {row.adjusted, row.held, row.released});
}

// --- Costs over time --------------------------------------------------------------------------------------------

std::vector<CostLine> spread_costs(const Model& model, const Ground& ground, const EventPays& pays) {
  static constexpr std::string_view kKinds[] = {"", "expense", "amortize", "write_off"};
  const Amortization& rule = *model.amortization;
  const Index lost = rule.lost_type.empty() ? -1 : ground.facts.names().find(rule.lost_type);
  std::vector<CostLine> all;
  const auto paid = [&](std::size_t row) { return pays.contains(static_cast<std::uint32_t>(row)); };
  for (const std::size_t event : in_order(ground.facts, paid)) {
    const std::vector<EventPay>& parts = pays.at(static_cast<std::uint32_t>(event));
    const std::int64_t term = term_of(model, ground, rule.term, rule.term_attribute, event);
    const Date start = ground.facts.date(event);
    std::optional<Date> end;
    for (const std::size_t other : ground.facts.reversing(event)) {
      if (lost < 0 || ground.facts.type(other) != lost) continue;
      const Date ended = ended_on(ground.facts.date(other), rule.last_day);
      end = end ? std::min(*end, ended) : ended;
    }
    for (const EventPay& part : parts) {
      auto lines = amortize(part.amount, benefit_months(term, rule.renewals, rule.commensurate), start, model.mode,
                            rule.expedient);
      if (end) lines = write_off(lines, whole_months(start, std::max(start, *end)));
      for (const AmortizationLine& line : lines) {
        all.push_back({ground.people[part.person], model.components[static_cast<std::size_t>(part.component)].name,
                       ground.facts.key(event), std::string(kKinds[static_cast<std::size_t>(line.kind)]), line.from,
                       line.amount, line.remaining});
      }
    }
  }
  return all;
}

}  // namespace kith::incentive::general
