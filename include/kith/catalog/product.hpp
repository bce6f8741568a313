// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Products with a list price. A price is a Decimal with six digits, not Money: real invoices carry unit prices
/// with three decimals.

#include <optional>
#include <string>

#include "kith/engine/work.hpp"

namespace kith {

/// Something that is sold.
struct Product {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  std::string name = {};
  std::string name_key = {};               ///< kept: fold(name)
  std::optional<std::string> series = {};  ///< product line
  std::optional<Decimal> list_price = {};  ///< per unit, scale 6, in `currency`
  Currency currency = {};                  ///< default: the store's base currency
  bool active = true;
  std::optional<std::string> source = {};
  std::optional<std::string> external_id = {};
};
template <>
const Entity& entity_of<Product>();

namespace catalog {

/// Adds a product. Errors: invalid, conflict (source + external_id taken), denied.
Id create(Work& work, Product& product);
/// Errors: those of `create`; conflict for a stale revision, not_found.
void update(Work& work, Product& product);

}  // namespace catalog

/// What this area registers with the engine.
extern const Area kCatalogArea;

}  // namespace kith
