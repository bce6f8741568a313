// SPDX-License-Identifier: Apache-2.0
#include "support/script.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "kith/interchange/dump.hpp"
#include "kith/interchange/importer.hpp"
#include "support/temp_dir.hpp"

namespace kith::test {
namespace {

const Date kStart = parse_date("2025-01-01");
const Date kDay = parse_date("2026-01-01");

constexpr std::string_view kPlan = R"({"format": "kith.plan/1", "name": "p", "version": 1, "currency": "USD",
  "calendar": "calendar", "interval": "quarter", "valid": {"from": "2025-01-01"},
  "rounding": {"mode": "half_up", "point": "telescoped"}, "order": ["date", "sequence", "id"],
  "credit": {"role": "primary", "base": "amount", "split": "from_event"},
  "components": [{"name": "c", "accumulate": "interval", "negative": "first_tier",
    "tiers": {"mode": "flat", "bands": [{"from": "0", "rate": "0.05"}]}}]})";

/// The one record whose text field holds that value.
template <class T>
T the(const Reader& reader, std::string_view field, std::string_view value) {
  auto found = reader.find_one<T>({.conditions = {equals(entity_of<T>(), field, value)}});
  if (!found) throw Error(Code::not_found, "the company lacks " + std::string(value));
  return *found;
}

Customer customer(const Reader& reader, std::string_view name) { return the<Customer>(reader, "name", name); }
Opportunity deal(const Reader& reader, std::string_view title) { return the<Opportunity>(reader, "title", title); }
Employee employee(const Reader& reader, std::string_view name) { return the<Employee>(reader, "name", name); }
Unit unit(const Reader& reader, std::string_view name) { return the<Unit>(reader, "name", name); }

/// An operation that is one Work.
Operation writes(std::string_view name, std::function<void(Work&)> verb) {
  return {name, [name, verb = std::move(verb)](Session& session) {
            Work work = session.work({.cause = std::string(name)});
            verb(work);
            work.commit();
          }};
}

void add_people(std::vector<Operation>& all) {
  all.push_back(writes("create a unit", [](Work& work) {
    Unit row{.name = "North", .parent = unit(work, "Company").id};
    people::create(work, row, kDay);
  }));
  all.push_back(writes("rename a unit", [](Work& work) {
    Unit row = unit(work, "East");
    row.name = "Far East";
    people::update(work, row);
  }));
  all.push_back(writes("move a unit",
                       [](Work& work) { people::move(work, unit(work, "East").id, unit(work, "West").id, kDay); }));
  all.push_back(writes("hire", [](Work& work) {
    Employee row{.name = "鈴木", .unit = unit(work, "West").id, .hired_on = kDay};
    people::create(work, row);
  }));
  all.push_back(writes("let go", [](Work& work) {
    Employee row = employee(work, "Seller West");
    row.left_on = kDay;
    people::update(work, row);
  }));
  all.push_back(writes("transfer", [](Work& work) {
    people::transfer(work, employee(work, "Seller West").id, unit(work, "East").id, kDay);
  }));
  all.push_back(writes("add a principal", [](Work& work) {
    access::add_principal(work, "ann", employee(work, "Seller East").id, {"seller"});
  }));
  all.push_back(writes("set a grant",
                       [](Work& work) { access::set_grant(work, "seller", "product", Action::edit, Level::all); }));
}

void add_customers(std::vector<Operation>& all) {
  all.push_back(writes("create a product", [](Work& work) {
    Product row{.name = "Barrel"};
    catalog::create(work, row);
  }));
  all.push_back(writes("change a price", [](Work& work) {
    Product row = the<Product>(work, "name", "Crate");
    row.list_price = Decimal{13'000'000, 6};
    catalog::update(work, row);
  }));
  all.push_back(writes("create a customer", [](Work& work) {
    Customer row{.name = "Beta", .email = "a@b.example"};
    customer::create(work, row);
  }));
  all.push_back(writes("create 50 customers at once", [](Work& work) {
    Batch rows(entity_of<Customer>());
    for (int i = 0; i < 50; ++i) {
      const Customer row{.name = "Bulk " + std::to_string(i), .owner = employee(work, "Seller East").id};
      store_row(&row, rows);
    }
    customer::create_batch(work, rows);
  }));
  all.push_back(writes("change a customer", [](Work& work) {
    Customer row = customer(work, "Acme");
    row.country = "日本";
    customer::update(work, row);
  }));
  all.push_back(writes("assign a customer", [](Work& work) {
    customer::assign(work, customer(work, "Acme").id, employee(work, "Seller West").id);
  }));
  all.push_back(writes("create a contact", [](Work& work) {
    Contact row{.customer = customer(work, "Acme").id, .name = "Ōta"};
    customer::create(work, row);
  }));
  all.push_back(writes("change a contact", [](Work& work) {
    Contact row = the<Contact>(work, "name", "Zoë");
    row.phone = "1";
    customer::update(work, row);
  }));
  all.push_back(
      writes("advance a customer", [](Work& work) { customer::advance(work, customer(work, "宏达机械").id, "lead"); }));
  all.push_back(writes("set a customer's stage", [](Work& work) {
    customer::set_stage(work, customer(work, "宏达机械").id, "customer", "bought");
  }));
}

