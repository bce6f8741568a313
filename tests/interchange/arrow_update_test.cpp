// SPDX-License-Identifier: Apache-2.0
// Records changed from Arrow streams: through the verbs, all or none, and nobody is overwritten unseen.
#include "kith/engine/generic.hpp"
#include "kith/interchange/arrow.hpp"
#include "support/expect_error.hpp"
#include "support/store.hpp"

namespace kith {
namespace {

class ArrowUpdate : public test::StoreTest {
 protected:
  static ArrowArrayStream stream_of(Table table) {
    ArrowArrayStream stream{};
    to_arrow(std::make_shared<const Table>(std::move(table)), &stream);
    return stream;
  }

  std::vector<Id> make(int count) {
    Batch batch(entity_of<Customer>());
    for (int i = 0; i < count; ++i) {
      const Customer customer{.name = "C" + std::to_string(i), .sector = "old"};
      store_row(&customer, batch);
    }
    in_work([&](Work& work) { customer::create_batch(work, batch); });
    std::vector<Id> ids;
    for (std::size_t row = 0; row < batch.rows(); ++row) ids.push_back(Id{batch.columns[kIdField].word(row)});
    return ids;
  }

  std::int64_t update(const Entity& entity, Table table) {
    ArrowArrayStream stream = stream_of(std::move(table));
    Work work = session().work();
    const std::int64_t changed = update_from_arrow(work, entity, &stream);
    EXPECT_EQ(stream.release, nullptr);
    work.commit();
    return changed;
  }

  Error refuses(const Entity& entity, Table table, Code code = Code::invalid) {
    ArrowArrayStream stream = stream_of(std::move(table));
    Error told = refused([&](Work& work) { update_from_arrow(work, entity, &stream); }, code);
    EXPECT_EQ(stream.release, nullptr) << "the stream was not released";
    return told;
  }

