// SPDX-License-Identifier: Apache-2.0
/// \file
/// What every backend promises of scans: each condition and order as the reference evaluator has it, as-of states,
/// batches, and equality with each other on random work.

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <random>
#include <set>

#include "kith/base/error.hpp"
#include "storage/contract.hpp"
#include "support/expect_error.hpp"
#include "support/soak.hpp"

namespace kith_test {

using kith::Cell;
using kith::Code;
using kith::Condition;
using kith::Id;
using Op = Condition::Op;

namespace {

/// Three-way comparison of two rows in one column, nulls last in both directions.
int compare_rows(const kith::Column& column, std::size_t a, std::size_t b, bool descending) {
  if (column.is_null(a) || column.is_null(b)) {
    return static_cast<int>(column.is_null(a)) - static_cast<int>(column.is_null(b));
  }
  int order = 0;
  if (column.is_text()) {
    order = column.text(a).compare(column.text(b));
  } else {
    order = column.word(a) < column.word(b) ? -1 : (column.word(a) > column.word(b) ? 1 : 0);
  }
  return descending ? -order : order;
}

/// Everything the cursor gives, with what it did not take done here.
kith::Batch gather(kith::Transaction& transaction, const kith::Scan& scan) {
  kith::Batch all(*scan.entity, scan.fields);
  const auto cursor = transaction.scan(scan);
  const kith::Taken& taken = cursor->taken();
  EXPECT_EQ(taken.where.size(), scan.where.size());
  for (kith::Batch batch; cursor->next(batch);) {
    EXPECT_GT(batch.rows(), 0U);
    EXPECT_LE(batch.rows(), kith::Cursor::kRows);
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      bool keep = true;
      for (std::size_t i = 0; i < scan.where.size(); ++i) {
        if (!taken.where[i]) keep = keep && kith::evaluate(scan.where[i], batch, row) == kith::Tri::yes;
      }
      if (keep) all.append_row(batch, row);
    }
  }
  std::vector<std::size_t> order(all.rows());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (!taken.order) {
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      for (const kith::Order& key : scan.order) {
        const int result = compare_rows(all.column(key.field), a, b, key.descending);
        if (result != 0) return result < 0;
      }
      return false;
    });
  }
  if (scan.limit && !taken.limit) order.resize(std::min(order.size(), static_cast<std::size_t>(*scan.limit)));
  kith::Batch result(*scan.entity, scan.fields);
  for (const std::size_t row : order) result.append_row(all, row);
  return result;
}

void choose_all(kith::Scan& scan) {
  scan.fields.resize(scan.entity->fields.size());
  std::iota(scan.fields.begin(), scan.fields.end(), 0);
}

Condition on(std::string_view field, Op op, std::vector<Cell> operands = {}) {
  return {op, at(field), std::move(operands), {}};
}
Condition of(Op op, std::vector<Condition> terms) { return {op, -1, {}, std::move(terms)}; }
Cell word(std::int64_t value) { return value; }
Cell text(std::string value) { return Cell(std::move(value)); }
const Cell kNull;

}  // namespace

std::vector<Sample> samples_of(kith::Transaction& transaction, kith::Scan scan) {
  scan.entity = &sample();
  choose_all(scan);
  const kith::Batch rows = gather(transaction, scan);
  std::vector<Sample> samples(rows.rows());
  for (std::size_t row = 0; row < rows.rows(); ++row) kith::load_row(rows, row, &samples[row]);
  return samples;
}

std::vector<std::int64_t> ids_of(kith::Transaction& transaction, kith::Scan scan) {
  scan.entity = &sample();
  scan.fields = {kith::kIdField};
  for (const Condition& condition : scan.where) kith::collect_fields(condition, scan.fields);
  for (const kith::Order& order : scan.order) kith::collect_fields({Op::is_null, order.field, {}, {}}, scan.fields);
  const kith::Batch rows = gather(transaction, scan);
  const auto words = rows.columns[0].words();
  return {words.begin(), words.end()};
}

