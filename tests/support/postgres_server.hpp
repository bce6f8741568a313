// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A PostgreSQL server for tests: a private cluster in a temporary folder, started on first use, reached by a unix
/// socket alone, run by an unprivileged user, and gone when the program ends. With KITH_TEST_POSTGRES set to a
/// connection URL, the tests run on that server instead (single node or Citus); with KITH_TEST_SPREAD set besides, the
/// tables they make are spread over its nodes by tenant.

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kith::test {

/// What is special about a cluster.
struct ServerOptions {
  std::string folder = {};                 ///< where its own folder is made; default: the temporary one
  std::string initdb = {};                 ///< more arguments of initdb
  std::vector<std::string> settings = {};  ///< "name=value"
  std::string primary = {};                ///< socket folder of the server that it follows, as a hot standby
};

/// One cluster. Not copyable; the destructor stops it and removes its folder.
class PostgresServer {
 public:
  /// Makes and starts it. On failure `fault` says why.
  explicit PostgresServer(ServerOptions options = {});
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  /// Why there is none, or empty.
  const std::string& fault() const { return fault_; }
  /// "postgresql://postgres@/postgres?host=...", of the superuser.
  std::string url() const;
  const std::string& socket_folder() const { return sockets_; }
  /// What it and its tools run as.
  uid_t user() const { return user_; }
  gid_t group() const { return group_; }
  /// Starts it again after `kill`; false when it does not come up.
  bool start();
  /// SIGKILL to the server and to each process that it started.
  void kill();

 private:
  bool run(const std::string& command) const;
  bool start_once();
  bool is_ready() const;
  bool make();
  pid_t spawn(const std::string& command, bool server) const;

  ServerOptions options_;
  std::string folder_;
  std::string sockets_;
  std::string bin_;
  std::string fault_;
  uid_t user_ = 0;
  gid_t group_ = 0;
  pid_t pid_ = -1;
};

/// The server of this program itself, for tests that need its socket; nobody kills it.
const PostgresServer& own_server();

/// The URL of the server that all tests of this program share; empty where there is none, and then
/// `postgres_fault` says why.
const std::string& postgres_url();
const std::string& postgres_fault();

/// `postgres_url` with more parameters: "kith_schema=a&kith_tenant=2".
std::string postgres_url_with(std::string_view parameters);
/// A store in a schema that no other test uses.
std::string fresh_postgres_url(std::string_view more = {});
/// A new tenant in the schema that this program's tests of one kind share: its tables are made once.
std::string postgres_tenant_url(std::string_view kind);
/// "memory", "sqlite" and, where there is a server, "postgres": for testing::ValuesIn.
const std::vector<const char*>& backend_names();

}  // namespace kith::test

/// Loud: the reason stands in the report of the run.
#define KITH_NEEDS_POSTGRES()                                                          \
  do {                                                                                 \
    if (::kith::test::postgres_url().empty())                                          \
      GTEST_SKIP() << "PostgreSQL was not tested: " << ::kith::test::postgres_fault(); \
  } while (false)
