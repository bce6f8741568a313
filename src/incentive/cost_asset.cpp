// SPDX-License-Identifier: Apache-2.0
// The cost of winning a contract, posted month by month.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "engine/verbs.hpp"
#include "incentive/obligations_check.hpp"

namespace kith {
namespace incentive {
namespace {

constexpr auto kCostAssetFields =
    field_table<CostAsset>(field<&CostAsset::name>("name", {.required = true, .max_length = 200}),
                           field<&CostAsset::opportunity>("opportunity", {.refers_to = "opportunity"}),
                           field<&CostAsset::employee>("employee", {.refers_to = "employee"}),
                           field<&CostAsset::currency>("currency", {.required = true}), field<&CostAsset::cost>("cost"),
                           field<&CostAsset::months>("months", {.minimum = 1, .maximum = 1200}),
                           field<&CostAsset::start>("start"), field<&CostAsset::rounding>("rounding"),
                           field<&CostAsset::expedient_months>("expedient_months", {.minimum = 0, .maximum = 1200}),
                           field<&CostAsset::lost_on>("lost_on", {.kept = true}));

constexpr auto kCostLineFields = field_table<CostLine>(
    field<&CostLine::asset>("asset", {.required = true, .refers_to = "cost_asset"}),
    field<&CostLine::position>("position", {.minimum = 1}), field<&CostLine::kind>("kind"),
    field<&CostLine::from>("from"), field<&CostLine::amount>("amount"), field<&CostLine::remaining>("remaining"));
constexpr UniqueKey kCostLineKeys[] = {{{"asset", "position"}}};

}  // namespace

constexpr Entity kCostAsset =
    make_entity<CostAsset>({.name = "cost_asset",
                            .plural = "cost_assets",
                            .fields = kCostAssetFields,
                            .roles = {.owner = "employee", .currency = "currency", .title = "name"}});
constexpr Entity kCostLine = make_entity<CostLine>({.name = "cost_line",
                                                    .plural = "cost_lines",
                                                    .fields = kCostLineFields,
                                                    .unique = kCostLineKeys,
                                                    .roles = {.parent = "asset"}});

Id set_cost_asset(Work& work, CostAsset& asset) {
  work.require(Action::create, kCostAsset);
  CostAsset row = asset;
  verb::Faults faults(kCostAsset);
  if (row.revision != 0) faults.add("revision", "an asset is not changed; write it off and add another");
  if (verb::is_blank(row.name)) faults.add("name", "is missing");
  if (row.cost.minor < 0) faults.add("cost", "is negative; give what the contract cost to win, 0 or more");
  if (row.months < 1 || row.months > 1200) {
    faults.add("months", fmt::format("is {}; give the months of benefit, 1 to 1200", row.months));
  }
  if (row.expedient_months < 0) faults.add("expedient_months", "is negative; give 0 or more");
  if (!verb::is_day(row.start)) faults.add("start", std::string(verb::kDayExpected));
  if (row.currency && row.currency != work.currency()) {
    faults.add("currency", "is " + code_of(row.currency) + "; assets are in " + code_of(work.currency()));
  }
  faults.raise();
  row.currency = work.currency();
  row.lost_on.reset();
  work.create(row);
  asset = std::move(row);
  return asset.id;
}

namespace {

/// Months of benefit that have begun by a day, the one of that day included.
std::int64_t begun(const CostAsset& asset, Date day) {
  std::int64_t months = 0;
  while (months < asset.months && add_months(asset.start, static_cast<int>(months)) <= day) ++months;
  return months;
}

std::vector<CostLine> posted_lines(const Reader& reader, Id asset) {
  return reader.list<CostLine>({.conditions = {equals(kCostLine, "asset", asset)}, .order = {"position"}});
}

std::int64_t post_lines(Work& work, const CostAsset& asset, const std::vector<AmortizationLine>& wanted,
                        std::size_t until) {
  const std::size_t posted = posted_lines(work.as_system("assets"), asset.id).size();
  std::int64_t added = 0;
  work.trusted([&] {
    for (std::size_t i = posted; i < until; ++i) {
      CostLine row;
      row.asset = asset.id;
      row.position = static_cast<std::int64_t>(i) + 1;
      row.kind = wanted[i].kind;
      row.from = wanted[i].from;
      row.amount.minor = wanted[i].amount;
      row.remaining.minor = wanted[i].remaining;
      work.create(row);
      ++added;
    }
  });
  return added;
}

std::vector<AmortizationLine> whole_schedule(const CostAsset& asset) {
  return amortize(asset.cost.minor, asset.months, asset.start, asset.rounding, asset.expedient_months);
}

}  // namespace

std::vector<AmortizationLine> schedule_of(const CostAsset& asset) {
  std::vector<AmortizationLine> lines = whole_schedule(asset);
  return asset.lost_on ? write_off(lines, begun(asset, *asset.lost_on)) : lines;
}

std::int64_t post_amortization(Work& work, Id asset, Date until) {
  work.require(Action::edit, kCostAsset, asset);
  const CostAsset row = work.get<CostAsset>(asset);
  const std::vector<AmortizationLine> lines = schedule_of(row);
  const auto due = std::count_if(lines.begin(), lines.end(), [&](const auto& line) { return line.from <= until; });
  Work::Step step(work);
  const std::int64_t added = post_lines(work, row, lines, static_cast<std::size_t>(due));
  step.keep();
  return added;
}

void write_off_asset(Work& work, Id asset, Date lost_on) {
  work.require(Action::edit, kCostAsset, asset);
  CostAsset row = work.get<CostAsset>(asset);
  if (row.lost_on) {
    throw Error(Code::state, "cost_asset", "lost_on", "the asset was written off on " + to_string(*row.lost_on));
  }
  if (lost_on < row.start) {
    throw Error(Code::invalid, "cost_asset", "lost_on",
                to_string(lost_on) + " lies before the benefit begins, " + to_string(row.start));
  }
  const std::size_t posted = posted_lines(work.as_system("assets"), asset).size();
  if (static_cast<std::int64_t>(posted) > begun(row, lost_on)) {
    throw Error(Code::state, "cost_asset", "lost_on",
                fmt::format("{} months are posted already, which goes beyond {}; give a later day", posted,
                            to_string(lost_on)));
  }
  row.lost_on = lost_on;
  const std::vector<AmortizationLine> lines = schedule_of(row);
  Work::Step step(work);
  work.trusted([&] { work.update(row); });
  post_lines(work, row, lines, lines.size());
  step.keep();
}

void check_assets(const Reader& reader, std::vector<Finding>& findings) {
  std::map<Id, std::vector<CostLine>> lines;
  for (CostLine& row : reader.list<CostLine>({.order = {"asset", "position"}}))
    lines[row.asset].push_back(std::move(row));
  for (const CostAsset& asset : reader.list<CostAsset>()) {
    const std::vector<AmortizationLine> wanted = schedule_of(asset);
    const std::vector<CostLine>& posted = lines[asset.id];
    for (std::size_t i = 0; i < posted.size(); ++i) {
      const CostLine& row = posted[i];
      const AmortizationLine line{row.kind, row.from, row.amount.minor, row.remaining.minor};
      if (row.position != static_cast<std::int64_t>(i) + 1 || i >= wanted.size() || line != wanted[i]) {
        findings.push_back({"cost_line", row.id, "must be what the terms of its asset give"});
      }
    }
    if (asset.lost_on && posted.size() != wanted.size()) {
      findings.push_back({"cost_asset", asset.id, "was written off, so all of its lines must be posted"});
    }
  }
}

}  // namespace incentive

template <>
const Entity& entity_of<CostAsset>() {
  return incentive::kCostAsset;
}
template <>
const Entity& entity_of<CostLine>() {
  return incentive::kCostLine;
}

}  // namespace kith
