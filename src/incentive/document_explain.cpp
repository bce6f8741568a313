// SPDX-License-Identifier: Apache-2.0
// The steps from the facts to an amount, in words.
#include <fmt/format.h>

#include <algorithm>

#include "base/quote.hpp"
#include "incentive/document_engine.hpp"
#include "kith/base/error.hpp"

namespace kith::incentive {
namespace {

using namespace general;

struct Words {
  std::string_view credit, measured, goal, not_applicable, piece, raw, step, rounding, line;
};

constexpr Words kEnglish = {"  credit of {1} from event {0}\n",
                            "  measured: {}\n",
                            "  goal: {}, attainment {} %\n",
                            "  not applicable: no goal above 0\n",
                            "  row {}: {} x {} = {}\n",
                            "  before modifiers: {}\n",
                            "  {}: {} becomes {}\n",
                            "  rounded ({}): {}\n",
                            "  event {}: {}\n"};
constexpr Words kChinese = {"  事件 {0} 计入 {1}\n",
                            "  计量合计：{}\n",
                            "  目标：{}，达成率 {} %\n",
                            "  不适用：没有大于 0 的目标\n",
                            "  第 {} 档：{} × {} = {}\n",
                            "  调整前：{}\n",
                            "  {}：{} 变为 {}\n",
                            "  舍入（{}）：{}\n",
                            "  事件 {}：{}\n"};

class Writer {
 public:
  Writer(const Model& model, const Run& run, const Words& words) : model_(model), run_(run), words_(words) {}

  std::string write(const Outcome& out) {
    const ComponentRule& rule = model_.components[out.component];
    credits(out, rule);
    put(words_.measured, major(out.measured));
    if (out.goal && *out.goal != 0) {
      const Exact percent = out.measured / *out.goal * 10000;
      put(words_.goal, major(*out.goal), to_string(Decimal{round_number(percent, Rounding::half_up), 2}));
    }
    if (!out.applicable) put(words_.not_applicable);
    const bool money = rule.table.unit == Unit::amount || rule.table.unit == Unit::per_unit;
    const bool plain = money && rule.kind == Kind::tiers;  // the input is a count, the value an amount
    for (const Piece& piece : out.pieces) {
      put(words_.piece, std::to_string(piece.row + 1), plain ? number_text(piece.input) : major(piece.input),
          plain ? major(piece.value) : number_text(piece.value), major(piece.product));
    }
    put(words_.raw, major(out.raw));
    for (const Step& step : out.steps) put(words_.step, step.what, major(step.before), major(step.after));
    const std::string mode(name_of(model_.mode));
    for (const Outcome::Line& line : out.lines) {
      if (line.event < 0 || line.amount == 0) continue;
      put(words_.line, run_.facts.keys[static_cast<std::size_t>(line.event)], money_text(line.amount));
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
    for (const Credit& credit : run_.credits) {
      if (credit.person != out.person) continue;
      const std::string& name = model_.credits[credit.rule].name;
      if (std::find(measure->credits.begin(), measure->credits.end(), name) == measure->credits.end()) continue;
      const std::size_t dated =
          measure->return_period == Reversal::original ? run_.facts.origin(credit.event) : credit.event;
      if (model_.period_label(run_.facts.rows[dated]->date) != out.period) continue;
      put(words_.credit, run_.facts.keys[credit.event], major(credit.amount));
    }
  }

  const Model& model_;
  const Run& run_;
  const Words& words_;
  std::string text_;
};

}  // namespace

std::string explain(const PlanDocument& plan, const Inputs& inputs, std::string_view person, std::string_view component,
                    std::string_view period, std::string_view language) {
  if (language != "en" && language != "zh") {
    throw Error(Code::invalid, "commission", "language", fmt::format("{} is none of en, zh.", quote(language)));
  }
  const Model& model = plan.model();
  const Run run = run_plan(model, inputs);
  for (const Outcome& out : run.outcomes) {
    if (out.person != person || model.components[out.component].name != component || out.period != period) continue;
    std::string text = fmt::format("{} {} {} ({} v{}, {})\n", person, component, period, model.name, model.version,
                                   plan.hash().substr(0, 12));
    return text + Writer(model, run, language == "zh" ? kChinese : kEnglish).write(out);
  }
  throw Error(Code::not_found, "commission", "",
              fmt::format("There is no {} of {} in {}.", quote(component), quote(person), quote(period)));
}

}  // namespace kith::incentive
