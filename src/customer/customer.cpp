// SPDX-License-Identifier: Apache-2.0
#include "kith/customer/customer.hpp"

#include <unordered_set>

#include "customer/entities.hpp"
#include "engine/verbs.hpp"
#include "kith/people/employee.hpp"
#include "people/unit_today.hpp"

namespace kith {
namespace customer {
namespace {

constexpr auto kCustomerFields = field_table<Customer>(
    field<&Customer::name>("name", {.required = true, .personal = true, .max_length = 200}),
    field<&Customer::name_key>("name_key", {.indexed = true, .personal = true, .kept = true, .max_length = 1000}),
    field<&Customer::kind>("kind"), field<&Customer::owner>("owner", {.refers_to = "employee"}),
    field<&Customer::unit>("unit", {.refers_to = "unit"}),
    field<&Customer::stage>("stage", {.kept = true, .refers_to = "lifecycle_stage"}),
    field<&Customer::highest_stage>("highest_stage", {.kept = true, .refers_to = "lifecycle_stage"}),
    field<&Customer::parent>("parent", {.refers_to = "customer"}),
    field<&Customer::sector>("sector", {.max_length = 100}), field<&Customer::country>("country", {.max_length = 100}),
    field<&Customer::founded>("founded", {.minimum = 1, .maximum = 9999, .label = "year founded"}),
    field<&Customer::annual_revenue>("annual_revenue", {.scale = kQuantityScale}),
    field<&Customer::employees>("employees", {.minimum = 0}),
    field<&Customer::phone>("phone", {.personal = true, .max_length = 50}),
    field<&Customer::email>("email", {.personal = true, .max_length = 254}),
    field<&Customer::source>("source", {.max_length = 100}),
    field<&Customer::external_id>("external_id", {.max_length = 200}));

constexpr UniqueKey kCustomerKeys[] = {{{"source", "external_id"}}};

}  // namespace

constexpr Entity kCustomer = make_entity<Customer>({.name = "customer",
                                                    .plural = "customers",
                                                    .fields = kCustomerFields,
                                                    .unique = kCustomerKeys,
                                                    .roles = {.owner = "owner", .unit = "unit", .title = "name"}});

namespace {

// A customer cannot be, directly or not, a subsidiary of itself. The chain is followed through customers that the
// actor may not see; the message names none of them.
void require_no_ring(const Work& work, const Customer& customer) {
  if (!customer.parent || !customer.id) return;
  const Reader all = work.as_system("subsidiaries");
  std::unordered_set<Id> seen;
  for (std::optional<Id> above = customer.parent; above && seen.insert(*above).second;) {
    if (*above == customer.id) {
      throw Error(Code::invalid, "customer", "parent",
                  "would make the customer a subsidiary of itself; choose another");
    }
    const std::optional<Customer> row = all.find<Customer>(*above);
    above = row ? row->parent : std::nullopt;
  }
}

}  // namespace

Id create(Work& work, Customer& customer) {
  work.require(Action::create, kCustomer);
  verb::Faults faults(kCustomer);
  if (customer.stage)
    faults.add("stage", "is the first one for a new customer; leave it empty and set the stage afterwards");
  if (customer.highest_stage) faults.add("highest_stage", "is kept by the verbs that change the stage; leave it empty");
  faults.raise();
  const Id first = *verb::remembered(work, kLifecycleStage, {}, [&] { return std::optional(first_stage(work).id); });
  Customer row = customer;
  row.name_key = verb::key_of(row.name);
  row.stage = row.highest_stage = first;
  if (!row.owner) row.owner = work.actor().employee;
  if (row.owner && !row.unit) row.unit = people::unit_today(work, *row.owner);
  work.create(row);
  work.trusted([&] {
    CustomerStage entry;
    entry.customer = row.id;
    entry.stage = first;
    entry.from = work.now();
    work.create(entry);
  });
  customer = std::move(row);
  return customer.id;
}

void update(Work& work, Customer& customer) {
  const Customer before = verb::before_update(work, customer);
  verb::Faults faults(kCustomer);
  if (customer.stage != before.stage)
    faults.add("stage", "is changed by setting the stage with a reason; leave it as it was read");
  if (customer.highest_stage != before.highest_stage) {
    faults.add("highest_stage", "is kept by the verbs that change the stage; leave it as it was read");
  }
  faults.raise();
  if (customer.parent != before.parent) require_no_ring(work, customer);
  Customer row = customer;
  row.name_key = verb::key_of(row.name);
  if (row.owner != before.owner && row.unit == before.unit) {
    row.unit = row.owner ? people::unit_today(work, *row.owner) : std::nullopt;
  }
  work.update(row);
  customer = std::move(row);
}

void assign(Work& work, Id customer, Id owner) {
  work.require(Action::edit, kCustomer, customer);
  work.require(Action::read, entity_of<Employee>(), owner);
  Customer row = work.get<Customer>(customer);
  const std::optional<Id> unit = people::unit_today(work, owner);
  if (row.owner == owner && row.unit == unit) return;
  row.owner = owner;
  row.unit = unit;
  work.trusted([&] { work.update(row); });
}

}  // namespace customer

template <>
const Entity& entity_of<Customer>() {
  return customer::kCustomer;
}

}  // namespace kith
