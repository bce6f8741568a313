// SPDX-License-Identifier: Apache-2.0
#include "kith/interchange/byte_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <istream>
#include <system_error>

#include "kith/base/error.hpp"

namespace kith {
namespace {

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

class FileSource : public ByteSource {
 public:
  explicit FileSource(const std::string& path) : path_(path), file_(std::fopen(path.c_str(), "rb")) {
    if (!file_) {
      const int reason = errno;
      throw Error(reason == ENOENT ? Code::not_found : Code::storage,
                  fmt::format("cannot open the file \"{}\": {}", path, std::generic_category().message(reason)));
    }
    std::setvbuf(file_.get(), nullptr, _IONBF, 0);
    std::error_code unknown;
    const auto bytes = std::filesystem::file_size(path, unknown);
    if (!unknown) size_ = static_cast<std::int64_t>(bytes);
  }

  std::size_t read(std::span<char> into) override {
    const std::size_t got = std::fread(into.data(), 1, into.size(), file_.get());
    if (got == 0 && std::ferror(file_.get()) != 0) {
      const int reason = errno;
      throw Error(Code::storage,
                  fmt::format("cannot read the file \"{}\": {}", path_, std::generic_category().message(reason)));
    }
    return got;
  }

  std::int64_t size() const override { return size_; }

 private:
  std::string path_;
  std::unique_ptr<std::FILE, CloseFile> file_;
  std::int64_t size_ = -1;
};

class StreamSource : public ByteSource {
 public:
  explicit StreamSource(std::istream& in) : in_(in) {}

  std::size_t read(std::span<char> into) override {
    in_.read(into.data(), static_cast<std::streamsize>(into.size()));
    if (in_.bad()) throw Error(Code::storage, "cannot read from the stream");
    return static_cast<std::size_t>(in_.gcount());
  }

 private:
  std::istream& in_;
};

class TextSource : public ByteSource {
 public:
  explicit TextSource(std::string_view text) : left_(text), size_(static_cast<std::int64_t>(text.size())) {}

  std::size_t read(std::span<char> into) override {
    const std::size_t count = std::min(into.size(), left_.size());
    std::copy_n(left_.data(), count, into.data());
    left_.remove_prefix(count);
    return count;
  }

  std::int64_t size() const override { return size_; }

 private:
  std::string_view left_;
  std::int64_t size_;
};

class CallbackSource : public ByteSource {
 public:
  CallbackSource(std::function<std::size_t(std::span<char>)> read, std::int64_t size)
      : read_(std::move(read)), size_(size) {}

  std::size_t read(std::span<char> into) override {
    const std::size_t got = read_(into);
    if (got > into.size()) throw Error(Code::misuse, "the read callback reported more bytes than it had room for");
    return got;
  }

  std::int64_t size() const override { return size_; }

 private:
  std::function<std::size_t(std::span<char>)> read_;
  std::int64_t size_;
};

}  // namespace

std::unique_ptr<ByteSource> file_source(const std::string& path) { return std::make_unique<FileSource>(path); }

std::unique_ptr<ByteSource> stream_source(std::istream& in) { return std::make_unique<StreamSource>(in); }

std::unique_ptr<ByteSource> text_source(std::string_view text) { return std::make_unique<TextSource>(text); }

std::unique_ptr<ByteSource> callback_source(std::function<std::size_t(std::span<char>)> read, std::int64_t size) {
  return std::make_unique<CallbackSource>(std::move(read), size);
}

}  // namespace kith
