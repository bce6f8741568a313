// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Kith, an embeddable CRM engine. This header includes everything and opens stores; its comment is the tour.
///
///     auto engine = kith::open("shop.kith");           // or "memory:"
///     auto session = engine->session();                // acts as `local`, the administrator of a new store
///     auto work = session.work({.cause = "first deal"});
///     kith::Customer acme{.name = "Acme"};
///     kith::customer::create(work, acme);
///     work.commit();                                   // or nothing has happened
///
/// **The engine** (start with engine/session.hpp). An Engine is an open store, a Session somebody at work in it. A
/// Reader is a snapshot filtered by what the actor may see, now or as of an earlier work; a Work is a Reader that
/// writes, all or nothing. Every past version stays readable (engine/history.hpp); what was removed can come back
/// (engine/recovery.hpp), a whole Work be taken back (engine/undo.hpp), a person be erased from every version
/// (engine/erasure.hpp), and a host follow the changes (engine/feed.hpp). `check` looks for broken invariants. Verbs
/// are free functions that take a Work first and check everything before their first write; they throw kith::Error,
/// which says what is wrong, where, and how to mend it (base/error.hpp).
///
/// **The domain**, area by area; each header begins with a paragraph of meaning, then structs, verbs, queries.
///
/// | header | what |
/// |---|---|
/// | engine/custom.hpp | fields that a store defines for itself: typed, validated, indexed, unique, computed |
/// | engine/state_machine.hpp | states and ways between them as data: guards, fields that a move needs |
/// | engine/ledger.hpp | postings that are only ever added, reversed by reference; balances are their sums |
/// | people/unit.hpp | the organisation: units in a tree, dated, so that the tree of any day can be walked |
/// | people/employee.hpp | who works here, and their dated membership of units |
/// | catalog/product.hpp | what is sold, with list prices |
/// | customer/customer.hpp | organisations and persons we sell to, and the people there |
/// | customer/lifecycle.hpp | ranked stages from subscriber to customer, time in stage, the furthest ever reached |
/// | sales/pipeline.hpp | the stages that deals move through, with default probabilities and guards |
/// | sales/opportunity.hpp | deals: open, won, lost or void; their stays in stages; credit split between people |
/// | incentive/plan.hpp | commission plans: documents of rate tables, rounding and eligibility |
/// | incentive/commission.hpp | their arithmetic, exact and without a store; incentive/trace.hpp explains each cent |
/// | incentive/statement.hpp | what each person earned in a period, closed periods, later corrections |
/// | incentive/statement_payment.hpp | what of it waits, is released, drawn, paid, and carried on |
/// | incentive/document.hpp | general commission plans over any events, and their engine without a store |
/// | incentive/event.hpp | business events of the host, known by source, id and version |
/// | incentive/payee.hpp | roles, superiors and values of the people whom general plans pay |
/// | incentive/payout.hpp | statements of general plans explained, exported, computed again; what-if, accruals |
/// | incentive/quota.hpp | targets as a tree from company to person, and what was won below each |
/// | incentive/measure.hpp | what else quotas count: queries over dated records |
/// | incentive/quota_plan.hpp | versions of a year's targets, and relief for those who come, go or pause |
/// | incentive/quota_season.hpp | targets over the year as earlier years were |
/// | incentive/quota_pace.hpp | where a quota stands on a day, where it will land, what it still takes |
/// | incentive/feedback.hpp | what a deed does for people at once, and the digest of every morning |
/// | incentive/bonus.hpp | pools, contests and SPIFFs in the store |
/// | incentive/obligations.hpp | amortised costs and draws in the store |
/// | incentive/sales_plan.hpp | what should be sold of what to whom, next to what was |
/// | incentive/quota_math.hpp | goals shared out, compared, paced, ranked; proration.hpp, action_target.hpp beside it |
/// | incentive/pool.hpp | the arithmetic of pools, contests and premiums |
/// | incentive/release.hpp | the arithmetic of when pay is due; draw.hpp, amortization.hpp beside it |
/// | analytics/report.hpp | reports by name: pipeline, win rate, ranking, bookings, attainment, statements |
/// | simulation/company.hpp | a company that never was, of any size, for tests, benchmarks and demos |
///
/// Beside the areas, interchange/ brings tables in (importer.hpp), and whole stores out and in again (dump.hpp).
///
/// Areas know only those above them in this table. What lies below learns of a deed through data: winning a deal
/// moves its customer on to the lifecycle stage "customer".
///
/// **Values** (base/): Money is whole minor units with a currency, Decimal is exact, rounding is always named, dates
/// are days and timestamps UTC microseconds. No double ever holds money.

