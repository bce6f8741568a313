// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A store with two sellers, a customer each and a pipeline of four stages, for the tests of sales.

#include <string>

#include "support/store.hpp"

namespace kith::test {

class SalesTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    in_work([&](Work& work) {
      Unit unit;
      unit.name = "Sales";
      unit_ = people::create(work, unit, date(2025, 1, 1));
      for (auto [name, id] : {std::pair("Ann", &ann_), std::pair("Bob", &bob_), std::pair("Cid", &cid_)}) {
        Employee employee;
        employee.name = name;
        employee.unit = unit_;
        employee.hired_on = date(2025, 1, 1);
        *id = people::create(work, employee);
      }
      access::add_principal(work, "ann", ann_, {"seller"});
      access::add_principal(work, "bob", bob_, {"seller"});
      Customer acme;
      acme.name = "Acme";
      acme.owner = ann_;
      acme_ = customer::create(work, acme);
      pipeline_ = add_pipeline(work, "standard");
    });
  }

  static Stage stage(std::string name, std::int64_t position, std::string_view probability,
                     std::optional<std::string> guard = {}) {
    Stage row;
    row.name = std::move(name);
    row.position = position;
    row.probability = parse_decimal(probability);
    row.guard = std::move(guard);
    return row;
  }
  static Id add_pipeline(Work& work, std::string name) {
    Pipeline pipeline;
    pipeline.name = std::move(name);
    std::vector<Stage> stages{stage("prospect", 1, "0.1"), stage("offer", 2, "0.4"), stage("talks", 3, "0.6"),
                              stage("contract", 4, "0.9", "amount >= 1000.00 USD and customer is not null")};
    return sales::create(work, pipeline, stages);
  }

  Opportunity draft(std::string title = "Deal") const {
    Opportunity deal;
    deal.title = std::move(title);
    deal.customer = acme_;
    deal.owner = ann_;
    return deal;
  }
  Id add(Opportunity deal) {
    in_work([&](Work& work) { sales::create(work, deal); });
    return deal.id;
  }
  Opportunity read(Id deal) { return session().reader().get<Opportunity>(deal); }
  std::string stage_name(Id deal) { return session().reader().get<Stage>(read(deal).stage).name; }
  std::string lifecycle_of(Id customer) {
    const Reader reader = session().reader();
    return reader.get<LifecycleStage>(*reader.get<Customer>(customer).stage).name;
  }

  Id unit_, ann_, bob_, cid_, acme_, pipeline_;
};

}  // namespace kith::test
