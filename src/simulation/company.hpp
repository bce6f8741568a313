// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What a Company keeps: its options and its small lists. Customers, deals and events are computed when asked for.

#include <string>
#include <vector>

#include "kith/simulation/company.hpp"
#include "simulation/draw.hpp"

namespace kith::simulation {

inline constexpr int kPriceScale = 6;

struct Company::Impl {
  explicit Impl(const CompanyOptions& given);

  CompanyOptions options;
  std::int32_t span = 0;  ///< days
  std::int64_t customer_count = 0;
  std::int64_t deal_count = 0;
  std::vector<std::string> regions;
  std::vector<Team> teams;
  std::vector<Seller> sellers;
  std::vector<SimulatedProduct> products;
  std::vector<Campaign> campaigns;

  void require(std::int64_t number, std::int64_t count, const char* what) const;
  /// The day of a fact, spread evenly over the whole time.
  Date day_of(std::int64_t number, std::int64_t count) const;
  std::int64_t customers_on(Date on) const;  ///< how many are known at the end of that day
  std::int64_t active_seller(Draw& draw, Date on) const;
  std::int64_t finder(std::int64_t customer) const;
  std::int64_t successor(std::int64_t seller, Date on) const;
  std::int64_t customer_of(std::int64_t deal) const;
  SimulatedDeal deal(std::int64_t number) const;
  std::optional<Sharing> sharing(std::int64_t deal) const;
  /// price x quantity less discount in minor units, half up.
  std::int64_t minor(Decimal price, std::int64_t quantity, std::int64_t discount_permille) const;

 private:
  void make_teams();
  void make_sellers();
  void make_products();
  void make_campaigns();
};

/// "s1" for seller 0: the principal, and the person in plan inputs.
inline std::string seller_name(std::int64_t seller) { return "s" + std::to_string(seller + 1); }

}  // namespace kith::simulation
