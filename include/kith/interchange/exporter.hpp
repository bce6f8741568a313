// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Tables as text. The money of column "x" brings its currency along as "x_currency", in every format.

#include <cstdint>
#include <string>

#include "kith/engine/reader.hpp"
#include "kith/engine/table.hpp"
#include "kith/interchange/csv.hpp"

namespace kith {

/// A JSON array with one object for each row, in a fixed spelling. Ids, decimals and amounts are JSON texts, so that
/// no reader's doubles spoil them; dates and times are ISO 8601.
std::string to_json(const Table& table);

/// Header and rows. The caller finishes the writer.
void write_csv(const Table& table, CsvWriter& csv);

/// The visible records of a query, batch by batch, in constant memory: header and rows as `write_csv` gives them. The
/// caller finishes the writer. Returns the number of rows. Errors: those of Reader::scan and of the writer's sink.
std::int64_t export_csv(const Reader& reader, const Entity& entity, const Query& query, CsvWriter& csv);

}  // namespace kith
