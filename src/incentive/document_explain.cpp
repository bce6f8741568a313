// SPDX-License-Identifier: Apache-2.0
// The steps from the facts to an amount, in words.
#include <fmt/format.h>

#include <algorithm>

#include "base/quote.hpp"
#include "incentive/document_pay.hpp"
#include "incentive/document_results.hpp"
#include "kith/base/error.hpp"
#include "kith/base/sha256.hpp"

namespace kith::incentive {
namespace {

using namespace general;

struct Words {
  std::string_view credit, exchange, measured, goal, not_applicable, piece, blended, raw, step, rounding, line;
  std::string_view earlier, before, weight, carried, rest, taken, all, components, adds;
  bool chinese = false;
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
                            "  event {}: {}\n",
                            "  before this period: {}\n",
                            "  paid for that before: {}\n",
                            "  weight: {}\n",
                            "  carried from the period before: {}\n",
                            "  of no single event: {}\n",
                            "  event {0} takes back of event {1}, which paid {2} in {3}: {4}\n",
                            "  in all: {}\n",
                            "  all components: {}\n",
                            "  more than the components: {}\n"};
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
                            "  事件 {}：{}\n",
                            "  本期之前：{}\n",
                            "  此前已计付：{}\n",
                            "  权重：{}\n",
                            "  上期结转：{}\n",
                            "  不属于单个事件：{}\n",
                            "  事件 {0} 追回事件 {1} 在项目 {3} 的所得 {2}：{4}\n",
                            "  合计：{}\n",
                            "  全部项目：{}\n",
                            "  与各项目合计之差：{}\n",
                            true};

// What plans call things, in Chinese.
std::string_view in_chinese(std::string_view word) {
  static constexpr std::pair<std::string_view, std::string_view> kNames[] = {{"multiply", "乘以系数"},
                                                                             {"add", "加计"},
                                                                             {"cap", "封顶"},
                                                                             {"floor", "保底"},
                                                                             {"prorate", "按比例折算"},
                                                                             {"disqualify", "取消资格"},
                                                                             {"gate", "门槛"},
                                                                             {"half_up", "四舍五入"},
                                                                             {"half_even", "四舍六入五成双"},
                                                                             {"half_down", "五舍六入"},
                                                                             {"down", "向零舍去"},
                                                                             {"up", "向外进位"},
                                                                             {"ceiling", "向上取整"},
                                                                             {"half_ceiling", "半数向上取整"},
                                                                             {"transaction", "交易日汇率"},
                                                                             {"period_avg", "期间平均汇率"},
                                                                             {"period_end", "期末汇率"},
                                                                             {"plan_fixed", "方案固定汇率"}};
  for (const auto& [name, chinese] : kNames) {
    if (name == word) return chinese;
  }
  return word;
}

class Writer {
 public:
  Writer(const Model& model, const Ground& ground, const Credits& credits, const Words& words)
      : model_(model), ground_(ground), credits_(credits), words_(words) {}

  /// `carried`: what the period before left over.
  std::string write(const Outcome& out, const Exact& carried) {
    const ComponentRule& rule = model_.components[static_cast<std::size_t>(out.component)];
    credits(out, rule);
    if (looks_back(rule)) put(words_.earlier, major(out.measured - own_sum(out, rule)));
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
      Exact all = 0;
      for (const Piece& piece : out.pieces) all += piece.product;
      put(words_.blended, number_text(all / out.measured * 100));
    }
    paid_before(out, rule, carried);
    if (rule.weight != 1) put(words_.weight, number_text(rule.weight));
    if (carried != 0) put(words_.carried, major(carried));
    put(words_.raw, major(out.raw));
    for (const Step& step : out.steps) put(words_.step, named(step.what), major(step.before), major(step.after));
    const std::string mode(rounding());
    for (const Outcome::Line& line : out.lines) {
      if (line.amount == 0) continue;
      if (line.event < 0) {
        put(words_.rest, money_text(line.amount));
      } else {
        put(words_.line, ground_.facts.key(static_cast<std::size_t>(line.event)), money_text(line.amount));
      }
    }
    if (model_.point != Point::statement) put(words_.rounding, mode, money_text(out.amount));
    return std::move(text_);
  }

