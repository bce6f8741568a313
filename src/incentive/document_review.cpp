// SPDX-License-Identifier: Apache-2.0
// Reading a plan as a reviewer does: what may pay unlike it was meant, and what changed between two documents.
#include <fmt/format.h>

#include <algorithm>

#include "base/json.hpp"
#include "base/quote.hpp"
#include "incentive/document_evaluator.hpp"
#include "incentive/impossible.hpp"
#include "incentive/plan_rules.hpp"

namespace kith::incentive {
namespace {

using namespace general;
class Reviewer {
 public:
  explicit Reviewer(const Model& model) : model_(model) {}

  std::vector<Violation> review() {
    for (std::size_t i = 0; i < model_.credits.size(); ++i) {
      const auto& when = model_.credits[i].when;
      if (when) never(*when, at("credits", i) + ".when", "The rule credits nobody");
    }
    for (std::size_t i = 0; i < model_.components.size(); ++i) {
      const ComponentRule& rule = model_.components[i];
      const std::string path = at("components", i);
      if (rule.kind == Kind::tiers) table(rule, path + ".tiers.rows");
      for (std::size_t k = 0; k < rule.modifiers.size(); ++k) {
        gate(rule, k, at(path + ".modifiers", k));
        if (rule.modifiers[k].table) factors(rule.modifiers[k], at(path + ".modifiers", k) + ".tiers.rows");
      }
      bounds(rule.modifiers, path + ".modifiers");
    }
    bounds(model_.statement, "statement");
    for (std::size_t i = 0; i < model_.measures.size(); ++i) used(model_.measures[i], at("measures", i));
    return std::move(found_);
  }

 private:
  void note(std::string path, std::string message) { found_.push_back({"plan", std::move(path), std::move(message)}); }

  bool money_input(const Table& table) const { return table.input == Input::amount; }
  std::string bound(const Table& table, const Exact& value) const {
    if (money_input(table)) return number_text(value / ten_to(model_.digits));
    return table.input == Input::attainment ? number_text(value * 100) + " %" : number_text(value);
  }

  std::string shown_money(const Exact& minor) const {
    return to_string(Money{round_number(minor, Rounding::half_up), model_.currency});
  }
  /// The value of a row, amounts in major units.
  std::string shown_value(const Table& table, const Exact& value) const {
    return table.unit == Unit::amount ? shown_money(value) : number_text(value);
  }

  void table(const ComponentRule& rule, const std::string& path) {
    const Table& table = rule.table;
    if (table.mode == Mode::matrix) {
      cells(table, path.substr(0, path.size() - std::string_view("rows").size()) + "cells");
      return;
    }
    if (table.rows.front().when) {
      conditions(table, path);
      return;
    }
    if (table.mode == Mode::slab || table.mode == Mode::lookup) {
      const Measure* measure = model_.measure(rule.measure);
      const bool whole = measure == nullptr || measure->negative == Below::first_tier || !own_input(rule);
      begins(table, path, whole);
    }
    table.mode == Mode::marginal ? taken_back(table, path) : falling(table, path);
    if (table.mode == Mode::interpolated) beyond(table, path);
    hidden(rule, path);
    for (std::size_t i = 1; i < table.rows.size(); ++i) {
      const Row& low = table.rows[i - 1];
      const Row& high = table.rows[i];
      if (high.value == low.value && !high.retro && table.mode != Mode::interpolated) {
        note(at(path, i), "The row changes nothing: it pays what the one before it pays.");
      }
      if (high.value != low.value) cliff(rule, i, path);
    }
  }

  // A table that says nothing of what lies between nothing and its first row. `whole`: what is below 0 takes that row.
  void begins(const Table& table, const std::string& path, bool whole) {
    const Exact& from = table.rows.front().from;
    const bool natural = table.input == Input::rank && from <= 1;  // no place comes before the first
    if (from <= 0 || natural) return;
    note(at(path, 0) + ".from", fmt::format("Nothing is paid from 0 to {}{}; write a row from 0 that says so.",
                                            bound(table, from), whole ? ", yet this row counts below 0" : ""));
  }

