// SPDX-License-Identifier: Apache-2.0
// Records whose money is in a currency of their own, through Arrow both ways.
#include <gtest/gtest.h>

#include <cstring>

#include "kith/engine/generic.hpp"
#include "kith/interchange/arrow.hpp"
#include "support/expect_error.hpp"

namespace kith {
namespace parcels {
namespace {

struct Parcel {
  Id id;
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  Currency currency;
  std::optional<Amount> price;
  std::optional<Amount> fee;
};

constexpr auto kFields = field_table<Parcel>(field<&Parcel::currency>("currency"), field<&Parcel::price>("price"),
                                             field<&Parcel::fee>("fee"));
constexpr Entity kParcel =
    make_entity<Parcel>({.name = "parcel", .plural = "parcels", .fields = kFields, .roles = {.currency = "currency"}});
constexpr const Entity* kEntities[] = {&kParcel};
constexpr RecordVerbs kVerbs[] = {{.entity = "parcel",
                                   .create = [](Work& work, void* record) { return work.create(kParcel, record); },
                                   .update = [](Work& work, void* record) { work.update(kParcel, record); }}};
const Area kParcels{.name = "parcels", .entities = kEntities, .verbs = kVerbs};

}  // namespace
}  // namespace parcels

template <>
const Entity& entity_of<parcels::Parcel>() {
  return parcels::kParcel;
}

namespace {

using parcels::Parcel;

class ArrowCurrency : public testing::Test {
 protected:
  static const Model& model() {
    static const Area* const areas[] = {&parcels::kParcels};
    static const Model instance(areas);
    return instance;
  }
  const Entity& entity() const { return entity_of<Parcel>(); }

  std::vector<Id> create(Table table) {
    ArrowArrayStream stream{};
    to_arrow(std::make_shared<const Table>(std::move(table)), &stream);
    Work work = session.work();
    auto ids = create_from_arrow(work, entity(), &stream);
    work.commit();
    return ids;
  }
  std::int64_t update(Table table) {
    ArrowArrayStream stream{};
    to_arrow(std::make_shared<const Table>(std::move(table)), &stream);
    Work work = session.work();
    const std::int64_t changed = update_from_arrow(work, entity(), &stream);
    work.commit();
    return changed;
  }
  Parcel get(Id id) { return session.reader().get<Parcel>(id); }

  /// A parcel in yen and one in dollars, 500 minor units each.
  std::vector<Id> two() {
    Table table({{.name = "price", .type = Type::money, .currency = currency("JPY")}});
    table.add({Money{500, currency("JPY")}});
    auto ids = create(std::move(table));
    Table dollars({{.name = "price", .type = Type::money, .currency = currency("USD")}});
    dollars.add({Money{500, currency("USD")}});
    ids.push_back(create(std::move(dollars)).front());
    return ids;
  }

  std::shared_ptr<Engine> engine = Engine::open(open_memory({}), model(), {});
  Session session = engine->session();
};

TEST_F(ArrowCurrency, ARecordTakesTheCurrencyOfItsMoney) {
  const auto ids = two();
  EXPECT_EQ(code_of(get(ids[0]).currency), "JPY");
  EXPECT_EQ(get(ids[0]).price, Amount{500});
  EXPECT_EQ(get(ids[1]).price, Amount{500});
}

TEST_F(ArrowCurrency, AnAmountAloneStaysInTheRecordsCurrency) {
  const auto ids = two();
  // As decimals without a currency: 7 yen are 7 minor units, 7 dollars are 700.
  Table table({{.name = "id", .type = Type::id}, {.name = "price", .type = Type::decimal, .scale = 2}});
  for (const Id id : ids) table.add({id, Decimal{700, 2}});
  EXPECT_EQ(update(std::move(table)), 2);
  EXPECT_EQ(get(ids[0]).price, Amount{7});
  EXPECT_EQ(code_of(get(ids[0]).currency), "JPY");
  EXPECT_EQ(get(ids[1]).price, Amount{700});
}

TEST_F(ArrowCurrency, AnotherCurrencyTakesEveryAmountAlong) {
  const auto ids = two();
  const auto dollars = [&](Id id) {
    Table table({{.name = "id", .type = Type::id}, {.name = "fee", .type = Type::money, .currency = currency("USD")}});
    table.add({id, Money{100, currency("USD")}});
    return table;
  };
  EXPECT_KITH_ERROR(update(dollars(ids[0])), Code::invalid, "holds money in JPY");
  EXPECT_EQ(get(ids[0]).fee, std::nullopt);
  EXPECT_EQ(update(dollars(ids[1])), 1);

  Table both({{.name = "id", .type = Type::id},
              {.name = "price", .type = Type::money, .currency = currency("USD")},
              {.name = "fee", .type = Type::money, .currency = currency("USD")}});
  both.add({ids[0], Value(), Money{100, currency("USD")}});
  EXPECT_EQ(update(std::move(both)), 1);
  EXPECT_EQ(code_of(get(ids[0]).currency), "USD");
  EXPECT_EQ(get(ids[0]).price, std::nullopt);
  EXPECT_EQ(get(ids[0]).fee, Amount{100});

  Table named({{.name = "id", .type = Type::id}, {.name = "currency"}});
  named.add({ids[1], std::string("EUR")});
  EXPECT_KITH_ERROR(update(std::move(named)), Code::invalid, "holds money in USD");
}

TEST_F(ArrowCurrency, AStreamGivesAllMoneyTheLargestScale) {
  const auto ids = two();
  ArrowArrayStream stream{};
  to_arrow(session.reader(), entity(), {.fields = {"price"}}, &stream);
  ArrowSchema schema{};
  ASSERT_EQ(stream.get_schema(&stream, &schema), 0);
  EXPECT_STREQ(schema.children[0]->format, "d:38,2");
  ArrowArray array{};
  ASSERT_EQ(stream.get_next(&stream, &array), 0);
  ASSERT_EQ(array.length, 2);
  Int128 amounts[2];
  std::memcpy(amounts, array.children[0]->buffers[1], sizeof amounts);
  EXPECT_TRUE(amounts[0] == 50'000) << "500 yen with two digits more";
  EXPECT_TRUE(amounts[1] == 500);
  array.release(&array);
  schema.release(&schema);
  stream.release(&stream);

  to_arrow(session.reader(), entity(), {.where = "currency = 'JPY'", .fields = {"price"}}, &stream);
  ASSERT_EQ(stream.get_schema(&stream, &schema), 0);
  EXPECT_STREQ(schema.children[0]->format, "d:38,0");
  schema.release(&schema);
  stream.release(&stream);
}

/// All yen on the first array, dollars on a later one: the factor is that of the stream, not of the array.
TEST_F(ArrowCurrency, EveryArrayHasTheScaleOfTheStream) {
  Table yen({{.name = "price", .type = Type::money, .currency = currency("JPY")}});
  for (int i = 0; i < 70'000; ++i) yen.add({Money{i, currency("JPY")}});
  create(std::move(yen));
  two();
  ArrowArrayStream stream{};
  to_arrow(session.reader(), entity(), {.order = {"id"}, .fields = {"price"}}, &stream);
  ArrowArray array{};
  ASSERT_EQ(stream.get_next(&stream, &array), 0);
  Int128 second = 0;
  std::memcpy(&second, static_cast<const char*>(array.children[0]->buffers[1]) + sizeof second, sizeof second);
  EXPECT_TRUE(second == 100);
  array.release(&array);
  stream.release(&stream);
}

}  // namespace
}  // namespace kith
