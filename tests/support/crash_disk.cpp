// SPDX-License-Identifier: Apache-2.0
#include "support/crash_disk.hpp"

#include <algorithm>
#include <new>

#include "support/temp_dir.hpp"

namespace kith::test {
namespace {

constexpr std::int64_t kSector = 512;

}  // namespace

struct CrashDisk::File {
  sqlite3_file base;
  CrashDisk* disk;
  Durable* durable;  ///< null for temporary files
  bool syncs_name;   ///< its first sync makes the directory durable
  sqlite3_file* real;
};

/// The functions that SQLite calls.
struct DiskCalls {
  static CrashDisk::File& of(sqlite3_file* file) { return *reinterpret_cast<CrashDisk::File*>(file); }
  static CrashDisk& of(sqlite3_vfs* vfs) { return *static_cast<CrashDisk*>(vfs->pAppData); }
  static void changing(CrashDisk& disk) {
    if (disk.before_change) disk.before_change();
  }

  static int close(sqlite3_file* file) {
    const int rc = of(file).real->pMethods != nullptr ? of(file).real->pMethods->xClose(of(file).real) : SQLITE_OK;
    return rc;
  }
  static int read(sqlite3_file* file, void* into, int count, sqlite3_int64 at) {
    if (of(file).disk->fails()) return SQLITE_IOERR_READ;
    return of(file).real->pMethods->xRead(of(file).real, into, count, at);
  }
  static int write(sqlite3_file* file, const void* from, int count, sqlite3_int64 at) {
    CrashDisk::File& self = of(file);
    if (self.disk->fails()) return (self.disk->calls & 1) != 0 ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    if (self.disk->limit_ > 0 && at + count > self.disk->limit_) return SQLITE_FULL;
    changing(*self.disk);
    const int rc = self.real->pMethods->xWrite(self.real, from, count, at);
    if (rc == SQLITE_OK && self.durable != nullptr) {
      self.durable->pending.push_back(
          {at, std::string(static_cast<const char*>(from), static_cast<std::size_t>(count)), false});
    }
    return rc;
  }
  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    CrashDisk::File& self = of(file);
    if (self.disk->fails()) return SQLITE_IOERR_TRUNCATE;
    changing(*self.disk);
    const int rc = self.real->pMethods->xTruncate(self.real, size);
    if (rc == SQLITE_OK && self.durable != nullptr) self.durable->pending.push_back({size, {}, true});
    return rc;
  }
  static int sync(sqlite3_file* file, int flags) {
    CrashDisk::File& self = of(file);
    if (self.disk->fails()) return SQLITE_IOERR_FSYNC;
    ++self.disk->syncs;
    changing(*self.disk);
    // The real disk is not asked: this layer alone decides what is durable.
    static_cast<void>(flags);
    if (self.durable == nullptr) return SQLITE_OK;
    for (const auto& change : self.durable->pending) CrashDisk::apply(self.durable->synced, change);
    self.durable->pending.clear();
    if (self.syncs_name) self.disk->sync_directory();
    self.syncs_name = false;
    return SQLITE_OK;
  }
  static int size(sqlite3_file* file, sqlite3_int64* out) {
    if (of(file).disk->fails()) return SQLITE_IOERR_FSTAT;
    return of(file).real->pMethods->xFileSize(of(file).real, out);
  }
  static int lock(sqlite3_file* file, int level) {
    if (of(file).disk->fails()) return SQLITE_IOERR_LOCK;
    return of(file).real->pMethods->xLock(of(file).real, level);
  }
  static int unlock(sqlite3_file* file, int level) { return of(file).real->pMethods->xUnlock(of(file).real, level); }
  static int reserved(sqlite3_file* file, int* out) {
    return of(file).real->pMethods->xCheckReservedLock(of(file).real, out);
  }
  static int control(sqlite3_file* file, int what, void* value) {
    return of(file).real->pMethods->xFileControl(of(file).real, what, value);
  }
  static int sector(sqlite3_file*) { return static_cast<int>(kSector); }
  static int traits(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }
  static int shared_map(sqlite3_file* file, int region, int size, int extend, void volatile** out) {
    if (of(file).disk->fails()) return SQLITE_IOERR_SHMMAP;
    return of(file).real->pMethods->xShmMap(of(file).real, region, size, extend, out);
  }
  static int shared_lock(sqlite3_file* file, int first, int count, int flags) {
    // Giving a lock back cannot fail.
    if ((flags & SQLITE_SHM_LOCK) != 0 && of(file).disk->fails()) return SQLITE_IOERR_SHMLOCK;
    return of(file).real->pMethods->xShmLock(of(file).real, first, count, flags);
  }
  static void barrier(sqlite3_file* file) { of(file).real->pMethods->xShmBarrier(of(file).real); }
  static int unmap(sqlite3_file* file, int remove) { return of(file).real->pMethods->xShmUnmap(of(file).real, remove); }