  void factors(const Modifier& modifier, const std::string& path) {
    const Table& table = *modifier.table;
    if (table.mode == Mode::matrix || table.rows.empty()) return;
    if (modifier.kind == Do::multiply && !table.rows.front().when) begins(table, path, false);
    falling(table, path);
  }

  void falling(const Table& table, const std::string& path) {
    for (std::size_t i = 1; i < table.rows.size(); ++i) {
      const Row& low = table.rows[i - 1];
      const Row& high = table.rows[i];
      if (high.value >= low.value || high.when || low.when) continue;
      note(at(path, i) + ".value",
           fmt::format("Pay falls at {}: the value goes from {} to {}.", bound(table, high.from),
                       shown_value(table, low.value), shown_value(table, high.value)));
    }
  }

  // A row of less than nothing: what lies in it takes pay away.
  void taken_back(const Table& table, const std::string& path) {
    for (std::size_t i = 0; i < table.rows.size(); ++i) {
      const Row& row = table.rows[i];
      if (row.value >= 0) continue;
      note(at(path, i) + ".value",
           fmt::format("Pay falls above {}: the value is {}.", bound(table, row.from), shown_value(table, row.value)));
    }
  }

  // Of an interpolated table that pays nothing beyond its last row.
  void beyond(const Table& table, const std::string& path) {
    const Row& last = table.rows.back();
    if (table.beyond != Beyond::zero || last.value <= 0) return;
    note(at(path, table.rows.size() - 1), fmt::format("Pay falls beyond {}: from {} to nothing.",
                                                      bound(table, last.from), shown_value(table, last.value)));
  }

  // Rows that begin where a cap that comes first is reached already, and pay no less.
  void hidden(const ComponentRule& rule, const std::string& path) {
    const Table& table = rule.table;
    if (table.unit != Unit::pct_of_base || !money_input(table) || rule.weight != 1 || rule.modifiers.empty()) return;
    const Modifier& cap = rule.modifiers.front();
    if (cap.kind != Do::cap || !cap.by.constant || cap.per != "period" || cap.carry) return;
    if (table.mode != Mode::marginal && table.mode != Mode::slab) return;
    const bool rises = std::all_of(table.rows.begin(), table.rows.end(), [](const Row& row) { return row.value >= 0; });
    const auto paid = [&](std::size_t rows, const Exact& input) {
      Table first = table;
      first.rows.resize(rows);
      Sight sight;
      return pay(model_, first, Below::first_tier, input, sight);
    };
    for (std::size_t i = 1; rises && i < table.rows.size(); ++i) {
      const Exact& from = table.rows[i].from;
      if (paid(i, from) < *cap.by.constant) continue;
      if (table.mode == Mode::slab && table.rows[i].value * from < *cap.by.constant) continue;
      note(at(path, i), fmt::format("The row changes nothing: at {} the cap of {} is reached already.",
                                    bound(table, from), shown_money(*cap.by.constant)));
    }
  }

  // Of a table of two inputs, where more of either pays less.
  void cells(const Table& table, const std::string& path) {
    for (std::size_t i = 0; i < table.cells.size(); ++i) {
      for (std::size_t k = 0; k < table.cells[i].size(); ++k) {
        const Exact& own = table.cells[i][k];
        if ((i > 0 && own < table.cells[i - 1][k]) || (k > 0 && own < table.cells[i][k - 1])) {
          note(at(at(path, i), k), "Pay falls: the cell holds less than one before it.");
        }
      }
    }
  }

  /// Pay in money, or as a share of a goal or target pay that the plan leaves to the inputs.
  struct Worth {
    Exact value = 0;
    std::string_view of = {};
  };
  std::string shown(const Worth& worth) const {
    return worth.of.empty() ? shown_money(worth.value)
                            : fmt::format("{} % of {}", number_text(worth.value * 100), worth.of);
  }

