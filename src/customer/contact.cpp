// SPDX-License-Identifier: Apache-2.0
#include <unordered_set>
#include <utility>

#include "customer/entities.hpp"
#include "engine/verbs.hpp"

namespace kith {
namespace customer {
namespace {

constexpr auto kContactFields = field_table<Contact>(
    field<&Contact::customer>("customer", {.required = true, .refers_to = "customer"}),
    field<&Contact::name>("name", {.required = true, .personal = true, .max_length = 200}),
    field<&Contact::name_key>("name_key", {.indexed = true, .personal = true, .kept = true, .max_length = 1000}),
    field<&Contact::role>("role", {.max_length = 100}),
    field<&Contact::phone>("phone", {.personal = true, .max_length = 50}),
    field<&Contact::email>("email", {.personal = true, .max_length = 254}),
    field<&Contact::source>("source", {.max_length = 100}),
    field<&Contact::external_id>("external_id", {.max_length = 200}));

constexpr UniqueKey kContactKeys[] = {{{"source", "external_id"}}};

// The customer decides who may add or change a contact, so it must be named before rights can be asked for.
void require_customer(const Work& work, const Contact& contact) {
  if (!contact.customer)
    throw Error(Code::invalid, "contact", "customer", "is missing; name the customer the person works for");
  work.require(Action::edit, kCustomer, contact.customer);
}

}  // namespace

constexpr Entity kContact = make_entity<Contact>({.name = "contact",
                                                  .plural = "contacts",
                                                  .fields = kContactFields,
                                                  .unique = kContactKeys,
                                                  .roles = {.title = "name", .parent = "customer"}});

Id create(Work& work, Contact& contact) {
  require_customer(work, contact);
  Contact row = contact;
  row.name_key = verb::key_of(row.name);
  work.create(row);
  contact = std::move(row);
  return contact.id;
}

void create_contacts(Work& work, Batch& contacts) {
  if (contacts.entity != &kContact || contacts.fields.size() != kContact.fields.size()) {
    throw Error(Code::misuse, "contact", "", "create_contacts takes a batch of contacts with all fields");
  }
  Batch batch(kContact);
  batch.reserve(contacts.rows());
  std::unordered_set<Id> asked;
  for (std::size_t row = 0; row < contacts.rows(); ++row) {
    Contact contact;
    load_row(contacts, row, &contact);
    if (asked.insert(contact.customer).second) require_customer(work, contact);
    contact.name_key = verb::key_of(contact.name);
    store_row(&contact, batch);
  }
  if (batch.rows() == 0) return;
  work.create_batch(kContact, batch);
  contacts = std::move(batch);
}

void update(Work& work, Contact& contact) {
  const Contact before = verb::before_update(work, contact);
  if (contact.customer != before.customer) require_customer(work, contact);
  Contact row = contact;
  row.name_key = verb::key_of(row.name);
  work.update(row);
  contact = std::move(row);
}

}  // namespace customer

template <>
const Entity& entity_of<Contact>() {
  return customer::kContact;
}

}  // namespace kith
