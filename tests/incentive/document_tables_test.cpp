// SPDX-License-Identifier: Apache-2.0
// Events as an Arrow stream give what they give as rows; parts of a result are tables; several changes are all or none.
#include "kith/incentive/document_tables.hpp"

#include <gtest/gtest.h>

#include <random>

#include "kith/base/error.hpp"
#include "kith/interchange/exporter.hpp"

namespace kith::incentive {
namespace {

PlanDocument plan() {
  return PlanDocument::parse(R"({"format": "kith.plan/2", "name": "field", "version": 1, "currency": "USD",
    "interval": "month", "valid": {"from": "2025-01-01"}, "attributes": {"line": "text"},
    "rounding": {"mode": "half_up", "point": "telescoped", "unit": "0.01"}, "order": ["date", "sequence", "id"],
    "credits": [{"name": "own", "role": "primary", "who": "split", "sum_must_be": "100", "rounding": "none",
      "apply": "base", "base": "amount", "when": "line != 'gift'",
      "fx": {"rate": "transaction", "reversal": "original"}}],
    "measures": [{"name": "sales", "credits": ["own"], "aggregate": "sum", "accumulate": "interval",
      "return_period": "original", "negative": "first_tier"}],
    "components": [{"name": "revenue", "kind": "tiers", "basis": {"measure": "sales"}, "tiers": {"input": "amount",
      "mode": "marginal", "boundary": "upper", "unit": "pct_of_base", "rows": [{"from": "0", "value": "5 %"},
      {"from": "500", "value": "8 %"}]}}]})");
}

EventRow event(const std::string& id, int day, std::int64_t minor, const std::string& person = "ann") {
  EventRow row;
  row.source = "shop";
  row.id = id;
  row.type = "order";
  row.date = {date(2025, 1, 1).days + day};
  row.amount = {minor, currency("USD")};
  row.attributes["line"] = "tools";
  row.splits = {{person, "primary", "1"}};
  return row;
}

/// Rows as a host's table, handed over as an Arrow stream.
ArrowArrayStream stream_of(const std::vector<EventRow>& rows, bool numbers = false) {
  std::vector<TableColumn> columns;
  for (const char* name : {"source", "type", "reverses", "person", "role", "share", "line"}) {
    columns.push_back({.name = name, .type = Type::text});
  }
  columns.push_back({.name = "id", .type = numbers ? Type::integer : Type::text});
  columns.push_back({.name = "version", .type = Type::integer});
  columns.push_back({.name = "sequence", .type = Type::integer});
  columns.push_back({.name = "date", .type = Type::date});
  columns.push_back({.name = "amount", .type = Type::money, .currency = currency("USD")});
  columns.push_back({.name = "quantity", .type = Type::decimal, .scale = 6});
  columns.push_back({.name = "cancelled", .type = Type::boolean});
  auto table = std::make_shared<Table>(std::move(columns));
  for (const EventRow& row : rows) {
    const auto line = row.attributes.find("line");
    table->add({row.source, row.type, row.reverses.empty() ? Value{} : Value{row.reverses}, row.splits[0].person,
                row.splits[0].role, row.splits[0].share, line == row.attributes.end() ? Value{} : Value{line->second},
                numbers ? Value{std::int64_t{std::stoll(row.id)}} : Value{row.id}, row.version, row.sequence, row.date,
                row.amount, parse_decimal(row.quantity), row.cancelled});
  }
  ArrowArrayStream stream{};
  to_arrow(table, &stream);
  return stream;
}

std::string computed(const Inputs& inputs) { return canonical_json(plan(), compute(plan(), inputs)); }

/// What the stream gives, and what the rows give.
void expect_same(const std::vector<EventRow>& rows, std::size_t columns, bool numbers = false) {
  Inputs streamed;
  ArrowArrayStream stream = stream_of(rows, numbers);
  add_events(streamed, &stream);
  EXPECT_EQ(stream.release, nullptr);
  EXPECT_EQ(streamed.columns.amount.size(), columns);
  Inputs plain;
  plain.events = rows;
  EXPECT_EQ(computed(streamed), computed(plain));
}

TEST(EventStreams, NumbersAsKeysStayColumnsAndOthersBecomeRows) {
  std::vector<EventRow> rows;
  std::mt19937 random(7);
  for (int i = 0; i < 60; ++i) {
    rows.push_back(event(std::to_string(i), static_cast<int>(random() % 70), 1'000 + static_cast<int>(random() % 9'000),
                         random() % 2 ? "ann" : "bob"));
    if (random() % 4 == 0) rows.back().attributes.clear();
    if (random() % 4 == 0) rows.back().attributes["line"] = "gift";
  }
  expect_same(rows, 60);
  expect_same(rows, 60, true);
  rows[3].id = "A-3";
  rows[4].id = "04";
  expect_same(rows, 58);
  rows[5].version = 2;
  rows[6].cancelled = true;
  rows.push_back(rows[7]);  // the same again changes nothing
  expect_same(rows, 55);
}

