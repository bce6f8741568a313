// SPDX-License-Identifier: Apache-2.0
#include "incentive/document_parts.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/quote.hpp"

namespace kith::incentive::general {
namespace {

using Model = PlanDocument::Model;

std::shared_ptr<const Expression> compile(Node& node, std::string_view key, const Model& model, bool condition) {
  const auto read = [&](const std::string& text) {
    auto compiled = std::make_shared<const Expression>(Expression::compile(text, model.scope));
    const Type type = compiled->type();
    if (condition && type != Type::boolean) {
      throw Error(Code::invalid,
                  fmt::format("It gives {}; expected a comparison that is true or false.", name_of(type)));
    }
    if (!condition && type != Type::money && type != Type::decimal && type != Type::integer) {
      throw Error(Code::invalid, fmt::format("It gives {}; expected money or a number.", name_of(type)));
    }
    return compiled;
  };
  return node.parsed(key, read).value_or(nullptr);
}

}  // namespace

std::optional<Number> read_number(Node& node, std::string_view key, const Exact& scale, bool required) {
  const Json* value = node.find(key, required);
  if (value == nullptr) return std::nullopt;
  Number number;
  if (value->is_object()) {
    Node inner(*value, node.path(key), node.out());
    number.name = inner.text("value");
    if (inner.has("above")) number.above = inner.number("above");
    number.times = inner.number("times", false, 1);
    if (inner.has("blend")) number.blend = kDayBases[inner.choice("blend", kDayBases)];
    inner.finish();
    return number;
  }
  number.constant = node.number(key) * scale;
  return number;
}

namespace {

void read_chain(Node& node, CreditRule& rule) {
  const Json* value = node.find("chain");
  if (value == nullptr) return;
  Node chain(*value, node.path("chain"), node.out());
  rule.of = chain.text("of");
  rule.as_of_original = chain.choice("as_of", {"event_date", "original_event"}) == 1;
  rule.skip_self = chain.flag("skip_self");
  chain.each("levels", [&](const Json& item, const std::string& path) {
    Node level(item, path, node.out());
    ChainLevel read;
    read.level = static_cast<int>(level.integer("level", true, 1));
    if (read.level < 1 || read.level > 64) level.fault("level", "Expected 1 (the direct superior) to 64.");
    const bool again = std::any_of(rule.levels.begin(), rule.levels.end(),
                                   [&](const ChainLevel& other) { return other.level == read.level; });
    if (again) level.fault("level", fmt::format("Level {} stands twice; give it one share.", read.level));
    read.share = level.number("share");
    level.finish();
    rule.levels.push_back(read);
  });
  chain.finish();
}

void read_fx(Node& node, CreditRule& rule) {
  const Json* value = node.find("fx");
  if (value == nullptr) return;
  Node fx(*value, node.path("fx"), node.out());
  rule.fx = kRateKinds[fx.choice("rate", kRateKinds)];
  rule.reversal = static_cast<Reversal>(fx.choice("reversal", {"original", "current"}));
  fx.finish();
}

// Bounds and values scale with what they measure: money stands in minor units.
struct Scales {
  Exact input = 1;
  Exact value = 1;
};

Input read_input(Node& node, std::string_view key, std::string& name) {
  const Json* value = node.find(key);
  if (value == nullptr) return Input::amount;
  if (value->is_object()) {
    Node inner(*value, node.path(key), node.out());
    const bool attribute = inner.has("attribute");
    const bool attainment = inner.has("attainment");
    name = inner.text(attribute ? "attribute" : attainment ? "attainment" : "measure");
    inner.finish();
    return attribute ? Input::attribute : attainment ? Input::attainment : Input::measure;
  }
  static const Input kPlain[] = {Input::amount, Input::attainment, Input::rank};
  return kPlain[node.choice(key, {"amount", "attainment", "rank"})];
}

void check_rows(Node& node, const Table& table, const std::vector<std::optional<Exact>>& ends, const Exact& scale) {
  const std::string list = node.path("rows");
  if (table.rows.empty()) {
    node.out().add(list, "Expected at least one row.");
    return;
  }
  const auto shown = [&](const Exact& bound) { return number_text(bound / scale); };
  for (std::size_t i = 0; i + 1 < table.rows.size(); ++i) {
    const Exact& next = table.rows[i + 1].from;
    if (next <= table.rows[i].from) {
      node.out().add(below(at(list, i + 1), "from"),
                     fmt::format("Rows ascend: {} is not above {}.", shown(next), shown(table.rows[i].from)));
    } else if (ends[i] && *ends[i] < next) {
      node.out().add(below(at(list, i), "to"),
                     fmt::format("There is a gap ({}, {}) that no row covers.", shown(*ends[i]), shown(next)));
    } else if (ends[i] && *ends[i] > next) {
      node.out().add(below(at(list, i), "to"),
                     fmt::format("Rows overlap from {} to {}.", shown(next), shown(*ends[i])));
    }
  }
  if (ends.back()) {
    node.out().add(below(at(list, ends.size() - 1), "to"),
                   table.mode == Mode::interpolated
                       ? "The last row has no end: \"beyond\" says what is paid above it; leave \"to\" out."
                       : "The last row has no end; leave \"to\" out, or add a row for what lies above.");
  }
  if (table.mode == Mode::marginal && table.rows.front().from != 0) {
    node.out().add(below(at(list, 0), "from"), "The first row begins at 0; write a row of 0 % for what pays nothing.");
  }
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    if (table.rows[i].retro && *table.rows[i].retro > table.rows[i].from) {
      node.out().add(below(at(list, i), "retro_from"), "A row reaches back to its own start at most.");
    }
  }
}

void read_rows(Node& node, const Model& model, Table& table, const Scales& scales) {
  std::vector<std::optional<Exact>> ends;
  bool conditional = false;
  node.each("rows", [&](const Json& item, const std::string& path) {
    Node row(item, path, node.out());
    Row read;
    const bool first = table.rows.empty();
    if (first) conditional = table.mode == Mode::lookup && row.has("when");
    if (conditional) {  // a row without a condition takes all that is left
      if (row.has("when")) read.when = compile(row, "when", model, true);
    } else {
      read.from = row.number("from") * scales.input;
    }
    ends.push_back(row.has("to") ? std::optional<Exact>(row.number("to") * scales.input) : std::nullopt);
    read.value = row.number("value") * scales.value;
    if (row.has("retro_from")) {
      read.retro = row.number("retro_from") * scales.input;
      if (table.mode != Mode::marginal) row.fault("retro_from", "Only marginal rows reach back.");
    }
    row.finish();
    table.rows.push_back(std::move(read));
  });
  if (!conditional) check_rows(node, table, ends, scales.input);
}

template <class T, class Bound>
void ascending(Node& node, const std::string& path, const std::vector<T>& bounds, Bound bound) {
  for (std::size_t i = 1; i < bounds.size(); ++i) {
    if (bound(bounds[i]) <= bound(bounds[i - 1])) node.out().add(at(path, i), "Bounds ascend.");
  }
}

void read_matrix(Node& node, const Model& model, Table& table, const Scales& scales) {
  const Json* second = node.find("second");
  if (second != nullptr) {
    Node inner(*second, node.path("second"), node.out());
    table.second_input = read_input(inner, "input", table.second_name);
    const Exact scale = table.second_input == Input::amount ? ten_to(model.digits) : Exact(1);
    for (const Exact& bound : inner.numbers("from")) table.second.push_back(bound * scale);
    ascending(inner, inner.path("from"), table.second, [](const Exact& one) { return one; });
    inner.finish();
  }
  for (const Exact& bound : node.numbers("from")) {
    Row row;
    row.from = bound * scales.input;
    table.rows.push_back(row);
  }
  ascending(node, node.path("from"), table.rows, [](const Row& row) { return row.from; });
  node.each("cells", [&](const Json& item, const std::string& path) {
    std::vector<Exact> line = read_numbers(item, path, node.out());
    for (Exact& cell : line) cell *= scales.value;
    if (line.size() != table.second.size()) {
      node.out().add(
          path, fmt::format("Expected a list of {} texts, one for each bound of \"second\".", table.second.size()));
    }
    table.cells.push_back(std::move(line));
  });
  if (table.cells.size() != table.rows.size() || table.rows.empty()) {
    node.fault("cells", fmt::format("Expected {} lists, one for each bound of \"from\".", table.rows.size()));
  }
}

/// Whether an input that lies on a bound could belong to either of two rows: `boundary` says to which.
bool has_sides(Node& node, Mode mode) {
  const Json* rows = node.find("rows", false);
  const auto holds = [](const Json& row, const char* key) { return row.is_object() && row.contains(key); };
  const bool listed = rows != nullptr && rows->is_array() && !rows->empty();
  switch (mode) {
    case Mode::slab:
    case Mode::matrix: return true;
    case Mode::lookup: return listed && !holds(rows->front(), "when");
    case Mode::marginal:  // without rows that reach back both give the same
      return listed &&
             std::any_of(rows->begin(), rows->end(), [&](const Json& row) { return holds(row, "retro_from"); });
    case Mode::interpolated: break;
  }
  return false;
}

/// `one_row`: one row is taken whatever the mode, as for a factor.
Table read_table(const Json& value, const std::string& path, const Model& model, Findings& out, bool one_row) {
  Node node(value, path, out);
  Table table;
  table.input = read_input(node, "input", table.name);
  table.mode = static_cast<Mode>(node.choice("mode", {"slab", "marginal", "interpolated", "lookup", "matrix"}));
  table.unit = static_cast<Unit>(node.choice("unit", {"pct_of_base", "pct_of_target_pay", "amount", "per_unit"}));
  if (one_row || has_sides(node, table.mode) || node.has("boundary")) {
    table.upper = node.choice("boundary", {"upper", "lower"}) == 0;
  }
  if (table.mode == Mode::interpolated) {
    table.beyond = static_cast<Beyond>(node.choice("beyond", {"flat", "extrapolate", "zero"}));
  }
  const bool money_input = table.input == Input::amount;
  const bool money_value = table.unit == Unit::amount || table.unit == Unit::per_unit;
  const Scales scales{money_input ? ten_to(model.digits) : Exact(1), money_value ? ten_to(model.digits) : Exact(1)};
  if (table.mode == Mode::matrix) {
    read_matrix(node, model, table, scales);
  } else {
    read_rows(node, model, table, scales);
  }
  if (table.mode == Mode::marginal && table.unit == Unit::amount) {
    node.fault("unit", "Marginal rows hold rates; use mode \"interpolated\" or \"lookup\" for amounts.");
  }
  if (table.mode == Mode::marginal && table.unit == Unit::pct_of_target_pay && !(table.input == Input::attainment)) {
    node.fault("unit", "Marginal shares of target pay are shares for attainment; write input \"attainment\".");
  }
  if (table.mode == Mode::marginal && !(table.input == Input::amount || table.input == Input::attainment)) {
    node.fault("input", "Marginal rows cut the amount or its attainment into slices.");
  }
  node.finish();
  return table;
}

// A number of the plan that is 0 or more; one among the inputs is checked where it is looked up.
std::optional<Number> read_not_negative(Node& node, std::string_view key, const Exact& scale, bool required,
                                        std::string_view what) {
  std::optional<Number> read = read_number(node, key, scale, required);
  if (read && read->constant && *read->constant < 0) node.fault(key, fmt::format("{} is 0 or more.", what));
  return read;
}

void read_per(Node& node, Modifier& read) {
  static const std::vector<std::string_view> kPer = {"period", "event", "year"};
  read.per = kPer[node.choice("per", kPer)];
  if (read.carry && read.per != "period") node.fault("excess", "Only the excess of a period is carried.");
}

// A modifier takes the value of one row, found by one number, and counts it in one unit.
void check_factors(Node& node, const Modifier& read) {
  const Table& table = *read.table;
  if (table.mode != Mode::slab && table.mode != Mode::lookup) {
    node.fault("tiers", "A modifier takes one row: write mode \"lookup\" or \"slab\".");
  }
  if (table.input == Input::attribute) {
    node.fault("tiers", "A modifier knows totals, not events: write input \"amount\", \"attainment\" or a measure.");
  }
  const auto conditional = [](const Row& row) { return row.when != nullptr; };
  if (std::any_of(table.rows.begin(), table.rows.end(), conditional)) {
    node.fault("tiers", "The rows of a modifier begin at a number: write \"from\"; \"when\" stands in components.");
  }
  const bool money = table.unit == Unit::amount || table.unit == Unit::per_unit;
  if (read.kind == Do::multiply && money) {
    node.fault("tiers", "What multiplies is a factor, not money; write unit \"pct_of_base\" (0.85, or 85 %).");
  }
  if (read.kind != Do::add) return;
  const Unit unit = read.of == "amount"       ? Unit::amount
                    : read.of == "target_pay" ? Unit::pct_of_target_pay
                                              : Unit::pct_of_base;
  if (table.unit == unit) return;
  node.fault("tiers", fmt::format("What is added of {} is counted in unit \"{}\".", quote(read.of),
                                  unit == Unit::amount        ? "amount"
                                  : unit == Unit::pct_of_base ? "pct_of_base"
                                                              : "pct_of_target_pay"));
}

void read_modifier_kind(Node& node, Modifier& read, const Model& model) {
  const Exact money = ten_to(model.digits);
  switch (read.kind) {
    case Do::multiply:
    case Do::add: {
      if (read.kind == Do::add) {
        static const std::vector<std::string_view> kOf = {"amount", "raw", "target_pay"};
        read.of = kOf[node.choice("of", kOf)];
        if (node.has("tiers")) read.cumulative = node.flag("cumulative");
      }
      if (const Json* tiers = node.find("tiers", false)) {
        read.input = node.text("measure");
        read.table = read_table(*tiers, node.path("tiers"), model, node.out(), true);
        check_factors(node, read);
        break;
      }
      read.by = read_number(node, "by", read.of == "amount" ? money : Exact(1), true).value_or(Number{});
      break;
    }
    case Do::cap: {
      read.carry = node.choice("excess", {"lose", "carry"}) == 1;
      read.by = read_not_negative(node, "amount", money, true, "A cap").value_or(Number{});
      read_per(node, read);
      break;
    }
    case Do::floor: {
      read.by = read_number(node, "amount", money, true).value_or(Number{});
      read_per(node, read);
      break;
    }
    case Do::prorate: {
      static const std::vector<std::string_view> kBases = {"calendar", "working", "30_360", "value"};
      read.basis = kBases[node.choice("basis", kBases)];
      if (read.basis == "value") read.by = read_number(node, "by", 1, true).value_or(Number{});
      break;
    }
    case Do::disqualify: read.by.name = node.text("value"); break;
    case Do::gate: {
      read.input = node.text("measure");
      read.attainment = node.choice("input", {"attainment", "amount"}) == 0;
      read.at_least = node.number("at_least") * (read.attainment ? Exact(1) : money);
      break;
    }
  }
}

void read_modifiers(Node& node, std::string_view key, const Model& model, std::vector<Modifier>& into) {
  static const std::vector<std::string_view> kKinds = {"multiply", "add",        "cap", "floor",
                                                       "prorate",  "disqualify", "gate"};
  node.each(
      key,
      [&](const Json& item, const std::string& path) {
        Node inner(item, path, node.out());
        Modifier read;
        read.kind = static_cast<Do>(inner.choice("do", kKinds));
        if (inner.has("do")) read_modifier_kind(inner, read, model);
        inner.finish();
        into.push_back(std::move(read));
      },
      false);
}

}  // namespace

