// SPDX-License-Identifier: Apache-2.0
// Events from an Arrow stream: what columns can say stays columns, the rest becomes rows.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <numeric>
#include <tuple>
#include <unordered_map>

#include "incentive/document_facts.hpp"
#include "incentive/plan_rules.hpp"
#include "interchange/arrow_stream.hpp"
#include "kith/base/error.hpp"
#include "kith/incentive/document_tables.hpp"

namespace kith::incentive {
namespace {

using general::Names;
using Kind = ArrowLayout::Kind;
using Place = std::int32_t;

constexpr std::size_t kMostFaults = 20;

Field field_of(std::string_view name, Type type, int scale = 0) {
  Field field{.name = name, .type = type, .nullable = true};
  field.options.scale = scale;
  return field;
}

/// The events of a stream before they are in order.
struct Raw {
  Names names;
  std::vector<std::string> id;  ///< of rows whose id is no number
  EventColumns columns;         ///< in the order of the stream; split_end and currency of every row
  std::vector<std::int64_t> version;
  std::vector<std::uint8_t> cancelled;
  std::vector<std::string> reverses;
  std::vector<std::int64_t> number_of;  ///< place in `id`, -1 where the id is a number
  std::size_t rows() const { return columns.amount.size(); }
};

/// One column of the stream by its name.
struct Source {
  std::string name;
  ArrowLayout layout;
  std::size_t place = 0;
};

/// The columns of a list of splits.
struct ListSource {
  std::size_t place = 0;
  bool large = false;
  std::array<std::optional<Source>, 3> parts = {};
};

constexpr std::string_view kSplit[] = {"person", "role", "share"};
/// Columns that are no attributes, and their places below.
enum Known : std::size_t {
  source_,
  id_,
  type_,
  date_,
  amount_,
  version_,
  sequence_,
  currency_,
  amount_currency_,
  cost_,
  quantity_,
  reverses_,
  cancelled_,
  person_,
  role_,
  share_,
  known_
};
constexpr std::string_view kKnown[known_] = {
    "source",          "id",   "type",     "date",     "amount",    "version", "sequence", "currency",
    "amount_currency", "cost", "quantity", "reverses", "cancelled", "person",  "role",     "share"};
constexpr std::size_t kRequired = version_;  ///< how many of them an event cannot do without

class Reading {
 public:
  Reading(Raw& out, const ArrowSchema& schema) : out_(out), width_(static_cast<std::size_t>(schema.n_children)) {
    Findings faults("event");
    for (std::size_t i = 0; i < width_; ++i) plan(*schema.children[i], i, faults);
    for (std::size_t i = 0; i < kRequired; ++i) {
      if (!sources_[i]) faults.add(std::string(kKnown[i]), "Every event needs it; the stream has no such column.");
    }
    if (!sources_[currency_] && !sources_[amount_currency_]) {
      faults.add("currency", "Every amount needs one; give a column 'currency' or 'amount_currency'.");
    }
    const int given = sources_[person_].has_value() + sources_[role_].has_value() + sources_[share_].has_value();
    if (given != 0 && (given != 3 || splits_)) {
      faults.add("person", "Splits stand in 'person', 'role' and 'share' together, or in 'splits'.");
    }
    if (!faults.empty()) throw Error(faults.take());
  }

  void append(const ArrowArray& batch) {
    check_batch(batch, width_);
    const auto open = [&](const Source& source) { return ArrowCells(source.layout, *batch.children[source.place]); };
    for (std::size_t i = 0; i < known_; ++i) {
      cells_[i].reset();
      if (sources_[i]) cells_[i].emplace(open(*sources_[i]));
    }
    attribute_cells_.clear();
    for (const Source& attribute : attributes_) attribute_cells_.push_back(open(attribute));
    list_.reset();
    if (splits_) list_.emplace(*splits_, *batch.children[splits_->place]);
    Findings faults("event");
    for (std::int64_t i = 0; i < batch.length && count_ < kMostFaults; ++i) {
      row_ = batch.offset + i;
      try {
        take();
      } catch (const Error& error) {
        ++count_;
        faults.add(fmt::format("events[{}].{}", done_ + i, field_), error.message);
      }
    }
    if (!faults.empty()) throw Error(faults.take());
    done_ += batch.length;
  }

