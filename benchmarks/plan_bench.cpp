// SPDX-License-Identifier: Apache-2.0
// The general plan engine at size, as one JSON line a job:
//
//     plan_bench [events] [runs]
//
// S1: 10 million events, 10,000 people, a chain of three levels, computed once, with the peak memory of the process.
// S2: a thousand plans over 100,000 events. S3: one component explained among a million events. P5: one of a million
// events changes, against computing all of them again; both must give the same.
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

#include "kith/base/error.hpp"
#include "kith/incentive/document.hpp"
#include "measure.hpp"

namespace {

using namespace kith;
using namespace kith::incentive;

constexpr int kPeople = 10'000;

std::string plan_text(int levels, const std::string& low, const std::string& high) {
  const std::string fx = R"("fx": {"rate": "transaction", "reversal": "original"})";
  const std::string measure = R"("aggregate": "sum", "accumulate": "interval", "return_period": "current",
      "negative": "first_tier"})";
  std::string chain;
  for (int i = 1; i <= levels; ++i) {
    chain += (i == 1 ? "" : ", ") + std::string(R"({"level": )") + std::to_string(i) + R"(, "share": "1"})";
  }
  std::string text = R"({"format": "kith.plan/2", "name": "size", "version": 1, "currency": "USD", "interval": "month",
    "valid": {"from": "2025-01-01"}, "rounding": {"mode": "half_up", "point": "telescoped", "unit": "0.01"},
    "order": ["date", "sequence", "id"], "credits": [
    {"name": "own", "role": "primary", "when": "type != 'payment'", "who": "split", "sum_must_be": "100",
     "rounding": "none", "apply": "base", "base": "amount", )" +
                     fx + "}";
  if (levels > 0) {
    text += R"(, {"name": "up", "role": "manager", "when": "type != 'payment'", "who": "chain", "rounding": "none",
     "apply": "base", "base": "amount", )" +
            fx + R"(, "chain": {"of": "primary", "as_of": "event_date",
     "skip_self": false, "levels": [)" +
            chain + "]}}";
  }
  text += R"(], "measures": [{"name": "sales", "credits": ["own"], )" + measure;
  if (levels > 0) text += R"(, {"name": "team", "credits": ["up"], )" + measure;
  text += R"(], "components": [{"name": "revenue", "kind": "tiers", "basis": {"measure": "sales"}, "tiers": {
    "input": "amount", "mode": "marginal", "unit": "pct_of_base", "rows": [{"from": "0", "value": ")" +
          low + R"("}, {"from": "25000", "value": "5.25 %"}, {"from": "60000", "value": ")" + high + R"("}]}})";
  if (levels > 0) {
    text += R"(, {"name": "override", "kind": "tiers", "basis": {"measure": "team"}, "tiers": {"input": "amount",
      "mode": "marginal", "unit": "pct_of_base", "rows": [{"from": "0", "value": "1 %"}]}})";
  }
  return text + "]}";
}

