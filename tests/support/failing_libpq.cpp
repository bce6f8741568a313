// SPDX-License-Identifier: Apache-2.0
#include "support/failing_libpq.hpp"

#ifdef KITH_POSTGRES

#include <sys/socket.h>

#include <string_view>

namespace kith::test {
namespace {

using postgres::Api;

struct Armed {
  Api real;
  Failure failure;
  bool armed = false;
  int hits = 0;
  int seen = 0;
};
Armed now;

bool is_commit(const char* sql) { return sql != nullptr && std::string_view(sql) == "COMMIT"; }

/// Whether this statement is the one. What ends a transaction that failed, what gives a lent connection back, and the
/// look before that are none.
bool is_due(const char* sql) {
  if (!now.armed) return false;
  const std::string_view text = sql == nullptr ? std::string_view() : std::string_view(sql);
  if (text.starts_with("ROLLBACK") || text.starts_with("SELECT pg_catalog.set_config($1")) return false;
  if (text.ends_with("pg_catalog.current_setting('kith.work', true)")) return false;
  if (now.failure.commits && !is_commit(sql)) return false;
  ++now.seen;
  if (now.failure.at-- != 0) return false;
  if (!now.failure.act) return true;
  ++now.hits;
  now.armed = false;
  now.failure.act();
  return false;
}

/// What the server does instead; "" where the network fails.
std::string statement_that_fails() {
  const std::string state = now.failure.state;
  ++now.hits;
  now.armed = now.failure.again >= 0;
  now.failure = {.at = now.failure.again};
  if (state == "57P01") return "SELECT pg_catalog.pg_terminate_backend(pg_catalog.pg_backend_pid())";
  if (state.empty()) return state;
  return "DO $$BEGIN RAISE EXCEPTION USING ERRCODE = '" + state + "', MESSAGE = 'injected'; END$$";
}

PGresult* fail(PGconn* connection, const char* sql) {
  if (is_commit(sql) && now.failure.keeps) now.real.PQclear(now.real.PQexec(connection, "COMMIT"));
  const std::string instead = statement_that_fails();
  if (!instead.empty()) return now.real.PQexec(connection, instead.c_str());
  shutdown(now.real.PQsocket(connection), SHUT_RDWR);
  return now.real.PQexec(connection, "SELECT 1");
}

int send_failing(PGconn* connection) {
  const std::string instead = statement_that_fails();
  if (instead.empty()) shutdown(now.real.PQsocket(connection), SHUT_RDWR);
  return now.real.PQsendQueryParams(connection, instead.empty() ? "SELECT 1" : instead.c_str(), 0, nullptr, nullptr,
                                    nullptr, nullptr, 1);
}

}  // namespace

FailingLibpq::FailingLibpq() : real_(postgres::api()) {
  now = {};
  now.real = real_;
  Api& api = postgres::replaceable_api();
  api.PQexec = [](PGconn* connection, const char* sql) {
    return is_due(sql) ? fail(connection, sql) : now.real.PQexec(connection, sql);
  };
  api.PQprepare = [](PGconn* connection, const char* name, const char* sql, int count, const Oid* types) {
    return is_due(sql) ? fail(connection, sql) : now.real.PQprepare(connection, name, sql, count, types);
  };
  api.PQexecParams = [](PGconn* connection, const char* sql, int count, const Oid* types, const char* const* values,
                        const int* lengths, const int* formats, int format) {
    if (is_due(sql)) return fail(connection, sql);
    return now.real.PQexecParams(connection, sql, count, types, values, lengths, formats, format);
  };
  api.PQexecPrepared = [](PGconn* connection, const char* name, int count, const char* const* values,
                          const int* lengths, const int* formats, int format) {
    if (is_due(nullptr)) return fail(connection, nullptr);
    return now.real.PQexecPrepared(connection, name, count, values, lengths, formats, format);
  };
  api.PQsendQueryParams = [](PGconn* connection, const char* sql, int count, const Oid* types,
                             const char* const* values, const int* lengths, const int* formats, int format) {
    if (is_due(sql)) return send_failing(connection);
    return now.real.PQsendQueryParams(connection, sql, count, types, values, lengths, formats, format);
  };
  api.PQsendQueryPrepared = [](PGconn* connection, const char* name, int count, const char* const* values,
                               const int* lengths, const int* formats, int format) {
    if (is_due(nullptr)) return send_failing(connection);
    return now.real.PQsendQueryPrepared(connection, name, count, values, lengths, formats, format);
  };
  // The end of a COPY: the server cannot be made to fail there in any way of choice, but the network can.
  api.PQputCopyEnd = [](PGconn* connection, const char* error) {
    const bool by_network = now.failure.state.empty() && !now.failure.commits;
    if (by_network && is_due(nullptr)) {
      statement_that_fails();
      shutdown(now.real.PQsocket(connection), SHUT_RDWR);
    }
    return now.real.PQputCopyEnd(connection, error);
  };
}

FailingLibpq::~FailingLibpq() { postgres::replaceable_api() = real_; }

void FailingLibpq::arm(const Failure& failure) {
  now.failure = failure;
  now.hits = 0;
  now.seen = 0;
  now.armed = true;
}

int FailingLibpq::disarm() {
  now.armed = false;
  return now.hits;
}

int FailingLibpq::seen() const { return now.seen; }

}  // namespace kith::test

#endif