void add_sales(std::vector<Operation>& all) {
  all.push_back(writes("create a pipeline", [](Work& work) {
    Pipeline row{.name = "Second"};
    std::vector<Stage> stages = {{.name = "First", .position = 1, .probability = {1, 1}}};
    sales::create(work, row, stages);
  }));
  all.push_back(writes("create a deal", [](Work& work) {
    Opportunity row{.title = "new", .customer = customer(work, "Acme").id, .amount = Amount{100}};
    sales::create(work, row);
  }));
  all.push_back(writes("change a deal", [](Work& work) {
    Opportunity row = deal(work, "open");
    row.amount = Amount{7777};
    sales::update(work, row);
  }));
  all.push_back(writes("advance a deal", [](Work& work) { sales::advance(work, deal(work, "open").id, "Offer"); }));
  all.push_back(writes("win", [](Work& work) { sales::win(work, deal(work, "open").id, kDay, "price"); }));
  all.push_back(writes("lose", [](Work& work) { sales::lose(work, deal(work, "open").id, kDay, "price"); }));
  all.push_back(writes("void", [](Work& work) { sales::void_deal(work, deal(work, "open").id, kDay, "twice"); }));
  all.push_back(writes("reopen", [](Work& work) { sales::reopen(work, deal(work, "lost").id, "again"); }));
  all.push_back(writes("split", [](Work& work) {
    sales::set_splits(work, deal(work, "won").id,
                      {{employee(work, "Seller East").id, {6, 1}}, {employee(work, "Seller West").id, {4, 1}}});
  }));
}

void add_incentives(std::vector<Operation>& all) {
  all.push_back(writes("assign a plan", [](Work& work) {
    PlanAssignment row{.plan = "p", .employee = employee(work, "Seller West").id, .from = kDay};
    incentive::assign(work, row);
  }));
  all.push_back(writes("run commissions", [](Work& work) { incentive::run(work, "2026-Q1"); }));
  all.push_back(writes("run and close commissions", [](Work& work) {
    incentive::run(work, "2026-Q1");
    incentive::close(work, "2026-Q1");
  }));
}

void add_whole(std::vector<Operation>& all) {
  all.push_back(writes("a work over many tables", [](Work& work) {
    Customer row{.name = "Gamma", .owner = employee(work, "Seller East").id};
    customer::create(work, row);
    Opportunity big{.title = "big", .customer = row.id, .owner = row.owner, .amount = Amount{99}};
    sales::create(work, big);
    sales::win(work, big.id, kDay, "price");
    incentive::run(work, "2026-Q1");
  }));
  all.push_back(writes("a nested step that is undone", [](Work& work) {
    Customer row{.name = "kept"};
    customer::create(work, row);
    const Work::Step step(work);
    Customer undone{.name = "undone"};
    customer::create(work, undone);
  }));
  all.push_back(writes("a nested step that is kept", [](Work& work) {
    Work::Step step(work);
    Customer row{.name = "kept"};
    customer::create(work, row);
    step.keep();
  }));
  all.push_back({"a work with a key", [](Session& session) {
                   Work work = session.work({.cause = "key", .key = "k", .payload = "p"});
                   if (work.replayed()) return;
                   Customer row{.name = "once"};
                   customer::create(work, row);
                   work.commit("done");
                 }});
  all.push_back({"an import", [](Session& session) {
                   const auto plan = parse_import_plan(
                       R"({"format": "kith.import/1", "entity": "customer", "source": "s", "key": "name",
                           "columns": {"name": "name", "sector": "sector"}})");
                   ImportOptions options;
                   options.all_or_nothing = true;
                   import_csv(session, text_source("name,sector\nDelta,retail\n东方,\n"), plan, options);
                 }});
}

