// SPDX-License-Identifier: Apache-2.0
#include "incentive/document_told.hpp"

#include <fmt/args.h>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/json.hpp"
#include "incentive/exact_number.hpp"
#include "kith/base/decimal.hpp"
#include "kith/base/error.hpp"

namespace kith::incentive::general {
namespace {

struct Words {
  std::string_view kind, english, chinese;
};

constexpr Words kWords[] = {
    {"credit", "  credit of {amount} from event {event}: {base} {base_amount} x {share} as {role}\n",
     "  事件 {event} 计入 {amount}：{base} {base_amount} × {share}（{role}）\n"},
    {"credit_weight", "  credit of {amount} from event {event}: {base} {base_amount} x {share} by weight as {role}\n",
     "  事件 {event} 计入 {amount}：{base} {base_amount} × {share}（{role}，按权重）\n"},
    {"credit_value", "  credit of {amount} from event {event}: {base} {base_amount} x {share} by value {value}\n",
     "  事件 {event} 计入 {amount}：{base} {base_amount} × {share}（按数值 {value}）\n"},
    {"credit_chain",
     "  credit of {amount} from event {event}: {base} {base_amount} x {share} of {person} as {role}, x {level_share} "
     "at "
     "level {level}\n",
     "  事件 {event} 计入 {amount}：{base} {base_amount} × {share}（{person}，{role}）× {level_share}（第 {level} "
     "级）\n"},
    {"takes_back", "    takes back what event {of} gave\n", "    冲回事件 {of} 的计入\n"},
    {"expression", "    {text} = {amount}, with {reads}\n", "    {text} = {amount}，其中 {reads}\n"},
    {"expression_plain", "    {text} = {amount}\n", "    {text} = {amount}\n"},
    {"margin", "    margin: {amount} - {cost} = {margin}\n", "    毛利：{amount} - {cost} = {margin}\n"},
    {"credit_rounded", "    {exact} is rounded to {amount}\n", "    {exact} 舍入为 {amount}\n"},
    {"commission", "  commission of {person} in {component}: {amount}\n",
     "  {person} 在项目 {component} 的提成：{amount}\n"},
    {"value", "  value {name}: {value} x {times} = {amount}\n", "  数值 {name}：{value} × {times} = {amount}\n"},
    {"value_above", "  value {name}: ({value} - {above}) x {times} = {amount}\n",
     "  数值 {name}：({value} - {above}) × {times} = {amount}\n"},
    {"value_below", "  value {name}: {value} does not exceed {above}: {amount}\n",
     "  数值 {name}：{value} 未超过 {above}：{amount}\n"},
    {"target_pay", "  target pay: {amount}\n", "  目标薪酬：{amount}\n"},
    {"exchange", "    {amount} {currency} at {rate} ({rate_kind}, {on})\n",
     "    {amount} {currency} 按 {rate} 折算（{rate_kind}，{on}）\n"},
    {"before_period", "  before this period: {amount}\n", "  本期之前：{amount}\n"},
    {"measured", "  measured: {amount}\n", "  计量合计：{amount}\n"},
    {"measured_by", "  measured: {amount} ({aggregate})\n", "  计量合计：{amount}（{aggregate}）\n"},
    {"goal_before", "  goal before ramp and days: {amount}\n", "  爬坡与折算前的目标：{amount}\n"},
    {"goal_ramp", "    ramp: x {factor} = {amount}\n", "    爬坡：× {factor} = {amount}\n"},
    {"goal_days", "    takes part {days} of {of} days ({basis}): {amount}\n",
     "    参与 {of} 天中的 {days} 天（{basis}）：{amount}\n"},
    {"goal", "  goal: {amount}, attainment {attainment} %\n", "  目标：{amount}，达成率 {attainment} %\n"},
    {"goal_zero", "  goal: {amount}\n", "  目标：{amount}\n"},
    {"not_applicable", "  not applicable: no goal above 0\n", "  不适用：没有大于 0 的目标\n"},
    {"no_weight", "  not applicable: nobody has a weight\n", "  不适用：无人有权重\n"},
    {"slice", "  row {row}: {input} x {value} = {product}\n", "  第 {row} 档：{input} × {value} = {product}\n"},
    {"slice_at", "  row {row} ({looked_up} {at}): {input} x {value} = {product}\n",
     "  第 {row} 档（{looked_up} {at}）：{input} × {value} = {product}\n"},
    {"slice_when", "  row {row} ({when}): {input} x {value} = {product}\n",
     "  第 {row} 档（{when}）：{input} × {value} = {product}\n"},
    {"cell", "  row {row} ({looked_up} {at}), column {column} ({across} {across_at}): {input} x {value} = {product}\n",
     "  第 {row} 档（{looked_up} {at}），第 {column} 列（{across} {across_at}）：{input} × {value} = {product}\n"},
    {"alone", "  event {event} by itself:\n", "  事件 {event} 单独计算：\n"},
    {"no_row", "  no row is reached\n", "  未达到任何一档\n"},
    {"looked_up", "    {looked_up} {at}: row {row}\n", "    {looked_up} {at}：第 {row} 档\n"},
    {"looked_up_all", "    {looked_up} {at}: rows 1 to {row} in all\n", "    {looked_up} {at}：第 1 至 {row} 档合计\n"},
    {"looked_up_none", "    {looked_up} {at}: no row is reached\n", "    {looked_up} {at}：未达到任何一档\n"},
    {"compared", "    {looked_up}: {at}\n", "    {looked_up}：{at}\n"},
    {"blended", "  blended rate: {rate} %\n", "  综合费率：{rate} %\n"},
    {"whole", "  event {event} in all: {base} pays {exact}, rounded {rounded}; {share} of it is {amount}\n",
     "  事件 {event} 整体：{base} 得 {exact}，舍入 {rounded}；其中 {share} 为 {amount}\n"},
    {"pool", "  pool: {amount}\n", "  奖金池：{amount}\n"},
    {"pool_brought", "  pool: {amount}, of which {brought} was carried into it\n",
     "  奖金池：{amount}，其中结转 {brought}\n"},
    {"weight", "  weight: {weight} of {all} in all ({people} with a weight, {without} without)\n",
     "  权重：{weight}，合计 {all}（{people} 人有权重，{without} 人没有）\n"},
    {"capped", "  {people} at the cap: {given} in all; {left} is left for a weight of {weight}\n",
     "  {people} 人达到上限，共 {given}；余 {left} 按权重 {weight} 再分\n"},
    {"at_cap", "  at the cap of {cap}: {amount}\n", "  达到上限 {cap}：{amount}\n"},
    {"share", "  share: {left} x {weight} / {of} = {amount}\n", "  份额：{left} × {weight} / {of} = {amount}\n"},
    {"unpaid_lose", "  nobody gets of the pool: {amount}, which lapses\n", "  奖金池中无人可得：{amount}，作废\n"},
    {"unpaid_carry", "  nobody gets of the pool: {amount}, which is carried\n", "  奖金池中无人可得：{amount}，结转\n"},
    {"below", "  below {least}: no place\n", "  低于 {least}：不计名次\n"},
    {"place", "  place {place} of {of}\n", "  {of} 人中第 {place} 名\n"},
    {"tied", "  {equal} are equal at place {place}: prizes {place} to {last} sum to {sum}, own part {prize}\n",
     "  {equal} 人并列第 {place} 名：第 {place} 至 {last} 名奖金合计 {sum}，本人 {prize}\n"},
    {"tied_each", "  {equal} are equal at place {place}: each gets its prize\n",
     "  {equal} 人并列第 {place} 名：各得该名次奖金\n"},
    {"prize", "  prize: {amount}\n", "  奖金：{amount}\n"},
    {"paid_before", "  paid for that before: {amount}\n", "  此前已计付：{amount}\n"},
    {"component_weight", "  weight: {weight}\n", "  权重：{weight}\n"},
    {"carried", "  carried from the period before: {amount}\n", "  上期结转：{amount}\n"},
    {"raw", "  before modifiers: {amount}\n", "  调整前：{amount}\n"},
    {"multiply", "  multiply: {before} becomes {after} (x {by})\n", "  乘以系数：{before} 变为 {after}（× {by}）\n"},
    {"add_raw", "  add: {before} becomes {after} ({by} of what was before modifiers)\n",
     "  加计：{before} 变为 {after}（调整前的 {by}）\n"},
    {"add_target_pay", "  add: {before} becomes {after} ({by} of the target pay)\n",
     "  加计：{before} 变为 {after}（目标薪酬的 {by}）\n"},
    {"add_amount", "  add: {before} becomes {after} ({by})\n", "  加计：{before} 变为 {after}（{by}）\n"},
    {"cap", "  cap: {before} becomes {after}\n", "  封顶：{before} 变为 {after}\n"},
    {"cap_lose", "  cap: {before} becomes {after}; {cut} is lost\n", "  封顶：{before} 变为 {after}；{cut} 作废\n"},
    {"cap_carry", "  cap: {before} becomes {after}; {cut} is carried\n", "  封顶：{before} 变为 {after}；{cut} 结转\n"},
    {"floor", "  floor: {before} becomes {after}\n", "  保底：{before} 变为 {after}\n"},
    {"year_bound", "  bound of the year: {by} less {passed} that came past it earlier in the year: {bound}\n",
     "  全年限额：{by}，减去本年度此前经此限额后的 {passed}：{bound}\n"},
    {"year_cut", "  cut earlier in the year, counted again first: {before} + {by} = {after}\n",
     "  本年度此前封顶减去的部分先行计回：{before} + {by} = {after}\n"},
    {"year_lift", "  lifted earlier in the year, taken off first: {before} with {by} = {after}\n",
     "  本年度此前保底补足的部分先行扣回：{before} 计入 {by} = {after}\n"},
    {"prorate", "  prorate: {before} becomes {after} (x {by})\n", "  按比例折算：{before} 变为 {after}（× {by}）\n"},
    {"prorate_days", "  prorate: {before} becomes {after} ({days} of {of} days, {basis})\n",
     "  按比例折算：{before} 变为 {after}（{of} 天中的 {days} 天，{basis}）\n"},
    {"disqualify", "  disqualify: {before} becomes {after}\n", "  取消资格：{before} 变为 {after}\n"},
    {"gate", "  gate: {before} becomes {after} ({input} at least {by})\n",
     "  门槛：{before} 变为 {after}（{input} 至少 {by}）\n"},
    {"line", "  event {event}: {amount}\n", "  事件 {event}：{amount}\n"},
    {"line_cut", "  event {event}: {amount} ({cut} cut by caps)\n", "  事件 {event}：{amount}（封顶减去 {cut}）\n"},
    {"rest", "  of no single event: {amount}\n", "  不属于单个事件：{amount}\n"},
    {"rounded", "  rounded ({mode}): {amount}\n", "  舍入（{mode}）：{amount}\n"},
    {"taken", "  event {event} takes back of event {of}, which paid {paid} in {component}: {amount}\n",
     "  事件 {event} 追回事件 {of} 在项目 {component} 的所得 {paid}：{amount}\n"},
    {"unserved_months", "    {left} of {of} months were not served\n", "    {of} 个月中有 {left} 个月未履行\n"},
    {"unserved_days", "    {left} of {of} days were not served\n", "    {of} 天中有 {left} 天未履行\n"},
    {"taken_share", "    share: {share}\n", "    比例：{share}\n"},
    {"taken_before", "    taken back of it before: {amount}\n", "    此前已追回：{amount}\n"},
    {"all", "  in all: {amount}\n", "  合计：{amount}\n"},
    {"components", "  all components: {amount}\n", "  全部项目：{amount}\n"},
    {"adds", "  more than the components: {amount}\n", "  与各项目合计之差：{amount}\n"},
};

/// What plans call things, in Chinese: of parts that hold such a word.
constexpr std::pair<std::string_view, std::string_view> kNames[] = {
    {"half_up", "四舍五入"},
    {"half_even", "四舍六入五成双"},
    {"half_down", "五舍六入"},
    {"down", "向零舍去"},
    {"up", "向外进位"},
    {"floor", "向下取整"},
    {"ceiling", "向上取整"},
    {"half_ceiling", "半数向上取整"},
    {"transaction", "交易日汇率"},
    {"period_avg", "期间平均汇率"},
    {"period_end", "期末汇率"},
    {"plan_fixed", "方案固定汇率"},
    {"calendar", "日历日"},
    {"working", "工作日"},
    {"30_360", "30/360"},
    {"amount", "金额"},
    {"margin", "毛利"},
    {"cost", "成本"},
    {"quantity", "数量"},
    {"expression", "算式"},
    {"count", "笔数"},
    {"average", "平均"},
    {"distinct", "不同事件数"},
    {"last", "末值"},
};

std::string_view in_chinese(std::string_view word) {
  const auto* const found =
      std::find_if(std::begin(kNames), std::end(kNames), [&](const auto& one) { return one.first == word; });
  return found == std::end(kNames) ? word : found->second;
}

/// What a row is found by: a word of the plan's language, or a name from the plan.
std::string input_in_chinese(std::string_view input) {
  constexpr std::string_view kAttainment = "attainment of ";
  if (input == "amount") return "金额";
  if (input == "attainment") return "达成率";
  if (input == "rank") return "名次";
  if (input.starts_with(kAttainment)) return std::string(input.substr(kAttainment.size())) + " 的达成率";
  return std::string(input);
}

/// Basis words read well in English, too.
std::string_view in_english(std::string_view word) { return word == "30_360" ? "30/360" : word; }

/// A percentage as people read it: at four digits, marked where that is not all of it. As data it stays exact.
std::string percent_text(const std::string& exact) {
  constexpr int kDigits = 4;
  const std::size_t point = exact.find('.');
  const bool fraction = exact.find('/') != std::string::npos;
  if (!fraction && (point == std::string::npos || exact.size() - point - 1 <= kDigits)) return exact;
  try {
    const std::int64_t rounded = round_number(parse_number(exact) * ten_to(kDigits), Rounding::half_up);
    return "≈ " + to_string(Decimal{rounded, kDigits});
  } catch (const Error&) {  // beyond 64 bits, or more digits than a number is read with
    return exact;
  }
}

std::string line_of(const ToldStep& step, bool chinese) {
  const std::string_view key = step.words.empty() ? step.kind : step.words;
  const auto* const words =
      std::find_if(std::begin(kWords), std::end(kWords), [&](const Words& one) { return one.kind == key; });
  fmt::dynamic_format_arg_store<fmt::format_context> parts;
  for (const auto& [name, value] : step.parts) {
    const bool word = name == "mode" || name == "rate_kind" || name == "basis" || name == "base" || name == "aggregate";
    if (chinese && (name == "looked_up" || name == "across")) {
      parts.push_back(fmt::arg(name.data(), input_in_chinese(value)));
      continue;
    }
    if (step.kind == "blended") {
      parts.push_back(fmt::arg(name.data(), percent_text(value)));
      continue;
    }
    const std::string_view said = !word ? std::string_view(value) : chinese ? in_chinese(value) : in_english(value);
    parts.push_back(fmt::arg(name.data(), said));
  }
  return fmt::vformat(chinese ? words->chinese : words->english, parts);
}

}  // namespace

std::string text_of(const ToldHeading& heading, const std::vector<ToldStep>& steps, bool chinese) {
  std::string text = fmt::format("{} {} {} ({} v{}, {})\n", heading.shown, heading.component, heading.period,
                                 heading.plan, heading.version, heading.hash.substr(0, 12));
  for (const ToldStep& step : steps) text += line_of(step, chinese);
  return text;
}

std::string json_of(const ToldHeading& heading, const std::vector<ToldStep>& steps) {
  Json root = {{"format", "kith.steps/1"},  {"person", heading.person}, {"component", heading.component},
               {"period", heading.period},  {"plan", heading.plan},     {"version", std::to_string(heading.version)},
               {"plan_hash", heading.hash}, {"steps", Json::array()}};
  for (const ToldStep& step : steps) {
    Json& one = root["steps"].emplace_back();
    one["kind"] = step.kind;
    for (const auto& [name, value] : step.parts) one[std::string(name)] = value;
  }
  return root.dump();
}

}  // namespace kith::incentive::general
