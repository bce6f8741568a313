// SPDX-License-Identifier: Apache-2.0
#include "kith/people/exchange_rate.hpp"

#include <algorithm>
#include <set>

#include "engine/verbs.hpp"
#include "people/entities.hpp"

namespace kith {
namespace people {
namespace {

constexpr auto kExchangeRateFields = field_table<ExchangeRate>(
    field<&ExchangeRate::from_currency>("from_currency", {.required = true}),
    field<&ExchangeRate::to_currency>("to_currency", {.required = true}), field<&ExchangeRate::kind>("kind"),
    field<&ExchangeRate::rate>("rate", {.scale = kExchangeScale, .minimum = 1}),
    field<&ExchangeRate::from>("from", {.indexed = true}), field<&ExchangeRate::to>("to"),
    field<&ExchangeRate::source>("source", {.required = true, .max_length = 200}));

constexpr UniqueKey kExchangeRateKeys[] = {{{"from_currency", "to_currency", "kind", "from"}}};

}  // namespace

constexpr Entity kExchangeRate = make_entity<ExchangeRate>(
    {.name = "exchange_rate", .plural = "exchange_rates", .fields = kExchangeRateFields, .unique = kExchangeRateKeys});

namespace {

std::vector<ExchangeRate> rates_of_pair(const Reader& reader, const ExchangeRate& like) {
  return reader.list<ExchangeRate>({.conditions = {equals(kExchangeRate, "from_currency", code_of(like.from_currency)),
                                                   equals(kExchangeRate, "to_currency", code_of(like.to_currency)),
                                                   equals(kExchangeRate, "kind", static_cast<std::int64_t>(like.kind))},
                                    .order = verb::by_time()});
}

std::string kind_name(RateKind kind) {
  return std::string(Choices<RateKind>::names[static_cast<std::size_t>(kind) - 1]);
}

void check_rate(const ExchangeRate& rate) {
  verb::Faults faults(kExchangeRate);
  if (rate.from_currency == rate.to_currency) {
    faults.add("to_currency", "is " + code_of(rate.to_currency) + " as well; a currency needs no rate to itself");
  }
  if (rate.kind < RateKind::market || rate.kind > RateKind::period_average) faults.add("kind", "is no kind of rate");
  if (rate.rate.coefficient <= 0)
    faults.add("rate", to_string(rate.rate, true) + " converts nothing; give more than 0");
  verb::check_days(faults, "from", rate.from, "to", rate.to == kOpenDate ? std::nullopt : std::optional<Date>(rate.to));
  if (rate.to <= rate.from) faults.add("to", "ends before it begins; give a later day, the first without the rate");
  faults.raise();
}

[[noreturn]] void fail_missing(Currency from, Currency to, Date on, RateKind kind, Currency pivot) {
  throw Error(Code::not_found, "exchange_rate", "rate",
              "there is no " + kind_name(kind) + " rate from " + code_of(from) + " to " + code_of(to) + " on " +
                  to_string(on) + ", neither direct nor inverse nor through " + code_of(pivot) +
                  "; set such a rate first");
}

/// The rates between these currencies and the base currency that may hold on one of the days.
Query rates_of(const std::set<std::string>& codes, Date first, Date last, RateKind kind) {
  const auto any_of = [&](std::string_view field) {
    Condition in{.op = Condition::Op::in, .field = kExchangeRate.at(field), .operands = {}, .terms = {}};
    for (const std::string& code : codes) in.operands.emplace_back(code);
    return in;
  };
  Query query{.order = {"from"}};
  query.conditions = {verb::compare(kExchangeRate, "from", Condition::Op::le, last.days),
                      verb::compare(kExchangeRate, "to", Condition::Op::gt, first.days),
                      equals(kExchangeRate, "kind", static_cast<std::int64_t>(kind)), any_of("from_currency"),
                      any_of("to_currency")};
  return query;
}

}  // namespace

Id set_rate(Work& work, ExchangeRate& rate) {
  work.require(Action::administer, kExchangeRate);
  ExchangeRate row = rate;
  const bool fresh = row.revision == 0;
  if (!fresh) verb::before_update(work, row);
  if (!row.to_currency) row.to_currency = work.currency();
  if (fresh && row.from == Date{}) row.from = work.today();
  row.rate = rescale(row.rate, kExchangeScale);
  check_rate(row);
  std::vector<ExchangeRate> others = rates_of_pair(work, row);
  std::optional<ExchangeRate> ended;
  for (ExchangeRate& other : others) {
    if (!fresh || other.to != kOpenDate || !(other.from < row.from)) continue;
    other.to = row.from;
    ended = other;
  }
  effective::require_free(others, row, "exchange_rate");
  Work::Step step(work);
  work.trusted([&] {
    if (ended) work.update(*ended);
    fresh ? static_cast<void>(work.create(row)) : work.update(row);
  });
  step.keep();
  rate = std::move(row);
  return rate.id;
}

FoundRate rate_on(const Reader& reader, Currency from, Currency to, Date on, RateKind kind, Currency pivot) {
  if (from == to) return {};
  if (!pivot) pivot = reader.currency();
  Query query;
  query.conditions = verb::holding(kExchangeRate, on);
  query.conditions.push_back(equals(kExchangeRate, "kind", static_cast<std::int64_t>(kind)));
  const std::vector<ExchangeRate> rows = reader.as_system("exchange rates").list<ExchangeRate>(query);
  std::vector<Quote> quotes;
  for (const ExchangeRate& row : rows) quotes.push_back({row.from_currency, row.to_currency, ratio(row.rate)});
  const std::optional<Route> route = find_route(quotes, from, to, pivot);
  if (!route) fail_missing(from, to, on, kind, pivot);
  FoundRate found{route->rate, {}};
  for (const Route::Leg& leg : route->legs) found.rows.push_back(rows[leg.quote]);
  return found;
}

Money convert_on(const Reader& reader, Money amount, Currency to, Date on, RateKind kind, Rounding mode) {
  return convert(amount, to, rate_on(reader, amount.currency, to, on, kind).rate, mode);
}

BaseRates::BaseRates(const Reader& reader, std::span<const DatedMoney> facts, RateKind kind)
    : base_(reader.currency()), kind_(kind) {
  std::set<std::string> codes;
  Date first = kOpenDate;
  Date last{};
  for (const DatedMoney& fact : facts) {
    if (fact.money.currency == base_) continue;
    first = codes.empty() ? fact.on : std::min(first, fact.on);
    last = codes.empty() ? fact.on : std::max(last, fact.on);
    codes.insert(code_of(fact.money.currency));
  }
  if (codes.empty()) return;
  codes.insert(code_of(base_));
  const Reader system = reader.as_system("exchange rates");
  for (ExchangeRate& row : system.list<ExchangeRate>(rates_of(codes, first, last, kind))) {
    rows_[code_of(row.from_currency) + code_of(row.to_currency)].push_back(std::move(row));
  }
}

BaseValue BaseRates::value(const DatedMoney& fact) const {
  const auto& [money, on] = fact;
  if (money.currency == base_) return {{money.minor}};
  std::vector<Quote> quotes;
  const std::string code = code_of(money.currency);
  for (const std::string& pair : {code + code_of(base_), code_of(base_) + code}) {
    const auto rows = rows_.find(pair);
    if (rows == rows_.end()) continue;
    const auto after = std::upper_bound(rows->second.begin(), rows->second.end(), on,
                                        [](Date day, const ExchangeRate& row) { return day < row.from; });
    if (after == rows->second.begin()) continue;
    const ExchangeRate& row = *std::prev(after);
    if (on < row.to) quotes.push_back({row.from_currency, row.to_currency, ratio(row.rate)});
  }
  const std::optional<Route> route = find_route(quotes, money.currency, base_, base_);
  if (!route) fail_missing(money.currency, base_, on, kind_, base_);
  return {{convert(money, base_, route->rate, Rounding::half_up).minor}, to_string(route->rate), on};
}

}  // namespace people

template <>
const Entity& entity_of<ExchangeRate>() {
  return people::kExchangeRate;
}

}  // namespace kith
