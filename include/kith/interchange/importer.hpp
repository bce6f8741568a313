// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Brings a table into a store. Rows become records through the entity's own verbs, so an import can do nothing that
/// the actor could not do by hand, and is in the audit trail like everything else. Nothing is silent: every row that
/// is refused says why and where, and every spelling that was mended, every blank and every inexact match is counted.
///
///     auto plan = kith::parse_import_plan(mapping);
///     auto report = kith::import_csv(session, kith::file_source("deals.csv"), plan, {.cause = "import deals.csv"});

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kith/base/error.hpp"
#include "kith/base/id.hpp"
#include "kith/engine/session.hpp"
#include "kith/interchange/csv.hpp"
#include "kith/interchange/encoding.hpp"
#include "kith/interchange/import_plan.hpp"

namespace kith {

/// What the host wants of one import.
struct ImportOptions {
  bool dry_run = false;           ///< does everything in one Work and rolls it back
  bool all_or_nothing = false;    ///< one Work, kept only if no row was rejected
  std::size_t chunk_rows = 1000;  ///< rows of a Work otherwise, and between two calls of `progress`
  std::string cause = {};         ///< of the Works; default "import of opportunities"
  CsvOptions csv = {};
  std::optional<Encoding> encoding = {};  ///< of the file; without it, it is found out (see decode)
  /// Rows read, bytes read (of UTF-8), bytes in all (-1: not known). False cancels: the chunk is rolled back.
  std::function<bool(std::int64_t rows, std::int64_t bytes, std::int64_t total)> progress = {};
  /// Receives a CSV of the rejected rows: reject_line, reject_reason, then the row as it stood. Mended, it can be
  /// imported with the same mapping: these two columns are ignored.
  CsvWriter::Sink rejects = {};
  std::size_t most_problems = 1000;  ///< kept in the report; all are counted and written to `rejects`
};

/// One reason why a row was rejected.
struct ImportProblem {
  std::int64_t line = 0;    ///< physical line in the file, from 1
  std::string column = {};  ///< as in the header; "" where the whole row is meant
  std::string field = {};   ///< of the entity; "" where none is concerned
  std::string value = {};   ///< the text of the cell
  std::string reason = {};  ///< what is wrong and how to mend it
  Code code = Code::invalid;
};

/// What was noticed. Numbers are stable.
enum class ImportNoticeKind : std::int32_t {
  alias = 1,           ///< a known wrong spelling was replaced
  blank = 2,           ///< a mapped cell was blank
  folded = 3,          ///< a value matched only after folding (case, width, blanks)
  header_folded = 4,   ///< a column's name matched only after folding
  column_ignored = 5,  ///< a column that the mapping leaves out on purpose
  column_unknown = 6,  ///< a column that the mapping does not name; its values were not imported
};
/// "alias", "blank", "folded", ...
std::string_view name_of(ImportNoticeKind kind);

/// Something noticed, and how often.
struct ImportNotice {
  ImportNoticeKind kind = ImportNoticeKind::blank;
  std::string column = {};
  std::string field = {};
  std::string value = {};  ///< as in the table; beyond 10,000 different ones of a column they are counted as "..."
  std::string used = {};   ///< what was taken instead
  std::int64_t count = 0;  ///< cells (columns: 1)
};

/// What an import did, or in a dry run would have done.
struct ImportReport {
  bool dry_run = false;
  bool committed = false;        ///< what was written stays; not in a dry run, nor where all_or_nothing met a bad row
  bool broken_off = false;       ///< the file could not be read to its end; the last problem says why
  EncodingReport encoding = {};  ///< what the file was taken for, and why
  std::int64_t rows = 0;         ///< records of the table; the sum of the next five
  std::int64_t created = 0;
  std::int64_t updated = 0;
  std::int64_t unchanged = 0;  ///< was already so; nothing was written
  std::int64_t rejected = 0;
  std::int64_t blank_rows = 0;
  std::int64_t first_seq = 0;  ///< of the Works; 0 when nothing was written
  std::int64_t last_seq = 0;
  std::int64_t problem_count = 0;
  std::vector<ImportProblem> problems = {};  ///< by chunk, then line; at most ImportOptions::most_problems
  std::vector<ImportNotice> notices = {};    ///< by column, kind, value
};

/// The report as one JSON object, in a fixed spelling.
std::string to_json(const ImportReport& report);

/// Imports a CSV. A row whose (source, external id) is known updates that record if anything differs; another makes a
/// new one. A row that fails leaves the others of its chunk alone. Rows that refer to later rows of the same table
/// wait until these are there. The session must have no Work open.
///
/// Errors before anything is written: invalid (mapping that does not fit the entity or the header, with near names;
/// header that cannot be read), not_found and storage of the source. While running: cancelled, busy, storage (chunks
/// committed before stay; running the import again goes on where it stopped).
ImportReport import_csv(Session& session, std::unique_ptr<ByteSource> source, const ImportPlan& plan,
                        const ImportOptions& options = {});

}  // namespace kith
