// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Stands between a program and its PostgreSQL server, on a unix socket, and cuts the connection at a chosen byte.

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace kith::test {

enum class Way : std::int32_t { to_server = 0, to_client = 1 };

/// Listens in `folder` for a server whose socket is in `server_folder`; both on port 5432.
class CuttingProxy {
 public:
  CuttingProxy(const std::string& folder, const std::string& server_folder);
  ~CuttingProxy();
  CuttingProxy(const CuttingProxy&) = delete;
  CuttingProxy& operator=(const CuttingProxy&) = delete;

  /// From now on, passes `bytes` bytes that way and cuts the connection in place of the next one, once. With
  /// `at_commit`, counting begins with the message "COMMIT" of the program, or with the answer to it. With `stays`,
  /// nobody comes through afterwards.
  void arm(Way way, std::int64_t bytes, bool at_commit, bool stays = false);
  /// Whether it has cut since it was armed; disarms it, and lets everybody through.
  bool disarm();

 private:
  void accept_all();
  void pass(int client);
  /// How many of the bytes may pass; fewer than there are means that the cut is due.
  std::size_t allowed(Way way, const char* bytes, std::size_t count);

  std::string server_;
  int listener_ = -1;
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::atomic<bool> down_{false};
  bool armed_ = false, counting_ = false, cut_ = false, stays_ = false;
  Way way_ = Way::to_server;
  std::int64_t left_ = 0;
  std::vector<std::thread> connections_;
  std::thread acceptor_;
};

}  // namespace kith::test
