// SPDX-License-Identifier: Apache-2.0
#include "kith/kith.hpp"

namespace kith {

const Model& model() {
  static const Area* const areas[] = {
      &kCustomArea,   &kStateArea, &kLedgerArea,    &kPeopleArea,    &kCatalogArea,
      &kCustomerArea, &kSalesArea, &kIncentiveArea, &kAnalyticsArea,
  };
  // Never destroyed: an Engine that a host holds in a static of its own may outlive any order of destruction.
  static const Model* const everything = new Model(areas);
  return *everything;
}

std::shared_ptr<Engine> open(std::string_view url, const Options& options) {
  return Engine::open(url, model(), options);
}

}  // namespace kith
