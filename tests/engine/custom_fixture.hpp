// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A store whose customers get fields of its own, for the tests of those.

#include <functional>
#include <string>
#include <vector>

#include "kith/engine/custom.hpp"
#include "support/store.hpp"

namespace kith::test {

class CustomTest : public test::StoreTest {
 protected:
  const Entity& customer() const { return entity_of<Customer>(); }

  CustomField made(CustomField field) {
    in_work([&](Work& work) { custom::define(work, field); });
    return field;
  }
  static CustomField named(std::string name, Type type, std::string entity = "customer") {
    CustomField field;
    field.entity = std::move(entity);
    field.name = std::move(name);
    field.type = type;
    return field;
  }
  CustomField changed(CustomField field, const std::function<void(CustomField&)>& change) {
    change(field);
    return made(field);
  }
  Error refused_field(const CustomField& field, Code code = Code::invalid) {
    CustomField row = field;
    return refused([&](Work& work) { custom::define(work, row); }, code);
  }

  Id add(Work& work, const std::string& name, const custom::Values& values = {}) {
    Customer row;
    row.name = name;
    return custom::with(work, customer(), values, [&] { return customer::create(work, row); });
  }
  Id added(const std::string& name, const custom::Values& values = {}) {
    Id id;
    in_work([&](Work& work) { id = add(work, name, values); });
    return id;
  }
  void set(Id id, const custom::Values& values) {
    in_work([&](Work& work) { custom::set(work, customer(), id, values); });
  }
  Value value(Id id, const std::string& name) { return custom::get(session().reader(), customer(), id).at(name); }

  std::vector<std::string> names_where(const std::string& where, const Parameters& parameters = {},
                                       std::vector<std::string> order = {"name"}) {
    std::vector<std::string> names;
    for (const Customer& row :
         session().reader().list<Customer>({.where = where, .parameters = parameters, .order = std::move(order)})) {
      names.push_back(row.name);
    }
    return names;
  }

  /// One field of every type.
  void define_all() {
    CustomField colour = named("colour", Type::choice);
    colour.choices = "red, green";
    made(colour);
    made(named("floors", Type::integer));
    made(named("vip", Type::boolean));
    made(named("nick", Type::text));
    CustomField share = named("share", Type::decimal);
    share.scale = 3;
    made(share);
    made(named("limit", Type::money));
    made(named("since", Type::date));
    made(named("seen", Type::timestamp));
    CustomField partner = named("partner", Type::id);
    partner.refers_to = "customer";
    made(partner);
  }
};

}  // namespace kith::test
