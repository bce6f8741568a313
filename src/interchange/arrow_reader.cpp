// SPDX-License-Identifier: Apache-2.0
// Records from an Arrow C stream.
#include <algorithm>
#include <optional>
#include <unordered_set>

#include "engine/custom.hpp"
#include "engine/generic.hpp"
#include "engine/ledger.hpp"
#include "engine/verbs.hpp"
#include "interchange/arrow_stream.hpp"
#include "kith/base/error.hpp"
#include "kith/base/text.hpp"
#include "kith/engine/generic.hpp"

namespace kith {
namespace {

constexpr std::int64_t kRowsAtOnce = 10'000;  // handed to the entity's verb together
constexpr int kMostFaults = 20;

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

enum class Purpose { create, update };

class Reading {
 public:
  Reading(Work& work, const Entity& entity, const ArrowSchema& schema, Purpose purpose)
      : work_(work),
        entity_(entity),
        updates_(purpose == Purpose::update),
        base_(work.currency()),
        own_(custom_of(work, entity)),
        defaults_(entity),
        stored_(entity),
        batch_(entity),
        waiting_(entity) {
    const Record fresh(entity, base_);
    store_row(fresh.data(), defaults_);
    if (updates_) generic::update_batch(work, batch_);  // of no rows: refuses an entity without that verb
    if (!updates_ && &entity == &ledger::kPosting) accounts_.emplace(work);
    plan(schema);
  }

  void append(const ArrowArray& array) {
    check_batch(array, layouts_.size());
    std::vector<ArrowCells> cells;
    cells.reserve(layouts_.size());
    for (std::size_t i = 0; i < layouts_.size(); ++i) cells.emplace_back(layouts_[i], *array.children[i]);
    for (std::int64_t from = 0; from < array.length; from += kRowsAtOnce) {
      take(cells, array.offset + from, array.offset + std::min(array.length, from + kRowsAtOnce));
    }
  }

  /// Writes what has waited for a row that never came: the ledger says what is left.
  void end() {
    if (!accounts_ || waiting_.rows() == 0) return;
    take_waiting();
    write();
  }

  std::vector<Id> ids() && { return std::move(ids_); }
  std::int64_t changed() const { return changed_; }

 private:
  void plan(const ArrowSchema& schema) {
    sources_.resize(entity_.fields.size() + (own_ == nullptr ? 0 : own_->size()));
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      sources_[i].field = &field_at(entity_, own_.get(), static_cast<int>(i));
      sources_[i].position = i;
    }
    CellFaults faults(entity_);
    for (std::int64_t i = 0; i < schema.n_children; ++i) plan_column(*schema.children[i], faults);
    if (updates_ && !sources_[kIdField].column) faults.add("id", "is missing; each row names the record it changes");
    faults.raise();
  }

  /// What a stream may not give: in an update all that Kith keeps, but for what names the version that was read.
  bool is_refused(const FieldSource& source) const {
    const bool names = source.position == kIdField || source.position == kRevisionField;
    return source.field->options.kept && !(updates_ && names);
  }

  void plan_column(const ArrowSchema& column, CellFaults& faults) {
    const std::string name = column.name == nullptr ? "" : column.name;
    const std::size_t place = layouts_.size();
    if (name.starts_with("__index_level_")) return layouts_.push_back({});  // pandas numbers rows that were filtered
    const auto layout = layout_of(column);
    layouts_.push_back(layout.value_or(ArrowLayout()));
    if (!layout) {
      return faults.add(name, "Arrow type '" + std::string(column.format) +
                                  "' cannot be read; give a plain column (a time needs its time zone)");
    }
    if (const int position = find(name); position >= 0) {
      FieldSource& source = sources_[static_cast<std::size_t>(position)];
      if (is_refused(source)) {
        return faults.add(name, "is kept by Kith and cannot be given; leave the column out");
      }
      if (source.column) return faults.add(name, "stands twice in the stream");
      source.column = place;
      return;
    }
    constexpr std::string_view kEnd = "_currency";
    if (name.size() > kEnd.size() && name.ends_with(kEnd)) {
      const int money = find(std::string_view(name).substr(0, name.size() - kEnd.size()));
      if (money >= 0 && sources_[static_cast<std::size_t>(money)].field->type == Type::money) {
        sources_[static_cast<std::size_t>(money)].currency = place;
        return;
      }
    }
    std::vector<std::string_view> known;
    for (const FieldSource& source : sources_) {
      if (!source.field->options.kept) known.push_back(source.field->name);
    }
    faults.add(name, "is no field of " + std::string(entity_.name) + "." + suggest(name, known));
  }

