// SPDX-License-Identifier: Apache-2.0
// Runs the golden cases of tests/incentive/cases through real plan documents and kernels. A case of an unknown kind, a
// given that is not used and an expectation that is not checked are failures, so that no case passes by being ignored.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>

#include "kith/base/error.hpp"
#include "kith/incentive/commission.hpp"
#include "kith/incentive/plan.hpp"
#include "kith/incentive/trace.hpp"
#include "support/source_dir.hpp"

namespace kith::incentive {
namespace {

using nlohmann::json;
using Texts = std::vector<std::string>;

// An object of a case that remembers what was looked at.
class Part {
 public:
  explicit Part(json object) : object_(std::move(object)) {}

  bool has(const std::string& key) const { return object_.contains(key); }
  const json& operator[](const std::string& key) {
    used_.insert(key);
    return object_.at(key);
  }
  Texts unused() const {
    Texts names;
    for (const auto& [key, value] : object_.items()) {
      if (!used_.contains(key)) names.push_back(key);
    }
    return names;
  }

 private:
  json object_;
  std::set<std::string> used_;
};

struct Case {
  std::string id;
  json base_plan;
  Part given;
  Part expect;

  std::string document() {
    json plan = base_plan;
    if (given.has("plan")) plan.merge_patch(given["plan"]);
    if (given.has("component")) plan["components"][0].merge_patch(given["component"]);
    return plan.dump();
  }
};

// Credits with their columns; everybody starts as one person in one interval, one day after the other.
struct Data {
  std::vector<std::int64_t> amount, sequence, id;
  std::vector<std::int32_t> person, interval, date;
  Keys keys;