  /// The goal of a measure where it is the same for everybody all the time.
  std::optional<Exact> goal_of(const ComponentRule& rule) const {
    const Measure* measure = model_.measure(rule.measure);
    if (measure == nullptr || !measure->goal || measure->ramp || measure->prorate != "none") return std::nullopt;
    const std::optional<Exact>& goal = measure->goal->constant;
    return goal && *goal > 0 ? goal : std::nullopt;
  }

  /// Whether a table looks at what it pays for: the amount, or its attainment.
  static bool own_input(const ComponentRule& rule) {
    const Table& table = rule.table;
    return table.input == Input::amount ||
           (table.input == Input::attainment && (table.name.empty() || table.name == rule.measure));
  }

  /// What a table of the component pays for a total; where the goal is not known the total is a share of it.
  std::optional<Worth> worth(const ComponentRule& rule, const Table& table, const Exact& total) const {
    const std::optional<Exact> goal = goal_of(rule);
    const bool shared = table.input == Input::attainment && !goal;
    Sight sight;
    sight.goal = goal.value_or(Exact(1));
    sight.target_pay = 1;
    sight.input = table.input == Input::attainment ? Exact(total / *sight.goal) : total;
    const Exact value = pay(model_, table, Below::first_tier, total, sight) * rule.weight;
    if (table.unit == Unit::pct_of_target_pay) return Worth{value, "target pay"};
    if (table.unit == Unit::amount || !shared) return Worth{value};
    if (table.unit == Unit::per_unit) return std::nullopt;
    return Worth{value, "the goal"};
  }

  // What passing a bound is worth at once; marginal and interpolated tables have no such jump unless a row is
  // retroactive.
  void cliff(const ComponentRule& rule, std::size_t i, const std::string& path) {
    const Table& table = rule.table;
    const bool of_base = table.unit == Unit::pct_of_base || table.unit == Unit::per_unit;
    if (table.mode == Mode::interpolated || (of_base && !own_input(rule))) return;
    const Exact& from = table.rows[i].from;
    const Exact total = table.input == Input::attainment ? Exact(from * goal_of(rule).value_or(Exact(1))) : from;
    const auto paid = [&](std::size_t rows) {
      Table first = table;
      first.upper = true;
      first.rows.resize(rows);
      return worth(rule, first, total);
    };
    std::optional<Worth> jump = paid(i + 1);
    if (!jump) return;
    jump->value -= paid(i)->value;
    if (jump->value == 0) return;
    note(at(path, i), fmt::format("A cliff: reaching {} changes pay by {} at once.", bound(table, from), shown(*jump)));
  }

  bool never(const Expression& when, const std::string& path, std::string_view what) {
    const int name = contradicted(when);
    if (name < 0) return false;
    note(path, fmt::format("{}: no {} meets {}.", what, quote(model_.scope.names[static_cast<std::size_t>(name)].name),
                           quote(when.text())));
    return true;
  }

  // A row with a condition that leaves it nothing, as one before it holds for all of that.
  void shadowed(const Table& table, std::size_t i, const std::string& path) {
    const Expression& own = *table.rows[i].when;
    for (std::size_t k = 0; k < i; ++k) {
      const auto& other = table.rows[k].when;
      if (!other) continue;
      const bool same = other->text() == own.text();
      if (!same && !covers(*other, own)) continue;
      note(at(path, i), fmt::format("The row is never reached: one before it has {}.",
                                    same ? "the same condition" : "a wider condition"));
      return;
    }
  }

  void conditions(const Table& table, const std::string& path) {
    bool open = true;
    for (std::size_t i = 0; i < table.rows.size(); ++i) {
      if (!open) note(at(path, i), "The row is never reached: one before it holds for everything.");
      if (!table.rows[i].when) {
        open = false;
      } else if (!never(*table.rows[i].when, at(path, i) + ".when", "The row is never reached")) {
        shadowed(table, i, path);
      }
    }
    if (open) {
      note(path, "What meets none of the conditions is paid nothing; write a last row without \"when\" that says so.");
    }
  }

