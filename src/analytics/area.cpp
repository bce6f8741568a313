// SPDX-License-Identifier: Apache-2.0
// What analytics registers: reports only. It reads, and owns no records.
#include "kith/analytics/report.hpp"

namespace kith {
namespace {

constexpr ReportParameter kFrom{"from", Type::date, false, "the first day of closing that counts"};
constexpr ReportParameter kTo{"to", Type::date, false, "the first day that no longer counts"};
constexpr ReportParameter kPeriod{"period", Type::text, false, "a period such as 2017-Q2; all without it"};

constexpr ReportParameter kPipelineParameters[] = {
    {"pipeline", Type::text, false, "the name of one pipeline; all without it"}};
constexpr ReportParameter kWinRateParameters[] = {
    {"by", Type::text, false, "owner, unit, region, product, customer, sector, country, month, quarter or year"},
    kFrom,
    kTo};
constexpr ReportParameter kRankingParameters[] = {
    {"by", Type::text, false, "owner (default), unit, region, product, customer, sector or country"}, kFrom, kTo};
constexpr ReportParameter kBookingsParameters[] = {
    {"grain", Type::text, false, "week (default), month, quarter or year"}, kFrom, kTo};
constexpr ReportParameter kDealsParameters[] = {kFrom, kTo};
constexpr ReportParameter kPeriodParameters[] = {kPeriod};

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
    {"attainment", "Quota trees with what was won, the gap and the percentage.", kPeriodParameters,
     analytics::attainment},
    {"quota_consistency", "Quota trees with the sums of children, differences, over-assignment and missing nodes.",
     kPeriodParameters, analytics::quota_consistency},
    {"statements", "Commission by employee: credit, earned, adjusted, total.", kPeriodParameters,
     analytics::statements},
};

}  // namespace

const Area kAnalyticsArea{.name = "analytics", .reports = kReports};

}  // namespace kith
