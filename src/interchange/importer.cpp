// SPDX-License-Identifier: Apache-2.0
#include "kith/interchange/importer.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/quote.hpp"
#include "interchange/import_pairs.hpp"
#include "interchange/import_rows.hpp"

namespace kith {
namespace {

constexpr std::size_t kIdsAsked = 512;  // at once; a longer list a backend may decline and read the whole table

/// Faults of one row; anything else ends the import.
bool is_row_fault(Code code) {
  switch (code) {
    case Code::invalid:
    case Code::not_found:
    case Code::denied:
    case Code::conflict:
    case Code::state:
    case Code::overflow: return true;
    default: return false;
  }
}

bool same(const Column& column, std::size_t row, const Cell& cell) {
  if (const auto* word = std::get_if<std::int64_t>(&cell)) return !column.is_null(row) && column.word(row) == *word;
  if (const auto* text = std::get_if<std::string>(&cell)) return !column.is_null(row) && column.text(row) == *text;
  return column.is_null(row);
}

class Import {
 public:
  Import(Session& session, Decoded text, const ImportPlan& plan, const ImportOptions& options)
      : session_(session),
        plan_(plan),
        options_(options),
        entity_(session.engine().model().entity(plan.entity)),
        verbs_(verbs_of(session.engine().model(), entity_)),
        record_(entity_.make(), entity_.destroy),
        csv_(std::move(text.source), options.csv),
        defaults_(entity_) {
    store_row(record_.get(), defaults_);
    report_.dry_run = options.dry_run;
    report_.encoding = std::move(text.report);
  }

  ImportReport run() {
    if (options_.dry_run || options_.all_or_nothing) whole_.emplace(session_.work(work_options()));
    prepare();
    while (const CsvRecord* record = csv_.next()) {
      ++report_.rows;
      line_ = record->line;
      read(*record);
      if (++in_chunk_ >= options_.chunk_rows) flush();
    }
    flush();
    finish_waiting();
    write_open_pairs();
    finish();
    return std::move(report_);
  }

 private:
  enum class Outcome { created, updated, unchanged, rejected };
  struct Rejected {
    std::int64_t line = 0;
    std::string raw;
    bool whole = true;  // raw is all of the row, with its quotes closed
    std::vector<ImportProblem> problems;
  };
  struct Known {
    Id id;                  // 0: not in the store
    std::int64_t line = 0;  // where this file names it; 0: nowhere yet
  };

  static const RecordVerbs& verbs_of(const Model& model, const Entity& entity) {
    const RecordVerbs* verbs = model.verbs_of(entity);
    if (verbs == nullptr || verbs->create == nullptr || entity.make == nullptr) {
      throw Error(Code::invalid, std::string(entity.name), "", "cannot be imported; its records come from other verbs");
    }
    return *verbs;
  }

  WorkOptions work_options() const {
    return {.cause = options_.cause.empty() ? fmt::format("import of {}", entity_.plural) : options_.cause};
  }

  void prepare() {
    if (options_.chunk_rows == 0) throw Error(Code::invalid, "an import needs at least one row in a chunk");
    if (whole_) return prepare(*whole_);
    prepare(session_.reader());
  }

  void prepare(const Reader& reader) {
    rows_.emplace(reader, entity_, plan_, csv_.header(), notes_);
    if (&entity_ == &ledger::kPosting) pairs_.emplace(reader);
    if (!plan_.key) return;
    Query query;
    query.fields = {"id", "external_id"};
    query.conditions.push_back(equals(entity_, "source", plan_.source));
    auto known = reader.scan(entity_, query);
    const int key = entity_.at("external_id");
    for (Batch batch; known->next(batch);) {
      const Column& keys = batch.column(key);
      for (std::size_t row = 0; row < batch.rows(); ++row) {
        if (!keys.is_null(row)) keys_[std::string(keys.text(row))].id = Id{batch.column(kIdField).word(row)};
      }
    }
  }

  void read(const CsvRecord& record) {
    if (!record.problem) return take(record.line, record.raw, record.fields, false);
    const CsvProblem& found = *record.problem;
    report_.broken_off = report_.broken_off || found.fatal;
    ImportProblem problem;
    problem.line = found.line;
    if (found.field > 0 && found.field <= csv_.header().size()) problem.column = csv_.header()[found.field - 1];
    if (found.field > 0 && found.field <= record.fields.size()) {
      problem.value = quote(record.fields[found.field - 1].text);
    }
    problem.reason = found.column > 0 ? fmt::format("column {} of line {}: {}", found.column, found.line, found.message)
                                      : found.message;
    const bool whole = !found.fatal && found.fault != CsvFault::too_long;
    rejected_.push_back({record.line, std::string(record.raw), whole, {std::move(problem)}});
  }

