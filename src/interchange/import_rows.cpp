// SPDX-License-Identifier: Apache-2.0
#include "interchange/import_rows.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/quote.hpp"
#include "kith/base/text.hpp"
#include "kith/schema/value.hpp"

namespace kith {
namespace {

constexpr std::size_t kMostValues = 10'000;   // counted apart in one column
constexpr std::size_t kMostCached = 100'000;  // resolved texts kept of one column
constexpr std::string_view kOtherValues = "...";

/// The columns in front of rejected rows: a file of them can be imported again.
bool is_reject_column(std::string_view name) { return name == "reject_line" || name == "reject_reason"; }

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n\v\f";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::vector<std::string_view> views(std::span<const std::string> texts) { return {texts.begin(), texts.end()}; }

}  // namespace

std::int64_t* ImportNotes::counter(ImportNoticeKind kind, std::string_view column, std::string_view field,
                                   std::string_view value, std::string_view used) {
  auto& values = counts_[{std::string(column), std::string(field), kind}];
  std::pair<std::string, std::string> which(value, used);
  if (values.size() >= kMostValues && !values.contains(which)) which = {std::string(kOtherValues), ""};
  return &values[which];
}

std::vector<ImportNotice> ImportNotes::list() const {
  std::vector<ImportNotice> notices;
  for (const auto& [place, values] : counts_) {
    const auto& [column, field, kind] = place;
    for (const auto& [which, count] : values) {
      if (count > 0) notices.push_back({kind, column, field, which.first, which.second, count});
    }
  }
  return notices;
}

ImportRows::ImportRows(const Reader& reader, const Entity& entity, const ImportPlan& plan,
                       std::span<const std::string> header, ImportNotes& notes)
    : entity_(entity),
      plan_(plan),
      notes_(notes),
      base_(reader.currency()),
      own_(custom_of(reader, entity)),
      used_columns_(header.size()) {
  std::vector<Violation> violations;
  std::vector<const ImportTarget*> specs;
  for (const ImportTarget& spec : plan.targets) specs.push_back(&spec);
  std::stable_partition(specs.begin(), specs.end(), [&](const ImportTarget* spec) {
    return !entity.roles.currency.empty() && spec->field == entity.roles.currency;
  });
  for (const ImportTarget* spec : specs) add_target(reader, *spec, header, violations);
  if (plan.key) add_key(header, violations);
  if (!violations.empty()) throw Error(std::move(violations));
  for (const Target& target : targets_) positions_.push_back(target.position);
  if (plan.key) {
    positions_.push_back(entity.at("external_id"));
    positions_.push_back(entity.at("source"));
  }
  note_other_columns(header);
}

std::optional<std::size_t> ImportRows::find_column(const std::string& name, const std::string& path,
                                                   std::span<const std::string> header,
                                                   std::vector<Violation>& violations) {
  const auto fault = [&](std::string message) {
    violations.push_back({"import mapping", path, std::move(message)});
    return std::nullopt;
  };
  std::vector<std::size_t> exact;
  std::vector<std::size_t> folded;
  for (std::size_t i = 0; i < header.size(); ++i) {
    if (header[i] == name) exact.push_back(i);
    if (fold(header[i]) == fold(name)) folded.push_back(i);
  }
  const std::vector<std::size_t>& found = exact.empty() ? folded : exact;
  if (found.empty()) {
    return fault(fmt::format("the table has no column {}.{}", quote(name), suggest(name, views(header))));
  }
  if (found.size() > 1) {
    return fault(fmt::format("the table has {} columns {}; give each its own name", found.size(), quote(name)));
  }
  if (exact.empty()) {
    std::int64_t* count = notes_.counter(ImportNoticeKind::header_folded, name, "", header[found.front()], name);
    *count = 1;
  }
  used_columns_[found.front()] = true;
  return found.front();
}

void ImportRows::add_target(const Reader& reader, const ImportTarget& spec, std::span<const std::string> header,
                            std::vector<Violation>& violations) {
  const std::string path = spec.constant ? "constants." + spec.field : "columns." + spec.column;
  const auto fault = [&](std::string message) { violations.push_back({"import mapping", path, std::move(message)}); };
  Target target;
  target.spec = &spec;
  if (!spec.constant) {
    const auto column = find_column(spec.column, path, header, violations);
    if (!column) return;
    target.column = *column;
  }
  try {
    target.position = position_of(entity_, own_.get(), spec.field);
    target.field = &field_at(entity_, own_.get(), target.position);
    if (spec.lookup) target.lookup = table(reader, *spec.lookup);
  } catch (const Error& error) {
    fault(error.what());
    return;
  }
  if (target.field->options.kept) {
    return fault(fmt::format("the field {} is kept by Kith and cannot be imported", spec.field));
  }
  if (plan_.key && (spec.field == "source" || spec.field == "external_id")) {
    return fault(fmt::format("the field {} is filled by the mapping's key and source", spec.field));
  }
  if (target.lookup != nullptr && target.field->type != Type::id) {
    return fault(fmt::format("the field {} refers to no record, so there is nothing to look up", spec.field));
  }
  // A field that refers to records of any kind, as the document of a posting, has another field beside it that says of
  // which; the verb holds the two against each other.
  const std::string_view refers_to = target.field->options.refers_to;
  if (target.lookup != nullptr && !refers_to.empty() && target.lookup->entity().name != refers_to) {
    return fault(
        fmt::format("the field {} refers to {}, not to {}", spec.field, refers_to, target.lookup->entity().name));
  }
  if (!spec.aliases.empty()) {
    const auto set = plan_.aliases.find(spec.aliases);
    if (set == plan_.aliases.end()) {
      return fault(fmt::format("the alias set {} is in no alias document given", quote(spec.aliases)));
    }
    target.aliases = &set->second;
    for (const auto& [from, to] : set->second) target.folded_aliases.try_emplace(fold(from), from);
  }
  for (const auto& [from, to] : spec.values) target.folded_values.try_emplace(fold(from), from);
  target.own = target.lookup != nullptr && &target.lookup->entity() == &entity_;
  target.cached = !target.own && target.field->type != Type::money &&
                  (target.lookup != nullptr || target.aliases != nullptr || !spec.values.empty() ||
                   target.field->type == Type::choice);
  if (spec.constant) {
    Resolved resolved;
    convert(target, *spec.constant, base_, true, resolved);
    if (!resolved.fault.empty()) return fault(resolved.fault);
    target.constant = std::move(resolved.cell);
  }
  targets_.push_back(std::move(target));
}

void ImportRows::add_key(std::span<const std::string> header, std::vector<Violation>& violations) {
  if (entity_.find("external_id") < 0 || entity_.find("source") < 0) {
    violations.push_back(
        {"import mapping", "key", fmt::format("records of {} have no external id; leave key out", entity_.name)});
    return;
  }
  key_column_ = find_column(*plan_.key, "key", header, violations);
}

/// Columns that nobody asked for are reported: a misspelt header must not look like a success.
void ImportRows::note_other_columns(std::span<const std::string> header) {
  for (std::size_t i = 0; i < header.size(); ++i) {
    if (used_columns_[i] || is_reject_column(header[i])) continue;
    const bool ignored = std::any_of(plan_.ignore.begin(), plan_.ignore.end(),
                                     [&](const std::string& name) { return fold(name) == fold(header[i]); });
    const auto kind = ignored ? ImportNoticeKind::column_ignored : ImportNoticeKind::column_unknown;
    ++*notes_.counter(kind, header[i], "", "", "");
  }
}

/// Targets with the same lookup share one table.
LookupTable* ImportRows::table(const Reader& reader, const ImportLookup& spec) {
  const auto same = [&](const std::unique_ptr<LookupTable>& other) {
    const ImportLookup& known = other->spec();
    return std::tie(known.entity, known.by, known.source, known.where) ==
           std::tie(spec.entity, spec.by, spec.source, spec.where);
  };
  const auto found = std::find_if(tables_.begin(), tables_.end(), same);
  if (found != tables_.end()) return found->get();
  return tables_.emplace_back(std::make_unique<LookupTable>(reader, spec)).get();
}

ImportRows::Verdict ImportRows::build(std::span<const CsvField> fields, bool last, ImportRow& row,
                                      std::vector<ImportProblem>& problems) {
  if (std::all_of(fields.begin(), fields.end(), [](const CsvField& field) { return trimmed(field.text).empty(); })) {
    return Verdict::blank;
  }
  row.cells.clear();
  row.currency = base_;
  std::vector<std::int64_t*> notes;
  bool waiting = false;
  for (Target& target : targets_) {
    if (target.constant) {
      row.cells.push_back(target.constant);
    } else {
      Resolved scratch;
      const Resolved& resolved = resolve(target, fields[target.column], row.currency, last, scratch);
      if (!resolved.fault.empty()) {
        problems.push_back({0, target.spec->column, target.spec->field, std::string(fields[target.column].text),
                            resolved.fault, Code::invalid});
      }
      waiting = waiting || resolved.waiting;
      notes.insert(notes.end(), resolved.notes.begin(), resolved.notes.end());
      row.cells.push_back(resolved.cell);
    }
    if (target.field->type == Type::currency && target.field->name == entity_.roles.currency && row.cells.back()) {
      const auto* code = std::get_if<std::string>(&*row.cells.back());
      if (code != nullptr && !code->empty()) row.currency = currency(*code);
    }
  }
  if (key_column_) {
    row.key = trimmed(fields[*key_column_].text);
    if (row.key.empty()) {
      problems.push_back({0, *plan_.key, "external_id", "", "is blank; every row needs its key", Code::invalid});
    }
    row.cells.emplace_back(Cell(row.key));
    row.cells.emplace_back(Cell(plan_.source));
  }
  if (problems.empty() && waiting) return Verdict::waiting;
  for (std::int64_t* count : notes) ++*count;
  return problems.empty() ? Verdict::good : Verdict::rejected;
}

const ImportRows::Resolved& ImportRows::resolve(Target& target, const CsvField& cell, Currency currency, bool last,
                                                Resolved& scratch) {
  if (!target.cached || trimmed(cell.text).empty()) {
    resolve_now(target, cell, currency, last, scratch);
    return scratch;
  }
  const auto found = target.cache.find(cell.text);
  if (found != target.cache.end()) return found->second;
  if (target.cache.size() >= kMostCached) target.cache.clear();
  Resolved& kept = target.cache[std::string(cell.text)];
  resolve_now(target, cell, currency, last, kept);
  return kept;
}

void ImportRows::resolve_now(const Target& target, const CsvField& cell, Currency currency, bool last, Resolved& out) {
  const ImportTarget& spec = *target.spec;
  std::string_view text = cell.text;
  const bool empty_text = cell.quoted && text.empty() && plan_.quoted_empty_is_text && target.field->type == Type::text;
  if (trimmed(text).empty() && !empty_text) {
    note(target, ImportNoticeKind::blank, "", spec.on_blank == OnBlank::use ? spec.blank_value : "", out);
    if (spec.on_blank == OnBlank::keep) return;
    if (spec.on_blank == OnBlank::reject) {
      out.fault = "is blank; the mapping rejects blank cells of this column";
      return;
    }
    std::optional<std::string_view> stand_in;
    if (spec.on_blank == OnBlank::use) stand_in = spec.blank_value;
    convert(target, stand_in, currency, last, out);
    return;
  }
  if (target.aliases != nullptr) {
    auto alias = target.aliases->find(std::string(text));
    if (alias == target.aliases->end()) {
      const auto folded = target.folded_aliases.find(fold(text));
      if (folded != target.folded_aliases.end()) alias = target.aliases->find(folded->second);
    }
    if (alias != target.aliases->end()) {
      if (alias->second != text) note(target, ImportNoticeKind::alias, cell.text, alias->second, out);
      text = alias->second;
    }
  }
  if (!spec.values.empty()) {
    auto value = spec.values.find(std::string(text));
    if (value == spec.values.end()) {
      const auto folded = target.folded_values.find(fold(text));
      if (folded != target.folded_values.end()) {
        note(target, ImportNoticeKind::folded, text, folded->second, out);
        value = spec.values.find(folded->second);
      }
    }
    if (value != spec.values.end()) {
      if (!value->second) return convert(target, {}, currency, last, out);
      text = *value->second;
    }
  }
  convert(target, text, currency, last, out);
}

/// The text as a cell of the field; without one, no value.
void ImportRows::convert(const Target& target, std::optional<std::string_view> given, Currency currency, bool last,
                         Resolved& out) {
  const Field& field = *target.field;
  try {
    if (field.type == Type::text) {
      out.cell = to_cell(given ? Value(std::string(*given)) : Value(), field, currency);
      return;
    }
    const std::string_view text = given ? trimmed(*given) : std::string_view();
    if (text.empty()) {
      out.cell = to_cell({}, field, currency);
    } else if (target.lookup != nullptr) {
      look_up(target, text, last, out);
    } else if (field.type == Type::choice) {
      std::string_view name = text;
      if (std::find(field.choices.begin(), field.choices.end(), text) == field.choices.end()) {
        const std::string key = fold(text);
        for (const std::string_view choice : field.choices) {
          if (fold(choice) == key) name = choice;
        }
        if (name != text) note(target, ImportNoticeKind::folded, text, name, out);
      }
      out.cell = to_cell(parse_value(name, field, currency), field, currency);
    } else {
      out.cell = to_cell(parse_value(text, field, currency), field, currency);
    }
  } catch (const Error& error) {
    out.fault = error.message;
  }
}

void ImportRows::look_up(const Target& target, std::string_view text, bool last, Resolved& out) {
  LookupTable::Answer answer = target.lookup->find(text);
  if (answer.id) {
    if (answer.folded) note(target, ImportNoticeKind::folded, text, answer.used, out);
    out.cell = Cell(answer.id.value);
  } else if (!answer.missing) {
    out.fault = std::move(answer.fault);
  } else if (target.own && !last) {
    out.waiting = true;
  } else {
    out.fault = target.lookup->explain_missing(text);
  }
}

void ImportRows::note(const Target& target, ImportNoticeKind kind, std::string_view value, std::string_view used,
                      Resolved& out) {
  out.notes.push_back(notes_.counter(kind, target.spec->column, target.spec->field, value, used));
}

std::pair<std::string, std::string> ImportRows::origin(std::string_view field,
                                                       std::span<const std::string> cells) const {
  const auto text = [&](std::size_t column) { return column < cells.size() ? cells[column] : std::string(); };
  for (const Target& target : targets_) {
    if (target.spec->field != field) continue;
    if (target.spec->constant) return {"", *target.spec->constant};
    return {target.spec->column, text(target.column)};
  }
  if (key_column_ && field == "external_id") return {*plan_.key, text(*key_column_)};
  return {};
}

void ImportRows::learn(const Batch& batch, std::size_t row, Id id) {
  for (const auto& known : tables_) {
    const ImportLookup& spec = known->spec();
    if (&known->entity() != &entity_ || !spec.where.empty()) continue;  // whether a filter keeps it is not known here
    if (!spec.source.empty() && (!plan_.key || spec.source != plan_.source)) continue;
    const Column& texts = batch.column(entity_.at(spec.by));
    if (!texts.is_null(row)) known->add(texts.text(row), id);
  }
}

}  // namespace kith
