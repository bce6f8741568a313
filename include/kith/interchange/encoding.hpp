// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Files that are not UTF-8: what spreadsheets of China, Taiwan and Japan still write. The encoding is found out, with
/// a report that says why, or given by whoever knows better; what comes out is UTF-8.
///
///     auto text = kith::decode(kith::file_source("customers.csv"));
///     kith::CsvReader csv(std::move(text.source));   // text.report: what it was taken for
///
/// Imports do this by themselves (ImportOptions::encoding, ImportReport::encoding).

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "kith/interchange/byte_source.hpp"

namespace kith {

/// Numbers are stable.
enum class Encoding : std::int32_t {
  utf8 = 1,
  utf16_le = 2,
  utf16_be = 3,
  gb18030 = 4,    ///< with GBK and GB 2312, which it contains
  big5 = 5,       ///< as Windows writes it (code page 950)
  shift_jis = 6,  ///< as Windows writes it (code page 932)
};
/// "utf-8", "utf-16le", "utf-16be", "gb18030", "big5", "shift_jis".
std::string_view name_of(Encoding encoding);
/// By name, in any case, with or without - and _; also "gbk", "gb2312", "cp936", "cp950", "sjis", "cp932".
/// Error{invalid} that names the known ones.
Encoding parse_encoding(std::string_view name);

/// What a file was taken for.
struct EncodingReport {
  Encoding encoding = Encoding::utf8;
  bool given = false;    ///< by the caller; nothing was guessed
  bool mark = false;     ///< it began with a byte order mark, which is left out
  std::string why = {};  ///< a sentence for people
};

/// A source of UTF-8, and what was found out.
struct Decoded {
  std::unique_ptr<ByteSource> source;
  EncodingReport report;
};

/// Reads the first 64 KiB and decides: a byte order mark, else valid UTF-8 (but for a stray byte here and there), else
/// the one of GB18030, Big5 and Shift-JIS in which every byte has a meaning and most characters are common ones, else
/// UTF-8 after all. `encoding` overrides that. Bytes without a meaning become a byte that is no UTF-8, so that the CSV
/// reader reports their record and goes on. One thread at a time. Errors: storage (the C library lacks the conversion),
/// and what the source throws.
Decoded decode(std::unique_ptr<ByteSource> source, std::optional<Encoding> encoding = {});

}  // namespace kith
