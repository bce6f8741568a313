// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What an expression may ask beyond its row: the day, exchange rates, rows that hold from one day to another. The
/// store's answers come from one snapshot (see lookups_of in engine/formula.hpp); a test may give its own.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "kith/base/rate.hpp"
#include "kith/schema/value.hpp"

namespace kith {

/// A field of dated rows that `lookup` may read: of all rows of one key, at most one holds at a moment.
struct DatedName {
  std::string name;                                ///< "membership.unit"
  Type key = Type::id;                             ///< of what the rows belong to
  Type moment = Type::date;                        ///< date or timestamp
  Type type = Type::text;                          ///< of what is found
  int scale = 0;                                   ///< of a decimal
  std::span<const std::string_view> choices = {};  ///< of a choice; must outlive what is compiled
};

/// Pure: one question always has one answer, so that expressions stay functions of their inputs.
class Lookups {
 public:
  virtual ~Lookups() = default;
  virtual Date today() const = 0;
  /// What one unit of `from` is worth in `to` on a day; nothing when there is no rate.
  virtual std::optional<Ratio> rate(Currency from, Currency to, Date on) const = 0;
  /// The value of a DatedName for a key at a moment, of its type; null when no row holds then.
  virtual Value dated(std::string_view name, const Value& key, const Value& moment) const = 0;
};

}  // namespace kith
