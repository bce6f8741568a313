// SPDX-License-Identifier: Apache-2.0
#include "support/cutting_proxy.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>

namespace kith::test {
namespace {

constexpr std::string_view kCommit(
    "Q\0\0\0\x0b"
    "COMMIT\0",
    12);

sockaddr_un address_of(const std::string& folder) {
  const std::string path = folder + "/.s.PGSQL.5432";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) throw std::runtime_error("the path of the socket is too long");
  std::copy(path.begin(), path.end(), address.sun_path);
  return address;
}

bool send_all(int to, const char* bytes, std::size_t count) {
  while (count > 0) {
    const ssize_t sent = send(to, bytes, count, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes += sent;
    count -= static_cast<std::size_t>(sent);
  }
  return true;
}

}  // namespace

CuttingProxy::CuttingProxy(const std::string& folder, const std::string& server_folder) : server_(server_folder) {
  listener_ = socket(AF_UNIX, SOCK_STREAM, 0);
  const sockaddr_un address = address_of(folder);
  if (bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || listen(listener_, 16) != 0) {
    throw std::runtime_error("the proxy cannot listen");
  }
  acceptor_ = std::thread([this] { accept_all(); });
}

CuttingProxy::~CuttingProxy() {
  stop_ = true;
  acceptor_.join();
  for (std::thread& connection : connections_) connection.join();
  close(listener_);
}

void CuttingProxy::arm(Way way, std::int64_t bytes, bool at_commit, bool stays) {
  const std::lock_guard lock(mutex_);
  armed_ = true;
  cut_ = false;
  counting_ = !at_commit;
  stays_ = stays;
  way_ = way;
  left_ = bytes;
}

bool CuttingProxy::disarm() {
  const std::lock_guard lock(mutex_);
  armed_ = false;
  down_ = false;
  return cut_;
}

std::size_t CuttingProxy::allowed(Way way, const char* bytes, std::size_t count) {
  const std::lock_guard lock(mutex_);
  if (!armed_) return count;
  // libpq sends a simple statement in one piece.
  if (!counting_ && way == Way::to_server && std::string_view(bytes, count).ends_with(kCommit)) counting_ = true;
  if (!counting_ || way != way_) return count;
  if (static_cast<std::int64_t>(count) <= left_) {
    left_ -= static_cast<std::int64_t>(count);
    // Nothing follows the last byte of an answer; it is cut behind it.
    return count;
  }
  armed_ = false;
  cut_ = true;
  down_ = stays_;
  return static_cast<std::size_t>(left_);
}

void CuttingProxy::accept_all() {
  while (!stop_) {
    pollfd wait{.fd = listener_, .events = POLLIN, .revents = 0};
    if (poll(&wait, 1, 50) <= 0) continue;
    const int client = accept(listener_, nullptr, nullptr);
    if (client >= 0) connections_.emplace_back([this, client] { pass(client); });
  }
}

void CuttingProxy::pass(int client) {
  const int server = socket(AF_UNIX, SOCK_STREAM, 0);
  const sockaddr_un address = address_of(server_);
  const int ends[2] = {client, server};
  bool open = connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  std::array<char, 1 << 16> bytes;
  while (open && !stop_ && !down_) {
    pollfd wait[2] = {{.fd = client, .events = POLLIN, .revents = 0}, {.fd = server, .events = POLLIN, .revents = 0}};
    if (poll(wait, 2, 50) <= 0) continue;
    for (const Way way : {Way::to_server, Way::to_client}) {
      const auto from = static_cast<std::size_t>(way);
      if (!open || wait[from].revents == 0) continue;
      const ssize_t got = read(ends[from], bytes.data(), bytes.size());
      const std::size_t count = got <= 0 ? 0 : static_cast<std::size_t>(got);
      const std::size_t passes = allowed(way, bytes.data(), count);
      open = count != 0 && send_all(ends[1 - from], bytes.data(), passes) && passes == count;
    }
  }
  close(client);
  close(server);
}

}  // namespace kith::test