std::vector<Sample> all_samples(kith::Transaction& transaction) {
  kith::Scan scan;
  scan.order = {{kith::kIdField}};
  return samples_of(transaction, scan);
}

namespace {

class ContractScan : public Contract {
 protected:
  /// 1: number 10, name a; 2: number 20, name b; 3: number null, name null; 4: number 20, name 客.
  void given_four() {
    Sample one = make_sample(1);
    one.maybe_number = 10;
    one.maybe_name = "a";
    Sample two = make_sample(2);
    two.maybe_number = 20;
    two.maybe_name = "b";
    Sample four = make_sample(4);
    four.maybe_number = 20;
    four.maybe_name = "客";
    given({one, two, make_sample(3), four});
  }
  std::vector<std::int64_t> where(std::vector<Condition> conditions) {
    kith::Scan scan = scan_where(std::move(conditions));
    scan.order = {{kith::kIdField}};
    return ids_of(*read(), scan);
  }
};
INSTANTIATE_TEST_SUITE_P(Storage, ContractScan, testing::ValuesIn(backends()), backend_name);

using Ids = std::vector<std::int64_t>;

TEST_P(ContractScan, ComparesWordsAndTexts) {
  given_four();
  EXPECT_EQ(where({on("maybe_number", Op::eq, {word(20)})}), (Ids{2, 4}));
  EXPECT_EQ(where({on("maybe_number", Op::ne, {word(20)})}), (Ids{1}));
  EXPECT_EQ(where({on("maybe_number", Op::lt, {word(20)})}), (Ids{1}));
  EXPECT_EQ(where({on("maybe_number", Op::le, {word(20)})}), (Ids{1, 2, 4}));
  EXPECT_EQ(where({on("maybe_number", Op::gt, {word(10)})}), (Ids{2, 4}));
  EXPECT_EQ(where({on("maybe_number", Op::ge, {word(10)})}), (Ids{1, 2, 4}));
  EXPECT_EQ(where({on("maybe_number", Op::between, {word(5), word(15)})}), (Ids{1}));
  EXPECT_EQ(where({on("maybe_number", Op::between, {word(15), word(5)})}), (Ids{}));
  EXPECT_EQ(where({on("maybe_number", Op::in, {word(10), word(7)})}), (Ids{1}));
  EXPECT_EQ(where({on("maybe_number", Op::in)}), (Ids{}));
  EXPECT_EQ(where({on("maybe_number", Op::is_null)}), (Ids{3}));
  EXPECT_EQ(where({on("maybe_number", Op::not_null)}), (Ids{1, 2, 4}));
  EXPECT_EQ(where({on("maybe_name", Op::gt, {text("a")})}), (Ids{2, 4}));
  EXPECT_EQ(where({on("maybe_name", Op::eq, {text("A")})}), (Ids{}));
  EXPECT_EQ(where({on("maybe_name", Op::in, {text("客"), text("a"), text("x")})}), (Ids{1, 4}));
  EXPECT_EQ(where({on("maybe_name", Op::between, {text("b"), text("\xff")})}), (Ids{2, 4}));
}

TEST_P(ContractScan, NullsMakeComparisonsUnknown) {
  given_four();
  EXPECT_EQ(where({on("maybe_number", Op::eq, {kNull})}), (Ids{}));
  EXPECT_EQ(where({on("maybe_number", Op::ne, {kNull})}), (Ids{}));
  EXPECT_EQ(where({of(Op::none, {on("maybe_number", Op::eq, {kNull})})}), (Ids{}));
  EXPECT_EQ(where({of(Op::none, {on("maybe_number", Op::eq, {word(10)})})}), (Ids{2, 4}));
  EXPECT_EQ(where({of(Op::none, {on("maybe_number", Op::in, {word(10), kNull})})}), (Ids{}));
  EXPECT_EQ(where({on("maybe_number", Op::in, {word(10), kNull})}), (Ids{1}));
  EXPECT_EQ(where({of(Op::none, {on("maybe_number", Op::in)})}), (Ids{1, 2, 3, 4}));
  EXPECT_EQ(where({on("maybe_number", Op::between, {kNull, word(15)})}), (Ids{}));
  EXPECT_EQ(where({of(Op::none, {on("maybe_number", Op::between, {kNull, word(15)})})}), (Ids{2, 4}));
  EXPECT_EQ(where({of(Op::any, {on("maybe_number", Op::eq, {kNull}), on("id", Op::eq, {word(3)})})}), (Ids{3}));
  EXPECT_EQ(where({of(Op::any, {on("maybe_number", Op::gt, {word(0)}), on("maybe_number", Op::le, {word(0)})})}),
            (Ids{1, 2, 4}));
}

TEST_P(ContractScan, CombinesConditions) {
  given_four();
  EXPECT_EQ(where({of(Op::all, {})}), (Ids{1, 2, 3, 4}));
  EXPECT_EQ(where({of(Op::any, {})}), (Ids{}));
  EXPECT_EQ(where({of(Op::none, {of(Op::any, {})})}), (Ids{1, 2, 3, 4}));
  EXPECT_EQ(where({on("id", Op::gt, {word(1)}), on("maybe_number", Op::eq, {word(20)})}), (Ids{2, 4}));
  const Condition chosen = on("id", Op::in, {word(4), word(2), word(4), kNull, word(9)});
  EXPECT_EQ(where({chosen}), (Ids{2, 4}));
  EXPECT_EQ(where({chosen, on("maybe_name", Op::eq, {text("b")})}), (Ids{2}));
  EXPECT_EQ(where({on("id", Op::eq, {word(3)}), on("id", Op::eq, {word(4)})}), (Ids{}));
  EXPECT_EQ(where({on("id", Op::eq, {kNull})}), (Ids{}));
}

TEST_P(ContractScan, ConditionsOfTheWrongKindAreAMistake) {
  const auto transaction = read();
  const auto scan = [&](Condition condition) {
    kith::Scan wanted = scan_where({std::move(condition)});
    wanted.fields = {0};
    return transaction->scan(wanted);
  };
  EXPECT_KITH_ERROR(scan(on("number", Op::eq, {text("5")})), Code::misuse, "number");
  EXPECT_KITH_ERROR(scan(on("name", Op::in, {text("5"), word(5)})), Code::misuse, "name");
  EXPECT_KITH_ERROR(scan(on("number", Op::eq)), Code::misuse, "operand");
  EXPECT_KITH_ERROR(scan(on("number", Op::between, {word(1)})), Code::misuse, "operand");
  EXPECT_KITH_ERROR(scan(of(Op::none, {})), Code::misuse, "one term");
  EXPECT_KITH_ERROR(scan(Condition{Op::eq, 99, {word(1)}, {}}), Code::misuse, "field");
  EXPECT_KITH_ERROR(transaction->scan({.entity = &sample()}), Code::misuse, "at least one field");
  EXPECT_KITH_ERROR(transaction->scan({.entity = &note(), .fields = {0}, .history = &sample_history()}), Code::misuse,
                    "as of");
}

TEST_P(ContractScan, NullsComeLastInBothDirections) {
  given_four();
  const auto ordered = [&](std::vector<kith::Order> order, std::optional<std::int64_t> limit = {}) {
    kith::Scan scan;
    scan.order = std::move(order);
    scan.limit = limit;
    return ids_of(*read(), scan);
  };
  EXPECT_EQ(ordered({{at("maybe_number")}, {kith::kIdField, true}}), (Ids{1, 4, 2, 3}));
  EXPECT_EQ(ordered({{at("maybe_number"), true}, {kith::kIdField}}), (Ids{2, 4, 1, 3}));
  EXPECT_EQ(ordered({{at("maybe_name"), true}}), (Ids{4, 2, 1, 3}));
  EXPECT_EQ(ordered({{at("maybe_name")}}, 2), (Ids{1, 2}));
  EXPECT_EQ(ordered({{kith::kIdField}}, 0), (Ids{}));
  EXPECT_EQ(ordered({{at("number"), true}}, 100), (Ids{4, 3, 2, 1}));
}

TEST_P(ContractScan, TextSortsByItsBytes) {
  const std::vector<std::string> sorted = {"", "B", "a", "a ", "aa", "z", "é", "中", "客", "\xf0\x9f\x98\x80"};
  std::vector<Sample> samples;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    samples.push_back(make_sample(static_cast<std::int64_t>(sorted.size() - i)));
    samples.back().name = sorted[i];
  }
  given(samples);
  kith::Scan scan;
  scan.order = {{at("name")}};
  EXPECT_EQ(samples_of(*read(), scan), samples);
}

