// SPDX-License-Identifier: Apache-2.0
#include "kith/incentive/trace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "incentive/exact_text.hpp"
#include "incentive/kernel.hpp"
#include "kith/base/error.hpp"

namespace kith::incentive {
namespace {

std::vector<Fact> in_order(std::span<const Fact> facts) {
  std::vector<Fact> sorted(facts.begin(), facts.end());
  std::vector<std::int64_t> ids;
  for (const Fact& fact : facts) ids.push_back(fact.id);
  std::sort(ids.begin(), ids.end());
  if (const auto twice = std::adjacent_find(ids.begin(), ids.end()); twice != ids.end()) {
    throw Error(Code::invalid, "fact", "id", fmt::format("{} is the id of two facts; an id names one.", *twice));
  }
  std::sort(sorted.begin(), sorted.end(), [](const Fact& a, const Fact& b) {
    return std::tie(a.date, a.sequence, a.id) < std::tie(b.date, b.sequence, b.id);
  });
  return sorted;
}

// Builds the steps of one component.
class Explainer {
 public:
  Explainer(const Plan& plan, const Component& component)
      : plan_(plan), component_(component), kernel_(compile(component, plan.rounding)) {}

  // The total over the facts.
  Step total(const std::vector<Fact>& facts) const {
    Step step;
    step.kind = StepKind::component;
    step.label = component_.name;
    const bool by_line = point() == RoundingPoint::line;
    Running running;
    for (const Fact& fact : facts) {
      step.facts.push_back(fact.id);
      const Running before = running;
      const Line line = compute_line(kernel_, running, fact.amount);
      if (by_line || kernel_.accumulate == Accumulate::none) {
        step.parts.push_back(line_step(fact, line, before.exact, by_line));
        step.value += step.parts.back().value;
      }
    }
    step.input = running.base;
    if (!by_line && kernel_.accumulate == Accumulate::interval) {
      add_slices(step, 0, running.base);
      step.value = running.exact;
    }
    if (point() == RoundingPoint::telescoped) round_step(step, plan_.rounding, 0, step.value);
    return step;
  }

  // The line of the last of the facts.
  Step line(const std::vector<Fact>& facts) const {
    Running running;
    Running before;
    Line line;
    for (const Fact& fact : facts) {
      before = running;
      line = compute_line(kernel_, running, fact.amount);
    }
    Step step = line_step(facts.back(), line, before.exact, point() != RoundingPoint::statement);
    if (kernel_.accumulate == Accumulate::interval || point() == RoundingPoint::telescoped) {
      step.facts.clear();
      for (const Fact& fact : facts) step.facts.push_back(fact.id);
    }
    return step;
  }

  /// Appends the leaf that tells what rounding changes, unless it changes nothing, and rounds the step's value.
  static void round_step(Step& step, const PlanRounding& rounding, Int128 before, Int128 after) {
    const Int128 rounded = Int128{round_exact(after, rounding.mode)} - round_exact(before, rounding.mode);
    const Int128 change = rounded * kRateUnit - (after - before);
    step.value += change;
    if (change == 0) return;
    Step leaf;
    leaf.kind = StepKind::rounding;
    leaf.label = fmt::format("rounding {}", name_of(rounding.mode));
    leaf.value = change;
    leaf.before = before;
    leaf.after = after;
    step.parts.push_back(std::move(leaf));
  }

 private:
  RoundingPoint point() const { return plan_.rounding.point; }

  Step line_step(const Fact& fact, const Line& line, Int128 running_exact, bool rounds) const {
    Step step;
    step.kind = StepKind::line;
    step.label = fmt::format("fact {} of {}", fact.id, to_string(fact.date));
    if (kernel_.accumulate == Accumulate::interval) {
      step.label += fmt::format(" after {}", to_string(Money{line.before, plan_.currency}));
    }
    step.facts.push_back(fact.id);
    step.input = fact.amount;
    step.value = line.exact;
    if (kernel_.accumulate == Accumulate::interval) {
      add_slices(step, line.before, line.before + fact.amount);
    } else {
      add_slices(step, 0, fact.amount);
    }
    if (!rounds) return step;
    const Int128 before = point() == RoundingPoint::telescoped ? running_exact : Int128{0};
    round_step(step, plan_.rounding, before, before + line.exact);
    return step;
  }