// Ten report to one: 9,000 sell, above them three levels.
Inputs make_inputs(std::size_t events, int people) {
  Inputs inputs;
  std::mt19937_64 random(20250101);
  EventColumns& to = inputs.columns;
  for (int i = 0; i < people; ++i) to.names.push_back("p" + std::to_string(100000 + i));
  const auto name = [&](const char* text) {
    to.names.emplace_back(text);
    return static_cast<std::int32_t>(to.names.size() - 1);
  };
  const std::int32_t shop = name("shop"), booking = name("booking"), payment = name("payment"), role = name("primary"),
                     all = name("1");
  to.currency = {currency("USD")};
  const Date first = date(2025, 1, 1);
  const int sellers = people - people / 10;
  for (auto* column : {&to.source, &to.type, &to.date, &to.person, &to.role, &to.share}) column->reserve(events);
  for (auto* column : {&to.id, &to.sequence, &to.amount}) column->reserve(events);
  for (std::size_t i = 0; i < events; ++i) {
    const std::uint64_t bits = random();
    const auto size = static_cast<std::int64_t>((bits >> 20) % 200'000);
    to.source.push_back(shop);
    to.id.push_back(static_cast<std::int64_t>(i + 1));
    to.type.push_back(bits % 20 == 1 ? payment : booking);
    to.date.push_back(first.days + static_cast<std::int32_t>(i * 365 / events));
    to.sequence.push_back(static_cast<std::int64_t>(i));
    to.amount.push_back(bits % 50 == 0 ? -size : size);
    to.person.push_back(static_cast<std::int32_t>(random() % static_cast<unsigned>(sellers)));
    to.role.push_back(role);
    to.share.push_back(all);
  }
  const auto report = [&](int person, int manager) {
    inputs.hierarchy.push_back(
        {to.names[static_cast<std::size_t>(person)], to.names[static_cast<std::size_t>(manager)]});
  };
  const int leads = people / 10 * 9 / 10;
  for (int i = 0; i < sellers; ++i) report(i, sellers + i % leads);
  for (int i = 0; i < leads; ++i) report(sellers + i, sellers + leads + i % (people / 10 - leads - 1));
  for (int i = sellers + leads; i < people - 1; ++i) report(i, people - 1);
  return inputs;
}

double peak_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

void print(const char* job, const std::string& what, double kith, const char* unit, double target,
           const std::string& checked) {
  std::printf(
      "{\"job\": \"%s\", \"what\": \"%s\", \"value\": %.4f, \"unit\": \"%s\", \"limit\": %.4f, \"checked\": \"%s\"}\n",
      job, what.c_str(), kith, unit, target, checked.c_str());
  std::fflush(stdout);
}

[[noreturn]] void fail(const char* text) {
  std::fprintf(stderr, "%s\n", text);
  std::exit(1);
}

// Sums of the same events by hand: what is credited to sellers, and three times that to those above.
void check_sums(const PlanResult& result, const Inputs& inputs) {
  std::int64_t credited = 0;
  for (std::size_t i = 0; i < inputs.columns.amount.size(); ++i) {
    const auto& type = inputs.columns.names[static_cast<std::size_t>(inputs.columns.type[i])];
    if (type != "payment") credited += inputs.columns.amount[i];
  }
  std::int64_t own = 0;
  std::int64_t above = 0;
  for (const ComponentResult& row : result.components) {
    (row.component == "revenue" ? own : above) += parse_money(row.measured, currency("USD")).minor;
  }
  if (own != credited || above != 3 * credited) fail("The credits do not sum to the events; something is wrong.");
}

void large(std::size_t events) {
  const PlanDocument plan = PlanDocument::parse(plan_text(3, "3.5 %", "8.125 %"));
  const Inputs inputs = make_inputs(events, kPeople);
  const bench::Stopwatch watch;
  const PlanResult result = compute(plan, inputs, Detail::totals);
  const bench::Duration taken = watch.read();
  const double peak = peak_mib();
  check_sums(result, inputs);
  const std::string what = std::to_string(events) + " events, 10000 people, chain of 3";
  print("S1", what + ": computing time", taken.cpu / 1000, "s", 10, "credits sum to the events");
  print("S1", what + ": passed time", taken.wall / 1000, "s", 10, "");
  print("S1", what + ": peak memory with the events", peak, "MiB", 2048, "");
}

void variants(std::size_t plans) {
  const Inputs inputs = make_inputs(100'000, 1000);
  const PlanDocument before = PlanDocument::parse(plan_text(0, "3.5 %", "8.125 %"));
  std::vector<PlanDocument> after;
  for (std::size_t i = 0; i < plans; ++i) {
    after.push_back(PlanDocument::parse(
        plan_text(0, std::to_string(i % 40) + "." + std::to_string(i % 7) + " %", std::to_string(40 + i % 50) + " %")));
  }
  const bench::Stopwatch watch;
  const auto all = what_if(before, after, inputs);
  const bench::Duration taken = watch.read();
  for (const std::size_t i : {std::size_t{0}, plans / 2, plans - 1}) {
    std::map<std::string, std::int64_t> alone;
    for (const StatementResult& row : compute(after[i], inputs, Detail::totals).statements)
      alone[row.person] += row.amount;
    for (const WhatIf& row : all[i]) {
      if (alone[row.person] != row.after) fail("A plan among many gives another amount than alone.");
    }
  }
  const std::string what = std::to_string(plans) + " plans over 100000 events";
  print("S2", what + ": computing time", taken.cpu / 1000, "s", 60, "three of them alone");
  print("S2", what + ": passed time", taken.wall / 1000, "s", 60, "");
}

void single(std::size_t events, int runs) {
  const PlanDocument plan = PlanDocument::parse(plan_text(3, "3.5 %", "8.125 %"));
  Inputs inputs = make_inputs(events, 1000);
  Computation computation(plan, inputs);
  bench::Times full, change, explain;
  std::mt19937_64 random(3);
  std::vector<EventRow> changed;
  const EventColumns& columns = inputs.columns;
  for (int i = 0; i < 200; ++i) {
    const std::size_t row = random() % events;
    EventRow event;
    event.source = "shop";
    event.id = std::to_string(columns.id[row]);
    event.version = i + 2;
    event.type = "booking";
    event.date = {columns.date[row]};
    event.sequence = columns.sequence[row];
    event.amount = {static_cast<std::int64_t>(random() % 100'000), currency("USD")};
    const std::string person = columns.names[static_cast<std::size_t>(columns.person[row])];
    event.splits = {{person, "primary", "1"}};
    const bench::Stopwatch watch;
    computation.change(event);
    change.add(watch.read());
    changed.push_back(event);
    const bench::Stopwatch other;
    const std::string text = computation.explain(person, "revenue", to_string(event.date).substr(0, 7));
    explain.add(other.read());
    if (text.find("rounded") == std::string::npos) fail("The explanation does not end in an amount.");
  }
  inputs.events = changed;
  PlanResult again;
  for (int i = 0; i < runs; ++i) {
    const bench::Stopwatch watch;
    again = compute(plan, inputs, Detail::totals);
    full.add(watch.read());
  }
  const PlanResult stayed = computation.result(Detail::totals);
  if (canonical_json(plan, stayed) != canonical_json(plan, again))
    fail("A changed event gives another result than a full run.");
  print("P5", "one of " + std::to_string(events) + " events changes, in memory", change.wall(), "ms", 1,
        "bytes of a full run");
  bench::print_speed("P5", "one changed event against a full run", change, "all events again", full, 1000,
                     "bytes of a full run");
  print("S3", "explain one component among " + std::to_string(events) + " events", explain.wall(), "ms", 1, "");
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto events = static_cast<std::size_t>(argc > 1 ? std::max(1000, std::atoi(argv[1])) : 10'000'000);
    const int runs = argc > 2 ? std::max(1, std::atoi(argv[2])) : 7;
    large(events);
    variants(events >= 1'000'000 ? 1000 : 20);
    single(std::max<std::size_t>(1000, events / 10), runs);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
