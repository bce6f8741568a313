// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The entities of this area as constants, so that the area's table is one too (no code runs before main).

#include "kith/people/employee.hpp"
#include "kith/people/exchange_rate.hpp"
#include "kith/people/fiscal.hpp"

namespace kith::people {

extern const Entity kUnit;
extern const Entity kUnitParent;
extern const Entity kEmployee;
extern const Entity kMembership;
extern const Entity kFiscalCalendar;
extern const Entity kWorkingCalendar;
extern const Entity kWorkingDay;
extern const Entity kExchangeRate;

extern const Report kReports[4];

/// Records that name a period of a calendar which is not there or has the period elsewhere.
void check_calendars(const Reader& reader, std::vector<Finding>& findings);

}  // namespace kith::people
