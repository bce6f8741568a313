// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the sales reports share: closed and open deals as columns, names of what they are grouped by, parameters.

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "incentive/entities.hpp"
#include "kith/analytics/report.hpp"
#include "kith/engine/reader.hpp"
#include "kith/sales/opportunity.hpp"

namespace kith::analytics {

/// Deals that agree in what a report asked for: how many, how many of them have an amount, and what those add up to in
/// minor units of the store's base currency: each at the rate that is bound to it. What was not asked for, and ids that
/// are absent, is 0.
struct DealGroup {
  std::int64_t id = 0;
  std::int64_t owner = 0;
  std::int64_t unit = 0;
  std::int64_t customer = 0;
  std::int64_t product = 0;
  std::int64_t stage = 0;
  DealStatus status = DealStatus::open;
  std::optional<std::int64_t> probability;  // their own, at scale 9
  Date closed_on;                           // of closed deals
  std::int64_t deals = 0;
  std::int64_t with_amount = 0;
  std::int64_t amount = 0;
};

/// What reports call the time in which no deal can have closed yet, or that has no period.
inline constexpr std::string_view kLater = "later";

/// Visible deals, filtered by status and, for closed ones, by [from, to).
struct DealFilter {
  std::vector<DealStatus> statuses;
  std::optional<Date> from;
  std::optional<Date> to;
};
/// `keys` are names of the members above: "owner" to "closed_on", "status" always among them.
std::vector<DealGroup> load_deals(const Reader& reader, const DealFilter& filter, std::vector<std::string> keys);

/// Names by id of an entity's visible records: its title field.
std::unordered_map<std::int64_t, std::string> names_of(const Reader& reader, const Entity& entity,
                                                       std::string_view field);

/// Puts deals into named groups: "owner", "unit", "region", "product", "customer", "sector", "country", "month",
/// "quarter", "year", a field of the store's own on deals or customers, or "" for one group. A region is a unit right
/// below a root of today's organisation.
class Grouping {
 public:
  /// Error{invalid} naming the known groupings.
  Grouping(const Reader& reader, std::string_view by, Calendar calendar);
  /// The group's name; "(none)" where the deal has nothing to be grouped by.
  const std::string& of(const DealGroup& deal);
  /// What `load_deals` has to tell apart for it.
  std::vector<std::string> keys() const;

 private:
  std::int64_t key(const DealGroup& deal) const;
  std::string by_;
  Calendar calendar_;         // of months, quarters and years
  bool own_of_deal_ = false;  // a field of the store's own
  bool own_of_customer_ = false;
  std::unordered_map<std::int64_t, std::string> names_;
};

/// Parameters by name, with defaults and types checked. Error{invalid} names the report's parameter.
std::string text_parameter(const Parameters& parameters, std::string_view name, std::string_view otherwise);
std::int64_t integer_parameter(const Parameters& parameters, std::string_view name, std::int64_t otherwise);
/// Must be there.
Id id_parameter(const Parameters& parameters, std::string_view name);
/// `period`: "2017-Q2" of the store's own calendar, "retail/2017-Q2" of another; nothing where it is not given.
std::optional<incentive::NamedPeriod> period_parameter(const Reader& reader, const Parameters& parameters);
/// `calendar`: a fiscal calendar by name; the store's own without it.
Calendar calendar_parameter(const Reader& reader, const Parameters& parameters);
std::optional<Date> date_parameter(const Parameters& parameters, std::string_view name);

/// part / whole as a percentage with 2 decimals, half up; null where whole is 0.
Value percent(std::int64_t part, std::int64_t whole);

/// Columns of reports.
TableColumn text_column(std::string_view name);
TableColumn count_column(std::string_view name);
TableColumn percent_column(std::string_view name);
TableColumn money_column(std::string_view name, const Reader& reader);

}  // namespace kith::analytics
