// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <new>

#include "kith/base/error.hpp"
#include "storage/sqlite_sql.hpp"

namespace kith::sqlite {
namespace {

namespace fs = std::filesystem;

/// The first 100 bytes of a database file; offsets from "The SQLite Database File Format", section 1.3.
class Header {
 public:
  static constexpr int kSize = 100;
  unsigned char* data() { return bytes_.data(); }

  bool is_sqlite() const { return std::memcmp(bytes_.data(), "SQLite format 3", 16) == 0; }
  std::int64_t page_size() const {
    const std::int64_t size = (bytes_[16] << 8) | bytes_[17];
    return size == 1 ? 65536 : size;
  }
  std::int64_t pages() const { return big_endian(28); }
  /// The page count is only right when the last writer knew that it had to keep it.
  bool knows_pages() const { return big_endian(24) == big_endian(92); }
  std::int64_t user_version() const { return big_endian(60); }
  std::int64_t application_id() const { return big_endian(68); }

 private:
  std::int64_t big_endian(std::size_t at) const {
    return (std::int64_t{bytes_[at]} << 24) | (bytes_[at + 1] << 16) | (bytes_[at + 2] << 8) | bytes_[at + 3];
  }
  std::array<unsigned char, kSize> bytes_ = {};
};

std::uintmax_t size_or_zero(const std::string& path) {
  std::error_code fault;
  const std::uintmax_t size = fs::file_size(path, fault);
  return fault ? 0 : size;
}

/// A rollback journal that leads back to a file of no pages: creating the store was cut off, and SQLite will undo it.
bool creation_was_cut_off(const std::string& path) {
  constexpr unsigned char kMagic[] = {0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7};
  std::array<char, 28> head = {};
  std::ifstream journal(path + "-journal", std::ios::binary);
  if (!journal.read(head.data(), head.size())) return false;
  constexpr std::array<char, 4> kNoPages = {};
  return std::memcmp(head.data(), kMagic, sizeof kMagic) == 0 &&
         std::memcmp(head.data() + 16, kNoPages.data(), kNoPages.size()) == 0;
}

std::int64_t big_endian(const std::string& bytes, std::size_t at) {
  std::int64_t number = 0;
  for (std::size_t i = at; i < at + 4; ++i) number = (number << 8) | static_cast<unsigned char>(bytes[i]);
  return number;
}

/// Whether the pages in a log ("-journal", "-wal") hold a first page of a Kith store. `first` is where the pages begin,
/// each with `before` bytes in front, the page number first, and `after` bytes behind.
bool holds_our_first_page(std::ifstream& log, std::int64_t first, std::int64_t before, std::int64_t page,
                          std::int64_t after) {
  constexpr std::size_t kIdAt = 68;  // the application id in the header of the first page
  if (page < 512 || page > 65536) return false;
  std::string record(static_cast<std::size_t>(before + Header::kSize), '\0');
  for (std::int64_t at = first;; at += before + page + after) {
    log.seekg(at);
    if (!log.read(record.data(), static_cast<std::streamsize>(record.size()))) return false;
    if (big_endian(record, 0) == 1 && big_endian(record, static_cast<std::size_t>(before) + kIdAt) == kApplicationId) {
      return true;
    }
  }
}

/// The first page was being written when the power went: SQLite mends it from the log that stands beside the file, and
/// the log says whose it is.
bool log_is_ours(const std::string& path) {
  std::string head(32, '\0');
  std::ifstream journal(path + "-journal", std::ios::binary);
  if (journal.read(head.data(), 28) &&
      holds_our_first_page(journal, big_endian(head, 20), 4, big_endian(head, 24), 4)) {
    return true;
  }
  std::ifstream wal(path + "-wal", std::ios::binary);
  return wal.read(head.data(), 32) && holds_our_first_page(wal, 32, 24, big_endian(head, 8), 0);
}

[[noreturn]] void fail_unreadable(const std::string& path, std::string_view why) {
  throw Error(Code::storage, fmt::format("cannot read {}: {}; check the path and its permissions", path, why));
}

[[noreturn]] void fail_foreign(const std::string& path, std::string_view why) {
  throw Error(Code::corrupt, fmt::format("{} is no Kith store: {}; nothing was changed; choose another file, or "
                                         "restore a backup if it was one",
                                         path, why));
}

[[noreturn]] void fail_newer(const std::string& path, std::int64_t format) {
  throw Error(Code::version, fmt::format("{} was written by a newer Kith (format {}, this one knows {}); nothing was "
                                         "changed; use that version",
                                         path, format, kFormat));
}

}  // namespace

void check_format(const std::string& path, std::int64_t application_id, std::int64_t format) {
  if (application_id != kApplicationId) fail_foreign(path, "it is the database of another program");
  if (format > kFormat) fail_newer(path, format);
  if (format < 1) fail_foreign(path, fmt::format("its format number is {}", format));
}

namespace {

/// Reads through SQLite's own file layer: closing a file that was opened past it would drop the locks that other
/// connections of this process hold on it.
std::int64_t read_header(const std::string& path, Header& header) {
  sqlite3* raw = nullptr;
  const int opened = sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nullptr);
  const std::unique_ptr<sqlite3, decltype(&sqlite3_close)> handle(raw, &sqlite3_close);
  if (opened == SQLITE_NOMEM) throw std::bad_alloc();
  if (opened != SQLITE_OK) fail_unreadable(path, raw != nullptr ? sqlite3_errmsg(raw) : sqlite3_errstr(opened));
  sqlite3_file* file = nullptr;
  sqlite3_file_control(raw, "main", SQLITE_FCNTL_FILE_POINTER, &file);
  // SQLite itself takes a file of one byte for an empty one; to Kith it is somebody's file.
  std::error_code fault;
  const auto size = static_cast<std::int64_t>(fs::file_size(path, fault));
  if (fault || file == nullptr || file->pMethods == nullptr) fail_unreadable(path, "its size is unknown");
  const int count = static_cast<int>(std::min<std::int64_t>(size, Header::kSize));
  if (count > 0) {
    const int rc = file->pMethods->xRead(file, header.data(), count, 0);
    if (rc == SQLITE_NOMEM || rc == SQLITE_IOERR_NOMEM) throw std::bad_alloc();
    if (rc != SQLITE_OK) fail_unreadable(path, sqlite3_errstr(rc));
  }
  return size;
}

}  // namespace

