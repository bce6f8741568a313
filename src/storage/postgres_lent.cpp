// SPDX-License-Identifier: Apache-2.0
/// \file
/// The connection that a host lends. What the host had set is its own again afterwards. What was begun here is marked
/// by settings of the host's transaction (kith.inside, and kith.work behind the undo point of a Work): the server takes
/// them back when the transaction ends, or is undone to a point from before. So they tell whether it is still there,
/// and asking breaks nothing.

#include "storage/postgres_channel.hpp"

#ifdef KITH_POSTGRES

#include <fmt/format.h>

#include <atomic>
#include <iterator>
#include <map>
#include <mutex>

#include "kith/base/error.hpp"
#include "storage/postgres_sql.hpp"

namespace kith::postgres {
namespace {

/// What is Kith's while something of Kith's is open. Names are qualified, operators cannot be: the host might have its
/// own in front. A coordinator of Citus writes values into texts for its nodes by the host's rule for backslashes,
/// where they read them by their own, and has no plan that serves any parameters. Hiding rows is what row-level
/// security is for, and no error. The encoding is given back first: the others were read in it.
struct Setting {
  const char* name;
  const char* ours;
};
constexpr Setting kSettings[] = {{"client_encoding", "UTF8"},
                                 {"search_path", "pg_catalog"},
                                 {"standard_conforming_strings", "on"},
                                 {"plan_cache_mode", "auto"},
                                 {"row_security", "on"}};

/// Numbers that no other mark or undo point of this program has.
std::string new_mark() {
  static std::atomic<std::int64_t> last{0};
  return std::to_string(++last);
}

/// The one thing that stores share: two on one connection would each take the other's settings for the host's. Never
/// destroyed, for a host may close a connection when the program is ending.
struct LentOnes {
  std::mutex mutex;
  std::map<PGconn*, std::shared_ptr<Lent>> all;
};
LentOnes& lent_ones() {
  static auto* const ones = new LentOnes;
  return *ones;
}

/// libpq tells when the connection is closed, by whomever: nothing of Kith's may touch it from then on.
int on_event(PGEventId event, void* about, void* /*passed*/) {
  if (event != PGEVT_CONNDESTROY) return 1;
  LentOnes& ones = lent_ones();
  const std::lock_guard lock(ones.mutex);
  const auto found = ones.all.find(static_cast<PGEventConnDestroy*>(about)->conn);
  if (found == ones.all.end()) return 1;
  found->second->connection = nullptr;
  ones.all.erase(found);
  return 1;
}

/// An undo point can be kept by the host's COMMIT, a cursor that outlives the transaction is read through by it: this
/// one cannot be read, so that the commit fails and keeps nothing of half a Work. The server puts the name that it does
/// not know into its message.
std::string guard_sql(const std::string& mark) {
  return "DECLARE kith_guard_" + mark +
         " CURSOR WITH HOLD FOR SELECT pg_catalog.set_config("
         "'a Work of Kith is open: commit it or drop it before the transaction ends', '', true)";
}

}  // namespace

std::shared_ptr<Lent> lent_of(PGconn* connection) {
  LentOnes& ones = lent_ones();
  const std::lock_guard lock(ones.mutex);
  std::shared_ptr<Lent>& lent = ones.all[connection];
  if (lent == nullptr) {
    auto made = std::make_shared<Lent>();
    made->connection = connection;
    if (api().PQregisterEventProc(connection, on_event, "kith", nullptr) == 0) throw std::bad_alloc();
    lent = std::move(made);
  }
  return lent;
}

void Channel::check_open() const {
  if (!borrowed() || raw() != nullptr) return;
  throw Error(Code::misuse, fmt::format("the host closed its connection to {} while Kith was open on it; nothing that "
                                        "it had not committed is kept; lend another one, and close the store first",
                                        settings_.place));
}

void Channel::check_lent() const {
  if (!borrowed()) return;
  check_open();
  if (api().PQpipelineStatus(raw()) == PQ_PIPELINE_OFF) return;
  throw Error(Code::misuse, fmt::format("the host's connection to {} is in pipeline mode, in which no answer can be "
                                        "waited for; leave the pipeline before anything of Kith's is called",
                                        settings_.place));
}

void Channel::enter() {
  if (!borrowed()) return;
  Lent& lent = *lent_;
  if (lent.inside > 0) {
    const Result mark = exec("SELECT pg_catalog.current_setting('kith.inside', true)");
    if (mark.text(0, 0) == lent.mark) {
      inside_ = lent.mark;
      ++lent.inside;
      tell_tenant();
      return;
    }
  }
  std::string old_sql = "SELECT pg_catalog.current_setting('kith.tenant', true)";
  std::string set_sql =
      fmt::format("SELECT pg_catalog.set_config('kith.tenant', '{}', true)", settings_.postgres.tenant);
  for (const Setting& one : kSettings) {
    old_sql += fmt::format(", pg_catalog.current_setting('{}')", one.name);
    set_sql += fmt::format(", pg_catalog.set_config('{}', '{}', true)", one.name, one.ours);
  }
  const Result old = exec(old_sql);
  lent.tenant = old.text(0, 0);
  lent.before.clear();
  for (int i = 1; i <= static_cast<int>(std::size(kSettings)); ++i) lent.before.emplace_back(old.text(0, i));
  std::string mark = new_mark();
  exec(fmt::format("{}, pg_catalog.set_config('kith.inside', '{}', true)", set_sql, mark));
  inside_ = mark;
  lent.mark = std::move(mark);
  lent.inside = 1;
  lent.working = false;
  lent.told = 0;
  tell_tenant();
}

/// The host's choice of what nodes are told is its own again at once.
void Channel::tell_nodes(const char* setting, const std::string& value) {
  const Result chosen = exec("SELECT pg_catalog.current_setting('citus.propagate_set_commands')");
  exec("SET LOCAL citus.propagate_set_commands = 'local'");
  exec(fmt::format("SET LOCAL {} = {}", setting, quoted_text(value)));
  exec(fmt::format("SET LOCAL citus.propagate_set_commands = {}", quoted_text(chosen.text(0, 0))));
}

/// Whose turn it is. On a single server each statement says so; the nodes of a cluster are told when it changes.
void Channel::tell_tenant() {
  if (!cluster() || lent_->told == settings_.postgres.tenant) return;
  tell_nodes("kith.tenant", std::to_string(settings_.postgres.tenant));
  lent_->told = settings_.postgres.tenant;
}

void Channel::leave() noexcept {
  if (!borrowed() || inside_.empty()) return;
  const bool last = inside_ == lent_->mark && --lent_->inside == 0;
  // In a broken transaction nothing can be set, and the end of that transaction restores all of it anyway.
  if (last && within()) {
    const auto restore = [&](const char* name, const std::string& value) {
      const char* values[] = {name, value.c_str()};
      api().PQclear(api().PQexecParams(raw(), "SELECT pg_catalog.set_config($1, $2, true)", 2, nullptr, values, nullptr,
                                       nullptr, 0));
    };
    for (std::size_t i = 0; i < std::size(kSettings); ++i) restore(kSettings[i].name, lent_->before[i]);
    restore("kith.tenant", lent_->tenant);
    try {
      if (cluster()) tell_nodes("kith.tenant", lent_->tenant);
    } catch (const std::exception&) {
      // The end of the transaction takes it back.
    }
  }
  inside_.clear();
}

Result Channel::begin_work(const std::string& lock) {
  if (lent_->working) {
    throw Error(Code::misuse,
                "another Work is open on the host's connection, and the two could only be kept or undone together; "
                "commit or drop it first");
  }
  const std::string mark = new_mark();
  exec("SAVEPOINT kith_work_" + mark);
  try {
    const Result old = exec(
        fmt::format("SELECT pg_catalog.current_setting('lock_timeout'), pg_catalog.set_config('kith.tenant', '{}', "
                    "true), pg_catalog.set_config('kith.work', '{}', true)",
                    settings_.postgres.tenant, mark));
    const std::string before(old.text(0, 0));
    const std::string wait = std::to_string(std::max(settings_.storage.busy_ms, 1));
    if (cluster()) tell_nodes("lock_timeout", wait);
    Result row = exec(fmt::format("SET LOCAL lock_timeout = {}; {}", wait, lock), {kLock, kTenantTable});
    if (cluster()) tell_nodes("lock_timeout", before);
    const Result number = exec(fmt::format("SET LOCAL lock_timeout = '{}'; {}; SELECT pg_catalog.pg_current_xact_id()",
                                           before, guard_sql(mark)));
    transaction_ = number.text(0, 0);
    work_ = mark;
    lent_->working = true;
    return row;
  } catch (...) {
    try_exec(fmt::format("ROLLBACK TO kith_work_{0}; RELEASE kith_work_{0}", mark).c_str());
    throw;
  }
}

void Channel::keep_work() {
  look();
  exec(fmt::format("CLOSE kith_guard_{0}; RELEASE kith_work_{0}", work_), "write to");
  work_.clear();
  lent_->working = false;
}

void Channel::undo_work() noexcept {
  if (!borrowed() || work_.empty()) return;
  if (inside_ == lent_->mark) lent_->working = false;
  lent_->told = 0;
  // A broken transaction is mended so. In another one there is no point of that name, and looking for it would break
  // it.
  if (state() == PQTRANS_INERROR || within()) {
    char sql[96];
    *fmt::format_to_n(sql, sizeof sql - 1, "ROLLBACK TO kith_work_{0}; RELEASE kith_work_{0}", work_).out = '\0';
    try_exec(sql);
  }
  work_.clear();
}

std::string Channel::look_sql() const {
  // Another tenant may have spoken on the connection meanwhile.
  return fmt::format(
      "SELECT pg_catalog.current_setting('kith.inside', true), pg_catalog.current_setting('kith.work', true), "
      "pg_catalog.set_config('kith.tenant', '{}', true)",
      settings_.postgres.tenant);
}

bool Channel::moved(const Result& looked) const {
  return looked.text(0, 0) != inside_ || (!work_.empty() && looked.text(0, 1) != work_);
}

void Channel::look() {
  check_lent();
  if (!borrowed() || state() == PQTRANS_INERROR) return;
  if (state() == PQTRANS_IDLE || moved(exec(look_sql()))) fail_moved();
  tell_tenant();
}

bool Channel::within() noexcept {
  if (state() != PQTRANS_INTRANS) return false;
  if (!borrowed()) return true;
  const Result looked(api().PQexec(raw(),
                                   "SELECT pg_catalog.current_setting('kith.inside', true), "
                                   "pg_catalog.current_setting('kith.work', true)"));
  return !looked.failed() && !moved(looked);
}

Result Channel::run_looking(const std::string& sql, Params& params, const Doing& doing) {
  if (state() == PQTRANS_IDLE) fail_moved();
  if (state() == PQTRANS_INTRANS) tell_tenant();
  const std::string looking = look_sql();
  std::vector<Step> steps;
  steps.push_back({&looking, {}});
  steps.push_back({&sql, std::move(params)});
  Result failure;
  std::vector<Result> results;
  try {
    results = send(steps, failure, doing);
  } catch (...) {
    params = std::move(steps.back().params);
    throw;
  }
  params = std::move(steps.back().params);
  if (!results.empty() && moved(results.front())) fail_moved();
  if (failure.raw() != nullptr || results.size() != steps.size()) fail(failure, doing);
  return std::move(results.back());
}

void Channel::fail_moved() const {
  const std::string& place = settings_.place;
  if (work_.empty()) {
    throw Error(Code::misuse, fmt::format("the host ended its transaction in {}, or undid it to a point from before, "
                                          "while a Reader was open on its connection; close it before, and take "
                                          "another one afterwards",
                                          place));
  }
  std::string fate;
  if (state() == PQTRANS_IDLE || state() == PQTRANS_INTRANS) {
    const Result said(api().PQexec(raw(), fmt::format("SELECT pg_catalog.pg_xact_status('{}')", transaction_).c_str()));
    if (!said.failed()) fate = said.text(0, 0);
  }
  if (fate == "committed") {
    throw Error(Code::misuse,
                fmt::format("the host committed its transaction in {} while a Work was open in it: what the Work had "
                            "written is kept, without the rest and without its row in `work`; `check` names it; mend "
                            "or remove it, then do the work again; commit or drop each Work before the transaction "
                            "ends",
                            place));
  }
  if (fate == "in progress") {
    throw Error(Code::misuse, fmt::format("the host undid its transaction in {} to a point from before this Work: "
                                          "nothing of the Work is kept; begin it again",
                                          place));
  }
  throw Error(Code::misuse,
              fmt::format("the host {} its transaction in {}{} while a Work was open in it: {}; begin it again in the "
                          "next transaction, and commit or drop each Work before the transaction ends",
                          fate == "aborted" ? "rolled back" : "ended", place,
                          fate == "aborted" ? ", or tried to commit it," : "",
                          fate == "aborted" ? "nothing of the Work is kept"
                                            : "it is not complete, and run `check` if the host committed"));
}

}  // namespace kith::postgres

#endif
