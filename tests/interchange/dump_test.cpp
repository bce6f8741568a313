// SPDX-License-Identifier: Apache-2.0
// A dump loads into an equal store on every backend, and a broken one into none.
#include "kith/interchange/dump.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "engine/toy.hpp"
#include "kith/base/error.hpp"
#include "kith/engine/tenants.hpp"
#include "support/expect_error.hpp"
#include "support/postgres_server.hpp"

namespace kith::toy {
namespace {

/// Boxes in every state: made, changed, removed, with every kind of value.
void fill(Session& session) {
  auto work = session.work({.cause = "fill \"quoted\"\n第一", .key = "k1", .payload = "p"});
  Box full = box("voll 满", Id{7}, Id{1});
  full.price = Amount{-9223372036854775807};
  full.weight = Decimal{1, 3};
  full.code = "A";
  work.create(full);
  Box other = box("other");
  other.inside = full.id;
  work.create(other);
  work.commit("done");
  auto next = session.work();
  full.name = "anders";
  full.price.reset();
  next.update(full);
  next.remove<Box>(other.id, 1);
  next.commit();
}

std::string dump_of(const Session& session) {
  std::ostringstream out;
  dump(session.reader(), out);
  return out.str();
}

TEST(Dump, TheSameCallsGiveTheSameBytesOnEveryBackendTwice) {
  std::vector<std::string> dumps;
  std::vector<const char*> backends = test::backend_names();
  backends.insert(backends.end(), test::backend_names().begin(), test::backend_names().end());
  for (const char* backend : backends) {
    const Store store(backend);
    auto engine = store.open();
    Session session = engine->session();
    fill(session);
    dumps.push_back(dump_of(session));
    const std::string digest = to_hex(state_digest(session));
    EXPECT_NE(dumps.back().find("\"sha256\":\"" + digest + "\""), std::string::npos);
  }
  for (const std::string& text : dumps) EXPECT_EQ(text, dumps.front());
}

TEST(Dump, LoadsIntoAnEqualStore) {
  const Store from("memory");
  auto engine = from.open();
  Session session = engine->session();
  fill(session);
  const std::string text = dump_of(session);
  const Store to("sqlite");
  std::istringstream in(text);
  load(in, "sqlite:" + to.path(), model(), options());
  auto loaded = to.open();
  Session reader = loaded->session();
  EXPECT_EQ(dump_of(reader), text);
  EXPECT_TRUE(check(reader).empty());
  auto work = reader.work();
  Box more = box("more");
  work.create(more);
  work.commit();
  EXPECT_TRUE(check(reader).empty()) << "and it goes on from there";
  std::istringstream again(text);
  EXPECT_EQ(code_of_error([&] { load(again, "sqlite:" + to.path(), model(), options()); }), Code::state);
}

TEST(Dump, ABrokenDumpLoadsNothing) {
  const Store from("memory");
  auto engine = from.open();
  Session session = engine->session();
  fill(session);
  const std::string text = dump_of(session);
  const auto load_code = [&](std::string broken) {
    const Store to("sqlite");
    std::istringstream in(broken);
    const Code code = code_of_error([&] { load(in, "sqlite:" + to.path(), model(), options()); });
    EXPECT_FALSE(std::filesystem::exists(to.path())) << "a failed load leaves no store";
    std::istringstream whole(text);
    load(whole, "sqlite:" + to.path(), model(), options());
    std::istringstream once_more(broken);
    EXPECT_NE(code_of_error([&] { load(once_more, "sqlite:" + to.path(), model(), options()); }), Code::ok);
    EXPECT_EQ(dump_of(to.open()->session()), text);
    return code;
  };
  EXPECT_EQ(load_code(text.substr(0, text.rfind('\n', text.size() - 2) + 1)), Code::corrupt) << "cut";
  std::string changed = text;
  changed.replace(changed.find("anders"), 6, "Anders");
  EXPECT_EQ(load_code(changed), Code::corrupt);
  EXPECT_EQ(load_code("{\"a\":1}\n"), Code::invalid);
  EXPECT_EQ(load_code("nonsense\n"), Code::invalid);
  EXPECT_EQ(load_code(""), Code::corrupt);
  std::string newer = text;
  newer.replace(newer.find("\"format\":4"), 10, "\"format\":9");
  EXPECT_EQ(load_code(newer), Code::version);
}

TEST(Dump, ABrokenDumpLeavesNoTenant) {
  KITH_NEEDS_POSTGRES();
  const Store from("memory");
  auto engine = from.open();
  Session session = engine->session();
  fill(session);
  const std::string text = dump_of(session);
  const std::string broken = text.substr(0, text.rfind('\n', text.size() - 2) + 1);
  const std::string url = test::fresh_postgres_url();
  const std::string other = url + "&kith_tenant=7";
  const auto fails = [&](const std::string& to) {
    std::istringstream in(broken);
    return code_of_error([&] { load(in, to, model(), options()); });
  };
  EXPECT_EQ(fails(url), Code::corrupt);
  EXPECT_TRUE(tenants::list(url).empty()) << "what made the tables";
  for (const char* scheme : {"POSTGRESQL", "Postgres"}) {
    const std::string same = scheme + url.substr(url.find(':'));
    EXPECT_EQ(fails(same), Code::corrupt);
    EXPECT_TRUE(tenants::list(same).empty()) << scheme;
  }
  std::istringstream whole(text);
  load(whole, url, model(), options());
  EXPECT_EQ(fails(other), Code::corrupt);
  EXPECT_EQ(fails(url), Code::state) << "a store in use stays";
  const auto left = tenants::list(url);
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left.front().id, 1);
  std::istringstream again(text);
  load(again, other, model(), options());
  EXPECT_EQ(tenants::list(url).size(), 2U);
}

TEST(Dump, IsOfWhatIsCommittedAndPresent) {
  const Store store("memory");
  auto engine = store.open();
  Session session = engine->session();
  fill(session);
  const Work work = session.work();
  const Reader then = session.reader({.as_of_seq = 1});
  const Reader day = session.reader({.valid_on = session.reader().today()});
  for (const Reader* reader : {static_cast<const Reader*>(&work), &then, &day}) {
    std::ostringstream out;
    EXPECT_KITH_ERROR(dump(*reader, out), Code::misuse, "take it from a plain reader");
    EXPECT_TRUE(out.str().empty());
  }
}

TEST(Dump, NeedsAnAdministrator) {
  const Store store("memory");
  auto engine = store.open();
  Session admin = engine->session();
  auto work = admin.work();
  access::add_principal(work, "guest", {}, {"seller"});
  work.commit();
  Session guest = engine->session("guest");
  std::ostringstream out;
  EXPECT_EQ(code_of_error([&] { dump(guest.reader(), out); }), Code::denied);
  EXPECT_TRUE(out.str().empty());
}

}  // namespace
}  // namespace kith::toy
