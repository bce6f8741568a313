// SPDX-License-Identifier: Apache-2.0
// R10 and R20: files that somebody damaged, and machines that are set up differently.
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <clocale>
#include <cstdlib>
#include <ctime>
#include <random>

#include "kith/interchange/dump.hpp"
#include "support/script.hpp"
#include "support/soak.hpp"
#include "support/temp_dir.hpp"

namespace kith {
namespace {

/// Bit flips, cuts, swapped pages, empty sectors, other headers.
std::string damaged(std::string bytes, std::mt19937& random) {
  const auto place = [&](std::size_t below) { return static_cast<std::size_t>(random()) % below; };
  constexpr std::size_t kPage = 4096, kSector = 512;
  switch (random() % 5) {
    case 0:
      for (auto left = 1 + random() % 4; left > 0; --left)
        bytes[place(bytes.size())] ^= static_cast<char>(1 << place(8));
      break;
    case 1: bytes.resize(place(bytes.size())); break;
    case 2: {
      const std::size_t a = place(bytes.size() / kPage) * kPage, b = place(bytes.size() / kPage) * kPage;
      std::swap_ranges(bytes.begin() + static_cast<std::ptrdiff_t>(a),
                       bytes.begin() + static_cast<std::ptrdiff_t>(a + kPage),
                       bytes.begin() + static_cast<std::ptrdiff_t>(b));
      break;
    }
    case 3: {
      const std::size_t at = place(bytes.size() / kSector) * kSector;
      std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), kSector, '\0');
      break;
    }
    default: bytes[place(100)] = static_cast<char>(random()); break;
  }
  return bytes;
}

