// SPDX-License-Identifier: Apache-2.0
#include "incentive/correction_reasons.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace kith::incentive {
namespace {

constexpr std::pair<std::string_view, std::string_view> kChinese[] = {
    {"won late", "补记赢单"},
    {"amount changed", "金额有变"},
    {"split changed", "分成有变"},
    {"amount or split changed", "金额或分成有变"},
    {"won on another day", "赢单日期有变"},
    {"no longer won", "不再赢单"},
    {"no longer credited", "不再计入"},
    {"came late", "事件迟到"},
    {"event changed", "事件有变"},
    {"dated on another day", "事件日期有变"},
    {"cancelled", "事件已取消"},
    {"plan changed", "方案有变"},
    {"assignment changed", "方案分配有变"},
    {"plan or assignment changed", "方案或其分配有变"},
    {"role changed", "角色有变"},
    {"unit changed", "所属单位有变"},
    {"hire or leave date changed", "入职或离职日期有变"},
    {"quota changed", "配额有变"},
    {"value changed", "取值有变"},
    {"hierarchy changed", "上下级关系有变"},
    {"exchange rate changed", "汇率有变"},
    {"events of others changed", "他人的事件有变"},
    {"follows another correction", "随另一项更正而变"},
    {"earnings changed", "所得有变"},
    // as older statements have it
    {"rate, value or hierarchy changed", "汇率、取值或上下级关系有变"},
};

std::string_view one_in_chinese(std::string_view reason) {
  const auto* const found =
      std::find_if(std::begin(kChinese), std::end(kChinese), [&](const auto& row) { return row.first == reason; });
  return found == std::end(kChinese) ? reason : found->second;
}

}  // namespace

std::string reason_in(std::string_view reason, bool chinese) {
  if (!chinese || one_in_chinese(reason) != reason) return std::string(chinese ? one_in_chinese(reason) : reason);
  std::string text;
  while (!reason.empty()) {
    const std::size_t end = std::min(reason.find(", "), reason.size());
    text += (text.empty() ? "" : "、") + std::string(one_in_chinese(reason.substr(0, end)));
    reason.remove_prefix(std::min(reason.size(), end + 2));
  }
  return text;
}

}  // namespace kith::incentive
