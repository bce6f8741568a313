// SPDX-License-Identifier: Apache-2.0
#include "kith/interchange/files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <memory>

#include "base/quote.hpp"
#include "kith/base/error.hpp"

namespace kith {

namespace {

/// Makes the names of a folder durable.
void sync_folder(const std::string& path) {
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  const int folder = ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;
  static_cast<void>(::fsync(folder));  // some file systems cannot, and need not
  ::close(folder);
}

/// Makes what a file holds durable, so that its name never stands for less than the whole.
void sync_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = file >= 0 && (::fsync(file) == 0 || errno == EINVAL);  // EINVAL: a pipe or such, nothing to sync
  if (file >= 0) ::close(file);
  if (!synced) throw Error(Code::storage, "the file " + quote(path) + " cannot be written; look for a full disk");
}

/// A SQLite file, and what SQLite may have put beside it.
constexpr std::array<const char*, 4> kTails = {"", "-wal", "-shm", "-journal"};

/// Removes a file that did not become whole.
void remove_part(const std::string& part) {
  std::error_code ignored;
  for (const char* tail : kTails) std::filesystem::remove(part + tail, ignored);
}

/// Fills a file beside `path`, makes it durable, then gives it that name; leaves nothing of it when that fails.
void make_file(const std::string& path, const std::function<void(const std::string&)>& fill) {
  const std::string part = path + ".part";
  remove_part(part);
  try {
    fill(part);
    sync_file(part);
    std::filesystem::rename(part, path);
    sync_folder(path);
  } catch (const std::filesystem::filesystem_error&) {
    remove_part(part);
    throw Error(Code::storage, "the file cannot be moved to " + quote(path) + "; look at its folder and rights");
  } catch (...) {
    remove_part(part);
    throw;
  }
}

}  // namespace

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
  make_file(path, [&](const std::string& part) {
    std::ofstream out(part, std::ios::binary | std::ios::trunc);
    if (!out) throw Error(Code::storage, "cannot make the file " + quote(part) + "; look at its folder and rights");
    dump(reader, out);
  });
}

std::int64_t export_csv_file(const Reader& reader, const Entity& entity, const Query& query, const std::string& path,
                             const CsvWriteOptions& options) {
  std::int64_t rows = 0;
  make_file(path, [&](const std::string& part) {
    std::ofstream out(part, std::ios::binary | std::ios::trunc);
    if (!out) throw Error(Code::storage, "cannot make the file " + quote(part) + "; look at its folder and rights");
    CsvWriter csv(out, options);
    rows = export_csv(reader, entity, query, csv);
    csv.finish();
    if (!out.flush()) throw Error(Code::storage, "the CSV could not be written; look for a full disk");
  });
  return rows;
}

void backup(const Session& session, const std::string& path) {
  const Reader reader = session.reader();
  require_administer(reader, "a backup holds every row");
  // A log that an earlier store left behind would be taken for the copy's own.
  for (const char* tail : kTails) {
    std::error_code ignored;
    if (!std::filesystem::exists(path + tail, ignored)) continue;
    throw Error(Code::state, "the file " + quote(path + tail) + " is there already; a backup takes a new name");
  }
  make_file(path, [&](const std::string& part) {
    Engine& engine = session.engine();
    if (engine.storage().copy_to(part)) return;
    const std::string lines = part + ".jsonl";
    std::error_code ignored;
    try {
      dump_file(reader, lines);
      load_file(lines, "sqlite:" + part, engine.model());
    } catch (...) {
      std::filesystem::remove(lines, ignored);
      throw;
    }
    std::filesystem::remove(lines, ignored);
  });
}

void load_file(const std::string& path, const std::string& url, const Model& model, const Options& options) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw Error(Code::not_found, "there is no dump " + quote(path) + " that can be read");
  load(in, url, model, options);
}

}  // namespace kith