void add_reads(std::vector<Operation>& all) {
  all.push_back({"list by a condition", [](Session& session) {
                   session.reader().list<Opportunity>({.where = "amount > 10.00 USD", .order = {"title desc"}});
                 }});
  all.push_back({"look back", [](Session& session) { session.reader({.as_of_seq = 1}).list<Customer>(); }});
  all.push_back({"report", [](Session& session) { session.reader().report("win_rate"); }});
  all.push_back({"versions", [](Session& session) {
                   const Reader reader = session.reader();
                   history::versions<Opportunity>(reader, deal(reader, "won").id);
                 }});
  all.push_back({"changes", [](Session& session) { history::changes(session.reader(), 0); }});
  all.push_back({"digest", [](Session& session) { state_digest(session); }});
}

}  // namespace

void found_company(Session& session) {
  Work work = session.work({.cause = "company"});
  Unit company{.name = "Company"};
  people::create(work, company, kStart);
  for (const char* name : {"East", "West"}) {
    Unit team{.name = name, .parent = company.id};
    people::create(work, team, kStart);
    Employee seller{.name = std::string("Seller ") + name, .unit = team.id, .hired_on = kStart};
    people::create(work, seller);
  }
  Pipeline pipeline{.name = "Standard"};
  std::vector<Stage> stages = {{.name = "Talk", .position = 1, .probability = {5, 1}},
                               {.name = "Offer", .position = 2, .probability = {9, 1}}};
  sales::create(work, pipeline, stages);
  Product product{.name = "Crate", .list_price = Decimal{12'500'000, 6}};
  catalog::create(work, product);
  const Id east = employee(work, "Seller East").id;
  Customer acme{.name = "Acme", .owner = east};
  customer::create(work, acme);
  Customer other{.name = "宏达机械", .owner = employee(work, "Seller West").id};
  customer::create(work, other);
  Contact contact{.customer = acme.id, .name = "Zoë"};
  customer::create(work, contact);
  for (const char* title : {"open", "won", "lost"}) {
    Opportunity row{.title = title, .customer = acme.id, .product = product.id, .owner = east, .amount = Amount{5000}};
    sales::create(work, row);
  }
  sales::win(work, deal(work, "won").id, kDay, "price");
  sales::lose(work, deal(work, "lost").id, kDay, "price");
  incentive::add_plan(work, kPlan);
  PlanAssignment assignment{.plan = "p", .unit = company.id, .from = kStart};
  incentive::assign(work, assignment);
  work.commit();
}

const std::vector<Operation>& operations() {
  static const std::vector<Operation> all = [] {
    std::vector<Operation> list;
    add_people(list);
    add_customers(list);
    add_sales(list);
    add_incentives(list);
    add_whole(list);
    add_reads(list);
    return list;
  }();
  return all;
}

Options script_options() {
  Options options;
  options.clock = [] { return parse_timestamp("2026-01-02T03:04:05Z"); };
  options.random = [](std::span<std::uint8_t> bytes) { std::fill(bytes.begin(), bytes.end(), std::uint8_t{7}); };
  options.storage.busy_ms = 200;
  return options;
}

const std::string& script_store() {
  static const std::string bytes = [] {
    const kith_test::TempDir directory;
    {
      auto engine = open(directory.file("base.kith"), script_options());
      Session session = engine->session();
      found_company(session);
    }
    return kith_test::read_bytes(directory.file("base.kith"));
  }();
  return bytes;
}

void put_store(const std::string& path, const std::string& bytes) {
  for (const char* end : {"-wal", "-shm", "-journal"}) std::filesystem::remove(path + end);
  kith_test::write_bytes(path, bytes);
}

std::string checked_digest(const std::string& path) {
  auto engine = open(path, script_options());
  Session session = engine->session();
  for (const Finding& finding : check(session)) {
    ADD_FAILURE() << finding.entity << ' ' << finding.id.value << ": " << finding.message;
  }
  return to_hex(state_digest(session));
}

}  // namespace kith::test