  /// A row that could be told apart: makes it one to be written, to be rejected, or to wait.
  void take(std::int64_t line, std::string_view raw, std::span<const CsvField> fields, bool last) {
    ImportRow row;
    row.line = line;
    row.raw = raw;
    std::vector<ImportProblem> problems;
    const auto verdict = rows_->build(fields, last, row, problems);
    if (verdict == ImportRows::Verdict::waiting) {
      waiting_.push_back(std::move(row));
      return;
    }
    if (verdict == ImportRows::Verdict::blank) {
      ++report_.blank_rows;
      return;
    }
    if (!row.key.empty()) {
      Known& known = keys_[row.key];
      if (known.line != 0) {
        problems.push_back({0, *plan_.key, "external_id", row.key,
                            fmt::format("stands on line {} already; a key names one row", known.line), Code::conflict});
      } else {
        known.line = line;
      }
    }
    if (problems.empty()) {
      admit(std::move(row));
    } else {
      reject(row, std::move(problems));
    }
  }

  /// Postings on a pair of accounts wait until they balance; every other row is written with its chunk.
  void admit(ImportRow row) {
    const bool stored = !row.key.empty() && keys_[row.key].id;
    const auto posting = pairs_ && !stored ? posting_of(row) : std::nullopt;
    if (!posting) return pending_.push_back(std::move(row));
    pairs_->add(std::move(row), *posting, pending_);
  }

  /// What a row would post; nothing where it could not be posted, as it is told when it is written.
  std::optional<Posting> posting_of(const ImportRow& row) const {
    try {
      Batch batch(entity_);
      assemble(row, defaults_, 0, batch);
      Posting posting;
      load_row(batch, 0, &posting);
      return posting;
    } catch (const Error& error) {
      if (!is_row_fault(error.code)) throw;
      return std::nullopt;
    }
  }

  /// Pairs that no row has balanced: the ledger says of each what is left.
  void write_open_pairs() {
    if (!pairs_) return;
    for (std::vector<ImportRow>& rows : pairs_->rest()) {
      std::move(rows.begin(), rows.end(), std::back_inserter(pending_));
      if (pending_.size() >= options_.chunk_rows) flush();
    }
    flush();
  }

  void reject(const ImportRow& row, std::vector<ImportProblem> problems) {
    for (ImportProblem& problem : problems) problem.line = row.line;
    rejected_.push_back({row.line, row.raw, true, std::move(problems)});
  }

  /// Calls `use` with the fields of a row that was read before.
  template <class Use>
  void with_fields(const std::string& raw, Use use) {
    CsvOptions csv = options_.csv;
    csv.delimiter = csv_.delimiter();
    csv.header = false;
    CsvReader again(text_source(raw), csv);
    if (const CsvRecord* record = again.next()) use(record->fields);
  }

  /// Rows that refer to rows of this import: again and again, as long as that helps.
  void finish_waiting() {
    bool last = false;
    while (!waiting_.empty()) {
      std::vector<ImportRow> rows;
      rows.swap(waiting_);
      for (const ImportRow& row : rows) {
        with_fields(row.raw, [&](std::span<const CsvField> fields) { take(row.line, row.raw, fields, last); });
        if (++in_chunk_ >= options_.chunk_rows) flush();
      }
      flush();
      last = waiting_.size() == rows.size();
    }
  }

  /// Writes the rows gathered so far in a Work of their own, or in the one for all.
  void flush() {
    in_chunk_ = 0;
    outcomes_.assign(pending_.size(), Outcome::rejected);
    ids_.assign(pending_.size(), Id{});
    if (whole_) {
      write(*whole_);
      ask_to_go_on();
    } else if (!pending_.empty()) {
      Work work = session_.work(work_options());
      write(work);
      ask_to_go_on();
      const Receipt receipt = work.commit();
      if (receipt.seq != 0) {
        if (report_.first_seq == 0) report_.first_seq = receipt.seq;
        report_.last_seq = receipt.seq;
      }
    } else {
      ask_to_go_on();
    }
    settle();
  }