 private:
  /// The cells of a list of splits.
  struct ListCells {
    ListCells(const ListSource& source, const ArrowArray& array) : large(source.large), list(array) {
      if (list.n_children != 1 || list.n_buffers < 2 || (list.length != 0 && list.buffers[1] == nullptr) ||
          list.children[0]->n_children < 3) {
        throw Error(Code::invalid, "the stream's lists of splits lack their buffers");
      }
      items = list.children[0];
      for (std::size_t i = 0; i < cells.size(); ++i) {
        cells[i].emplace(source.parts[i]->layout, *items->children[source.parts[i]->place]);
      }
    }
    std::int64_t begin(std::int64_t row) const {
      const std::int64_t place = row + list.offset;
      return large ? static_cast<const std::int64_t*>(list.buffers[1])[place]
                   : static_cast<const std::int32_t*>(list.buffers[1])[place];
    }
    std::int64_t end(std::int64_t row) const {
      const std::int64_t stop = begin(row + 1);
      if (begin(row) >= 0 && stop <= items->length) return stop;
      throw Error(Code::invalid, "the stream's list points beyond its splits");
    }
    bool is_null(std::int64_t row) const {
      const auto* bits = static_cast<const unsigned char*>(list.buffers[0]);
      const std::int64_t place = row + list.offset;
      return list.null_count != 0 && bits != nullptr && ((bits[place >> 3] >> (place & 7)) & 1) == 0;
    }
    bool large;
    const ArrowArray& list;
    const ArrowArray* items = nullptr;
    std::array<std::optional<ArrowCells>, 3> cells = {};
  };

  static std::optional<Source> read(const ArrowSchema& schema, std::size_t place, const std::string& path,
                                    Findings& faults) {
    const auto layout = layout_of(schema);
    if (layout && layout->kind != Kind::real && layout->kind != Kind::time) {
      return Source{schema.name == nullptr ? "" : schema.name, *layout, place};
    }
    faults.add(path, fmt::format("Arrow type '{}' cannot be read: give text, integers, decimal128, dates or booleans; "
                                 "floats are not exact.",
                                 schema.format));
    return std::nullopt;
  }

  void plan(const ArrowSchema& schema, std::size_t place, Findings& faults) {
    const std::string name = schema.name == nullptr ? "" : schema.name;
    if (name.starts_with("__index_level_")) return;  // pandas numbers rows that were filtered
    if (name == "splits") return plan_list(schema, place, faults);
    auto source = read(schema, place, name, faults);
    if (!source) return;
    const auto known = static_cast<std::size_t>(std::find(std::begin(kKnown), std::end(kKnown), name) - kKnown);
    const auto same = [&](const Source& other) { return other.name == name; };
    if ((known < known_ && sources_[known]) || std::any_of(attributes_.begin(), attributes_.end(), same)) {
      return faults.add(name, "The column stands twice in the stream.");
    }
    known < known_ ? void(sources_[known] = std::move(source)) : attributes_.push_back(std::move(*source));
  }

  void plan_list(const ArrowSchema& schema, std::size_t place, Findings& faults) {
    const std::string_view format = schema.format;
    if ((format != "+l" && format != "+L") || schema.n_children != 1 ||
        std::string_view(schema.children[0]->format) != "+s") {
      return faults.add("splits", "Expected a list of structs of person, role and share.");
    }
    const ArrowSchema& items = *schema.children[0];
    splits_ = ListSource{.place = place, .large = format == "+L"};
    for (std::int64_t i = 0; i < items.n_children; ++i) {
      const std::string path = fmt::format("splits[].{}", items.children[i]->name);
      auto source = read(*items.children[i], static_cast<std::size_t>(i), path, faults);
      const auto* known = source ? std::find(std::begin(kSplit), std::end(kSplit), source->name) : std::end(kSplit);
      if (known != std::end(kSplit)) {
        splits_->parts[static_cast<std::size_t>(known - std::begin(kSplit))] = std::move(*source);
      } else if (source) {
        faults.add(path, "A split has a person, a role and a share.");
      }
    }
    for (std::size_t i = 0; i < splits_->parts.size(); ++i) {
      if (!splits_->parts[i]) faults.add(fmt::format("splits[].{}", kSplit[i]), "Every split needs it.");
    }
  }

  /// A cell of the row as a value; nothing where it is null or there is no such column.
  Value value(Known column, Type type, int scale = 0, Currency money = {}) {
    field_ = kKnown[column];
    if (!sources_[column]) return {};
    const Field field = field_of(field_, type, scale);
    const Value read = arrow_value(sources_[column]->layout, *cells_[column], row_, field, money);
    return to_value(to_cell(read, field, money), field, money);
  }
  std::int64_t integer(Known column, std::int64_t absent) {
    const Value read = value(column, Type::integer);
    return is_null(read) ? absent : std::get<std::int64_t>(read);
  }
  [[noreturn]] static void missing() { throw Error(Code::invalid, "Every event needs it."); }