void read_credits(Node& root, Model& model) {
  root.each("credits", [&](const Json& item, const std::string& path) {
    Node node(item, path, root.out());
    CreditRule rule;
    rule.name = node.text("name");
    rule.role = node.text("role");
    if (node.has("when")) rule.when = compile(node, "when", model, true);
    rule.who = static_cast<Who>(node.choice("who", {"split", "split_weights", "values", "chain"}));
    if (rule.who == Who::chain) {
      read_chain(node, rule);
    } else if (rule.who == Who::split) {
      rule.sum_must_be_100 = node.choice("sum_must_be", {"100", "none"}) == 0;
    }
    if (rule.who == Who::values) rule.of = node.text("share_value");
    rule.rounded = node.choice("rounding", {"none", "minor_unit"}) == 1;
    rule.apply = static_cast<Apply>(node.choice("apply", {"base", "result"}));
    const Json* base = node.find("base");
    if (base != nullptr && base->is_object()) {
      Node inner(*base, node.path("base"), root.out());
      rule.base = Base::expression;
      rule.base_expression = compile(inner, "expr", model, false);
      inner.finish();
    } else if (base != nullptr) {
      rule.base = static_cast<Base>(node.choice("base", {"amount", "margin", "cost", "quantity"}));
    }
    read_fx(node, rule);
    node.finish();
    model.credits.push_back(std::move(rule));
  });
}

