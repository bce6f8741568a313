// SPDX-License-Identifier: Apache-2.0
// Reports over deals: the open pipeline, win rates, rankings, bookings and the numbers at the top of a cockpit.
#include <algorithm>
#include <map>

#include "analytics/facts.hpp"
#include "engine/add_row.hpp"
#include "kith/base/calendar.hpp"
#include "kith/base/error.hpp"
#include "kith/catalog/product.hpp"

namespace kith::analytics {
namespace {

constexpr std::int64_t kRateOne = 1'000'000'000;  // 1 at kRateScale

/// Won and lost deals of a group.
struct Closed {
  std::int64_t won = 0;
  std::int64_t lost = 0;
  std::int64_t won_amount = 0;
  std::int64_t lost_amount = 0;

  void add(const DealGroup& deals) {
    if (deals.status == DealStatus::won) {
      won += deals.deals;
      won_amount = checked_add(won_amount, deals.amount, "sum of won amounts");
    } else {
      lost += deals.deals;
      lost_amount = checked_add(lost_amount, deals.amount, "sum of lost amounts");
    }
  }
};

DealFilter closed_between(const Parameters& parameters, std::vector<DealStatus> statuses) {
  return {.statuses = std::move(statuses),
          .from = date_parameter(parameters, "from"),
          .to = date_parameter(parameters, "to")};
}

/// List prices in minor units by product; products priced in another currency have none here.
std::unordered_map<std::int64_t, std::int64_t> list_prices(const Reader& reader) {
  std::unordered_map<std::int64_t, std::int64_t> prices;
  for (const Product& product : reader.list<Product>()) {
    if (!product.list_price || product.currency != reader.currency()) continue;
    const Decimal minor = rescale(*product.list_price, minor_digits(product.currency), Rounding::half_up);
    prices.emplace(product.id.value, minor.coefficient);
  }
  return prices;
}

}  // namespace

Table pipeline(const Reader& reader, const Parameters& parameters) {
  struct Sum {
    std::int64_t deals = 0;
    std::int64_t without_amount = 0;
    std::int64_t amount = 0;
    Int128 weighted = 0;  // over kRateOne
    std::int64_t potential = 0;
  };
  const std::string wanted = text_parameter(parameters, "pipeline", "");
  const auto pipelines = names_of(reader, entity_of<Pipeline>(), "name");
  const auto prices = list_prices(reader);
  std::unordered_map<std::int64_t, Sum> sums;
  auto all_stages = reader.list<Stage>({.order = {"pipeline", "position"}});
  std::unordered_map<std::int64_t, std::int64_t> chance;
  for (const Stage& stage : all_stages) chance[stage.id.value] = stage.probability.coefficient;
  const DealFilter open{.statuses = {DealStatus::open}};
  for (const DealGroup& deals : load_deals(reader, open, {"stage", "product", "probability"})) {
    Sum& sum = sums[deals.stage];
    const std::int64_t without = deals.deals - deals.with_amount;
    sum.deals += deals.deals;
    sum.without_amount += without;
    sum.amount = checked_add(sum.amount, deals.amount, "sum of open amounts");
    sum.weighted += Int128{deals.amount} * deals.probability.value_or(chance[deals.stage]);
    const auto price = prices.find(deals.product);
    const std::int64_t guessed = price == prices.end() ? 0 : checked_mul(without, price->second, "sum of open amounts");
    sum.potential = checked_add(sum.potential, checked_add(deals.amount, guessed), "sum of open amounts");
  }
  Table table({text_column("pipeline"), text_column("stage"), percent_column("probability"), count_column("deals"),
               count_column("without_amount"), money_column("amount", reader), money_column("weighted", reader),
               money_column("potential", reader)});
  for (const Stage& stage : all_stages) {
    const auto name = pipelines.find(stage.pipeline.value);
    const std::string pipeline_name = name == pipelines.end() ? "" : name->second;
    if (!wanted.empty() && pipeline_name != wanted) continue;
    const Sum& sum = sums[stage.id.value];
    const Currency currency = reader.currency();
    add_row(table, pipeline_name, stage.name, percent(stage.probability.coefficient, kRateOne), sum.deals,
            sum.without_amount, Money{sum.amount, currency},
            Money{divide(sum.weighted, kRateOne, Rounding::half_up), currency}, Money{sum.potential, currency});
  }
  if (!wanted.empty() && table.rows() == 0) {
    throw Error(Code::invalid, "report", "pipeline", "there is no pipeline '" + wanted + "'");
  }
  return table;
}

Table win_rate(const Reader& reader, const Parameters& parameters) {
  Grouping grouping(reader, text_parameter(parameters, "by", ""), calendar_parameter(reader, parameters));
  std::map<std::string, Closed> groups;
  const DealFilter closed = closed_between(parameters, {DealStatus::won, DealStatus::lost});
  for (const DealGroup& deals : load_deals(reader, closed, grouping.keys())) groups[grouping.of(deals)].add(deals);
  Table table({text_column("group"), count_column("won"), count_column("lost"), percent_column("win_rate"),
               money_column("won_amount", reader), money_column("lost_amount", reader),
               percent_column("win_rate_amount")});
  const Currency currency = reader.currency();
  for (const auto& [name, group] : groups) {
    add_row(table, name, group.won, group.lost, percent(group.won, checked_add(group.won, group.lost)),
            Money{group.won_amount, currency}, Money{group.lost_amount, currency},
            percent(group.won_amount, checked_add(group.won_amount, group.lost_amount)));
  }
  return table;
}

Table ranking(const Reader& reader, const Parameters& parameters) {
  Grouping grouping(reader, text_parameter(parameters, "by", "owner"), calendar_parameter(reader, parameters));
  std::map<std::string, Closed> groups;
  std::int64_t whole = 0;
  for (const DealGroup& deals : load_deals(reader, closed_between(parameters, {DealStatus::won}), grouping.keys())) {
    groups[grouping.of(deals)].add(deals);
    whole = checked_add(whole, deals.amount, "sum of won amounts");
  }
  std::vector<std::pair<std::string, Closed>> ranked(groups.begin(), groups.end());
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.second.won_amount > b.second.won_amount; });
  Table table({count_column("rank"), text_column("name"), count_column("won"), money_column("amount", reader),
               money_column("average", reader), percent_column("share")});
  const Currency currency = reader.currency();
  std::int64_t rank = 0;
  for (std::size_t i = 0; i < ranked.size(); ++i) {
    const Closed& sum = ranked[i].second;
    if (i == 0 || sum.won_amount != ranked[i - 1].second.won_amount) rank = static_cast<std::int64_t>(i) + 1;
    add_row(table, rank, ranked[i].first, sum.won, Money{sum.won_amount, currency},
            Money{divide(sum.won_amount, sum.won, Rounding::half_up), currency}, percent(sum.won_amount, whole));
  }
  return table;
}