TEST_P(ContractScan, GivesChosenColumnsInBatches) {
  std::vector<Sample> many;
  for (std::int64_t id = 1; id <= 2500; ++id) many.push_back(make_sample(id));
  given(many);
  const auto transaction = read();
  const kith::Scan scan = {.entity = &sample(), .fields = {at("name"), at("id"), at("maybe_day"), at("id")}};
  const auto first = transaction->scan(scan);
  const auto second = transaction->scan(scan);  // The same shape twice at once.
  kith::Batch one;
  kith::Batch two;
  std::set<std::int64_t> seen;
  std::vector<std::size_t> sizes;
  while (first->next(one)) {
    ASSERT_TRUE(second->next(two));
    ASSERT_EQ(one.rows(), two.rows());
    ASSERT_EQ(one.fields, scan.fields);
    sizes.push_back(one.rows());
    for (std::size_t row = 0; row < one.rows(); ++row) {
      const std::int64_t id = one.columns[1].word(row);
      EXPECT_EQ(one.columns[0].text(row), "sample " + std::to_string(id));
      EXPECT_EQ(one.columns[3].word(row), id);
      EXPECT_TRUE(one.columns[2].is_null(row));
      seen.insert(id);
    }
  }
  EXPECT_FALSE(second->next(two));
  EXPECT_EQ(one.rows(), 0U);
  EXPECT_FALSE(first->next(one)) << "the end stays the end";
  EXPECT_EQ(seen.size(), 2500U);
  EXPECT_EQ(sizes, (std::vector<std::size_t>{1024, 1024, 452}));
}

