// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Reads: one snapshot, filtered by what the session's actor may see, now or as of an earlier work. A Work is a
/// Reader too and sees its own writes.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kith/engine/model.hpp"
#include "kith/storage/storage.hpp"

namespace kith {

/// What to list. Names are field names; `where` is the expression language of schema/expression.hpp.
struct Query {
  std::string where = {};                  ///< "" keeps everything
  Parameters parameters = {};              ///< of `where`
  std::vector<Condition> conditions = {};  ///< joined by and; for C++ callers (see `equals`)
  std::vector<std::string> order = {};     ///< "closed_on desc", "name"; ends with id so that it is total
  std::vector<std::string> fields = {};    ///< columns wanted; empty: all
  std::optional<std::int64_t> limit = {};
};

/// field = value, for Query::conditions.
Condition equals(const Entity& entity, std::string_view field, Id value);
Condition equals(const Entity& entity, std::string_view field, std::string_view value);
Condition equals(const Entity& entity, std::string_view field, std::int64_t word);

/// Batches of a query, in order. Ends with its Reader (Error{misuse} afterwards).
class Rows {
 public:
  virtual ~Rows() = default;
  /// Clears and fills the batch; false when none were left.
  virtual bool next(Batch& batch) = 0;
};

/// A snapshot. Belongs to one thread at a time; keeps its session's store alive.
class Reader {
 public:
  struct State;  ///< opaque
  virtual ~Reader();
  Reader(Reader&&) noexcept;

  /// The record, or nothing when it does not exist or is not visible.
  template <class T>
  std::optional<T> find(Id id) const {
    T record;
    return fetch(entity_of<T>(), id, &record) ? std::optional<T>(std::move(record)) : std::nullopt;
  }
  /// The record, or Error{not_found}.
  template <class T>
  T get(Id id) const {
    T record;
    if (!fetch(entity_of<T>(), id, &record)) not_found(entity_of<T>(), id);
    return record;
  }
  /// All visible records of a query. For bulk use `scan`.
  template <class T>
  std::vector<T> list(const Query& query = {}) const {
    std::vector<T> records;
    auto rows = scan(entity_of<T>(), query);
    for (Batch batch; rows->next(batch);) {
      for (std::size_t row = 0; row < batch.rows(); ++row) load_row(batch, row, &records.emplace_back());
    }
    return records;
  }
  /// The one record of a query, or nothing; Error{conflict} for more than one.
  template <class T>
  std::optional<T> find_one(Query query) const {
    query.limit = 2;
    auto records = list<T>(query);
    if (records.size() > 1) more_than_one(entity_of<T>());
    return records.empty() ? std::nullopt : std::optional<T>(std::move(records.front()));
  }

  /// Fills the struct of that entity; false when absent or not visible.
  bool fetch(const Entity& entity, Id id, void* record) const;
  /// Rows in columns of up to 1,024. Errors: invalid (expression, field names).
  std::unique_ptr<Rows> scan(const Entity& entity, const Query& query = {}) const;
  /// Visible records of a query by group: how many, and exact sums; storage does it where it can, the answer is the
  /// same. `keys` and `sums` are field names; of the query, conditions and `where` count. Sums are words (minor units,
  /// coefficients): give money of one currency only. Errors: those of `scan`; invalid (a text summed); misuse (order,
  /// fields or limit); overflow (a sum of more than 64 bits).
  Groups group(const Entity& entity, const std::vector<std::string>& keys, const std::vector<std::string>& sums,
               const Query& query = {}) const;
  /// A report by name. Errors: invalid (unknown report or parameter, missing parameter).
  Table report(std::string_view name, const Parameters& parameters = {}) const;

  /// May the actor do that to this record? `why`, when given, receives the rule that decided.
  bool may(Action action, const Entity& entity, Id id, std::string* why = nullptr) const;

  const Model& model() const;
  std::int64_t seq() const;         ///< the last work this snapshot sees
  Timestamp now() const;            ///< the host's clock; of a day of valid time its end
  Date today() const;               ///< its date in the store's zone
  Currency currency() const;        ///< the store's base currency
  const std::string& zone() const;  ///< the store's IANA time zone
  const Principal& actor() const;
  /// The same snapshot as the named system principal: sees all rows. Only for the declared exceptions
  /// (quota actuals, commission, published totals), for the engine and for `check`.
  Reader as_system(std::string_view purpose) const;

 protected:
  explicit Reader(std::shared_ptr<State> state);
  [[noreturn]] void not_found(const Entity& entity, Id id) const;
  [[noreturn]] void more_than_one(const Entity& entity) const;
  std::shared_ptr<State> state_;
  friend class Session;
};

}  // namespace kith
