// SPDX-License-Identifier: Apache-2.0
#include "support/postgres_pooler.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

namespace kith::test {
namespace {

constexpr const char* kProgram = "/usr/sbin/pgbouncer";

}  // namespace

PostgresPooler::PostgresPooler(const PostgresServer& server, int connections) {
  if (access(kProgram, X_OK) != 0) {
    fault_ = "PgBouncer is not installed (Debian: pgbouncer)";
    return;
  }
  const std::string settings = folder_.file("pooler.ini");
  std::ofstream(settings) << "[databases]\n* = host=" << server.socket_folder() << " user=postgres\n[pgbouncer]\n"
                          << "listen_addr =\nlisten_port = 5432\nunix_socket_dir = " << folder_.file("") << "\n"
                          << "auth_type = any\npool_mode = transaction\ndefault_pool_size = " << connections << "\n"
                          << "max_client_conn = 100\nlogfile = " << folder_.file("log") << "\n";
  // Like the server it refuses to run as root.
  if (chown(folder_.file("").c_str(), server.user(), server.group()) != 0 || chmod(settings.c_str(), 0644) != 0) {
    fault_ = "its folder cannot be given to the server's user";
    return;
  }
  const bool root = geteuid() == 0;
  pid_ = fork();
  if (pid_ == 0) {
    if (root && (setgid(server.group()) != 0 || setuid(server.user()) != 0)) _exit(1);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execl(kProgram, kProgram, "-q", settings.c_str(), nullptr);
    _exit(127);
  }
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!std::filesystem::exists(folder_.file(".s.PGSQL.5432"))) {
    if (waitpid(pid_, nullptr, WNOHANG) == pid_) pid_ = -1;
    if (pid_ < 0 || std::chrono::steady_clock::now() > until) {
      fault_ = "PgBouncer does not start";
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

PostgresPooler::~PostgresPooler() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

std::string PostgresPooler::url() const { return "postgresql://postgres@/postgres?host=" + folder_.file(""); }

}  // namespace kith::test