  /// What a clawback takes back of a person in a period.
  std::string taken_back(std::size_t clawback, Index person, Index period, Evaluator& evaluator) {
    const EventPays pays = pays_by_event(model_, ground_, credits_, evaluator);
    std::int64_t sum = 0;
    for (const Taken& one : claw_back(model_, ground_, pays)) {
      if (one.clawback != clawback || one.person != person || one.period != period) continue;
      const std::size_t origin = ground_.facts.origin(one.event);
      const std::string& of = model_.components[static_cast<std::size_t>(one.component)].name;
      put(words_.taken, ground_.facts.key(one.event), ground_.facts.key(origin), money_text(one.paid), of,
          money_text(one.amount));
      sum = checked_add(sum, one.amount, "clawback");
    }
    put(words_.all, money_text(sum));
    return std::move(text_);
  }

  /// Caps and floors over all components of a person.
  std::string whole(const Bounded& out) {
    put(words_.components, major(out.own));
    if (out.carried != 0) put(words_.carried, major(out.carried));
    for (const Step& step : out.steps) put(words_.step, named(step.what), major(step.before), major(step.after));
    if (model_.point != Point::statement) put(words_.adds, major(out.after - out.own));
    put(words_.rounding, rounding(), money_text(out.amount));
    return std::move(text_);
  }

 private:
  std::string_view rounding() const {
    if (words_.chinese && model_.mode == Rounding::floor) return "向下取整";  // a modifier is called so, too
    return named(name_of(model_.mode));
  }
  std::string_view named(std::string_view word) const { return words_.chinese ? in_chinese(word) : word; }

  bool looks_back(const ComponentRule& rule) const {
    const Measure* measure = rule.kind == Kind::tiers ? model_.measure(rule.measure) : nullptr;
    return measure != nullptr &&
           (measure->accumulate == Accumulating::year_to_date || measure->accumulate == Accumulating::lifetime);
  }
  Exact own_sum(const Outcome& out, const ComponentRule& rule) const {
    const auto index = static_cast<std::size_t>(model_.measure(rule.measure) - model_.measures.data());
    return credits_.sum(index, out.person, out.period);
  }

  // Slices of a measure that looks back pay for all of it; what they paid for the part before is taken off.
  void paid_before(const Outcome& out, const ComponentRule& rule, const Exact& carried) {
    const bool each = std::any_of(rule.modifiers.begin(), rule.modifiers.end(),
                                  [](const Modifier& modifier) { return modifier.per == "event"; });
    if (!looks_back(rule) || each || rule.weight == 0 || !out.applicable) return;
    Exact all = 0;
    for (const Piece& piece : out.pieces) all += piece.product;
    put(words_.before, major(all - (out.raw - carried) / rule.weight));
  }

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
        named(rule.fx), to_string(ground_.facts.date(dated)));
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
  const auto heading = [&] {
    return fmt::format("{} {} {} ({} v{}, {})\n", shown, component, period, model.name, model.version,
                       to_hex(sha256(model.canonical)).substr(0, 12));
  };
  Writer writer(model, ground, credits, language == "zh" ? kChinese : kEnglish);
  const bool live = who >= 0 && when >= 0 && credits.live_person(who) && credits.live_period(when);
  for (std::size_t c = 0; live && c < model.components.size(); ++c) {
    if (model.components[c].name != component) continue;
    Exact carried = 0;
    for (const Outcome& earlier : evaluator.outcomes(c, who)) {
      if (earlier.period < when) carried = earlier.carry;
    }
    return heading() + writer.write(evaluator.explained(c, who, when), carried);
  }
  const bool known = who >= 0 && when >= 0 && credits.live_person(who);  // a loss credits nobody
  for (std::size_t k = 0; known && k < model.clawbacks.size(); ++k) {
    if (model.clawbacks[k].name == component) return heading() + writer.taken_back(k, who, when, evaluator);
  }
  if (live && component == kWholeStatement && bounded(model)) {
    return heading() + writer.whole(bounded_of(model, ground, credits, evaluator, who, when));
  }
  throw Error(Code::not_found, "commission", "",
              fmt::format("There is no {} of {} in {}.", quote(component), quote(shown), quote(period)));
}

}  // namespace kith::incentive
