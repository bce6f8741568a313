// SPDX-License-Identifier: Apache-2.0
#include "support/postgres_server.hpp"

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <vector>

namespace kith::test {
namespace {

namespace fs = std::filesystem;

/// The newest server of version 15 or later; Debian keeps them beside each other.
std::string find_programs() {
  std::vector<std::pair<int, std::string>> found;
  std::error_code fault;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", fault)) {
    const int version = std::atoi(entry.path().filename().c_str());
    if (version >= 15 && fs::exists(entry.path() / "bin" / "initdb")) found.emplace_back(version, entry.path() / "bin");
  }
  return found.empty() ? std::string() : std::max_element(found.begin(), found.end())->second;
}

}  // namespace

PostgresServer::PostgresServer() {
  bin_ = find_programs();
  if (bin_.empty()) {
    fault_ = "no server of version 15 or newer is installed (Debian: postgresql)";
    return;
  }
  std::string pattern = (fs::temp_directory_path() / "kith_pg_XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) {
    fault_ = "no temporary folder can be made";
    return;
  }
  folder_ = pattern;
  sockets_ = folder_;
  user_ = geteuid();
  group_ = getegid();
  if (user_ == 0) {
    // The server refuses to run as root.
    const passwd* other = getpwnam("postgres");
    if (other == nullptr) other = getpwnam("nobody");
    if (other == nullptr) {
      fault_ = "there is no unprivileged user to run it";
      return;
    }
    user_ = other->pw_uid;
    group_ = other->pw_gid;
    if (chown(folder_.c_str(), user_, group_) != 0) fault_ = "its folder cannot be given to that user";
  }
  if (!run(bin_ + "/initdb -D " + folder_ +
           "/data -U postgres -A trust -E UTF8 --locale=C --no-sync --no-instructions")) {
    fault_ = "initdb failed";
  } else if (!start()) {
    fault_ = "it does not start; see " + folder_ + "/log";
  }
}

PostgresServer::~PostgresServer() {
  if (pid_ > 0) {
    ::kill(pid_, SIGINT);
    waitpid(pid_, nullptr, 0);
  }
  std::error_code ignored;
  if (!folder_.empty() && fault_.empty()) fs::remove_all(folder_, ignored);
}

bool PostgresServer::run(const std::string& command) const {
  const pid_t child = fork();
  if (child == 0) {
    const int log = open((folder_ + "/log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    dup2(log, 1);
    dup2(log, 2);
    if (geteuid() == 0 && (setgid(group_) != 0 || setuid(user_) != 0)) _exit(1);
    if (chdir(folder_.c_str()) != 0) _exit(1);
    execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
    _exit(127);
  }
  int status = -1;
  return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool PostgresServer::start() {
  pid_ = fork();
  if (pid_ == 0) {
    const int log = open((folder_ + "/log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    dup2(log, 1);
    dup2(log, 2);
    if (geteuid() == 0 && (setgid(group_) != 0 || setuid(user_) != 0)) _exit(1);
    // A program that dies takes its server along.
    prctl(PR_SET_PDEATHSIG, SIGQUIT);
    if (setpgid(0, 0) != 0 || chdir(folder_.c_str()) != 0) _exit(1);
    const std::string program = bin_ + "/postgres";
    const std::string data = folder_ + "/data";
    const std::string sockets = "unix_socket_directories=" + sockets_;
    execl(program.c_str(), "postgres", "-D", data.c_str(), "-c", "listen_addresses=", "-c", sockets.c_str(), "-c",
          "max_connections=120", "-c", "shared_buffers=32MB", "-c", "log_min_messages=fatal", nullptr);
    _exit(127);
  }
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (pid_ > 0 && std::chrono::steady_clock::now() < until) {
    if (run(bin_ + "/pg_isready -q -h " + sockets_)) return true;
    if (waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = -1;
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
  }
  return false;
}

void PostgresServer::kill() {
  if (pid_ <= 0) return;
  ::kill(-pid_, SIGKILL);
  ::kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

std::string PostgresServer::url() const { return "postgresql://postgres@/postgres?host=" + sockets_; }

namespace {

struct Shared {
  std::string url;
  std::string fault;
};

const Shared& shared() {
  static const Shared one = [] {
    if (const char* given = std::getenv("KITH_TEST_POSTGRES"); given != nullptr && *given != '\0') {
      return Shared{given, {}};
    }
    static const PostgresServer server;
    if (!server.fault().empty()) return Shared{{}, server.fault()};
    return Shared{server.url(), {}};
  }();
  return one;
}

}  // namespace

const std::string& postgres_url() { return shared().url; }
const std::string& postgres_fault() { return shared().fault; }

std::string postgres_url_with(std::string_view parameters) {
  const std::string& url = postgres_url();
  return url + (url.find('?') == std::string::npos ? "?" : "&") + std::string(parameters);
}

std::string fresh_postgres_url(std::string_view more) {
  static int count = 0;
  std::string parameters = "kith_schema=kith_test_" + std::to_string(getpid()) + "_" + std::to_string(++count);
  if (!more.empty()) parameters += "&" + std::string(more);
  return postgres_url_with(parameters);
}

std::string postgres_tenant_url(std::string_view kind) {
  static int count = 0;
  return postgres_url_with("kith_schema=kith_" + std::string(kind) + "_" + std::to_string(getpid()) +
                           "&kith_tenant=" + std::to_string(++count));
}

const std::vector<const char*>& backend_names() {
  static const std::vector<const char*> names = postgres_url().empty()
                                                    ? std::vector<const char*>{"memory", "sqlite"}
                                                    : std::vector<const char*>{"memory", "sqlite", "postgres"};
  return names;
}

}  // namespace kith::test
