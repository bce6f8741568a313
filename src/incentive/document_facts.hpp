// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What a plan is computed over, as columns: events in their order, the periods and people that occur, the values,
/// superiors and rates beside them. Texts are numbers into one dictionary before any loop begins.

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "incentive/document_model.hpp"
#include "kith/base/decimal.hpp"
#include "kith/schema/batch.hpp"

namespace kith::incentive::general {

using Model = PlanDocument::Model;
using Index = std::int32_t;

/// Texts as numbers from 0 in the order they came.
class Names {
 public:
  Index add(std::string_view text);
  Index find(std::string_view text) const;  ///< -1 for none
  const std::string& operator[](Index code) const { return texts_[static_cast<std::size_t>(code)]; }
  std::size_t size() const { return texts_.size(); }

 private:
  std::deque<std::string> texts_;
  std::unordered_map<std::string_view, Index> codes_;
};

/// A row of columns as one handed in alone.
EventRow row_of(const EventColumns& columns, std::size_t row);

/// A column of its own, or one of the caller's that outlives it.
template <class T>
class Series {
 public:
  void borrow(std::span<const T> values) { view_ = values; }
  void push_back(T value) {
    take();
    own_.push_back(value);
    view_ = own_;
  }
  void set(std::size_t row, T value) {
    take();
    own_[row] = value;
    view_ = own_;
  }
  void own() {
    take();
    view_ = own_;
  }
  T operator[](std::size_t row) const { return view_[row]; }
  std::size_t size() const { return view_.size(); }
  bool empty() const { return view_.empty(); }

 private:
  void take() {
    if (own_.data() != view_.data()) own_.assign(view_.begin(), view_.end());
  }
  std::vector<T> own_;
  std::span<const T> view_;
};

/// Why a source with a colon is refused: "a:b" with "1" would be the same event as "a" with "b:1".
constexpr std::string_view kNoColon = "A colon ends a source in references; use none.";

/// One share of an event: codes of names.
struct Part {
  Index person = 0;
  Index role = 0;
  Index share = 0;
};

/// Events once each. The order is that of the rows until one is changed; `before` always says it.
class Facts {
 public:
  Facts(const Model& model, const Inputs& inputs);
  Facts(const Facts&) = delete;
  Facts& operator=(const Facts&) = delete;

  std::size_t size() const { return date_.size(); }
  std::string key(std::size_t row) const;  ///< "source:id"
  Date date(std::size_t row) const { return {date_[row]}; }
  std::int64_t amount(std::size_t row) const { return amount_[row]; }
  std::int64_t cost(std::size_t row) const { return cost_.empty() ? 0 : cost_[row]; }
  std::int64_t quantity(std::size_t row) const { return quantity_.empty() ? 0 : quantity_[row]; }  ///< millionths
  Currency currency(std::size_t row) const { return currency_.size() == 1 ? currency_[0] : currency_[row]; }
  Index source(std::size_t row) const { return code(source_[row]); }
  Index type(std::size_t row) const { return code(type_[row]); }
  std::string id(std::size_t row) const;
  /// The event an event takes back, or itself.
  std::size_t origin(std::size_t row) const;
  /// Whether it takes back an event that was cancelled: it counts for nothing then.
  bool orphan(std::size_t row) const { return !origin_.empty() && origin_[row] == kCancelled; }
  /// Whether it takes back an event that is not there, such as one from before these inputs: it counts by itself.
  bool stray(std::size_t row) const { return !origin_.empty() && origin_[row] == kUnknown; }
  /// The day on which it takes something back: its own, but not before there is something to take back.
  Date takes_effect(std::size_t row) const { return std::max(date(row), date(origin(row))); }
  /// The events that name this one, or a key.
  std::vector<std::size_t> reversing(std::size_t row) const;
  std::vector<std::size_t> naming(const std::string& key) const;
  bool gone(std::size_t row) const { return !gone_.empty() && gone_[row]; }
  bool before(std::size_t a, std::size_t b) const;

  std::size_t parts(std::size_t row) const { return part_end(row) - part_begin(row); }
  Part part(std::size_t row, std::size_t number) const;
  /// Value of an attribute, appended to a column of its type; null where the event has none.
  void append_attribute(std::size_t attribute, std::size_t row, Column& column) const;
  /// Code of a text attribute's value, -1 for none; only of attributes of type text.
  Index attribute_code(std::size_t attribute, std::size_t row) const { return attributes_[attribute][row]; }

