// SPDX-License-Identifier: Apache-2.0
// The steps from the facts to an amount, in words.
#include <fmt/format.h>

#include <algorithm>

#include "base/quote.hpp"
#include "incentive/document_results.hpp"
#include "kith/base/error.hpp"
#include "kith/base/sha256.hpp"

namespace kith::incentive {
namespace {

using namespace general;

struct Words {
  std::string_view credit, exchange, measured, goal, not_applicable, piece, blended, raw, step, rounding, line;
};

constexpr Words kEnglish = {"  credit of {1} from event {0}\n",
                            "    {0} {1} at {2} ({3}, {4})\n",
                            "  measured: {}\n",
                            "  goal: {}, attainment {} %\n",
                            "  not applicable: no goal above 0\n",
                            "  row {}: {} x {} = {}\n",
                            "  blended rate: {} %\n",
                            "  before modifiers: {}\n",
                            "  {}: {} becomes {}\n",
                            "  rounded ({}): {}\n",
                            "  event {}: {}\n"};
constexpr Words kChinese = {"  事件 {0} 计入 {1}\n",
                            "    {0} {1} 按 {2} 折算（{3}，{4}）\n",
                            "  计量合计：{}\n",
                            "  目标：{}，达成率 {} %\n",
                            "  不适用：没有大于 0 的目标\n",
                            "  第 {} 档：{} × {} = {}\n",
                            "  综合费率：{} %\n",
                            "  调整前：{}\n",
                            "  {}：{} 变为 {}\n",
                            "  舍入（{}）：{}\n",
                            "  事件 {}：{}\n"};

class Writer {
 public:
  Writer(const Model& model, const Ground& ground, const Credits& credits, const Words& words)
      : model_(model), ground_(ground), credits_(credits), words_(words) {}

  std::string write(const Outcome& out) {
    const ComponentRule& rule = model_.components[static_cast<std::size_t>(out.component)];
    credits(out, rule);
    put(words_.measured, major(out.measured));
    if (out.goal && *out.goal != 0) {
      const Exact percent = out.measured / *out.goal * 10000;
      put(words_.goal, major(*out.goal), to_string(Decimal{round_number(percent, Rounding::half_up), 2}));
    }
    if (!out.applicable) put(words_.not_applicable);
    const bool money = rule.table.unit == Unit::amount || rule.table.unit == Unit::per_unit;
    const bool plain = rule.kind == Kind::rank || (money && rule.kind == Kind::tiers);  // the input is a count
    for (const Piece& piece : out.pieces) {
      put(words_.piece, std::to_string(piece.row + 1), plain ? number_text(piece.input) : major(piece.input),
          plain ? major(piece.value) : number_text(piece.value), major(piece.product));
    }
    if (rule.table.unit == Unit::pct_of_base && out.pieces.size() > 1 && !out.measured.is_zero()) {
      put(words_.blended, number_text(out.raw / out.measured * 100));
    }
    put(words_.raw, major(out.raw));
    for (const Step& step : out.steps) put(words_.step, step.what, major(step.before), major(step.after));
    const std::string mode(name_of(model_.mode));
    for (const Outcome::Line& line : out.lines) {
      if (line.event < 0 || line.amount == 0) continue;
      put(words_.line, ground_.facts.key(static_cast<std::size_t>(line.event)), money_text(line.amount));
    }
    if (model_.point != Point::statement) put(words_.rounding, mode, money_text(out.amount));
    return std::move(text_);
  }

 private:
  template <class... T>
  void put(std::string_view words, const T&... parts) {
    text_ += fmt::vformat(words, fmt::make_format_args(parts...));
  }
  std::string major(const Exact& value) const { return number_text(value / ten_to(model_.digits)); }
  std::string money_text(std::int64_t minor) const { return to_string(Money{minor, model_.currency}); }

  void credits(const Outcome& out, const ComponentRule& rule) {
    const Measure* measure = model_.measure(rule.measure);
    if (measure == nullptr) return;
    const auto index = static_cast<std::size_t>(measure - model_.measures.data());
    for (const std::uint32_t row : credits_.rows(index, out.person, out.period)) {
      const Credit& credit = credits_.all()[row];
      put(words_.credit, ground_.facts.key(credit.event), major(credit.amount));
      exchange(credit);
    }
  }

  // The rate an amount of another currency came by.
  void exchange(const Credit& credit) {
    const Currency from = ground_.facts.currency(credit.event);
    if (from == model_.currency) return;
    const CreditRule& rule = model_.credits[static_cast<std::size_t>(credit.rule)];
    const std::size_t dated = rule.reversal == Reversal::original ? ground_.facts.origin(credit.event) : credit.event;
    const Exact& rate =
        ground_.lookup.rate(from, rule.fx, ground_.facts.date(dated), [&] { return ground_.facts.key(credit.event); });
    put(words_.exchange, to_string(Money{ground_.facts.amount(credit.event), from}), code_of(from), number_text(rate),
        rule.fx, to_string(ground_.facts.date(dated)));
  }

  const Model& model_;
  const Ground& ground_;
  const Credits& credits_;
  const Words& words_;
  std::string text_;
};

}  // namespace

std::string general::explain_outcome(const Model& model, const Ground& ground, const Credits& credits,
                                     Evaluator& evaluator, std::string_view person, std::string_view shown,
                                     std::string_view component, std::string_view period, std::string_view language) {
  if (language != "en" && language != "zh") {
    throw Error(Code::invalid, "commission", "language", fmt::format("{} is none of en, zh.", quote(language)));
  }
  const Index who = ground.people.find(person);
  const Index when = ground.periods.find(period);
  for (std::size_t c = 0; c < model.components.size(); ++c) {
    if (model.components[c].name != component) continue;
    if (who < 0 || when < 0 || !credits.live_person(who) || !credits.live_period(when)) break;
    std::string text = fmt::format("{} {} {} ({} v{}, {})\n", shown, component, period, model.name, model.version,
                                   to_hex(sha256(model.canonical)).substr(0, 12));
    const Outcome out = evaluator.explained(c, who, when);
    return text + Writer(model, ground, credits, language == "zh" ? kChinese : kEnglish).write(out);
  }
  throw Error(Code::not_found, "commission", "",
              fmt::format("There is no {} of {} in {}.", quote(component), quote(shown), quote(period)));
}

}  // namespace kith::incentive
