// SPDX-License-Identifier: Apache-2.0
#include "kith/interchange/import_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "base/json.hpp"
#include "base/quote.hpp"
#include "interchange/json_text.hpp"
#include "kith/base/error.hpp"
#include "kith/base/text.hpp"

namespace kith {
namespace {

/// Gathers faults, so that the author of a document sees all of them at once.
class PlanReader {
 public:
  explicit PlanReader(std::string document) : document_(std::move(document)) {}

  void fault(const std::string& path, std::string message) {
    violations_.push_back({document_, path, std::move(message)});
  }

  void finish() {
    if (!violations_.empty()) throw Error(std::move(violations_));
  }

  /// True for an object with none but these keys; other faults are noted.
  bool object(const OrderedJson& node, const std::string& path, std::span<const std::string_view> known) {
    if (!node.is_object()) {
      fault(path, "must be an object in braces");
      return false;
    }
    for (const auto& [key, value] : node.items()) {
      if (std::find(known.begin(), known.end(), key) == known.end()) {
        fault(below(path, key), "is no key of this object." + suggest(key, known));
      }
    }
    return true;
  }

  /// The text of a key, or what `otherwise` says when it is absent.
  std::string text(const OrderedJson& node, const std::string& path, const char* key,
                   std::optional<std::string> otherwise) {
    const auto found = node.find(key);
    if (found == node.end()) {
      if (!otherwise) fault(below(path, key), "is missing");
      return otherwise.value_or("");
    }
    return text_of(*found, below(path, key));
  }

  std::string text_of(const OrderedJson& node, const std::string& path) {
    if (!node.is_string()) {
      fault(path, "must be a text in quotes");
      return {};
    }
    auto text = node.get<std::string>();
    if (invalid_utf8(text) != std::string::npos) fault(path, "holds bytes that are no text");
    return text;
  }

  void format(const OrderedJson& node, std::string_view expected) {
    const std::string given = text(node, "", "format", std::nullopt);
    if (!given.empty() && given != expected) {
      fault("format", fmt::format("is {}, but this version of Kith reads \"{}\"", quote(given), expected));
    }
  }

  static std::string below(const std::string& path, std::string_view key) {
    return path.empty() ? std::string(key) : path + "." + std::string(key);
  }

