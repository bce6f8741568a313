// SPDX-License-Identifier: Apache-2.0
// Does the arithmetic of a trace again. A trace may come from anybody, so every sum is checked for overflow.
#include <fmt/format.h>

#include "incentive/plan_rules.hpp"
#include "kith/base/error.hpp"
#include "kith/incentive/trace.hpp"

namespace kith::incentive {
namespace {

Int128 add(Int128 a, Int128 b) {
  Int128 sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) throw Error(Code::overflow, "The steps of the trace leave 128 bits.");
  return sum;
}

Int128 subtract(Int128 a, Int128 b) {
  Int128 difference = 0;
  if (__builtin_sub_overflow(a, b, &difference)) {
    throw Error(Code::overflow, "The steps of the trace leave 128 bits.");
  }
  return difference;
}

class Checker {
 public:
  explicit Checker(const Trace& trace) : trace_(trace) {}

  std::vector<Violation> run() {
    step(trace_.root, "root");
    const Int128 amount = Int128{trace_.amount} * kRateUnit;
    if (trace_.rounded && trace_.root.value != amount) fail("amount", "It is not what the root step earns.");
    if (trace_.rounded && leaves_ != amount) fail("amount", "The leaves do not sum to it.");
    if (!trace_.rounded && leaves_ != trace_.root.value) fail("root", "The leaves do not sum to its value.");
    if (!trace_.rounded && trace_.amount != 0) fail("amount", "Nothing was rounded, so there is none.");
    return std::move(found_);
  }

 private:
  void fail(const std::string& path, std::string message) { found_.push_back({"trace", path, std::move(message)}); }

  void step(const Step& step, const std::string& path) {
    switch (step.kind) {
      case StepKind::slice:
        if (step.value != Int128{step.input} * step.rate) fail(path, "The value is not input x rate.");
        break;
      case StepKind::rounding: rounding(step, path); break;
      case StepKind::line:
      case StepKind::component:
      case StepKind::statement: sum(step, path); return;
    }
    leaves_ = add(leaves_, step.value);
    if (!step.parts.empty()) fail(path, "A leaf has no parts.");
  }

  void rounding(const Step& step, const std::string& path) {
    const Rounding mode = trace_.rounding.mode;
    const Int128 rounded = Int128{round_exact(step.after, mode)} - round_exact(step.before, mode);
    if (add(step.value, subtract(step.after, step.before)) != rounded * kRateUnit) {
      fail(path, fmt::format("The value is not what rounding {} changes.", name_of(mode)));
    }
  }

  // Parts sum to the step; slices and lines take all of its credit; a rounding starts from what was earned.
  void sum(const Step& parent, const std::string& path) {
    Int128 value = 0;
    Int128 credit = 0;
    bool takes_credit = false;
    for (std::size_t i = 0; i < parent.parts.size(); ++i) {
      const Step& part = parent.parts[i];
      const std::string where = at(below(path, "parts"), i);
      step(part, where);
      if (part.kind == StepKind::rounding && subtract(part.after, part.before) != value) {
        fail(where, "The rounding does not start from the sum of the steps before it.");
      }
      value = add(value, part.value);
      if (part.kind == StepKind::slice || part.kind == StepKind::line) {
        credit = add(credit, part.input);
        takes_credit = true;
      } else if (part.kind == StepKind::component && part.input != parent.input) {
        fail(where, "A component starts from the credit of its statement.");
      }
    }
    if (value != parent.value) fail(path, "The parts do not sum to the value.");
    if (takes_credit && credit != parent.input) fail(path, "The parts do not take up the credit.");
  }

  const Trace& trace_;
  Int128 leaves_ = 0;
  std::vector<Violation> found_;
};

}  // namespace

std::vector<Violation> recheck(const Trace& trace) { return Checker(trace).run(); }

}  // namespace kith::incentive
