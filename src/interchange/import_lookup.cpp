// SPDX-License-Identifier: Apache-2.0
#include "interchange/import_lookup.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/quote.hpp"
#include "kith/base/error.hpp"
#include "kith/base/text.hpp"

namespace kith {
namespace {

constexpr std::size_t kMostSearched = 5000;  // names looked through for near ones

}  // namespace

LookupTable::LookupTable(const Reader& reader, const ImportLookup& spec)
    : entity_(&reader.model().entity(spec.entity)), spec_(spec) {
  const int by = entity_->at(spec.by);
  if (entity_->fields[static_cast<std::size_t>(by)].type != Type::text) {
    throw Error(Code::invalid, std::string(entity_->name), spec.by, "is no text; a lookup needs a field of text");
  }
  Query query;
  query.where = spec.where;
  query.fields = {"id", spec.by};
  if (!spec.source.empty()) query.conditions.push_back(equals(*entity_, "source", spec.source));
  auto rows = reader.scan(*entity_, query);
  for (Batch batch; rows->next(batch);) {
    const Column& ids = batch.column(kIdField);
    const Column& texts = batch.column(by);
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      if (!texts.is_null(row)) add(texts.text(row), Id{ids.word(row)});
    }
  }
}

void LookupTable::add(std::string_view text, Id id) {
  std::vector<Known>& records = by_key_[fold(text)];
  for (Known& known : records) {
    if (known.id != id) continue;
    known.text = text;
    return;
  }
  records.push_back({std::string(text), id});
  ++count_;
}

LookupTable::Answer LookupTable::find(std::string_view text) const {
  Answer answer;
  const auto found = by_key_.find(fold(text));
  if (found == by_key_.end()) {
    answer.missing = true;
    return answer;
  }
  const Known* exact = nullptr;
  std::size_t matches = 0;
  for (const Known& known : found->second) {
    if (known.text != text) continue;
    exact = &known;
    ++matches;
  }
  if (exact == nullptr) {
    exact = &found->second.front();
    matches = found->second.size();
    answer.folded = true;
    answer.used = exact->text;
  }
  if (matches == 1) {
    answer.id = exact->id;
  } else {
    answer.fault = fmt::format("{} {} have the {} {}; narrow the lookup with source or where", matches, entity_->plural,
                               spec_.by, quote(text));
  }
  return answer;
}

std::string LookupTable::explain_missing(std::string_view text) const {
  std::vector<std::string_view> known;
  if (count_ <= kMostSearched) {
    for (const auto& [key, records] : by_key_) {
      for (const Known& record : records) known.push_back(record.text);
    }
  }
  std::sort(known.begin(), known.end());
  return fmt::format("there is no {} with the {} {}.{}", entity_->name, spec_.by, quote(text),
                     did_you_mean(text, known));
}

}  // namespace kith
