// SPDX-License-Identifier: Apache-2.0
// Random changes by raw SQL, behind the engine's back: `verify` finds every one of them. KITH_TAMPERINGS says how many.
#include <sqlite3.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <random>
#include <sstream>

#include "engine/toy.hpp"
#include "kith/base/error.hpp"
#include "kith/engine/erasure.hpp"
#include "kith/engine/undo.hpp"
#include "kith/interchange/archive.hpp"
#include "support/expect_error.hpp"
#include "support/soak.hpp"

namespace kith::toy {
namespace {

/// A connection of somebody who knows SQL and not Kith.
class Sql {
 public:
  explicit Sql(const std::string& path) { EXPECT_EQ(sqlite3_open(path.c_str(), &db_), SQLITE_OK); }
  ~Sql() { sqlite3_close(db_); }
  Sql(const Sql&) = delete;
  Sql& operator=(const Sql&) = delete;

  /// False when the statement was refused.
  bool run(const std::string& sql) { return sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK; }
  std::vector<std::vector<std::string>> rows(const std::string& sql) {
    std::vector<std::vector<std::string>> result;
    const auto take = [](void* to, int columns, char** values, char**) {
      auto& row = static_cast<std::vector<std::vector<std::string>>*>(to)->emplace_back();
      for (int i = 0; i < columns; ++i) row.emplace_back(values[i] == nullptr ? "NULL" : values[i]);
      return 0;
    };
    EXPECT_EQ(sqlite3_exec(db_, sql.c_str(), take, &result, nullptr), SQLITE_OK) << sql;
    return result;
  }
  /// Every row of a table in one text, to see whether a statement changed anything.
  std::string all(const std::string& table) {
    std::string text;
    std::string columns;
    for (const auto& column : rows("select name from pragma_table_info('" + table + "')")) {
      columns += (columns.empty() ? "quote(\"" : "||','||quote(\"") + column[0] + "\")";
    }
    for (const auto& row : rows("select " + columns + " from \"" + table + "\" order by 1")) text += row[0] + "\n";
    return text;
  }

 private:
  sqlite3* db_ = nullptr;
};

/// Boxes that were made, changed, removed, restored and purged.
void fill(Session& session) {
  std::mt19937 random(11);
  std::vector<Box> alive;
  std::vector<Id> gone;
  for (int step = 0; step < 60; ++step) {
    auto work = session.work({.cause = "step " + std::to_string(step)});
    const auto choice = random() % 8;
    if (choice < 3 || alive.size() < 4) {
      Box made = box("b" + std::to_string(step), Id{static_cast<std::int64_t>(step) + 1});
      work.create(made);
      alive.push_back(made);
      Label label;
      label.box = made.id;
      label.text = "about " + made.name;
      work.create(label);
    } else if (choice < 5) {
      Box& changed = alive[random() % alive.size()];
      changed.name = "c" + std::to_string(step);
      changed.price = Amount{step};
      work.update(changed);
    } else if (choice == 5) {
      work.remove<Box>(alive.back().id, alive.back().revision);
      gone.push_back(alive.back().id);
      alive.pop_back();
    } else if (!gone.empty()) {
      const Id id = gone.back();
      gone.pop_back();
      if (choice == 6) {
        history::restore(work, entity_of<Box>(), id);
        alive.push_back(work.get<Box>(id));
      } else {
        history::purge(work, entity_of<Box>(), id);
      }
    }
    work.commit();
  }
}

class Tamperer {
 public:
  explicit Tamperer(unsigned seed) : random_(seed) {}

  /// Changes one thing; what it did, or nothing where the statement was refused or left everything as it was.
  std::string tamper(Sql& sql) {
    static const std::vector<std::string> tables{"work",          "change", "box",       "box_history", "label",
                                                 "label_history", "grant",  "principal", "role",        "archive"};
    const std::string table = tables[random_() % tables.size()];
    const auto rows = sql.rows("select rowid from \"" + table + "\" order by rowid");
    if (rows.empty()) return {};
    const std::string row = rows[random_() % rows.size()][0];
    const std::string other = rows[random_() % rows.size()][0];
    const std::string statement = statement_for(sql, table, row, other);
    const std::string before = sql.all(table);
    if (!sql.run("begin") || !sql.run(statement) || !sql.run("commit")) {
      sql.run("rollback");
      return {};
    }
    return sql.all(table) == before ? std::string() : statement;
  }

