// SPDX-License-Identifier: Apache-2.0
#include "kith/interchange/files.hpp"

#include <filesystem>
#include <fstream>
#include <memory>

#include "base/quote.hpp"
#include "kith/base/error.hpp"

namespace kith {

std::function<void(std::string_view)> file_sink(std::string path) {
  auto file = std::make_shared<std::ofstream>();
  return [file, path = std::move(path)](std::string_view bytes) {
    if (!file->is_open()) file->open(path, std::ios::binary | std::ios::trunc);
    file->write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!file->flush()) {
      throw Error(Code::storage, "the file " + quote(path) + " cannot be written; look at its folder and rights");
    }
  };
}

void dump_file(const Reader& reader, const std::string& path) {
  const std::string part = path + ".part";
  try {
    {
      std::ofstream out(part, std::ios::binary | std::ios::trunc);
      if (!out) throw Error(Code::storage, "cannot make the file " + quote(part) + "; look at its folder and rights");
      dump(reader, out);
    }
    std::filesystem::rename(part, path);
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove(part, ignored);
    try {
      throw;
    } catch (const std::filesystem::filesystem_error&) {
      throw Error(Code::storage, "the dump cannot be moved to " + quote(path) + "; look at its folder and rights");
    }
  }
}

void load_file(const std::string& path, const std::string& url, const Model& model, const Options& options) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw Error(Code::not_found, "there is no dump " + quote(path) + " that can be read");
  load(in, url, model, options);
}

}  // namespace kith
