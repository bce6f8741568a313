// SPDX-License-Identifier: Apache-2.0
// Records from an Arrow C stream.
#include <algorithm>
#include <optional>

#include "engine/verbs.hpp"
#include "interchange/arrow_column.hpp"
#include "kith/base/error.hpp"
#include "kith/base/text.hpp"
#include "kith/engine/generic.hpp"

namespace kith {
namespace {

constexpr std::int64_t kRowsAtOnce = 10'000;  // handed to the entity's verb together
constexpr int kMostFaults = 20;

/// Releases what the producer handed out, however the function ends.
template <class Struct>
struct Released {
  Struct value = {};
  Released() = default;
  Released(const Released&) = delete;
  Released& operator=(const Released&) = delete;
  ~Released() {
    if (value.release != nullptr) value.release(&value);
  }
};

struct Source {
  explicit Source(ArrowArrayStream* given) : stream(given) {}
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  ~Source() {
    if (stream->release != nullptr) stream->release(stream);
  }
  void require(int fault) const {
    if (fault == 0) return;
    const char* said = stream->get_last_error(stream);
    throw Error(Code::storage, "the Arrow stream failed: " + std::string(said == nullptr ? "no reason given" : said));
  }
  ArrowArrayStream* stream;
};

/// Faults of many cells: the first few are told, and the entity's verb is never called.
class CellFaults {
 public:
  explicit CellFaults(const Entity& entity) : faults_(entity) {}
  void add(std::string_view field, std::string message) {
    faults_.add(field, std::move(message));
    if (++count_ == kMostFaults) faults_.raise();
  }
  void raise() const { faults_.raise(); }

 private:
  verb::Faults faults_;
  int count_ = 0;
};

/// Which column of the stream fills a field.
struct FieldSource {
  const Field* field = nullptr;
  std::optional<std::size_t> column = {};    // of the stream
  std::optional<std::size_t> currency = {};  // "x_currency" beside money column "x"
  std::size_t position = 0;                  // of the field
};

class Reading {
 public:
  Reading(Work& work, const Entity& entity, const ArrowSchema& schema)
      : work_(work), entity_(entity), base_(work.currency()), defaults_(entity), batch_(entity) {
    const Record fresh(entity, base_);
    store_row(fresh.data(), defaults_);
    plan(schema);
  }

  void append(const ArrowArray& array) {
    if (array.n_children != static_cast<std::int64_t>(layouts_.size())) {
      throw Error(Code::invalid, "the stream's batch has other columns than its schema");
    }
    std::vector<ArrowCells> cells;
    cells.reserve(layouts_.size());
    for (std::size_t i = 0; i < layouts_.size(); ++i) cells.emplace_back(layouts_[i], *array.children[i]);
    for (std::int64_t from = 0; from < array.length; from += kRowsAtOnce) {
      take(cells, array.offset + from, array.offset + std::min(array.length, from + kRowsAtOnce));
    }
  }

  std::vector<Id> ids() && { return std::move(ids_); }

 private:
  void plan(const ArrowSchema& schema) {
    if (std::string_view(schema.format) != "+s") {
      throw Error(Code::invalid, std::string(entity_.name), "", "the stream holds no table (a struct of columns)");
    }
    sources_.resize(entity_.fields.size());
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      sources_[i].field = &entity_.fields[i];
      sources_[i].position = i;
    }
    CellFaults faults(entity_);
    for (std::int64_t i = 0; i < schema.n_children; ++i) plan_column(*schema.children[i], faults);
    faults.raise();
  }

