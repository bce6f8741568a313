// SPDX-License-Identifier: Apache-2.0
#include "catalog/entities.hpp"
#include "engine/verbs.hpp"

namespace kith {
namespace catalog {
namespace {

constexpr const Entity* kEntities[] = {&kProduct};

constexpr RecordVerbs kVerbs[] = {
    {.entity = "product",
     .create = verb::create_record<Product, create>,
     .update = verb::update_record<Product, update>,
     .remove = verb::remove_record<Product>},
};

constexpr Permit kPermits[] = {
    {"catalog::create", "product", Action::create},
    {"catalog::update", "product", Action::edit},
};

constexpr FirstGrant kGrants[] = {
    {"manager", "product", Action::read, Level::all},
    {"seller", "product", Action::read, Level::all},
};

void check(const Reader& reader, std::vector<Finding>& findings) { verb::check_name_keys(reader, kProduct, findings); }

}  // namespace
}  // namespace catalog

constinit const Area kCatalogArea{.name = "catalog",
                                  .entities = catalog::kEntities,
                                  .verbs = catalog::kVerbs,
                                  .permits = catalog::kPermits,
                                  .grants = catalog::kGrants,
                                  .reports = {},
                                  .found = nullptr,
                                  .check = catalog::check,
                                  .reach = nullptr};

}  // namespace kith
