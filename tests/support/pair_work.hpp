// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A Work with an idempotency key whose effect is easy to count: two customers of its name.

#include <gtest/gtest.h>

#include <string>

#include "support/store.hpp"

namespace kith::test {

/// The system's clock, salts that differ, and patience.
inline Options patient_options() {
  Options options;
  options.storage.busy_ms = 30'000;
  options.random = seeded_random(1);
  return options;
}

/// Two customers in a nested step, one of them changed: several kinds of statements. With `more`, so many customers
/// in one batch besides.
inline std::string add_pair(Work& work, const std::string& name, int more = 0) {
  Work::Step step(work);
  Customer first{.name = name + " first"};
  customer::create(work, first);
  Customer second{.name = name + " second", .email = "a@b.example"};
  customer::create(work, second);
  first.country = "DE";
  customer::update(work, first);
  if (more > 0) {
    Batch rows(entity_of<Customer>());
    for (int i = 0; i < more; ++i) {
      const Customer row{.name = name + " more " + std::to_string(i)};
      store_row(&row, rows);
    }
    customer::create_batch(work, rows);
  }
  step.keep();
  return name;
}

/// Adds it with its name as the key, and tries again what may be tried again.
inline Receipt run_pair(Session& session, const std::string& name, int more = 0) {
  return session.run({.cause = "pair", .key = name, .payload = name},
                     [&](Work& work) { return add_pair(work, name, more); },
                     {.attempts = 40, .first_ms = 1, .most_ms = 200});
}

/// Both records and the work of that key are there, once.
inline void expect_once(const Reader& reader, const std::string& name) {
  for (const char* which : {" first", " second"}) {
    const auto rows = reader.list<Customer>({.conditions = {equals(entity_of<Customer>(), "name", name + which)}});
    EXPECT_EQ(rows.size(), 1U) << name << which;
  }
  EXPECT_EQ(reader.list<WorkRow>({.conditions = {equals(entity_of<WorkRow>(), "key", name)}}).size(), 1U) << name;
}

/// `check` and the verification of the chain find nothing, and so many customers are there.
inline void expect_whole(Session& session, std::size_t customers) {
  for (const Finding& finding : check(session)) ADD_FAILURE() << finding.entity << ": " << finding.message;
  const Reader reader = session.reader();
  for (const Finding& finding : history::verify(reader).faults)
    ADD_FAILURE() << finding.entity << ": " << finding.message;
  EXPECT_EQ(reader.list<Customer>().size(), customers);
}

}  // namespace kith::test