  void plan_column(const ArrowSchema& column, CellFaults& faults) {
    const std::string name = column.name == nullptr ? "" : column.name;
    const std::size_t place = layouts_.size();
    const auto layout = layout_of(column);
    layouts_.push_back(layout.value_or(ArrowLayout()));
    if (!layout) {
      return faults.add(name, "Arrow type '" + std::string(column.format) +
                                  "' cannot be read; give a plain column (a time needs its time zone)");
    }
    if (const int position = entity_.find(name); position >= 0) {
      FieldSource& source = sources_[static_cast<std::size_t>(position)];
      if (source.field->options.kept) {
        return faults.add(name, "is kept by Kith and cannot be given; leave the column out");
      }
      if (source.column) return faults.add(name, "stands twice in the stream");
      source.column = place;
      return;
    }
    constexpr std::string_view kEnd = "_currency";
    if (name.size() > kEnd.size() && name.ends_with(kEnd)) {
      const int money = entity_.find(std::string_view(name).substr(0, name.size() - kEnd.size()));
      if (money >= 0 && sources_[static_cast<std::size_t>(money)].field->type == Type::money) {
        sources_[static_cast<std::size_t>(money)].currency = place;
        return;
      }
    }
    std::vector<std::string_view> known;
    for (const Field& field : entity_.fields) {
      if (!field.options.kept) known.push_back(field.name);
    }
    faults.add(name, "is no field of " + std::string(entity_.name) + "." + suggest(name, known));
  }

  /// One chunk: columns of cells become the columns of a batch, which becomes records.
  void take(const std::vector<ArrowCells>& cells, std::int64_t from, std::int64_t to) {
    batch_.clear();
    CellFaults faults(entity_);
    currencies(cells, from, to, faults);
    for (const FieldSource& source : sources_) fill(source, cells, from, to, faults);
    faults.raise();
    generic::create_batch(work_, batch_);
    const Column& made = batch_.columns[kIdField];
    for (std::size_t row = 0; row < batch_.rows(); ++row) ids_.push_back(Id{made.word(row)});
    rows_ += to - from;
  }

  std::string row_text(std::int64_t row, std::int64_t from) const {
    return "row " + std::to_string(rows_ + row - from + 1) + ": ";
  }

  /// What the money of each row is in; empty where all is in the base currency.
  void currencies(const std::vector<ArrowCells>& cells, std::int64_t from, std::int64_t to, CellFaults& faults) {
    row_currency_.assign(static_cast<std::size_t>(to - from), base_);
    const int own = entity_.roles.currency.empty() ? -1 : entity_.find(entity_.roles.currency);
    std::vector<std::size_t> columns;
    if (own >= 0 && sources_[static_cast<std::size_t>(own)].column) {
      columns.push_back(*sources_[static_cast<std::size_t>(own)].column);
    }
    for (const FieldSource& source : sources_) {
      if (source.currency) columns.push_back(*source.currency);
    }
    for (std::int64_t row = from; row < to && !columns.empty(); ++row) {
      try {
        row_currency_[static_cast<std::size_t>(row - from)] = currency_of(cells, columns, row);
      } catch (const Error& error) {
        faults.add(entity_.roles.currency, row_text(row, from) + error.message);
      }
    }
  }

  Currency currency_of(const std::vector<ArrowCells>& cells, const std::vector<std::size_t>& columns,
                       std::int64_t row) const {
    Currency found = {};
    for (const std::size_t column : columns) {
      const ArrowLayout::Kind kind = layouts_[column].kind;
      if (kind == ArrowLayout::Kind::none || cells[column].is_null(row)) continue;
      if (kind != ArrowLayout::Kind::text && kind != ArrowLayout::Kind::text_view &&
          kind != ArrowLayout::Kind::dictionary) {
        throw Error(Code::invalid, "a currency is given as text, such as USD");
      }
      const Currency code = currency(cells[column].text(row));
      if (found && found != code) {
        throw Error(Code::invalid, "money in " + code_of(found) + " and in " + code_of(code) +
                                       " cannot stand in one record; make two of it");
      }
      found = code;
    }
    if (found && found != base_ && entity_.roles.currency.empty()) {
      throw Error(Code::invalid, "money of a " + std::string(entity_.name) + " is in " + code_of(base_) +
                                     ", the store's base currency, not in " + code_of(found));
    }
    return found ? found : base_;
  }

