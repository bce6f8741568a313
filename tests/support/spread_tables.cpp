// SPDX-License-Identifier: Apache-2.0
#include "support/spread_tables.hpp"

#ifdef KITH_POSTGRES

#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <regex>
#include <string>
#include <utility>
#include <vector>

#include "kith/schema/entity.hpp"
#include "kith/storage/postgres.hpp"
#include "storage/postgres_api.hpp"

namespace kith::test {
namespace {

/// Schema and name of what was made in a transaction.
using Made = std::vector<std::pair<std::string, std::string>>;

std::mutex mutex;
std::map<PGconn*, Made> made;
decltype(&::PQexec) real_exec = nullptr;

void note(PGconn* connection, const std::string& sql) {
  static const std::regex table(R"re(^CREATE TABLE "(\w+)"\."(\w+)" \()re");
  std::smatch found;
  if (!std::regex_search(sql, found, table)) return;
  const std::lock_guard lock(mutex);
  made[connection].emplace_back(found[1], found[2]);
}

Made take(PGconn* connection) {
  const std::lock_guard lock(mutex);
  const auto found = made.find(connection);
  if (found == made.end()) return {};
  Made all = std::move(found->second);
  made.erase(found);
  return all;
}

void spread(PGconn* connection, const Made& tables) {
  // The plan of these tables; the first of them is the tenants', which it has by itself.
  std::vector<Entity> entities(tables.size() - 1);
  std::vector<const Entity*> pointers;
  for (std::size_t i = 1; i < tables.size(); ++i) {
    entities[i - 1].name = tables[i].second;
    pointers.push_back(&entities[i - 1]);
  }
  for (const std::string& statement : postgres_shard_plan(pointers, tables.front().first)) {
    PGresult* result = real_exec(connection, statement.c_str());
    if (postgres::api().PQresultStatus(result) != PGRES_TUPLES_OK) {
      std::fprintf(stderr, "%s: %s\n", statement.c_str(), postgres::api().PQerrorMessage(connection));
      std::abort();
    }
    postgres::api().PQclear(result);
  }
}

PGresult* exec(PGconn* connection, const char* sql) {
  const std::string text = sql == nullptr ? "" : sql;
  if (text.starts_with("CREATE TABLE")) note(connection, text);
  if (text.starts_with("ROLLBACK")) take(connection);
  PGresult* result = real_exec(connection, sql);
  if (text != "COMMIT") return result;
  const Made tables = take(connection);
  if (tables.size() > 1 && postgres::api().PQresultStatus(result) == PGRES_COMMAND_OK) spread(connection, tables);
  return result;
}

}  // namespace

void spread_tables_when_made() {
  if (real_exec != nullptr) return;
  postgres::Api& api = postgres::replaceable_api();
  real_exec = std::exchange(api.PQexec, exec);
}

}  // namespace kith::test

#endif
