// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Customers (organisations and persons) and their contacts. A customer belongs to an employee and that employee's
/// unit; a contact follows its customer in everything permission asks.

#include <optional>
#include <string>

#include "kith/engine/work.hpp"

namespace kith {

/// What a customer is. Numbers are stable.
enum class CustomerKind : std::int32_t { organisation = 1, person = 2 };
template <>
struct Choices<CustomerKind> {
  static constexpr std::string_view names[] = {"organisation", "person"};
};

/// Somebody we sell to, or hope to.
struct Customer {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  std::string name = {};
  std::string name_key = {};  ///< kept: fold(name)
  CustomerKind kind = CustomerKind::organisation;
  std::optional<Id> owner = {};          ///< employee
  std::optional<Id> unit = {};           ///< the owner's unit when assigned; default: today's
  std::optional<Id> stage = {};          ///< kept: current lifecycle stage
  std::optional<Id> highest_stage = {};  ///< kept: the furthest it ever was
  std::optional<Id> parent = {};         ///< customer it is a subsidiary of
  std::optional<std::string> sector = {};
  std::optional<std::string> country = {};
  std::optional<std::int64_t> founded = {};    ///< year
  std::optional<Decimal> annual_revenue = {};  ///< in millions of the store's base currency, scale 6; as told, no fact
  std::optional<std::int64_t> employees = {};  ///< head-count, as told
  std::optional<std::string> phone = {};
  std::optional<std::string> email = {};
  std::optional<std::string> source = {};
  std::optional<std::string> external_id = {};
};
template <>
const Entity& entity_of<Customer>();

/// A person at a customer.
struct Contact {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  Id customer = {};
  std::string name = {};
  std::string name_key = {};  ///< kept: fold(name)
  std::optional<std::string> role = {};
  std::optional<std::string> phone = {};
  std::optional<std::string> email = {};
  std::optional<std::string> source = {};
  std::optional<std::string> external_id = {};
};
template <>
const Entity& entity_of<Contact>();

namespace customer {

/// Adds a customer in the first lifecycle stage, entered now. Without an owner the actor's employee, if any, owns it.
/// Errors: invalid, conflict (source + external_id taken), denied.
Id create(Work& work, Customer& customer);
/// Adds many, each as `create` would, in a constant number of statements a batch. The batch holds all fields; parents
/// and whatever else it refers to are stored before it. One broken row, and none of the batch is added.
void create_batch(Work& work, Batch& customers);
/// Changes anything but the stage. With another owner the unit follows, unless it is changed too. Errors: invalid
/// (another stage; a parent below the customer itself), conflict (stale), not_found, denied.
void update(Work& work, Customer& customer);
/// Changes many, each as `update` would, in a constant number of statements a batch, and one for each new owner and
/// each company above a new parent. The batch holds all fields, its revision column what was read, which is raised
/// where a row changed. One broken row, and none of the batch is changed. Errors: those of `update`, naming the row.
void update_batch(Work& work, Batch& customers);
/// Hands it to another employee; the unit becomes that of the new owner today. Errors: not_found, denied.
void assign(Work& work, Id customer, Id owner);

/// Adds a person at a customer; who may edit the customer may. Errors: invalid, not_found (customer), denied.
Id create(Work& work, Contact& contact);
/// Adds many, each as `create` would: one question about rights for each customer, else a constant number of
/// statements. The batch holds all fields. One broken row, and none of the batch is added.
void create_contacts(Work& work, Batch& contacts);
/// Another `customer` moves the person there; both must be editable.
void update(Work& work, Contact& contact);

}  // namespace customer

/// What this area registers with the engine.
extern const Area kCustomerArea;

}  // namespace kith