  static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out) {
    static const sqlite3_io_methods methods = {2,           close,   read,     write,   truncate, sync,   size,
                                               lock,        unlock,  reserved, control, sector,   traits, shared_map,
                                               shared_lock, barrier, unmap,    nullptr, nullptr};
    CrashDisk& disk = of(vfs);
    CrashDisk::File& self = of(file);
    self.base.pMethods = nullptr;
    if (disk.fails()) return SQLITE_CANTOPEN;
    self.disk = &disk;
    self.durable = nullptr;
    self.syncs_name = false;
    self.real = reinterpret_cast<sqlite3_file*>(&self + 1);
    const bool kept =
        name != nullptr && (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL)) != 0;
    const bool was_there = kept && std::filesystem::exists(name);
    const int rc = disk.real_->xOpen(disk.real_, name, self.real, flags, out);
    if (rc != SQLITE_OK) return rc;
    self.base.pMethods = &methods;
    if (!kept) return SQLITE_OK;
    const auto known = disk.files_.find(name);
    if (known == disk.files_.end()) {
      auto& fresh = disk.files_[name];
      fresh.named = was_there;
      if (was_there) fresh.synced = kith_test::read_bytes(name);
      self.durable = &fresh;
    } else {
      self.durable = &known->second;
      if (!was_there) {  // made anew: what a deleted one held may come back as long as the directory is not synced
        if (!known->second.removed) known->second = {};
        known->second.removed = false;
        known->second.pending.clear();
        known->second.pending.push_back({0, {}, true});
      }
    }
    self.syncs_name = !was_there && (flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL)) != 0;
    return SQLITE_OK;
  }
  static int remove(sqlite3_vfs* vfs, const char* name, int sync) {
    CrashDisk& disk = of(vfs);
    if (disk.fails()) return SQLITE_IOERR_DELETE;
    changing(disk);
    const int rc = disk.real_->xDelete(disk.real_, name, 0);
    if (rc != SQLITE_OK) return rc;
    if (const auto known = disk.files_.find(name); known != disk.files_.end()) known->second.removed = true;
    if (sync != 0) disk.sync_directory();
    return SQLITE_OK;
  }
  static int access(sqlite3_vfs* vfs, const char* name, int flags, int* out) {
    CrashDisk& disk = of(vfs);
    if (disk.fails()) return SQLITE_IOERR_ACCESS;
    return disk.real_->xAccess(disk.real_, name, flags, out);
  }
};

CrashDisk::CrashDisk() : real_(sqlite3_vfs_find(nullptr)), own_(std::make_unique<sqlite3_vfs>(*real_)) {
  own_->zName = "kith-crash-disk";
  own_->pAppData = this;
  own_->pNext = nullptr;
  own_->szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
  own_->xOpen = DiskCalls::open;
  own_->xDelete = DiskCalls::remove;
  own_->xAccess = DiskCalls::access;
  sqlite3_vfs_register(own_.get(), 1);
}

CrashDisk::~CrashDisk() {
  sqlite3_vfs_unregister(own_.get());
  sqlite3_vfs_register(real_, 1);
}

void CrashDisk::arm(std::int64_t k, bool for_good) {
  calls = failures = syncs = 0;
  fail_at_ = k;
  for_good_ = for_good;
}

void CrashDisk::disarm() { arm(0, false); }

bool CrashDisk::fails() {
  ++calls;
  const bool now = fail_at_ > 0 && (calls == fail_at_ || (for_good_ && calls > fail_at_));
  failures += now ? 1 : 0;
  return now;
}

void CrashDisk::sync_directory() {
  for (auto at = files_.begin(); at != files_.end();) {
    at->second.named = true;
    // An open handle may still point at a deleted file, so its entry stays, empty.
    if (at->second.removed) {
      at->second.synced.clear();
      at->second.named = false;
    }
    ++at;
  }
}

void CrashDisk::apply(std::string& bytes, const Change& change) {
  const auto at = static_cast<std::size_t>(change.at);
  if (change.truncation) {
    if (at < bytes.size()) bytes.resize(at);
    return;
  }
  if (bytes.size() < at + change.bytes.size()) bytes.resize(at + change.bytes.size(), '\0');
  std::copy(change.bytes.begin(), change.bytes.end(), bytes.begin() + change.at);
}

/// One unsynced change as a power loss may leave it: sector by sector there, not there, or torn.
void CrashDisk::lose(std::string& bytes, const Change& change, std::mt19937& random) {
  if (change.truncation) {
    if (random() % 2 == 0) apply(bytes, change);
    return;
  }
  const auto size = static_cast<std::int64_t>(change.bytes.size());
  for (std::int64_t from = 0; from < size;) {
    const std::int64_t to = std::min(size, ((change.at + from) / kSector + 1) * kSector - change.at);
    Change part{change.at + from,
                change.bytes.substr(static_cast<std::size_t>(from), static_cast<std::size_t>(to - from)), false};
    from = to;
    const auto dice = random() % 4;
    if (dice == 0) continue;
    if (dice == 1) part.bytes.resize(random() % part.bytes.size());
    if (dice == 2 && random() % 4 == 0) {
      for (std::size_t i = random() % part.bytes.size(); i < part.bytes.size(); ++i) {
        part.bytes[i] = static_cast<char>(random());
      }
    }
    if (!part.bytes.empty()) apply(bytes, part);
  }
}

std::map<std::string, std::string> CrashDisk::after_power_loss(std::mt19937& random) const {
  std::map<std::string, std::string> left;
  const auto mood = random() % 8;  // now and then everything, or nothing, of what was not synced is lost
  for (const auto& [path, file] : files_) {
    if (!file.named && (file.removed || random() % 2 == 0)) continue;
    if (file.removed && random() % 2 == 0) continue;
    std::string bytes = file.synced;
    for (const Change& change : file.pending) {
      if (mood == 0) continue;
      if (mood == 1) {
        apply(bytes, change);
      } else {
        lose(bytes, change, random);
      }
    }
    left.emplace(path, std::move(bytes));
  }
  return left;
}

}  // namespace kith::test