  const Names& names() const { return names_; }
  /// A share as a number. Errors: invalid.
  const Exact& share(Index code, std::size_t row) const;

  /// Puts an event in place of the one with its key, or adds it, or takes it away when it is cancelled. Rows keep their
  /// numbers; a new one stands at the end.
  void change(const EventRow& event);
  /// Copies what is borrowed and looks every key up once, so that the first change is as quick as the others.
  void own();
  /// The row of a key, or nothing.
  std::optional<std::size_t> find(const std::string& key) const;
  std::int64_t version(std::size_t row) const { return row < version_.size() ? version_[row] : 1; }

 private:
  static constexpr Index kCancelled = -2;  ///< of an origin; -1 is none
  static constexpr Index kUnknown = -3;    ///< of an origin: it names what is not there
  Index code(Index place) const { return code_of_.empty() ? place : code_of_[static_cast<std::size_t>(place)]; }
  std::size_t part_begin(std::size_t row) const;
  std::size_t part_end(std::size_t row) const;
  void append(const EventRow& event);
  void append(const EventColumns& columns, std::size_t row);
  void take_names(const EventColumns& columns);
  void borrow(const EventColumns& columns);
  void check(const EventColumns& columns) const;
  void index_keys() const;
  void resolve(const std::string& key);
  void check_target(const std::string& key, const std::string& target) const;
  void check_attributes(std::size_t attribute) const;

  const Model& model_;
  Names names_;
  std::vector<Index> code_of_;  ///< of the places of borrowed columns; empty: each is its own
  Series<std::int32_t> date_;
  Series<std::int64_t> sequence_, amount_, cost_, quantity_, number_;
  Series<Currency> currency_;
  Series<Index> source_, type_, origin_;
  Series<std::uint32_t> part_end_;
  Series<Index> person_, role_, share_;
  std::vector<std::string> id_;  ///< where ids are no numbers
  std::vector<std::int64_t> version_;
  std::vector<bool> gone_;
  std::vector<Series<Index>> attributes_;
  std::map<std::string, std::vector<std::size_t>> named_;  ///< key -> rows that reverse it
  std::set<std::string> cancelled_;                        ///< keys
  mutable std::unordered_map<std::string, std::size_t> by_key_;
  mutable std::vector<std::optional<Exact>> shares_;
};

/// The periods that occur, by time.
class Periods {
 public:
  Periods(const Model& model, const Inputs& inputs, const Facts& facts);
  std::size_t size() const { return periods_.size(); }
  const Period& operator[](Index period) const { return periods_[static_cast<std::size_t>(period)]; }
  /// -1 where none that occurs holds the day, or the plan is not valid on it.
  Index at(Date day) const {
    const std::int64_t place = std::int64_t{day.days} - first_;
    return place < 0 || place >= static_cast<std::int64_t>(by_day_.size()) ? -1
                                                                           : by_day_[static_cast<std::size_t>(place)];
  }
  Index find(std::string_view label) const;
  /// Of a label that stands at `path` among the inputs. Errors: invalid where the plan has no such period.
  static Period named(const Model& model, const std::string& label, const std::string& path);
  /// Whether the inputs name it, beside the events.
  bool listed(Index period) const { return listed_[static_cast<std::size_t>(period)]; }
  /// Of the fiscal year of a period, the first period that occurs.
  Index year_begin(Index period) const { return year_begin_[static_cast<std::size_t>(period)]; }
  Date year_end(Index period) const;  ///< first day after the fiscal year
  /// Whether the plan is valid on any of its days.
  bool valid(Index period) const { return (*this)[period].from < model_.to && model_.from < (*this)[period].to; }