  /// Position of a field, the store's own behind the entity's; -1 for none.
  int find(std::string_view name) const {
    if (const int position = entity_.find(name); position >= 0 || own_ == nullptr) return position;
    const int index = own_->find(name);
    return index < 0 ? -1 : static_cast<int>(entity_.fields.size()) + index;
  }

  /// The columns of the store's own fields become the one that keeps them all.
  void fold_own(const std::vector<ArrowCells>& cells, std::int64_t from, std::int64_t to, CellFaults& faults) {
    std::vector<std::pair<const FieldSource*, Column>> columns;
    for (std::size_t i = entity_.fields.size(); i < sources_.size(); ++i) {
      if (!sources_[i].column) continue;
      columns.emplace_back(&sources_[i], Column(is_text(sources_[i].field->type)));
      fill_given(sources_[i], cells, from, to, columns.back().second, faults);
    }
    if (columns.empty()) return;
    Column texts(true);
    for (std::size_t row = 0; row < static_cast<std::size_t>(to - from); ++row) {
      const Column& filled = batch_.column(entity_.custom());  // of an update: what the record has
      CustomCells values = parse_custom(filled.is_null(row) ? std::string_view() : filled.text(row));
      for (const auto& [source, column] : columns) values[std::string(source->field->name)] = column.cell(row);
      std::string text = to_text(values);
      if (text.empty() && updates_) text = "{}";
      text.empty() ? texts.append_null() : texts.append(std::string_view(text));
    }
    batch_.column(entity_.custom()) = std::move(texts);
  }

  /// One chunk: columns of cells become the columns of a batch, which becomes records.
  void take(const std::vector<ArrowCells>& cells, std::int64_t from, std::int64_t to) {
    batch_.clear();
    CellFaults faults(entity_);
    if (updates_) read_stored(cells, from, to, faults);
    currencies(cells, from, to, faults);
    if (updates_) keep_amounts(from, to, faults);
    for (std::size_t i = 0; i < entity_.fields.size(); ++i) fill(sources_[i], cells, from, to, faults);
    fold_own(cells, from, to, faults);
    faults.raise();
    rows_ += to - from;
    if (!waits()) write();
  }

  void write() {
    const auto rows = static_cast<std::int64_t>(batch_.rows());
    try {
      updates_ ? update() : create();
    } catch (...) {
      if (written_ == 0) throw;
      rethrow_at("behind row " + std::to_string(written_) + ", ");  // verbs count the rows of their batch
    }
    written_ += rows;
  }

  /// Postings wait, with all behind them, until the pairs among them balance: a chunk may end between two sides.
  bool waits() {
    if (!accounts_) return false;
    for (std::size_t row = 0; row < batch_.rows(); ++row) {
      Posting posting;
      load_row(batch_, row, &posting);
      if (!posting.currency) posting.currency = base_;
      ledger::add_to_pairs(*accounts_, posting, open_);
    }
    std::erase_if(open_, [](const auto& pair) { return pair.second.first == 0 && pair.second.second == 0; });
    if (open_.empty() && waiting_.rows() == 0) return false;
    for (std::size_t row = 0; row < batch_.rows(); ++row) waiting_.append_row(batch_, row);
    if (!open_.empty()) return true;
    take_waiting();
    return false;
  }

  void take_waiting() {
    std::swap(batch_, waiting_);
    waiting_.clear();
  }