Found inspect(const std::string& path) {
  std::error_code fault;
  const fs::file_status status = fs::status(path, fault);
  if (status.type() == fs::file_type::not_found) return Found::absent;
  if (fault) fail_unreadable(path, fault.message());
  if (status.type() == fs::file_type::directory) fail_unreadable(path, "it is a directory");
  if (status.type() != fs::file_type::regular) fail_unreadable(path, "it is no regular file");

  Header header;
  const std::int64_t size = read_header(path, header);
  if (size == 0) return Found::fresh;
  const bool known = size >= Header::kSize && header.is_sqlite() && header.application_id() == kApplicationId;
  // Even where the first page says Kith already: SQLite will undo that too.
  if (creation_was_cut_off(path)) return Found::fresh;
  if (!known && log_is_ours(path)) return Found::store;
  if (size < Header::kSize || !header.is_sqlite()) fail_foreign(path, "it is not an SQLite database");
  check_format(path, header.application_id(), header.user_version());
  // A log or a journal beside the file may hold what the file itself still lacks.
  const bool complete = size_or_zero(path + "-wal") == 0 && size_or_zero(path + "-journal") == 0;
  if (complete && header.knows_pages() && size < header.pages() * header.page_size()) {
    throw Error(Code::corrupt, fmt::format("{} is cut off: it has {} of {} bytes; nothing was changed; restore a "
                                           "backup",
                                           path, size, header.pages() * header.page_size()));
  }
  return Found::store;
}

void make_tables(Database& database, std::span<const Entity* const> entities) {
  database.exec("BEGIN IMMEDIATE");
  try {
    const bool empty = database.number("SELECT count(*) FROM sqlite_schema") == 0;
    if (empty) {
      for (const Entity* entity : entities) {
        for (const Definition& definition : definitions(*entity)) database.exec(definition.sql.c_str());
      }
      database.exec(fmt::format("PRAGMA application_id={}; PRAGMA user_version={}", kApplicationId, kFormat).c_str());
    }
    check_tables(database, entities);
    database.exec("COMMIT");
  } catch (...) {
    if (!database.idle()) sqlite3_exec(database.raw(), "ROLLBACK", nullptr, nullptr, nullptr);
    throw;
  }
}

std::vector<std::string> sqlite_libraries(std::string_view maps) {
  std::vector<std::string> found;
  while (!maps.empty()) {
    const std::size_t end = std::min(maps.find('\n'), maps.size());
    const std::string_view line = maps.substr(0, end);
    maps.remove_prefix(std::min(end + 1, maps.size()));
    const std::size_t slash = line.find('/');
    if (slash == std::string_view::npos) continue;
    const std::string_view path = line.substr(slash);
    if (path.substr(path.rfind('/') + 1).find("libsqlite3") == std::string_view::npos) continue;
    if (std::find(found.begin(), found.end(), path) == found.end()) found.emplace_back(path);
  }
  return found;
}

}  // namespace kith::sqlite
