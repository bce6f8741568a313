// SPDX-License-Identifier: Apache-2.0
// The story of tests/story in C++: the same digest on memory and SQLite, twice in a row, as in C and Python.
#include <fstream>
#include <sstream>

#include "kith/interchange/dump.hpp"
#include "kith/interchange/importer.hpp"
#include "support/source_dir.hpp"
#include "support/store.hpp"

namespace kith {
namespace {

std::string story_file(const char* name) {
  std::ifstream file(test::source_dir() / "tests" / "story" / name, std::ios::binary);
  EXPECT_TRUE(file) << name;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class Story {
 public:
  explicit Story(const std::string& url) : engine_(open(url, options())), session_(engine_->session()) {}

  std::string tell() {
    people();
    pipeline();
    import_csv(session_, file_source((test::source_dir() / "tests/story/customers.csv").string()),
               parse_import_plan(story_file("customers.import.json")), {.cause = "import customers.csv"});
    deals();
    commission();
    EXPECT_TRUE(check(session_).empty());
    return to_hex(state_digest(session_));
  }

 private:
  static Options options() {
    Options options;
    options.currency = "USD";
    options.zone = "Asia/Shanghai";
    options.clock = [] { return parse_timestamp("2026-03-01T09:00:00Z"); };
    options.random = seeded_random(7);
    return options;
  }

  void people() {
    Work work = session_.work({.cause = "people"});
    Unit company{.name = "Company"};
    people::create(work, company, start_);
    Unit team{.name = "Team", .parent = company.id};
    people::create(work, team, start_);
    for (const char* name : {"李雷", "Anna"}) {
      Employee employee{.name = name, .unit = team.id, .hired_on = start_};
      people::create(work, employee);
      employees_.push_back(employee.id);
    }
    company_ = company.id;
    work.commit();
  }

  void pipeline() {
    Work work = session_.work({.cause = "pipeline"});
    Pipeline standard{.name = "Standard"};
    std::vector<Stage> stages = {
        {.name = "Talk", .position = 1, .probability = {5, 1}},
        {.name = "Offer", .position = 2, .probability = {9, 1}, .guard = "amount >= 100.00 USD"}};
    sales::create(work, standard, stages);
    work.commit();
  }

  Id customer(const char* name) {
    const auto found =
        session_.reader().find_one<Customer>({.conditions = {equals(entity_of<Customer>(), "name", name)}});
    EXPECT_TRUE(found) << name;
    return found ? found->id : Id{};
  }

  void deals() {
    const Id machines = customer("宏达机械");
    const Id cafe = customer("Zoë's Café");
    Work work = session_.work({.cause = "deals"});
    Opportunity big{.title = "Big", .customer = machines, .owner = employees_[0], .amount = Amount{100001}};
    sales::create(work, big);
    sales::advance(work, big.id, "Offer");
    sales::set_splits(work, big.id, {{employees_[0], {6, 1}}, {employees_[1], {4, 1}}});
    sales::win(work, big.id, parse_date("2026-02-10"), "best price");
    Opportunity small{.title = "Small", .customer = cafe, .owner = employees_[1], .amount = Amount{5000}};
    sales::create(work, small);
    sales::lose(work, small.id, parse_date("2026-02-11"), "no budget");
    work.commit();
  }

  void commission() {
    {
      Work work = session_.work({.cause = "plan"});
      incentive::add_plan(work, story_file("plan.json"));
      PlanAssignment assignment{.plan = "story", .unit = company_, .from = start_};
      incentive::assign(work, assignment);
      work.commit();
    }
    {
      Work work = session_.work({.cause = "run"});
      EXPECT_EQ(display(incentive::run(work, "2026-Q1").total), "32.00 USD");
      work.commit();
    }
    Work work = session_.work({.cause = "close"});
    incentive::close(work, "2026-Q1");
    work.commit();
    EXPECT_EQ(incentive::statement_of(session_.reader(), employees_[0], "2026-Q1")->total.minor, 2000);
  }

  const Date start_ = parse_date("2026-01-01");
  std::shared_ptr<Engine> engine_;
  Session session_;
  Id company_;
  std::vector<Id> employees_;
};

TEST(Faces, TheStoryEndsAlikeOnEveryBackendTwiceInARow) {
  std::string expected = story_file("digest.txt");
  expected.erase(expected.find_last_not_of("\n ") + 1);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(Story("memory:").tell(), expected);
    const test::TemporaryFile file;
    EXPECT_EQ(Story("sqlite:" + file.path()).tell(), expected);
    if (!test::postgres_url().empty()) {
      EXPECT_EQ(Story(test::postgres_tenant_url("domain")).tell(), expected);
    }
  }
}

/// The digest of a store in which nothing is wrong.
std::string sound_digest(const std::string& url) {
  Session session = open(url)->session();
  EXPECT_TRUE(check(session).empty());
  return to_hex(state_digest(session));
}

std::string dump_of(const std::string& url) {
  std::ostringstream text;
  dump(open(url)->session().reader(), text);
  return text.str();
}

TEST(Faces, ATenantMovesFromSqliteToPostgresAndBackWithTheSameDigest) {
  KITH_NEEDS_POSTGRES();
  const test::TemporaryFile first;
  const std::string expected = Story("sqlite:" + first.path()).tell();
  const std::string text = dump_of("sqlite:" + first.path());

  const std::string server = test::postgres_tenant_url("domain");
  std::istringstream there(text);
  load(there, server, model());
  EXPECT_EQ(sound_digest(server), expected);
  EXPECT_TRUE(dump_of(server) == text) << "the dump of PostgreSQL is not byte for byte that of SQLite";

  const test::TemporaryFile last;
  std::istringstream back(dump_of(server));
  load(back, "sqlite:" + last.path(), model());
  EXPECT_EQ(sound_digest(last.path()), expected);

  std::istringstream again(text);
  EXPECT_THROW(load(again, server, model()), Error) << "a tenant in use takes no dump";
  EXPECT_EQ(sound_digest(server), expected);
}

}  // namespace
}  // namespace kith