  void create() {
    generic::create_batch(work_, batch_);
    const Column& made = batch_.columns[kIdField];
    for (std::size_t row = 0; row < batch_.rows(); ++row) ids_.push_back(Id{made.word(row)});
  }

  void update() {
    generic::update_batch(work_, batch_);
    const Column& now = batch_.columns[kRevisionField];
    const Column& before = stored_.columns[kRevisionField];
    for (std::size_t row = 0; row < batch_.rows(); ++row) changed_ += now.word(row) != before.word(row) ? 1 : 0;
  }

  /// The records that the rows name, before they change.
  void read_stored(const std::vector<ArrowCells>& cells, std::int64_t from, std::int64_t to, CellFaults& faults) {
    const std::size_t column = *sources_[kIdField].column;
    std::vector<Id> ids;
    for (std::int64_t row = from; row < to; ++row) {
      try {
        const Value value = arrow_value(layouts_[column], cells[column], row, *sources_[kIdField].field, base_);
        const Cell cell = is_null(value) ? Cell() : to_cell(value, *sources_[kIdField].field, base_);
        const auto* id = std::get_if<std::int64_t>(&cell);
        if (id == nullptr || *id == 0) throw Error(Code::invalid, "is empty; each row names the record it changes");
        if (!seen_.insert(*id).second) {
          throw Error(Code::invalid, "record " + std::to_string(*id) + " stands twice in the stream");
        }
        ids.push_back(Id{*id});
      } catch (const Error& error) {
        faults.add("id", row_text(row, from) + error.message);
      }
    }
    faults.raise();
    stored_ = generic::get_batch(work_, entity_, ids);
  }

  /// What a field holds where the stream does not say.
  const Batch& without() const { return updates_ ? stored_ : defaults_; }
  std::size_t row_without(std::int64_t row, std::int64_t from) const {
    return updates_ ? static_cast<std::size_t>(row - from) : 0;
  }

  /// What the money of a record is in before the stream says something else.
  Currency held_currency(std::size_t row) const {
    if (!updates_ || entity_.roles.currency.empty()) return base_;
    const std::string_view code = stored_.column(entity_.at(entity_.roles.currency)).text(row);
    return code.empty() ? base_ : currency(code);
  }

  /// Amounts are whole minor units of their currency: one that the stream leaves alone would change its worth.
  void keep_amounts(std::int64_t from, std::int64_t to, CellFaults& faults) const {
    for (const FieldSource& source : sources_) {
      if (source.field->type != Type::money || source.field->options.in_base || source.column) continue;
      const std::optional<Column> own = own_amounts(source);
      const Column& amounts = own ? *own : stored_.columns[source.position];
      for (std::int64_t row = from; row < to; ++row) {
        const auto place = static_cast<std::size_t>(row - from);
        const Currency held = held_currency(place);
        if (amounts.is_null(place) || amounts.word(place) == 0 || row_currency_[place] == held) continue;
        faults.add(source.field->name, row_text(row, from) + "holds money in " + code_of(held) + "; give it in " +
                                           code_of(row_currency_[place]) + " too");
      }
    }
  }

  /// What the stored records have of money of the store's own; nothing for a field of the entity. A formula follows
  /// what it is made of.
  std::optional<Column> own_amounts(const FieldSource& source) const {
    if (source.position < entity_.fields.size()) return std::nullopt;
    const bool computed = own_->is_formula(source.position - entity_.fields.size());
    const Column& texts = stored_.column(entity_.custom());
    Column amounts;
    for (std::size_t row = 0; row < stored_.rows(); ++row) {
      const CustomCells values = parse_custom(computed || texts.is_null(row) ? std::string_view() : texts.text(row));
      const auto found = values.find(source.field->name);
      found == values.end() ? amounts.append_null() : amounts.append(found->second);
    }
    return amounts;
  }

  std::string row_text(std::int64_t row, std::int64_t from) const {
    return "row " + std::to_string(rows_ + row - from + 1) + ": ";
  }

