// SPDX-License-Identifier: Apache-2.0
#include "kith/engine/session.hpp"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstring>

#include "engine/internal.hpp"
#include "engine/migrate.hpp"
#include "engine/pending.hpp"
#include "kith/base/error.hpp"
#include "kith/base/text.hpp"
#include "kith/engine/archive.hpp"
#include "storage/lendable.hpp"
#include "storage/rules.hpp"

namespace kith {
namespace {

constexpr Id kHeadId{1};

/// Names of the principals that can be asked for, for messages.
Principal principal_by_name(const Reader& reader, std::string_view name) {
  const auto principals = reader.list<Principal>();
  std::vector<std::string_view> names;
  for (const Principal& principal : principals) {
    if (principal.name == name) {
      if (principal.active) return principal;
      throw Error(Code::denied, "principal", "active", "'" + principal.name + "' is not active; ask an administrator");
    }
    names.push_back(principal.name);
  }
  throw Error(Code::not_found, "principal", "name",
              "there is no principal '" + std::string(name) + "'." + suggest(name, names));
}

/// Roles, their first grants and the principal `local`.
void found_access(Work& work) {
  std::map<std::string_view, Id> roles;
  for (const std::string_view name : {"admin", "manager", "seller"}) {
    Role role;
    role.name = name;
    roles[name] = work.create(role);
  }
  for (const Area* area : work.model().areas()) {
    for (const FirstGrant& first : area->grants) {
      Grant grant;
      grant.role = roles.at(first.role);
      grant.entity = first.entity;
      grant.action = first.action;
      grant.level = first.level;
      work.create(grant);
    }
  }
  Principal local;
  local.name = "local";
  work.create(local);
  RoleHolder holder;
  holder.principal = local.id;
  holder.role = roles.at("admin");
  work.create(holder);
}

}  // namespace

std::function<void(std::span<std::uint8_t>)> seeded_random(std::uint64_t seed) {
  // splitmix64 (Steele, Lea, Flood 2014); the counter alone is shared, so that threads need no lock.
  auto counter = std::make_shared<std::atomic<std::uint64_t>>(seed);
  return [counter](std::span<std::uint8_t> bytes) {
    for (std::size_t done = 0; done < bytes.size(); done += sizeof(std::uint64_t)) {
      constexpr std::uint64_t kStep = 0x9e3779b97f4a7c15;
      std::uint64_t word = counter->fetch_add(kStep) + kStep;
      word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9;
      word = (word ^ (word >> 27)) * 0x94d049bb133111eb;
      word ^= word >> 31;
      std::memcpy(bytes.data() + done, &word, std::min(sizeof word, bytes.size() - done));
    }
  };
}

namespace {

/// The base currency of the store. Errors: corrupt for a currency or zone that no Kith writes there.
Currency currency_of(const Head& head) {
  try {
    static_cast<void>(local_date({}, head.zone));
    return kith::currency(head.currency);
  } catch (const Error& error) {
    throw Error(Code::corrupt, "head", error.field,
                "the row of the store itself is damaged: " + error.message + "; restore a backup");
  }
}

}  // namespace

std::optional<Head> read_head(Transaction& transaction) {
  Head head;
  if (!fetch_record(transaction, entity_of<Head>(), kHeadId, &head)) return std::nullopt;
  return head;
}

Timestamp Engine::Impl::now() const {
  if (options.clock) return options.clock();
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::microseconds>(since).count()};
}

void Engine::Impl::random(std::span<std::uint8_t> bytes) const {
  if (options.random) return options.random(bytes);
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t got = getrandom(bytes.data() + done, bytes.size() - done, 0);
    if (got < 0)
      throw Error(Code::storage, "the system gives no random bytes; supply a source of them in the options of opening");
    done += static_cast<std::size_t>(got);
  }
}

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Engine::~Engine() = default;
const Model& Engine::model() const { return *impl_->model; }
Storage& Engine::storage() const { return *impl_->storage; }
Currency Engine::currency() const { return impl_->currency; }

std::shared_ptr<Engine> Engine::open(std::string_view url, const Model& model, const Options& options) {
  return open(open_storage(url, options.storage), model, options);
}