  explicit Data(std::vector<std::int64_t> amounts) : amount(std::move(amounts)) {
    const std::size_t rows = amount.size();
    sequence.assign(rows, 0);
    id.resize(rows);
    std::iota(id.begin(), id.end(), 1);
    person.assign(rows, 0);
    interval.assign(rows, 0);
    date.assign(rows, 20000);
  }
  CreditColumns columns() const { return {amount, person, interval, date, sequence, id}; }
  std::vector<Fact> facts() const {
    std::vector<Fact> all;
    for (std::size_t i = 0; i < amount.size(); ++i) all.push_back({id[i], {date[i]}, sequence[i], amount[i]});
    return all;
  }
};

std::vector<std::int64_t> amounts_of(const json& texts, Currency currency) {
  std::vector<std::int64_t> result;
  for (const json& text : texts) result.push_back(parse_money(text.get<std::string>(), currency).minor);
  return result;
}

Texts texts_of(const std::vector<std::int64_t>& amounts, Currency currency) {
  Texts result;
  for (const std::int64_t amount : amounts) result.push_back(to_string(Money{amount, currency}));
  return result;
}

std::string text_of(std::int64_t amount, Currency currency) { return to_string(Money{amount, currency}); }

// What an explanation of the same facts must agree with.
void check_explained(const Plan& plan, const Data& data, std::int64_t total) {
  const Trace trace = explain_statement(plan, data.facts());
  EXPECT_EQ(trace.amount, total);
  EXPECT_TRUE(recheck(trace).empty());
}

void run_commission(Case& c) {
  const Plan plan = parse_plan(c.document());
  const Kernel kernel = compile(plan.components[0], plan.rounding);
  Data data(amounts_of(c.given["amounts"], plan.currency));
  if (c.given.has("sequence")) data.sequence = c.given["sequence"].get<std::vector<std::int64_t>>();
  const Statements statements = compute_statements(plan, data.columns(), {});
  EXPECT_EQ(text_of(statements.amount[0], plan.currency), c.expect["total"].get<std::string>());
  check_explained(plan, data, statements.amount[0]);
  if (c.expect.has("lines")) {
    const LineColumns lines = compute_lines(kernel, data.columns(), {});
    EXPECT_EQ(texts_of(lines.amount, plan.currency), c.expect["lines"].get<Texts>());
    for (std::size_t i = 0; i < data.amount.size(); ++i) {
      const Trace trace = explain_line(plan, 0, data.facts(), data.id[i]);
      EXPECT_EQ(trace.amount, lines.amount[i]);
      EXPECT_TRUE(recheck(trace).empty());
    }
  }
  if (c.expect.has("running")) {
    Running running;
    std::int64_t paid = 0;
    Texts totals;
    for (const std::int64_t amount : data.amount) {
      paid += compute_line(kernel, running, amount).amount;
      totals.push_back(text_of(paid, plan.currency));
    }
    EXPECT_EQ(totals, c.expect["running"].get<Texts>());
  }
}

// Every amount is the whole of an interval of its own.
void run_inputs(Case& c) {
  const Plan plan = parse_plan(c.document());
  Data data(amounts_of(c.given["amounts"], plan.currency));
  std::iota(data.interval.begin(), data.interval.end(), 0);
  const Keys keys{1, static_cast<std::int32_t>(data.amount.size())};
  const Statements statements = compute_statements(plan, data.columns(), keys);
  EXPECT_EQ(texts_of(statements.amount, plan.currency), c.expect["totals"].get<Texts>());
  for (std::size_t i = 0; i < data.amount.size(); ++i) {
    check_explained(plan, Data({data.amount[i]}), statements.amount[i]);
  }
}

void run_split(Case& c) {
  const Plan plan = parse_plan(c.document());
  const std::int64_t amount = parse_money(c.given["amount"].get<std::string>(), plan.currency).minor;
  std::vector<Decimal> shares;
  std::vector<std::int64_t> weights;
  if (c.given.has("weights")) {
    weights = c.given["weights"].get<std::vector<std::int64_t>>();
  } else {
    for (const json& share : c.given["shares"]) shares.push_back(parse_decimal(share.get<std::string>()));
  }
  const auto split = [&](std::int64_t whole) {
    return weights.empty() ? apply_split(whole, shares) : allocate(whole, weights);
  };
  const std::vector<std::int64_t> parts = split(amount);
  EXPECT_EQ(std::accumulate(parts.begin(), parts.end(), std::int64_t{0}), amount);
  if (c.expect.has("parts")) {
    EXPECT_EQ(texts_of(parts, plan.currency), c.expect["parts"].get<Texts>());
  }
  if (c.expect.has("net_with_reversal")) {
    std::vector<std::int64_t> net = split(-amount);
    for (std::size_t i = 0; i < net.size(); ++i) net[i] += parts[i];
    EXPECT_EQ(texts_of(net, plan.currency), c.expect["net_with_reversal"].get<Texts>());
  }
  if (c.expect.has("naive_sum")) {
    std::int64_t sum = 0;
    for (const Decimal share : shares) sum += multiply({amount, plan.currency}, share, Rounding::half_up).minor;
    EXPECT_EQ(text_of(sum, plan.currency), c.expect["naive_sum"].get<std::string>());
  }
  if (c.expect.has("earned")) {
    Data data(parts);
    std::iota(data.person.begin(), data.person.end(), 0);
    const Keys keys{static_cast<std::int32_t>(parts.size()), 1};
    const std::vector<std::int64_t> earned = compute_statements(plan, data.columns(), keys).amount;
    EXPECT_EQ(texts_of(earned, plan.currency), c.expect["earned"].get<Texts>());
    EXPECT_EQ(text_of(std::accumulate(earned.begin(), earned.end(), std::int64_t{0}), plan.currency),
              c.expect["earned_sum"].get<std::string>());
  }
}

void collect_leaves(const Step& step, std::vector<Int128>& leaves) {
  if (step.parts.empty()) leaves.push_back(step.value);
  for (const Step& part : step.parts) collect_leaves(part, leaves);
}

void run_trace(Case& c) {
  const Plan plan = parse_plan(c.document());
  const Data data(amounts_of(c.given["amounts"], plan.currency));
  std::vector<Fact> facts = data.facts();
  const Trace trace = explain_total(plan, 0, facts);
  EXPECT_EQ(trace.plan, plan.name);
  EXPECT_EQ(trace.version, c.expect["version"].get<std::int64_t>());
  EXPECT_EQ(trace.plan_hash, to_hex(sha256(canonical_json(plan))));
  EXPECT_EQ(text_of(trace.amount, plan.currency), c.expect["amount"].get<std::string>());
  EXPECT_EQ(trace.root.facts, c.expect["facts"].get<std::vector<std::int64_t>>());

  std::vector<Int128> leaves;
  collect_leaves(trace.root, leaves);
  EXPECT_TRUE(std::accumulate(leaves.begin(), leaves.end(), Int128{0}) == Int128{trace.amount} * kRateUnit);
  std::vector<Int128> expected;
  for (const json& leaf : c.expect["leaves"]) {
    expected.push_back(Int128{parse_money(leaf.get<std::string>(), plan.currency).minor} * kRateUnit);
  }
  EXPECT_TRUE(leaves == expected);

  std::reverse(facts.begin(), facts.end());
  EXPECT_EQ(canonical_json(explain_total(plan, 0, facts)), canonical_json(trace));
  EXPECT_EQ(parse_trace(canonical_json(trace)), trace);
  EXPECT_TRUE(recheck(trace).empty());
  Trace wrong = trace;
  wrong.root.parts[1].input += 1;
  EXPECT_FALSE(recheck(wrong).empty());
}

void run_imports(Case& c) {
  const Plan plan = parse_plan(c.document());
  std::vector<Event> known;
  std::int64_t paid = 0;
  Texts deltas;
  std::map<std::string, std::vector<std::int64_t>> counts;
  for (const json& batch : c.given["batches"]) {
    std::vector<Event> incoming;
    for (const json& row : batch) {
      Event event;
      event.source = row.at("source").get<std::string>();
      event.id = row.at("id").get<std::string>();
      event.version = row.at("version").get<std::int64_t>();
      event.amount = parse_money(row.at("amount").get<std::string>(), plan.currency);
      incoming.push_back(event);
    }
    const Merged merged = merge_events(known, incoming);
    known = merged.events;
    std::vector<std::int64_t> amounts;
    for (const Event& event : known) amounts.push_back(event.amount.minor);
    const std::int64_t total = compute_statements(plan, Data(amounts).columns(), {}).amount[0];
    deltas.push_back(text_of(total - paid, plan.currency));
    paid = total;
    counts["added"].push_back(merged.added);
    counts["replaced"].push_back(merged.replaced);
    counts["repeated"].push_back(merged.repeated);
    counts["outdated"].push_back(merged.outdated);
  }
  EXPECT_EQ(deltas, c.expect["deltas"].get<Texts>());
  for (const auto& [name, values] : counts) {
    if (!c.expect.has(name)) continue;
    EXPECT_EQ(values, c.expect[name].get<std::vector<std::int64_t>>()) << name;
  }
}

void run_refused(Case& c) {
  try {
    parse_plan(c.document());
    ADD_FAILURE() << "the plan was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code, Code::invalid);
    const json& expected = c.expect["violations"];
    ASSERT_EQ(error.violations.size(), expected.size()) << error.what();
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(error.violations[i].field, expected[i].at("path").get<std::string>());
      const std::string says = expected[i].at("says").get<std::string>();
      EXPECT_NE(error.violations[i].message.find(says), std::string::npos) << error.violations[i].message;
    }
  }
}

const std::map<std::string, std::function<void(Case&)>>& kinds() {
  static const std::map<std::string, std::function<void(Case&)>> table = {
      {"commission", run_commission}, {"inputs", run_inputs},   {"split", run_split},
      {"trace", run_trace},           {"imports", run_imports}, {"refused", run_refused}};
  return table;
}

// Returns the ids of the cases in the file.
Texts run_file(const std::filesystem::path& path) {
  std::ifstream file(path);
  const json document = json::parse(file);
  Texts ids;
  for (const json& row : document.at("cases")) {
    Case c{row.at("id").get<std::string>(), document.at("plan"), Part(row.at("given")), Part(row.at("expect"))};
    const std::string label = c.id + " (" + row.at("source").get<std::string>() + ")";
    SCOPED_TRACE(path.filename().string() + ": " + label);
    ids.push_back(c.id);
    for (const auto& [key, value] : row.items()) {
      EXPECT_TRUE((std::set<std::string>{"id", "source", "kind", "given", "expect"}.contains(key))) << key;
    }
    const auto kind = kinds().find(row.at("kind").get<std::string>());
    if (kind == kinds().end()) {
      ADD_FAILURE() << "unknown kind " << row.at("kind");
      continue;
    }
    kind->second(c);
    EXPECT_EQ(c.given.unused(), Texts{}) << "given but not used";
    EXPECT_EQ(c.expect.unused(), Texts{}) << "expected but not checked";
  }
  return ids;
}

TEST(IncentiveCases, EveryGoldenCaseHolds) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(test::source_dir() / "tests/incentive/cases")) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  Texts ids;
  for (const auto& file : files) {
    const Texts more = run_file(file);
    ids.insert(ids.end(), more.begin(), more.end());
  }
  const std::set<std::string> distinct(ids.begin(), ids.end());
  std::cout << "incentive cases: " << ids.size() << " runs of " << distinct.size() << " cases in " << files.size()
            << " files\n";
  for (const char* id : {"B-02", "B-07", "B-09", "B-10", "B-11", "B-13", "C-01", "D-01", "D-02", "D-03", "D-04",
                         "E-01", "E-02", "E-04", "E-05", "E-07", "E-08", "J-02", "AB1",  "AB5",  "AK1"}) {
    EXPECT_TRUE(distinct.contains(id)) << id << " has no case file";
  }
}

}  // namespace
}  // namespace kith::incentive
