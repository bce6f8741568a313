// SPDX-License-Identifier: Apache-2.0
// Tables: what a total pays.
#include <algorithm>

#include "incentive/document_evaluator.hpp"
#include "kith/base/error.hpp"

namespace kith::incentive::general {
namespace {

class Payer {
 public:
  Payer(const Model& model, const Table& table, const Exact& total, const Sight& sight, std::vector<Piece>* pieces)
      : model_(model), table_(table), total_(total), sight_(sight), pieces_(pieces) {}

  Exact input() const {
    if (table_.input == Input::amount) return total_;
    if (table_.input != Input::attainment || !table_.name.empty()) return sight_.input;
    return sight_.goal && *sight_.goal != 0 ? Exact(total_ / *sight_.goal) : Exact(0);
  }

  Exact pay() {
    const Exact at = at_ = input();
    switch (table_.mode) {
      case Mode::marginal: return marginal(at);
      case Mode::interpolated: return interpolated(at);
      case Mode::matrix: return matrix(at);
      case Mode::slab: return whole(at, true);
      case Mode::lookup: return whole(at, false);
    }
    return 0;
  }

 private:
  Exact note(std::size_t row, const Exact& input, const Exact& value, const Exact& product) {
    if (pieces_ != nullptr) pieces_->push_back({row, input, value, product, at_, column_, across_});
    return product;
  }

  // One value on the whole total. `scaled`: shares of target pay count for every point of attainment.
  Exact apply(std::size_t row, const Exact& at, const Exact& value, bool scaled) {
    switch (table_.unit) {
      case Unit::pct_of_base: return note(row, total_, value, total_ * value);
      case Unit::per_unit:
        return note(row, total_ / ten_to(model_.digits), value, total_ / ten_to(model_.digits) * value);
      case Unit::amount: return note(row, 1, value, value);
      case Unit::pct_of_target_pay: break;
    }
    const Exact pay = scaled && table_.input == Input::attainment ? Exact(at * sight_.target_pay) : sight_.target_pay;
    return note(row, pay, value, pay * value);
  }

  Exact whole(const Exact& at, bool scaled) {
    if (conditional()) {
      const int row = first_that_holds();
      return row < 0
                 ? Exact(0)
                 : apply(static_cast<std::size_t>(row), at, table_.rows[static_cast<std::size_t>(row)].value, false);
    }
    int row = row_of(table_, at);
    if (row < 0 && at < 0) row = 0;
    if (row < 0) return 0;
    const auto index = static_cast<std::size_t>(row);
    return apply(index, at, table_.rows[index].value, scaled);
  }

  bool conditional() const { return table_.rows.front().when != nullptr; }

  int first_that_holds() const {
    for (std::size_t i = 0; i < table_.rows.size(); ++i) {
      if (!table_.rows[i].when || sight_.holds(*table_.rows[i].when)) return static_cast<int>(i);
    }
    return -1;
  }

  Exact slice(std::size_t row, const Exact& width) {
    const Exact& value = table_.rows[row].value;
    Exact input = width;
    if (table_.input == Input::attainment) {
      input *= table_.unit == Unit::pct_of_target_pay ? sight_.target_pay : sight_.goal.value_or(Exact(0));
    }
    if (table_.unit == Unit::per_unit) input /= ten_to(model_.digits);
    return note(row, input, value, input * value);
  }

  Exact marginal(const Exact& at) {
    if (at < 0) return slice(0, at);
    if (std::any_of(table_.rows.begin(), table_.rows.end(), [](const Row& row) { return row.retro.has_value(); })) {
      return reaching_back(at);
    }
    Exact sum = 0;
    for (std::size_t i = 0; i < table_.rows.size(); ++i) {
      const Exact& from = table_.rows[i].from;
      if (from >= at) break;
      const bool last = i + 1 == table_.rows.size() || table_.rows[i + 1].from > at;
      sum += slice(i, (last ? at : table_.rows[i + 1].from) - from);
    }
    return sum;
  }

  // Every row that is reached takes the input from where it counts on, for good: a later row only takes what lies above
  // its own start, or above its own `retro_from`.
  Exact reaching_back(const Exact& at) {
    const int reached = row_of(table_, at);
    std::vector<std::pair<Exact, std::size_t>> starts;
    for (std::size_t i = 0; static_cast<int>(i) <= reached; ++i) {
      const Row& row = table_.rows[i];
      const Exact& start = row.retro ? *row.retro : row.from;
      while (!starts.empty() && starts.back().first >= start) starts.pop_back();
      starts.emplace_back(start, i);
    }
    Exact sum = 0;
    for (std::size_t i = 0; i < starts.size(); ++i) {
      const Exact& end = i + 1 < starts.size() ? starts[i + 1].first : at;
      if (end > starts[i].first) sum += slice(starts[i].second, end - starts[i].first);
    }
    return sum;
  }

  Exact interpolated(const Exact& at) {
    const auto& rows = table_.rows;
    if (at <= rows.front().from) return apply(0, at, rows.front().value, false);
    std::size_t i = 0;
    while (i + 1 < rows.size() && rows[i + 1].from < at) ++i;
    if (i + 1 == rows.size()) {
      if (table_.beyond == Beyond::zero) return note(i, at, 0, 0);
      if (table_.beyond == Beyond::flat || rows.size() < 2) return apply(i, at, rows[i].value, false);
      --i;
    }
    const Row& low = rows[i];
    const Row& high = rows[i + 1];
    const Exact value = low.value + (at - low.from) / (high.from - low.from) * (high.value - low.value);
    return apply(i, at, value, false);
  }

  Exact matrix(const Exact& at) {
    Table other;
    other.upper = table_.upper;
    for (const Exact& bound : table_.second) other.rows.push_back({bound, 0, std::nullopt, nullptr});
    const int row = row_of(table_, at);
    across_ = table_.second_input == Input::amount ? total_ : sight_.second;
    const int column = row_of(other, across_);
    if (row < 0 || column < 0) return 0;
    column_ = static_cast<std::size_t>(column);
    return apply(static_cast<std::size_t>(row), at, table_.cells[static_cast<std::size_t>(row)][column_], true);
  }

  const Model& model_;
  const Table& table_;
  const Exact& total_;
  const Sight& sight_;
  std::vector<Piece>* pieces_;
  // of what is looked up, for the pieces
  Exact at_ = 0;
  Exact across_ = 0;
  std::size_t column_ = 0;
};

}  // namespace

int row_of(const Table& table, const Exact& input) {
  int reached = -1;
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const bool first = i == 0 && input == table.rows[0].from;  // nothing lies below the first bound
    if (table.upper || first ? table.rows[i].from <= input : table.rows[i].from < input) reached = static_cast<int>(i);
  }
  return reached;
}

Exact pay(const Model& model, const Table& table, Below below, const Exact& total, const Sight& sight,
          std::vector<Piece>* pieces) {
  if (total >= 0 || below == Below::first_tier) return Payer(model, table, total, sight, pieces).pay();
  if (below == Below::zero) return 0;
  const Exact mirrored = -total;
  const std::size_t first = pieces == nullptr ? 0 : pieces->size();
  const Exact paid = Payer(model, table, mirrored, sight, pieces).pay();
  for (std::size_t i = first; pieces != nullptr && i < pieces->size(); ++i) {
    Piece& piece = (*pieces)[i];
    piece.input = -piece.input;
    piece.product = -piece.product;
  }
  return -paid;
}

}  // namespace kith::incentive::general