  void fill(const FieldSource& source, const std::vector<ArrowCells>& cells, std::int64_t from, std::int64_t to,
            CellFaults& faults) {
    Column& out = batch_.columns[source.position];
    out.reserve(static_cast<std::size_t>(to - from));
    const bool currency = !entity_.roles.currency.empty() && source.field->name == entity_.roles.currency;
    if (!source.column && currency) return fill_currency(source, out);
    if (!source.column) {
      for (std::int64_t row = from; row < to; ++row) out.append_from(defaults_.columns[source.position], 0);
      return;
    }
    const ArrowLayout& layout = layouts_[*source.column];
    const ArrowCells& data = cells[*source.column];
    for (std::int64_t row = from; row < to; ++row) {
      if (fast(layout, data, row, *source.field, out)) continue;
      try {
        out.append(cell(source, layout, data, row, row_currency_[static_cast<std::size_t>(row - from)]));
      } catch (const Error& error) {
        out.append_null();
        faults.add(source.field->name, row_text(row, from) + error.message);
      }
    }
  }

  /// The two kinds of cells that make up most of a table need no Value in between. The engine checks texts itself.
  static bool fast(const ArrowLayout& layout, const ArrowCells& data, std::int64_t row, const Field& field,
                   Column& out) {
    if (field.type == Type::text && layout.kind == ArrowLayout::Kind::text && !data.is_null(row)) {
      const std::string_view text = data.text(row);
      if (text.empty()) return false;
      out.append(text);
      return true;
    }
    if ((field.type == Type::id || field.type == Type::integer) && layout.kind == ArrowLayout::Kind::integer &&
        layout.width == 8 && layout.is_signed && !data.is_null(row)) {
      out.append(data.integer(row));
      return true;
    }
    return false;
  }

  Cell cell(const FieldSource& source, const ArrowLayout& layout, const ArrowCells& data, std::int64_t row,
            Currency money) const {
    const Value value = arrow_value(layout, data, row, *source.field, money);
    if (!is_null(value) || source.field->nullable) return to_cell(value, *source.field, money);
    const Column& fresh = defaults_.columns[source.position];
    // An end that is still open shows as null everywhere else too.
    const bool dated = source.field->type == Type::date || source.field->type == Type::timestamp;
    return dated && !fresh.is_null(0) ? fresh.cell(0) : to_cell(value, *source.field, money);
  }

  /// Named only where money in another currency makes it necessary; else the verb decides.
  void fill_currency(const FieldSource& source, Column& out) const {
    for (const Currency code : row_currency_) {
      if (code == base_) {
        out.append_from(defaults_.columns[source.position], 0);
      } else {
        out.append(std::string_view(code_of(code)));
      }
    }
  }

  Work& work_;
  const Entity& entity_;
  Currency base_;
  Batch defaults_;
  Batch batch_;
  std::vector<ArrowLayout> layouts_;
  std::vector<FieldSource> sources_;
  std::vector<Currency> row_currency_;
  std::vector<Id> ids_;
  std::int64_t rows_ = 0;  // done before this chunk
};

}  // namespace

std::vector<Id> create_from_arrow(Work& work, const Entity& entity, ArrowArrayStream* stream) {
  if (stream == nullptr || stream->release == nullptr)
    throw Error(Code::misuse, "the Arrow stream was released before");
  const Source source(stream);
  Released<ArrowSchema> schema;
  source.require(stream->get_schema(stream, &schema.value));
  Work::Step step(work);
  Reading reading(work, entity, schema.value);
  for (;;) {
    Released<ArrowArray> array;
    source.require(stream->get_next(stream, &array.value));
    if (array.value.release == nullptr) break;
    reading.append(array.value);
  }
  step.keep();
  return std::move(reading).ids();
}

}  // namespace kith
