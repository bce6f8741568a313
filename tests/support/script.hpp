// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A small company in a file and about forty operations on it, one Work or one read each: what the fault tests break
/// at every point. Clock and salts stand still, so an operation that is tried again gives the same state.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "kith/kith.hpp"

namespace kith::test {

/// Something one does to the company of `script_store`.
struct Operation {
  std::string_view name;
  std::function<void(Session&)> run;
};

/// All of them; each works on the company as `script_store` made it.
const std::vector<Operation>& operations();

/// A clock that stands still and salts that are always the same.
Options script_options();
/// Makes the company in an empty store.
void found_company(Session& session);
/// The bytes of the company's file, without a log beside it; made once a process.
const std::string& script_store();
/// Puts these bytes at `path` and removes what SQLite may have left beside it.
void put_store(const std::string& path, const std::string& bytes);
/// The state digest of the store there; test failures for everything that `check` finds.
std::string checked_digest(const std::string& path);

}  // namespace kith::test
