// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What the rows of a general plan's result are made of, by name: the one list that tables and JSON both walk.

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "kith/incentive/document.hpp"

namespace kith::incentive::general {

template <class Row>
using Member = std::variant<std::string Row::*, std::optional<std::string> Row::*, std::int64_t Row::*,
                            std::optional<std::int64_t> Row::*, bool Row::*, Date Row::*>;
/// Whether a member stands in the JSON form of a row too.
enum class InJson {
  always,
  filled,  ///< not where it is absent or empty
  never,   ///< it is no result, but a term that tables show beside it
};
template <class Row>
struct Shown {
  const char* name;
  Member<Row> member;
  InJson json = InJson::always;
};
template <class Row>
using Shape = std::vector<Shown<Row>>;

inline Shape<CreditResult> shape_of(const std::vector<CreditResult>&) {
  using R = CreditResult;
  return {
      {"rule", &R::rule}, {"person", &R::person}, {"event", &R::event}, {"period", &R::period}, {"exact", &R::exact}};
}
inline Shape<LineResult> shape_of(const std::vector<LineResult>&) {
  using R = LineResult;
  return {{"person", &R::person}, {"component", &R::component},
          {"event", &R::event},   {"period", &R::period},
          {"exact", &R::exact},   {"amount", &R::amount},
          {"excess", &R::excess}, {"payable", &R::payable, InJson::filled}};
}
inline Shape<ComponentResult> shape_of(const std::vector<ComponentResult>&) {
  using R = ComponentResult;
  return {{"person", &R::person},
          {"component", &R::component},
          {"period", &R::period},
          {"measured", &R::measured},
          {"goal", &R::goal},
          {"attainment", &R::attainment, InJson::filled},
          {"raw", &R::raw},
          {"excess", &R::excess},
          {"exact", &R::exact},
          {"amount", &R::amount},
          {"applicable", &R::applicable}};
}
inline Shape<ReleaseResult> shape_of(const std::vector<ReleaseResult>&) {
  using R = ReleaseResult;
  return {{"person", &R::person},   {"component", &R::component}, {"period", &R::period},
          {"trigger", &R::trigger}, {"amount", &R::amount},       {"released", &R::released}};
}
inline Shape<LedgerLine> shape_of(const std::vector<LedgerLine>&) {
  using R = LedgerLine;
  return {{"person", &R::person}, {"component", &R::component}, {"earned", &R::earned},
          {"posted", &R::posted}, {"kind", &R::kind},           {"amount", &R::amount}};
}
inline Shape<StatementResult> shape_of(const std::vector<StatementResult>&) {
  using R = StatementResult;
  return {{"person", &R::person}, {"period", &R::period}, {"amount", &R::amount}};
}
inline Shape<PaymentResult> shape_of(const std::vector<PaymentResult>&) {
  using R = PaymentResult;
  return {{"person", &R::person},
          {"period", &R::period},
          {"earned", &R::earned},
          {"held", &R::held},
          {"released", &R::released},
          {"carried", &R::carried},
          {"drawn", &R::drawn, InJson::never},
          {"advanced", &R::advanced},
          {"recovered", &R::recovered},
          {"topped_up", &R::topped_up},
          {"forgiven", &R::forgiven},
          {"balance", &R::balance},
          {"carry", &R::carry},
          {"pay", &R::pay}};
}
inline Shape<PoolResult> shape_of(const std::vector<PoolResult>&) {
  using R = PoolResult;
  return {{"component", &R::component},
          {"period", &R::period},
          {"pool", &R::pool},
          {"paid", &R::paid},
          {"carried", &R::carried}};
}
inline Shape<CostLine> shape_of(const std::vector<CostLine>&) {
  using R = CostLine;
  return {{"person", &R::person}, {"component", &R::component}, {"event", &R::event},        {"kind", &R::kind},
          {"from", &R::from},     {"amount", &R::amount},       {"remaining", &R::remaining}};
}

}  // namespace kith::incentive::general