  static bool is_text_cell(const ArrowLayout& layout) {
    const Kind kind = layout.kind == Kind::dictionary ? layout.values->kind : layout.kind;
    return kind == Kind::text || kind == Kind::text_view;
  }
  /// A cell as the text that JSON would have; nothing for null. What is no text yet is written into `made`.
  static std::optional<std::string_view> text_of(const Source& source, const ArrowCells& cells, std::int64_t row,
                                                 std::string& made) {
    if (cells.is_null(row)) return std::nullopt;
    if (is_text_cell(source.layout)) return cells.text(row);
    const auto as = [&](Type type) { return arrow_value(source.layout, cells, row, field_of(source.name, type), {}); };
    switch (source.layout.kind) {
      case Kind::boolean: return cells.boolean(row) ? "true" : "false";
      case Kind::integer: made = std::to_string(cells.integer(row)); break;
      case Kind::date: made = to_string(std::get<Date>(as(Type::date))); break;
      case Kind::decimal: made = to_string(std::get<Decimal>(as(Type::decimal)), true); break;
      default: throw Error(Code::invalid, fmt::format("Arrow type '{}' is no text.", source.layout.format));
    }
    return made;
  }
  std::optional<std::string_view> text(Known column, std::string& made) {
    field_ = kKnown[column];
    if (!sources_[column]) return std::nullopt;
    return text_of(*sources_[column], *cells_[column], row_, made);
  }
  Place name(Known column) {
    const auto read = text(column, made_[0]);
    if (!read || read->empty()) missing();
    return out_.names.add(*read);
  }

  Currency row_currency() {
    Currency found = {};
    for (const Known column : {currency_, amount_currency_}) {
      const auto code = text(column, made_[0]);
      if (!code) continue;
      const Currency read = currency(*code);
      if (found && found != read) throw Error(Code::invalid, "An event has one currency.");
      found = read;
    }
    if (!found) missing();
    return found;
  }

  void take() {
    EventColumns& into = out_.columns;
    into.source.push_back(name(source_));
    into.type.push_back(name(type_));
    out_.version.push_back(integer(version_, 1));
    into.sequence.push_back(integer(sequence_, 0));
    take_id();
    const Value day = value(date_, Type::date);
    if (is_null(day)) missing();
    into.date.push_back(std::get<Date>(day).days);
    const Currency money = row_currency();
    const Value amount = value(amount_, Type::money, 0, money);
    if (is_null(amount)) missing();
    into.currency.push_back(money);
    into.amount.push_back(std::get<Money>(amount).minor);
    const Value cost = value(cost_, Type::money, 0, money);
    into.cost.push_back(is_null(cost) ? 0 : std::get<Money>(cost).minor);
    const Value quantity = value(quantity_, Type::decimal, kQuantityScale);
    into.quantity.push_back(is_null(quantity) ? 0 : std::get<Decimal>(quantity).coefficient);
    const Value cancelled = value(cancelled_, Type::boolean);
    out_.cancelled.push_back(!is_null(cancelled) && std::get<bool>(cancelled));
    if (sources_[reverses_]) out_.reverses.emplace_back(text(reverses_, made_[0]).value_or(""));
    take_attributes();
    take_splits();
  }

  /// "7" is a number; "07" and "A7" are texts.
  void take_id() {
    const auto key = text(id_, made_[0]);
    if (!key || key->empty()) missing();
    std::int64_t number = 0;
    const char* end = key->data() + key->size();
    const auto [stop, fault] = std::from_chars(key->data(), end, number);
    const bool plain = fault == std::errc() && stop == end && std::to_string(number) == *key;
    out_.columns.id.push_back(plain ? number : 0);
    out_.number_of.push_back(plain ? -1 : static_cast<std::int64_t>(out_.id.size()));
    if (!plain) out_.id.emplace_back(*key);
  }

  void take_attributes() {
    for (std::size_t i = 0; i < attributes_.size(); ++i) {
      field_ = attributes_[i].name;
      const auto read = text_of(attributes_[i], attribute_cells_[i], row_, made_[0]);
      out_.columns.attributes[attributes_[i].name].push_back(read ? out_.names.add(*read) : -1);
    }
  }