TEST_P(ContractScan, LongListsAndDeepTreesGiveTheSameRows) {
  std::vector<Sample> many;
  for (std::int64_t id = 1; id <= 99; ++id) many.push_back(make_sample(id));
  given(many);
  std::vector<Cell> odd;
  Ids expected;
  for (std::int64_t id = 1; id <= 99; id += 2) expected.push_back(id);
  for (std::int64_t id = 1; id <= 4001; id += 2) odd.push_back(word(id * 10));
  EXPECT_EQ(where({on("number", Op::in, odd)}), expected);
  odd.resize(850);
  EXPECT_EQ(where({on("number", Op::in, odd)}), expected);
  EXPECT_EQ(where({on("id", Op::in, std::vector<Cell>(2000, word(7)))}), (Ids{7}));
  Condition deep = on("id", Op::le, {word(3)});
  for (int i = 0; i < 1200; ++i) deep = of(Op::none, {std::move(deep)});
  EXPECT_EQ(where({deep}), (Ids{1, 2, 3}));
  std::vector<Condition> wide(1200, on("id", Op::le, {word(3)}));
  EXPECT_EQ(where(wide), (Ids{1, 2, 3}));
  EXPECT_EQ(where({of(Op::any, wide)}), (Ids{1, 2, 3}));
}

