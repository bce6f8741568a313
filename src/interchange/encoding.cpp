// SPDX-License-Identifier: Apache-2.0
#include "kith/interchange/encoding.hpp"

#include <fmt/format.h>
#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "kith/base/error.hpp"

namespace kith {
namespace {

constexpr std::size_t kSample = std::size_t{1} << 16;

struct Name {
  std::string_view name;  ///< folded
  Encoding encoding;
};
constexpr std::array kNames = {
    Name{"utf8", Encoding::utf8},          Name{"utf16le", Encoding::utf16_le}, Name{"utf16be", Encoding::utf16_be},
    Name{"gb18030", Encoding::gb18030},    Name{"gbk", Encoding::gb18030},      Name{"gb2312", Encoding::gb18030},
    Name{"cp936", Encoding::gb18030},      Name{"big5", Encoding::big5},        Name{"cp950", Encoding::big5},
    Name{"shiftjis", Encoding::shift_jis}, Name{"sjis", Encoding::shift_jis},   Name{"cp932", Encoding::shift_jis},
};

const char* library_name(Encoding encoding) {
  switch (encoding) {
    case Encoding::utf16_le: return "UTF-16LE";
    case Encoding::utf16_be: return "UTF-16BE";
    case Encoding::gb18030: return "GB18030";
    case Encoding::big5: return "CP950";
    case Encoding::shift_jis: return "CP932";
    case Encoding::utf8: break;
  }
  return "UTF-8";
}

/// A conversion of the C library to UTF-8.
class Conversion {
 public:
  enum class Stop { done, full, cut, meaningless };

  explicit Conversion(Encoding encoding) : handle_(iconv_open("UTF-8", library_name(encoding))) {
    if (handle_ == reinterpret_cast<iconv_t>(-1)) {
      throw Error(Code::storage, fmt::format("the C library of this machine cannot read {}; install its conversions, "
                                             "or save the file as UTF-8",
                                             name_of(encoding)));
    }
  }
  ~Conversion() { iconv_close(handle_); }
  Conversion(const Conversion&) = delete;
  Conversion& operator=(const Conversion&) = delete;

  /// Moves both spans behind what was converted.
  Stop run(std::span<char>& from, std::span<char>& into) {
    char* in = from.data();
    std::size_t in_left = from.size();
    char* out = into.data();
    std::size_t out_left = into.size();
    const bool good = iconv(handle_, &in, &in_left, &out, &out_left) != static_cast<std::size_t>(-1);
    const int reason = errno;
    from = from.last(in_left);
    into = into.last(out_left);
    if (good) return Stop::done;
    return reason == E2BIG ? Stop::full : reason == EINVAL ? Stop::cut : Stop::meaningless;
  }

