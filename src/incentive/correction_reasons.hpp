// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Reasons of corrections are kept in English; here they are said in the language of an explanation.

#include <string>
#include <string_view>

namespace kith::incentive {

/// A reason, or several with ", " between them. What is unknown stays as it is.
std::string reason_in(std::string_view reason, bool chinese);

}  // namespace kith::incentive