TEST_P(ContractScan, ReadsStatesOfThePast) {
  // Work 1 makes 1 and 2, work 2 changes 1, work 3 erases 2 and makes 3, work 4 changes 1 again.
  Sample a1 = make_sample(1);
  Sample b1 = make_sample(2);
  Sample a2 = a1;
  a2.revision = 2;
  a2.seq = 2;
  a2.maybe_name = "second";
  Sample c3 = make_sample(3);
  c3.seq = 3;
  Sample a4 = a2;
  a4.revision = 3;
  a4.seq = 4;
  a4.maybe_name = "third";
  {
    const auto transaction = write();
    transaction->insert(sample(), batch_of({a4, c3}));
    transaction->insert(sample_history(), history_of({a1, a2, b1}, {2, 4, 3}));
    transaction->commit();
  }
  const auto as_of = [&](std::int64_t seq, std::vector<Condition> conditions = {}) {
    kith::Scan scan = scan_where(std::move(conditions));
    scan.history = &sample_history();
    scan.as_of = seq;
    scan.order = {{kith::kIdField}};
    return samples_of(*read(), scan);
  };
  using Rows = std::vector<Sample>;
  EXPECT_EQ(as_of(0), Rows{});
  EXPECT_EQ(as_of(1), (Rows{a1, b1}));
  EXPECT_EQ(as_of(2), (Rows{a2, b1}));
  EXPECT_EQ(as_of(3), (Rows{a2, c3}));
  EXPECT_EQ(as_of(4), (Rows{a4, c3}));
  EXPECT_EQ(as_of(99), (Rows{a4, c3}));
  EXPECT_EQ(as_of(3, {on("id", Op::eq, {word(1)})}), (Rows{a2}));
  EXPECT_EQ(as_of(2, {on("id", Op::in, {word(2), word(3), word(1)})}), (Rows{a2, b1}));
  EXPECT_EQ(as_of(3, {on("maybe_name", Op::eq, {text("second")})}), (Rows{a2}));
  EXPECT_EQ(as_of(4, {on("maybe_name", Op::eq, {text("second")})}), Rows{});

  kith::Scan scan = scan_where({});
  scan.history = &sample_history();
  scan.as_of = 2;
  scan.order = {{at("maybe_name"), true}, {kith::kIdField}};
  scan.limit = 1;
  EXPECT_EQ(ids_of(*read(), scan), (Ids{1}));
}

TEST_P(ContractScan, WritingWhileACursorIsOpenHarmsNothing) {
  std::vector<Sample> many;
  for (std::int64_t id = 1; id <= 3000; ++id) many.push_back(make_sample(id));
  given(many);
  const auto transaction = write();
  const auto cursor = transaction->scan({.entity = &sample(), .fields = {0}});
  std::map<std::int64_t, int> seen;
  kith::Batch batch;
  bool first = true;
  while (cursor->next(batch)) {
    for (std::size_t row = 0; row < batch.rows(); ++row) ++seen[batch.columns[0].word(row)];
    if (!first) continue;
    first = false;
    transaction->savepoint();
    transaction->insert(sample(), batch_of({make_sample(9000)}));
    std::vector<Id> ids;
    for (std::int64_t id = 2000; id < 2500; ++id) ids.push_back({id});
    transaction->erase(sample(), ids);
    transaction->rollback_to();
    transaction->insert(sample(), batch_of({make_sample(8000)}));
  }
  for (std::int64_t id = 1; id <= 3000; ++id) EXPECT_EQ(seen[id], 1) << id;
  transaction->commit();
  EXPECT_EQ(stored().size(), 3001U);
}

// ---- Random work on several backends at once ----------------------------------------------------------------------

using Random = std::mt19937_64;

std::int64_t below(Random& random, std::int64_t n) {
  return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(n));
}

template <class T>
const T& pick(Random& random, const std::vector<T>& values) {
  return values[static_cast<std::size_t>(below(random, static_cast<std::int64_t>(values.size())))];
}

std::int64_t random_word(Random& random) {
  static const std::vector<std::int64_t> kWords = {
      0, 1, 2, 3, -1, 5, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max(), 1LL << 53};
  return pick(random, kWords);
}

std::string random_text(Random& random) {
  static const std::vector<std::string> kTexts = {"",  "a",       "A", "ab", "b",      "客户", "客",
                                                  "é", "e\u0301", "1", "10", "a'b\"c", "%"};
  return pick(random, kTexts);
}

std::string random_raw(Random& random) {
  static const std::vector<std::string> kRaw = {"", std::string(1, '\0'), std::string("\0a", 2), "a", "\xff\xfe"};
  return pick(random, kRaw);
}