void read_measures(Node& root, Model& model) {
  root.each("measures", [&](const Json& item, const std::string& path) {
    Node node(item, path, root.out());
    Measure read;
    read.name = node.text("name");
    read.credits = node.texts("credits");
    read.aggregate = static_cast<Aggregate>(node.choice("aggregate", {"sum", "count", "average", "distinct", "last"}));
    read.accumulate =
        static_cast<Accumulating>(node.choice("accumulate", {"none", "interval", "year_to_date", "lifetime"}));
    read.return_period = static_cast<Reversal>(node.choice("return_period", {"original", "current"}));
    read.negative = static_cast<Below>(node.choice("negative", {"first_tier", "zero", "mirror"}));
    read.goal = read_number(node, "goal", ten_to(model.digits), false);
    if (read.goal && read.goal->constant && *read.goal->constant < 0) node.fault("goal", "A goal is not negative.");
    read.ramp = read_number(node, "ramp", 1, false);
    static const std::vector<std::string_view> kProrate = {"none", "calendar", "working", "30_360"};
    if (node.has("prorate_goal")) read.prorate = kProrate[node.choice("prorate_goal", kProrate)];
    if (!read.goal && (read.ramp || read.prorate != "none")) node.fault("goal", "Ramps and proration change a goal.");
    if (read.aggregate != Aggregate::sum && read.accumulate != Accumulating::interval) {
      node.fault("accumulate", "Other aggregates than \"sum\" are taken over the interval.");
    }
    node.finish();
    model.measures.push_back(std::move(read));
  });
}

