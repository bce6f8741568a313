// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Dumps, copies, exports and rejected rows in files, for faces that are given a path.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "kith/interchange/dump.hpp"
#include "kith/interchange/exporter.hpp"

namespace kith {

/// Writes bytes to a file that is made (or emptied) when the first ones come. Error{storage} when that fails.
std::function<void(std::string_view)> file_sink(std::string path);

/// `export_csv` into a file, which takes the place of an existing one only when it is whole. Returns the number of
/// rows. Errors: those of export_csv; storage.
std::int64_t export_csv_file(const Reader& reader, const Entity& entity, const Query& query, const std::string& path,
                             const CsvWriteOptions& options = {});

/// A copy of the whole store, as of some commit, in a new SQLite file, while others write on. A file is copied page by
/// page; what is in memory or on PostgreSQL is written as a dump and loaded. The file gets its name only when it is
/// whole and on the disk; nothing is left of one that is not. The actor needs `administer` on principal. Errors:
/// denied; state when the path is taken; storage, corrupt.
void backup(const Session& session, const std::string& path);

/// `dump` into a file, which takes the place of an existing one only when it is whole. Errors: those of dump; storage.
void dump_file(const Reader& reader, const std::string& path);
/// `load` from a file. Errors: those of load; not_found when there is no such file.
void load_file(const std::string& path, const std::string& url, const Model& model, const Options& options = {});

}  // namespace kith