Table bookings(const Reader& reader, const Parameters& parameters) {
  const Grain grain = parse_grain(text_parameter(parameters, "grain", "week"));
  const Calendar calendar = calendar_parameter(reader, parameters);
  // Stores from before future days were refused may hold deals that were won in 9999, where no period ends any more.
  const Date future = period_of(calendar, grain, reader.today()).to;
  std::map<Date, Closed> sums;
  Closed later;
  for (const DealGroup& deals : load_deals(reader, closed_between(parameters, {DealStatus::won}), {"closed_on"})) {
    deals.closed_on < future ? sums[period_of(calendar, grain, deals.closed_on).from].add(deals) : later.add(deals);
  }
  Table table({text_column("period"),
               {.name = "from", .type = Type::date},
               count_column("won"),
               money_column("amount", reader),
               money_column("running", reader)});
  std::int64_t running = 0;
  const auto add = [&](const std::string& label, Date from, const Closed& sum) {
    running = checked_add(running, sum.won_amount, "running sum of bookings");
    add_row(table, label, from, sum.won, Money{sum.won_amount, reader.currency()}, Money{running, reader.currency()});
  };
  if (!sums.empty()) {
    const Date first = date_parameter(parameters, "from").value_or(sums.begin()->first);
    Date last = date_parameter(parameters, "to").value_or(Date{sums.rbegin()->first.days + 1});
    if (later.won != 0) last = std::min(last, future);  // what lies behind has one row
    for (const Period& period : periods_between(calendar, grain, first, last)) {
      add(period.label, period.from, sums.contains(period.from) ? sums[period.from] : Closed{});
    }
  }
  if (later.won != 0) add(std::string(kLater), future, later);
  return table;
}

Table deals(const Reader& reader, const Parameters& parameters) {
  Closed closed;
  std::int64_t open = 0;
  for (const DealGroup& group :
       load_deals(reader, closed_between(parameters, {DealStatus::won, DealStatus::lost}), {})) {
    closed.add(group);
  }
  // Open deals have no day of closing: they are those of the snapshot, whatever the period.
  for (const DealGroup& group : load_deals(reader, {.statuses = {DealStatus::open}}, {})) open += group.deals;
  Table table({count_column("deals"), count_column("open"), count_column("won"), count_column("lost"),
               money_column("won_amount", reader), money_column("average_won", reader), percent_column("win_rate")});
  Value average;
  if (closed.won != 0) average = Money{divide(closed.won_amount, closed.won, Rounding::half_up), reader.currency()};
  add_row(table, checked_add(open, closed.won + closed.lost), open, closed.won, closed.lost,
          Money{closed.won_amount, reader.currency()}, average, percent(closed.won, closed.won + closed.lost));
  return table;
}

}  // namespace kith::analytics
