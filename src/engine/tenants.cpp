// SPDX-License-Identifier: Apache-2.0
#include "kith/engine/tenants.hpp"

#include <array>

#include "kith/base/error.hpp"
#include "kith/storage/postgres.hpp"
#include "storage/postgres_tenants.hpp"
#include "storage/scheme.hpp"

namespace kith::tenants {
namespace {

void check_server(std::string_view url) {
  if (scheme_of(url) == "postgresql") return;
  throw Error(Code::invalid,
              "only a server has tenants; a file and a store in memory are one store each: write "
              "postgresql://user@host/database");
}

int place_of(const Entity& entity, std::string_view name) {
  for (std::size_t i = 0; i < entity.fields.size(); ++i) {
    if (entity.fields[i].name == name) return static_cast<int>(i);
  }
  throw Error(Code::internal, std::string(entity.name), std::string(name), "the head has no such field");
}

}  // namespace

std::vector<Tenant> list(std::string_view url, const StorageOptions& options) {
  check_server(url);
  const Entity& head = entity_of<Head>();
  const std::array<int, 3> fields = {place_of(head, "seq"), place_of(head, "recorded"), place_of(head, "currency")};
  std::vector<Tenant> all;
  for (const postgres::TenantRow& row : postgres::list_tenants(url, options, head, fields)) {
    Tenant tenant{.id = row.tenant, .format = row.format};
    if (const auto* seq = std::get_if<std::int64_t>(&row.values[0])) tenant.seq = *seq;
    if (const auto* recorded = std::get_if<std::int64_t>(&row.values[1])) tenant.recorded = Timestamp{*recorded};
    if (const auto* currency = std::get_if<std::string>(&row.values[2])) tenant.currency = *currency;
    all.push_back(std::move(tenant));
  }
  return all;
}

Table to_table(const std::vector<Tenant>& tenants) {
  Table table({{.name = "tenant", .type = Type::integer},
               {.name = "format", .type = Type::integer},
               {.name = "seq", .type = Type::integer},
               {.name = "recorded", .type = Type::timestamp},
               {.name = "currency"}});
  for (const Tenant& tenant : tenants) {
    const bool founded = tenant.seq != 0;
    table.add({tenant.id, tenant.format, tenant.seq, founded ? Value(tenant.recorded) : Value(),
               founded ? Value(tenant.currency) : Value()});
  }
  return table;
}

std::int64_t remove(std::string_view url, std::int64_t confirmed, const Model& model, const StorageOptions& options) {
  check_server(url);
  return postgres::remove_tenant(url, options, confirmed, model.stored());
}

}  // namespace kith::tenants