 private:
  void fill_gaps(std::map<Date, Period>& found) const;
  const Model& model_;
  std::vector<Period> periods_;
  std::vector<bool> listed_;
  std::vector<Index> year_begin_;
  std::vector<Index> by_day_;
  std::int32_t first_ = 0;
};

/// Everybody who occurs, by name in byte order.
class People {
 public:
  People(const Inputs& inputs, const Facts& facts);
  std::size_t size() const { return names_.size(); }
  const std::string& operator[](Index person) const { return names_[static_cast<std::size_t>(person)]; }
  Index find(std::string_view name) const;
  /// Whether the inputs name somebody beside the events: with a value, as superior, as taking part, as paid.
  bool listed(Index person) const { return listed_[static_cast<std::size_t>(person)]; }
  /// Whether only named people are paid; if so, whether somebody is one of them, ever or on a day.
  bool restricted() const { return !members_.empty(); }
  bool member(Index person) const { return !restricted() || !members_[static_cast<std::size_t>(person)].empty(); }
  bool member(Index person, Date day) const;
  /// Or on some day of a period.
  bool member(Index person, const Period& period) const;
  /// Takes in the codes of a row that came after.
  void learn(const Facts& facts, std::size_t row);
  Index of_code(Index code) const {
    return static_cast<std::size_t>(code) < by_code_.size() ? by_code_[static_cast<std::size_t>(code)] : -1;
  }

 private:
  std::vector<std::string> names_;
  std::vector<bool> listed_;
  std::vector<std::vector<std::pair<Date, Date>>> members_;  ///< by person; empty where everybody is one
  std::vector<Index> by_code_;
};

/// What stands beside events: values, superiors, participation, rates.
class Lookup {
 public:
  Lookup(const Model& model, const Inputs& inputs, const People& people, const Periods& periods);
  /// The most specific value; person -1 asks for everybody's. Errors: invalid when there is none.
  Exact value(const Number& number, Index person, Index period, const Exact& scale) const;
  /// The same of an amount, in minor units.
  Exact minor(const Number& number, Index person, Index period) const;
  /// An amount in minor units that is 0 or more, such as a "cap". Errors: invalid also when it is negative.
  Exact not_negative(std::string_view what, const Number& number, Index person, Index period) const;
  bool has(const std::string& name, Index person, Index period) const;
  std::vector<std::pair<Index, Exact>> people_of(const std::string& name, Index period, Date day) const;
  Index manager(Index person, Date day) const;      ///< -1 for nobody
  std::vector<Index> managers(Index person) const;  ///< all there ever were
  std::vector<Index> reports(Index manager, Date day) const;
  /// Whether somebody takes part on any day of the period.
  bool active(Index person, const Period& period) const;
  /// Share of the period's days on which somebody takes part.
  Exact active_share(Index person, const Period& period, const std::string& basis) const;
  /// The same as counts: those days, and all. Somebody without rows takes part on all.
  std::pair<std::int64_t, std::int64_t> active_days(Index person, const Period& period, const std::string& basis) const;
  std::optional<Date> leaves(Index person) const;  ///< first day of absence for good, if there is one
  const Exact& rate(Currency currency, const std::string& kind, Date day,
                    const std::function<std::string()>& where) const;

 private:
  void read_hierarchy(const Inputs& inputs);
  void read_people(const Inputs& inputs);
  void read_rates(const Inputs& inputs);
  using Key = std::uint64_t;
  struct Stretch {
    Date from;
    Date to;
    Exact value = 0;
  };
  struct Values {
    std::unordered_map<Key, Exact> plain;
    std::map<Index, std::vector<Stretch>> dated;
  };
  static Key key(Index person, Index period) {
    return (static_cast<Key>(static_cast<std::uint32_t>(person)) << 32) | static_cast<std::uint32_t>(period);
  }
  void read_values(const Inputs& inputs);
  std::optional<Exact> find(const Number& number, Index person, Index period) const;
  std::optional<Exact> blended(const std::vector<Stretch>& stretches, const Number& number, Index period) const;
  std::int64_t days(const std::string& basis, Date from, Date to) const;

  const Model& model_;
  const People& people_;
  const Periods& periods_;
  std::unordered_map<std::string, Values> values_;
  struct Line {
    Date from;
    Date to;
    Index manager = -1;
  };
  std::vector<std::vector<Line>> superiors_;
  std::vector<std::vector<Stretch>> active_;
  std::vector<Date> holidays_;
  std::map<std::pair<Currency, std::string>, std::vector<Stretch>> rates_;
};

/// What a cap or floor of somebody comes to in a period, in minor units.
Exact bound_of(const Modifier& modifier, const Lookup& lookup, Index person, Index period);

[[noreturn]] void fail_event(const std::string& key, std::string_view field, std::string_view message);

}  // namespace kith::incentive::general
