// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Exact numbers of 128 bits as decimal text: what a trace shows and what it is read back from.

#include <string>
#include <string_view>

#include "kith/base/rounding.hpp"

namespace kith::incentive {

/// value / 10^scale without trailing zeros: "4999.9995", "-0.025", "17000".
std::string exact_text(Int128 value, int scale);
/// Its inverse. Errors: invalid for what is no number, has more than `scale` digits after the point, or leaves 10^36.
Int128 parse_exact(std::string_view text, int scale);

}  // namespace kith::incentive
