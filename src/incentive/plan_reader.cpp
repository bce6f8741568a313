// SPDX-License-Identifier: Apache-2.0
// Reads plan documents. Nothing is assumed and nothing is thrown before the whole document was read, so that its author
// sees every fault at once.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/json.hpp"
#include "base/quote.hpp"
#include "incentive/plan_rules.hpp"
#include "kith/base/text.hpp"
#include "kith/incentive/plan.hpp"

namespace kith::incentive {
namespace {

constexpr std::size_t kLargestDocument = std::size_t{1} << 20;
constexpr int kDigitsWhenUnknown = 4;  // ISO 4217 has no currency with more, so that order can still be checked

std::string_view kind_of(const Json& value) {
  if (value.is_number_float()) return "a number with a point";
  if (value.is_number()) return "a number";
  if (value.is_string()) return "a text";
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list";
  return value.is_null() ? "null" : "true or false";
}

// Finds keys that stand twice in one object, which a JSON object forgets.
class DuplicateKeys {
 public:
  explicit DuplicateKeys(Findings& out) : out_(out) {}

  bool operator()(int, Json::parse_event_t event, const Json& value) {
    switch (event) {
      case Json::parse_event_t::object_start:
        step();
        levels_.push_back({false, 0, {}, {}});
        break;
      case Json::parse_event_t::array_start:
        step();
        levels_.push_back({true, 0, {}, {}});
        break;
      case Json::parse_event_t::object_end:
      case Json::parse_event_t::array_end: levels_.pop_back(); break;
      case Json::parse_event_t::value: step(); break;
      case Json::parse_event_t::key: {
        Level& level = levels_.back();
        level.key = value.get<std::string>();
        if (!level.seen.insert(level.key).second) {
          out_.add(path(), "The key stands here twice; keep the one that is meant.");
        }
        break;
      }
    }
    return true;
  }

 private:
  struct Level {
    bool list;
    std::size_t next;
    std::string key;
    std::set<std::string> seen;
  };

  // A new value of a list moves its index on.
  void step() {
    if (!levels_.empty() && levels_.back().list) ++levels_.back().next;
  }
  std::string path() const {
    std::string result;
    for (const Level& level : levels_) {
      result = level.list ? at(result, level.next - 1) : below(result, level.key);
    }
    return result;
  }

  Findings& out_;
  std::vector<Level> levels_;
};

// One object of the document: hands out its members and reports what is missing, unknown or of the wrong kind.
class Reader {
 public:
  Reader(const Json& value, std::string path, Findings& out) : path_(std::move(path)), out_(out) {
    if (value.is_object()) {
      object_ = &value;
    } else {
      out_.add(path_, fmt::format("Expected an object in braces, found {}.", kind_of(value)));
    }
  }

  std::string path(std::string_view key) const { return below(path_, key); }
  Findings& out() { return out_; }

  /// The member, or null; a required one that is missing is reported.
  const Json* find(std::string_view key, bool required = true) {
    known_.push_back(key);
    if (object_ == nullptr) return nullptr;
    const auto found = object_->find(std::string(key));
    if (found != object_->end()) return &*found;
    if (required) out_.add(path(key), missing_text(out_));
    return nullptr;
  }

  /// A text, or absent with a report. Numbers are refused: a JSON number may already have lost digits.
  std::optional<std::string> text(std::string_view key, bool required = true) {
    const Json* value = find(key, required);
    if (value == nullptr) return std::nullopt;
    if (value->is_string()) return value->get<std::string>();
    if (value->is_number()) {
      out_.add(path(key), fmt::format("Found a JSON number; write it as text: \"{}\".", value->dump()));
    } else {
      out_.add(path(key), fmt::format("Expected a text, found {}.", kind_of(*value)));
    }
    return std::nullopt;
  }

