// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Tables as Arrow C streams: one function hands bulk data to pyarrow, polars, DuckDB, R or any other reader of the
/// Arrow C interfaces. The structs are those of the specification, behind the guards that every Arrow library uses.

#include <cstdint>
#include <memory>

#include "kith/engine/table.hpp"

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
void to_arrow(std::shared_ptr<const Table> table, ArrowArrayStream* out);

}  // namespace kith
