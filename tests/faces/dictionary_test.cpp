// SPDX-License-Identifier: Apache-2.0
// docs/dictionary.md is what the model says. KITH_WRITE_DICTIONARY=1 in the environment writes it anew.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "kith/engine/generic.hpp"
#include "kith/kith.hpp"
#include "support/source_dir.hpp"
#include "support/temp_dir.hpp"

namespace kith {
namespace {

constexpr const char* kHead =
    "<!-- SPDX-License-Identifier: Apache-2.0 -->\n"
    "# Data dictionary\n\n"
    "Every entity and field, made from the code and compared with it by the tests: column names in a store, keys in "
    "JSON,\n"
    "names in C and Python. Versioned entities have a history table of the same fields and `to_seq`.\n\n";

TEST(Dictionary, ThePageIsWhatTheModelSays) {
  const std::string path = (test::source_dir() / "docs/dictionary.md").string();
  std::string made = kHead + generic::dictionary(model());
  made.pop_back();  // no blank line at the end
  if (std::getenv("KITH_WRITE_DICTIONARY") != nullptr) kith_test::write_bytes(path, made);
  EXPECT_EQ(kith_test::read_bytes(path), made)
      << "run kith_tests with KITH_WRITE_DICTIONARY=1 to write docs/dictionary.md";
}

TEST(Dictionary, TellsOfEveryEntity) {
  const std::string page = generic::dictionary(model());
  for (const Entity* entity : model().entities()) {
    EXPECT_NE(page.find("## " + std::string(entity->name) + "\n"), std::string::npos) << entity->name;
  }
  EXPECT_NE(page.find("| `amount` | money | may be absent |"), std::string::npos);
  EXPECT_NE(page.find("| `status` | choice | open / won / lost / void, indexed |"), std::string::npos);
  EXPECT_NE(page.find("Unique: `source` + `external_id`."), std::string::npos);
}

}  // namespace
}  // namespace kith
