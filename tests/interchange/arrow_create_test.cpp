// SPDX-License-Identifier: Apache-2.0
// Records from Arrow streams: what goes out comes in again, and what does not fit changes nothing.
#include "kith/engine/generic.hpp"
#include "kith/interchange/arrow.hpp"
#include "support/store.hpp"

namespace kith {
namespace {

class ArrowCreate : public test::StoreTest {
 protected:
  static ArrowArrayStream stream_of(Table table) {
    ArrowArrayStream stream{};
    to_arrow(std::make_shared<const Table>(std::move(table)), &stream);
    return stream;
  }

  std::vector<Id> create(const Entity& entity, Table table) {
    ArrowArrayStream stream = stream_of(std::move(table));
    Work work = session().work();
    auto ids = create_from_arrow(work, entity, &stream);
    EXPECT_EQ(stream.release, nullptr);
    work.commit();
    return ids;
  }

  Error refuses(const Entity& entity, Table table, Code code = Code::invalid) {
    ArrowArrayStream stream = stream_of(std::move(table));
    Error told = refused([&](Work& work) { create_from_arrow(work, entity, &stream); }, code);
    EXPECT_EQ(stream.release, nullptr) << "the stream was not released";
    return told;
  }
};

TEST_P(ArrowCreate, MakesCustomersFromColumns) {
  Table table({{.name = "name"},
               {.name = "kind"},
               {.name = "founded", .type = Type::integer},
               {.name = "annual_revenue", .type = Type::decimal, .scale = 2}});
  table.add({std::string("宏达"), std::string("organisation"), std::int64_t{1998}, Decimal{1'250, 2}});
  table.add({std::string("李雷"), std::string("person"), Value(), Value()});
  const auto ids = create(entity_of<Customer>(), std::move(table));
  ASSERT_EQ(ids.size(), 2u);
  const Reader reader = session().reader();
  const auto first = reader.get<Customer>(ids[0]);
  EXPECT_EQ(first.name, "宏达");
  EXPECT_EQ(first.founded, 1998);
  EXPECT_EQ(first.annual_revenue, (Decimal{12'500'000, kQuantityScale}));
  const auto second = reader.get<Customer>(ids[1]);
  EXPECT_EQ(second.kind, CustomerKind::person);
  EXPECT_FALSE(second.founded.has_value());
  EXPECT_TRUE(second.stage.has_value()) << "the customer's own verb filled it";
}

TEST_P(ArrowCreate, MakesMoreThanOneChunk) {
  Table table(std::vector<TableColumn>{{.name = "name"}});
  for (int i = 0; i < 10'001; ++i) table.add({"C" + std::to_string(i)});
  const auto ids = create(entity_of<Customer>(), std::move(table));
  ASSERT_EQ(ids.size(), 10'001u);
  EXPECT_EQ(session().reader().get<Customer>(ids.back()).name, "C10000");
}

TEST_P(ArrowCreate, MakesRecordsWithoutABulkVerbOneByOne) {
  Table table(std::vector<TableColumn>{{.name = "name"}, {.name = "list_price", .type = Type::decimal, .scale = 3}});
  table.add({std::string("Crate"), Decimal{1'005, 3}});
  const auto ids = create(entity_of<Product>(), std::move(table));
  ASSERT_EQ(ids.size(), 1u);
  EXPECT_EQ(session().reader().get<Product>(ids[0]).list_price, (Decimal{1'005'000, kQuantityScale}));
}

TEST_P(ArrowCreate, RefusesWhatDoesNotFitAndChangesNothing) {
  Table unknown(std::vector<TableColumn>{{.name = "nmae"}});
  unknown.add({std::string("Acme")});
  EXPECT_TRUE(test::says(refuses(entity_of<Customer>(), std::move(unknown)), "Did you mean name?"));

  Table kept(std::vector<TableColumn>{{.name = "name"}, {.name = "revision", .type = Type::integer}});
  kept.add({std::string("Acme"), std::int64_t{1}});
  EXPECT_TRUE(test::says(refuses(entity_of<Customer>(), std::move(kept)), "kept by Kith"));

  Table digits(
      std::vector<TableColumn>{{.name = "name"}, {.name = "annual_revenue", .type = Type::decimal, .scale = 7}});
  digits.add({std::string("Acme"), Decimal{10, 7}});
  digits.add({std::string("Bolt"), Decimal{1, 7}});
  const Error lost = refuses(entity_of<Customer>(), std::move(digits));
  EXPECT_EQ(lost.field, "annual_revenue");
  EXPECT_TRUE(test::says(lost, "row 2"));

  Table choice(std::vector<TableColumn>{{.name = "name"}, {.name = "kind"}});
  choice.add({std::string("Acme"), std::string("organization")});
  EXPECT_TRUE(test::says(refuses(entity_of<Customer>(), std::move(choice)), "organisation"));

  Table late(std::vector<TableColumn>{{.name = "name"}});
  for (int i = 0; i < 10'001; ++i) late.add({i == 10'000 ? std::string() : "C" + std::to_string(i)});
  refuses(entity_of<Customer>(), std::move(late));
  EXPECT_TRUE(session().reader().list<Customer>().empty());
}

TEST_P(ArrowCreate, TellsManyFaultsAtOnceButNotAll) {
  Table table(std::vector<TableColumn>{{.name = "name"}, {.name = "kind"}});
  for (int i = 0; i < 100; ++i) table.add({"C" + std::to_string(i), std::string("robot")});
  EXPECT_EQ(refuses(entity_of<Customer>(), std::move(table)).violations.size(), 20u);
}

TEST_P(ArrowCreate, RefusesAReleasedStream) {
  ArrowArrayStream stream{};
  refused([&](Work& work) { create_from_arrow(work, entity_of<Customer>(), &stream); }, Code::misuse);
}

/// A producer that fails, with its reason.
TEST_P(ArrowCreate, PassesOnWhyAStreamFailed) {
  ArrowArrayStream stream{};
  stream.get_schema = [](ArrowArrayStream*, ArrowSchema*) { return 5; };
  stream.get_last_error = [](ArrowArrayStream*) { return "the disk is gone"; };
  stream.release = [](ArrowArrayStream* self) { self->release = nullptr; };
  const Error told =
      refused([&](Work& work) { create_from_arrow(work, entity_of<Customer>(), &stream); }, Code::storage);
  EXPECT_TRUE(test::says(told, "the disk is gone"));
  EXPECT_EQ(stream.release, nullptr);
}

INSTANTIATE_ON_ALL_BACKENDS(ArrowCreate);

}  // namespace
}  // namespace kith
