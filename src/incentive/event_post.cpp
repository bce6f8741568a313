// SPDX-License-Identifier: Apache-2.0
// Business events as they are stored, and how a batch of them gets in.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "base/json.hpp"
#include "base/quote.hpp"
#include "engine/verbs.hpp"
#include "incentive/as_of.hpp"
#include "incentive/entities.hpp"
#include "incentive/exact_number.hpp"
#include "incentive/people_names.hpp"
#include "incentive/plan_rules.hpp"
#include "kith/incentive/event.hpp"
#include "kith/people/employee.hpp"

namespace kith {
namespace incentive {
namespace {

constexpr int kLongestKey = 200;

constexpr auto kEventFields = field_table<BusinessEvent>(
    field<&BusinessEvent::source>("source", {.required = true, .max_length = 100}),
    field<&BusinessEvent::external_id>("external_id", {.required = true, .max_length = kLongestKey}),
    field<&BusinessEvent::version>("version", {.minimum = 1}),
    field<&BusinessEvent::type>("type", {.required = true, .max_length = 100}),
    field<&BusinessEvent::date>("date", {.indexed = true}), field<&BusinessEvent::sequence>("sequence"),
    field<&BusinessEvent::currency>("currency", {.required = true}), field<&BusinessEvent::amount>("amount"),
    field<&BusinessEvent::cost>("cost"), field<&BusinessEvent::quantity>("quantity", {.scale = kQuantityScale}),
    field<&BusinessEvent::reverses>("reverses", {.indexed = true, .max_length = 301}),
    field<&BusinessEvent::cancelled>("cancelled"), field<&BusinessEvent::attributes>("attributes"));
constexpr UniqueKey kEventKeys[] = {{{"source", "external_id"}}};

constexpr auto kEventShareFields =
    field_table<EventShare>(field<&EventShare::event>("event", {.required = true, .refers_to = "event"}),
                            field<&EventShare::position>("position", {.minimum = 1}),
                            field<&EventShare::employee>("employee", {.required = true, .refers_to = "employee"}),
                            field<&EventShare::role>("role", {.required = true, .max_length = 100}),
                            field<&EventShare::share>("share", {.required = true, .max_length = 100}),
                            field<&EventShare::date>("date", {.kept = true}));
constexpr UniqueKey kEventShareKeys[] = {{{"event", "position"}}};
constexpr IndexKey kEventShareIndexes[] = {{{"employee", "date", "event"}}};

}  // namespace

constexpr Entity kEvent = make_entity<BusinessEvent>({.name = "event",
                                                      .plural = "events",
                                                      .fields = kEventFields,
                                                      .unique = kEventKeys,
                                                      .roles = {.currency = "currency", .title = "external_id"}});
constexpr Entity kEventShare = make_entity<EventShare>({.name = "event_share",
                                                        .plural = "event_shares",
                                                        .fields = kEventShareFields,
                                                        .unique = kEventShareKeys,
                                                        .indexes = kEventShareIndexes,
                                                        .roles = {.parent = "event"}});

namespace {

/// An event on its way in, in the spelling in which it is stored.
struct Incoming {
  BusinessEvent row;
  std::vector<EventShare> shares;
  std::size_t place = 0;
};
using Key = std::pair<std::string, std::string>;  // source, external id

std::string attributes_text(const EventRow& event) {
  Json object = Json::object();
  for (const auto& [name, value] : event.attributes) object[name] = value;
  return object.dump();
}

class Reading {
 public:
  explicit Reading(const PeopleNames& people) : people_(people) {}

  Incoming read(const EventRow& event, std::size_t place) {
    path_ = at("events", place);
    Incoming made;
    made.place = place;
    BusinessEvent& row = made.row;
    key("source", event.source);
    if (event.source.find(':') != std::string::npos) fault("source", "A colon ends a source in references; use none.");
    key("id", event.id);
    key("type", event.type);
    if (event.version < 1) fault("version", "Versions count from 1.");
    if (!verb::is_day(event.date)) fault("date", "It " + std::string(verb::kDayExpected) + ".");
    if (!event.amount.currency) fault("currency", "It is missing; give a code such as \"USD\".");
    row.source = event.source;
    row.external_id = event.id;
    row.version = event.version;
    row.type = event.type;
    row.date = event.date;
    row.sequence = event.sequence;
    row.currency = event.amount.currency;
    row.amount = {event.amount.minor};
    row.cost = {event.cost};
    guard("quantity", [&] { row.quantity = rescale(parse_decimal(event.quantity), kQuantityScale); });
    if (!event.reverses.empty()) row.reverses = event.reverses;
    if (row.reverses && row.reverses->find(':') == std::string::npos) {
      fault("reverses", fmt::format("{} names no event; write \"source:id\".", quote(event.reverses)));
    }
    if (event.reverses == event.source + ":" + event.id) fault("reverses", "It takes itself back; name another event.");
    row.cancelled = event.cancelled;
    if (!event.attributes.empty()) guard("attributes", [&] { row.attributes = attributes_text(event); });
    for (std::size_t i = 0; i < event.splits.size(); ++i) share(event.splits[i], i, made.shares);
    return made;
  }
  /// Throws what was found.
  void raise() {
    if (!found_.empty()) throw Error(found_.take());
  }

