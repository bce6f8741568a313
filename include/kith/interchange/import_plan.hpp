// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// How the columns of a table become fields of records: a mapping, kept as a JSON document beside the data.
///
///     {"format": "kith.import/1", "entity": "opportunity", "source": "maven", "key": "opportunity_id",
///      "columns": {
///        "opportunity_id": "title",
///        "sales_agent": {"field": "owner", "lookup": {"entity": "employee", "by": "name"}},
///        "product": {"field": "product", "lookup": {"entity": "product", "by": "name"}, "aliases": "product"},
///        "deal_stage": [{"field": "status", "values": {"Won": "won", "Lost": "lost", "Engaging": "open"}},
///                       {"field": "stage", "lookup": {"entity": "stage"}, "values": {"Won": "Engaging"}}]
///      },
///      "constants": {"pipeline": {"lookup": {"entity": "pipeline", "by": "name"}, "value": "Standard"}},
///      "ignore": ["remarks"],
///      "on_blank": {"close_value": "keep", "sales_agent": "reject", "country": {"use": "Unknown"}}}
///
/// Spellings that are known to be wrong stand in a document of their own, shared by mappings:
///
///     {"format": "kith.aliases/1", "aliases": {"product": {"GTXPro": "GTX Pro"}}}

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kith {

/// What a blank cell (nothing, or white space) of a mapped column means. Numbers are stable.
enum class OnBlank : std::int32_t {
  clear = 1,   ///< no value; a field that must have one rejects the row. The default
  keep = 2,    ///< a new record gets the field's default, an existing one keeps what it has
  reject = 3,  ///< the row is rejected
  use = 4,     ///< a given text stands in
};

/// How a text becomes the id of another record.
struct ImportLookup {
  std::string entity = {};
  std::string by = "name";  ///< a text field of that entity; compared exactly, then folded
  std::string source = {};  ///< only records of that source; "" for all
  std::string where = {};   ///< only records that an expression keeps; "" for all
};

/// One field that is filled, from a column or with a constant.
struct ImportTarget {
  std::string column = {};  ///< as in the header; "" for a constant
  std::string field = {};
  std::optional<std::string> constant = {};  ///< the text of a constant
  std::optional<ImportLookup> lookup = {};
  std::string aliases = {};                                  ///< name of a set in ImportPlan::aliases; "" for none
  std::map<std::string, std::optional<std::string>> values;  ///< translation of codes; nothing means blank
  OnBlank on_blank = OnBlank::clear;
  std::string blank_value = {};  ///< of OnBlank::use
};

/// A mapping. A value; independent of any store.
struct ImportPlan {
  std::string entity = {};
  std::string source = {};              ///< of the records' second key; needed with `key`
  std::optional<std::string> key = {};  ///< column whose text is the external id; without one every row is a new record
  std::vector<ImportTarget> targets = {};
  std::vector<std::string> ignore = {};                               ///< columns left out on purpose
  bool quoted_empty_is_text = false;                                  ///< "" in a text column is empty text, not blank
  std::map<std::string, std::map<std::string, std::string>> aliases;  ///< set -> wrong spelling -> right spelling
};

/// Reads a mapping. Error{invalid} with every fault at once, each with its path in the document; unknown keys are
/// faults.
ImportPlan parse_import_plan(std::string_view json);
/// Adds the sets of an alias document. Errors: invalid; also for one spelling that stands for two things.
void add_aliases(ImportPlan& plan, std::string_view json);

}  // namespace kith
