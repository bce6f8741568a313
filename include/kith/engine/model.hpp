// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What areas tell the engine as data, one `Area` (one file) each: entities, record verbs, permissions, reports,
/// first rows, invariants. Lower layers learn of higher ones only through these rows.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kith/engine/access.hpp"
#include "kith/engine/table.hpp"
#include "kith/schema/expression.hpp"

namespace kith {

class Reader;
class Work;

/// One fault found by `check`.
struct Finding {
  std::string entity = {};
  Id id = {};
  std::string message = {};  ///< what should hold, what holds instead
};

/// The record verbs of an entity that outside callers may use generically (C, Python, import): thin wrappers over
/// the area's typed verbs. A null pointer means: only through named verbs.
struct RecordVerbs {
  std::string_view entity;
  Id (*create)(Work&, void* record) = nullptr;    ///< the struct; id, revision and seq are filled in
  void (*update)(Work&, void* record) = nullptr;  ///< the struct with the revision that was read
  void (*remove)(Work&, Id id, std::int64_t revision) = nullptr;
  /// `create` for every row of a batch of all fields, in a number of statements that does not grow with the rows. All
  /// or none are made; fills the id column. Null where there is no faster way than one by one.
  void (*create_batch)(Work&, Batch& records) = nullptr;
  /// `update` for every row of a batch of all fields, in the same way; the revision column holds what was read and is
  /// raised where a row changed. Null where there is no faster way than one by one.
  void (*update_batch)(Work&, Batch& records) = nullptr;
};

/// One verb in its area's permission table: completeness is a test.
struct Permit {
  std::string_view verb;  ///< "sales::advance"
  std::string_view entity;
  Action action;
};

/// A grant that a new store starts with.
struct FirstGrant {
  std::string_view role;    ///< admin, manager, seller
  std::string_view entity;  ///< or "*"
  Action action;
  Level level;
};

/// A column that holds the value of the newest of dated rows, as `unit` of an employee does that of the memberships. A
/// reader of a day of valid time shows the row of that day instead.
struct Mirror {
  std::string_view entity;                         ///< "employee"
  std::string_view field;                          ///< its column: "unit"
  std::string_view rows;                           ///< the entity of the rows, with `from` and `to`: "membership"
  std::string_view subject;                        ///< their field that names the record: "employee"
  std::string_view value;                          ///< their field with the value: "unit"
  bool begins = false;                             ///< before its first row the record is not there
  std::span<const std::string_view> settled = {};  ///< columns that belong to the newest row alone: null before it
};

/// A parameter of a report.
struct ReportParameter {
  std::string_view name;
  Type type = Type::text;
  bool required = false;
  std::string_view meaning;
};

/// A report: one function and this row.
struct Report {
  std::string_view name;     ///< "win_rate"
  std::string_view meaning;  ///< one sentence
  std::span<const ReportParameter> parameters;
  Table (*run)(const Reader& reader, const Parameters& parameters);
};

/// Which of two states must be the later one in the order of states. Numbers are stable.
enum class Way : std::int32_t { any = 1, forward = 2, back = 3 };
template <>
struct Choices<Way> {
  static constexpr std::string_view names[] = {"any", "forward", "back"};
};

/// A transition that a machine of an area starts with (see engine/state_machine.hpp); its name is that of a verb.
struct FirstTransition {
  std::string_view name;  ///< "win"
  std::string_view from;  ///< states, separated by commas; "*" for all
  std::string_view to;
  Way way = Way::any;
  std::string_view needs = {};  ///< fields that must be filled, separated by commas
};

/// A machine whose states an area's verbs change.
struct FirstMachine {
  std::string_view name;
  std::string_view entity;
  std::string_view field;
  std::string_view meaning;
  std::span<const FirstTransition> transitions;
};

/// Everything one area registers.
struct Area {
  std::string_view name;
  std::span<const Entity* const> entities = {};
  std::span<const RecordVerbs> verbs = {};
  std::span<const Permit> permits = {};
  std::span<const FirstGrant> grants = {};
  std::span<const Report> reports = {};
  std::span<const Mirror> mirrors = {};
  void (*found)(Work&) = nullptr;                                 ///< writes the first rows of a new store
  void (*check)(const Reader&, std::vector<Finding>&) = nullptr;  ///< adds broken invariants
  Reach (*reach)(const Reader&, Id employee, Date on) = nullptr;  ///< people only
  /// people only: what one unit of a currency is worth in another on a day, for expressions; nothing without a rate
  std::optional<Ratio> (*rate)(const Reader&, Currency from, Currency to, Date on) = nullptr;
  /// people only: what facts are worth in the base currency at the market rates of their days, all by one query
  std::vector<BaseValue> (*base_values)(const Reader&, std::span<const DatedMoney>) = nullptr;
  std::span<const FirstMachine> machines = {};
};

/// The areas of a store, indexed, with the derived history tables. Immutable after construction; shared by threads.
class Model {
 public:
  /// The engine's own area is added in front. Errors: internal for two entities of one name.
  explicit Model(std::span<const Area* const> areas);
  ~Model();
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  /// Every entity incl. histories, in a fixed order (dump order).
  std::span<const Entity* const> stored() const { return stored_; }
  /// Every entity that is no history, in the order of areas.
  std::span<const Entity* const> entities() const { return entities_; }
  std::span<const Area* const> areas() const { return areas_; }

  /// By name or plural. Error{invalid} with near names.
  const Entity& entity(std::string_view name) const;
  const Entity* find_entity(std::string_view name) const;
  /// The derived history table, or null for logs.
  const Entity* history_of(const Entity& entity) const;
  /// The record verbs of an entity, or null.
  const RecordVerbs* verbs_of(const Entity& entity) const;
  /// Error{invalid} with near names.
  const Report& report(std::string_view name) const;
  std::vector<const Report*> reports() const;
  /// What lookup() in expressions may read: see scope_of in engine/formula.hpp.
  std::span<const DatedName> dated() const { return dated_; }

 private:
  struct Derived;
  std::vector<const Area*> areas_;
  std::vector<const Entity*> entities_;
  std::vector<const Entity*> stored_;
  std::vector<DatedName> dated_;
  std::map<std::string_view, const Entity*> by_name_;
  std::map<const Entity*, std::unique_ptr<Derived>> derived_;
};

}  // namespace kith