  using Parts = std::array<std::optional<std::string_view>, 3>;

  void take_split(const Parts& parts) {
    for (std::size_t i = 0; i < parts.size(); ++i) {
      field_ = kSplit[i];
      if (!parts[i]) throw Error(Code::invalid, "Every split needs it.");
    }
    out_.columns.person.push_back(out_.names.add(*parts[0]));
    out_.columns.role.push_back(out_.names.add(*parts[1]));
    out_.columns.share.push_back(out_.names.add(*parts[2]));
  }

  void take_splits() {
    Parts parts;
    if (list_ && !list_->is_null(row_)) {
      field_ = "splits";
      for (std::int64_t at = list_->begin(row_); at < list_->end(row_); ++at) {
        for (std::size_t i = 0; i < 3; ++i) {
          parts[i] = text_of(*splits_->parts[i], *list_->cells[i], at + list_->items->offset, made_[i]);
        }
        take_split(parts);
      }
    } else if (sources_[person_]) {
      parts = {text(person_, made_[0]), text(role_, made_[1]), text(share_, made_[2])};
      if (parts[0] || parts[1] || parts[2]) take_split(parts);
    }
    out_.columns.split_end.push_back(static_cast<std::uint32_t>(out_.columns.person.size()));
  }

  Raw& out_;
  std::size_t width_;
  std::array<std::optional<Source>, known_> sources_ = {};
  std::vector<Source> attributes_;
  std::optional<ListSource> splits_;
  std::array<std::optional<ArrowCells>, known_> cells_ = {};  ///< of the batch, like the next two
  std::vector<ArrowCells> attribute_cells_;
  std::optional<ListCells> list_;
  std::array<std::string, 3> made_;
  std::string_view field_;
  std::int64_t row_ = 0, done_ = 0;
  std::size_t count_ = 0;
};

// --- What can stay columns --------------------------------------------------------------------------------------

std::string key_at(const Raw& raw, std::size_t row) {
  const std::int64_t text = raw.number_of[row];
  return raw.names[raw.columns.source[row]] + ":" +
         (text < 0 ? std::to_string(raw.columns.id[row]) : raw.id[static_cast<std::size_t>(text)]);
}

EventRow row_at(const Raw& raw, std::size_t row) {
  EventRow event = general::row_of(raw.columns, row);
  if (const std::int64_t text = raw.number_of[row]; text >= 0) event.id = raw.id[static_cast<std::size_t>(text)];
  event.version = raw.version[row];
  event.cancelled = raw.cancelled[row] != 0;
  if (!raw.reverses.empty()) event.reverses = raw.reverses[row];
  return event;
}

/// Columns know one version of each event, none cancelled, and only reverse each other.
class Sorting {
 public:
  explicit Sorting(const Raw& raw) : raw_(raw), plain_(raw.rows()) {
    for (std::size_t i = 0; i < plain_.size(); ++i) {
      plain_[i] = raw.number_of[i] < 0 && raw.version[i] == 1 && raw.cancelled[i] == 0;
    }
    drop_twice();
    if (!raw.reverses.empty()) drop_strangers();
  }
  bool plain(std::size_t row) const { return plain_[row]; }
  /// The row that one of the columns reverses, or -1.
  std::int64_t target(std::size_t row) const {
    return raw_.reverses.empty() || raw_.reverses[row].empty()
               ? -1
               : static_cast<std::int64_t>(by_key_.at(raw_.reverses[row]));
  }

