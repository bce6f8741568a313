// SPDX-License-Identifier: Apache-2.0
#include "kith/catalog/product.hpp"

#include "catalog/entities.hpp"
#include "engine/verbs.hpp"

namespace kith {
namespace catalog {
namespace {

constexpr auto kProductFields =
    field_table<Product>(field<&Product::name>("name", {.required = true, .max_length = 200}),
                         field<&Product::name_key>("name_key", {.indexed = true, .kept = true, .max_length = 1000}),
                         field<&Product::series>("series", {.max_length = 100}),
                         field<&Product::list_price>("list_price", {.scale = kQuantityScale, .minimum = 0}),
                         field<&Product::currency>("currency", {.required = true}), field<&Product::active>("active"),
                         field<&Product::source>("source", {.max_length = 100}),
                         field<&Product::external_id>("external_id", {.max_length = 200}));

constexpr UniqueKey kProductKeys[] = {{{"source", "external_id"}}};

// The row as it is to be stored: the kept key, and the store's currency where none is named.
Product completed(const Work& work, const Product& product) {
  Product row = product;
  row.name_key = verb::key_of(row.name);
  if (!row.currency) row.currency = work.currency();
  return row;
}

}  // namespace

constexpr Entity kProduct = make_entity<Product>({.name = "product",
                                                  .plural = "products",
                                                  .fields = kProductFields,
                                                  .unique = kProductKeys,
                                                  .roles = {.currency = "currency", .title = "name"}});

Id create(Work& work, Product& product) {
  work.require(Action::create, kProduct);
  Product row = completed(work, product);
  work.create(row);
  product = std::move(row);
  return product.id;
}

void update(Work& work, Product& product) {
  verb::before_update(work, product);
  Product row = completed(work, product);
  work.update(row);
  product = std::move(row);
}

}  // namespace catalog

template <>
const Entity& entity_of<Product>() {
  return catalog::kProduct;
}

}  // namespace kith
