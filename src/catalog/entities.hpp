// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The entities of this area as constants, so that the area's table is one too (no code runs before main).

#include "kith/catalog/product.hpp"

namespace kith::catalog {

extern const Entity kProduct;

}  // namespace kith::catalog
