// SPDX-License-Identifier: Apache-2.0
#include "kith/simulation/company.hpp"

#include <map>
#include <set>
#include <string>

#include "kith/kith.hpp"
#include "support/store.hpp"

namespace kith::simulation {
namespace {

using test::says;

TEST(Company, IsAFunctionOfItsOptions) {
  const Company one({.seed = 7, .records = 3'000}), same({.seed = 7, .records = 3'000}),
      other({.seed = 8, .records = 3'000});
  EXPECT_EQ(one.customers(), 900);
  EXPECT_EQ(one.deals(), 1'200);
  std::int64_t differing = 0;
  for (std::int64_t i = one.customers() - 1; i >= 0; --i) {  // any order gives the same
    EXPECT_EQ(one.customer(i).record.name, same.customer(i).record.name);
    EXPECT_EQ(one.customer(i).seller, same.customer(i).seller);
    differing += one.customer(i).record.name != other.customer(i).record.name;
  }
  EXPECT_GT(differing, 800);
  EXPECT_EQ(incentive::canonical_json(plan_inputs(one)), incentive::canonical_json(plan_inputs(same)));
}

TEST(Company, PeopleComeChangeAndLeaveInOrder) {
  const Company company({.records = 60'000});
  const Date from = company.options().from, to = company.options().to;
  std::int64_t leavers = 0, movers = 0;
  for (const Seller& seller : company.sellers()) {
    EXPECT_GE(seller.hired_on, from);
    EXPECT_LE(seller.hired_on, to);
    if (seller.left_on) {
      EXPECT_GT(*seller.left_on, seller.hired_on);
      EXPECT_LT(*seller.left_on, to);
      ++leavers;
    }
    if (seller.moved_on) {
      EXPECT_GT(*seller.moved_on, seller.hired_on);
      EXPECT_LT(*seller.moved_on, seller.left_on.value_or(to));
      EXPECT_NE(seller.moved_to, seller.team);
      ++movers;
    }
  }
  EXPECT_GT(leavers, 3);
  EXPECT_GT(movers, 1);
  EXPECT_GT(std::count_if(company.teams().begin(), company.teams().end(),
                          [](const Team& team) { return team.moved_on.has_value(); }),
            0);
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(company.sellers().size()); ++i) {
    const Seller& now = company.sellers()[static_cast<std::size_t>(company.successor(i, to))];
    EXPECT_TRUE(!now.left_on || *now.left_on > to);
  }
}

TEST(Company, DealsFollowTheirCustomers) {
  const Company company({.records = 20'000});
  Date before = company.options().from;
  std::map<DealStatus, std::int64_t> counts;
  std::int64_t campaigns = 0, shared = 0;
  for (std::int64_t i = 0; i < company.deals(); ++i) {
    const SimulatedDeal deal = company.deal(i);
    EXPECT_GE(deal.on, before);
    before = deal.on;
    EXPECT_LE(company.customer(deal.customer).on, deal.on);
    const Seller& seller = company.sellers()[static_cast<std::size_t>(deal.seller)];
    EXPECT_LE(seller.hired_on, deal.on);
    EXPECT_TRUE(!seller.left_on || *seller.left_on > deal.on);
    ++counts[deal.record.status];
    campaigns += deal.campaign >= 0;
    shared += company.sharing(i).has_value();
  }
  for (const auto& [status, count] : counts) EXPECT_GT(count, company.deals() / 100) << static_cast<int>(status);
  EXPECT_EQ(counts.size(), 4U);
  EXPECT_GT(campaigns, company.deals() / 5);
  EXPECT_GT(shared, company.deals() / 50);
}

TEST(Company, EventsAddUp) {
  const Company company({.records = 20'000});
  std::int64_t bookings = 0, invoices = 0, payments = 0, returns = 0;
  std::set<std::string> ids;
  for (std::int64_t i = 0; i < company.deals(); ++i) {
    const SimulatedDeal deal = company.deal(i);
    std::int64_t invoiced = 0, paid = 0;
    for (const incentive::EventRow& event : company.events(i)) {
      EXPECT_TRUE(ids.insert(event.id).second) << event.id;
      EXPECT_LE(event.date, company.options().to);
      EXPECT_EQ(event.amount.currency, currency("USD"));
      if (!event.reverses.empty()) {
        EXPECT_TRUE(ids.contains(event.reverses.substr(event.reverses.find(':') + 1))) << event.reverses;
      }
      if (event.type == "booking") {
        EXPECT_EQ(event.amount.minor, deal.record.amount->minor);
        ++bookings;
      }
      if (event.type == "invoice") invoiced += event.amount.minor, ++invoices;
      if (event.type == "payment") paid += event.amount.minor, ++payments;
      if (event.type == "return") {
        EXPECT_LT(event.amount.minor, 0);
        ++returns;
      }
    }
    if (deal.record.status != DealStatus::won) {
      EXPECT_EQ(invoiced, 0);
    }
    if (deal.record.status == DealStatus::won) {
      EXPECT_LE(invoiced, deal.record.amount->minor);
    }
    EXPECT_LE(paid, invoiced);
  }
  EXPECT_GT(bookings, company.deals() * 3 / 10);
  EXPECT_GT(invoices, bookings);
  EXPECT_GT(payments, bookings);
  EXPECT_LT(payments, invoices);
  EXPECT_GT(returns, bookings / 100);
}

TEST(Company, RefusesWhatIsNone) {
  const auto refused = [](const CompanyOptions& options, std::string_view field, std::string_view text) {
    try {
      Company company(options);
      FAIL() << "made a company of " << field;
    } catch (const Error& error) {
      EXPECT_EQ(error.code, Code::invalid);
      EXPECT_EQ(error.field, field);
      EXPECT_TRUE(says(error, text));
    }
  };
  refused({.records = 99}, "records", "100 to 10000000");
  refused({.records = 10'000'001}, "records", "100 to 10000000");
  refused({.from = date(2024, 1, 1), .to = date(2024, 2, 1)}, "to", "at least 8 weeks");
  refused({.from = date(2024, 1, 1), .to = date(2023, 1, 1)}, "to", "at least 8 weeks");
  const Company company({.records = 100});
  EXPECT_THROW(company.customer(-1), Error);
  EXPECT_THROW(company.customer(company.customers()), Error);
  EXPECT_THROW(company.deal(company.deals()), Error);
}

TEST(Company, AmountsHaveTheDigitsOfTheirCurrency) {
  for (const char* code : {"JPY", "USD", "KWD"}) {
    const Company company({.records = 1'000, .currency = currency(code)});
    const Company dollars({.records = 1'000});
    const int digits = minor_digits(currency(code)) - 2;
    for (std::int64_t i = 0; i < 50; ++i) {
      Int128 scaled = dollars.deal(i).record.amount->minor;
      if (digits > 0) scaled *= 10;
      const std::int64_t amount = company.deal(i).record.amount->minor;
      if (digits < 0) {
        EXPECT_LE(amount * 100 - static_cast<std::int64_t>(scaled), 50);
        EXPECT_GE(amount * 100 - static_cast<std::int64_t>(scaled), -50);
      } else {
        EXPECT_LE(amount - static_cast<std::int64_t>(scaled), 5);
        EXPECT_GE(amount - static_cast<std::int64_t>(scaled), -5);
      }
    }
  }
}

}  // namespace
}  // namespace kith::simulation