 private:
  void drop_twice() {
    std::vector<std::size_t> order(plain_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto key = [&](std::size_t row) {
      return std::tuple(raw_.columns.source[row], raw_.columns.id[row], raw_.number_of[row] >= 0);
    };
    const auto less = [&](std::size_t a, std::size_t b) { return key(a) < key(b); };
    if (!std::is_sorted(order.begin(), order.end(), less)) std::sort(order.begin(), order.end(), less);
    for (std::size_t i = 1; i < order.size(); ++i) {
      if (key(order[i - 1]) == key(order[i])) plain_[order[i - 1]] = plain_[order[i]] = false;
    }
  }
  void drop_strangers() {
    for (std::size_t i = 0; i < plain_.size(); ++i) by_key_.emplace(key_at(raw_, i), i);
    for (bool again = true; again;) {
      again = false;
      for (std::size_t i = 0; i < plain_.size(); ++i) {
        if (!plain_[i] || raw_.reverses[i].empty()) continue;
        const auto found = by_key_.find(raw_.reverses[i]);
        if (found != by_key_.end() && plain_[found->second]) continue;
        plain_[i] = false;
        again = true;
      }
    }
  }

  const Raw& raw_;
  std::vector<bool> plain_;
  std::unordered_map<std::string, std::size_t> by_key_;
};

/// The plain rows by date, sequence, key.
std::vector<std::size_t> order_of(const Raw& raw, const Sorting& sorting) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < raw.rows(); ++i) {
    if (sorting.plain(i)) order.push_back(i);
  }
  const EventColumns& columns = raw.columns;
  const auto less = [&](std::size_t a, std::size_t b) {
    if (columns.date[a] != columns.date[b]) return columns.date[a] < columns.date[b];
    if (columns.sequence[a] != columns.sequence[b]) return columns.sequence[a] < columns.sequence[b];
    return a != b && key_at(raw, a) < key_at(raw, b);
  };
  if (!std::is_sorted(order.begin(), order.end(), less)) std::sort(order.begin(), order.end(), less);
  return order;
}

template <class T>
std::vector<T> gathered(const std::vector<T>& from, const std::vector<std::size_t>& order) {
  std::vector<T> out;
  out.reserve(order.size());
  for (const std::size_t row : order) out.push_back(from[row]);
  return out;
}

void gather_splits(const EventColumns& from, const std::vector<std::size_t>& order, EventColumns& out) {
  bool one_each = true;
  for (const std::size_t row : order) {
    const std::size_t end = from.split_end[row];
    for (std::size_t at = row == 0 ? 0 : from.split_end[row - 1]; at < end; ++at) {
      out.person.push_back(from.person[at]);
      out.role.push_back(from.role[at]);
      out.share.push_back(from.share[at]);
    }
    out.split_end.push_back(static_cast<std::uint32_t>(out.person.size()));
    one_each = one_each && out.split_end.back() == out.split_end.size();
  }
  if (one_each) out.split_end.clear();
}

void arrange(const Raw& raw, const Sorting& sorting, EventColumns& out) {
  const std::vector<std::size_t> order = order_of(raw, sorting);
  const EventColumns& from = raw.columns;
  out.source = gathered(from.source, order);
  out.id = gathered(from.id, order);
  out.type = gathered(from.type, order);
  out.date = gathered(from.date, order);
  out.sequence = gathered(from.sequence, order);
  out.amount = gathered(from.amount, order);
  out.currency = gathered(from.currency, order);
  out.cost = gathered(from.cost, order);
  out.quantity = gathered(from.quantity, order);
  for (const auto& [name, column] : from.attributes) out.attributes[name] = gathered(column, order);
  gather_splits(from, order, out);
  if (raw.reverses.empty()) return;
  std::vector<std::int32_t> place(raw.rows(), -1);
  for (std::size_t i = 0; i < order.size(); ++i) place[order[i]] = static_cast<std::int32_t>(i);
  for (const std::size_t row : order) {
    const std::int64_t target = sorting.target(row);
    out.reverses.push_back(target < 0 ? -1 : place[static_cast<std::size_t>(target)]);
  }
}

/// Reads a stream to its end.
void read(ArrowArrayStream* stream, Raw& out) {
  const ArrowSource source(stream);
  Released<ArrowSchema> schema;
  source.schema(schema);
  Reading reading(out, schema.value);
  for (;;) {
    Released<ArrowArray> array;
    if (!source.next(array)) break;
    reading.append(array.value);
  }
  for (std::size_t i = 0; i < out.names.size(); ++i) out.columns.names.push_back(out.names[static_cast<Place>(i)]);
}

}  // namespace

void add_events(Inputs& inputs, ArrowArrayStream* stream) {
  Raw raw;
  read(stream, raw);
  if (!inputs.columns.amount.empty()) throw Error(Code::misuse, "the inputs have columns of events already");
  const Sorting sorting(raw);
  EventColumns columns;
  arrange(raw, sorting, columns);
  for (std::size_t i = 0; i < raw.rows(); ++i) {
    if (!sorting.plain(i)) inputs.events.push_back(row_at(raw, i));
  }
  columns.names = std::move(raw.columns.names);
  inputs.columns = std::move(columns);
}

void read_events(ArrowArrayStream* stream, std::vector<EventRow>& out) {
  Raw raw;
  read(stream, raw);
  for (std::size_t i = 0; i < raw.rows(); ++i) out.push_back(row_at(raw, i));
}

}  // namespace kith::incentive