namespace {

/// The format with which every field came that begins as another one of its row; later formats add none.
constexpr std::int64_t kBeginsSince = 3;

/// What a load has filled in of the rows of a dump of an older format.
Migration of_loaded(std::int64_t format, const Model& model) {
  Migration migration{.from = format, .to = kFormat, .steps = {}};
  if (format >= kBeginsSince) return migration;
  for (const Entity* entity : model.stored()) {
    for (const Field& field : entity->fields) {
      if (field.options.begins_as.empty()) continue;
      const std::string sql = "UPDATE \"" + std::string(entity->name) + "\" SET " + begin_of(field);
      migration.steps.push_back({std::string(entity->name), std::string(field.name), sql});
    }
  }
  return migration;
}

/// The rows of migrations say what format the store has, and the chain covers them, but not the head row: before that
/// is acted upon it must say the same. A store from before these rows has none, and is taken at its word.
void require_format(Transaction& transaction, const Head& head) {
  const Entity& entity = entity_of<MigrationRow>();
  const int to_format = entity.at("to_format");
  std::optional<std::int64_t> format;
  Batch batch;
  auto rows = transaction.scan({.entity = &entity,
                                .fields = {kIdField, kSeqField, to_format},
                                .order = {{.field = kSeqField}, {.field = kIdField}}});
  while (rows->next(batch)) format = batch.column(to_format).word(batch.rows() - 1);
  if (!format || *format == head.format) return;
  throw Error(Code::corrupt, "head", "format",
              "the row of the store itself is damaged: it has the format " + std::to_string(head.format) +
                  ", but the store is of format " + std::to_string(*format) +
                  "; nothing was changed; restore a backup");
}

std::string cause_of(const Migration& migration) {
  return "migration from format " + std::to_string(migration.from) + " to " + std::to_string(migration.to);
}

/// The work of a migration, by the store's own principal.
void write_migration(Work& work, const Migration& migration) {
  const auto kith = work.find_one<Principal>({.conditions = {equals(entity_of<Principal>(), "name", "kith")}});
  if (kith) Inside::state(work).actor = *kith;
  Inside::state(work).head.format = migration.to;
  record_migration(work, migration);
  work.commit();
}

}  // namespace

std::shared_ptr<Engine> Engine::open(std::shared_ptr<Storage> storage, const Model& model, const Options& options) {
  static_cast<void>(kith::currency(options.currency));
  static_cast<void>(local_date({}, options.zone));
  auto impl = std::make_unique<Impl>();
  impl->storage = std::move(storage);
  impl->model = &model;
  impl->options = options;
  std::shared_ptr<Engine> engine(new Engine(std::move(impl)));

  auto state = std::make_shared<Session::State>();
  state->engine = engine;
  Session::migrate(state, options);
  engine->storage().prepare(model.stored());
  {
    auto connection = state->take_connection();
    std::optional<Head> head;
    {
      // One snapshot: another process may bring a loaded dump to this format meanwhile.
      const auto snapshot = connection->begin(Access::read);
      head = read_head(*snapshot);
      if (head && head->format != kFormat) require_format(*snapshot, *head);
    }
    if (head) {
      if (head->format > kFormat) {
        throw Error(Code::version, "the store has format " + std::to_string(head->format) + ", this Kith knows " +
                                       std::to_string(kFormat) + "; use a newer Kith");
      }
      engine->impl_->currency = currency_of(*head);
      if (head->format < kFormat && !options.storage.read_only && options.migrate) {
        const Migration loaded = of_loaded(head->format, model);
        Session session(state);
        state->principal.name = "kith";
        state->principal.kind = PrincipalKind::system;
        state->writer = state->take_connection();
        Work work = session.begin({.cause = cause_of(loaded)}, state->writer->begin(Access::write));
        // Another process may have been faster.
        if (Inside::state(work).head.format < loaded.to) write_migration(work, loaded);
      }
      return engine;
    }
  }
  if (options.storage.read_only) {
    throw Error(Code::storage, "the store is empty and opened read-only; open it once for writing");
  }
  state->principal.name = "kith";
  state->principal.kind = PrincipalKind::system;
  Session session(state);
  session.found(options);
  // Another process may have been faster, with a currency of its own.
  auto connection = state->take_connection();
  engine->impl_->currency = currency_of(read_head(*connection->begin(Access::read)).value());
  return engine;
}

