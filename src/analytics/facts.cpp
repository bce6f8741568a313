// SPDX-License-Identifier: Apache-2.0
#include "analytics/facts.hpp"

#include <algorithm>

#include "engine/custom.hpp"
#include "kith/base/calendar.hpp"
#include "kith/base/error.hpp"
#include "kith/base/text.hpp"
#include "kith/catalog/product.hpp"
#include "kith/customer/customer.hpp"
#include "kith/engine/generic.hpp"
#include "kith/people/employee.hpp"

namespace kith::analytics {
namespace {

const std::string kNone = "(none)";
constexpr std::string_view kGroupings[] = {"",       "owner",   "unit",  "region",  "product", "customer",
                                           "sector", "country", "month", "quarter", "year"};

/// The unit right below a root that each unit belongs to; a root belongs to itself.
std::unordered_map<std::int64_t, std::string> regions(const Reader& reader) {
  const auto units = reader.list<Unit>();
  std::unordered_map<std::int64_t, const Unit*> by_id;
  for (const Unit& unit : units) by_id.emplace(unit.id.value, &unit);
  std::unordered_map<std::int64_t, std::string> names;
  for (const Unit& unit : units) {
    const Unit* region = &unit;
    for (const Unit* above = region; above->parent; above = by_id[above->parent->value]) {
      region = above;
      if (!by_id.contains(above->parent->value)) break;
    }
    names[unit.id.value] = region->name;
  }
  return names;
}

std::unordered_map<std::int64_t, std::string> names_for(const Reader& reader, std::string_view by) {
  if (by == "owner") return names_of(reader, entity_of<Employee>(), "name");
  if (by == "unit") return names_of(reader, entity_of<Unit>(), "name");
  if (by == "region") return regions(reader);
  if (by == "product") return names_of(reader, entity_of<Product>(), "name");
  if (by == "customer") return names_of(reader, entity_of<Customer>(), "name");
  if (by == "sector") return names_of(reader, entity_of<Customer>(), "sector");
  if (by == "country") return names_of(reader, entity_of<Customer>(), "country");
  return {};
}

void set_key(DealGroup& deal, std::string_view key, std::int64_t word) {
  if (key == "id") deal.id = word;
  if (key == "owner") deal.owner = word;
  if (key == "unit") deal.unit = word;
  if (key == "customer") deal.customer = word;
  if (key == "product") deal.product = word;
  if (key == "stage") deal.stage = word;
  if (key == "status") deal.status = static_cast<DealStatus>(word);
  if (key == "probability") deal.probability = word;
  if (key == "closed_on") deal.closed_on = {static_cast<std::int32_t>(word)};
}

}  // namespace

std::vector<DealGroup> load_deals(const Reader& reader, const DealFilter& filter, std::vector<std::string> keys) {
  const Entity& entity = entity_of<Opportunity>();
  Query query;
  if (!filter.statuses.empty()) {
    Condition in{.op = Condition::Op::in, .field = entity.at("status")};
    for (const DealStatus status : filter.statuses) in.operands.emplace_back(static_cast<std::int64_t>(status));
    query.conditions.push_back(std::move(in));
  }
  const int closed = entity.at("closed_on");
  if (filter.from) {
    query.conditions.push_back(
        {.op = Condition::Op::ge, .field = closed, .operands = {std::int64_t{filter.from->days}}});
  }
  if (filter.to) {
    query.conditions.push_back({.op = Condition::Op::lt, .field = closed, .operands = {std::int64_t{filter.to->days}}});
  }
  keys.emplace_back("status");
  const Groups groups = reader.group(entity, keys, {"base_amount"}, query);
  std::vector<DealGroup> deals(groups.rows.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const Column& column = groups.keys[i];
    for (std::size_t row = 0; row < deals.size(); ++row) {
      if (!column.is_null(row)) set_key(deals[row], keys[i], column.word(row));
    }
  }
  for (std::size_t row = 0; row < deals.size(); ++row) {
    deals[row].deals = groups.rows[row];
    deals[row].with_amount = groups.present[0][row];
    deals[row].amount = groups.sums[0][row];
  }
  return deals;
}

std::unordered_map<std::int64_t, std::string> names_of(const Reader& reader, const Entity& entity,
                                                       std::string_view field) {
  std::unordered_map<std::int64_t, std::string> names;
  auto rows = reader.scan(entity, {.fields = {"id", std::string(field)}});
  for (Batch batch; rows->next(batch);) {
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      if (!batch.columns[1].is_null(row)) names.emplace(batch.columns[0].word(row), batch.columns[1].text(row));
    }
  }
  return names;
}

namespace {

/// What a field of the store's own says of each record, as text; nothing where the entity has none of that name.
std::optional<std::unordered_map<std::int64_t, std::string>> own_values(const Reader& reader, const Entity& entity,
                                                                        std::string_view name) {
  const auto own = custom_of(reader, entity);
  if (own == nullptr || own->find(name) < 0) return std::nullopt;
  const Table table = generic::find(reader, entity, {.fields = {"id", std::string(name)}});
  std::unordered_map<std::int64_t, std::string> values;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const Value value = table.value(row, 1);
    if (!is_null(value)) values.emplace(table.data(0).word(row), to_string(value));
  }
  return values;
}

}  // namespace

