// SPDX-License-Identifier: Apache-2.0
#include "internal.hpp"
#include "kith/kith.hpp"

using namespace kith::c;

namespace {

std::shared_ptr<kith::Storage> storage_on(const kith_connection& given, const kith::StorageOptions& options) {
  if (given.handle == nullptr) misuse("connection->handle is NULL");
  switch (given.kind) {
    case KITH_HOST_SQLITE: {
      kith::SqliteOptions sqlite;
      if (given.schema != nullptr) sqlite.schema = given.schema;
      return kith::open_sqlite_on(given.handle, sqlite, options);
    }
    case KITH_HOST_POSTGRES: {
      kith::PostgresOptions postgres;
      if (given.schema != nullptr) postgres.schema = given.schema;
      if (given.tenant != 0) postgres.tenant = given.tenant;
      return kith::open_postgres_on(given.handle, postgres, options);
    }
    default: misuse("connection->kind is neither KITH_HOST_SQLITE nor KITH_HOST_POSTGRES");
  }
}

}  // namespace

int32_t kith_open_on(const kith_connection* connection, const kith_options* options, kith_store** out,
                     kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    static_cast<void>(need(connection, "connection"));
    const kith::Options given = options_of(options);
    auto storage = storage_on(read_struct(connection, "connection"), given.storage);
    *out = new kith_store{kith::Engine::open(std::move(storage), kith::model(), given)};
  });
}