 private:
  iconv_t handle_;
};

/// True when the conversion takes every byte of the sample; a character may be cut off at its end.
bool takes_all(Encoding encoding, std::string sample, bool whole) {
  Conversion conversion(encoding);
  std::vector<char> out(sample.size() * 4 + 16);
  std::span<char> from(sample);
  std::span<char> into(out);
  const auto stop = conversion.run(from, into);
  return stop == Conversion::Stop::done || (stop == Conversion::Stop::cut && !whole);
}

/// Whether a pair of bytes is one of an encoding's everyday characters: kana, punctuation and the first level of
/// ideographs. The levels are ranges of the encodings' own tables.
bool is_common(Encoding encoding, unsigned lead, unsigned trail) {
  switch (encoding) {
    case Encoding::gb18030: return trail >= 0xA1 && ((lead >= 0xB0 && lead <= 0xD7) || lead == 0xA1 || lead == 0xA3);
    case Encoding::big5: return (lead >= 0xA4 && lead <= 0xC6) || lead == 0xA1;
    case Encoding::shift_jis: return lead >= 0x81 && lead <= 0x97 && lead != 0x84 && lead != 0x85 && lead != 0x86;
    default: return false;
  }
}

/// Percent of the characters beyond ASCII that are common ones; 0 without any.
int common_percent(Encoding encoding, std::string_view sample) {
  std::int64_t all = 0, common = 0;
  for (std::size_t i = 0; i < sample.size(); ++i) {
    const unsigned lead = static_cast<unsigned char>(sample[i]);
    if (lead < 0x80) continue;
    ++all;
    if (encoding == Encoding::shift_jis && lead >= 0xA1 && lead <= 0xDF) continue;  // half-width: a byte each, rare
    if (i + 1 >= sample.size()) break;
    common += is_common(encoding, lead, static_cast<unsigned char>(sample[i + 1])) ? 1 : 0;
    ++i;
  }
  return all == 0 ? 0 : static_cast<int>(common * 100 / all);
}

/// What of a text is UTF-8.
struct Utf8Share {
  std::int64_t characters = 0;  ///< well-formed ones beyond ASCII
  std::int64_t strays = 0;      ///< bytes without a meaning; one cut off at the end is none
};

Utf8Share utf8_share(std::string sample) {
  Utf8Share share;
  Conversion conversion(Encoding::utf8);
  std::vector<char> out(sample.size() + 16);
  std::span<char> from(sample);
  for (;;) {
    std::span<char> into(out);
    const std::size_t size = from.size();
    const char* start = from.data();
    const auto stop = conversion.run(from, into);
    for (std::size_t i = 0; i < size - from.size(); ++i) {
      share.characters += (static_cast<unsigned char>(start[i]) & 0xC0) == 0xC0 ? 1 : 0;
    }
    if (stop != Conversion::Stop::meaningless) return share;
    ++share.strays;
    from = from.subspan(1);
  }
}

constexpr int kLeastCommon = 50;              // percent, for a text to make sense in an encoding
constexpr std::int64_t kWellFormedShare = 8;  // characters for each stray byte that UTF-8 forgives

EncodingReport detect(const std::string& sample, bool whole) {
  if (sample.starts_with("\xEF\xBB\xBF")) {
    return {.encoding = Encoding::utf8, .mark = true, .why = "it begins with the byte order mark of UTF-8"};
  }
  if (sample.starts_with("\xFF\xFE")) {
    return {.encoding = Encoding::utf16_le, .mark = true, .why = "it begins with the byte order mark of UTF-16LE"};
  }
  if (sample.starts_with("\xFE\xFF")) {
    return {.encoding = Encoding::utf16_be, .mark = true, .why = "it begins with the byte order mark of UTF-16BE"};
  }
  if (takes_all(Encoding::utf8, sample, whole))
    return {.encoding = Encoding::utf8, .why = "its beginning is valid UTF-8"};
  const Utf8Share share = utf8_share(sample);
  const std::string strays = fmt::format("{} byte{} of its beginning ha{} no meaning there", share.strays,
                                         share.strays == 1 ? "" : "s", share.strays == 1 ? "s" : "ve");
  if (share.characters >= kWellFormedShare * share.strays) {
    return {.encoding = Encoding::utf8, .why = "nearly all of its beginning is valid UTF-8, but " + strays};
  }
  EncodingReport best;
  int most = kLeastCommon - 1;
  std::string scores;
  for (const Encoding encoding : {Encoding::gb18030, Encoding::big5, Encoding::shift_jis}) {
    if (!takes_all(encoding, sample, whole)) continue;
    const int percent = common_percent(encoding, sample);
    scores += fmt::format("{}{} % of its characters are common in {}", scores.empty() ? "" : ", ", percent,
                          name_of(encoding));
    if (percent > most) {
      most = percent;
      best.encoding = encoding;
    }
  }
  if (most < kLeastCommon) {
    return {.encoding = Encoding::utf8,
            .why = "it makes no sense in gb18030, big5 or shift_jis, so it was taken for UTF-8, but " + strays};
  }
  best.why = "it is no UTF-8; " + scores;
  return best;
}

/// Gives UTF-8: first what was read to find out the encoding, then the rest.
class DecodingSource final : public ByteSource {
 public:
  DecodingSource(std::unique_ptr<ByteSource> inner, Encoding encoding, std::string ahead)
      : inner_(std::move(inner)), waiting_(std::move(ahead)) {
    if (encoding != Encoding::utf8) conversion_.emplace(encoding);
  }