Grouping::Grouping(const Reader& reader, std::string_view by, Calendar calendar)
    : by_(by), calendar_(std::move(calendar)) {
  if (auto of_deals = own_values(reader, entity_of<Opportunity>(), by)) {
    own_of_deal_ = true;
    names_ = *std::move(of_deals);
    return;
  }
  if (auto of_customers = own_values(reader, entity_of<Customer>(), by)) {
    own_of_customer_ = true;
    names_ = *std::move(of_customers);
    return;
  }
  if (std::find(std::begin(kGroupings), std::end(kGroupings), by) == std::end(kGroupings)) {
    throw Error(Code::invalid, "report", "by",
                "cannot group by '" + by_ + "'." + suggest(by, std::span(kGroupings).subspan(1)));
  }
  names_ = names_for(reader, by);
}

std::vector<std::string> Grouping::keys() const {
  if (by_.empty()) return {};
  if (own_of_deal_) return {"id"};
  if (own_of_customer_) return {"customer"};
  if (by_ == "month" || by_ == "quarter" || by_ == "year") return {"closed_on"};
  if (by_ == "region") return {"unit"};
  if (by_ == "sector" || by_ == "country") return {"customer"};
  return {by_};
}

std::int64_t Grouping::key(const DealGroup& deal) const {
  if (by_ == "owner") return deal.owner;
  if (by_ == "unit" || by_ == "region") return deal.unit;
  if (by_ == "product") return deal.product;
  if (own_of_deal_) return deal.id;
  return deal.customer;
}

namespace {

/// The last periods of 9999 end where no date is any more. Stores from before days to come were refused may name such a
/// day.
Period period_or_later(const Calendar& calendar, Grain grain, Date day) {
  try {
    return period_of(calendar, grain, day);
  } catch (const Error& error) {
    if (error.code != Code::overflow) throw;
    return {grain, day, day, std::string(kLater)};
  }
}

}  // namespace

const std::string& Grouping::of(const DealGroup& deal) {
  if (by_.empty()) return names_[0] = "all";
  if (by_ == "month" || by_ == "quarter" || by_ == "year") {
    const Period period = period_or_later(calendar_, parse_grain(by_), deal.closed_on);
    return names_.try_emplace(period.from.days, period.label).first->second;
  }
  const auto found = names_.find(key(deal));
  return found == names_.end() ? kNone : found->second;
}

std::string text_parameter(const Parameters& parameters, std::string_view name, std::string_view otherwise) {
  const auto found = parameters.find(name);
  if (found == parameters.end() || is_null(found->second)) return std::string(otherwise);
  if (const auto* text = std::get_if<std::string>(&found->second)) return *text;
  throw Error(Code::invalid, "report", std::string(name), "takes a text, not " + to_string(found->second));
}

std::int64_t integer_parameter(const Parameters& parameters, std::string_view name, std::int64_t otherwise) {
  const auto found = parameters.find(name);
  if (found == parameters.end() || is_null(found->second)) return otherwise;
  if (const auto* number = std::get_if<std::int64_t>(&found->second)) return *number;
  if (const auto* id = std::get_if<Id>(&found->second)) return id->value;
  throw Error(Code::invalid, "report", std::string(name), "takes a whole number, not " + to_string(found->second));
}

Id id_parameter(const Parameters& parameters, std::string_view name) {
  const std::int64_t number = integer_parameter(parameters, name, 0);
  if (number > 0) return Id{number};
  throw Error(Code::invalid, "report", std::string(name), "is missing; give the id of a record");
}

std::optional<incentive::NamedPeriod> period_parameter(const Reader& reader, const Parameters& parameters) {
  const std::string text = text_parameter(parameters, "period", "");
  if (text.empty()) return std::nullopt;
  return incentive::period_named(reader, text);
}

Calendar calendar_parameter(const Reader& reader, const Parameters& parameters) {
  return people::calendar_named(reader, text_parameter(parameters, "calendar", Calendar{}.name));
}

std::optional<Date> date_parameter(const Parameters& parameters, std::string_view name) {
  const auto found = parameters.find(name);
  if (found == parameters.end() || is_null(found->second)) return std::nullopt;
  if (const auto* date = std::get_if<Date>(&found->second)) return *date;
  if (const auto* text = std::get_if<std::string>(&found->second)) return parse_date(*text);
  throw Error(Code::invalid, "report", std::string(name),
              "takes a date such as 2017-03-01, not " + to_string(found->second));
}

Value percent(std::int64_t part, std::int64_t whole) {
  if (whole == 0) return {};
  return Decimal{divide(Int128{part} * 10'000, whole, Rounding::half_up), 2};
}

TableColumn text_column(std::string_view name) { return {.name = std::string(name)}; }
TableColumn count_column(std::string_view name) { return {.name = std::string(name), .type = Type::integer}; }
TableColumn percent_column(std::string_view name) {
  return {.name = std::string(name), .type = Type::decimal, .scale = 2};
}
TableColumn money_column(std::string_view name, const Reader& reader) {
  return {.name = std::string(name), .type = Type::money, .currency = reader.currency()};
}

}  // namespace kith::analytics
