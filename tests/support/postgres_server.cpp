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
#include <fstream>
#include <memory>
#include <thread>
#include <vector>

#include "support/spread_tables.hpp"

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

/// What that process has started and not yet waited for.
std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> found;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const pid_t process = std::atoi(entry.path().filename().c_str());
    if (process <= 0) continue;
    std::string line;
    std::getline(std::ifstream(entry.path() / "stat"), line);
    // "id (name) state parent ...", and a name may hold anything.
    const std::size_t end = line.rfind(')');
    if (end != std::string::npos && end + 4 < line.size() && std::atoi(line.c_str() + end + 4) == parent) {
      found.push_back(process);
    }
  }
  return found;
}

}  // namespace

PostgresServer::PostgresServer(ServerOptions options) : options_(std::move(options)) {
  bin_ = find_programs();
  if (bin_.empty()) {
    fault_ = "no server of version 15 or newer is installed (Debian: postgresql)";
    return;
  }
  const fs::path parent = options_.folder.empty() ? fs::temp_directory_path() : fs::path(options_.folder);
  std::string pattern = (parent / "kith_pg_XXXXXX").string();
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
  if (!make()) {
    fault_ = "its files cannot be made; see " + folder_ + "/log";
  } else if (!start()) {
    fault_ = "it does not start; see " + folder_ + "/log";
  }
}

bool PostgresServer::make() {
  if (!options_.primary.empty()) {
    return run(bin_ + "/pg_basebackup -h " + options_.primary + " -U postgres -D " + folder_ +
               "/data -R -X stream --checkpoint=fast --no-sync");
  }
  const std::string initdb = bin_ + "/initdb -U postgres -A trust -E UTF8 --locale=C --no-sync --no-instructions ";
  if (!options_.initdb.empty()) return run(initdb + options_.initdb + " -D " + folder_ + "/data");
  // To copy files is quicker than to make them: those of the first cluster of this program are kept as they came.
  static std::string fresh;
  static const std::unique_ptr<std::string, void (*)(std::string*)> removed(&fresh, [](std::string* path) {
    std::error_code ignored;
    if (!path->empty()) fs::remove_all(*path, ignored);
  });
  if (fresh.empty()) {
    std::string pattern = (fs::temp_directory_path() / "kith_pg_new_XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) return false;
    fresh = pattern;
    if (user_ != geteuid() && chown(fresh.c_str(), user_, group_) != 0) return false;
    if (!run(initdb + "-D " + fresh + "/data")) return false;
  }
  return run("cp -a " + fresh + "/data " + folder_ + "/data");
}

/// By the file in which a server tells its process and how far it is.
bool PostgresServer::is_ready() const {
  std::ifstream file(folder_ + "/data/postmaster.pid");
  std::string line;
  if (!std::getline(file, line) || std::atoi(line.c_str()) != pid_) return false;
  constexpr int kState = 8;
  for (int i = 1; i < kState; ++i) std::getline(file, line);
  return line.starts_with("ready") || line.starts_with("standby");
}

PostgresServer::~PostgresServer() {
  if (pid_ > 0) {
    ::kill(pid_, SIGINT);
    waitpid(pid_, nullptr, 0);
  }
  std::error_code ignored;
  if (!folder_.empty() && fault_.empty()) fs::remove_all(folder_, ignored);
}

/// A shell that runs the command as the user of the server. Nothing is allocated between fork and exec, for other
/// threads may be at work.
pid_t PostgresServer::spawn(const std::string& command, bool server) const {
  const std::string log_path = folder_ + "/log";
  const bool root = geteuid() == 0;
  const pid_t child = fork();
  if (child != 0) return child;
  const int log = open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  dup2(log, 1);
  dup2(log, 2);
  if (root && (setgid(group_) != 0 || setuid(user_) != 0)) _exit(1);
  // A program that dies takes its server along.
  if (server) prctl(PR_SET_PDEATHSIG, SIGQUIT);
  if (server && setpgid(0, 0) != 0) _exit(1);
  if (chdir(folder_.c_str()) != 0) _exit(1);
  execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
  _exit(127);
}

bool PostgresServer::run(const std::string& command) const {
  const pid_t child = spawn(command, false);
  int status = -1;
  return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool PostgresServer::start() {
  // After `kill` the last of its processes may still hold the shared memory for a moment.
  for (int attempt = 1; attempt <= 100; ++attempt) {
    if (start_once()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return false;
}

bool PostgresServer::start_once() {
  std::string command = "exec " + bin_ + "/postgres -D " + folder_ + "/data -c listen_addresses= -c " +
                        "unix_socket_directories=" + sockets_ +
                        " -c max_connections=120 -c shared_buffers=32MB -c log_min_messages=fatal" +
                        // What the system was given survives a process that is killed.
                        " -c fsync=off";
  for (const std::string& setting : options_.settings) command += " -c " + setting;
  pid_ = spawn(command, true);
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (pid_ > 0 && std::chrono::steady_clock::now() < until) {
    if (is_ready()) return true;
    if (waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = -1;
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

void PostgresServer::kill() {
  if (pid_ <= 0) return;
  // Stopped first, so that it starts nothing more; each of its processes is in a session of its own, so no group
  // reaches them.
  ::kill(pid_, SIGSTOP);
  for (const pid_t child : children_of(pid_)) ::kill(child, SIGKILL);
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
#ifdef KITH_POSTGRES
      if (std::getenv("KITH_TEST_SPREAD") != nullptr) spread_tables_when_made();
#endif
      return Shared{given, {}};
    }
    if (!own_server().fault().empty()) return Shared{{}, own_server().fault()};
    return Shared{own_server().url(), {}};
  }();
  return one;
}

}  // namespace

const PostgresServer& own_server() {
  static const PostgresServer server;
  return server;
}

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
