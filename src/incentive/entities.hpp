// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The entities of this area as constants, so that the area's table is one too (no code runs before main).

#include "kith/incentive/event.hpp"
#include "kith/incentive/feedback.hpp"
#include "kith/incentive/measure.hpp"
#include "kith/incentive/payee.hpp"
#include "kith/incentive/quota.hpp"
#include "kith/incentive/quota_pace.hpp"
#include "kith/incentive/quota_plan.hpp"
#include "kith/incentive/statement.hpp"
#include "kith/incentive/statement_payment.hpp"
#include "kith/people/fiscal.hpp"

namespace kith::incentive {

extern const Entity kCommissionPlan;
extern const Entity kPlanAssignment;
extern const Entity kCommissionPeriod;
extern const Entity kStatement;
extern const Entity kStatementLine;
extern const Entity kStatementRelease;
extern const Entity kStatementPayment;
extern const Entity kQuota;
extern const Entity kQuotaPlan;
extern const Entity kQuotaRelief;
extern const Entity kQuotaMilestone;
extern const Entity kMeasure;
extern const Entity kProgress;
extern const Entity kDigestDelivery;
extern const Entity kEvent;
extern const Entity kEventShare;
extern const Entity kPayeeRole;
extern const Entity kReportingLine;
extern const Entity kCommissionValue;

using people::calendar_named;

/// True for a plan of format "kith.plan/2".
bool is_general(const CommissionPlan& plan);

/// A period as callers name it: "2017-Q2" of calendar "calendar", or "retail/2017-Q2" of another one.
struct NamedPeriod {
  Calendar calendar;
  Period period;
};
/// Errors: invalid (no such calendar, no such period).
NamedPeriod period_named(const Reader& reader, std::string_view text);

/// Adds shares of events whose day is not that of their event.
void check_shares(const Reader& reader, std::vector<Finding>& findings);

/// Throws Error{denied} unless the actor may do that to every record of the entity.
void require_all(const Work& work, Action action, const Entity& entity);

}  // namespace kith::incentive
