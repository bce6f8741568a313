// SPDX-License-Identifier: Apache-2.0
#include "kith/incentive/trace_text.hpp"

#include <fmt/format.h>

#include <optional>
#include <string_view>

#include "incentive/exact_text.hpp"
#include "kith/base/rate.hpp"

namespace kith::incentive {
namespace {

constexpr std::string_view kKinds[] = {"", "", "明细", "提成项目", "结算单"};  // by StepKind from slice on

/// What follows `before` in a text that begins with it.
std::optional<std::string_view> after(std::string_view text, std::string_view before) {
  if (text.substr(0, before.size()) != before) return std::nullopt;
  return text.substr(before.size());
}

/// The text around the first `word`.
std::optional<std::pair<std::string_view, std::string_view>> around(std::string_view text, std::string_view word) {
  const std::size_t at = text.find(word);
  if (at == std::string_view::npos) return std::nullopt;
  return std::pair(text.substr(0, at), text.substr(at + word.size()));
}

/// A label that Kith wrote ("band 2 from 1000.00", "fact 7 of 2017-03-01 after 12.00"), else the label itself.
std::string label_of(const Step& step) {
  const std::string_view label = step.label;
  if (const auto mode = after(label, "rounding "); mode && step.kind == StepKind::rounding) {
    return fmt::format("舍入（{}）", *mode);
  }
  if (const auto band = after(label, "band "); band && step.kind == StepKind::slice) {
    if (const auto parts = around(*band, " from "))
      return fmt::format("第 {} 档（自 {} 起）", parts->first, parts->second);
  }
  const auto fact = after(label, "fact ");
  const auto parts = fact && step.kind == StepKind::line ? around(*fact, " of ") : std::nullopt;
  if (!parts) return std::string(label);
  if (const auto gone = around(parts->second, " no longer counts")) {
    return fmt::format("事实 {}（{}）不再计入", parts->first, gone->first);
  }
  if (const auto running = around(parts->second, " after ")) {
    return fmt::format("事实 {}（{}，此前累计 {}）", parts->first, running->first, running->second);
  }
  return fmt::format("事实 {}（{}）", parts->first, parts->second);
}

void describe(const Trace& trace, const Step& step, int depth, std::string& out) {
  const int scale = minor_digits(trace.currency) + kRateScale;
  const std::string value = exact_text(step.value, scale);
  const std::string input = to_string(Money{step.input, trace.currency});
  out.append(static_cast<std::size_t>(depth) * 2, ' ');
  if (step.kind == StepKind::slice) {
    out += fmt::format("{}：{} × {} % = {}", label_of(step), input, exact_text(step.rate, kRateScale - 2), value);
  } else if (step.kind == StepKind::rounding) {
    out += fmt::format("{}：", label_of(step));
    if (step.before != 0) out += fmt::format("此前累计 {}，", exact_text(step.before, scale));
    out += fmt::format("累计至 {}，差额 {}", exact_text(step.after, scale), value);
  } else {
    const std::string_view kind = kKinds[static_cast<std::size_t>(step.kind) - 1];
    out += fmt::format("{} {}：计入 {}，所得 {}", kind, label_of(step), input, value);
  }
  out += '\n';
  for (const Step& part : step.parts) describe(trace, part, depth + 1, out);
}

}  // namespace

std::string to_text(const Trace& trace, Language language) {
  if (language != Language::chinese) return to_text(trace);
  std::string out =
      fmt::format("{}：按方案 {} 第 {} 版（SHA-256 {}）\n",
                  trace.rounded ? display(Money{trace.amount, trace.currency}) : std::string("未舍入所得"), trace.plan,
                  trace.version, trace.plan_hash);
  describe(trace, trace.root, 0, out);
  out += fmt::format("事实：{}\n", fmt::join(trace.root.facts, "、"));
  return out;
}

}  // namespace kith::incentive
