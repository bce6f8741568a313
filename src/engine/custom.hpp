// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the engine's sources share of a store's own fields: the definitions at hand, and what a Work does with the rows
// it writes.

#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "engine/internal.hpp"
#include "engine/valid.hpp"
#include "kith/engine/custom.hpp"

namespace kith {

/// Beside what a store says of itself now, what it said after the earlier work that was asked for last.
template <class Kept>
struct Earlier {
  std::int64_t seq = -1;
  std::shared_ptr<const Kept> value = nullptr;
};

/// All fields that a store has added.
class Customs {
 public:
  /// Of a system reader, also of one of the past.
  explicit Customs(const Reader& reader);
  /// Null where there are none; of a history: those of its entity.
  const CustomFields* of(const Entity& entity) const;

  mutable Earlier<Customs> earlier;  // of settings_of

 private:
  std::map<const Entity*, std::shared_ptr<const CustomFields>> by_entity_;
};

/// What a store says of itself as data, as the reader sees it. That of the present is kept with the transaction and,
/// unless that changes it, with the session until access rows change. An as-of reader gets that of then: a past record
/// is shown in the fields it had. `Kept` is made from a system reader.
template <class Kept>
std::shared_ptr<const Kept> settings_of(const Reader& reader, std::shared_ptr<const Kept> Held::*in_held,
                                        Session::State::Present<Kept> Session::State::*in_session) {
  const Reader::State& state = Inside::state(reader);
  Held& held = *state.held;
  const auto load = [&](bool as_of) { return std::make_shared<const Kept>(settings_view(reader, as_of)); };
  if (!(held.*in_held)) {
    auto& kept = (*state.session).*in_session;
    const bool fresh = kept.value && kept.seq == state.head.access_seq;
    held.*in_held = !held.settings_changed && fresh ? kept.value : load(false);
    if (!held.settings_changed && !fresh) kept = {held.*in_held, state.head.access_seq};
  }
  const bool same = !held.settings_changed && state.seq >= state.head.access_seq;
  if (!state.as_of || same) return held.*in_held;
  Earlier<Kept>& earlier = (held.*in_held)->earlier;
  if (earlier.seq != state.seq) earlier = {state.seq, load(true)};
  return earlier.value;
}

/// The fields of one entity over time, up to what the reader sees: what a formula gave is told by the formula that
/// stood then.
class CustomPast {
 public:
  CustomPast(const Reader& reader, const Entity& entity);
  /// The definitions right after a work.
  const CustomFields& at(std::int64_t seq) const;
  /// The works that changed one of them.
  const std::set<std::int64_t>& changes() const { return changes_; }

 private:
  struct Span;
  const Entity& entity_;
  Currency base_;
  std::vector<std::shared_ptr<const Span>> spans_;  // in the order they were defined
  std::set<std::int64_t> changes_;
  mutable std::map<std::int64_t, std::unique_ptr<const CustomFields>> made_;  // by the change that they follow
};

/// Adds the columns of all of `own` to versions of a record (rows of its history). Formulas are as they stood when the
/// version ended, and as the reader sees them where it still holds.
void expand_versions(const Reader& reader, const CustomFields& own, Batch& versions);

/// The definitions that the reader sees; those of then for an as-of reader.
std::shared_ptr<const Customs> customs_of(const Reader& reader);
/// Those of one entity, kept alive by what is returned; null where there are none.
std::shared_ptr<const CustomFields> custom_of(const Reader& reader, const Entity& entity);

/// Position of a field or of one of the store's own (behind the entity's). Error{invalid} naming near ones.
int position_of(const Entity& entity, const CustomFields* own, std::string_view name);
/// The field at a position.
const Field& field_at(const Entity& entity, const CustomFields* own, int position);

/// True for a field that is found through `key`.
bool has_keys(const CustomRule& rule);
/// Records whose key meets a condition on one of the store's own fields, at most `most`; nothing where there are more,
/// or where keys do not say. `index`: of the field.
std::optional<std::vector<Id>> records_by_key(const Reader& reader, const CustomFields& own, int index,
                                              const Condition& condition, std::size_t most);

/// The store's own fields of rows that a Work writes.
class CustomRows {
 public:
  explicit CustomRows(Work& work) : work_(work) {}

  /// Brings the column of the store's own fields of rows that are to be written to what is stored: what a Carry gives,
  /// defaults of new records; a null keeps what an update finds. Adds what breaks a rule. `stored[origin[row]]` is the
  /// row that an update replaces; none for new rows.
  void take(const Entity& entity, Batch& rows, const Batch* stored, std::span<const std::size_t> origin,
            std::vector<Violation>& violations);
  /// Error{conflict} when another record has a value that must be unique. `before`: the rows that are replaced.
  void require_unique(const Entity& entity, const Batch& after, const Batch* before);
  /// Rows that are written or taken out: their keys come and go. Either may be null; with both, rows belong together.
  void index(const Entity& entity, const Batch* before, const Batch* after);
  /// Makes all keys of a field again. Error{conflict} as `require_unique`.
  void rebuild(const CustomFields& own, int index);
  /// Removes all keys of a field.
  void forget(const Entity& entity, std::string_view rule);
  /// What a record will hold once the verb that is running has written it: what is stored, on it what a Carry or the
  /// row of a batch (`given`) brings, and the defaults of a new record (id 0). Rules are asked when it is written.
  static std::string to_be(const Reader& reader, const Entity& entity, Id id, std::string_view stored,
                           std::string_view given);
  void begin(custom::Carry& carry);
  void end(custom::Carry& carry);

 private:
  struct Change;
  custom::Carry* carry_for(const Entity& entity, const Batch& rows, bool update) const;
  void check_references(const CustomFields& own, const std::vector<std::pair<int, Id>>& asked,
                        std::vector<Violation>& violations) const;
  void require_unique(const CustomFields& own, int index, const std::vector<Change>& changes) const;
  std::vector<Change> changes_of(const CustomFields& own, const Batch* before, const Batch* after) const;
  void remove_keys(const Entity& entity, const std::vector<Change>& changes);
  void add_keys(const CustomFields& own, const std::vector<Change>& changes);
  void erase_keys(std::vector<Condition> where);
  Work& work_;
};

/// What is wrong with a value, by its field's own rules; "" for nothing.
std::string fault_of(const Field& field, const Cell& cell);

}  // namespace kith