  /// What a component pays where a gate opens; nothing where more than the plan decides it.
  std::optional<Worth> opened(const ComponentRule& rule, const Modifier& gate) const {
    std::optional<Worth> paid;
    if (rule.kind == Kind::fixed && rule.pool->constant) paid = Worth{*rule.pool->constant * rule.weight};
    const Measure* measure = model_.measure(rule.measure);
    const Table& table = rule.table;
    if (rule.kind == Kind::tiers && measure != nullptr && gate.input == rule.measure && own_input(rule) &&
        measure->accumulate == Accumulating::interval && table.mode != Mode::matrix && !table.rows.front().when) {
      const std::optional<Exact> goal = goal_of(rule);
      const bool attained = table.input == Input::attainment;
      if (!gate.attainment && attained && !goal) return std::nullopt;
      if (gate.attainment && !attained && !goal) return std::nullopt;
      paid = worth(rule, table, gate.attainment ? Exact(gate.at_least * goal.value_or(Exact(1))) : gate.at_least);
    }
    for (const Modifier& other : rule.modifiers) {
      if (!paid || &other == &gate) continue;
      const bool cap = other.kind == Do::cap && other.by.constant && other.per == "period" && paid->of.empty();
      if (!cap) return std::nullopt;
      paid->value = std::min(paid->value, *other.by.constant);
    }
    return paid;
  }

  void gate(const ComponentRule& rule, std::size_t k, const std::string& path) {
    const Modifier& modifier = rule.modifiers[k];
    if (modifier.kind != Do::gate || modifier.at_least <= 0) return;
    const std::optional<Worth> paid = opened(rule, modifier);
    if (paid && paid->value == 0) return;
    const Exact shown_bound =
        modifier.attainment ? Exact(modifier.at_least * 100) : Exact(modifier.at_least / ten_to(model_.digits));
    note(path, fmt::format("A cliff: nothing is paid below {}{}{}.", number_text(shown_bound),
                           modifier.attainment ? " %" : "",
                           paid ? fmt::format("; reaching it pays {} at once", shown(*paid)) : ""));
  }

  // A bound that another one right before it leaves no room: a cap below a floor, a floor above a cap.
  void bounds(const std::vector<Modifier>& modifiers, const std::string& path) {
    const auto bounding = [](const Modifier& one) { return one.kind == Do::cap || one.kind == Do::floor; };
    for (std::size_t i = 0; i < modifiers.size(); ++i) {
      const Modifier& own = modifiers[i];
      if (!bounding(own) || !own.by.constant) continue;
      const bool cap = own.kind == Do::cap;
      for (std::size_t k = i; k-- > 0 && bounding(modifiers[k]);) {
        const Modifier& other = modifiers[k];
        if (other.kind == own.kind || other.per != own.per || !other.by.constant) continue;
        if (cap ? *own.by.constant >= *other.by.constant : *own.by.constant <= *other.by.constant) continue;
        note(at(path, i), fmt::format("The {} of {} before it decides nothing: this {} of {} lies {} it.",
                                      cap ? "floor" : "cap", shown_money(*other.by.constant), cap ? "cap" : "floor",
                                      shown_money(*own.by.constant), cap ? "below" : "above"));
      }
    }
  }

  void used(const Measure& measure, const std::string& path) {
    bool needed = false;
    bool goal_needed = !measure.goal;
    for (const ComponentRule& rule : model_.components) {
      const bool own = rule.measure == measure.name;
      needed = needed || own || rule.table.name == measure.name || rule.table.second_name == measure.name;
      goal_needed = goal_needed ||
                    (rule.table.input == Input::attainment && (own || rule.table.name == measure.name)) ||
                    (rule.table.second_input == Input::attainment && rule.table.second_name == measure.name);
      for (const Modifier& modifier : rule.modifiers) {
        needed = needed || modifier.input == measure.name;
        goal_needed = goal_needed || modifier.input == measure.name;
      }
    }
    if (!needed) note(path, "No component reads this measure.");
    if (needed && !goal_needed) note(path + ".goal", "No component reads the attainment of this goal.");
  }