  void add_slices(Step& step, std::int64_t before, std::int64_t after) const {
    for (const Slice& slice : compute_slices(kernel_, before, after)) {
      const Band& band = component_.tiers.bands[static_cast<std::size_t>(slice.band)];
      Step leaf;
      leaf.kind = StepKind::slice;
      leaf.label = fmt::format("band {} from {}", slice.band + 1, to_string(Money{band.from.minor, plan_.currency}));
      leaf.input = slice.input;
      leaf.rate = slice.rate;
      leaf.value = slice.product;
      step.parts.push_back(std::move(leaf));
    }
  }

  const Plan& plan_;
  const Component& component_;
  Kernel kernel_;
};

const Component& component_at(const Plan& plan, std::size_t index) {
  if (index < plan.components.size()) return plan.components[index];
  throw Error(
      Code::invalid, "plan", "components",
      fmt::format("Component {} is asked for; {} has {}, counted from 0.", index, plan.name, plan.components.size()));
}

Trace trace_of(const Plan& plan, Step root, bool rounded) {
  Trace trace;
  trace.plan = plan.name;
  trace.version = plan.version;
  trace.plan_hash = to_hex(hash_of(plan));
  trace.currency = plan.currency;
  trace.rounding = plan.rounding;
  trace.rounded = rounded;
  if (rounded) trace.amount = divide(root.value, kRateUnit, Rounding::down);
  trace.root = std::move(root);
  return trace;
}

bool rounds_early(const Plan& plan) { return plan.rounding.point != RoundingPoint::statement; }

}  // namespace

Trace explain_total(const Plan& plan, std::size_t component, std::span<const Fact> facts) {
  check(plan);
  const Explainer explainer(plan, component_at(plan, component));
  return trace_of(plan, explainer.total(in_order(facts)), rounds_early(plan));
}

Trace explain_line(const Plan& plan, std::size_t component, std::span<const Fact> facts, std::int64_t fact) {
  check(plan);
  const Explainer explainer(plan, component_at(plan, component));
  std::vector<Fact> upto = in_order(facts);
  const auto found = std::find_if(upto.begin(), upto.end(), [&](const Fact& f) { return f.id == fact; });
  if (found == upto.end()) {
    throw Error(Code::not_found, "fact", "id", fmt::format("{} is none of the {} facts given.", fact, upto.size()));
  }
  upto.erase(found + 1, upto.end());
  return trace_of(plan, explainer.line(upto), rounds_early(plan));
}

Trace explain_statement(const Plan& plan, std::span<const Fact> facts) {
  check(plan);
  const std::vector<Fact> sorted = in_order(facts);
  Step root;
  root.kind = StepKind::statement;
  root.label = plan.name;
  for (const Fact& fact : sorted) {
    root.facts.push_back(fact.id);
    root.input = checked_add(root.input, fact.amount, "net credit of a person");
  }
  for (const Component& component : plan.components) {
    root.parts.push_back(Explainer(plan, component).total(sorted));
    root.value += root.parts.back().value;
  }
  if (!rounds_early(plan)) Explainer::round_step(root, plan.rounding, 0, root.value);
  return trace_of(plan, std::move(root), true);
}

namespace {

void describe(const Trace& trace, const Step& step, int depth, std::string& out) {
  const int digits = minor_digits(trace.currency);
  const int scale = digits + kRateScale;
  const std::string value = exact_text(step.value, scale);
  out.append(static_cast<std::size_t>(depth) * 2, ' ');
  if (step.kind == StepKind::slice) {
    out += fmt::format("{}: {} x {} % = {}", step.label, to_string(Money{step.input, trace.currency}),
                       exact_text(step.rate, kRateScale - 2), value);
  } else if (step.kind == StepKind::rounding) {
    out += fmt::format("{}: ", step.label);
    if (step.before != 0) out += fmt::format("from running {} ", exact_text(step.before, scale));
    out += fmt::format("to {}, changes {}", exact_text(step.after, scale), value);
  } else {
    const std::string_view kind = Choices<StepKind>::names[static_cast<std::size_t>(step.kind) - 1];
    out +=
        fmt::format("{} {}: credit {} earns {}", kind, step.label, to_string(Money{step.input, trace.currency}), value);
  }
  out += '\n';
  for (const Step& part : step.parts) describe(trace, part, depth + 1, out);
}

}  // namespace

std::string to_text(const Trace& trace) {
  std::string out =
      fmt::format("{} by plan {}, version {} (SHA-256 {})\n",
                  trace.rounded ? display(Money{trace.amount, trace.currency}) : std::string("Unrounded earning"),
                  trace.plan, trace.version, trace.plan_hash);
  describe(trace, trace.root, 0, out);
  out += fmt::format("facts: {}\n", fmt::join(trace.root.facts, ", "));
  return out;
}

}  // namespace kith::incentive
