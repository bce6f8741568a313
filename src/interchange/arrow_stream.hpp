// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Reading a foreign Arrow stream to its end, and giving back what it hands out however that ends.

#include <string>
#include <string_view>
#include <vector>

#include "interchange/arrow_column.hpp"
#include "kith/base/error.hpp"

namespace kith {

/// Releases what the producer handed out, however the function ends.
template <class Struct>
struct Released {
  Struct value = {};
  Released() = default;
  Released(const Released&) = delete;
  Released& operator=(const Released&) = delete;
  ~Released() {
    if (value.release != nullptr) value.release(&value);
  }
};

/// A stream that is released with this. Error{misuse} for one that was released before.
class ArrowSource {
 public:
  explicit ArrowSource(ArrowArrayStream* given) : stream_(given) {
    if (given == nullptr || given->release == nullptr) {
      throw Error(Code::misuse, "the Arrow stream was released before");
    }
  }
  ArrowSource(const ArrowSource&) = delete;
  ArrowSource& operator=(const ArrowSource&) = delete;
  ~ArrowSource() {
    if (stream_->release != nullptr) stream_->release(stream_);
  }

  /// Errors of these two: storage when the stream fails; invalid when it holds no table.
  void schema(Released<ArrowSchema>& out) const {
    require(stream_->get_schema(stream_, &out.value));
    if (std::string_view(out.value.format) != "+s") {
      throw Error(Code::invalid, "the stream holds no table (a struct of columns)");
    }
  }
  /// False at the end.
  bool next(Released<ArrowArray>& out) const {
    require(stream_->get_next(stream_, &out.value));
    return out.value.release != nullptr;
  }

 private:
  void require(int fault) const {
    if (fault == 0) return;
    const char* said = stream_->get_last_error(stream_);
    throw Error(Code::storage, "the Arrow stream failed: " + std::string(said == nullptr ? "no reason given" : said));
  }
  ArrowArrayStream* stream_;
};

/// Error{invalid} for a batch that has not these many columns, each at least as long as itself.
inline void check_batch(const ArrowArray& array, std::size_t columns) {
  if (array.n_children != static_cast<std::int64_t>(columns)) {
    throw Error(Code::invalid, "the stream's batch has other columns than its schema");
  }
  for (std::size_t i = 0; i < columns; ++i) {
    if (array.children[i]->length < array.offset + array.length) {
      throw Error(Code::invalid, "the stream's batch has a column that is shorter than the batch");
    }
  }
}

}  // namespace kith
