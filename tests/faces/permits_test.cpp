// SPDX-License-Identifier: Apache-2.0
// Every verb stands in its area's permission table: what the headers declare and what the tables say is compared.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "kith/kith.hpp"
#include "support/source_dir.hpp"

namespace kith {
namespace {

// "sales::win" for every function of a public header that takes a Work first, with how often it is declared.
std::multiset<std::string> declared_verbs(std::string_view area) {
  std::multiset<std::string> verbs;
  const auto headers = test::source_dir() / "include" / "kith";
  const auto folder = headers / (std::filesystem::is_directory(headers / area) ? std::string(area) : "engine");
  const std::regex verb(R"((?:^|\n)[A-Za-z:<>]+ (\w+)\(Work& work)");
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    // An area of the engine is one header of its folder.
    if (folder.filename() == "engine" && entry.path().stem() != area) continue;
    std::stringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    const std::string source = text.str();
    for (std::sregex_iterator match(source.begin(), source.end(), verb), end; match != end; ++match) {
      verbs.insert(std::string(area) + "::" + (*match)[1].str());
    }
  }
  return verbs;
}

TEST(Permits, NameEveryVerbOfTheirArea) {
  for (const Area* area : model().areas()) {
    if (area->name == "engine") continue;
    std::multiset<std::string> permitted;
    for (const Permit& permit : area->permits) permitted.insert(std::string(permit.verb));
    for (const std::string& verb : declared_verbs(area->name)) {
      const auto entry = permitted.find(verb);  // a table may list queries as well
      EXPECT_NE(entry, permitted.end()) << verb << " has no entry in the permission table of its area";
      if (entry != permitted.end()) permitted.erase(entry);
    }
  }
}

TEST(Permits, NameEntitiesThatExist) {
  for (const Area* area : model().areas()) {
    for (const Permit& permit : area->permits) EXPECT_NE(model().find_entity(permit.entity), nullptr) << permit.verb;
    for (const FirstGrant& grant : area->grants) {
      if (grant.entity != "*") {
        EXPECT_NE(model().find_entity(grant.entity), nullptr) << grant.entity;
      }
    }
    for (const RecordVerbs& verbs : area->verbs) EXPECT_NE(model().find_entity(verbs.entity), nullptr) << verbs.entity;
  }
}

}  // namespace
}  // namespace kith
