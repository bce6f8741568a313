// SPDX-License-Identifier: Apache-2.0
#include "kith/engine/erasure.hpp"

#include <algorithm>
#include <set>

#include "engine/custom.hpp"
#include "engine/internal.hpp"
#include "engine/recovery.hpp"
#include "kith/base/text.hpp"

namespace kith::history {
namespace {

constexpr std::size_t kMostRemainders = 1000;

std::vector<std::size_t> personal_fields(const Entity& entity) {
  std::vector<std::size_t> fields;
  for (std::size_t i = 0; i < entity.fields.size(); ++i) {
    if (entity.fields[i].options.personal) fields.push_back(i);
  }
  // The store's own fields go with a person's, but make no person of what is none.
  if (fields.size() == 1 && static_cast<int>(fields.front()) == entity.custom()) fields.clear();
  return fields;
}

/// What a field holds once it is erased.
Cell blank_of(const Entity& entity, std::size_t position) {
  const Field& field = entity.fields[position];
  if (field.nullable) return {};
  if (field.type != Type::text) {
    const std::unique_ptr<void, void (*)(void*)> fresh(entity.make(), entity.destroy);
    const int number = static_cast<int>(position);
    Batch batch(entity, {&number, 1});
    store_row(fresh.get(), batch);
    return batch.columns.front().cell(0);
  }
  if (field.options.required) return std::string(kErased);
  // The key of a name is that of what stands in the name's place.
  constexpr std::string_view kEnd = "_key";
  const int base = field.name.ends_with(kEnd) ? entity.find(field.name.substr(0, field.name.size() - kEnd.size())) : -1;
  if (base >= 0 && entity.fields[static_cast<std::size_t>(base)].options.personal) {
    const Cell cell = blank_of(entity, static_cast<std::size_t>(base));
    if (const auto* text = std::get_if<std::string>(&cell)) return fold(*text);
  }
  return std::string();
}

/// The versions of a record while it is erased.
class Erasing {
 public:
  Erasing(const Entity& entity, const Entity& past) : entity_(entity), past_(past), fields_(personal_fields(entity)) {
    for (const std::size_t field : fields_) blanks_.push_back(blank_of(entity, field));
  }

  /// The same rows without personal values; notes what they held.
  Batch blanked(const Batch& rows) {
    Batch result(*rows.entity);
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      for (std::size_t i = 0; i < rows.columns.size(); ++i) {
        const auto found = std::find(fields_.begin(), fields_.end(), i);
        if (found == fields_.end()) {
          result.columns[i].append_from(rows.columns[i], row);
          continue;
        }
        const Cell& blank = blanks_[static_cast<std::size_t>(found - fields_.begin())];
        const Cell held = rows.columns[i].cell(row);
        if (held != blank) note(i, held);
        result.columns[i].append(blank);
      }
    }
    return result;
  }

  std::vector<ErasedField> fields() const {
    std::vector<ErasedField> result;
    for (const auto& [field, count] : counts_) result.push_back({std::string(entity_.fields[field].name), count});
    return result;
  }
  const std::set<std::string>& texts() const { return texts_; }
  const Entity& past() const { return past_; }

 private:
  void note(std::size_t field, const Cell& held) {
    ++counts_[field];
    const auto* text = std::get_if<std::string>(&held);
    if (text == nullptr) return;
    texts_.insert(*text);
    if (invalid_utf8(*text) == std::string_view::npos) texts_.insert(fold(*text));
  }

  const Entity& entity_;
  const Entity& past_;
  std::vector<std::size_t> fields_;
  std::vector<Cell> blanks_;
  std::map<std::size_t, std::int64_t> counts_;
  std::set<std::string> texts_;
};

/// A text that says enough to be looked for: "Li" stands in every other word, 李雷 does not.
bool tells(const std::string& text) {
  const bool ascii = std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 128; });
  return text.size() >= (ascii ? 4U : 6U);
}

/// Looks for texts in everything that is stored but one record.
class Search {
 public:
  Search(const Reader& reader, const Entity& entity, Id id, const std::set<std::string>& texts)
      : reader_(reader), entity_(entity), id_(id) {
    for (const std::string& text : texts) {
      if (tells(text)) texts_.push_back(text);
    }
  }

  void run(std::vector<Remainder>& found) {
    if (texts_.empty()) return;
    for (const Entity* entity : reader_.model().stored()) {
      std::vector<int> fields{kIdField};
      for (std::size_t i = 1; i < entity->fields.size(); ++i) {
        if (entity->fields[i].type == Type::text) fields.push_back(static_cast<int>(i));
      }
      if (fields.size() == 1) continue;
      auto rows = raw_scan(reader_, {.entity = entity, .fields = fields});
      for (Batch batch; rows->next(batch);) {
        for (std::size_t row = 0; row < batch.rows(); ++row) look(*entity, batch, row, found);
        if (found.size() >= kMostRemainders) return;
      }
    }
  }

 private:
  void look(const Entity& entity, const Batch& batch, std::size_t row, std::vector<Remainder>& found) const {
    const Id id{batch.columns[kIdField].word(row)};
    const bool own = id == id_ && (&entity == &entity_ || &entity == reader_.model().history_of(entity_));
    for (std::size_t i = 1; i < batch.columns.size(); ++i) {
      const Field& field = entity.fields[static_cast<std::size_t>(batch.fields[i])];
      if (own && field.options.personal) continue;
      const std::string_view text = batch.columns[i].text(row);
      const bool holds = std::any_of(texts_.begin(), texts_.end(),
                                     [&](const std::string& one) { return text.find(one) != std::string_view::npos; });
      if (!holds || found.size() >= kMostRemainders) continue;
      std::string message = "holds an erased text";
      if (entity.keeping == Keeping::log)
        message += "; what a work says about itself is under the chain and stays";
      else if (field.options.personal)
        message += "; erase that record too, if it is the same person";
      else
        message += "; change it where it names the person, then purge or archive its past";
      found.push_back({std::string(entity.name), id, std::string(field.name), std::move(message)});
    }
  }