  /// What the money of each row is in.
  void currencies(const std::vector<ArrowCells>& cells, std::int64_t from, std::int64_t to, CellFaults& faults) {
    const int own = entity_.roles.currency.empty() ? -1 : entity_.find(entity_.roles.currency);
    const bool named = own >= 0 && sources_[static_cast<std::size_t>(own)].column;
    row_currency_.clear();
    for (std::int64_t row = from; row < to; ++row) {
      row_currency_.push_back(named ? base_ : held_currency(static_cast<std::size_t>(row - from)));
    }
    std::vector<std::size_t> columns;
    if (named) columns.push_back(*sources_[static_cast<std::size_t>(own)].column);
    for (const FieldSource& source : sources_) {
      if (source.currency && !source.field->options.in_base) columns.push_back(*source.currency);
    }
    for (std::int64_t row = from; row < to && !columns.empty(); ++row) {
      try {
        const Currency found = currency_of(cells, columns, row);
        if (found) row_currency_[static_cast<std::size_t>(row - from)] = found;
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
    return found;  // none: as it is
  }

  void fill(const FieldSource& source, const std::vector<ArrowCells>& cells, std::int64_t from, std::int64_t to,
            CellFaults& faults) {
    Column& out = batch_.columns[source.position];
    out.reserve(static_cast<std::size_t>(to - from));
    const bool currency = !entity_.roles.currency.empty() && source.field->name == entity_.roles.currency;
    if (!source.column && currency) return fill_currency(source, out);
    if (!source.column) {
      const Column& column = without().columns[source.position];
      for (std::int64_t row = from; row < to; ++row) out.append_from(column, row_without(row, from));
      return;
    }
    fill_given(source, cells, from, to, out, faults);
  }

  void fill_given(const FieldSource& source, const std::vector<ArrowCells>& cells, std::int64_t from, std::int64_t to,
                  Column& out, CellFaults& faults) const {
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
    const Column& column = without().columns[source.position];
    for (std::size_t row = 0; row < row_currency_.size(); ++row) {
      if (row_currency_[row] == held_currency(row)) {
        out.append_from(column, updates_ ? row : 0);
      } else {
        out.append(std::string_view(code_of(row_currency_[row])));
      }
    }
  }

  Work& work_;
  const Entity& entity_;
  bool updates_;
  Currency base_;
  std::shared_ptr<const CustomFields> own_;  // fields that the store itself has defined
  Batch defaults_;                           // one row
  Batch stored_;                             // the records of an update, before it
  Batch batch_;
  std::vector<ArrowLayout> layouts_;
  std::vector<FieldSource> sources_;
  std::vector<Currency> row_currency_;
  std::vector<Id> ids_;
  std::unordered_set<std::int64_t> seen_;  // of an update
  std::int64_t changed_ = 0;
  std::int64_t rows_ = 0;     // read before this chunk
  std::int64_t written_ = 0;  // given to the verbs before

  std::optional<ledger::Accounts> accounts_;  // of new postings
  ledger::PairSums open_;                     // what their pairs leave open so far
  Batch waiting_;
};

/// Reads a stream to its end, all or nothing.
Reading read(Work& work, const Entity& entity, ArrowArrayStream* stream, Purpose purpose) {
  const ArrowSource source(stream);
  Released<ArrowSchema> schema;
  source.schema(schema);
  Work::Step step(work);
  Reading reading(work, entity, schema.value, purpose);
  for (;;) {
    Released<ArrowArray> array;
    if (!source.next(array)) break;
    reading.append(array.value);
  }
  reading.end();
  step.keep();
  return reading;
}

}  // namespace

std::vector<Id> create_from_arrow(Work& work, const Entity& entity, ArrowArrayStream* stream) {
  return read(work, entity, stream, Purpose::create).ids();
}

std::int64_t update_from_arrow(Work& work, const Entity& entity, ArrowArrayStream* stream) {
  return read(work, entity, stream, Purpose::update).changed();
}

}  // namespace kith
