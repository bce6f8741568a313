// SPDX-License-Identifier: Apache-2.0
#include "kith/catalog/product.hpp"

#include "support/store.hpp"

namespace kith {
namespace {

class ProductTest : public test::StoreTest {};

TEST_P(ProductTest, KeepsPricesWithSixDigits) {
  Product product;
  product.name = "GTX Basic";
  product.list_price = parse_decimal("0.125");
  in_work([&](Work& work) { catalog::create(work, product); });
  EXPECT_EQ(product.currency, currency("USD"));
  EXPECT_EQ(product.name_key, "gtx basic");
  const Product stored = session().reader().get<Product>(product.id);
  EXPECT_EQ(to_string(*stored.list_price), "0.125000");
  EXPECT_TRUE(stored.active);
}

TEST_P(ProductTest, UpdatesAndRefusesStaleRecords) {
  Product product;
  product.name = "MG";
  product.currency = currency("JPY");
  in_work([&](Work& work) { catalog::create(work, product); });
  Product stale = product;
  product.name = "MG Special";
  product.active = false;
  in_work([&](Work& work) { catalog::update(work, product); });
  const Product stored = session().reader().get<Product>(product.id);
  EXPECT_EQ(stored.name_key, "mg special");
  EXPECT_EQ(stored.currency, currency("JPY"));
  EXPECT_FALSE(stored.active);
  refused([&](Work& work) { catalog::update(work, stale); }, Code::conflict);
}

TEST_P(ProductTest, RefusesBadInputAndChangesNothing) {
  Product product;
  product.list_price = parse_decimal("-1");
  const Error told = refused([&](Work& work) { catalog::create(work, product); }, Code::invalid);
  ASSERT_EQ(told.violations.size(), 2U);  // all at once
  EXPECT_EQ(told.violations[0].field, "name");
  EXPECT_EQ(told.violations[1].field, "list_price");
  product.name = "X";
  product.list_price = parse_decimal("1.0000001");
  refused([&](Work& work) { catalog::create(work, product); }, Code::invalid);
  EXPECT_FALSE(product.id);
}

INSTANTIATE_ON_ALL_BACKENDS(ProductTest);

}  // namespace
}  // namespace kith