/// A sample whose values come from small sets, so that conditions often hold; codes are rarely free.
Sample random_sample(Random& random, std::int64_t id) {
  Sample row = make_sample(id);
  row.name = random_text(random);
  row.number = random_word(random);
  row.flag = below(random, 2) == 1;
  row.colour = static_cast<Colour>(1 + below(random, 3));
  row.rate = {random_word(random), 4};
  row.amount = {random_word(random)};
  row.day = {static_cast<std::int32_t>(below(random, 4))};
  row.raw.data = random_raw(random);
  const auto maybe = [&] { return below(random, 3) != 0; };
  if (maybe()) row.maybe_name = random_text(random);
  if (maybe()) row.maybe_number = random_word(random);
  if (maybe()) row.maybe_flag = below(random, 2) == 1;
  if (maybe()) row.maybe_colour = static_cast<Colour>(1 + below(random, 3));
  if (maybe()) row.maybe_day = kith::Date{static_cast<std::int32_t>(below(random, 4))};
  if (maybe()) row.maybe_raw = kith::Bytes{random_raw(random)};
  if (maybe()) row.maybe_currency = kith::currency(below(random, 2) == 0 ? "EUR" : "USD");
  return row;
}

Cell random_operand(Random& random, const kith::Field& field) {
  if (below(random, 8) == 0) return {};
  if (field.type == kith::Type::bytes) return random_raw(random);
  if (field.type == kith::Type::currency) return std::string(below(random, 2) == 0 ? "EUR" : "USD");
  if (kith::is_text(field.type)) return random_text(random);
  return random_word(random);
}

Condition random_condition(Random& random, int depth) {
  const std::int64_t kind = below(random, depth > 0 ? 14 : 10);
  if (kind >= 10) {
    Condition condition;
    condition.op = kind == 10 ? Op::none : (kind == 11 ? Op::all : Op::any);
    const std::int64_t terms = condition.op == Op::none ? 1 : below(random, 4);
    for (std::int64_t i = 0; i < terms; ++i) condition.terms.push_back(random_condition(random, depth - 1));
    return condition;
  }
  Condition condition;
  condition.op = static_cast<Op>(1 + kind);
  condition.field = static_cast<int>(below(random, static_cast<std::int64_t>(sample().fields.size())));
  const kith::Field& field = sample().fields[static_cast<std::size_t>(condition.field)];
  std::int64_t operands = 1;
  if (condition.op == Op::between) operands = 2;
  if (condition.op == Op::in) operands = below(random, 6);
  if (condition.op == Op::is_null || condition.op == Op::not_null) operands = 0;
  for (std::int64_t i = 0; i < operands; ++i) condition.operands.push_back(random_operand(random, field));
  return condition;
}

TEST(ContractRandom, BackendsAnswerConditionsLikeTheReference) {
  Random random(20240501);
  kith::Batch rows(sample());
  for (std::int64_t id = 1; id <= 60; ++id) {
    Sample row = random_sample(random, id);
    row.maybe_number.reset();  // Out of the unique key's way.
    kith::store_row(&row, rows);
  }
  const TempDir directory;
  std::vector<std::shared_ptr<kith::Storage>> storages;
  std::vector<std::unique_ptr<kith::Connection>> connections;
  std::vector<std::unique_ptr<kith::Transaction>> readers;
  for (const Backend& backend : backends()) {
    storages.push_back(backend.open(directory, {}));
    storages.back()->prepare(sample_entities());
    connections.push_back(storages.back()->connect());
    const auto writer = connections.back()->begin(kith::Access::write);
    writer->insert(sample(), rows);
    writer->commit();
    readers.push_back(connections.back()->begin(kith::Access::read));
  }
  int matched = 0;
  for (int round = 0; round < kith::test::turns_of(3000); ++round) {
    std::vector<Condition> where;
    for (std::int64_t i = 1 + below(random, 2); i > 0; --i) where.push_back(random_condition(random, 3));
    Ids expected;
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      const bool holds = std::all_of(where.begin(), where.end(), [&](const Condition& condition) {
        return kith::evaluate(condition, rows, row) == kith::Tri::yes;
      });
      if (holds) expected.push_back(rows.columns[0].word(row));
    }
    matched += expected.empty() ? 0 : 1;
    for (std::size_t i = 0; i < readers.size(); ++i) {
      kith::Scan scan = scan_where(where);
      scan.order = {{kith::kIdField}};
      ASSERT_EQ(ids_of(*readers[i], scan), expected) << backends()[i].name << " in round " << round;
    }
  }
  EXPECT_GT(matched, kith::test::turns_of(800)) << "too few conditions hold for the test to mean much";
}