TEST(EventStreams, ReturnsNameWhatTheyTakeBackOrNothingThatIsThere) {
  std::vector<EventRow> rows{event("1", 3, 90'000), event("2", 40, -20'000), event("3", 41, -5'000),
                             event("4", 42, -7'000)};
  rows[1].reverses = "shop:1";
  expect_same(rows, 4);
  rows[2].reverses = "shop:99";
  rows[3].reverses = "shop:3";  // its own original is no column
  expect_same(rows, 2);
  Inputs unknown;
  unknown.events = rows;
  EXPECT_EQ(compute(plan(), unknown).warnings,
            (std::vector<std::string>{"Event 'shop:3' takes back one that is not there; it counts by itself."}));
}

TEST(EventStreams, FaultsAreToldWithTheirRow) {
  EventRow wrong = event("", 3, 100);
  wrong.splits[0].share = "x";
  ArrowArrayStream stream = stream_of({event("1", 1, 100), wrong});
  Inputs inputs;
  try {
    add_events(inputs, &stream);
    FAIL() << "an event without id was taken";
  } catch (const Error& error) {
    ASSERT_EQ(error.violations.size(), 1U);
    EXPECT_EQ(error.violations[0].field, "events[1].id");
  }
  EXPECT_EQ(stream.release, nullptr);
  EXPECT_TRUE(inputs.events.empty());
  EXPECT_THROW(add_events(inputs, &stream), Error);  // released before

  auto table = std::make_shared<Table>(std::vector<TableColumn>{{.name = "source", .type = Type::text}});
  to_arrow(table, &stream);
  try {
    add_events(inputs, &stream);
    FAIL() << "events without amounts were taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.violations.size(), 5U);  // id, type, date, amount, currency
  }
}

TEST(Computations, ChangeOfManyIsAllOrNothingAndTablesSayWhatTheResultSays) {
  std::vector<EventRow> rows{event("1", 3, 90'000), event("2", 4, 30'000, "bob"), event("3", 40, -20'000)};
  rows[2].reverses = "shop:1";
  Inputs inputs;
  ArrowArrayStream stream = stream_of(rows);
  add_events(inputs, &stream);
  Computation stays(plan(), inputs);

  // The original of a return that came as columns: the return moves with it.
  EventRow later = event("1", 33, 90'000);
  later.version = 2;
  EventRow other = event("9", 5, 10'000);
  const auto changed = stays.change(std::vector{later, other});
  Inputs all;
  all.events = rows;
  all.events.push_back(later);
  all.events.push_back(other);
  EXPECT_EQ(canonical_json(stays.plan(), stays.result()), computed(all));
  ASSERT_FALSE(changed.empty());
  EXPECT_EQ(to_table(stays.plan(), changed).rows(), changed.size());

  const std::string before = canonical_json(stays.plan(), stays.result());
  EventRow good = event("10", 6, 10'000), bad = event("11", 6, 10'000);
  good.version = bad.version = 3;
  bad.splits[0].share = "0.9";
  later.version = 3;
  later.amount.minor = 1;
  EXPECT_THROW(stays.change(std::vector{later, good, bad}), Error);
  EXPECT_EQ(canonical_json(stays.plan(), stays.result()), before);
  EXPECT_TRUE(stays.change(std::vector<EventRow>{}).empty());

  const PlanResult result = stays.result();
  const Table statements = to_table(stays.plan(), stays.result(detail_of("statements")), "statements");
  ASSERT_EQ(statements.rows(), result.statements.size());
  for (std::size_t i = 0; i < statements.rows(); ++i) {
    EXPECT_EQ(std::get<std::string>(statements.value(i, statements.at("person"))), result.statements[i].person);
    EXPECT_EQ(std::get<Money>(statements.value(i, statements.at("amount"))),
              (Money{result.statements[i].amount, currency("USD")}));
  }
  for (const char* part :
       {"credits", "lines", "components", "releases", "ledger", "payments", "pools", "amortization", "warnings"}) {
    const PlanResult needed = stays.result(detail_of(part));
    EXPECT_EQ(to_json(to_table(stays.plan(), needed, part)), to_json(to_table(stays.plan(), result, part))) << part;
  }
  EXPECT_THROW(static_cast<void>(detail_of("statement")), Error);
}

}  // namespace
}  // namespace kith::incentive
