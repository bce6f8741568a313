// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Shared by records and tables of run-time schema.

#include "kith/engine/generic.hpp"

namespace kith {

/// True for the end of a stretch that has none yet, which every face shows as null.
bool is_open_end(const Field& field, std::int64_t word);

/// Throws what is being handled once more: with the place of its row in front where it is about a record, else as it
/// is (a storage that failed stays what it was).
[[noreturn]] void rethrow_at(const std::string& place);

}  // namespace kith
