// SPDX-License-Identifier: Apache-2.0
// Reports over calendars and currencies: what the faces ask for without a function of their own.
#include <map>
#include <string>

#include "engine/verbs.hpp"
#include "people/entities.hpp"

namespace kith::people {
namespace {

std::string text_of(const Parameters& parameters, std::string_view name, std::string_view otherwise = {}) {
  const auto found = parameters.find(name);
  if (found == parameters.end() || is_null(found->second)) return std::string(otherwise);
  if (const auto* text = std::get_if<std::string>(&found->second)) return *text;
  return to_string(found->second);
}

Date day_of(const Parameters& parameters, std::string_view name, Date otherwise) {
  const auto found = parameters.find(name);
  if (found == parameters.end() || is_null(found->second)) return otherwise;
  if (const auto* day = std::get_if<Date>(&found->second)) return *day;
  return parse_date(text_of(parameters, name));
}

Timestamp moment_of(const Parameters& parameters, std::string_view name) {
  const auto found = parameters.find(name);
  if (found != parameters.end()) {
    if (const auto* moment = std::get_if<Timestamp>(&found->second)) return *moment;
  }
  return parse_timestamp(text_of(parameters, name));
}

Table periods(const Reader& reader, const Parameters& parameters) {
  const Calendar calendar = calendar_named(reader, text_of(parameters, "calendar", Calendar{}.name));
  const Grain grain = parse_grain(text_of(parameters, "grain", "quarter"));
  const Period year = period_of(calendar, Grain::year, reader.today());
  Table table({{.name = "period"},
               {.name = "from", .type = Type::date},
               {.name = "to", .type = Type::date},
               {.name = "days", .type = Type::integer}});
  for (const Period& period :
       periods_between(calendar, grain, day_of(parameters, "from", year.from), day_of(parameters, "to", year.to))) {
    table.add({period.label, period.from, period.to, std::int64_t{period.to.days} - period.from.days});
  }
  return table;
}

/// Stretches that do not count, "from/to" each, with blanks or commas between; "from/.." has no end yet.
std::vector<Hold> holds_of(const std::string& text) {
  std::vector<Hold> holds;
  for (std::size_t at = text.find_first_not_of(" ,"); at < text.size(); at = text.find_first_not_of(" ,", at)) {
    const std::size_t end = std::min(text.find_first_of(" ,", at), text.size());
    const std::string one = text.substr(at, end - at);
    at = end;
    const std::size_t slash = one.find('/');
    if (slash == std::string::npos) {
      throw Error(Code::invalid, "report", "holds",
                  "'" + one + "' is no stretch of time; write 2026-03-09T10:00:00Z/2026-03-09T15:00:00Z, or /.. for " +
                      "a hold that still runs");
    }
    const std::string to = one.substr(slash + 1);
    const Hold hold{parse_timestamp(one.substr(0, slash)), to == ".." ? kOpenTime : parse_timestamp(to)};
    if (hold.to < hold.from) {
      throw Error(Code::invalid, "report", "holds", "'" + one + "' runs backwards; write the earlier moment first");
    }
    holds.push_back(hold);
  }
  return holds;
}

Table working_time(const Reader& reader, const Parameters& parameters) {
  const WorkingHours hours = working_hours(reader, text_of(parameters, "calendar"));
  const Timestamp from = moment_of(parameters, "from");
  const std::vector<Hold> holds = holds_of(text_of(parameters, "holds"));
  const std::string seconds = text_of(parameters, "seconds");
  const std::string to = text_of(parameters, "to");
  if (seconds.empty() == to.empty()) {
    throw Error(Code::invalid, "report", "seconds",
                "give either the seconds of working time to add, or the moment 'to' which they are counted");
  }
  Table table({{.name = "from", .type = Type::timestamp},
               {.name = "to", .type = Type::timestamp},
               {.name = "seconds", .type = Type::integer}});
  if (to.empty()) {
    const std::int64_t amount = rescale(parse_decimal(seconds), 0).coefficient;
    table.add({from, add_working_time(hours, from, amount, holds), amount});
  } else {
    const Timestamp end = moment_of(parameters, "to");
    table.add({from, end, working_seconds(hours, from, end, holds)});
  }
  return table;
}

Table currencies_table(const Reader&, const Parameters&) {
  Table table({{.name = "code"}, {.name = "number"}, {.name = "digits", .type = Type::integer}});
  for (const Currency each : currencies()) {
    const std::string number = std::to_string(number_of(each));
    table.add({code_of(each), std::string(3 - number.size(), '0') + number, std::int64_t{minor_digits(each)}});
  }
  return table;
}

RateKind kind_of(const std::string& name) {
  const auto& names = Choices<RateKind>::names;
  const auto found = std::find(std::begin(names), std::end(names), name);
  if (found != std::end(names)) return static_cast<RateKind>(found - std::begin(names) + 1);
  throw Error(Code::invalid, "report", "kind", "'" + name + "' is no kind of rate." + suggest(name, names));
}

Table conversion(const Reader& reader, const Parameters& parameters) {
  const Currency from = currency(text_of(parameters, "from"));
  const std::string target = text_of(parameters, "to");
  const Currency to = target.empty() ? reader.currency() : currency(target);
  const Date on = day_of(parameters, "on", reader.today());
  const Money amount = parse_money(text_of(parameters, "amount"), from);
  const FoundRate found = rate_on(reader, from, to, on, kind_of(text_of(parameters, "kind", "market")));
  const Rounding mode = parse_rounding(text_of(parameters, "rounding", "half_up"));
  std::string way;
  for (const ExchangeRate& row : found.rows) {
    way += (way.empty() ? "" : "; ") + code_of(row.from_currency) + "/" + code_of(row.to_currency) + " " +
           to_string(row.rate, true) + " (" + row.source + ")";
  }
  Table table({{.name = "amount", .type = Type::money, .currency = from},
               {.name = "converted", .type = Type::money, .currency = to},
               {.name = "rate", .type = Type::decimal, .scale = kExchangeScale},
               {.name = "on", .type = Type::date},
               {.name = "way"}});
  table.add(
      {amount, convert(amount, to, found.rate, mode), rounded(found.rate, kExchangeScale, Rounding::half_up), on, way});
  return table;
}

constexpr ReportParameter kPeriodParameters[] = {
    {"calendar", Type::text, false, "the name of a fiscal calendar; 'calendar' without it"},
    {"grain", Type::text, false, "year, quarter (default), month, period or week"},
    {"from", Type::date, false, "the first day; without it the first of the fiscal year that holds today"},
    {"to", Type::date, false, "the first day that no longer counts; without it the end of that year"}};
constexpr ReportParameter kWorkingParameters[] = {
    {"calendar", Type::text, true, "the name of a working calendar"},
    {"from", Type::timestamp, true, "the moment to begin at"},
    {"seconds", Type::integer, false, "working time to add"},
    {"to", Type::timestamp, false, "the moment up to which working time is counted"},
    {"holds", Type::text, false, "stretches that do not count, each 'from/to', with blanks or commas between"}};
constexpr ReportParameter kConversionParameters[] = {
    {"amount", Type::text, true, "a number in the first currency, such as 1200.50"},
    {"from", Type::text, true, "the currency of the amount"},
    {"to", Type::text, false, "the currency wanted; the store's base currency without it"},
    {"on", Type::date, false, "the day of the rate; today without it"},
    {"kind", Type::text, false, "market (default), plan or period_average"},
    {"rounding", Type::text, false, "half_up (default) or another mode"}};

}  // namespace

constexpr Report kReports[4] = {
    {"periods", "The periods of a fiscal calendar with their days.", kPeriodParameters, periods},
    {"working_time", "Working time added to a moment, or counted between two.", kWorkingParameters, working_time},
    {"currencies", "The currencies of ISO 4217: code, number, digits of the minor unit.", {}, currencies_table},
    {"conversion", "An amount in another currency at the rate of a day, with the rates it went through.",
     kConversionParameters, conversion},
};

}  // namespace kith::people
