// SPDX-License-Identifier: Apache-2.0
// Fields that a store defines for itself: rules, reads, keys, formulas, the past, and a random history against a map.
#include <map>
#include <random>
#include <sstream>

#include "engine/custom_fixture.hpp"
#include "kith/engine/field_history.hpp"
#include "kith/engine/generic.hpp"
#include "kith/interchange/dump.hpp"

namespace kith {
namespace {

using test::says;

class CustomFieldsTest : public test::CustomTest {};

TEST_P(CustomFieldsTest, EveryTypeIsKeptExactly) {
  define_all();
  const Id other = added("Other");
  const custom::Values values{{"colour", std::string("green")},
                              {"floors", std::numeric_limits<std::int64_t>::max()},
                              {"vip", true},
                              {"nick", std::string("a \"quoted\"\n\\name\x01 客")},
                              {"share", Decimal{12'345, 3}},
                              {"limit", Money{-5, currency("USD")}},
                              {"since", date(2026, 2, 3)},
                              {"seen", parse_timestamp("2026-02-03T04:05:06.789Z")},
                              {"partner", other}};
  const Id id = added("Acme", values);
  EXPECT_EQ(custom::get(session().reader(), customer(), id), values);
  const custom::Values none = custom::get(session().reader(), customer(), other);
  ASSERT_EQ(none.size(), values.size());
  for (const auto& [name, found] : none) EXPECT_TRUE(is_null(found)) << name;
  const Batch row = [&] {
    auto rows = session().reader().scan(customer(), {.conditions = {equals(customer(), "id", id)}});
    Batch batch;
    rows->next(batch);
    return batch;
  }();
  EXPECT_EQ(row.column(customer().custom()).text(0),
            "{\"colour\":2,\"floors\":9223372036854775807,\"limit\":-5,\"nick\":\"a \\\"quoted\\\"\\n\\\\name\\u0001 "
            "客\",\"partner\":" +
                std::to_string(other.value) + ",\"seen\":1770091506789000,\"share\":12345,\"since\":20487,\"vip\":1}");
}

TEST_P(CustomFieldsTest, FiltersSortsAndListsLikeAnyField) {
  define_all();
  in_work([&](Work& work) {
    add(work, "A",
        {{"floors", std::int64_t{3}}, {"colour", std::string("red")}, {"limit", Money{500, currency("USD")}}});
    add(work, "B", {{"floors", std::int64_t{12}}, {"nick", std::string("Big")}});
    add(work, "C");
    add(work, "D", {{"floors", std::int64_t{7}}, {"colour", std::string("green")}, {"nick", std::string("bigger")}});
  });
  using Names = std::vector<std::string>;
  EXPECT_EQ(names_where("floors > 5"), (Names{"B", "D"}));
  EXPECT_EQ(names_where("floors is null"), (Names{"C"}));
  EXPECT_EQ(names_where("colour = 'red' or nick contains :q", {{"q", std::string("BIG")}}), (Names{"A", "B", "D"}));
  EXPECT_EQ(names_where("limit >= 5.00 USD and name != 'B'"), (Names{"A"}));
  EXPECT_EQ(names_where("not (floors = 3)"), (Names{"B", "D"}));
  EXPECT_EQ(names_where("", {}, {"floors desc"}), (Names{"B", "D", "A", "C"}));
  EXPECT_EQ(names_where("floors > 1", {}, {"colour", "name"}), (Names{"A", "D", "B"}))
      << "choices by number, nulls last";
  const Table table = generic::find(session().reader(), customer(),
                                    {.order = {"floors desc"}, .fields = {"name", "floors", "colour"}, .limit = 2});
  ASSERT_EQ(table.rows(), 2U);
  EXPECT_EQ(table.columns()[1].type, Type::integer);
  EXPECT_EQ(table.value(1, 0), Value(std::string("D")));
  EXPECT_EQ(table.value(1, 1), Value(std::int64_t{7}));
  EXPECT_EQ(table.value(1, 2), Value(std::string("green")));
  const Table all = generic::find(session().reader(), customer(), {.where = "name = 'A'"});
  EXPECT_EQ(all.value(0, all.at("limit")), Value(Money{500, currency("USD")}));
  for (const TableColumn& column : all.columns()) EXPECT_NE(column.name, kCustomColumn);
  try {
    names_where("flors > 5");
    ADD_FAILURE() << "an unknown field was read";
  } catch (const Error& error) {
    EXPECT_TRUE(says(error, "floors"));
  }
  EXPECT_THROW(names_where("custom is null"), Error) << "the column itself has no name";
}

TEST_P(CustomFieldsTest, RulesAreAskedWhenWritten) {
  define_all();
  CustomField code = named("code", Type::text);
  code.required = true;
  code.max_length = 3;
  made(code);
  const auto says_all = [&](const Error& error, std::initializer_list<std::string_view> words) {
    for (const std::string_view word : words) EXPECT_TRUE(says(error, word));
  };
  says_all(refused([&](Work& work) { add(work, "X"); }, Code::invalid), {"code", "missing"});
  says_all(refused(
               [&](Work& work) {
                 add(work, "", {{"code", std::string("1234")}});
               },
               Code::invalid),
           {"name", "code", "4 characters, 3 fit"});
  says_all(refused(
               [&](Work& work) {
                 add(work, "X", {{"colour", std::string("blue")}, {"flors", true}});
               },
               Code::invalid),
           {"colour", "green", "flors", "floors"});
  says_all(refused(
               [&](Work& work) {
                 add(work, "X", {{"code", std::string("1")}, {"partner", Id{77}}});
               },
               Code::invalid),
           {"partner", "customer 77"});
  says_all(refused(
               [&](Work& work) {
                 add(work, "X", {{"code", std::string("1")}, {"limit", Money{1, currency("EUR")}}});
               },
               Code::invalid),
           {"limit", "EUR"});
  const Id id = added("Acme", {{"code", std::string("1")}});
  says_all(refused(
               [&](Work& work) {
                 custom::set(work, customer(), id, {{"code", Value()}});
               },
               Code::invalid),
           {"code", "missing"});
  refused([&](Work& work) { custom::set(work, customer(), Id{77}, {{"code", std::string("2")}}); }, Code::not_found);
}

TEST_P(CustomFieldsTest, OlderRecordsLackANewFieldAndStayChangeable) {
  const Id old = added("Old");
  CustomField code = named("code", Type::text);
  code.required = true;
  made(code);
  CustomField size = named("size", Type::integer);
  size.default_value = "4";
  made(size);
  EXPECT_TRUE(is_null(value(old, "size")));
  in_work([&](Work& work) {
    auto row = work.get<Customer>(old);
    row.sector = "retail";
    customer::update(work, row);
  });
  refused([&](Work& work) { custom::set(work, customer(), old, {{"size", std::int64_t{1}}}); }, Code::invalid);
  set(old, {{"code", std::string("x")}, {"size", std::int64_t{1}}});
  EXPECT_EQ(value(added("New", {{"code", std::string("y")}}), "size"), Value(std::int64_t{4}));
  EXPECT_TRUE(is_null(value(added("None", {{"code", std::string("y")}, {"size", Value()}}), "size")))
      << "a null that was said is no silence";
}

TEST_P(CustomFieldsTest, VerbsKeepWhatTheyDoNotKnow) {
  made(named("floors", Type::integer));
  const Id id = added("Acme", {{"floors", std::int64_t{3}}});
  in_work([&](Work& work) {
    auto row = work.get<Customer>(id);
    row.name = "Acme 2";
    customer::update(work, row);
    customer::set_stage(work, id, "lead", "called");
  });
  EXPECT_EQ(value(id, "floors"), Value(std::int64_t{3}));
  const auto before = session().reader().get<Customer>(id).revision;
  set(id, {{"floors", std::int64_t{3}}});
  EXPECT_EQ(session().reader().get<Customer>(id).revision, before) << "the same value is no change";
  set(id, {{"floors", std::int64_t{4}}});
  EXPECT_EQ(session().reader().get<Customer>(id).revision, before + 1);
  EXPECT_EQ(session().reader().get<Customer>(id).name, "Acme 2");
}

TEST_P(CustomFieldsTest, UniqueMeansOnce) {
  CustomField vat = named("vat", Type::text);
  vat.unique = true;
  vat = made(vat);
  EXPECT_EQ(vat.max_length, 200);
  const Id first = added("First", {{"vat", std::string("DE1")}});
  const Id second = added("Second", {{"vat", std::string("DE2")}});
  const Error taken = refused([&](Work& work) { add(work, "Third", {{"vat", std::string("DE1")}}); }, Code::conflict);
  EXPECT_TRUE(says(taken, "'DE1' is that of customer " + std::to_string(first.value)));
  EXPECT_EQ(taken.field, "vat");
  refused([&](Work& work) { custom::set(work, customer(), second, {{"vat", std::string("DE1")}}); }, Code::conflict);
  in_work([&](Work& work) {  // what one gives up another may take in the same work
    custom::set(work, customer(), first, {{"vat", Value()}});
    custom::set(work, customer(), second, {{"vat", std::string("DE1")}});
    add(work, "Nothing");
    add(work, "Nothing too");
  });
  in_work([&](Work& work) { work.remove<Customer>(second, work.get<Customer>(second).revision); });
  added("Third", {{"vat", std::string("DE1")}});  // what is removed takes its keys along
  refused([&](Work& work) { add(work, "Fourth", {{"vat", std::string("DE1")}}); }, Code::conflict);
}

TEST_P(CustomFieldsTest, BecomesUniqueAndIndexedLater) {
  CustomField vat = named("vat", Type::integer);
  vat = made(vat);
  const Id first = added("First", {{"vat", std::int64_t{1}}});
  const Id second = added("Second", {{"vat", std::int64_t{1}}});
  vat.unique = true;
  const Error twice = refused_field(vat, Code::conflict);
  EXPECT_TRUE(says(twice, "customer " + std::to_string(first.value)));
  set(second, {{"vat", std::int64_t{2}}});
  vat = made(vat);
  refused([&](Work& work) { add(work, "Third", {{"vat", std::int64_t{2}}}); }, Code::conflict);
  EXPECT_EQ(names_where("vat = 2"), (std::vector<std::string>{"Second"}));
  EXPECT_EQ(session().reader().list<KeyRow>().size(), 2U);
  vat.unique = false;
  vat.indexed = true;
  vat = made(vat);
  added("Third", {{"vat", std::int64_t{2}}});
  EXPECT_EQ(names_where("vat between 2 and 9"), (std::vector<std::string>{"Second", "Third"}));
  EXPECT_EQ(names_where("vat in (1, 3)"), (std::vector<std::string>{"First"}));
  EXPECT_EQ(names_where("vat = 4"), (std::vector<std::string>{}));
  vat.indexed = false;
  vat = made(vat);
  EXPECT_TRUE(session().reader().list<KeyRow>().empty());
  EXPECT_EQ(names_where("vat < 2"), (std::vector<std::string>{"First"}));
}

TEST_P(CustomFieldsTest, FormulasFollowTheRecord) {
  made(named("floors", Type::integer));
  made(named("rent", Type::money));
  CustomField cost = named("cost", Type::money);
  cost.formula = "rent * floors / 3";
  cost = made(cost);
  CustomField grade = named("grade", Type::text);
  grade.formula = "if(cost >= 10.00 USD, 'large', 'small')";
  grade = made(grade);
  const Id id = added("Acme", {{"floors", std::int64_t{2}}, {"rent", Money{1000, currency("USD")}}});
  EXPECT_EQ(value(id, "cost"), Value(Money{667, currency("USD")})) << "20.00 / 3, once rounded half up";
  EXPECT_EQ(value(id, "grade"), Value(std::string("small")));
  set(id, {{"floors", std::int64_t{30}}});
  EXPECT_EQ(names_where("grade = 'large' and cost = 100.00 USD"), (std::vector<std::string>{"Acme"}));
  EXPECT_TRUE(says(refused(
                       [&](Work& work) {
                         custom::set(work, customer(), id, {{"cost", Money{1, currency("USD")}}});
                       },
                       Code::invalid),
                   "computed"));
  EXPECT_TRUE(says(refused(
                       [&](Work& work) {
                         custom::set(work, customer(), id,
                                     {{"rent", Money{std::numeric_limits<std::int64_t>::max(), currency("USD")}}});
                       },
                       Code::invalid),
                   "cost"))
      << "a value with which a formula cannot be computed is refused";
  cost.formula = "rent + cost";
  EXPECT_TRUE(says(refused_field(cost), "cost")) << "a formula does not know itself";
  cost.formula = "floors";
  EXPECT_TRUE(says(refused_field(cost), "money"));
  cost.formula = "rent * 2";
  cost = made(cost);
  EXPECT_EQ(value(id, "cost"), Value(Money{2000, currency("USD")}));
  cost.retired = true;
  EXPECT_TRUE(says(refused_field(cost, Code::state), "grade"));
  CustomField now = named("now", Type::date);
  now.formula = "today()";
  EXPECT_TRUE(says(refused_field(now), "asks the store"));
}

TEST_P(CustomFieldsTest, DefinitionsThatMeanNothingAreRefused) {
  made(named("floors", Type::integer));
  const auto error = [&](const std::function<void(CustomField&)>& spoil, Code code = Code::invalid) {
    CustomField field = named("other", Type::text);
    spoil(field);
    return refused_field(field, code);
  };
  EXPECT_TRUE(says(error([](CustomField& f) { f.entity = "costumer"; }), "customer"));
  EXPECT_TRUE(says(error([](CustomField& f) { f.entity = "posting"; }), "take no fields"));
  EXPECT_TRUE(says(error([](CustomField& f) { f.entity = "principal"; }), "take no fields"));
  EXPECT_TRUE(says(error([](CustomField& f) { f.name = "sector"; }), "already"));
  EXPECT_TRUE(says(error([](CustomField& f) { f.name = "two words"; }), "cannot be read"));
  EXPECT_TRUE(says(error([](CustomField& f) { f.name = "null"; }), "cannot be read"));
  EXPECT_TRUE(says(error([](CustomField& f) { f.name = "a.b"; }), "cannot be read"));
  error([](CustomField& f) { f.name = "floors"; }, Code::conflict);
  EXPECT_TRUE(says(error([](CustomField& f) { f.type = Type::choice; }), "choices"));
  EXPECT_TRUE(says(error([](CustomField& f) { f.choices = "a,b"; }), "choices"));
  EXPECT_TRUE(says(error([](CustomField& f) { f.scale = 2; }), "scale"));
  EXPECT_TRUE(says(error([](CustomField& f) { f.refers_to = "customer"; }), "refers_to"));
  EXPECT_TRUE(says(error([](CustomField& f) { f.type = Type::bytes; }), "bytes"));
  EXPECT_TRUE(says(error([](CustomField& f) {
                     f.type = Type::money;
                     f.unique = true;
                   }),
                   "money"));
  EXPECT_TRUE(says(error([](CustomField& f) {
                     f.type = Type::date;
                     f.default_value = "tomorrow";
                   }),
                   "default_value"));
  EXPECT_TRUE(says(error([](CustomField& f) {
                     f.indexed = true;
                     f.max_length = 201;
                   }),
                   "200"));
  made(named("客户等级", Type::text));
  EXPECT_EQ(names_where("客户等级 is null"), (std::vector<std::string>{}));
}

TEST_P(CustomFieldsTest, TheColumnOfACurrencyIsNoOtherField) {
  made(named("rent", Type::money));
  EXPECT_TRUE(says(refused_field(named("rent_currency", Type::text)), "the column of the currency of 'rent'"));
  made(named("fee_currency", Type::text));
  EXPECT_TRUE(says(refused_field(named("fee", Type::money)), "'fee_currency', which is another field already"));
  EXPECT_TRUE(says(refused_field(named("amount_currency", Type::text, "opportunity")), "currency of 'amount'"));
  made(named("amount_currency", Type::text));  // customers have no amount
}

TEST_P(CustomFieldsTest, WhatRecordsSayGoesOnMeaningTheSame) {
  CustomField colour = named("colour", Type::choice);
  colour.choices = "red,green";
  colour = made(colour);
  const auto error = [&](const std::function<void(CustomField&)>& spoil) {
    CustomField field = colour;
    spoil(field);
    return refused_field(field, Code::state);
  };
  error([](CustomField& f) { f.name = "hue"; });
  error([](CustomField& f) { f.type = Type::integer, f.choices = ""; });
  error([](CustomField& f) { f.choices = "green,red"; });
  error([](CustomField& f) { f.choices = "red"; });
  const Id id = added("Acme", {{"colour", std::string("green")}});
  colour.choices = "red,green,blue";
  colour.label = "Colour";
  colour = made(colour);
  EXPECT_EQ(value(id, "colour"), Value(std::string("green")));
  colour.retired = true;
  colour = made(colour);
  EXPECT_THROW(names_where("colour = 'green'"), Error);
  in_work([&](Work& work) {
    auto row = work.get<Customer>(id);
    row.sector = "retail";
    customer::update(work, row);
  });
  refused([&](Work& work) { add(work, "X", {{"colour", std::string("red")}}); }, Code::invalid);
  colour.retired = false;
  colour = made(colour);
  EXPECT_EQ(value(id, "colour"), Value(std::string("green"))) << "values come back with their field";
}

TEST_P(CustomFieldsTest, TheirPastStaysReadable) {
  CustomField floors = named("floors", Type::integer);
  floors.indexed = true;
  made(floors);
  const Id id = added("Acme", {{"floors", std::int64_t{3}}});
  const std::int64_t then = session().reader().seq();
  set(id, {{"floors", std::int64_t{9}}});
  const Reader past = session().reader({.as_of_seq = then});
  EXPECT_EQ(custom::get(past, customer(), id).at("floors"), Value(std::int64_t{3}));
  EXPECT_EQ(past.list<Customer>({.where = "floors = 3"}).size(), 1U);
  EXPECT_EQ(past.list<Customer>({.where = "floors = 9"}).size(), 0U);
  EXPECT_EQ(names_where("floors = 9").size(), 1U);
  const Table versions = generic::versions(session().reader(), customer(), id);
  ASSERT_EQ(versions.rows(), 2U);
  EXPECT_EQ(versions.value(0, versions.at("floors")), Value(std::int64_t{3}));
  EXPECT_EQ(versions.value(1, versions.at("floors")), Value(std::int64_t{9}));
  EXPECT_TRUE(history::verify(session().reader()).faults.empty());
}

TEST_P(CustomFieldsTest, ThePastIsComputedWithTheFormulasOfThen) {
  made(named("floors", Type::integer));
  const Id id = added("Acme", {{"floors", std::int64_t{3}}});
  const auto number = [](std::int64_t whole) { return Value(whole); };
  CustomField rooms = named("rooms", Type::integer);
  rooms.formula = "floors * 10";
  rooms = made(rooms);
  const std::int64_t tens = session().reader().seq();
  rooms.formula = "floors * 100";
  rooms = made(rooms);
  const std::int64_t hundreds = session().reader().seq();
  set(id, {{"floors", std::int64_t{4}}});
  const std::int64_t four = session().reader().seq();
  rooms.formula = "floors * 1000";
  rooms = made(rooms);
  const std::int64_t thousands = session().reader().seq();
  EXPECT_EQ(value(id, "rooms"), number(4000));
  for (const auto& [seq, expected] : {std::pair(tens, 30), {hundreds, 300}, {four, 400}, {thousands, 4000}}) {
    EXPECT_EQ(custom::get(session().reader({.as_of_seq = seq}), customer(), id).at("rooms"), number(expected));
  }

  const auto values = history::field_values(session().reader(), customer(), id, "rooms");
  ASSERT_EQ(values.size(), 5U);
  const std::pair<Value, std::int64_t> expected[] = {
      {Value(), tens - 1}, {number(30), tens}, {number(300), hundreds}, {number(400), four}, {number(4000), thousands}};
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(values[i].value, expected[i].first) << i;
    EXPECT_EQ(values[i].by.seq, expected[i].second) << i;
    EXPECT_EQ(values[i].to_seq, i + 1 < values.size() ? std::optional(values[i + 1].by.seq) : std::nullopt) << i;
  }
  const auto then = history::field_values(session().reader({.as_of_seq = four}), customer(), id, "rooms");
  ASSERT_EQ(then.size(), 4U);
  EXPECT_EQ(then.back().value, number(400));
  EXPECT_EQ(history::field_values(session().reader(), customer(), id, "floors").size(), 2U)
      << "what is written changes with the record alone";

  const Table versions = generic::versions(session().reader(), customer(), id);
  ASSERT_EQ(versions.rows(), 2U);
  EXPECT_EQ(versions.value(0, versions.at("rooms")), number(300)) << "as it last stood";
  EXPECT_EQ(versions.value(1, versions.at("rooms")), number(4000));
}

TEST_P(CustomFieldsTest, ReferencesHold) {
  define_all();
  const Id partner = added("Partner");
  const Id id = added("Acme", {{"partner", partner}});
  EXPECT_TRUE(says(refused([&](Work& work) { work.remove<Customer>(partner, work.get<Customer>(partner).revision); },
                           Code::conflict),
                   "as its partner"));
  in_work([&](Work& work) { work.remove<Customer>(id, work.get<Customer>(id).revision); });
  in_work([&](Work& work) { work.remove<Customer>(partner, work.get<Customer>(partner).revision); });
  EXPECT_TRUE(session().reader().list<KeyRow>().empty());
}

TEST_P(CustomFieldsTest, PeopleDefineAndSeeWhatTheyMay) {
  Id seller;
  in_work([&](Work& work) {
    Unit unit;
    unit.name = "Team";
    people::create(work, unit, date(2020, 1, 1));
    Employee employee;
    employee.name = "Li";
    employee.unit = unit.id;
    seller = people::create(work, employee);
    access::add_principal(work, "li", seller, {"seller"});
  });
  CustomField vat = named("vat", Type::text);
  vat.unique = true;
  made(vat);
  added("Hidden", {{"vat", std::string("DE1")}});
  Session li = store().engine->session("li");
  CustomField other = named("other", Type::text);
  refused_for(
      li, [&](Work& work) { custom::define(work, other); }, Code::denied);
  EXPECT_TRUE(generic::find(li.reader(), customer(), {.where = "vat = 'DE1'"}).rows() == 0U);
  EXPECT_TRUE(li.reader().list<KeyRow>().empty()) << "keys show values of records that are not visible";
  const Error taken = refused_for(
      li,
      [&](Work& work) {
        add(work, "Mine", {{"vat", std::string("DE1")}});
      },
      Code::conflict);
  EXPECT_TRUE(says(taken, "another customer")) << taken.what();
  Work work = li.work();
  add(work, "Mine", {{"vat", std::string("DE2")}});
  work.commit();
  EXPECT_EQ(generic::find(li.reader(), customer(), {.where = "vat starts with 'DE'"}).rows(), 1U);
  EXPECT_EQ(custom::fields(li.reader(), customer()).size(), 1U);
}

TEST_P(CustomFieldsTest, ADumpBringsThemAlong) {
  define_all();
  CustomField vat = named("vat", Type::text);
  vat.unique = true;
  made(vat);
  const Id id = added("Acme", {{"floors", std::int64_t{3}}, {"vat", std::string("DE1")}});
  std::stringstream text;
  dump(session().reader(), text);
  const test::TemporaryFile file;
  load(text, "sqlite:" + file.path(), model());
  test::TestStore copy = test::open_test_store("sqlite:" + file.path());
  EXPECT_EQ(to_hex(state_digest(copy.session)), to_hex(state_digest(session())));
  EXPECT_TRUE(check(copy.session).empty());
  EXPECT_EQ(custom::get(copy.session.reader(), customer(), id).at("floors"), Value(std::int64_t{3}));
  Work work = copy.session.work();
  EXPECT_THROW(add(work, "Again", {{"vat", std::string("DE1")}}), Error);
}

TEST_P(CustomFieldsTest, AStepTakesADefinitionBack) {
  Work work = session().work();
  {
    Work::Step step(work);
    CustomField floors = named("floors", Type::integer);
    custom::define(work, floors);
    EXPECT_EQ(work.list<Customer>({.where = "floors is null"}).size(), 0U);
  }
  EXPECT_THROW(work.list<Customer>({.where = "floors is null"}), Error);
  CustomField again = named("floors", Type::text);
  custom::define(work, again);
  add(work, "A", {{"floors", std::string("x")}});
  work.commit();
  EXPECT_EQ(names_where("floors = 'x'").size(), 1U);
}

TEST_P(CustomFieldsTest, ARandomHistoryAgreesWithAMap) {
  CustomField a = named("a", Type::integer);
  a.unique = true;
  made(a);
  CustomField b = named("b", Type::text);
  b.indexed = true;
  made(b);
  std::mt19937 random(7);
  std::map<std::int64_t, std::pair<Value, Value>> expected;
  std::vector<std::int64_t> ids;
  const auto drawn = [&] {
    const Value first = random() % 3 == 0 ? Value() : Value(static_cast<std::int64_t>(random() % 40));
    const Value second = random() % 3 == 0 ? Value() : Value(std::string(1, static_cast<char>('p' + random() % 4)));
    return std::pair(first, second);
  };
  for (int round = 0; round < 120; ++round) {
    const auto [first, second] = drawn();
    const bool fresh = ids.empty() || random() % 3 != 0;
    const std::int64_t id = fresh ? 0 : ids[random() % ids.size()];
    const bool taken =
        !is_null(first) && std::any_of(expected.begin(), expected.end(), [&, f = first](const auto& entry) {
          return entry.first != id && entry.second.first == f;
        });
    const bool removes = !fresh && random() % 5 == 0;
    Work work = session().work();
    try {
      if (removes) {
        work.remove<Customer>(Id{id}, work.get<Customer>(Id{id}).revision);
        expected.erase(id);
        std::erase(ids, id);
      } else if (fresh) {
        const Id made = add(work, "R" + std::to_string(round), {{"a", first}, {"b", second}});
        EXPECT_FALSE(taken);
        expected[made.value] = {first, second};
        ids.push_back(made.value);
      } else {
        custom::set(work, customer(), Id{id}, {{"a", first}, {"b", second}});
        EXPECT_FALSE(taken);
        expected[id] = {first, second};
      }
      work.commit();
    } catch (const Error& error) {
      EXPECT_EQ(name_of(error.code), "conflict") << error.what();
      EXPECT_TRUE(taken && !removes) << error.what();
    }
  }
  for (const auto& [id, values] : expected) {
    EXPECT_EQ(value(Id{id}, "a"), values.first);
    EXPECT_EQ(value(Id{id}, "b"), values.second);
  }
  for (const std::string text : {"p", "q", "r", "s"}) {
    const auto count = std::count_if(expected.begin(), expected.end(),
                                     [&](const auto& entry) { return entry.second.second == Value(text); });
    EXPECT_EQ(static_cast<std::ptrdiff_t>(names_where("b = :t", {{"t", text}}).size()), count);
  }
}

INSTANTIATE_ON_ALL_BACKENDS(CustomFieldsTest);

}  // namespace
}  // namespace kith
