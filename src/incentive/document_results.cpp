// SPDX-License-Identifier: Apache-2.0
// From outcomes to what is posted, and what another plan would have paid.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "base/quote.hpp"
#include "incentive/document_engine.hpp"
#include "kith/base/error.hpp"

namespace kith::incentive {
namespace {

using namespace general;

constexpr std::string_view kStatement = "statement";

class Poster {
 public:
  Poster(const Model& model, const Inputs& inputs) : model_(model), inputs_(inputs), lookup_(model, inputs) {}

  PlanResult post() {
    run_ = run_plan(model_, inputs_);
    result_.warnings = run_.warnings;
    credits();
    for (const Outcome& out : run_.outcomes) outcome(out);
    statements();
    ledger();
    return std::move(result_);
  }

 private:
  std::string major(const Exact& value) const { return number_text(value / ten_to(model_.digits)); }

  void credits() {
    for (const Credit& credit : run_.credits) {
      const Date day = run_.facts.rows[credit.event]->date;
      result_.credits.push_back({model_.credits[credit.rule].name, credit.person, run_.facts.keys[credit.event],
                                 model_.period_label(day), major(credit.amount)});
    }
  }

  void outcome(const Outcome& out) {
    const std::string& name = model_.components[out.component].name;
    ComponentResult row{
        out.person,       name,       out.period,    major(out.measured), {}, {}, major(out.raw), major(out.excess),
        major(out.exact), out.amount, out.applicable};
    if (out.goal) {
      row.goal = major(*out.goal);
      if (*out.goal != 0) {
        const Exact percent = out.measured / *out.goal * 100;
        row.attainment = to_string(Decimal{round_number(percent * 100, Rounding::half_up), 2});
      }
    }
    result_.components.push_back(std::move(row));
    for (const Outcome::Line& line : out.lines) {
      result_.lines.push_back({out.person, name,
                               line.event < 0 ? "" : run_.facts.keys[static_cast<std::size_t>(line.event)], out.period,
                               major(line.exact), line.amount, major(line.excess)});
    }
    exact_[{out.person, out.period}] += model_.point == Point::statement ? out.exact : Exact(out.amount);
    if (model_.point != Point::statement) amounts_[{out.person, name, out.period}] = out.amount;
    if (!model_.releases.empty()) release(out, name);
  }

  // The part of the events behind an outcome that a trigger has reached, by amount.
  Exact fired(const Outcome& out, const Release& release) const {
    Exact base = 0;
    Exact reached = 0;
    std::set<int> seen;
    for (const Outcome::Line& line : out.lines) {
      if (line.event < 0 || !seen.insert(line.event).second) continue;
      const EventRow& event = *run_.facts.rows[static_cast<std::size_t>(line.event)];
      const std::string& key = run_.facts.keys[static_cast<std::size_t>(line.event)];
      base += event.amount.minor;
      Exact sum = 0;
      bool any = false;
      for (const EventRow* other : run_.facts.rows) {
        if (other->reverses != key || other->type != release.type) continue;
        sum += other->amount.minor;
        any = true;
      }
      if (!release.proportional) sum = any ? Exact(event.amount.minor) : Exact(0);
      reached += sum;
    }
    if (base == 0) return 0;
    return std::clamp(Exact(reached / base), Exact(0), Exact(1));
  }

  void release(const Outcome& out, const std::string& name) {
    std::vector<Exact> shares;
    for (const Release& one : model_.releases) shares.push_back(one.share);
    const std::vector<Whole> parts = apportion(out.amount, shares);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const Release& one = model_.releases[i];
      const auto amount = static_cast<std::int64_t>(parts[i]);
      const Exact share = one.type.empty() ? Exact(1) : fired(out, one);
      result_.releases.push_back(
          {out.person, name, out.period, one.trigger, amount, round_number(share * amount, model_.mode, model_.unit)});
    }
  }