  std::size_t read(std::span<char> into) override {
    if (!conversion_) return read_plain(into);
    while (out_at_ == out_.size()) {
      if (!convert()) return 0;
    }
    const std::size_t count = std::min(into.size(), out_.size() - out_at_);
    std::copy_n(out_.data() + out_at_, count, into.data());
    out_at_ += count;
    return count;
  }

  std::int64_t size() const override { return conversion_ ? -1 : inner_->size(); }

 private:
  std::size_t read_plain(std::span<char> into) {
    if (waiting_.empty()) return inner_->read(into);
    const std::size_t count = std::min(into.size(), waiting_.size());
    std::copy_n(waiting_.data(), count, into.data());
    waiting_.erase(0, count);
    return count;
  }

  /// Fills out_ anew; false at the end.
  bool convert() {
    if (waiting_.size() < kSample && !ended_) {
      const std::size_t had = waiting_.size();
      waiting_.resize(had + kSample);
      const std::size_t got = inner_->read(std::span<char>(waiting_).subspan(had));
      waiting_.resize(had + got);
      ended_ = got == 0;
    }
    if (waiting_.empty()) return false;
    out_.resize(waiting_.size() * 4 + 16);
    out_at_ = 0;
    std::span<char> from(waiting_);
    std::span<char> into(out_);
    const auto stop = conversion_->run(from, into);
    std::size_t skip = 0;
    if (stop == Conversion::Stop::meaningless || (stop == Conversion::Stop::cut && ended_)) {
      into[0] = '\xFF';  // no UTF-8: whoever reads the record reports it
      into = into.subspan(1);
      skip = 1;
    }
    waiting_.erase(0, waiting_.size() - from.size() + skip);
    out_.resize(out_.size() - into.size());
    return true;
  }

  std::unique_ptr<ByteSource> inner_;
  std::string waiting_;  ///< read, not given or converted yet
  std::optional<Conversion> conversion_;
  std::string out_;
  std::size_t out_at_ = 0;
  bool ended_ = false;
};

}  // namespace

std::string_view name_of(Encoding encoding) {
  switch (encoding) {
    case Encoding::utf8: return "utf-8";
    case Encoding::utf16_le: return "utf-16le";
    case Encoding::utf16_be: return "utf-16be";
    case Encoding::gb18030: return "gb18030";
    case Encoding::big5: return "big5";
    case Encoding::shift_jis: return "shift_jis";
  }
  return "";
}

Encoding parse_encoding(std::string_view name) {
  std::string folded;
  for (const char c : name) {
    if (c == '-' || c == '_') continue;
    folded += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  for (const Name& known : kNames) {
    if (known.name == folded) return known.encoding;
  }
  throw Error(Code::invalid, fmt::format("there is no encoding \"{}\"; known are utf-8, utf-16le, utf-16be, gb18030, "
                                         "big5 and shift_jis",
                                         name));
}

Decoded decode(std::unique_ptr<ByteSource> source, std::optional<Encoding> encoding) {
  std::string sample(kSample, '\0');
  std::size_t size = 0;
  bool whole = false;
  while (size < sample.size() && !whole) {
    const std::size_t got = source->read(std::span<char>(sample).subspan(size));
    whole = got == 0;
    size += got;
  }
  sample.resize(size);
  EncodingReport report;
  if (encoding) {
    report = {.encoding = *encoding, .given = true, .why = "it was given"};
    report.mark = (*encoding == Encoding::utf8 && sample.starts_with("\xEF\xBB\xBF")) ||
                  (*encoding == Encoding::utf16_le && sample.starts_with("\xFF\xFE")) ||
                  (*encoding == Encoding::utf16_be && sample.starts_with("\xFE\xFF"));
  } else {
    report = detect(sample, whole);
  }
  if (report.mark) sample.erase(0, report.encoding == Encoding::utf8 ? 3 : 2);
  auto decoded = std::make_unique<DecodingSource>(std::move(source), report.encoding, std::move(sample));
  return {std::move(decoded), std::move(report)};
}

}  // namespace kith
