// SPDX-License-Identifier: Apache-2.0
#include "incentive/bonus_words.hpp"

#include <string_view>

namespace kith::incentive {
namespace {

/// A piece of an English basis, with what stands around its first and second figure; and the Chinese of it.
struct Piece {
  std::string_view start, middle, end;  ///< "": nothing more belongs to it
  std::string_view zh_start, zh_middle, zh_end;
  bool swapped = false;  ///< the second figure comes first
};

constexpr Piece kPieces[] = {
    {"place ", " with ", "", "第 ", " 名，", ""},
    {"weight ", " of ", " in all", "权重 ", "，合计 ", ""},
    {"brought ", " of ", " in all", "带来 ", "，合计 ", ""},
    {"; equal with ", " more: prizes ", "", "；另有 ", " 人并列：名次 ", ""},
    {" to ", " sum to ", "", " 至 ", " 的奖金合计 ", ""},
    {"; ", " at the cap leave ", "", "；", " 人达到上限，余 ", ""},
    {" for a weight of ", "", "", "，按权重 ", "", " 再分"},
    {", at the cap of ", "", "", "，达到上限 ", "", ""},
    {"; pool of ", ": ", "", "；奖金池 ", "：", ""},
    {"(", " of everybody - ", ")", "（所有人 ", " 减 ", "）"},
};

constexpr std::pair<std::string_view, std::string_view> kPhrases[] = {
    {"; equal with others, each has its prize", "；与他人并列，各得其奖"},
    {", below the minimum", "，低于最低要求"},
    {", rounded deal by deal", "，逐笔舍入"},
    {"takes no part any more", "不再参与"},
    {" of everybody is not above ", "（所有人），未超过 "},
    {" of everybody", "（所有人）"},
    {", shared among all who take part", "，由全体参与者分配"},
    {" deals, ", " 笔交易，"},
    {" deal, ", " 笔交易，"},
    {" deals", " 笔交易"},
    {" deal", " 笔交易"},
    {" x ", " × "},
};

/// The end of a figure that begins at `from`: where a word or a mark of the basis begins.
std::size_t end_of(const std::string& text, std::size_t from, std::string_view next) {
  if (!next.empty()) return text.find(next, from);
  std::size_t end = from;
  while (end < text.size() && text[end] != ';' && !(text[end] == ',' && text.compare(end, 2, ", ") == 0) &&
         text.compare(end, 5, " for ") != 0) {
    ++end;
  }
  return end;
}

void replace(std::string& text, const Piece& piece) {
  const std::size_t start = text.find(piece.start);
  if (start == std::string::npos) return;
  const std::size_t first = start + piece.start.size();
  const std::size_t between = end_of(text, first, piece.middle);
  if (between == std::string::npos) return;
  std::string told = std::string(piece.zh_start) + text.substr(first, between - first) + std::string(piece.zh_middle);
  std::size_t stop = between;
  if (!piece.middle.empty()) {
    const std::size_t second = between + piece.middle.size();
    stop = piece.end.empty() ? second : text.find(piece.end, second);
    if (stop == std::string::npos) return;
    told += text.substr(second, stop - second);
    stop += piece.end.size();
  }
  text.replace(start, stop - start, told + std::string(piece.zh_end));
}

}  // namespace

std::string basis_in_chinese(std::string basis) {
  for (const Piece& piece : kPieces) replace(basis, piece);
  for (const auto& [english, chinese] : kPhrases) {
    const std::size_t at = basis.find(english);
    if (at != std::string::npos) basis.replace(at, english.size(), chinese);
  }
  return basis;
}

}  // namespace kith::incentive