  const Model& model_;
  std::vector<Violation> found_;
};

std::string shown(const Json& value) {
  return value.is_string() ? "\"" + value.get<std::string>() + "\"" : value.dump();
}

// Elements with names are the same part where the names are equal, wherever they stand.
std::string name_in(const Json& item) {
  return item.is_object() && item.contains("name") && item["name"].is_string() ? item["name"].get<std::string>() : "";
}

// A place of a document in words: "component revenue, tiers, row 2, from".
std::string part_of(const std::string& whole, const std::string& key) {
  return whole.empty() ? key : whole + ", " + key;
}
// An item of a list, by its name or its number.
std::string item_of(const std::string& list, const std::string& which) {
  return list.substr(0, list.size() - (list.ends_with('s') ? 1 : 0)) + " " + which;
}

void compare(const Json& before, const Json& after, const std::string& path, std::vector<std::string>& out);

void compare_named(const Json& before, const Json& after, const std::string& path, std::vector<std::string>& out) {
  const auto find = [](const Json& list, const std::string& name) {
    return std::find_if(list.begin(), list.end(), [&](const Json& item) { return name_in(item) == name; });
  };
  for (const Json& item : before) {
    const auto other = find(after, name_in(item));
    const std::string where = item_of(path, name_in(item));
    if (other == after.end()) {
      out.push_back(fmt::format("{} was removed: {}.", where, shown(item)));
    } else {
      compare(item, *other, where, out);
    }
  }
  for (const Json& item : after) {
    if (find(before, name_in(item)) == before.end())
      out.push_back(fmt::format("{} was added: {}.", item_of(path, name_in(item)), shown(item)));
  }
}

void compare(const Json& before, const Json& after, const std::string& path, std::vector<std::string>& out) {
  if (before == after) return;
  if (before.is_object() && after.is_object()) {
    for (const auto& [key, value] : before.items()) {
      const std::string where = part_of(path, key);
      if (!after.contains(key)) {
        out.push_back(fmt::format("{} was {} and is no longer said.", where, shown(value)));
      } else {
        compare(value, after[key], where, out);
      }
    }
    for (const auto& [key, value] : after.items()) {
      if (!before.contains(key))
        out.push_back(fmt::format("{} is now {}; it was not said.", part_of(path, key), shown(value)));
    }
    return;
  }
  if (before.is_array() && after.is_array()) {
    const auto named = [](const Json& list) {
      return std::all_of(list.begin(), list.end(), [](const Json& item) { return !name_in(item).empty(); });
    };
    if (named(before) && named(after)) {
      compare_named(before, after, path, out);
      return;
    }
    for (std::size_t i = 0; i < std::max(before.size(), after.size()); ++i) {
      if (i >= before.size()) {
        out.push_back(fmt::format("{} was added: {}.", item_of(path, std::to_string(i + 1)), shown(after[i])));
      } else if (i >= after.size()) {
        out.push_back(fmt::format("{} was removed: {}.", item_of(path, std::to_string(i + 1)), shown(before[i])));
      } else {
        compare(before[i], after[i], item_of(path, std::to_string(i + 1)), out);
      }
    }
    return;
  }
  out.push_back(fmt::format("{} changes from {} to {}.", path, shown(before), shown(after)));
}

}  // namespace

std::vector<Violation> lint(const PlanDocument& plan) { return Reviewer(plan.model()).review(); }

std::vector<std::string> diff(const PlanDocument& before, const PlanDocument& after) {
  std::vector<std::string> out;
  compare(Json::parse(before.canonical_json()), Json::parse(after.canonical_json()), "", out);
  return out;
}

}  // namespace kith::incentive
