// SPDX-License-Identifier: Apache-2.0
#include "interchange/import_pairs.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace kith {
namespace {

/// The row that a message begins with, from 0, and the message without it.
std::pair<std::optional<std::size_t>, std::string_view> row_told(std::string_view message) {
  constexpr std::string_view kRow = "row ";
  if (!message.starts_with(kRow)) return {std::nullopt, message};
  const char* const end = message.data() + message.size();
  std::size_t row = 0;
  const auto [at, fault] = std::from_chars(message.data() + kRow.size(), end, row);
  const std::string_view left(at, static_cast<std::size_t>(end - at));
  if (fault != std::errc() || row == 0 || !left.starts_with(": ")) return {std::nullopt, message};
  return {row - 1, left.substr(2)};
}

}  // namespace

void ImportPairs::add(ImportRow row, const Posting& posting, std::vector<ImportRow>& ready) {
  Posting counted = posting;
  if (!counted.currency) counted.currency = base_;
  const auto key = ledger::pair_of(accounts_, counted);
  if (!key) return ready.push_back(std::move(row));
  const auto [place, fresh] = open_.try_emplace(*key);
  Open& open = place->second;
  if (fresh) open.together = ++groups_;
  open.amount += counted.amount.minor;
  open.quantity += counted.quantity.coefficient;
  row.together = open.together;
  open.rows.push_back(std::move(row));
  if (open.amount != 0 || open.quantity != 0) return;
  std::move(open.rows.begin(), open.rows.end(), std::back_inserter(ready));
  open_.erase(place);
}

std::vector<std::vector<ImportRow>> ImportPairs::rest() {
  std::vector<std::vector<ImportRow>> rest;
  for (auto& [key, open] : open_) rest.push_back(std::move(open.rows));
  open_.clear();
  std::sort(rest.begin(), rest.end(),
            [](const auto& a, const auto& b) { return a.front().together < b.front().together; });
  return rest;
}

std::vector<Violation> faults_of_row(const Error& error, std::size_t at, std::size_t rows) {
  std::vector<Violation> all = error.violations;
  if (all.empty()) all.push_back({error.entity, error.field, error.message});
  std::vector<Violation> told;
  for (const Violation& one : all) {
    const auto [row, message] = row_told(one.message);
    const bool of_one = rows > 1 && row && *row < rows;
    if (of_one && *row != at) continue;
    told.push_back({one.entity, one.field, of_one ? std::string(message) : one.message});
  }
  return told;
}

}  // namespace kith
