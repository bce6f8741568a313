// SPDX-License-Identifier: Apache-2.0
#include "kith/engine/tenants.hpp"

#include <array>

#include "kith/base/error.hpp"
#include "kith/storage/postgres.hpp"
#include "storage/postgres_tenants.hpp"

namespace kith::tenants {
namespace {

/// The URL as libpq takes it: capitals and the shorter name mean the same.
std::string server_url(std::string_view url) {
  const std::size_t colon = url.find(':');
  std::string scheme(url.substr(0, colon == std::string_view::npos ? 0 : colon));
  for (char& letter : scheme) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  if (scheme == "postgresql" || scheme == "postgres") return "postgresql" + std::string(url.substr(colon));
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
  const std::string server = server_url(url);
  const Entity& head = entity_of<Head>();
  const std::array<int, 3> fields = {place_of(head, "seq"), place_of(head, "recorded"), place_of(head, "currency")};
  std::vector<Tenant> all;
  for (const postgres::TenantRow& row : postgres::list_tenants(server, options, head, fields)) {
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
  return postgres::remove_tenant(server_url(url), options, confirmed, model.stored());
}

}  // namespace kith::tenants