  // Caps and floors over all components; also the one rounding of plans that round statements.
  void statements() {
    for (const std::string& person : run_.people) {
      Exact carried = 0;
      for (const std::string& period : run_.periods) {
        const Exact before = exact_[{person, period}] + carried;
        Exact after = before;
        Exact carry = 0;
        for (const Modifier& modifier : model_.statement) {
          const Exact bound = lookup_.value(modifier.by, person, period, ten_to(model_.digits));
          if (modifier.kind == Do::floor) after = std::max(after, bound);
          if (modifier.kind == Do::cap && after > bound) {
            if (modifier.carry) carry += after - bound;
            after = bound;
          }
        }
        const bool whole = model_.point == Point::statement;
        const std::int64_t amount =
            round_number(whole ? after : Exact(after - exact_[{person, period}]), model_.mode, model_.unit);
        if (amount != 0) amounts_[{person, std::string(kStatement), period}] = amount;
        carried = carry;
      }
    }
  }

  void ledger() {
    std::map<std::tuple<std::string, std::string, std::string>, std::int64_t> posted;
    for (const PostedLine& line : inputs_.posted) {
      std::int64_t& sum = posted[{line.person, line.component, line.period}];
      sum = checked_add(sum, line.amount, "posted lines");
    }
    const std::set<std::string> closed(inputs_.closed.begin(), inputs_.closed.end());
    for (const auto& [key, amount] : posted) {
      if (closed.contains(std::get<2>(key))) amounts_.try_emplace(key, 0);
    }
    std::map<std::pair<std::string, std::string>, std::int64_t> sums;
    for (const auto& [key, amount] : amounts_) {
      const auto& [person, component, period] = key;
      LedgerLine line{person, component, period, period, "earning", amount};
      if (closed.contains(period)) {
        const auto found = posted.find(key);
        line.amount = checked_sub(amount, found == posted.end() ? 0 : found->second, "correction");
        if (line.amount == 0) continue;
        if (inputs_.open.empty() || closed.contains(inputs_.open)) {
          throw Error(
              Code::state, "inputs", "open",
              fmt::format("{} of {} changes by {} in {}, which is closed; name an open period for corrections.",
                          quote(component), quote(person), to_string(Money{line.amount, model_.currency}), period));
        }
        line.posted = inputs_.open;
        line.kind = "delta";
      }
      std::int64_t& sum = sums[{person, line.posted}];
      sum = checked_add(sum, line.amount, "statement");
      if (line.amount != 0) result_.ledger.push_back(std::move(line));
    }
    for (const auto& [key, amount] : sums) result_.statements.push_back({key.first, key.second, amount});
  }

  const Model& model_;
  const Inputs& inputs_;
  Lookup lookup_;
  Run run_;
  PlanResult result_;
  std::map<std::pair<std::string, std::string>, Exact> exact_;
  std::map<std::tuple<std::string, std::string, std::string>, std::int64_t> amounts_;
};

}  // namespace

PlanResult compute(const PlanDocument& plan, const Inputs& inputs) { return Poster(plan.model(), inputs).post(); }

std::vector<WhatIf> what_if(const PlanDocument& before, const PlanDocument& after, const Inputs& inputs) {
  if (before.currency() != after.currency()) {
    throw Error(Code::invalid, "plan", "currency",
                "The two plans pay in two currencies; their difference is no amount.");
  }
  Inputs open = inputs;  // what is posted belongs to the plan that was in force
  open.closed.clear();
  open.posted.clear();
  open.open.clear();
  std::map<std::string, WhatIf> people;
  const auto add = [&](const PlanDocument& plan, std::int64_t WhatIf::*side) {
    for (const StatementResult& row : compute(plan, open).statements) {
      WhatIf& one = people[row.person];
      one.person = row.person;
      one.*side = checked_add(one.*side, row.amount, "what-if");
    }
  };
  add(before, &WhatIf::before);
  add(after, &WhatIf::after);
  std::vector<WhatIf> result;
  for (auto& [person, row] : people) result.push_back(std::move(row));
  return result;
}

}  // namespace kith::incentive