 private:
  void fault(std::string_view field, std::string message) { found_.add(below(path_, field), std::move(message)); }
  void key(std::string_view field, const std::string& text) {
    if (verb::is_blank(text)) fault(field, "It is missing; give one.");
  }
  template <class Read>
  void guard(std::string_view field, Read&& read) {
    try {
      read();
    } catch (const Error& error) {
      fault(field, error.message);
    } catch (const Json::exception&) {
      fault(field, "It is no valid UTF-8; convert it first.");
    }
  }
  void share(const Split& split, std::size_t i, std::vector<EventShare>& shares) {
    const std::string path = at("splits", i);
    EventShare row;
    row.position = static_cast<std::int64_t>(i) + 1;
    row.role = split.role;
    key(path + ".role", split.role);
    guard(path + ".person", [&] { row.employee = people_.find(split.person); });
    guard(path + ".share", [&] {
      const Fraction value = parse_number(split.share);
      if (value < 0) throw Error(Code::invalid, "A share is negative; shares are 0 or more.");
      row.share = number_text(value);
    });
    shares.push_back(std::move(row));
  }

  const PeopleNames& people_;
  std::string path_;
  Findings found_{""};  // the path begins with "events"
};

auto content_of(const BusinessEvent& row) {
  return std::tie(row.type, row.date, row.sequence, row.currency, row.amount, row.cost, row.quantity.coefficient,
                  row.reverses, row.cancelled, row.attributes);
}

bool same_shares(const std::vector<EventShare>& a, const std::vector<EventShare>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const EventShare& x, const EventShare& y) {
    return std::tie(x.employee, x.role, x.share) == std::tie(y.employee, y.role, y.share);
  });
}

/// The day by which shares of an event are found.
std::optional<Date> share_day(const BusinessEvent& event) {
  return event.reverses ? std::nullopt : std::optional(event.date);
}

[[noreturn]] void fail_version(const Incoming& event) {
  throw Error(
      Code::conflict, "event", "version",
      fmt::format("{}: {} comes with two contents as version {}; give the changed one a higher version.",
                  at("events", event.place), quote(event.row.source + ":" + event.row.external_id), event.row.version));
}

/// What is stored of some keys.
class Stored {
 public:
  Stored(const Reader& system, const std::map<Key, Incoming>& wanted) {
    std::map<std::string, std::vector<std::string>> by_source;
    for (const auto& [key, event] : wanted) by_source[key.first].push_back(key.second);
    std::vector<Id> ids;
    for (const auto& [source, names] : by_source) {
      for (std::size_t start = 0; start < names.size(); start += kPiece) {
        Condition these{.op = Condition::Op::in, .field = kEvent.at("external_id"), .operands = {}, .terms = {}};
        for (std::size_t i = start; i < std::min(names.size(), start + kPiece); ++i)
          these.operands.emplace_back(names[i]);
        for (BusinessEvent& row :
             system.list<BusinessEvent>({.conditions = {equals(kEvent, "source", source), these}})) {
          ids.push_back(row.id);
          rows_.emplace(Key{row.source, row.external_id}, std::move(row));
        }
      }
    }
    in_pieces(ids, [&](const std::vector<Id>& piece) {
      for (EventShare& row : system.list<EventShare>(
               {.conditions = {verb::one_of(kEventShare, "event", piece)}, .order = {"event", "position"}})) {
        shares_[row.event].push_back(std::move(row));
      }
    });
  }
  const BusinessEvent* row(const Key& key) const {
    const auto found = rows_.find(key);
    return found == rows_.end() ? nullptr : &found->second;
  }
  std::vector<EventShare> shares(Id event) const {
    const auto found = shares_.find(event);
    return found == shares_.end() ? std::vector<EventShare>() : found->second;
  }