  void ask_to_go_on() {
    if (!options_.progress || options_.progress(report_.rows, csv_.bytes(), csv_.total_bytes())) return;
    const std::int64_t kept = whole_ ? 0 : report_.created + report_.updated;
    throw Error(Code::cancelled,
                fmt::format("the import was cancelled at line {}; {} records written before are kept", line_, kept));
  }

  /// All rows at once; if one of them fails, each on its own, or with those that it balances.
  void write(Work& work) {
    if (pending_.empty()) return;
    const std::size_t rejected_before = rejected_.size();
    written_ = Batch(entity_);
    try {
      Work::Step step(work);
      write_rows(work, 0, pending_.size());
      step.keep();
      return;
    } catch (const Error& error) {
      if (!is_row_fault(error.code)) throw;
    }
    rejected_.resize(rejected_before);
    written_.clear();
    for (std::size_t first = 0, last = 0; first < pending_.size(); first = last) {
      const std::int64_t together = pending_[first].together;
      for (last = first + 1; last < pending_.size() && together != 0 && pending_[last].together == together;) ++last;
      try {
        Work::Step step(work);
        write_rows(work, first, last);
        step.keep();
      } catch (const Error& error) {
        if (!is_row_fault(error.code)) throw;
        reject_rows(error, first, last);
      }
    }
  }

  /// Each row is told its own faults; one without any, whose it shares.
  void reject_rows(const Error& error, std::size_t first, std::size_t last) {
    std::vector<std::vector<Violation>> faults;
    std::int64_t line = 0;  // of the first row that has a fault
    for (std::size_t i = first; i < last; ++i) {
      outcomes_[i] = Outcome::rejected;
      faults.push_back(faults_of_row(error, i - first, last - first));
      if (line == 0 && !faults.back().empty()) line = pending_[i].line;
    }
    for (std::size_t i = first; i < last; ++i) {
      std::vector<Violation>& own = faults[i - first];
      if (own.empty()) {
        own.push_back({"", "", fmt::format("belongs to the pair of line {} and is rejected with it; see there", line)});
      }
      reject(pending_[i], problems_of(own, error.code, pending_[i]));
    }
  }

  void write_rows(Work& work, std::size_t first, std::size_t last) {
    Batch stored = stored_rows(work, first, last);
    std::unordered_map<std::int64_t, std::size_t> by_id;
    for (std::size_t row = 0; row < stored.rows(); ++row) by_id[stored.column(kIdField).word(row)] = row;
    Batch creates(entity_);
    Batch updates(entity_);
    std::vector<std::size_t> created;
    std::vector<std::size_t> updated;
    for (std::size_t i = first; i < last; ++i) {
      const ImportRow& row = pending_[i];
      const Id id = row.key.empty() ? Id{} : keys_[row.key].id;
      const auto found = by_id.find(id.value);
      if (found == by_id.end()) {
        assemble(row, defaults_, 0, creates);
        created.push_back(i);
      } else if (differs(row, stored, found->second)) {
        assemble(row, stored, found->second, updates);
        updated.push_back(i);
      } else {
        outcomes_[i] = Outcome::unchanged;
      }
    }
    create(work, creates, created);
    update(work, updates, updated);
  }

  /// The records that rows of this chunk are about, in a few statements.
  Batch stored_rows(Work& work, std::size_t first, std::size_t last) {
    Batch stored(entity_);
    Condition in{.op = Condition::Op::in, .field = kIdField, .operands = {}, .terms = {}};
    for (std::size_t i = first; i < last && plan_.key; ++i) {
      const Id id = keys_[pending_[i].key].id;
      if (id) in.operands.emplace_back(id.value);
      if (in.operands.size() == kIdsAsked || (i + 1 == last && !in.operands.empty())) {
        auto rows = work.scan(entity_, {.conditions = {in}});
        for (Batch batch; rows->next(batch);) {
          for (std::size_t row = 0; row < batch.rows(); ++row) stored.append_row(batch, row);
        }
        in.operands.clear();
      }
    }
    return stored;
  }

  /// A value of the store's own fields.
  Cell own_cell(const Batch& batch, std::size_t at, int position) const {
    const auto index = static_cast<std::size_t>(position) - entity_.fields.size();
    const CustomCells cells = parse_custom(own_text(batch, at));
    const auto found = cells.find(rows_->own()->rule(index).name);
    return found == cells.end() ? Cell() : found->second;
  }

