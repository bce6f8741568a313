// SPDX-License-Identifier: Apache-2.0
// What a record must be before it is written: its fields' rules and its references. All faults at once.
#include <algorithm>
#include <cstring>
#include <limits>

#include "engine/internal.hpp"
#include "engine/pending.hpp"
#include "kith/base/error.hpp"
#include "kith/base/text.hpp"

namespace kith {
namespace {

constexpr std::size_t kDefaultMaxLength = 10'000;

/// Nothing but blanks, of whatever script: U+3000 and U+00A0 are some, too.
bool blank(std::string_view text) {
  const std::size_t at = text.find_first_not_of(" \t\r\n");
  if (at == std::string_view::npos) return true;
  return static_cast<unsigned char>(text[at]) >= 0x80 && invalid_utf8(text) == std::string_view::npos &&
         fold(text).empty();
}

std::string check_text(const Field& field, std::string_view text) {
  const FieldOptions& options = field.options;
  if (field.type == Type::bytes) return {};
  if (options.required && blank(text)) return "must not be blank; give one";
  if (field.type == Type::currency) {
    if (text.empty() && !options.required) return {};
    try {
      static_cast<void>(currency(text));
    } catch (const Error& error) {
      return error.message;
    }
    return {};
  }
  const std::size_t limit = options.max_length > 0 ? static_cast<std::size_t>(options.max_length) : kDefaultMaxLength;
  if (const std::size_t bad = invalid_utf8(text); bad != std::string_view::npos) {
    const bool nul = text[bad] == '\0';
    return (nul ? "has a zero byte at byte " : "is no valid UTF-8 from byte ") + std::to_string(bad + 1) +
           (nul ? "; leave it out" : " on; convert it first");
  }
  if (text.size() > limit && length(text) > limit) {
    return "has " + std::to_string(length(text)) + " characters, " + std::to_string(limit) + " fit; shorten it";
  }
  return {};
}

std::string check_word(const Field& field, std::int64_t word) {
  if (field.type == Type::id && word == 0 && (field.options.required || field.nullable)) return "is missing; give one";
  if (field.type == Type::choice && (word < 1 || static_cast<std::size_t>(word) > field.choices.size())) {
    return std::to_string(word) + " is no choice." + suggest("", field.choices);
  }
  // A sum that nothing could be the opposite of: no reversal, no correction, no absolute amount.
  if (word == std::numeric_limits<std::int64_t>::min() && field.type == Type::money) {
    return "is the smallest of 64 bits, " + std::to_string(word) + " minor units, which has no opposite; give more";
  }
  if (word < 0 && field.options.minimum == 0) return "is negative; give 0 or more";
  if (word < field.options.minimum || word > field.options.maximum) {
    const auto shown = [&](std::int64_t bound) {
      return field.type == Type::decimal ? to_string(Decimal{bound, field.options.scale}, true) : std::to_string(bound);
    };
    return shown(word) + " lies outside " + shown(field.options.minimum) + " to " + shown(field.options.maximum);
  }
  return {};
}

}  // namespace

std::string fault_of(const Field& field, const Cell& cell) {
  const auto* text = std::get_if<std::string>(&cell);
  const auto* word = std::get_if<std::int64_t>(&cell);
  if ((text != nullptr) != is_text(field.type) || (text == nullptr && word == nullptr)) {
    return "is no " + std::string(name_of(field.type));
  }
  if (text != nullptr) return check_text(field, *text);
  if (field.type == Type::boolean && (*word < 0 || *word > 1)) return std::to_string(*word) + " is neither 0 nor 1";
  if (field.type == Type::date && static_cast<std::int32_t>(*word) != *word)
    return std::to_string(*word) + " is no day";
  return check_word(field, *word);
}

void check_fields(const Entity& entity, const Batch& batch, std::size_t row, std::vector<Violation>& violations) {
  for (std::size_t i = 0; i < batch.columns.size(); ++i) {
    const int position = batch.fields[i];
    if (position == kIdField || position == kRevisionField || position == kSeqField) continue;
    const Field& field = entity.fields[static_cast<std::size_t>(position)];
    const Column& column = batch.columns[i];
    std::string fault;
    if (column.is_null(row)) {
      if (!field.nullable || field.options.required) fault = "is missing; give one";
    } else {
      fault = column.is_text() ? check_text(field, column.text(row)) : check_word(field, column.word(row));
    }
    if (!fault.empty()) violations.push_back({std::string(entity.name), std::string(field.name), std::move(fault)});
  }
}

namespace {

/// "row 3: " where a batch has several.
std::string row_of(const Batch& batch, std::size_t row) {
  return batch.rows() == 1 ? std::string() : "row " + std::to_string(row + 1) + ": ";
}

}  // namespace

void Work::check_rows(const Entity& entity, const Batch& batch, const Batch* before,
                      std::vector<Violation> violations) {
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    const std::size_t first = violations.size();
    check_fields(entity, batch, row, violations);
    for (std::size_t i = first; i < violations.size(); ++i) violations[i].message.insert(0, row_of(batch, row));
  }
  check_references(entity, batch, before, violations);
  if (!violations.empty()) throw Error(std::move(violations));
}

// A reference that an update leaves as it stands is not asked about again: whoever may edit a deal need not see its
// customer. What a verb's own trusted write found to exist says nothing about what the actor may see.
void Work::check_references(const Entity& entity, const Batch& batch, const Batch* before,
                            std::vector<Violation>& violations) {
  for (std::size_t i = 0; i < batch.columns.size(); ++i) {
    const Field& field = entity.fields[static_cast<std::size_t>(batch.fields[i])];
    if (field.options.refers_to.empty()) continue;
    const Entity* target = model().find_entity(field.options.refers_to);
    if (target == nullptr) continue;  // an area that this store does not carry
    auto& known = (state_->trust > 0 ? pending_->existing : pending_->known)[target];
    // What this Work itself has written is there; a trusted write need not read it back.
    const auto written = [&, touched = state_->trust > 0 ? pending_->position.find(target)
                                                         : pending_->position.end()](std::int64_t id) {
      if (touched == pending_->position.end()) return false;
      const auto place = touched->second.find(id);
      if (place == touched->second.end()) return false;
      const TouchedRecord& record = pending_->touched[place->second];
      return !record.dead && record.kind != ChangeKind::removed;
    };
    std::vector<Id> asked;
    std::unordered_map<std::int64_t, std::size_t> seen;  // with the first row that names it
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      const std::int64_t id = batch.columns[i].word(row);
      if (batch.columns[i].is_null(row) || id == 0 || known.contains(id) || seen.contains(id) || written(id)) continue;
      if (before != nullptr && !before->columns[i].is_null(row) && before->columns[i].word(row) == id) continue;
      seen.emplace(id, row);
      asked.push_back({id});
    }
    if (asked.empty()) continue;
    std::unordered_set<std::int64_t> found;
    if (state_->trust > 0) {
      const Batch rows = raw_get(*this, *target, asked);
      for (std::size_t row = 0; row < rows.rows(); ++row) found.insert(rows.columns[kIdField].word(row));
    } else {
      found = allowed(*this, *target, Action::read, asked);
    }
    for (const Id id : asked) {
      if (found.contains(id.value)) {
        known.insert(id.value);
      } else {
        violations.push_back({std::string(entity.name), std::string(field.name),
                              row_of(batch, seen.at(id.value)) + "refers to " + std::string(target->name) + " " +
                                  std::to_string(id.value) + ", which does not exist or may not be seen by '" +
                                  actor().name + "'"});
      }
    }
  }
}

}  // namespace kith
