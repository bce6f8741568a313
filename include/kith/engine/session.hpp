// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Start here for C++: an Engine is an open store, a Session is somebody at work in it.
///
///     auto engine = kith::open("shop.kith");
///     auto session = engine->session();
///     auto work = session.work({.cause = "first customer"});
///     kith::Customer acme{.name = "Acme"};
///     kith::customer::create(work, acme);
///     work.commit();

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "kith/engine/work.hpp"

namespace kith {

/// What the host decides. Every member has a default; with a fixed clock and seed the same calls give the same bytes.
struct Options {
  StorageOptions storage = {};
  std::string currency = "USD";           ///< base currency of a new store; ignored for an existing one
  std::string zone = "UTC";               ///< IANA time zone of a new store; ignored for an existing one
  bool migrate = true;                    ///< bring a store of an older format to this one; else Error{version}
  std::function<Timestamp()> clock = {};  ///< default: the system's clock
  std::function<void(std::span<std::uint8_t>)> random = {};  ///< fills bytes (salts); default: the system's generator
};

/// Bytes that follow from a seed alone, for Options::random: repeatable stores in tests, never in production. May be
/// called from any thread.
std::function<void(std::span<std::uint8_t>)> seeded_random(std::uint64_t seed);

/// Which moment a Reader shows.
struct ReadOptions {
  std::optional<std::int64_t> as_of_seq = {};  ///< the state right after that work
  std::optional<Timestamp> as_of_time = {};    ///< the state as it was recorded at that time
  /// What held on that day, as far as it is recorded: `today` and `now` are the end of that day, columns that follow
  /// dated rows (owner, unit, stage, status) show the row of that day, and of those rows only what had begun is there.
  /// Together with an as-of: what was believed then of that day. Rights are those of the present on what is stored.
  std::optional<Date> valid_on = {};
};

/// How `Session::run` tries again.
struct Retry {
  int attempts = 10;   ///< in all, 1 or more
  int first_ms = 10;   ///< the longest first pause; each one after it may be twice as long
  int most_ms = 2000;  ///< the longest pause
};

class Engine;

/// Somebody at work. One thread at a time (Error{misuse} in debug builds); keeps its engine alive.
class Session {
 public:
  struct State;  ///< opaque
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;
  ~Session();

  /// A snapshot. Errors: invalid for an as-of sequence that is not there yet.
  Reader reader(const ReadOptions& options = {}) const;
  /// Begins a Work; waits for the writer before it at most the busy time, then Error{busy}.
  Work work(const WorkOptions& options = {});
  /// Runs `function` in a Work, commits it with the result that the function returns, and does both again, after a
  /// pause of random length, when the store was busy (other writers, a deadlock, a failed serialization) or the
  /// connection was lost with nothing kept. Where it was lost inside the commit and the store cannot be asked, only a
  /// Work with an idempotency key is tried again: it is never applied twice. The function may run several times, each
  /// on a state of its own, and must have no other effects; not at all when the key was used before.
  /// Errors: those of the function and of `commit`; the last one when the attempts are used up.
  Receipt run(const WorkOptions& options, const std::function<std::string(Work&)>& function, const Retry& retry = {});

  Engine& engine() const;
  const Principal& actor() const;

 private:
  explicit Session(std::shared_ptr<State> state);
  void found(const Options& options);
  static void migrate(const std::shared_ptr<State>& state, const Options& options);
  Work begin(const WorkOptions& options, std::unique_ptr<Transaction> transaction);
  static void go_to(Reader& reader, const ReadOptions& options);
  std::shared_ptr<State> state_;
  friend class Engine;
};

/// An open store. May be shared by threads; sessions may not. Always held by shared_ptr.
class Engine : public std::enable_shared_from_this<Engine> {
 public:
  struct Impl;  ///< opaque
  /// Opens or makes the store at `url` (see open_storage) for that model. A new store gets the roles admin, manager
  /// and seller and the principal `local` (admin). Errors: those of storage; invalid (currency, zone).
  static std::shared_ptr<Engine> open(std::string_view url, const Model& model, const Options& options = {});
  /// The same on a storage that the host made.
  static std::shared_ptr<Engine> open(std::shared_ptr<Storage> storage, const Model& model,
                                      const Options& options = {});
  ~Engine();

  /// A session that acts as the principal of that name. Errors: not_found (with near names), denied (inactive).
  Session session(std::string_view principal = "local");

  const Model& model() const;
  Storage& storage() const;
  /// The store's base currency; fixed when it was made.
  Currency currency() const;

 private:
  explicit Engine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
  friend struct Session::State;
};

/// The head row of a store: written by every Work under the writer's lock.
struct Head {
  Id id = {};                    ///< always 1
  std::int64_t revision = 0;     ///< grows with every work
  std::int64_t seq = 0;          ///< the sequence of the last work
  std::int64_t format = 0;       ///< kFormat of the library that made or migrated it
  std::int64_t last_id = 0;      ///< ids grow from here
  std::int64_t last_change = 0;  ///< id of the last change row
  std::int64_t access_seq = 0;   ///< the last work that changed who may do what
  Timestamp recorded = {};       ///< of the last work; never decreases
  Bytes hash = {};               ///< of the last work
  std::string currency = {};
  std::string zone = {};
};
template <>
const Entity& entity_of<Head>();

}  // namespace kith
