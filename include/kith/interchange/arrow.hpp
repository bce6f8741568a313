// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Tables as Arrow C streams, out and in: one function hands bulk data to pyarrow, polars, DuckDB, R or any other
/// reader of the Arrow C interfaces. The structs are those of the specification, behind the guards that every Arrow
/// library uses.

#include <cstdint>
#include <memory>
#include <vector>

#include "kith/engine/work.hpp"

extern "C" {

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
  const char* format;
  const char* name;
  const char* metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema** children;
  struct ArrowSchema* dictionary;
  void (*release)(struct ArrowSchema*);
  void* private_data;
};

struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void** buffers;
  struct ArrowArray** children;
  struct ArrowArray* dictionary;
  void (*release)(struct ArrowArray*);
  void* private_data;
};

#endif  // ARROW_C_DATA_INTERFACE

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
  int (*get_schema)(struct ArrowArrayStream*, struct ArrowSchema* out);
  int (*get_next)(struct ArrowArrayStream*, struct ArrowArray* out);
  const char* (*get_last_error)(struct ArrowArrayStream*);
  void (*release)(struct ArrowArrayStream*);
  void* private_data;
};

#endif  // ARROW_C_STREAM_INTERFACE
}

namespace kith {

/// Fills `out` with a stream of the table, which it keeps alive; the consumer calls `out->release`. Ids and integers
/// are int64, decimals and money decimal128 (38 digits) at their scale, dates date32, timestamps microseconds in UTC,
/// texts and choices utf8, booleans bool. Money of column "x" brings its currency along as utf8 column "x_currency";
/// where currencies of a column have different numbers of digits, the largest counts for all. The buffers of ids,
/// integers, timestamps and texts are the table's own, without a copy. The stream belongs to one thread at a time;
/// what it hands out may move to others. Errors of the stream's functions are errno values.
/// Arrays hold at most 65,536 rows.
void to_arrow(std::shared_ptr<const Table> table, ArrowArrayStream* out);

/// Fills `out` with a stream of the visible records of a query, read as the consumer asks for them: memory does not
/// grow with their number, but where an order is asked for that storage leaves to Kith. Columns and values are those of
/// `to_arrow(generic::find(...))`; where records name their currency, a first scan of the currencies alone finds the
/// digits that all of them need. The stream keeps its snapshot alive and belongs to the session's thread; that of a
/// Work fails once the Work has ended. Errors, at once: those of Reader::scan.
void to_arrow(const Reader& reader, const Entity& entity, const Query& query, ArrowArrayStream* out);

/// Adds a record for each row of a stream through the entity's own verbs, all or none, and returns their ids in order.
/// Columns are named like fields; a field without a column keeps its default. The index columns that pandas adds
/// ("__index_level_0__") are left out. Taken are: for ids and integers every
/// Arrow integer; for decimals and money decimal128 (money then counts whole units: 12.5 is 12.50 USD), integers only
/// for decimals; for choices their names or numbers; booleans; date32 and date64; timestamps with a time zone; texts
/// (utf8, large, view, and dictionaries of them) for every type, read as a CSV cell would be. Money of column "x" is in
/// the record's own currency column, else in column "x_currency", else in the store's base currency. Digits are never
/// lost and floats never taken for decimals or money. The stream is released in every case.
/// Errors: invalid, naming column and row, with at most 20 faults at once: unknown column (near names), a field that
/// Kith keeps, a type that does not fit, a value that does not; also what the entity's verb refuses; storage when the
/// stream itself fails.
std::vector<Id> create_from_arrow(Work& work, const Entity& entity, ArrowArrayStream* stream);

/// Changes the record of each row of a stream through the entity's own verbs, all or none, and returns how many were
/// not so already. Column "id" names the record, at most once in the stream; column "revision", where there is one,
/// holds what was read, and a record that somebody changed since is Error{conflict}. The other columns are fields, as
/// for create_from_arrow: a field without a column keeps its value, a null empties it. Money without a currency of its
/// own in the stream is in the record's. The stream is released in every case. Errors: those of create_from_arrow; also
/// invalid for a stream without "id", a record that stands there twice, and a new currency that leaves an amount in the
/// old one; not_found; denied; conflict.
std::int64_t update_from_arrow(Work& work, const Entity& entity, ArrowArrayStream* stream);

}  // namespace kith