void Session::migrate(const std::shared_ptr<State>& state, const Options& options) {
  Storage& storage = state->engine->storage();
  const auto entities = state->engine->model().stored();
  const Migration migration = storage.migration(entities);
  if (migration.from == migration.to) return;
  const std::string formats = std::to_string(migration.from) + " to " + std::to_string(migration.to);
  if (options.storage.read_only || !options.migrate) {
    throw Error(Code::version, "the store needs the migration from format " + formats +
                                   "; back it up and open it for writing with the option to migrate, the default");
  }
  storage.migrate(migration, entities);
  if (storage.fresh()) return;  // the tables were others', this store begins with them
  Session session(state);
  state->writer = state->take_connection();
  auto transaction = state->writer->begin(Access::write);
  try {
    transaction->migrate(migration, entities);
  } catch (const Error& error) {
    if (error.code != Code::conflict) throw;
    transaction.reset();
    state->writer.reset();
    const Migration left = storage.migration(entities);
    if (left.from != left.to) throw;
    return;  // another process was faster, and has done all of it
  }
  if (!read_head(*transaction)) {  // nobody has founded it yet
    transaction->commit();
  } else {
    state->principal.name = "kith";
    state->principal.kind = PrincipalKind::system;
    Work work = session.begin({.cause = cause_of(migration)}, std::move(transaction));
    write_migration(work, migration);
  }
  state->writer.reset();
}

namespace {

/// A store is founded by one transaction: where that was cut off there is nothing. Where there is anything, the head
/// row was there and is lost.
void require_nothing(Transaction& transaction, const Model& model) {
  for (const Entity* entity : model.entities()) {
    Batch first;
    if (!transaction.scan({.entity = entity, .fields = {kIdField}, .limit = 1})->next(first)) continue;
    throw Error(Code::corrupt, "head", "",
                "the row of the store itself is missing, though there are rows of " + std::string(entity->name) +
                    "; nothing was changed; restore a backup");
  }
}

}  // namespace

void Session::found(const Options& options) {
  state_->writer = state_->take_connection();
  auto transaction = state_->writer->begin(Access::write);
  if (read_head(*transaction)) return;  // another process was faster
  require_nothing(*transaction, *state_->impl().model);
  Head head;
  head.id = kHeadId;
  head.revision = 1;
  head.format = kFormat;
  head.recorded = state_->impl().now();
  head.hash.data.assign(32, '\0');
  head.currency = options.currency;
  head.zone = options.zone;
  Batch batch(entity_of<Head>());
  store_row(&head, batch);
  transaction->insert(entity_of<Head>(), batch);

  Work work = begin({.cause = "new store"}, std::move(transaction));
  Principal kith = state_->principal;
  work.create(kith);
  Inside::state(work).actor = kith;
  record_founding(work);
  found_access(work);
  for (const Area* area : work.model().areas()) {
    if (area->found != nullptr) area->found(work);
  }
  work.commit();
}

Session Engine::session(std::string_view principal) {
  auto state = std::make_shared<Session::State>();
  state->engine = shared_from_this();
  state->principal.name = principal;
  state->principal.kind = PrincipalKind::system;
  Session session(state);
  Principal found = principal_by_name(session.reader().as_system("sign in"), principal);
  if (found.kind == PrincipalKind::system) {
    throw Error(Code::denied, "principal", "name", "'" + found.name + "' is the store's own; sign in as a person");
  }
  state->principal = std::move(found);
  return session;
}

Engine::Impl& Session::State::impl() const { return *engine->impl_; }

std::unique_ptr<Connection> Session::State::take_connection() {
  if (idle.empty()) return impl().storage->connect();
  auto connection = std::move(idle.back());
  idle.pop_back();
  return connection;
}

Session::Session(std::shared_ptr<State> state) : state_(std::move(state)) {}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;
Engine& Session::engine() const { return *state_->engine; }
const Principal& Session::actor() const { return state_->principal; }

Reader Session::reader(const ReadOptions& options) const {
  const Turn turn(state_.get());
  auto held = std::make_shared<Held>();
  held->session = state_;
  held->connection = state_->take_connection();
  held->transaction = held->connection->begin(Access::read);
  auto head = read_head(*held->transaction);
  if (!head) throw Error(Code::corrupt, "the store has no head row; restore a backup");
  auto state = std::make_shared<Reader::State>();
  state->session = state_;
  state->held = std::move(held);
  state->head = std::move(*head);
  state->seq = state->head.seq;
  state->actor = state_->principal;
  state->now = state_->impl().now();
  Reader reader(std::move(state));
  if (options.as_of_seq || options.as_of_time) go_to(reader, options);
  if (options.valid_on) {
    Reader::State& at = Inside::state(reader);
    if (*options.valid_on < date(1, 1, 1) || *options.valid_on >= kOpenDate) {
      throw Error(Code::invalid, "", "valid_on", "is no day from 0001-01-01 to 9999-12-30");
    }
    at.now = {start_of_day({options.valid_on->days + 1}, at.head.zone).micros - 1};
    at.valid = options.valid_on;
  }
  return reader;
}

