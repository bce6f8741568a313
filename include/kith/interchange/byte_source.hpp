// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Where the bytes of an import come from: a file, a stream, text in memory, or a function of the host.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace kith {

/// Bytes, chunk by chunk. Belongs to one thread at a time.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Fills some of `into` (never empty) and says how many bytes; 0 is the end. Error{storage} when reading fails.
  virtual std::size_t read(std::span<char> into) = 0;
  /// All bytes there will be, or -1 where that is not known; for progress only.
  virtual std::int64_t size() const { return -1; }
};

/// A file. Error{not_found} when it is absent, Error{storage} when it cannot be opened.
std::unique_ptr<ByteSource> file_source(const std::string& path);
/// A stream, which must outlive the source.
std::unique_ptr<ByteSource> stream_source(std::istream& in);
/// Text in memory, which must outlive the source.
std::unique_ptr<ByteSource> text_source(std::string_view text);
/// A function with the contract of ByteSource::read; `size` as in ByteSource::size.
std::unique_ptr<ByteSource> callback_source(std::function<std::size_t(std::span<char>)> read, std::int64_t size = -1);

}  // namespace kith
