// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The basis of an award is kept in English; here it is said in Chinese.

#include <string>

namespace kith::incentive {

/// What does not come from computing a bonus stays as it is.
std::string basis_in_chinese(std::string basis);

}  // namespace kith::incentive