 private:
  std::string statement_for(Sql& sql, const std::string& table, const std::string& row, const std::string& other) {
    const std::string name = "\"" + table + "\"";
    const auto columns = sql.rows("select name, type from pragma_table_info('" + table + "')");
    const auto& column = columns[random_() % columns.size()];
    const std::string field = "\"" + column[0] + "\"";
    const std::string where = " where rowid = " + row;
    switch (random_() % 8) {
      case 0: return "delete from " + name + where;
      case 1: return "delete from " + name + " where rowid >= " + row;  // the tail
      case 2: return insert_copy(name, columns, row);
      case 3: return swap(name, columns, row, other);
      case 4:  // the value of another row
        return "update " + name + " set " + field + " = (select " + field + " from " + name +
               " where rowid = " + other + ")" + where;
      case 5: return "update " + name + " set " + field + " = null" + where;
      default: break;
    }
    const std::string number = std::to_string(static_cast<int>(random_() % 5) - 2);
    if (column[1] == "INTEGER") return "update " + name + " set " + field + " = " + field + " + " + number + where;
    if (column[1] == "BLOB") return "update " + name + " set " + field + " = randomblob(16)" + where;
    return "update " + name + " set " + field + " = " + field + " || 'x'" + where;
  }

  static std::string insert_copy(const std::string& name, const std::vector<std::vector<std::string>>& columns,
                                 const std::string& row) {
    std::string names;
    std::string values;
    for (const auto& column : columns) {
      const std::string comma = names.empty() ? "" : ", ";
      names += comma + "\"" + column[0] + "\"";
      const bool unique = column[0] == "name" || column[0] == "key" || column[0] == "code";
      values += comma + (column[0] == "id" ? "(select max(id) + 1 from " + name + ")"
                         : unique          ? "\"" + column[0] + "\" || '2'"
                                           : "\"" + column[0] + "\"");
    }
    return "insert into " + name + " (" + names + ") select " + values + " from " + name + " where rowid = " + row;
  }

  /// Two rows change places: everything but the id.
  static std::string swap(const std::string& name, const std::vector<std::vector<std::string>>& columns,
                          const std::string& row, const std::string& other) {
    std::string set;
    for (const auto& column : columns) {
      if (column[0] == "id") continue;
      set += (set.empty() ? "" : ", ") + ("\"" + column[0] + "\" = (select b.\"" + column[0] + "\" from " + name +
                                          " b where b.rowid = " + row + " + " + other + " - a.rowid)");
    }
    return "update " + name + " as a set " + set + " where a.rowid in (" + row + ", " + other + ")";
  }

