// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Traces (incentive/trace.hpp) in words of a language. The trace itself, its labels and its bytes stay the same.

#include <string>

#include "kith/base/language.hpp"
#include "kith/incentive/trace.hpp"

namespace kith::incentive {

/// One line a step, indented, in English or Chinese. Labels that Kith writes are told in that language; those of others
/// and names of plans and components stay as they are.
std::string to_text(const Trace& trace, Language language);

}  // namespace kith::incentive