  std::string_view own_text(const Batch& batch, std::size_t at) const {
    if (entity_.custom() < 0) return {};
    const Column& texts = batch.column(entity_.custom());
    return texts.is_null(at) ? std::string_view() : texts.text(at);
  }

  bool differs(const ImportRow& row, const Batch& stored, std::size_t at) const {
    const std::vector<int>& fields = rows_->fields();
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (!row.cells[i]) continue;
      const bool own = static_cast<std::size_t>(fields[i]) >= entity_.fields.size();
      if (own ? own_cell(stored, at, fields[i]) != *row.cells[i] : !same(stored.column(fields[i]), at, *row.cells[i])) {
        return true;
      }
    }
    return false;
  }

  /// Appends a record: the row's cells over what `base` has.
  void assemble(const ImportRow& row, const Batch& base, std::size_t at, Batch& out) const {
    std::vector<const Cell*> given(entity_.fields.size());
    const std::vector<int>& fields = rows_->fields();
    bool money = false;
    CustomCells own;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (!row.cells[i]) continue;
      const auto field = static_cast<std::size_t>(fields[i]);
      if (field < given.size()) {
        given[field] = &*row.cells[i];
      } else {
        own[rows_->own()->rule(field - given.size()).name] = *row.cells[i];
      }
      money = money || field_at(entity_, rows_->own(), fields[i]).type == Type::money;
    }
    Cell text;
    if (!own.empty()) {
      CustomCells all = parse_custom(own_text(base, at));
      for (auto& [name, cell] : own) all[name] = std::move(cell);
      text = to_text(all);
      if (std::get<std::string>(text).empty()) text = std::string("{}");
      given[static_cast<std::size_t>(entity_.custom())] = &text;
    }
    for (std::size_t field = 0; field < given.size(); ++field) {
      if (given[field] != nullptr) {
        out.columns[field].append(*given[field]);
      } else {
        out.columns[field].append_from(base.columns[field], at);
      }
    }
    if (!money || entity_.roles.currency.empty()) return;
    const Column& codes = out.column(entity_.at(entity_.roles.currency));
    const std::string_view code = codes.text(codes.size() - 1);
    if (code.empty() || code == code_of(row.currency)) return;
    throw Error(Code::invalid, std::string(entity_.name), std::string(entity_.roles.currency),
                fmt::format("the record is in {}, but the row's amounts were read in {}; map a column to the currency",
                            code, code_of(row.currency)));
  }

  /// What a row holds of the store's own fields; "{}" is what a batch says for none.
  std::string_view given_text(const Batch& batch, std::size_t at) const {
    const std::string_view text = own_text(batch, at);
    return text == "{}" ? std::string_view() : text;
  }

  void create(Work& work, Batch& creates, const std::vector<std::size_t>& rows) {
    if (rows.empty()) return;
    const std::size_t base = written_.rows();
    if (verbs_.create_batch != nullptr && rows.size() > 1) {
      verbs_.create_batch(work, creates);
      for (std::size_t i = 0; i < rows.size(); ++i) ids_[rows[i]] = Id{creates.column(kIdField).word(i)};
    } else {
      for (std::size_t i = 0; i < rows.size(); ++i) {
        load_row(creates, i, record_.get());
        const custom::Carry own(work, entity_, {}, parse_custom(given_text(creates, i)));
        ids_[rows[i]] = verbs_.create(work, record_.get());
      }
    }
    remember(creates, rows, base, Outcome::created);
  }

