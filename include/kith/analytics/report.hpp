// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Reports: each is one function from a snapshot to a Table and one registry row, so that C, Python, the CLI and pages
/// list and run it by name (`Reader::report`). Rows are those the actor may see, except where a report says that it
/// publishes company totals. Percentages show 2 decimals, half up, and are null where the denominator is 0.
///
/// | name | what |
/// |---|---|
/// | pipeline | open deals by stage: count, amount, weighted amount |
/// | win_rate | won / (won + lost) by count and by amount, open excluded; grouped as asked |
/// | ranking | won deals and amount by owner (or product, customer, unit), best first, equal amounts share a rank |
/// | attainment | quota tree with actual, gap and percent |
/// | quota_consistency | quota tree with children sums, differences and missing children |
/// | quota_pace | quota tree on a day: pace by working days, status, landing, coverage, obstacles |
/// | quota_reconciliation | quota tree with what was promised from below |
/// | quota_ranking | people or units by what they brought or by attainment, equals share a rank |
/// | quota_facts | the records behind a quota's actual, as far as the actor may see them |
/// | quota_actions | what a quota still takes, back-computed from history |
/// | sales_plan | what should be sold of what to whom, next to what was won |
/// | digest | somebody's morning: yesterday's orders, commission, attainment before and after, what is due |
/// | bookings | won count and amount by week, month, quarter or year; periods without any are shown with 0 |
/// | statements | commission by employee for a period |
/// | deals | the seven numbers at the top of a cockpit: deals, open, won, lost, won amount, average won, win rate |

#include "kith/engine/model.hpp"

namespace kith {

extern const Area kAnalyticsArea;

namespace analytics {

Table pipeline(const Reader& reader, const Parameters& parameters);
Table win_rate(const Reader& reader, const Parameters& parameters);
Table ranking(const Reader& reader, const Parameters& parameters);
Table attainment(const Reader& reader, const Parameters& parameters);
Table quota_consistency(const Reader& reader, const Parameters& parameters);
Table quota_pace(const Reader& reader, const Parameters& parameters);
Table quota_reconciliation(const Reader& reader, const Parameters& parameters);
Table quota_ranking(const Reader& reader, const Parameters& parameters);
Table quota_facts(const Reader& reader, const Parameters& parameters);
Table quota_actions(const Reader& reader, const Parameters& parameters);
Table sales_plan(const Reader& reader, const Parameters& parameters);
Table digest(const Reader& reader, const Parameters& parameters);
Table bookings(const Reader& reader, const Parameters& parameters);
Table statements(const Reader& reader, const Parameters& parameters);
Table deals(const Reader& reader, const Parameters& parameters);

}  // namespace analytics
}  // namespace kith
