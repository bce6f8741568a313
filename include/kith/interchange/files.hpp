// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Dumps and rejected rows in files, for faces that are given a path.

#include <functional>
#include <string>
#include <string_view>

#include "kith/interchange/dump.hpp"

namespace kith {

/// Writes bytes to a file that is made (or emptied) when the first ones come. Error{storage} when that fails.
std::function<void(std::string_view)> file_sink(std::string path);

/// `dump` into a file, which takes the place of an existing one only when it is whole. Errors: those of dump; storage.
void dump_file(const Reader& reader, const std::string& path);
/// `load` from a file. Errors: those of load; not_found when there is no such file.
void load_file(const std::string& path, const std::string& url, const Model& model, const Options& options = {});

}  // namespace kith
