// SPDX-License-Identifier: Apache-2.0
// Reading a plan as a reviewer does: what may pay unlike it was meant, and what changed between two documents.
#include <fmt/format.h>

#include <algorithm>
#include <set>

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
        gate(rule.modifiers[k], at(path + ".modifiers", k));
        if (rule.modifiers[k].table) falling(*rule.modifiers[k].table, at(path + ".modifiers", k) + ".tiers.rows");
      }
    }
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

  // What passing a bound is worth at once; marginal and interpolated tables have no such jump unless a row is
  // retroactive.
  void cliff(const ComponentRule& rule, std::size_t i, const std::string& path) {
    const Table& table = rule.table;
    const Row& low = table.rows[i - 1];
    const Row& high = table.rows[i];
    if (table.unit == Unit::pct_of_base && money_input(table)) {
      Exact jump = 0;
      if (table.mode == Mode::slab || table.mode == Mode::lookup) jump = high.from * (high.value - low.value);
      if (table.mode == Mode::marginal && high.retro) {
        Table before = table;
        before.rows.resize(i);
        Sight sight;
        jump = pay(model_, table, Below::first_tier, high.from, sight) -
               pay(model_, before, Below::first_tier, high.from, sight);
      }
      if (jump != 0) {
        note(at(path, i), fmt::format("A cliff: reaching {} changes pay by {} at once.", bound(table, high.from),
                                      shown_money(jump)));
      }
      return;
    }
    if (table.unit == Unit::amount && table.mode != Mode::interpolated) {
      note(at(path, i), fmt::format("A cliff: reaching {} changes pay by {} at once.", bound(table, high.from),
                                    shown_money(high.value - low.value)));
    }
    if (table.unit == Unit::pct_of_target_pay && (table.mode == Mode::slab || table.mode == Mode::lookup)) {
      const Exact jump = (high.value - low.value) * (table.mode == Mode::slab ? high.from : Exact(1));
      note(at(path, i), fmt::format("A cliff: reaching {} changes pay by {} % of target pay at once.",
                                    bound(table, high.from), number_text(jump * 100)));
    }
  }

  void never(const Expression& when, const std::string& path, std::string_view what) {
    const int name = contradicted(when);
    if (name < 0) return;
    note(path, fmt::format("{}: no {} meets {}.", what, quote(model_.scope.names[static_cast<std::size_t>(name)].name),
                           quote(when.text())));
  }

  void conditions(const Table& table, const std::string& path) {
    bool open = true;
    std::set<std::string> seen;
    for (std::size_t i = 0; i < table.rows.size(); ++i) {
      if (!open) note(at(path, i), "The row is never reached: one before it holds for everything.");
      if (table.rows[i].when) never(*table.rows[i].when, at(path, i) + ".when", "The row is never reached");
      if (!table.rows[i].when) {
        open = open && table.mode == Mode::matrix;
      } else if (!seen.insert(table.rows[i].when->text()).second) {
        note(at(path, i), "The row is never reached: one before it has the same condition.");
      }
    }
  }

  void gate(const Modifier& modifier, const std::string& path) {
    if (modifier.kind == Do::gate && modifier.at_least > 0) {
      const Exact shown =
          modifier.attainment ? Exact(modifier.at_least * 100) : Exact(modifier.at_least / ten_to(model_.digits));
      note(path,
           fmt::format("A cliff: nothing is paid below {}{}.", number_text(shown), modifier.attainment ? " %" : ""));
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

void compare(const Json& before, const Json& after, const std::string& path, std::vector<std::string>& out);

void compare_named(const Json& before, const Json& after, const std::string& path, std::vector<std::string>& out) {
  const auto find = [](const Json& list, const std::string& name) {
    return std::find_if(list.begin(), list.end(), [&](const Json& item) { return name_in(item) == name; });
  };
  for (const Json& item : before) {
    const auto other = find(after, name_in(item));
    const std::string where = fmt::format("{}[{}]", path, name_in(item));
    if (other == after.end()) {
      out.push_back(where + " was removed.");
    } else {
      compare(item, *other, where, out);
    }
  }
  for (const Json& item : after) {
    if (find(before, name_in(item)) == before.end())
      out.push_back(fmt::format("{}[{}] was added.", path, name_in(item)));
  }
}

void compare(const Json& before, const Json& after, const std::string& path, std::vector<std::string>& out) {
  if (before == after) return;
  if (before.is_object() && after.is_object()) {
    for (const auto& [key, value] : before.items()) {
      const std::string where = below(path, key);
      if (!after.contains(key)) {
        out.push_back(fmt::format("{} was {} and is no longer said.", where, shown(value)));
      } else {
        compare(value, after[key], where, out);
      }
    }
    for (const auto& [key, value] : after.items()) {
      if (!before.contains(key))
        out.push_back(fmt::format("{} is now {}; it was not said.", below(path, key), shown(value)));
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
        out.push_back(fmt::format("{} was added: {}.", at(path, i), shown(after[i])));
      } else if (i >= after.size()) {
        out.push_back(fmt::format("{} was removed: {}.", at(path, i), shown(before[i])));
      } else {
        compare(before[i], after[i], at(path, i), out);
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
