// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// All tenants of a schema. The only statements that are about more than one of them stand here.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "kith/storage/storage.hpp"

namespace kith::postgres {

/// A tenant, and the values of fields in its one row of an entity; nulls where it has none.
struct TenantRow {
  std::int64_t tenant = 0;
  std::int64_t format = 0;
  std::vector<Cell> values = {};
};

/// Those that the role may see, by tenant. Errors: those of open_postgres; not_found without tables.
std::vector<TenantRow> list_tenants(std::string_view url, const StorageOptions& options, const Entity& entity,
                                    std::span<const int> fields);

/// Removes the rows of the URL's tenant from the tables of those entities that are there, then the tenant; how many
/// rows there were. Errors: invalid where `confirmed` is not the tenant, not_found, denied, busy, version.
std::int64_t remove_tenant(std::string_view url, const StorageOptions& options, std::int64_t confirmed,
                           std::span<const Entity* const> entities);

}  // namespace kith::postgres
