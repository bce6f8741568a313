// SPDX-License-Identifier: Apache-2.0
// Events as columns: versions merged, in order, with what they refer to; the periods and people that occur.
#include "incentive/document_facts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "base/quote.hpp"
#include "kith/base/error.hpp"

namespace kith::incentive::general {
namespace {

std::string content_of(const EventRow& event) {
  std::string text =
      fmt::format("{}|{}|{}|{}|{}|{}|{}|{}|{}", event.type, event.date.days, event.sequence, event.amount.minor,
                  event.amount.currency.packed, event.cost, event.quantity, event.reverses, event.cancelled);
  for (const auto& [name, value] : event.attributes) text += fmt::format("|{}={}", name, value);
  for (const Split& split : event.splits) text += fmt::format("|{}/{}/{}", split.person, split.role, split.share);
  return text;
}

std::string key_of(const EventRow& event) { return event.source + ":" + event.id; }

// The highest version of every key among the rows.
std::map<std::string, const EventRow*> newest_of(const std::vector<EventRow>& events) {
  std::map<std::string, const EventRow*> newest;
  std::map<std::pair<std::string, std::int64_t>, const EventRow*> seen;
  for (const EventRow& event : events) {
    const std::string key = key_of(event);
    if (event.source.find(':') != std::string::npos) fail_event(key, "source", kNoColon);
    if (event.version < 1) fail_event(key, "version", "versions count from 1.");
    const auto [at, added] = seen.try_emplace({key, event.version}, &event);
    if (!added && content_of(*at->second) != content_of(event)) {
      throw Error(Code::conflict, "event", "version",
                  fmt::format("Event {} comes twice as version {} with two contents; a change needs a higher version.",
                              quote(key), event.version));
    }
    const EventRow*& kept = newest[key];
    if (kept == nullptr || kept->version < event.version) kept = &event;
  }
  return newest;
}

void parse_attribute(Column& column, Type type, const std::string& text, const std::string& name, Currency currency,
                     const std::function<std::string()>& key) {
  try {
    switch (type) {
      case Type::text: column.append(std::string_view(text)); return;
      case Type::decimal: column.append(rescale(parse_decimal(text), kRateScale).coefficient); return;
      case Type::money: column.append(parse_money(text, currency).minor); return;
      case Type::date: column.append(std::int64_t{parse_date(text).days}); return;
      default: break;
    }
    if (text != "true" && text != "false") throw Error(Code::invalid, "Expected \"true\" or \"false\".");
    column.append(std::int64_t{text == "true"});
  } catch (const Error& error) {
    fail_event(key(), "attributes." + name, error.message);
  }
}

[[noreturn]] void fail_column(std::string_view column, std::string message) {
  throw Error(Code::invalid, "inputs", fmt::format("columns.{}", column), std::move(message));
}

}  // namespace

void fail_event(const std::string& key, std::string_view field, std::string_view message) {
  throw Error(Code::invalid, "event", std::string(field), fmt::format("Event {}: {}", quote(key), message));
}

EventRow row_of(const EventColumns& columns, std::size_t row) {
  EventRow event;
  event.source = columns.names[static_cast<std::size_t>(columns.source[row])];
  event.id = std::to_string(columns.id[row]);
  event.type = columns.names[static_cast<std::size_t>(columns.type[row])];
  event.date = {columns.date[row]};
  event.sequence = columns.sequence.empty() ? 0 : columns.sequence[row];
  event.amount = {columns.amount[row], columns.currency.size() == 1 ? columns.currency[0] : columns.currency[row]};
  event.cost = columns.cost.empty() ? 0 : columns.cost[row];
  if (!columns.quantity.empty()) event.quantity = to_string(Decimal{columns.quantity[row], kQuantityScale}, true);
  if (!columns.reverses.empty() && columns.reverses[row] >= 0) {
    const auto other = static_cast<std::size_t>(columns.reverses[row]);
    event.reverses =
        fmt::format("{}:{}", columns.names[static_cast<std::size_t>(columns.source[other])], columns.id[other]);
  }
  const std::size_t begin = columns.split_end.empty() ? row : row == 0 ? 0 : columns.split_end[row - 1];
  const std::size_t end = columns.split_end.empty() ? row + 1 : columns.split_end[row];
  const auto name = [&](const std::vector<Index>& column, std::size_t at) {
    return columns.names[static_cast<std::size_t>(column[at])];
  };
  for (std::size_t i = begin; i < end; ++i) {
    event.splits.push_back({name(columns.person, i), name(columns.role, i), name(columns.share, i)});
  }
  for (const auto& [key, column] : columns.attributes) {
    if (column[row] >= 0) event.attributes[key] = name(column, row);
  }
  return event;
}

Index Names::add(std::string_view text) {
  const auto found = codes_.find(text);
  if (found != codes_.end()) return found->second;
  texts_.emplace_back(text);
  const auto code = static_cast<Index>(texts_.size() - 1);
  codes_.emplace(texts_.back(), code);
  return code;
}

Index Names::find(std::string_view text) const {
  const auto found = codes_.find(text);
  return found == codes_.end() ? -1 : found->second;
}

Facts::Facts(const Model& model, const Inputs& inputs) : model_(model) {
  const EventColumns& columns = inputs.columns;
  attributes_.resize(model.scope.names.size() - kFixedColumns);
  take_names(columns);
  check(columns);
  const auto newest = newest_of(inputs.events);
  if (newest.empty()) {
    borrow(columns);
    return;
  }
  struct Draft {
    std::int32_t date;
    std::int64_t sequence;
    std::string key;
    const EventRow* row;
    std::size_t column;
  };
  std::vector<Draft> drafts;
  for (std::size_t i = 0; i < columns.amount.size(); ++i) {
    std::string key = fmt::format("{}:{}", columns.names[static_cast<std::size_t>(columns.source[i])], columns.id[i]);
    const auto corrected = newest.find(key);
    if (corrected != newest.end()) {
      if (corrected->second->version > 1) continue;
      fail_event(key, "version", "it stands in the columns too; a correction of those needs a version above 1.");
    }
    drafts.push_back({columns.date[i], columns.sequence.empty() ? 0 : columns.sequence[i], std::move(key), nullptr, i});
  }
  for (const auto& [key, event] : newest) {
    if (event->cancelled) {
      cancelled_.insert(key);
    } else {
      drafts.push_back({event->date.days, event->sequence, key, event, 0});
    }
  }
  std::sort(drafts.begin(), drafts.end(), [](const Draft& a, const Draft& b) {
    return std::tie(a.date, a.sequence, a.key) < std::tie(b.date, b.sequence, b.key);
  });
  for (const Draft& draft : drafts) {
    if (draft.row != nullptr) {
      append(*draft.row);
    } else {
      append(columns, draft.column);
    }
  }
  for (const auto& [key, rows] : named_) {
    for (const std::size_t row : rows) check_target(this->key(row), key);
    resolve(key);
  }
}

void Facts::check_target(const std::string& key, const std::string& target) const {
  if (target == key) fail_event(key, "reverses", "it takes itself back; name another event.");
}

// Who names a key refers to the row that has it now.
void Facts::resolve(const std::string& key) {
  const auto naming = named_.find(key);
  if (naming == named_.end()) return;
  const auto target = find(key);
  const Index none = cancelled_.contains(key) ? kCancelled : kUnknown;
  for (const std::size_t row : naming->second) origin_.set(row, target ? static_cast<Index>(*target) : none);
}

void Facts::own() {
  date_.own();
  for (auto* column : {&sequence_, &amount_, &cost_, &quantity_, &number_}) column->own();
  currency_.own();
  for (auto* column : {&source_, &type_, &origin_, &person_, &role_, &share_}) column->own();
  part_end_.own();
  for (auto& column : attributes_) column.own();
  index_keys();
  if (!named_.empty()) return;  // rows that came as columns say whom they reverse by its place only
  for (std::size_t i = 0; i < origin_.size(); ++i) {
    if (origin_[i] >= 0) named_[key(static_cast<std::size_t>(origin_[i]))].push_back(i);
  }
}

void Facts::change(const EventRow& event) {
  const std::string key = key_of(event);
  if (const auto old = find(key)) {
    gone_.resize(size(), false);
    gone_[*old] = true;
    by_key_.erase(key);
  }
  if (event.cancelled) {
    cancelled_.insert(key);
  } else {
    cancelled_.erase(key);
    check_target(key, event.reverses);
    append(event);
    if (!gone_.empty()) gone_.resize(size(), false);
    by_key_[key] = size() - 1;
    if (!event.reverses.empty()) resolve(event.reverses);
  }
  resolve(key);
}

void Facts::take_names(const EventColumns& columns) {
  bool plain = true;
  for (const std::string& name : columns.names) {
    const Index code = names_.add(name);
    plain = plain && code == static_cast<Index>(code_of_.size());
    code_of_.push_back(code);
  }
  if (plain) code_of_.clear();
}

void Facts::check(const EventColumns& columns) const {
  const std::size_t rows = columns.amount.size();
  const auto sized = [&](std::string_view name, std::size_t size, bool optional) {
    if (size == rows || (optional && size == 0)) return;
    fail_column(name, fmt::format("has {} rows; amount has {}.", size, rows));
  };
  sized("source", columns.source.size(), false);
  sized("type", columns.type.size(), false);
  sized("id", columns.id.size(), false);
  sized("date", columns.date.size(), false);
  sized("sequence", columns.sequence.size(), true);
  sized("cost", columns.cost.size(), true);
  sized("quantity", columns.quantity.size(), true);
  sized("reverses", columns.reverses.size(), true);
  sized("split_end", columns.split_end.size(), true);
  if (columns.currency.size() != 1) sized("currency", columns.currency.size(), false);
  const std::size_t splits = columns.split_end.empty() ? rows : columns.split_end.back();
  for (const auto* column : {&columns.person, &columns.role, &columns.share}) {
    if (column->size() == splits) continue;
    fail_column("person",
                fmt::format("people, roles and shares have {} rows; there are {} splits.", column->size(), splits));
  }
  if (!std::is_sorted(columns.split_end.begin(), columns.split_end.end())) fail_column("split_end", "descends.");
  const auto places = static_cast<Index>(columns.names.size());
  const auto known = [&](std::string_view name, const std::vector<Index>& column, Index least, Index most) {
    const auto wrong = std::find_if(column.begin(), column.end(), [&](Index at) { return at < least || at >= most; });
    if (wrong == column.end()) return;
    fail_column(name, fmt::format("row {} refers to {}; there are {}.", wrong - column.begin(), *wrong, most));
  };
  known("source", columns.source, 0, places);
  for (std::size_t i = 0; i < columns.names.size(); ++i) {
    if (columns.names[i].find(':') == std::string::npos) continue;
    const auto used = std::find(columns.source.begin(), columns.source.end(), static_cast<Index>(i));
    if (used != columns.source.end()) {
      fail_column("source", fmt::format("row {}: {}", used - columns.source.begin(), kNoColon));
    }
  }
  known("type", columns.type, 0, places);
  known("person", columns.person, 0, places);
  known("role", columns.role, 0, places);
  known("share", columns.share, 0, places);
  known("reverses", columns.reverses, -1, static_cast<Index>(rows));
  for (std::size_t i = 0; i < columns.names.size(); ++i) {
    if (!columns.names[i].empty()) continue;
    const auto nobody = std::find(columns.person.begin(), columns.person.end(), static_cast<Index>(i));
    if (nobody != columns.person.end()) {
      fail_column("person", fmt::format("split {} names nobody.", nobody - columns.person.begin()));
    }
  }
  for (const auto& [name, column] : columns.attributes) {
    sized("attributes." + name, column.size(), false);
    known("attributes." + name, column, -1, places);
  }
}

void Facts::borrow(const EventColumns& columns) {
  std::map<Index, std::int64_t> last;
  bool unique = true;
  for (std::size_t i = 0; i < columns.amount.size() && unique; ++i) {
    const auto [at, added] = last.try_emplace(columns.source[i], columns.id[i]);
    unique = added || at->second < columns.id[i];
    at->second = columns.id[i];
  }
  if (!unique) {
    std::vector<std::pair<Index, std::int64_t>> keys;
    for (std::size_t i = 0; i < columns.amount.size(); ++i) keys.emplace_back(code(columns.source[i]), columns.id[i]);
    std::sort(keys.begin(), keys.end());
    const auto twice = std::adjacent_find(keys.begin(), keys.end());
    if (twice != keys.end()) {
      fail_column("id", fmt::format("event {}:{} stands twice.", quote(names_[twice->first]), twice->second));
    }
  }
  date_.borrow(columns.date);
  sequence_.borrow(columns.sequence);
  amount_.borrow(columns.amount);
  cost_.borrow(columns.cost);
  quantity_.borrow(columns.quantity);
  number_.borrow(columns.id);
  currency_.borrow(columns.currency);
  source_.borrow(columns.source);
  type_.borrow(columns.type);
  origin_.borrow(columns.reverses);
  part_end_.borrow(columns.split_end);
  person_.borrow(columns.person);
  role_.borrow(columns.role);
  share_.borrow(columns.share);
  for (std::size_t i = kFixedColumns; i < model_.scope.names.size(); ++i) {
    const auto found = columns.attributes.find(model_.scope.names[i].name);
    if (found == columns.attributes.end()) continue;
    attributes_[i - kFixedColumns].borrow(found->second);
    check_attributes(i - kFixedColumns);
  }
  const auto before_it = [this](std::size_t row) { return before(row - 1, row); };
  for (std::size_t i = 1; i < size(); ++i) {
    if (before_it(i)) continue;
    fail_column("date", fmt::format("row {} comes before the row above it; sort rows by date, sequence, key.", i));
  }
}

namespace {

// A column that is left out counts as this value for every row before it is needed.
template <class T>
void fill(Series<T>& column, std::size_t rows, T value) {
  while (column.size() < rows) column.push_back(value);
}

}  // namespace

void Facts::append(const EventRow& event) {
  const std::size_t rows = size();
  fill(sequence_, rows, std::int64_t{0});
  fill(cost_, rows, std::int64_t{0});
  fill(quantity_, rows, std::int64_t{0});
  fill(origin_, rows, Index{-1});
  if (currency_.size() == 1) fill(currency_, rows, Currency(currency_[0]));
  if (part_end_.size() < rows) {
    for (std::size_t i = part_end_.size(); i < rows; ++i) part_end_.push_back(static_cast<std::uint32_t>(i + 1));
  }
  date_.push_back(event.date.days);
  sequence_.push_back(event.sequence);
  amount_.push_back(event.amount.minor);
  cost_.push_back(event.cost);
  try {
    quantity_.push_back(rescale(parse_decimal(event.quantity), kQuantityScale).coefficient);
  } catch (const Error& error) {
    fail_event(key_of(event), "quantity", error.message);
  }
  currency_.push_back(event.amount.currency);
  if (id_.size() < rows) {
    for (std::size_t i = id_.size(); i < rows; ++i) id_.push_back(std::to_string(number_[i]));
  }
  id_.push_back(event.id);
  const auto place = [this](std::string_view text) {
    const Index code = names_.add(text);
    if (!code_of_.empty() && static_cast<std::size_t>(code) >= code_of_.size()) {
      for (auto i = static_cast<Index>(code_of_.size()); i <= code; ++i) code_of_.push_back(i);
    }
    return code;
  };
  source_.push_back(place(event.source));
  type_.push_back(place(event.type));
  origin_.push_back(-1);
  version_.resize(rows, 1);
  version_.push_back(event.version);
  if (!event.reverses.empty()) named_[event.reverses].push_back(rows);
  for (const Split& split : event.splits) {
    if (split.person.empty()) fail_event(key_of(event), "splits", "a split names nobody; give its person.");
    person_.push_back(place(split.person));
    role_.push_back(place(split.role));
    share_.push_back(place(split.share));
  }
  part_end_.push_back(static_cast<std::uint32_t>(person_.size()));
  for (std::size_t i = 0; i < attributes_.size(); ++i) {
    fill(attributes_[i], rows, Index{-1});
    const ScopeName& name = model_.scope.names[i + kFixedColumns];
    const auto found = event.attributes.find(name.name);
    attributes_[i].push_back(found == event.attributes.end() ? -1 : place(found->second));
    if (found == event.attributes.end()) continue;
    Column scratch(is_text(name.type));
    parse_attribute(scratch, name.type, found->second, name.name, model_.currency, [&] { return key_of(event); });
  }
}

void Facts::append(const EventColumns& columns, std::size_t row) { append(row_of(columns, row)); }

// Every spelling once, so that a wrong one is told before anything is computed.
void Facts::check_attributes(std::size_t attribute) const {
  std::vector<bool> seen(names_.size());
  Column scratch(is_text(model_.scope.names[attribute + kFixedColumns].type));
  for (std::size_t row = 0; row < attributes_[attribute].size(); ++row) {
    const Index place = attributes_[attribute][row];
    if (place < 0 || seen[static_cast<std::size_t>(place)]) continue;
    seen[static_cast<std::size_t>(place)] = true;
    append_attribute(attribute, row, scratch);
  }
}

std::string Facts::id(std::size_t row) const { return row < id_.size() ? id_[row] : std::to_string(number_[row]); }
std::string Facts::key(std::size_t row) const { return names_[source(row)] + ":" + id(row); }

bool Facts::before(std::size_t a, std::size_t b) const {
  if (date_[a] != date_[b]) return date_[a] < date_[b];
  if (!sequence_.empty() && sequence_[a] != sequence_[b]) return sequence_[a] < sequence_[b];
  return key(a) < key(b);
}

void Facts::index_keys() const {
  if (!by_key_.empty()) return;
  for (std::size_t i = 0; i < size(); ++i) by_key_[key(i)] = i;
}

std::optional<std::size_t> Facts::find(const std::string& key) const {
  index_keys();
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return std::nullopt;
  return found->second;
}

std::size_t Facts::origin(std::size_t row) const {
  return origin_.empty() || origin_[row] < 0 ? row : static_cast<std::size_t>(origin_[row]);
}

std::vector<std::size_t> Facts::reversing(std::size_t row) const {
  if (!named_.empty()) return naming(key(row));
  std::vector<std::size_t> rows;
  if (origin_.empty()) return rows;
  for (std::size_t i = 0; i < size(); ++i) {
    if (origin_[i] == static_cast<Index>(row)) rows.push_back(i);
  }
  return rows;
}

std::vector<std::size_t> Facts::naming(const std::string& key) const {
  const auto found = named_.find(key);
  std::vector<std::size_t> rows = found == named_.end() ? std::vector<std::size_t>() : found->second;
  std::erase_if(rows, [this](std::size_t row) { return gone(row); });
  return rows;
}

std::size_t Facts::part_begin(std::size_t row) const {
  if (part_end_.empty()) return row;
  return row == 0 ? 0 : part_end_[row - 1];
}
std::size_t Facts::part_end(std::size_t row) const { return part_end_.empty() ? row + 1 : part_end_[row]; }

Part Facts::part(std::size_t row, std::size_t number) const {
  const std::size_t at = part_begin(row) + number;
  return {code(person_[at]), code(role_[at]), code(share_[at])};
}

void Facts::append_attribute(std::size_t attribute, std::size_t row, Column& column) const {
  const Series<Index>& codes = attributes_[attribute];
  if (codes.empty() || codes[row] < 0) {
    column.append_null();
    return;
  }
  const ScopeName& name = model_.scope.names[attribute + kFixedColumns];
  parse_attribute(column, name.type, names_[code(codes[row])], name.name, model_.currency, [&] { return key(row); });
}

const Exact& Facts::share(Index code, std::size_t row) const {
  if (shares_.size() <= static_cast<std::size_t>(code)) shares_.resize(names_.size());
  std::optional<Exact>& kept = shares_[static_cast<std::size_t>(code)];
  if (!kept) {
    try {
      kept = parse_number(names_[code]);
    } catch (const Error& error) {
      fail_event(key(row), "splits", error.message);
    }
  }
  return *kept;
}

}  // namespace kith::incentive::general