 private:
  static constexpr std::size_t kPiece = 500;
  std::map<Key, BusinessEvent> rows_;
  std::unordered_map<Id, std::vector<EventShare>> shares_;
};

/// The newest version of each key of a batch.
std::map<Key, Incoming> merge(std::vector<Incoming> events, PostResult& result) {
  std::map<Key, std::map<std::int64_t, Incoming>> versions;
  for (Incoming& event : events) {
    const auto [place, fresh] =
        versions[{event.row.source, event.row.external_id}].try_emplace(event.row.version, event);
    if (fresh) continue;
    if (content_of(place->second.row) != content_of(event.row) || !same_shares(place->second.shares, event.shares)) {
      fail_version(event);
    }
    ++result.repeated;
  }
  std::map<Key, Incoming> newest;
  for (auto& [key, rows] : versions) {
    result.outdated += static_cast<std::int64_t>(rows.size()) - 1;
    newest.emplace(key, std::move(rows.rbegin()->second));
  }
  return newest;
}

template <class T>
Batch batch_of(const std::vector<T>& rows) {
  Batch batch(entity_of<T>());
  for (const T& row : rows) store_row(&row, batch);
  return batch;
}

/// What a post writes.
struct Writes {
  std::vector<Incoming> added;
  std::vector<Incoming> replaced;  ///< with the id and revision that are stored
  std::vector<EventShare> gone;
  std::vector<EventShare> moved;  ///< only their day is another one
};

Writes plan_writes(const std::map<Key, Incoming>& events, const Stored& stored, PostResult& result) {
  Writes writes;
  for (const auto& [key, event] : events) {
    const BusinessEvent* before = stored.row(key);
    if (before == nullptr) {
      ++result.added;
      writes.added.push_back(event);
      continue;
    }
    std::vector<EventShare> shares = stored.shares(before->id);
    if (before->version == event.row.version) {
      if (content_of(*before) != content_of(event.row) || !same_shares(shares, event.shares)) fail_version(event);
      ++result.repeated;
    } else if (before->version > event.row.version) {
      ++result.outdated;
    } else {
      ++result.replaced;
      Incoming next = event;
      next.row.id = before->id;
      next.row.revision = before->revision;
      if (same_shares(shares, event.shares)) {
        next.shares.clear();
        for (EventShare& share : shares) {
          if (share.date == share_day(next.row)) continue;
          share.date = share_day(next.row);
          writes.moved.push_back(std::move(share));
        }
      } else {
        writes.gone.insert(writes.gone.end(), shares.begin(), shares.end());
      }
      writes.replaced.push_back(std::move(next));
    }
  }
  return writes;
}

void write(Work& work, Writes& writes) {
  for (const EventShare& share : writes.gone) work.remove<EventShare>(share.id, share.revision);
  std::vector<BusinessEvent> rows;
  std::vector<EventShare> shares;
  const auto take_shares = [&](const Incoming& event, Id id) {
    for (EventShare share : event.shares) {
      share.event = id;
      share.date = share_day(event.row);
      shares.push_back(std::move(share));
    }
  };
  for (const Incoming& event : writes.replaced) {
    rows.push_back(event.row);
    take_shares(event, event.row.id);
  }
  if (!rows.empty()) {
    Batch batch = batch_of(rows);
    work.update_batch(kEvent, batch);
  }
  rows.clear();
  for (const Incoming& event : writes.added) rows.push_back(event.row);
  if (!rows.empty()) {
    Batch batch = batch_of(rows);
    work.create_batch(kEvent, batch);
    for (std::size_t i = 0; i < rows.size(); ++i) take_shares(writes.added[i], {batch.column(kIdField).word(i)});
  }
  if (!writes.moved.empty()) {
    Batch batch = batch_of(writes.moved);
    work.update_batch(kEventShare, batch);
  }
  if (shares.empty()) return;
  Batch batch = batch_of(shares);
  work.create_batch(kEventShare, batch);
}

}  // namespace