  static Table sectors(const std::vector<Id>& ids, const Value& sector) {
    Table table({{.name = "id", .type = Type::id}, {.name = "sector"}});
    for (const Id id : ids) table.add({id, sector});
    return table;
  }
};

TEST_P(ArrowUpdate, ChangesTheGivenFieldsAndNoOthers) {
  const auto ids = make(3);
  Table table({{.name = "id", .type = Type::id},
               {.name = "sector"},
               {.name = "annual_revenue", .type = Type::decimal, .scale = 2}});
  table.add({ids[2], std::string("new"), Decimal{1'250, 2}});
  table.add({ids[0], Value(), Value()});
  table.add({ids[1], std::string("old"), Value()});
  EXPECT_EQ(update(entity_of<Customer>(), std::move(table)), 2) << "one was so already";
  const Reader reader = session().reader();
  const auto changed = reader.get<Customer>(ids[2]);
  EXPECT_EQ(changed.name, "C2");
  EXPECT_EQ(changed.sector, "new");
  EXPECT_EQ(changed.annual_revenue, (Decimal{12'500'000, kQuantityScale}));
  EXPECT_EQ(changed.revision, 2);
  EXPECT_FALSE(reader.get<Customer>(ids[0]).sector.has_value());
  EXPECT_EQ(reader.get<Customer>(ids[1]).revision, 1);
  EXPECT_EQ(history::versions(reader, entity_of<Customer>(), ids[2]).rows(), 2u) << "the past stays";
}

TEST_P(ArrowUpdate, GoesThroughTheVerb) {
  const auto ids = make(2);
  Table names({{.name = "id", .type = Type::id}, {.name = "name"}});
  names.add({ids[0], std::string("ＡＣＭＥ")});
  update(entity_of<Customer>(), std::move(names));
  EXPECT_EQ(session().reader().get<Customer>(ids[0]).name_key, "acme") << "the verb keeps the key";

  Table ring({{.name = "id", .type = Type::id}, {.name = "parent", .type = Type::id}});
  ring.add({ids[0], ids[1]});
  ring.add({ids[1], ids[0]});
  EXPECT_EQ(refuses(entity_of<Customer>(), std::move(ring)).field, "parent");

  Table product({{.name = "id", .type = Type::id}, {.name = "role"}});
  product.add({ids[0], std::string("x")});
  refuses(entity_of<CustomerStage>(), std::move(product));
}

TEST_P(ArrowUpdate, OverwritesNobodyUnseen) {
  const auto ids = make(2);
  Table read({{.name = "id", .type = Type::id}, {.name = "revision", .type = Type::integer}, {.name = "sector"}});
  for (const Id id : ids) read.add({id, std::int64_t{1}, std::string("mine")});
  EXPECT_EQ(update(entity_of<Customer>(), sectors({ids[1]}, std::string("theirs"))), 1);
  EXPECT_TRUE(test::says(refuses(entity_of<Customer>(), std::move(read), Code::conflict), "revision"));
  EXPECT_EQ(session().reader().get<Customer>(ids[0]).sector, "old") << "all or none";
}

TEST_P(ArrowUpdate, RefusesWhatNamesNoRecordOrNamesItTwice) {
  const auto ids = make(2);
  Table without(std::vector<TableColumn>{{.name = "sector"}});
  without.add({std::string("x")});
  EXPECT_EQ(refuses(entity_of<Customer>(), std::move(without)).field, "id");
  EXPECT_TRUE(test::says(refuses(entity_of<Customer>(), sectors({ids[0], ids[1], ids[0]}, Value())), "row 3"));
  EXPECT_TRUE(test::says(refuses(entity_of<Customer>(), sectors({ids[0], {}}, Value())), "row 2"));
  EXPECT_TRUE(
      test::says(refuses(entity_of<Customer>(), sectors({ids[0], {77}}, Value()), Code::not_found), "customer 77"));
  Table kept({{.name = "id", .type = Type::id}, {.name = "stage", .type = Type::id}});
  kept.add({ids[0], Value()});
  EXPECT_TRUE(test::says(refuses(entity_of<Customer>(), std::move(kept)), "kept by Kith"));
}

TEST_P(ArrowUpdate, WritesMoreThanOneChunkAndFindsATwinInAnother) {
  const auto ids = make(10'001);
  EXPECT_EQ(update(entity_of<Customer>(), sectors(ids, std::string("new"))), 10'001);
  EXPECT_EQ(session().reader().get<Customer>(ids.back()).sector, "new");
  auto twice = ids;
  twice.back() = ids.front();
  EXPECT_TRUE(test::says(refuses(entity_of<Customer>(), sectors(twice, Value())), "row 10001"));
  EXPECT_TRUE(check(session()).empty());

  Table late({{.name = "id", .type = Type::id}, {.name = "revision", .type = Type::integer}, {.name = "sector"}});
  for (const Id id : ids) late.add({id, std::int64_t{id == ids.back() ? 1 : 2}, std::string("late")});
  EXPECT_TRUE(test::says(refuses(entity_of<Customer>(), std::move(late), Code::conflict),
                         "behind row 10000, row 1: revision 1"));
}

TEST_P(ArrowUpdate, NamesTheRowThatAVerbRefuses) {
  std::vector<Id> ids;
  in_work([&](Work& work) {
    for (const char* name : {"Crate", "Box"}) {
      Product product;
      product.name = name;
      ids.push_back(catalog::create(work, product));
    }
  });
  Table table({{.name = "id", .type = Type::id}, {.name = "name"}});
  table.add({ids[0], std::string("Crate 2")});
  table.add({ids[1], std::string(" ")});
  EXPECT_TRUE(test::says(refuses(entity_of<Product>(), std::move(table)), "row 2: ")) << "products change one by one";
  EXPECT_EQ(session().reader().get<Product>(ids[0]).name, "Crate");
}

TEST_P(ArrowUpdate, NeedsTheRightToEdit) {
  Work work = session().work();
  Unit company{.name = "Company"};
  people::create(work, company, work.today());
  Employee anna{.name = "Anna", .unit = company.id, .hired_on = work.today()};
  people::create(work, anna);
  access::add_principal(work, "anna", anna.id, std::vector<std::string>{"seller"});
  Customer hers{.name = "Hers", .owner = anna.id};
  customer::create(work, hers);
  work.commit();
  const auto others = make(1);
  Session seller = session().engine().session("anna");
  Work mine = seller.work();
  ArrowArrayStream stream = stream_of(sectors({hers.id}, std::string("x")));
  EXPECT_EQ(update_from_arrow(mine, entity_of<Customer>(), &stream), 1);
  stream = stream_of(sectors({hers.id, others[0]}, std::string("y")));
  EXPECT_KITH_ERROR(update_from_arrow(mine, entity_of<Customer>(), &stream), Code::not_found, "anna");
  mine.commit();
  EXPECT_EQ(seller.reader().get<Customer>(hers.id).sector, "x");
}

TEST_P(ArrowUpdate, KeepsAndChangesFieldsOfTheStoresOwn) {
  const auto ids = make(2);
  const Entity& customers = entity_of<Customer>();
  const Currency usd = currency("USD");
  in_work([&](Work& work) {
    for (const auto& [name, type] : {std::pair("floors", Type::integer), std::pair("rent", Type::money)}) {
      CustomField field;
      field.entity = "customer";
      field.name = name;
      field.type = type;
      custom::define(work, field);
    }
    custom::set(work, customers, ids[0], {{"floors", std::int64_t{3}}, {"rent", Money{500, usd}}});
  });
  const auto own = [&](Id id, const char* name) { return custom::get(session().reader(), customers, id).at(name); };
  EXPECT_EQ(update(customers, sectors(ids, std::string("new"))), 2);
  EXPECT_EQ(own(ids[0], "rent"), Value(Money{500, usd}));
  Table floors({{.name = "id", .type = Type::id}, {.name = "floors", .type = Type::integer}});
  floors.add({ids[0], Value()});
  floors.add({ids[1], std::int64_t{9}});
  EXPECT_EQ(update(customers, floors), 2);
  EXPECT_TRUE(is_null(own(ids[0], "floors")));
  EXPECT_EQ(own(ids[0], "rent"), Value(Money{500, usd}));
  EXPECT_EQ(own(ids[1], "floors"), Value(std::int64_t{9}));
}

TEST_P(ArrowUpdate, MoneyOfTheStoresOwnKeepsItsCurrency) {
  const Entity& deals = entity_of<Opportunity>();
  Id id;
  in_work([&](Work& work) {
    CustomField field;
    field.entity = "opportunity";
    field.name = "fee";
    field.type = Type::money;
    custom::define(work, field);
    Pipeline pipeline{.name = "Standard"};
    std::vector<Stage> stages{{.name = "talk", .position = 1}};
    sales::create(work, pipeline, stages);
    Opportunity deal;
    deal.title = "Deal";
    custom::with(work, deals, {{"fee", Money{500, currency("USD")}}}, [&] { id = sales::create(work, deal); });
  });
  Table table({{.name = "id", .type = Type::id}, {.name = "currency"}});
  table.add({id, std::string("EUR")});
  EXPECT_NE(std::string(refuses(deals, table).what()).find("holds money in USD; give it in EUR too"),
            std::string::npos);
}

INSTANTIATE_ON_ALL_BACKENDS(ArrowUpdate);

}  // namespace
}  // namespace kith
