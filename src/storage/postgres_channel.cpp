// SPDX-License-Identifier: Apache-2.0
#include "storage/postgres_channel.hpp"

#ifdef KITH_POSTGRES

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>

#include <algorithm>

#include "kith/base/error.hpp"
#include "storage/postgres_errors.hpp"
#include "storage/postgres_sql.hpp"

namespace kith::postgres {
namespace {

/// More shapes than any program of fixed queries has; beyond it the kept statements are let go.
constexpr std::size_t kMostPrepared = 512;

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
      std::string state = state_in(api().PQerrorMessage(connection_));
      // The server did not refuse: libpq did not even answer it.
      if (state.empty() && api().PQconnectionNeedsPassword(connection_) != 0) state = "28P01";
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

Result Channel::exec(const std::string& sql, const Doing& doing) {
  Result result(api().PQexec(raw(), sql.c_str()));
  if (result.failed()) fail(result, doing);
  return result;
}

void Channel::try_exec(const char* sql) noexcept { api().PQclear(api().PQexec(raw(), sql)); }

void Channel::forget_prepared() {
  prepared_.clear();
  exec("DEALLOCATE ALL");
}

const std::string* Channel::prepared(const std::string& sql, const Params& params, const Doing& doing) {
  // The names of the host's prepared statements are the host's.
  if (borrowed() || !settings_.postgres.named) return nullptr;
  if (const auto found = prepared_.find(sql); found != prepared_.end()) return &found->second;
  if (prepared_.size() >= kMostPrepared) forget_prepared();
  const std::string name = "kith_" + std::to_string(++prepared_count_);
  const Result result(api().PQprepare(raw(), name.c_str(), sql.c_str(), params.size(), params.types()));
  if (result.failed()) fail(result, doing);
  return &prepared_.emplace(sql, name).first->second;
}

Result Channel::run(const std::string& sql, Params& params, const Doing& doing) {
  const std::string* name = prepared(sql, params, doing);
  if (name == nullptr) return run_once(sql, params, doing);
  Result result(api().PQexecPrepared(raw(), name->c_str(), params.size(), params.values(), params.lengths(),
                                     params.formats(), 1));
  if (result.failed()) fail(result, doing);
  return result;
}

Result Channel::run_once(const std::string& sql, Params& params, const Doing& doing) {
  if (borrowed()) return run_looking(sql, params, doing);
  Result result(api().PQexecParams(raw(), sql.c_str(), params.size(), params.types(), params.values(), params.lengths(),
                                   params.formats(), 1));
  if (result.failed()) fail(result, doing);
  return result;
}

Result Channel::ask(const std::string& sql, Params& params, int most_ms) {
  if (api().PQsendQueryParams(raw(), sql.c_str(), params.size(), params.types(), params.values(), params.lengths(),
                              params.formats(), 1) == 0) {
    return Result();
  }
  pollfd answer{.fd = api().PQsocket(raw()), .events = POLLIN, .revents = 0};
  return Result(poll(&answer, 1, most_ms) == 1 ? api().PQgetResult(raw()) : nullptr);
}

std::vector<Result> Channel::pipeline(std::span<Step> steps, const Doing& doing) {
  Result failure;
  std::vector<Result> results = send(steps, failure, doing);
  if (failure.raw() != nullptr || results.size() != steps.size()) fail(failure, doing);
  return results;
}

std::vector<Result> Channel::send(std::span<Step> steps, Result& failure, const Doing& doing) {
  check_lent();
  // Before the first of them is looked up: none of these may be let go for another.
  if (prepared_.size() + steps.size() > kMostPrepared) forget_prepared();
  std::vector<const std::string*> names;
  for (Step& step : steps) names.push_back(step.params.size() == 0 ? nullptr : prepared(*step.sql, step.params, doing));
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

Copying::Copying(Channel& channel, const std::string& sql, const Entity& entity)
    : channel_(channel), doing_(kInsert, entity) {
  doing_.copies = true;
  static_cast<void>(channel_.exec(sql, doing_));
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
    if (!result.failed() && !stuck) taken_ += result.touched();
    if ((result.failed() || stuck) && failure.raw() == nullptr) failure = std::move(result);
    if (stuck) break;
  }
  return failure;
}

bool Copying::end(std::int64_t sent) {
  if (api().PQputCopyEnd(channel_.raw(), nullptr) != 1) channel_.fail_lost(api().PQerrorMessage(channel_.raw()));
  const Result failure = finish();
  if (failure.raw() == nullptr) return taken_ == sent;
  const std::string_view state = failure.field(PG_DIAG_SQLSTATE);
  // A coordinator says of whatever a node refuses there that it is an internal error.
  if (state == "23505" || (state == "XX000" && channel_.cluster())) return false;
  channel_.fail(failure, doing_);
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
                      const std::string& last, const Doing& doing) {
  const bool nodes = cluster();
  std::vector<std::string> all = {mode};
  all.insert(all.end(), own.begin(), own.end());
  if (nodes) all.emplace_back("SET LOCAL row_security = on");
  // What stands before it stays here: a node that only waits for this one must not end a transaction that idles there.
  if (nodes) all.emplace_back("SET LOCAL citus.propagate_set_commands = 'local'");
  if (lock_ms > 0) all.push_back(fmt::format("SET LOCAL lock_timeout = {}", lock_ms));
  const std::string tenant = std::to_string(settings_.postgres.tenant);
  all.push_back(nodes ? "SET LOCAL kith.tenant = '" + tenant + "'" : "SELECT " + tenant_settings(tenant));
  if (!last.empty()) all.push_back(last);
  if (!nodes) return exec(fmt::format("{}", fmt::join(all, "; ")), doing);
  std::vector<Step> steps;
  for (const std::string& sql : all) steps.push_back({&sql, {}, 0});
  return std::move(pipeline(steps, doing).back());
}

void Channel::commit() {
  const Result result(api().PQexec(raw(), "COMMIT"));
  const std::string_view state = result.field(PG_DIAG_SQLSTATE);
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
  fail(result, kCommit);
}

}  // namespace kith::postgres

#endif
