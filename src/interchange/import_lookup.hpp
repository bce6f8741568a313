// SPDX-License-Identifier: Apache-2.0
#pragma once
// Texts to ids of records, read once: an import asks nothing of the store for a single row.

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "kith/engine/reader.hpp"
#include "kith/interchange/import_plan.hpp"

namespace kith {

class LookupTable {
 public:
  struct Answer {
    Id id;                 // 0: see fault
    bool missing = false;  // no such record, rather than several
    bool folded = false;
    std::string used;  // the text of the record found by folding
    std::string fault;
  };

  // Errors: invalid for an unknown entity or field, one that is no text, a filter that does not compile.
  LookupTable(const Reader& reader, const ImportLookup& spec);

  const Entity& entity() const { return *entity_; }
  const ImportLookup& spec() const { return spec_; }

  // Without the fault's sentence, which is dear: near names are sought.
  Answer find(std::string_view text) const;
  std::string explain_missing(std::string_view text) const;
  // A record that this import made.
  void add(std::string_view text, Id id);

 private:
  struct Known {
    std::string text;
    Id id;
  };

  const Entity* entity_;
  ImportLookup spec_;
  std::unordered_map<std::string, std::vector<Known>> by_key_;  // folded text
  std::size_t count_ = 0;
};

}  // namespace kith