void Session::go_to(Reader& reader, const ReadOptions& options) {
  Reader::State& state = Inside::state(reader);
  std::int64_t seq = options.as_of_seq.value_or(state.head.seq);
  if (seq < 0 || seq > state.head.seq) {
    throw Error(Code::invalid, "the store's last work is " + std::to_string(state.head.seq) + ", not " +
                                   std::to_string(seq) + "; give a sequence from 0 to it");
  }
  if (options.as_of_time) {
    const Entity& entity = entity_of<WorkRow>();
    Scan scan{.entity = &entity, .fields = {kIdField}, .order = {{.field = kIdField, .descending = true}}, .limit = 1};
    scan.where.push_back({.op = Condition::Op::le,
                          .field = entity.at("recorded"),
                          .operands = {options.as_of_time->micros},
                          .terms = {}});
    const Batch last = raw_all(reader, scan);
    const std::int64_t then = last.rows() == 0 ? 0 : last.columns.front().word(0);
    seq = options.as_of_seq ? std::min(seq, then) : then;
  }
  const auto base = history::last_archive(reader);
  if (base && seq < base->until) {
    throw Error(Code::state, "work", "id",
                "the past before work " + std::to_string(base->until) + " of " + to_string(base->recorded) +
                    " was archived; it can no longer be read as of " +
                    (options.as_of_time ? to_string(*options.as_of_time) : "work " + std::to_string(seq)));
  }
  state.seq = seq;
  state.as_of = true;
}

Work Session::work(const WorkOptions& options) {
  const Turn turn(state_.get());
  if (state_->working) {
    throw Error(Code::misuse, "this session already has an open Work; commit or drop it first");
  }
  if (!state_->writer) state_->writer = state_->take_connection();
  return begin(options, state_->writer->begin(Access::write));
}

Receipt Session::run(const WorkOptions& options, const std::function<std::string(Work&)>& function,
                     const Retry& retry) {
  if (retry.attempts < 1 || retry.first_ms < 0 || retry.most_ms < 0) {
    throw Error(Code::misuse, "a Retry has at least one attempt, and no pause below zero");
  }
  std::int64_t pause = retry.first_ms;
  // Within a transaction of the host's the same would only happen again: the host repeats all of it.
  const auto* lendable = dynamic_cast<const Lendable*>(&engine().storage());
  const int attempts = lendable != nullptr && lendable->borrowed() ? 1 : retry.attempts;
  for (int attempt = 1;; ++attempt) {
    try {
      Work work = this->work(options);
      if (work.replayed()) return work.receipt();
      return work.commit(function(work));
    } catch (const Interrupted& lost) {
      if (attempt >= attempts || (lost.unknown && options.key.empty())) throw;
    } catch (const Error& error) {
      if (error.code != Code::busy || attempt >= attempts) throw;
    }
    // Random, so that those who met do not meet again.
    std::array<std::uint8_t, 4> bytes{};
    state_->impl().random(bytes);
    std::uint32_t number = 0;
    std::memcpy(&number, bytes.data(), sizeof number);
    pause = std::min<std::int64_t>(pause, retry.most_ms);
    std::this_thread::sleep_for(std::chrono::milliseconds(number % static_cast<std::uint64_t>(pause + 1)));
    pause *= 2;
  }
}

Turn::Turn(Session::State* session) : session_(session) {
#ifndef NDEBUG
  const auto self = std::this_thread::get_id();
  std::thread::id nobody{};
  if (!session_->inside.compare_exchange_strong(nobody, self) && nobody != self) {
    session_ = nullptr;
    throw Error(Code::misuse, "another thread is using this session; give each thread its own");
  }
  ++session_->depth;
#endif
}

Turn::~Turn() {
#ifndef NDEBUG
  if (session_ != nullptr && --session_->depth == 0) session_->inside.store(std::thread::id{});
#endif
}

}  // namespace kith