 private:
  std::string document_;
  std::vector<Violation> violations_;
};

ImportLookup read_lookup(PlanReader& reader, const OrderedJson& node, const std::string& path) {
  constexpr std::string_view kKnown[] = {"entity", "by", "source", "where"};
  ImportLookup lookup;
  if (!reader.object(node, path, kKnown)) return lookup;
  lookup.entity = reader.text(node, path, "entity", std::nullopt);
  lookup.by = reader.text(node, path, "by", "name");
  lookup.source = reader.text(node, path, "source", "");
  lookup.where = reader.text(node, path, "where", "");
  return lookup;
}

void read_values(PlanReader& reader, const OrderedJson& node, const std::string& path, ImportTarget& target) {
  if (!node.is_object()) {
    reader.fault(path, "must be an object from a text in the table to the text that is meant, or to null for blank");
    return;
  }
  for (const auto& [from, to] : node.items()) {
    target.values[from] =
        to.is_null() ? std::nullopt : std::optional<std::string>(reader.text_of(to, PlanReader::below(path, from)));
  }
}

void read_target(PlanReader& reader, const OrderedJson& node, const std::string& path, ImportTarget target,
                 std::vector<ImportTarget>& out) {
  constexpr std::string_view kKnown[] = {"field", "lookup", "aliases", "values"};
  if (node.is_string()) {
    target.field = node.get<std::string>();
  } else if (reader.object(node, path, kKnown)) {
    target.field = reader.text(node, path, "field", std::nullopt);
    target.aliases = reader.text(node, path, "aliases", "");
    if (node.contains("lookup")) target.lookup = read_lookup(reader, node["lookup"], path + ".lookup");
    if (node.contains("values")) read_values(reader, node["values"], path + ".values", target);
  } else {
    return;
  }
  out.push_back(std::move(target));
}

void read_columns(PlanReader& reader, const OrderedJson& node, ImportPlan& plan) {
  if (!node.is_object()) {
    reader.fault("columns", "must be an object from column names to fields");
    return;
  }
  for (const auto& [column, spec] : node.items()) {
    const std::string path = "columns." + column;
    ImportTarget target;
    target.column = column;
    if (!spec.is_array()) {
      read_target(reader, spec, path, target, plan.targets);
      continue;
    }
    for (std::size_t i = 0; i < spec.size(); ++i) {
      read_target(reader, spec[i], fmt::format("{}[{}]", path, i), target, plan.targets);
    }
  }
}

void read_constants(PlanReader& reader, const OrderedJson& node, ImportPlan& plan) {
  constexpr std::string_view kKnown[] = {"value", "lookup"};
  if (!node.is_object()) {
    reader.fault("constants", "must be an object from fields to values");
    return;
  }
  for (const auto& [field, spec] : node.items()) {
    const std::string path = "constants." + field;
    ImportTarget target;
    target.field = field;
    if (spec.is_string()) {
      target.constant = reader.text_of(spec, path);
    } else if (spec.is_boolean() || spec.is_number_integer()) {
      target.constant = spec.dump();
    } else if (spec.is_object() && reader.object(spec, path, kKnown)) {
      target.constant = reader.text(spec, path, "value", std::nullopt);
      if (spec.contains("lookup")) target.lookup = read_lookup(reader, spec["lookup"], path + ".lookup");
    } else {
      reader.fault(path,
                   "must be a text, a whole number, true, false, or an object with value and lookup; write other "
                   "numbers as text");
    }
    plan.targets.push_back(std::move(target));
  }
}

void read_blanks(PlanReader& reader, const OrderedJson& node, ImportPlan& plan) {
  constexpr std::string_view kUse[] = {"use"};
  if (!node.is_object()) {
    reader.fault("on_blank", "must be an object from column names to clear, keep, reject or {\"use\": text}");
    return;
  }
  for (const auto& [column, spec] : node.items()) {
    const std::string path = "on_blank." + column;
    OnBlank rule = OnBlank::clear;
    std::string value;
    if (spec.is_object()) {
      rule = OnBlank::use;
      if (reader.object(spec, path, kUse)) value = reader.text(spec, path, "use", std::nullopt);
    } else if (spec == "keep") {
      rule = OnBlank::keep;
    } else if (spec == "reject") {
      rule = OnBlank::reject;
    } else if (spec != "clear") {
      reader.fault(path, "must be clear, keep, reject or {\"use\": text}");
    }
    bool found = false;
    for (ImportTarget& target : plan.targets) {
      if (target.column != column || target.constant) continue;
      target.on_blank = rule;
      target.blank_value = value;
      found = true;
    }
    if (!found) reader.fault(path, "names a column that the mapping does not map");
  }
}

void read_aliases(PlanReader& reader, const OrderedJson& node, ImportPlan& plan) {
  if (!node.is_object()) {
    reader.fault("aliases", "must be an object from set names to objects of spellings");
    return;
  }
  for (const auto& [set, spellings] : node.items()) {
    const std::string path = "aliases." + set;
    auto& known = plan.aliases[set];
    if (!spellings.is_object()) {
      reader.fault(path, "must be an object from a spelling to the right one");
      continue;
    }
    for (const auto& [from, to] : spellings.items()) {
      const std::string right = reader.text_of(to, PlanReader::below(path, from));
      const auto [place, added] = known.try_emplace(from, right);
      if (!added && place->second != right) {
        reader.fault(PlanReader::below(path, from),
                     fmt::format("stands for {} here and for {} elsewhere", quote(right), quote(place->second)));
      }
    }
  }
}

void check_plan(PlanReader& reader, const ImportPlan& plan) {
  std::map<std::string_view, std::string_view> filled;
  for (const ImportTarget& target : plan.targets) {
    const std::string from = target.constant ? "constants" : "columns." + target.column;
    const std::string_view filler = target.constant ? "a constant" : std::string_view(target.column);
    const auto [place, added] = filled.try_emplace(target.field, filler);
    if (!added) {
      reader.fault(from, fmt::format("fills the field {}, which {} fills already", quote(target.field),
                                     place->second == "a constant" ? "a constant" : quote(place->second)));
    }
  }
  for (const std::string& column : plan.ignore) {
    const bool mapped = std::any_of(plan.targets.begin(), plan.targets.end(), [&](const ImportTarget& target) {
      return !target.constant && target.column == column;
    });
    if (mapped) reader.fault("ignore", fmt::format("leaves out {}, which columns maps", quote(column)));
  }
  if (plan.key && plan.source.empty()) reader.fault("source", "is needed with key: an external id belongs to a source");
  if (plan.targets.empty()) reader.fault("columns", "maps nothing");
}

}  // namespace

ImportPlan parse_import_plan(std::string_view json) {
  constexpr std::string_view kKnown[] = {"format",    "entity",   "source", "key",          "columns",
                                         "constants", "on_blank", "ignore", "quoted_empty", "aliases"};
  const OrderedJson document = parse_json(json, "the mapping");
  PlanReader reader("import mapping");
  ImportPlan plan;
  if (!reader.object(document, "", kKnown)) reader.finish();
  reader.format(document, "kith.import/1");
  plan.entity = reader.text(document, "", "entity", std::nullopt);
  plan.source = reader.text(document, "", "source", "");
  if (document.contains("key") && !document["key"].is_null()) plan.key = reader.text_of(document["key"], "key");
  if (document.contains("columns")) read_columns(reader, document["columns"], plan);
  if (document.contains("constants")) read_constants(reader, document["constants"], plan);
  if (document.contains("on_blank")) read_blanks(reader, document["on_blank"], plan);
  if (document.contains("aliases")) read_aliases(reader, document["aliases"], plan);
  if (document.contains("ignore")) {
    const OrderedJson& ignore = document["ignore"];
    if (!ignore.is_array()) reader.fault("ignore", "must be a list of column names");
    for (std::size_t i = 0; ignore.is_array() && i < ignore.size(); ++i) {
      plan.ignore.push_back(reader.text_of(ignore[i], fmt::format("ignore[{}]", i)));
    }
  }
  const std::string empties = reader.text(document, "", "quoted_empty", "blank");
  if (empties != "blank" && empties != "text") reader.fault("quoted_empty", "must be blank or text");
  plan.quoted_empty_is_text = empties == "text";
  check_plan(reader, plan);
  reader.finish();
  return plan;
}

void add_aliases(ImportPlan& plan, std::string_view json) {
  constexpr std::string_view kKnown[] = {"format", "aliases"};
  const OrderedJson document = parse_json(json, "the alias document");
  PlanReader reader("alias document");
  if (reader.object(document, "", kKnown)) {
    reader.format(document, "kith.aliases/1");
    if (document.contains("aliases")) {
      read_aliases(reader, document["aliases"], plan);
    } else {
      reader.fault("aliases", "is missing");
    }
  }
  reader.finish();
}

}  // namespace kith
