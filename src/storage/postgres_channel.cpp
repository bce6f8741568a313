// SPDX-License-Identifier: Apache-2.0
#include "storage/postgres_channel.hpp"

#ifdef KITH_POSTGRES

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "kith/base/error.hpp"

namespace kith::postgres {
namespace {

/// More shapes than any program of fixed queries has; beyond it the kept statements are let go.
constexpr std::size_t kMostPrepared = 512;

std::string_view field_of(const Result& result, int code) {
  const char* text = result.raw() == nullptr ? nullptr : api().PQresultErrorField(result.raw(), code);
  return text == nullptr ? std::string_view() : std::string_view(text);
}

std::string without_end(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  return std::string(text);
}

/// The server or the network went away, by the server's own words.
bool is_lost(std::string_view state) {
  return state.starts_with("08") || state == "57P01" || state == "57P02" || state == "57P03" || state == "57P05" ||
         state == "25P03";
}

/// Severity and text in what the server itself says of a connection that it refuses: "FATAL:  ...". libpq puts no
/// two spaces into words of its own.
constexpr std::string_view kServerSays = ":  ";

/// The SQLSTATE in the longest form of such a message, "FATAL:  3D000: ..."; of several hosts the last one's.
std::string state_in(std::string_view said) {
  std::string state;
  for (std::size_t at = said.find(kServerSays); at != std::string_view::npos; at = said.find(kServerSays, at + 1)) {
    const std::string_view word = said.substr(at + kServerSays.size(), 6);
    const bool is_state = word.size() == 6 && word[5] == ':' && std::all_of(word.begin(), word.end() - 1, [](char c) {
                            return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
                          });
    if (is_state) state = word.substr(0, 5);
  }
  return state;
}

[[noreturn]] void fail_connect(const Settings& settings, std::string_view user, std::string_view state,
                               const std::string& said) {
  const std::string where = fmt::format("cannot connect to {}: {}; ", settings.place, said);
  if (state == "3D000") {
    throw Error(Code::not_found, where + "make the database (createdb), or check its name in the URL");
  }
  if (state.starts_with("28")) {
    throw Error(Code::denied,
                fmt::format("{}check the role '{}', its password and the server's pg_hba.conf", where, user));
  }
  if (state == "42501") {
    throw Error(Code::denied, fmt::format("{}grant the role '{}' CONNECT, or use another one", where, user));
  }
  if (state == "53300") {
    throw Error(Code::busy, where +
                                "no connection is left; lower kith_pool, raise max_connections or the limit of "
                                "the role, or try again later");
  }
  throw Interrupted(where + "check the URL, that the server runs and that it lets this role in", false);
}

std::string_view advice(std::string_view state) {
  if (state == "53100") return "the server's disk is full; free some space there, then try again";
  if (state == "53200") return "the server is short of memory; try again later";
  if (state == "57014") {
    return "it took longer than the statement timeout allows, or was cancelled on the server; try again, or raise "
           "kith_statement_ms";
  }
  if (state == "25P02") return "an earlier failure has undone the transaction; give it up and begin another one";
  if (state == "42P05" || state == "26000") return "a pooler stands between; open the store with kith_prepare=unnamed";
  if (state.starts_with("58")) return "check the server's disk and its log, then try again";
  return "see the server's log, then try again";
}

}  // namespace

Channel::Channel(const Settings& settings) : settings_(settings) {
  std::vector<const char*> keywords;
  std::vector<const char*> values;
  for (std::size_t i = 0; i < settings.keywords.size(); ++i) {
    keywords.push_back(settings.keywords[i].c_str());
    values.push_back(settings.values[i].c_str());
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  connection_ = api().PQconnectdbParams(keywords.data(), values.data(), 0);
  if (connection_ == nullptr) throw std::bad_alloc();
  if (!alive()) {
    const std::string said = without_end(api().PQerrorMessage(connection_));
    // libpq tells the SQLSTATE of a refused connection only within its longest message. A server that answered is asked
    // again in that form; one that did not is not waited for twice.
    if (said.find(kServerSays) != std::string::npos) {
      api().PQsetErrorVerbosity(connection_, PQERRORS_VERBOSE);
      api().PQreset(connection_);
      api().PQsetErrorVerbosity(connection_, PQERRORS_DEFAULT);
    }
    if (!alive()) {
      const std::string state = state_in(api().PQerrorMessage(connection_));
      const char* user = api().PQuser(connection_);
      const std::string role = user == nullptr ? "" : user;
      api().PQfinish(connection_);
      fail_connect(settings, role, state, said);
    }
  }
  // Notices (a table that was there already) are not for the host's standard error.
  api().PQsetNoticeProcessor(
      connection_, [](void*, const char*) {}, nullptr);
}

Channel::Channel(const Settings& settings, std::shared_ptr<Lent> lent) : settings_(settings), lent_(std::move(lent)) {}

Channel::~Channel() {
  if (!borrowed()) api().PQfinish(connection_);
}

Result Channel::exec(const std::string& sql, std::string_view doing) {
  Result result(api().PQexec(raw(), sql.c_str()));
  if (result.failed()) fail(result, doing);
  return result;
}

void Channel::try_exec(const char* sql) noexcept { api().PQclear(api().PQexec(raw(), sql)); }

void Channel::forget_prepared() {
  prepared_.clear();
  exec("DEALLOCATE ALL");
}

const std::string* Channel::prepared(const std::string& sql, const Params& params) {
  // The names of the host's prepared statements are the host's.
  if (borrowed() || !settings_.postgres.named) return nullptr;
  if (const auto found = prepared_.find(sql); found != prepared_.end()) return &found->second;
  if (prepared_.size() >= kMostPrepared) forget_prepared();
  const std::string name = "kith_" + std::to_string(++prepared_count_);
  const Result result(api().PQprepare(raw(), name.c_str(), sql.c_str(), params.size(), params.types()));
  if (result.failed()) fail(result, "use");
  return &prepared_.emplace(sql, name).first->second;
}

Result Channel::run(const std::string& sql, Params& params, std::string_view doing) {
  const std::string* name = prepared(sql, params);
  if (name == nullptr) return run_once(sql, params, doing);
  Result result(api().PQexecPrepared(raw(), name->c_str(), params.size(), params.values(), params.lengths(),
                                     params.formats(), 1));
  if (result.failed()) fail(result, doing);
  return result;
}

Result Channel::run_once(const std::string& sql, Params& params, std::string_view doing) {
  if (borrowed()) return run_looking(sql, params, doing);
  Result result(api().PQexecParams(raw(), sql.c_str(), params.size(), params.types(), params.values(), params.lengths(),
                                   params.formats(), 1));
  if (result.failed()) fail(result, doing);
  return result;
}

std::vector<Result> Channel::pipeline(std::span<Step> steps, std::string_view doing) {
  Result failure;
  std::vector<Result> results = send(steps, failure, doing);
  if (failure.raw() != nullptr || results.size() != steps.size()) fail(failure, doing);
  return results;
}

std::vector<Result> Channel::send(std::span<Step> steps, Result& failure, std::string_view doing) {
  check_lent();
  // Before the first of them is looked up: none of these may be let go for another.
  if (prepared_.size() + steps.size() > kMostPrepared) forget_prepared();
  std::vector<const std::string*> names;
  for (Step& step : steps) names.push_back(step.params.size() == 0 ? nullptr : prepared(*step.sql, step.params));
  if (api().PQenterPipelineMode(raw()) == 0) fail(Result(), doing);
  bool sent = true;
  for (std::size_t i = 0; i < steps.size() && sent; ++i) {
    Params& params = steps[i].params;
    sent = names[i] != nullptr
               ? api().PQsendQueryPrepared(raw(), names[i]->c_str(), params.size(), params.values(), params.lengths(),
                                           params.formats(), 1) != 0
               : api().PQsendQueryParams(raw(), steps[i].sql->c_str(), params.size(), params.types(), params.values(),
                                         params.lengths(), params.formats(), steps[i].format) != 0;
  }
  sent = sent && api().PQpipelineSync(raw()) != 0;
  if (!sent) fail_lost(api().PQerrorMessage(raw()));
  std::vector<Result> results;
  // Each statement gives its result and an end (null); the sync gives one result of its own, without an end.
  for (bool ended = false;;) {
    Result result(api().PQgetResult(raw()));
    if (result.raw() == nullptr) {
      if (ended || !alive()) break;
      ended = true;
      continue;
    }
    ended = false;
    if (result.status() == PGRES_PIPELINE_SYNC) break;
    if (result.status() == PGRES_PIPELINE_ABORTED) continue;
    if (!result.failed()) {
      results.push_back(std::move(result));
    } else if (failure.raw() == nullptr) {
      failure = std::move(result);
    }
  }
  api().PQexitPipelineMode(raw());
  return results;
}

Copying::Copying(Channel& channel, const std::string& sql) : channel_(channel) {
  static_cast<void>(channel_.exec(sql, "write to"));
}

Copying::~Copying() {
  if (!open_) return;
  api().PQputCopyEnd(channel_.raw(), "given up");
  static_cast<void>(finish());
}

void Copying::send(std::string_view bytes) {
  constexpr std::size_t kPiece = std::size_t{1} << 20;
  for (std::size_t at = 0; at < bytes.size(); at += kPiece) {
    const std::string_view piece = bytes.substr(at, kPiece);
    if (api().PQputCopyData(channel_.raw(), piece.data(), static_cast<int>(piece.size())) != 1) {
      channel_.fail_lost(api().PQerrorMessage(channel_.raw()));
    }
  }
}

Result Copying::finish() {
  open_ = false;
  Result failure;
  for (Result result(api().PQgetResult(channel_.raw())); result.raw() != nullptr;
       result = Result(api().PQgetResult(channel_.raw()))) {
    const bool stuck = result.status() == PGRES_COPY_IN;  // the end of the bytes could not be told
    if ((result.failed() || stuck) && failure.raw() == nullptr) failure = std::move(result);
    if (stuck) break;
  }
  return failure;
}

bool Copying::end() {
  if (api().PQputCopyEnd(channel_.raw(), nullptr) != 1) channel_.fail_lost(api().PQerrorMessage(channel_.raw()));
  const Result failure = finish();
  if (failure.raw() == nullptr) return true;
  const std::string_view state = field_of(failure, PG_DIAG_SQLSTATE);
  // A coordinator says of whatever a node refuses there that it is an internal error.
  if (state == "23505" || (state == "XX000" && channel_.cluster())) return false;
  channel_.fail(failure, "write to");
}

bool Channel::cluster() {
  std::optional<bool>& known = borrowed() ? lent_->cluster : cluster_;
  if (!known) {
    const Result setting = exec("SELECT pg_catalog.current_setting('citus.propagate_set_commands', true)");
    known = !setting.is_null(0, 0);
  }
  return *known;
}

Result Channel::begin(const std::string& mode, const std::vector<std::string>& own, int lock_ms,
                      const std::string& last, std::string_view doing) {
  const bool nodes = cluster();
  std::vector<std::string> all = {mode};
  all.insert(all.end(), own.begin(), own.end());
  // What stands before it stays here: a node that only waits for this one must not end a transaction that idles there.
  if (nodes) all.emplace_back("SET LOCAL citus.propagate_set_commands = 'local'");
  if (lock_ms > 0) all.push_back(fmt::format("SET LOCAL lock_timeout = {}", lock_ms));
  const std::string tenant = std::to_string(settings_.postgres.tenant);
  all.push_back(nodes ? "SET LOCAL kith.tenant = '" + tenant + "'"
                      : "SELECT pg_catalog.set_config('kith.tenant', '" + tenant + "', true)");
  if (!last.empty()) all.push_back(last);
  if (!nodes) return exec(fmt::format("{}", fmt::join(all, "; ")), doing);
  std::vector<Step> steps;
  for (const std::string& sql : all) steps.push_back({&sql, {}, 0});
  return std::move(pipeline(steps, doing).back());
}

void Channel::commit() {
  const Result result(api().PQexec(raw(), "COMMIT"));
  const std::string_view state = field_of(result, PG_DIAG_SQLSTATE);
  if (!result.failed()) {
    if (std::string_view(api().PQcmdStatus(result.raw())) == "COMMIT") return;
    throw Error(Code::storage, "an earlier failure has undone the transaction; nothing of it is kept; begin another");
  }
  // Citus reports as XX000 what a node could not serialize, and also what one node may have kept.
  if (!alive() || is_lost(state) || state == "XX000" || state.empty()) {
    throw Interrupted(fmt::format("the connection to {} was lost while the work was made durable ({}); it is kept or "
                                  "not: repeat it with the same idempotency key",
                                  settings_.place, without_end(api().PQerrorMessage(raw()))),
                      true);
  }
  fail(result, "write to");
}

void Channel::fail_lost(std::string_view said) const {
  check_open();
  if (borrowed()) {
    throw Interrupted(fmt::format("the host's connection to {} was lost ({}); nothing of its transaction is kept; "
                                  "connect again and repeat all of it",
                                  settings_.place, without_end(said)),
                      false);
  }
  throw Interrupted(fmt::format("the connection to {} was lost ({}); nothing of the work is kept; try it again",
                                settings_.place, without_end(said)),
                    false);
}

void Channel::fail(const Result& result, std::string_view doing) const {
  const std::string_view state = field_of(result, PG_DIAG_SQLSTATE);
  std::string said = without_end(field_of(result, PG_DIAG_MESSAGE_PRIMARY));
  if (said.empty()) said = without_end(api().PQerrorMessage(raw()));
  if (!alive() || is_lost(state)) fail_lost(said);
  check_lent();
  // The cursor, the undo point or the transaction is gone, and it was not Kith that ended it.
  if (borrowed() && !inside_.empty() && (state == "34000" || state == "3B001" || state == "25P01")) fail_moved();
  const std::string& place = settings_.place;
  if (state == "55P03" && doing == kMigrating) {
    throw Error(Code::busy, fmt::format("a table of {} was in use for more than {} ms; what is migrated stays, and the "
                                        "next opening goes on behind it: end what reads or writes there, then open it "
                                        "again",
                                        place, settings_.storage.busy_ms));
  }
  if (state == "55P03") {
    throw Error(Code::busy, fmt::format("another writer held {} for more than {} ms; try the whole work again", place,
                                        settings_.storage.busy_ms));
  }
  if (state == "40001" || state == "40P01") {
    throw Error(Code::busy, fmt::format("the work met another one in {} ({}); {}", place, said,
                                        borrowed() ? "roll the host's transaction back and repeat all of it"
                                                   : "try the whole work again"));
  }
  if (state == "42501") {
    throw Error(Code::denied, fmt::format("the role '{}' may not {} {}: {}; grant it that, or use another role",
                                          api().PQuser(raw()), doing, place, said));
  }
  if (state == "25006") {
    throw Error(Code::storage, fmt::format("{} is read-only, a replica or set so ({}); connect to the primary, for "
                                           "example with target_session_attrs=read-write",
                                           place, said));
  }
  if (state == "XX001" || state == "XX002") {
    throw Error(Code::corrupt, fmt::format("{} is damaged ({}); nothing was changed; restore a backup", place, said));
  }
  // A kept statement gives other columns now, or an operator finds other types.
  const bool changed_type = state == "42804" || state == "42883" ||
                            (state == "0A000" && field_of(result, PG_DIAG_SOURCE_FUNCTION) == "RevalidateCachedQuery");
  if (state == "42P01" || state == "42703" || state == "3F000" || changed_type) {
    throw Error(Code::corrupt, fmt::format("another program changed the tables of {} ({}); nothing was changed; "
                                           "restore a backup",
                                           place, said));
  }
  if (state == "42P07" || state == "42710") {
    throw Error(Code::corrupt, fmt::format("another program's tables are in the way in {} ({}); nothing was changed; "
                                           "choose another kith_schema",
                                           place, said));
  }
  if (state == "54000") throw Error(Code::overflow, fmt::format("a value is too long for {} ({})", place, said));
  if (state == "23505") {
    throw Error(Code::conflict,
                fmt::format("a unique key is taken in {} ({}); read again, then decide again", place, said));
  }
  if (state.starts_with("23") || state == "P0001") {
    throw Error(Code::corrupt,
                fmt::format("a constraint or trigger of another program is in the way in {} ({}); nothing was changed; "
                            "drop it",
                            place, said));
  }
  const bool known = state.starts_with("53") || state.starts_with("57") || state.starts_with("58") ||
                     state.starts_with("25") || state == "42P05" || state == "26000" || state == "XX000";
  throw Error(known ? Code::storage : Code::internal,
              fmt::format("cannot {} {}: {} ({}); {}", doing, place, said, state, advice(state)));
}

}  // namespace kith::postgres

#endif