  void update(Work& work, Batch& updates, const std::vector<std::size_t>& rows) {
    if (rows.empty()) return;
    if (verbs_.update == nullptr) {
      throw Error(Code::state, std::string(entity_.name), "",
                  "differs from the record in the store, which only named verbs may change");
    }
    const std::size_t base = written_.rows();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      ids_[rows[i]] = Id{updates.column(kIdField).word(i)};
      load_row(updates, i, record_.get());
      CustomCells cells = parse_custom(given_text(updates, i));
      for (std::size_t own = 0; rows_->own() != nullptr && own < rows_->own()->size(); ++own) {
        if (!rows_->own()->is_formula(own)) cells.try_emplace(rows_->own()->rule(own).name);  // what is not there goes
      }
      const custom::Carry own(work, entity_, ids_[rows[i]], std::move(cells));
      verbs_.update(work, record_.get());
    }
    remember(updates, rows, base, Outcome::updated);
  }

  void remember(const Batch& batch, const std::vector<std::size_t>& rows, std::size_t base, Outcome outcome) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      outcomes_[rows[i]] = outcome;
      written_.append_row(batch, i);
      written_row_[rows[i]] = base + i;
    }
  }

  std::vector<ImportProblem> problems_of(const std::vector<Violation>& faults, Code code, const ImportRow& row) {
    std::vector<std::string> cells;
    with_fields(row.raw, [&](std::span<const CsvField> fields) {
      for (const CsvField& field : fields) cells.emplace_back(field.text);
    });
    std::vector<ImportProblem> problems;
    for (const Violation& fault : faults) {
      auto [column, value] = rows_->origin(fault.field, cells);
      problems.push_back({row.line, std::move(column), fault.field, std::move(value), fault.message, code});
    }
    return problems;
  }

  /// After a chunk was written: counts it, lets later rows refer to it, and gives back what was rejected.
  void settle() {
    for (std::size_t i = 0; i < pending_.size(); ++i) {
      switch (outcomes_[i]) {
        case Outcome::created: ++report_.created; break;
        case Outcome::updated: ++report_.updated; break;
        case Outcome::unchanged: ++report_.unchanged; continue;
        case Outcome::rejected: continue;
      }
      if (!pending_[i].key.empty()) keys_[pending_[i].key].id = ids_[i];
      rows_->learn(written_, written_row_[i], ids_[i]);
    }
    pending_.clear();
    written_row_.clear();
    std::stable_sort(rejected_.begin(), rejected_.end(),
                     [](const Rejected& a, const Rejected& b) { return a.line < b.line; });
    for (Rejected& row : rejected_) {
      ++report_.rejected;
      if (options_.rejects) write_reject(row);
      for (ImportProblem& problem : row.problems) {
        ++report_.problem_count;
        if (report_.problems.size() < options_.most_problems) report_.problems.push_back(std::move(problem));
      }
    }
    rejected_.clear();
  }

  /// The two columns about the row come first, so that they stay in place in front of a row of the wrong length.
  void write_reject(const Rejected& row) {
    if (!rejects_) {
      rejects_.emplace(options_.rejects,
                       CsvWriteOptions{.profile = CsvProfile::interchange, .delimiter = csv_.delimiter()});
      rejects_->text("reject_line");
      rejects_->text("reject_reason");
      for (const std::string& name : csv_.header()) rejects_->text(name);
      rejects_->end_row();
    }
    std::string reasons;
    for (const ImportProblem& problem : row.problems) {
      if (!reasons.empty()) reasons += "; ";
      if (!problem.column.empty()) reasons += problem.column + ": ";
      reasons += problem.reason;
    }
    rejects_->number(std::to_string(row.line));
    rejects_->text(reasons);
    if (row.whole) {
      rejects_->verbatim(row.raw);
    } else {
      rejects_->text(row.raw);
    }
    rejects_->end_row();
  }

  void finish() {
    report_.notices = notes_.list();
    report_.committed = !options_.dry_run;
    if (whole_ && !options_.dry_run) {
      report_.committed = report_.rejected == 0 && !report_.broken_off;
      if (report_.committed) report_.first_seq = report_.last_seq = whole_->commit().seq;
    }
    whole_.reset();
    if (rejects_) rejects_->finish();
  }

  Session& session_;
  const ImportPlan& plan_;
  const ImportOptions& options_;
  const Entity& entity_;
  const RecordVerbs& verbs_;
  std::unique_ptr<void, void (*)(void*)> record_;
  CsvReader csv_;
  Batch defaults_;  // one row: a new record
  ImportReport report_;
  ImportNotes notes_;
  std::optional<ImportRows> rows_;
  std::optional<Work> whole_;
  std::unordered_map<std::string, Known> keys_;
  std::int64_t line_ = 1;
  std::size_t in_chunk_ = 0;

  std::vector<ImportRow> pending_;  // of the chunk, with what became of them:
  std::vector<Outcome> outcomes_;
  std::vector<Id> ids_;
  Batch written_;
  std::unordered_map<std::size_t, std::size_t> written_row_;  // pending -> written_
  std::vector<Rejected> rejected_;
  std::vector<ImportRow> waiting_;
  std::optional<ImportPairs> pairs_;  // of postings
  std::optional<CsvWriter> rejects_;
};

}  // namespace

ImportReport import_csv(Session& session, std::unique_ptr<ByteSource> source, const ImportPlan& plan,
                        const ImportOptions& options) {
  return Import(session, decode(std::move(source), options.encoding), plan, options).run();
}

}  // namespace kith