/// A store as SQLite writes it with pages of that size.
std::string with_pages(const std::string& bytes, int size) {
  const kith_test::TempDir directory;
  const std::string path = directory.file("paged.kith");
  test::put_store(path, bytes);
  sqlite3* raw = nullptr;
  EXPECT_EQ(sqlite3_open(path.c_str(), &raw), SQLITE_OK);
  const std::string sql =
      "PRAGMA journal_mode=DELETE; PRAGMA page_size=" + std::to_string(size) + "; VACUUM; PRAGMA journal_mode=WAL";
  EXPECT_EQ(sqlite3_exec(raw, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(raw);
  return kith_test::read_bytes(path);
}

/// The company after every third of the script's operations: it has a past, and rows that are gone.
std::string worked_store() {
  const kith_test::TempDir directory;
  const std::string path = directory.file("worked.kith");
  test::put_store(path, test::script_store());
  {
    auto engine = open(path, test::script_options());
    Session session = engine->session();
    for (std::size_t i = 0; i < test::operations().size(); i += 3) {
      try {
        test::operations()[i].run(session);
      } catch (const Error&) {
        // Each is made for the company as it was founded; one that another has overtaken is refused.
      }
    }
  }
  return kith_test::read_bytes(path);
}

std::string founded_store() {
  const kith_test::TempDir directory;
  open(directory.file("founded.kith"), test::script_options());
  return kith_test::read_bytes(directory.file("founded.kith"));
}

/// What gets damaged.
struct Seed {
  const char* name;
  std::string (*bytes)();
};

class Mutations : public testing::TestWithParam<Seed> {};

TEST_P(Mutations, R10DamageIsAnErrorAFindingOrUntouchedData) {
  const kith_test::TempDir directory;
  const std::string path = directory.file("store.kith");
  const std::string whole = GetParam().bytes();
  test::put_store(path, whole);
  const std::string digest = test::checked_digest(path);
  std::mt19937 random(10);
  const int wanted = test::amount_of(24, 20'000);
  int refused = 0, found = 0, untouched = 0;
  for (int i = 0; i < wanted; ++i) {
    test::put_store(path, damaged(whole, random));
    const auto start = std::chrono::steady_clock::now();
    try {
      Options options = test::script_options();
      options.storage.create = false;
      auto engine = open(path, options);
      Session session = engine->session();
      if (!check(session).empty()) {
        ++found;
      } else {
        EXPECT_EQ(to_hex(state_digest(session)), digest) << "damage " << i << " is silently wrong";
        ++untouched;
      }
    } catch (const Error& error) {
      EXPECT_TRUE(error.code != Code::internal && error.code != Code::misuse) << "damage " << i << ": " << error.what();
      ++refused;
    }
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5)) << "damage " << i;
  }
  test::tell("damaged files of a store ", GetParam().name, ": ", refused, " refused, ", found, " found by check, ",
             untouched, " untouched data");
  EXPECT_GT(refused + found, wanted / 4);
}

INSTANTIATE_TEST_SUITE_P(FiveStores, Mutations,
                         testing::Values(Seed{"founded", founded_store},
                                         Seed{"company", [] { return test::script_store(); }},
                                         Seed{"small_pages", [] { return with_pages(test::script_store(), 1024); }},
                                         Seed{"large_pages", [] { return with_pages(test::script_store(), 16384); }},
                                         Seed{"worked", worked_store}),
                         [](const auto& store) { return store.param.name; });

/// Digests of some operations (all when soaking), told through a pipe by a process of that zone and locale; "" where
/// the machine lacks the locale.
std::string digests_in(const char* zone, const char* locale, const std::string& locales) {
  const std::size_t step = test::soaking() ? 1 : 9;
  int ends[2];
  if (pipe(ends) != 0) return "no pipe";
  const pid_t child = fork();
  if (child == 0) {
    setenv("TZ", zone, 1);
    setenv("LOCPATH", locales.c_str(), 1);
    tzset();
    std::string said;
    if (std::setlocale(LC_ALL, locale) != nullptr) {
      const kith_test::TempDir directory;
      const std::string path = directory.file("store.kith");
      try {
        for (std::size_t i = 0; i < test::operations().size(); i += step) {
          test::put_store(path, test::script_store());
          auto engine = open(path, test::script_options());
          Session session = engine->session();
          test::operations()[i].run(session);
          said += to_hex(state_digest(session));
        }
      } catch (const Error& error) {
        said = error.what();
      }
    }
    static_cast<void>(!write(ends[1], said.data(), said.size()));
    _exit(0);
  }
  close(ends[1]);
  std::string said;
  char piece[512];
  for (ssize_t got = 0; (got = read(ends[0], piece, sizeof piece)) > 0;)
    said.append(piece, static_cast<std::size_t>(got));
  close(ends[0]);
  waitpid(child, nullptr, 0);
  return said;
}

TEST(Determinism, R20ZonesAndLocalesChangeNothing) {
  static_cast<void>(test::script_store());
  const kith_test::TempDir locales;
  for (const std::string name : {"zh_CN", "ja_JP", "de_DE"}) {
    const std::string make = "localedef -i " + name + " -f UTF-8 " + locales.file(name + ".UTF-8") + " >/dev/null 2>&1";
    if (std::system(make.c_str()) != 0) test::tell("this machine cannot make the locale ", name);
  }
  const std::string expected = digests_in("UTC", "C", locales.path().string());
  EXPECT_GE(expected.size(), 64U * 5);
  int compared = 0;
  for (const char* zone : {"UTC", "Asia/Shanghai", "America/New_York"}) {
    for (const char* locale : {"C", "C.UTF-8", "zh_CN.UTF-8", "ja_JP.UTF-8", "de_DE.UTF-8"}) {
      const std::string said = digests_in(zone, locale, locales.path().string());
      if (said.empty()) continue;  // a machine without that locale compares the others; both C ones are always there
      EXPECT_EQ(said, expected) << zone << ' ' << locale;
      ++compared;
    }
  }
  EXPECT_GE(compared, 6) << "three zones in the two locales that every machine has";
  test::tell("determinism: ", compared, " combinations of zone and locale");
}

}  // namespace
}  // namespace kith
