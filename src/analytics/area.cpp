// SPDX-License-Identifier: Apache-2.0
// What analytics registers: reports only. It reads, and owns no records.
#include "kith/analytics/report.hpp"

namespace kith {
namespace {

constexpr ReportParameter kFrom{"from", Type::date, false, "the first day of closing that counts"};
constexpr ReportParameter kTo{"to", Type::date, false, "the first day that no longer counts"};
constexpr ReportParameter kPeriod{"period", Type::text, false,
                                  "a period such as 2017-Q2, or retail/2017-Q2 of calendar retail; all without it"};
constexpr ReportParameter kCalendar{"calendar", Type::text, false,
                                    "a fiscal calendar by name; the store's own without it"};

constexpr ReportParameter kPipelineParameters[] = {
    {"pipeline", Type::text, false, "the name of one pipeline; all without it"}};
constexpr ReportParameter kWinRateParameters[] = {
    {"by", Type::text, false, "owner, unit, region, product, customer, sector, country, month, quarter or year"},
    kFrom,
    kTo,
    kCalendar};
constexpr ReportParameter kRankingParameters[] = {
    {"by", Type::text, false, "owner (default), unit, region, product, customer, sector or country"}, kFrom, kTo};
constexpr ReportParameter kBookingsParameters[] = {
    {"grain", Type::text, false, "week (default), month, quarter or year"}, kFrom, kTo, kCalendar};
constexpr ReportParameter kDealsParameters[] = {kFrom, kTo};
constexpr ReportParameter kPeriodParameters[] = {kPeriod};
constexpr ReportParameter kMetric{"metric", Type::text, false, "what is counted, by name; all without it"};
constexpr ReportParameter kPlan{"plan", Type::integer, false, "a version of a quota plan; what is in force without it"};
constexpr ReportParameter kOn{"on", Type::date, false, "the day; today within the period without it"};
constexpr ReportParameter kQuotaParameters[] = {kPeriod, kMetric, kPlan};
constexpr ReportParameter kPaceParameters[] = {
    kPeriod, kMetric, kPlan, kOn, {"working_calendar", Type::text, false, "Monday to Friday without it"}};
constexpr ReportParameter kQuotaRankingParameters[] = {
    kPeriod,
    kMetric,
    {"by", Type::text, false, "actual (default) or attainment"},
    {"ranking", Type::text, false, "competition (default: 1, 2, 2, 4) or dense (1, 2, 2, 3)"},
    {"kind", Type::text, false, "employee (default) or unit"}};
constexpr ReportParameter kFactParameters[] = {{"quota", Type::integer, true, "the id of a quota"}};
constexpr ReportParameter kDigestParameters[] = {{"employee", Type::integer, true, "whose morning"},
                                                 {"day", Type::date, false, "the morning; today without it"}};
constexpr ReportParameter kActionParameters[] = {
    {"quota", Type::integer, true, "the id of a quota of won_amount"},
    kOn,
    {"from", Type::date, false, "first day of the history; a year before the period without it"},
    {"to", Type::date, false, "first day that is no history any more"},
    {"minimum", Type::integer, false, "a ratio of fewer cases is taken from all; 5"},
    {"levels", Type::text, false, "measures from the deal backwards: visits,leads"}};

constexpr Report kReports[] = {
    {"pipeline", "Open deals by stage: count, amount, amount weighted by probability, potential at list prices.",
     kPipelineParameters, analytics::pipeline},
    {"win_rate", "Won / (won + lost) by count and by amount; open deals count nowhere.", kWinRateParameters,
     analytics::win_rate},
    {"ranking", "Won deals and amount, best first; equal amounts share a rank.", kRankingParameters,
     analytics::ranking},
    {"bookings", "Won count and amount period by period, those without any included.", kBookingsParameters,
     analytics::bookings},
    {"deals", "The numbers at the top of a cockpit: deals, open, won, lost, won amount, average, win rate.",
     kDealsParameters, analytics::deals},
    {"attainment", "Quota trees with what came in, the gap, the percentage and the grade.", kQuotaParameters,
     analytics::attainment},
    {"quota_consistency", "Quota trees with the sums of children, differences, over-assignment and missing nodes.",
     kQuotaParameters, analytics::quota_consistency},
    {"quota_pace", "Quota trees on a day: pace by working days, status, landing, coverage, obstacles.", kPaceParameters,
     analytics::quota_pace},
    {"quota_reconciliation", "Quota trees with what was promised from below and how far it lies off.", kQuotaParameters,
     analytics::quota_reconciliation},
    {"quota_ranking", "People or units by what they brought, or by attainment; equals share a rank.",
     kQuotaRankingParameters, analytics::quota_ranking},
    {"quota_facts", "The records behind a quota's actual, by day, with the running sum.", kFactParameters,
     analytics::quota_facts},
    {"quota_actions", "What a quota still takes: deals, new customers, opportunities, visits, by history.",
     kActionParameters, analytics::quota_actions},
    {"sales_plan", "The sales plan line by line, next to what was won.", kPeriodParameters, analytics::sales_plan},
    {"digest", "A morning: yesterday's orders, commission and attainment before and after, month to date, what is due.",
     kDigestParameters, analytics::digest},
    {"statements", "Commission by employee: credit, earned, adjusted, total.", kPeriodParameters,
     analytics::statements},
};

}  // namespace

const Area kAnalyticsArea{.name = "analytics", .reports = kReports};

}  // namespace kith
