// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The one funnel for writes: permission -> validation -> revision -> history -> storage -> feed, in that order.
/// A Work is one transaction with one row in `work` and thin rows in `change`. Nothing is kept until `commit`; the
/// destructor rolls back. After a storage error behind the first write a Work can only roll back.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "kith/base/error.hpp"
#include "kith/engine/reader.hpp"

namespace kith {

enum class ChangeKind : std::int32_t;
struct TouchedRecord;

/// What a Work says about itself.
struct WorkOptions {
  std::string cause = {};    ///< why, for the audit trail: "import deals.csv"
  std::string key = {};      ///< idempotency key; "" for none
  std::string payload = {};  ///< what the key stands for; the same key with another payload is Error{conflict}
};

/// What a committed Work was.
struct Receipt {
  std::int64_t seq = 0;     ///< its place in the order of works; 0 when it wrote nothing
  std::string result = {};  ///< what `commit` was given, or was given the first time (replayed)
  bool replayed = false;
};

/// A write in progress. Belongs to one thread at a time; one at a time in a session. A Reader that sees its own writes.
class Work : public Reader {
 public:
  struct Pending;  ///< opaque
  Work(Work&&) noexcept;
  ~Work() override;

  /// True when this key was committed before: do nothing, call `receipt`.
  bool replayed() const;
  /// Of the earlier commit when replayed, else Error{misuse}.
  Receipt receipt() const;
  /// Makes everything durable. `result` is kept with the idempotency key. A Work without changes leaves no row.
  Receipt commit(std::string result = {});

  /// Adds a record: fills id (unless the host set one), revision 1 and seq. For verbs; checks `create` first.
  template <class T>
  Id create(T& record) {
    return create(entity_of<T>(), &record);
  }
  /// Replaces it. `record.revision` must be the one that was read (else Error{conflict}); it is raised by one.
  template <class T>
  void update(T& record) {
    update(entity_of<T>(), &record);
  }
  /// Removes it with its parts; their past stays readable as of earlier works, and `history::restore` brings them
  /// back. Error{conflict} naming what refers to one of them.
  template <class T>
  void remove(Id id, std::int64_t revision) {
    remove(entity_of<T>(), id, revision);
  }
  Id create(const Entity& entity, void* record);
  void update(const Entity& entity, void* record);
  void remove(const Entity& entity, Id id, std::int64_t revision);

  /// Adds many rows at once: id (where 0), revision and seq columns are filled in. The bulk path of imports.
  void create_batch(const Entity& entity, Batch& batch);
  /// Replaces many rows at once; the revision column holds the revisions that were read and is raised.
  void update_batch(const Entity& entity, Batch& batch);

  /// Throws not_found or denied unless the actor may do that to the record. Verbs call it before their first write.
  void require(Action action, const Entity& entity, Id id) const;
  /// The same for something that is no record yet.
  void require(Action action, const Entity& entity) const;
  /// Runs the verb's own writes on parts and on kept columns with the rights that `require` established.
  /// The actor stays the one in the audit trail.
  template <class Function>
  auto trusted(Function&& function) {
    const Trust trust(*this);
    return std::forward<Function>(function)();
  }

  /// A nested undo point: rolled back unless `keep` is called.
  class Step {
   public:
    explicit Step(Work& work);
    ~Step();
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;
    void keep();

   private:
    Work& work_;
    bool open_ = true;
  };

  /// The sequence that this Work will commit as.
  std::int64_t next_seq() const;

 private:
  class Trust {
   public:
    explicit Trust(Work& work);
    ~Trust();

   private:
    Work& work_;
  };
  Work(std::shared_ptr<State> state, std::unique_ptr<Pending> pending);
  void begin_write();
  void insert_rows(const Entity& entity, Batch& batch);
  void fill_new_row(const Entity& entity, Batch& batch, std::size_t row);
  void require_rows(Action action, const Entity& entity, const Batch& batch) const;
  void check_rows(const Entity& entity, const Batch& batch, const Batch* before, std::vector<Violation> violations);
  void check_references(const Entity& entity, const Batch& batch, const Batch* before,
                        std::vector<Violation>& violations);
  using Group = std::map<const Entity*, std::unordered_set<std::int64_t>>;  // records by entity
  void require_unreferenced(const Entity& entity, Id id, const Group& leaving) const;
  void keep_past(const Entity& entity, const Batch& old);
  void touch(const Entity& entity, const Batch& batch, std::size_t row, ChangeKind kind);
  void write_changes(std::vector<TouchedRecord*>& alive);
  void end(bool committed);
  std::unique_ptr<Pending> pending_;
  friend class Session;
  friend struct Recovery;
  friend class CustomRows;
};

}  // namespace kith