/// One random write, the same on every backend; what went wrong as text.
std::string random_write(kith::Transaction& transaction, Random random) {
  try {
    const std::int64_t kind = below(random, 10);
    if (kind < 5) {
      std::vector<Sample> rows;
      for (std::int64_t i = 1 + below(random, 3); i > 0; --i) {
        rows.push_back(random_sample(random, 1 + below(random, 200)));
        if (below(random, 3) == 0) rows.back().code = "code " + std::to_string(below(random, 40));
      }
      transaction.insert(sample(), batch_of(rows));
    } else if (kind < 8) {
      Sample row = random_sample(random, 1 + below(random, 200));
      row.revision = 1 + below(random, 2);
      if (below(random, 2) == 0) row.code = "code " + std::to_string(below(random, 40));
      const std::int64_t expected[] = {1 + below(random, 2)};
      transaction.update(sample(), batch_of({row}), expected);
    } else {
      const Id ids[] = {{1 + below(random, 200)}, {1 + below(random, 200)}};
      transaction.erase(sample(), ids);
    }
    return "done";
  } catch (const kith::Error& error) {
    return error.what();
  }
}

TEST(ContractRandom, BackendsKeepTheSameStateThroughRandomWork) {
  Random random(7);
  const TempDir directory;
  std::vector<std::shared_ptr<kith::Storage>> storages;
  std::vector<std::unique_ptr<kith::Connection>> connections;
  for (const Backend& backend : backends()) {
    storages.push_back(backend.open(directory, {}));
    storages.back()->prepare(sample_entities());
    connections.push_back(storages.back()->connect());
  }
  std::map<std::string, int> outcomes;
  for (int work = 0; work < 100; ++work) {
    std::vector<std::unique_ptr<kith::Transaction>> writers;
    for (const auto& connection : connections) writers.push_back(connection->begin(kith::Access::write));
    int depth = 0;
    for (std::int64_t step = below(random, 25); step >= 0; --step) {
      const std::int64_t kind = below(random, 12);
      const std::uint64_t seed = random();
      std::string first;
      for (std::size_t i = 0; i < writers.size(); ++i) {
        std::string outcome = "savepoint";
        if (kind == 0) {
          writers[i]->savepoint();
        } else if (kind == 1 && depth > 0) {
          writers[i]->rollback_to();
        } else if (kind == 2 && depth > 0) {
          writers[i]->release();
        } else {
          outcome = random_write(*writers[i], Random(seed));
        }
        if (i == 0) first = outcome;
        ASSERT_EQ(outcome, first) << backends()[i].name << " in work " << work;
      }
      ++outcomes[first.substr(0, 12)];
      depth += kind == 0 ? 1 : (kind <= 2 && depth > 0 ? -1 : 0);
    }
    const bool commits = below(random, 4) != 0;
    for (const auto& writer : writers) {
      if (commits) writer->commit();
    }
    writers.clear();
    const auto expected = all_samples(*connections[0]->begin(kith::Access::read));
    for (std::size_t i = 1; i < connections.size(); ++i) {
      ASSERT_EQ(all_samples(*connections[i]->begin(kith::Access::read)), expected) << "after work " << work;
    }
  }
  EXPECT_GT(outcomes["done"], 150);
  EXPECT_GT(outcomes["sample.code:"], 20);
  EXPECT_GT(outcomes["sample.revis"], 20);
  for (const auto& storage : storages) EXPECT_TRUE(storage->damage().empty());
}

}  // namespace
}  // namespace kith_test
