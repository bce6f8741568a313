// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A file layer for SQLite that lies the way disks do. It passes everything on to the real one and remembers what was
/// not synced yet, so that it can tell what a power loss might leave: of the unsynced 512-byte sectors some are lost,
/// some written, some torn, in any order; names that no directory sync made durable may be gone, or be back. It also
/// fails the k-th call, once or for good, and runs full. One thread at a time.

#include <sqlite3.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace kith::test {

/// The default file layer of SQLite while it lives.
class CrashDisk {
 public:
  CrashDisk();
  ~CrashDisk();
  CrashDisk(const CrashDisk&) = delete;
  CrashDisk& operator=(const CrashDisk&) = delete;

  /// Called before every write, sync, truncation and deletion.
  std::function<void()> before_change;
  /// Calls of the file layer since `arm` or `disarm`, and how many of them were failed.
  std::int64_t calls = 0;
  std::int64_t failures = 0;
  /// Files that were synced since `arm` or `disarm`, each time counted.
  std::int64_t syncs = 0;

  /// Fails call number `k` from now, or that one and all after it.
  void arm(std::int64_t k, bool for_good);
  void disarm();
  /// No file may grow beyond that many bytes; 0: as large as it likes.
  void limit(std::int64_t bytes) { limit_ = bytes; }

  /// Forgets all files: what stands on the disk now counts as durable when it is opened.
  void forget() { files_.clear(); }
  /// What a power loss now might leave of each file, by path. Absent files are not in it.
  std::map<std::string, std::string> after_power_loss(std::mt19937& random) const;

  struct File;  ///< one open file; for the functions that SQLite calls
 private:
  struct Change {
    std::int64_t at = 0;
    std::string bytes;
    bool truncation = false;
  };
  struct Durable {
    std::string synced;           ///< what certainly stands on the disk
    bool named = true;            ///< the directory knows it for certain
    bool removed = false;         ///< deleted, though the directory may not know yet
    std::vector<Change> pending;  ///< since the last sync, in order
  };
  static void apply(std::string& bytes, const Change& change);
  static void lose(std::string& bytes, const Change& change, std::mt19937& random);
  void sync_directory();
  bool fails();

  std::map<std::string, Durable> files_;
  std::int64_t fail_at_ = 0;
  bool for_good_ = false;
  std::int64_t limit_ = 0;
  sqlite3_vfs* real_ = nullptr;
  std::unique_ptr<sqlite3_vfs> own_;
  friend struct DiskCalls;
};

}  // namespace kith::test