#include <memory>
#include <string_view>

#include "kith/analytics/report.hpp"
#include "kith/base/calendar.hpp"
#include "kith/base/rate.hpp"
#include "kith/base/working_time.hpp"
#include "kith/catalog/product.hpp"
#include "kith/customer/customer.hpp"
#include "kith/customer/lifecycle.hpp"
#include "kith/engine/custom.hpp"
#include "kith/engine/erasure.hpp"
#include "kith/engine/feed.hpp"
#include "kith/engine/formula.hpp"
#include "kith/engine/history.hpp"
#include "kith/engine/ledger.hpp"
#include "kith/engine/ownership.hpp"
#include "kith/engine/recovery.hpp"
#include "kith/engine/session.hpp"
#include "kith/engine/state_machine.hpp"
#include "kith/engine/undo.hpp"
#include "kith/incentive/action_target.hpp"
#include "kith/incentive/amortization.hpp"
#include "kith/incentive/bonus.hpp"
#include "kith/incentive/draw.hpp"
#include "kith/incentive/event.hpp"
#include "kith/incentive/feedback.hpp"
#include "kith/incentive/measure.hpp"
#include "kith/incentive/obligations.hpp"
#include "kith/incentive/payee.hpp"
#include "kith/incentive/payout.hpp"
#include "kith/incentive/pool.hpp"
#include "kith/incentive/proration.hpp"
#include "kith/incentive/quota.hpp"
#include "kith/incentive/quota_facts.hpp"
#include "kith/incentive/quota_math.hpp"
#include "kith/incentive/quota_pace.hpp"
#include "kith/incentive/quota_plan.hpp"
#include "kith/incentive/quota_season.hpp"
#include "kith/incentive/release.hpp"
#include "kith/incentive/sales_plan.hpp"
#include "kith/incentive/statement.hpp"
#include "kith/incentive/statement_payment.hpp"
#include "kith/incentive/trace_text.hpp"
#include "kith/interchange/archive.hpp"
#include "kith/interchange/dump.hpp"
#include "kith/interchange/importer.hpp"
#include "kith/people/employee.hpp"
#include "kith/people/exchange_rate.hpp"
#include "kith/people/fiscal.hpp"
#include "kith/people/unit.hpp"
#include "kith/sales/opportunity.hpp"
#include "kith/sales/pipeline.hpp"
#include "kith/simulation/company.hpp"
#include "kith/storage/postgres.hpp"
#include "kith/storage/sqlite.hpp"

namespace kith {

/// Everything Kith knows: all areas, with their entities, verbs, permissions and reports. Made on first use, lives
/// until the program ends, shared by threads.
const Model& model();

/// Opens or makes the store at `url` with that model: "memory:" is a store in memory, "sqlite:path" or a plain path an
/// SQLite file, "postgresql://..." a tenant on a server. A new store gets the roles admin, manager and seller, the
/// principal `local` (admin) and the lifecycle stages subscriber, lead, MQL, SQL, opportunity, customer. Errors: those
/// of Engine::open.
std::shared_ptr<Engine> open(std::string_view url, const Options& options = {});

}  // namespace kith