  /// What `parse` makes of the text; its Error becomes a violation here.
  template <class Parse>
  auto parsed(std::string_view key, Parse parse, bool required = true)
      -> std::optional<decltype(parse(std::string_view()))> {
    const std::optional<std::string> value = text(key, required);
    if (!value) return std::nullopt;
    try {
      return parse(std::string_view(*value));
    } catch (const Error& error) {
      out_.add(path(key), error.message);
      return std::nullopt;
    }
  }

  /// One of the names of an enum.
  template <class Enum>
  std::optional<Enum> choice(std::string_view key, bool required = true) {
    return parsed(key, parse_choice<Enum>, required);
  }

  void name(std::string_view key, std::string& into) {
    if (const std::optional<std::string> value = text(key)) {
      into = *value;
      check_name(into, path(key), out_);
    }
  }

  /// Reports members that nobody asked for.
  void finish() {
    if (object_ == nullptr) return;
    for (const auto& [key, value] : object_->items()) {
      if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
      out_.add(path(key), fmt::format("There is no such key in \"{}\".{}", kPlanFormat, suggest(key, known_)));
    }
  }

 private:
  const Json* object_ = nullptr;
  std::string path_;
  Findings& out_;
  std::vector<std::string_view> known_;
};

template <class T>
void assign(T& into, const std::optional<T>& value) {
  if (value) into = *value;
}

RawBand read_band(const Json& value, std::string path, Currency money, int digits, Findings& out) {
  Reader reader(value, std::move(path), out);
  const auto amount = [&](std::string_view text) {
    return money ? parse_money(text, money).minor : rescale(parse_decimal(text), digits).coefficient;
  };
  RawBand band;
  band.from = reader.parsed("from", amount);
  band.to = reader.parsed("to", amount, false);
  band.rate = reader.parsed("rate", [](std::string_view text) { return parse_decimal(text); });
  reader.finish();
  if (band.rate) check_rate(*band.rate, reader.path("rate"), out);
  return band;
}

void read_tiers(const Json& value, const std::string& path, Currency money, Tiers& tiers, Findings& out) {
  Reader reader(value, path, out);
  const std::optional<TierMode> mode = reader.choice<TierMode>("mode");
  assign(tiers.mode, mode);
  const std::optional<Boundary> boundary = reader.choice<Boundary>("boundary", mode == TierMode::slab);
  // Only a slab depends on it: elsewhere it is dropped, so that equal plans have equal hashes.
  if (boundary && mode == TierMode::slab) tiers.boundary = *boundary;
  const Json* bands = reader.find("bands");
  reader.finish();
  if (bands == nullptr) return;
  const std::string where = reader.path("bands");
  if (!bands->is_array()) {
    out.add(where, fmt::format("Expected a list of bands, found {}.", kind_of(*bands)));
    return;
  }
  const int digits = money ? minor_digits(money) : kDigitsWhenUnknown;
  std::vector<RawBand> raw;
  for (std::size_t i = 0; i < bands->size(); ++i) {
    raw.push_back(read_band((*bands)[i], at(where, i), money, digits, out));
    const Decimal rate = raw.back().rate.value_or(Decimal{0, kRateScale});
    tiers.bands.push_back({{raw.back().from.value_or(0)}, rescale(rate, kRateScale, Rounding::down)});
  }
  check_bands(raw, mode, digits, where, out);
}

void read_components(Reader& root, Currency money, Plan& plan) {
  const Json* list = root.find("components");
  if (list == nullptr) return;
  if (!list->is_array() || list->empty()) {
    root.out().add("components", "Expected a list of at least one component.");
    return;
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    Reader reader((*list)[i], at("components", i), root.out());
    Component component;
    reader.name("name", component.name);
    assign(component.accumulate, reader.choice<Accumulate>("accumulate"));
    assign(component.negative, reader.choice<Negative>("negative"));
    if (const Json* tiers = reader.find("tiers")) {
      read_tiers(*tiers, reader.path("tiers"), money, component.tiers, root.out());
    }
    reader.finish();
    plan.components.push_back(std::move(component));
  }
  check_names_differ(plan.components, root.out());
}

Grain interval_of(std::string_view name) {
  for (const Grain grain : {Grain::month, Grain::quarter, Grain::year}) {
    if (name_of(grain) == name) return grain;
  }
  throw Error(Code::invalid, fmt::format("{} is none of month, quarter, year.", quote(name)));
}

void read_head(Reader& root, Plan& plan) {
  root.parsed("format", [](std::string_view text) {
    if (text != kPlanFormat) {
      throw Error(Code::invalid,
                  fmt::format("{} is a format this reader does not know; it reads \"{}\".", quote(text), kPlanFormat));
    }
    return true;
  });
  root.name("name", plan.name);
  if (const Json* version = root.find("version")) {
    const bool whole = version->is_number_integer();
    const bool fits = whole && (!version->is_number_unsigned() || version->get<std::uint64_t>() <= INT64_MAX);
    plan.version = fits ? version->get<std::int64_t>() : 0;
    if (plan.version < 1) root.out().add("version", "Expected a whole JSON number from 1 on.");
  }
  assign(plan.currency, root.parsed("currency", [](std::string_view text) { return currency(text); }));
  root.name("calendar", plan.calendar);
  assign(plan.interval, root.parsed("interval", interval_of));
}

void read_valid(Reader& root, Plan& plan) {
  const Json* value = root.find("valid");
  if (value == nullptr) return;
  Reader reader(*value, "valid", root.out());
  const std::optional<Date> from = reader.parsed("from", parse_date);
  const std::optional<Date> to = reader.parsed("to", parse_date, false);
  reader.finish();
  assign(plan.from, from);
  assign(plan.to, to);
  if (from) check_validity(*from, plan.to, root.out());
}

void read_rounding(Reader& root, Plan& plan) {
  const Json* value = root.find("rounding");
  if (value == nullptr) return;
  Reader reader(*value, "rounding", root.out());
  assign(plan.rounding.mode, reader.parsed("mode", parse_rounding));
  assign(plan.rounding.point, reader.choice<RoundingPoint>("point"));
  reader.finish();
}

void read_rest(Reader& root, Plan& plan) {
  if (const Json* order = root.find("order"); order != nullptr && *order != Json({"date", "sequence", "id"})) {
    root.out().add("order", "Transactions are taken by [\"date\", \"sequence\", \"id\"]; write exactly that.");
  }
  if (const Json* value = root.find("eligibility", false)) {
    Reader reader(*value, "eligibility", root.out());
    if (const std::optional<std::string> when = reader.text("when")) {
      plan.when = *when;
      if (fold(plan.when).empty()) {
        root.out().add("eligibility.when",
                       "The condition is blank; leave \"eligibility\" out when every event counts.");
      }
    }
    reader.finish();
  }
  if (const Json* value = root.find("credit")) {
    Reader reader(*value, "credit", root.out());
    reader.name("role", plan.credit.role);
    assign(plan.credit.base, reader.choice<CreditBase>("base"));
    assign(plan.credit.split, reader.choice<CreditSplit>("split"));
    reader.finish();
  }
}

Json parse_document(std::string_view text, Findings& out) {
  if (text.size() > kLargestDocument) {
    throw Error(Code::invalid, "plan", "",
                fmt::format("The document has {} bytes; at most {} are read.", text.size(), kLargestDocument));
  }
  try {
    return Json::parse(text, DuplicateKeys(out));
  } catch (const Json::parse_error& error) {
    throw Error(Code::invalid, "plan", "", fmt::format("The document is no JSON: it breaks at byte {}.", error.byte));
  }
}

}  // namespace

Plan parse_plan(std::string_view text) {
  Findings out;
  const Json document = parse_document(text, out);
  Plan plan;
  Reader root(document, "", out);
  read_head(root, plan);
  read_valid(root, plan);
  read_rounding(root, plan);
  read_rest(root, plan);
  read_components(root, plan.currency, plan);
  root.finish();
  if (!out.empty()) throw Error(out.take());
  return plan;
}

}  // namespace kith::incentive