PostResult post_events(Work& work, std::span<const EventRow> events) {
  require_all(work, Action::create, kEvent);
  const Reader system = work.as_system("commission");
  const PeopleNames people(system);
  Reading reading(people);
  std::vector<Incoming> read;
  read.reserve(events.size());
  for (std::size_t i = 0; i < events.size(); ++i) read.push_back(reading.read(events[i], i));
  reading.raise();
  PostResult result;
  const std::map<Key, Incoming> newest = merge(std::move(read), result);
  Writes writes = plan_writes(newest, Stored(system, newest), result);
  if (!writes.replaced.empty()) require_all(work, Action::edit, kEvent);
  Work::Step step(work);
  work.trusted([&] { write(work, writes); });
  step.keep();
  return result;
}

namespace {

void require_lengths(const PostColumns& columns) {
  const std::size_t rows = columns.id.size();
  const std::size_t shares = columns.share_event.size();
  const auto expect = [](std::string_view name, std::size_t size, std::size_t wanted, bool optional) {
    if (size == wanted || (optional && size == 0)) return;
    throw Error(Code::invalid, "event", std::string(name),
                fmt::format("The column has {} rows, {} were expected.", size, wanted));
  };
  expect("source", columns.source.size(), rows, false);
  expect("version", columns.version.size(), rows, true);
  expect("type", columns.type.size(), rows, false);
  expect("date", columns.date.size(), rows, false);
  expect("sequence", columns.sequence.size(), rows, true);
  expect("currency", columns.currency.size(), rows, false);
  expect("amount", columns.amount.size(), rows, false);
  expect("cost", columns.cost.size(), rows, true);
  expect("reverses", columns.reverses.size(), rows, true);
  expect("cancelled", columns.cancelled.size(), rows, true);
  expect("person", columns.person.size(), shares, false);
  expect("role", columns.role.size(), shares, false);
  expect("share", columns.share.size(), shares, false);
  for (std::size_t i = 0; i < shares; ++i) {
    if (columns.share_event[i] < rows) continue;
    throw Error(Code::invalid, "event", fmt::format("share_event[{}]", i),
                fmt::format("{} is the place of no event; there are {}.", columns.share_event[i], rows));
  }
}

}  // namespace

PostResult post_events(Work& work, const PostColumns& columns) {
  require_lengths(columns);
  std::vector<EventRow> rows(columns.id.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EventRow& row = rows[i];
    row.source = columns.source[i];
    row.id = columns.id[i];
    row.type = columns.type[i];
    row.date = columns.date[i];
    row.amount = {columns.amount[i], columns.currency[i]};
    if (!columns.version.empty()) row.version = columns.version[i];
    if (!columns.sequence.empty()) row.sequence = columns.sequence[i];
    if (!columns.cost.empty()) row.cost = columns.cost[i];
    if (!columns.reverses.empty()) row.reverses = columns.reverses[i];
    if (!columns.cancelled.empty()) row.cancelled = columns.cancelled[i] != 0;
  }
  for (std::size_t i = 0; i < columns.share_event.size(); ++i) {
    rows[columns.share_event[i]].splits.push_back(
        {std::string(columns.person[i]), std::string(columns.role[i]), std::string(columns.share[i])});
  }
  return post_events(work, rows);
}

void check_shares(const Reader& reader, std::vector<Finding>& findings) {
  std::unordered_map<Id, std::optional<Date>> days;
  const auto visit = [&](const Entity& entity, std::vector<std::string> fields, const auto& row) {
    const auto rows = reader.scan(entity, {.fields = std::move(fields)});
    for (Batch batch; rows->next(batch);) {
      for (std::size_t i = 0; i < batch.rows(); ++i) row(batch, i);
    }
  };
  visit(kEvent, {"date", "reverses"}, [&](const Batch& batch, std::size_t i) {
    BusinessEvent event;
    load_row(batch, i, &event);
    days.emplace(event.id, share_day(event));
  });
  visit(kEventShare, {"event", "date"}, [&](const Batch& batch, std::size_t i) {
    EventShare share;
    load_row(batch, i, &share);
    const auto day = days.find(share.event);
    if (!share.date || day == days.end() || share.date == day->second) return;
    findings.push_back({"event_share", share.id, "its date must be that of its event, which takes nothing back"});
  });
}

std::vector<EventRow> parse_events(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || text[first] != '[') return parse_inputs(text).events;
  return parse_inputs(fmt::format(R"({{"format": "kith.inputs/1", "events": {}}})", text)).events;
}

}  // namespace incentive

template <>
const Entity& entity_of<BusinessEvent>() {
  return incentive::kEvent;
}
template <>
const Entity& entity_of<EventShare>() {
  return incentive::kEventShare;
}

}  // namespace kith