// Where the result for an event is shared, not its amount, tiers pay every event by itself.
void check_results(Node& node, const ComponentRule& rule, const Model& model) {
  const auto basis = std::find_if(model.measures.begin(), model.measures.end(),
                                  [&](const Measure& measure) { return measure.name == rule.measure; });
  if (rule.kind != Kind::tiers || basis == model.measures.end() || basis->accumulate == Accumulating::none) return;
  for (const CreditRule& credit : model.credits) {
    if (credit.apply != Apply::result) continue;
    if (std::find(basis->credits.begin(), basis->credits.end(), credit.name) == basis->credits.end()) continue;
    node.fault("basis", fmt::format("Credit {} applies to the result, event by event; give measure {} accumulate "
                                    "\"none\".",
                                    quote(credit.name), quote(basis->name)));
  }
}

void read_components(Node& root, Model& model) {
  root.each("components", [&](const Json& item, const std::string& path) {
    Node node(item, path, root.out());
    ComponentRule rule;
    rule.name = node.text("name");
    rule.kind = static_cast<Kind>(node.choice("kind", {"tiers", "fixed", "pool_share", "rank"}));
    const bool tiered = rule.kind == Kind::tiers;
    if (const Json* basis = rule.kind == Kind::fixed ? nullptr : node.find("basis")) {
      Node inner(*basis, node.path("basis"), root.out());
      if (tiered && inner.has("component")) {
        rule.component = inner.text("component");
        rule.of_reports = inner.choice("of", {"self", "reports"}) == 1;
      } else {
        rule.measure = inner.text("measure");
      }
      inner.finish();
    }
    const Exact money = ten_to(model.digits);
    rule.weight = node.number("weight", false, 1);
    if (const Json* tiers = tiered ? node.find("tiers") : nullptr) {
      rule.table = read_table(*tiers, node.path("tiers"), model, root.out(), false);
    }
    rule.target_pay = read_number(node, "target_pay", money, rule.table.unit == Unit::pct_of_target_pay);
    const bool fixed = rule.kind == Kind::fixed;
    if (fixed) rule.pool = read_number(node, "amount", money, true);
    if (rule.kind == Kind::pool_share) {
      rule.pool = read_not_negative(node, "pool", money, true, "A pool");
      rule.unpaid_carried = node.choice("unpaid", {"lose", "carry"}) == 1;
      rule.member_cap = read_not_negative(node, "member_cap", money, false, "A cap");
    }
    if (rule.kind == Kind::rank) {
      rule.prizes = node.numbers("prizes");
      for (std::size_t i = 0; i < rule.prizes.size(); ++i) {
        if (rule.prizes[i] < 0) node.out().add(at(node.path("prizes"), i), "A prize is 0 or more.");
        rule.prizes[i] *= money;
      }
      if (rule.prizes.empty()) node.fault("prizes", "Expected at least one prize.");
      rule.ties_share = node.choice("ties", {"share", "each"}) == 0;
      if (node.has("least")) rule.least = node.number("least") * money;
    }
    check_results(node, rule, model);
    read_modifiers(node, "modifiers", model, rule.modifiers);
    for (std::size_t i = 0; i < rule.modifiers.size(); ++i) {
      if (rule.modifiers[i].of != "target_pay" || rule.target_pay) continue;
      root.out().add(at(node.path("modifiers"), i) + ".of", "The component has no target_pay to add a share of.");
    }
    node.finish();
    model.components.push_back(std::move(rule));
  });
  read_modifiers(root, "statement", model, model.statement);
  for (std::size_t i = 0; i < model.statement.size(); ++i) {
    if (model.statement[i].kind != Do::cap && model.statement[i].kind != Do::floor) {
      root.out().add(at("statement", i) + ".do", "Statements are capped and floored; put the rest into components.");
    }
  }
}

}  // namespace kith::incentive::general