  std::mt19937 random_;
};

/// The same with persons erased, works undone and the first part of the past archived.
void fill_long(Session& session) {
  fill(session);
  std::int64_t last = 0;
  for (int round = 0; round < 2; ++round) {
    for (const Label& label : session.reader().list<Label>({.limit = 2})) {
      Work work = session.work();
      try {
        history::erase_person(work, entity_of<Label>(), label.id);
      } catch (const Error&) {  // erased already
      }
      work.commit();
    }
    last = session.reader().seq();
    std::ostringstream out;
    archive(session, last - 10, out);
    Work work = session.work();
    Box made = box("later " + std::to_string(round), Id{7});
    work.create(made);
    const std::int64_t seq = work.commit().seq;
    Work back = session.work();
    history::undo(back, seq);
    back.commit();
  }
}

void tamper_with(void (*fill_store)(Session&)) {
  const char* wanted = std::getenv("KITH_TAMPERINGS");  // NOLINT: read before any thread
  const int count = wanted == nullptr ? test::turns_of(300) : std::atoi(wanted);
  const Store store("sqlite");
  {
    auto engine = store.open();
    Session session = engine->session();
    fill_store(session);
    const auto clean = history::verify(session.reader());
    for (const Finding& finding : clean.faults) ADD_FAILURE() << finding.entity << ' ' << finding.message;
    EXPECT_GT(clean.works, 10);
    EXPECT_FALSE(clean.erasures.empty());
    EXPECT_TRUE(check(session).empty());
  }
  const std::string copy = store.path() + ".copy";
  Tamperer tamperer(5);
  int done = 0;
  int missed = 0;
  for (int tried = 0; done < count && tried < 20 * count; ++tried) {
    std::filesystem::copy_file(store.path(), copy, std::filesystem::copy_options::overwrite_existing);
    std::string what;
    {
      Sql sql(copy);
      what = tamperer.tamper(sql);
    }
    if (!what.empty()) {
      ++done;
      try {
        auto engine = Engine::open("sqlite:" + copy, model(), options());
        const auto found = history::verify(engine->session().reader());
        if (found.faults.empty() && ++missed < 20) ADD_FAILURE() << "not found: " << what;
      } catch (const Error&) {  // not even opened
      }
    }
    for (const char* end : {"", "-wal", "-shm", "-journal"}) std::filesystem::remove(copy + end);
  }
  EXPECT_EQ(missed, 0);
  EXPECT_EQ(done, count);
  std::cout << "tamperings: " << done << ", found: " << done - missed << "\n";
}

TEST(Tamper, EveryChangeByRawSqlIsFound) { tamper_with(fill); }
TEST(Tamper, InAStoreWhosePastWasErasedAndArchivedToo) { tamper_with(fill_long); }

TEST(Tamper, AnAnchorFindsACutTail) {
  const Store store("memory");
  auto engine = store.open();
  Session session = engine->session();
  fill(session);
  const auto anchor = history::anchor(session.reader());
  EXPECT_EQ(history::parse_anchor(history::to_string(anchor)).hash, anchor.hash);
  EXPECT_TRUE(history::verify(session.reader(), anchor).faults.empty());
  EXPECT_TRUE(history::verify(session.reader(), history::anchor(session.reader({.as_of_seq = 3}))).faults.empty());
  // The same work done again without the last step is a whole chain of its own; only the anchor tells.
  auto later = anchor;
  ++later.seq;
  EXPECT_FALSE(history::verify(session.reader(), later).faults.empty());
  auto other = anchor;
  other.hash.data[0] = static_cast<char>(other.hash.data[0] ^ 1);
  EXPECT_FALSE(history::verify(session.reader(), other).faults.empty());
  EXPECT_EQ(code_of_error([] { history::parse_anchor("12:abc"); }), Code::invalid);
  EXPECT_EQ(code_of_error([] { history::parse_anchor(""); }), Code::invalid);
}

TEST(Tamper, ASecondHeadIsFound) {
  const Store store("sqlite");
  {
    auto engine = store.open();
    Session session = engine->session();
    fill(session);
  }
  std::string columns;
  Sql sql(store.path());
  for (const auto& column : sql.rows("select name from pragma_table_info('head')")) {
    if (column[0] != "id") columns += ", \"" + column[0] + "\"";
  }
  ASSERT_TRUE(sql.run("insert into head (id" + columns + ") select id + 1" + columns + " from head"));
  auto engine = store.open();
  const auto found = history::verify(engine->session().reader());
  ASSERT_EQ(found.faults.size(), 1U);
  EXPECT_EQ(found.faults.front().message, "has 2 rows, where there is one");
}

TEST(Tamper, TheHeadIsHeldAgainstTheWorks) {
  const Store store("sqlite");
  {
    auto engine = store.open();
    Session session = engine->session();
    fill(session);
    Work work = session.work();
    Box last = box("last", Id{99});
    work.create(last);
    work.commit();
  }
  Sql sql(store.path());
  for (const std::string change :
       {"revision = revision + 1", "revision = revision - 1", "last_id = last_id - 1", "last_id = 0",
        "last_id = last_id + 1000000000000", "seq = seq - 1", "last_change = last_change + 1",
        "access_seq = access_seq + 1", "recorded = recorded + 1", "hash = randomblob(32)"}) {
    const auto before =
        sql.rows("select quote(hash), revision, last_id, seq, last_change, access_seq, recorded from head");
    ASSERT_TRUE(sql.run("update head set " + change));
    {
      auto engine = store.open();
      const auto found = history::verify(engine->session().reader());
      EXPECT_FALSE(found.faults.empty()) << change;
      for (const Finding& finding : found.faults) EXPECT_EQ(finding.entity, "head") << finding.message;
    }
    const auto& row = before.front();
    ASSERT_TRUE(sql.run("update head set hash = " + row[0] + ", revision = " + row[1] + ", last_id = " + row[2] +
                        ", seq = " + row[3] + ", last_change = " + row[4] + ", access_seq = " + row[5] +
                        ", recorded = " + row[6]));
  }
  auto engine = store.open();
  EXPECT_TRUE(history::verify(engine->session().reader()).faults.empty());
}

TEST(Tamper, WhatNoWorkChangesInTheHeadIsBoundToo) {
  const Store store("sqlite");
  {
    auto engine = store.open();
    Session session = engine->session();
    fill(session);
    EXPECT_TRUE(history::verify(session.reader()).faults.empty());
  }
  for (const auto& [change, told] : std::vector<std::pair<std::string, std::string>>{
           {"currency = 'EUR'", "has the currency 'EUR', but work 1 says 'USD'"},
           {"zone = 'Asia/Tokyo'", "has the zone 'Asia/Tokyo', but work 1 says 'UTC'"}}) {
    const std::string copy = store.path() + ".copy";
    std::filesystem::copy_file(store.path(), copy, std::filesystem::copy_options::overwrite_existing);
    ASSERT_TRUE(Sql(copy).run("update head set " + change));
    {
      auto engine = Engine::open("sqlite:" + copy, model(), options());
      Session session = engine->session();
      const auto found = history::verify(session.reader());
      ASSERT_EQ(found.faults.size(), 1U) << change;
      EXPECT_EQ(found.faults.front().entity, "head");
      EXPECT_EQ(found.faults.front().message.substr(0, told.size()), told);
      const auto checked = check(session);
      EXPECT_EQ(std::count_if(checked.begin(), checked.end(), [&](const Finding& one) { return one.entity == "head"; }),
                1)
          << change;
    }
    for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(copy + end);
  }
}

TEST(Tamper, AFormatThatTheChainDoesNotKnowIsNotActedUpon) {
  const Store store("sqlite");
  store.open();
  Sql sql(store.path());
  for (const char* change : {"format - 1", "format + 1"}) {
    ASSERT_TRUE(sql.run(std::string("update head set format = ") + change));
    const std::string before = sql.all("work") + sql.all("head");
    for (const bool migrate : {true, false}) {
      Options wanted = options();
      wanted.migrate = migrate;
      EXPECT_KITH_ERROR(Engine::open("sqlite:" + store.path(), model(), wanted), Code::corrupt,
                        "but the store is of format");
    }
    EXPECT_EQ(sql.all("work") + sql.all("head"), before);
    ASSERT_TRUE(sql.run("update head set format = " + std::to_string(kFormat)));
  }
}

TEST(Tamper, TheFirstBadRowIsNamedFirst) {
  const Store store("sqlite");
  {
    auto engine = store.open();
    Session session = engine->session();
    fill(session);
  }
  Sql(store.path()).run("update work set cause = 'x' where id in (30, 7); update box set name = 'y' where seq > 8");
  auto engine = store.open();
  const auto found = history::verify(engine->session().reader());
  ASSERT_GT(found.faults.size(), 2U);
  EXPECT_EQ(found.faults.front().entity, "work");
  EXPECT_EQ(found.faults.front().id, Id{7});
}

// What no Kith writes there, or no row at all: opening says so and makes nothing anew.
TEST(Tamper, AHeadRowThatIsLostOrImpossibleIsTold) {
  const Store store("sqlite");
  {
    auto engine = store.open();
    Session session = engine->session();
    fill(session);
  }
  for (const auto& [change, told] : std::vector<std::pair<std::string, std::string>>{
           {"delete from head", "the row of the store itself is missing, though there are rows of"},
           {"update head set id = 2", "the row of the store itself is missing, though there are rows of"},
           {"update head set currency = 'QQQ'", "'QQQ' is no currency"},
           {"update head set zone = 'Mars/Base'", "Mars/Base"}}) {
    const std::string copy = store.path() + ".copy";
    std::filesystem::copy_file(store.path(), copy, std::filesystem::copy_options::overwrite_existing);
    ASSERT_TRUE(Sql(copy).run(change));
    EXPECT_KITH_ERROR(Engine::open("sqlite:" + copy, model(), options()), Code::corrupt, told);
    EXPECT_EQ(Sql(copy).rows("select count(*) from work").front().front(),
              Sql(store.path()).rows("select count(*) from work").front().front())
        << change;
    for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(copy + end);
  }
}

}  // namespace
}  // namespace kith::toy