  const Reader& reader_;
  const Entity& entity_;
  Id id_;
  std::vector<std::string> texts_;
};

void name_parts(const Reader& reader, const Entity& entity, Id id, std::vector<Remainder>& found) {
  for (const Entity* part : reader.model().entities()) {
    const int field = Recovery::parent_field(*part, entity);
    const std::vector<std::size_t> personal = personal_fields(*part);
    if (field < 0 || personal.empty()) continue;
    std::set<std::int64_t> ids;
    for (const Entity* table : {part, reader.model().history_of(*part)}) {
      const Batch rows =
          raw_all(reader, {.entity = table, .fields = {kIdField}, .where = {equals(*part, part->roles.parent, id)}});
      for (std::size_t row = 0; row < rows.rows(); ++row) ids.insert(rows.columns.front().word(row));
    }
    for (const std::int64_t one : ids) {
      found.push_back({std::string(part->name),
                       {one},
                       std::string(part->fields[personal.front()].name),
                       "is a part with personal fields of its own; erase it too, if that is meant"});
    }
  }
}

[[noreturn]] void fail_not_found(const Entity& entity, Id id) {
  throw Error(Code::not_found, std::string(entity.name), "id",
              "nothing is kept of a " + std::string(entity.name) + " " + std::to_string(id.value));
}

/// Blanks every version and writes the change that seals them. False where no version held anything.
bool erase_versions(Recovery& recovery, Erasing& erasing, const Entity& entity, Id id) {
  const Reader& reader = recovery.work;
  const Scan scan{
      .entity = &erasing.past(), .where = {equals(erasing.past(), "id", id)}, .order = {{.field = kSeqField}}};
  Batch now = raw_get(reader, entity, {&id, 1});
  Batch blank = erasing.blanked(now);
  Batch past = erasing.blanked(raw_all(reader, scan));
  if (now.rows() == 0 && past.rows() == 0) fail_not_found(entity, id);
  if (erasing.fields().empty()) return false;
  const auto earlier = recovery.blank_salts(entity, {id});
  if (now.rows() != 0) {
    for (std::size_t i = 0; i < blank.columns.size(); ++i) past.columns[i].append_from(blank.columns[i], 0);
    past.columns.back().append(recovery.work.next_seq());
  }
  recovery.write([&](Transaction& store) {
    Batch kept(erasing.past()), fresh(erasing.past());
    for (std::size_t row = 0; row < past.rows(); ++row) {
      const bool is_new = now.rows() != 0 && row + 1 == past.rows();
      (is_new ? fresh : kept).append_row(past, row);
    }
    std::vector<std::int64_t> revisions;
    for (std::size_t row = 0; row < kept.rows(); ++row) revisions.push_back(kept.columns[kRevisionField].word(row));
    if (kept.rows() != 0) store.update(erasing.past(), kept, revisions);
    if (fresh.rows() != 0) store.insert(erasing.past(), fresh);
    if (now.rows() == 0) return;
    const std::int64_t revision = now.columns[kRevisionField].word(0);
    blank.columns[kRevisionField].set_word(0, revision + 1);
    blank.columns[kSeqField].set_word(0, recovery.work.next_seq());
    store.update(entity, blank, {&revision, 1});
    CustomRows(recovery.work).index(entity, &now, &blank);
  });
  Sealed sealed{.earlier = earlier.at(id.value)};
  for (std::size_t row = 0; row < past.rows(); ++row) {
    sealed.versions.push_back({&past, row, past.columns[kSeqField].word(row), past.columns.back().word(row)});
  }
  if (now.rows() != 0) sealed.versions.push_back({&blank, 0, recovery.work.next_seq(), std::nullopt});
  if (now.rows() == 0) {
    const std::unique_ptr<void, void (*)(void*)> empty(entity.make(), entity.destroy);
    store_row(empty.get(), blank);
    blank.columns[kIdField].set_word(0, id.value);
  }
  recovery.seal(blank, 0, ChangeKind::erased, sealed);
  return true;
}

}  // namespace

Erasure erase_person(Work& work, const Entity& entity, Id id) {
  Recovery recovery(work);
  recovery.begin();
  work.require(Action::administer, entity_of<Principal>());
  const Entity* past = work.model().history_of(entity);
  if (past == nullptr || personal_fields(entity).empty()) {
    throw Error(Code::invalid, std::string(entity.name), "",
                "has no personal fields; persons are customers, contacts and employees");
  }
  recovery.require_untouched(entity, {id}, "erase");
  Erasing erasing(entity, *past);
  Work::Step step(work);
  if (!erase_versions(recovery, erasing, entity, id)) {
    throw Error(Code::state, std::string(entity.name), "id",
                "record " + std::to_string(id.value) + " holds no personal value any more");
  }
  step.keep();
  Erasure erasure{.fields = erasing.fields()};
  const Reader system = work.as_system("erasure");
  name_parts(system, entity, id, erasure.remainders);
  Search(system, entity, id, erasing.texts()).run(erasure.remainders);
  return erasure;
}

std::vector<std::string> scrub(Session& session) {
  {
    const Reader reader = session.reader();
    if (rights_of(reader).level(entity_of<Principal>(), Action::administer) != Level::all) {
      throw Error(Code::denied, "principal", "",
                  "'" + reader.actor().name + "' may not scrub a store; that needs administer");
    }
  }
  return session.engine().storage().scrub();
}

}  // namespace kith::history
