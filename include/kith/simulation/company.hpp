// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A company that never was: people who come, change teams and leave, customers with Chinese, Japanese and English
/// names, campaigns, deals, orders, invoices and payments, at any size up to ten million records. For tests,
/// benchmarks and demos. Everything follows from a seed alone: each fact is a function of the seed and its number, so
/// any part can be asked for without the rest, and the same options give the same company on every machine.
///
///     kith::simulation::generate("demo.kith", kith::model(), {.company = {.seed = 7, .records = 50'000}});

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kith/customer/customer.hpp"
#include "kith/engine/session.hpp"
#include "kith/incentive/document.hpp"
#include "kith/people/employee.hpp"
#include "kith/sales/opportunity.hpp"

namespace kith::simulation {

/// Which company.
struct CompanyOptions {
  std::uint64_t seed = 1;
  std::int64_t records = 10'000;  ///< about how many customers, contacts and deals in all; 100 to 10,000,000
  Date from = {};                 ///< first day; default 2023-01-02
  Date to = {};                   ///< last day; default 2025-12-31. At least 8 weeks after `from`
  Currency currency = {};         ///< of all amounts, and of the store; default USD
};

/// Somebody who sells. Numbers count from 0 in the order of hiring.
struct Seller {
  std::string name = {};
  std::string email = {};
  Date hired_on = {};
  std::optional<Date> left_on = {};
  std::int32_t team = 0;              ///< the first one
  std::optional<Date> moved_on = {};  ///< to another team
  std::int32_t moved_to = 0;
};

/// A team of sellers and the region it works, which may change once.
struct Team {
  std::string name = {};
  std::int32_t region = 0;
  std::optional<Date> moved_on = {};  ///< to another region
  std::int32_t moved_to = 0;
};

/// An organisation or person that becomes known on a day.
struct SimulatedCustomer {
  Customer record = {};       ///< without ids: owner and unit are empty
  Date on = {};               ///< never earlier than that of the customer before it
  std::int64_t seller = 0;    ///< who found it
  std::int32_t contacts = 0;  ///< people there
};

/// A chance to sell.
struct SimulatedDeal {
  Opportunity record = {};  ///< without ids: customer, product, stage and owner are empty
  std::int64_t customer = 0;
  std::int64_t product = 0;
  std::int64_t seller = 0;     ///< who owns it when it begins
  std::int64_t campaign = -1;  ///< that it came from; -1 for none
  Date on = {};                ///< never earlier than that of the deal before it
};

/// What is sold.
struct SimulatedProduct {
  std::string name = {};
  std::string series = {};
  Decimal list_price = {};  ///< scale 6, three digits used
};

/// A campaign that deals come from.
struct Campaign {
  std::string name = {};
  std::string channel = {};  ///< "fair", "mail", "search", "partner", "event"
  Date from = {};
  Date to = {};
  Amount cost = {};
};

/// The company as a pure function of its options. Immutable; may be shared by threads. Memory grows with the number of
/// sellers only.
class Company {
 public:
  struct Impl;  ///< opaque
  /// Errors: invalid for a size or stretch of time beyond the limits.
  explicit Company(const CompanyOptions& options);
  ~Company();
  Company(Company&&) noexcept;

  const CompanyOptions& options() const;  ///< with the defaults filled in
  std::span<const std::string> regions() const;
  std::span<const Team> teams() const;
  std::span<const Seller> sellers() const;
  std::span<const SimulatedProduct> products() const;
  std::span<const Campaign> campaigns() const;

  std::int64_t customers() const;  ///< how many there are
  std::int64_t deals() const;
  /// A customer by number, from 0; in the order of time. Errors: misuse beyond the last, as below.
  SimulatedCustomer customer(std::int64_t number) const;
  /// A person at a customer.
  Contact contact(std::int64_t customer, std::int32_t number) const;
  SimulatedDeal deal(std::int64_t number) const;
  /// Who looks after the customers of a seller on a day: the seller, or whoever took over since.
  std::int64_t successor(std::int64_t seller, Date on) const;
  /// A second seller who shares the credit of a deal, with a percentage of it; of every hundred deals about six.
  struct Sharing {
    std::int64_t seller = 0;
    std::int64_t percent = 0;
  };
  std::optional<Sharing> sharing(std::int64_t deal) const;
  /// What followed a deal up to the last day: for a won one a booking, then invoices, payments (some late, some never)
  /// and returns; nothing for others. Attributes: customer, product, region, campaign.
  std::vector<incentive::EventRow> events(std::int64_t deal) const;

 private:
  std::unique_ptr<const Impl> impl_;
};

/// What `generate` wrote.
struct GenerateReport {
  std::int64_t units = 0;
  std::int64_t employees = 0;
  std::int64_t leavers = 0;
  std::int64_t transfers = 0;          ///< sellers who changed their team
  std::int64_t territory_changes = 0;  ///< teams that changed their region
  std::int64_t products = 0;
  std::int64_t customers = 0;
  std::int64_t handovers = 0;  ///< customers that were handed to another seller
  std::int64_t contacts = 0;
  std::int64_t deals = 0;
  std::int64_t won = 0;
  std::int64_t lost = 0;
  std::int64_t worked = 0;  ///< deals that went through every stage by a verb each; the others were told when closed
  std::int64_t splits = 0;
  std::int64_t events = 0;  ///< bookings, invoices, payments and returns
  std::int64_t last_seq = 0;
};

/// As a table: what, count; in the order of the struct.
Table to_table(const GenerateReport& report);

/// How `generate` works.
struct GenerateOptions {
  CompanyOptions company = {};
  std::size_t chunk_rows = 2'000;  ///< rows of a Work
  std::int64_t worked_every = 20;  ///< every how many-th deal goes through all stages; 0: none
  bool events = true;              ///< posts what followed the won deals (Company::events) as business events
  Options store = {};              ///< clock, salts and currency are replaced by the company's
  /// Customers and deals written so far, and in all. False cancels with Error{cancelled}: what was written stays.
  std::function<bool(std::int64_t done, std::int64_t total)> progress = {};
};

/// Makes a store at `url` and lives the company's life in it, week by week, by the verbs that anybody would use; the
/// clock stands at the end of each week, so as-of reads show the company as it was. Sellers are principals s1, s2, ...
/// and regions have managers m1, m2, .... The same options give the same bytes on every storage. The store must be new.
/// Errors: state for a store that holds anything already; those of Engine::open; cancelled; storage (what was
/// committed stays; begin again with a new store).
GenerateReport generate(std::string_view url, const Model& model, const GenerateOptions& options);

/// Inputs for a plan document over all deals of the company (see incentive/document.hpp), as a host would feed them:
/// events, who manages whom, who takes part when.
incentive::Inputs plan_inputs(const Company& company);

}  // namespace kith::simulation
