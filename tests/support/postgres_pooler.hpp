// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// PgBouncer in front of a server of the tests: a private one in a temporary folder, reached by a unix socket alone,
/// which hands out its few connections by transaction.

#include <sys/types.h>

#include <string>

#include "support/postgres_server.hpp"
#include "support/temp_dir.hpp"

namespace kith::test {

class PostgresPooler {
 public:
  /// With that many connections to the server. On failure `fault` says why.
  PostgresPooler(const PostgresServer& server, int connections);
  ~PostgresPooler();
  PostgresPooler(const PostgresPooler&) = delete;
  PostgresPooler& operator=(const PostgresPooler&) = delete;

  /// Why there is none, or empty.
  const std::string& fault() const { return fault_; }
  /// "postgresql://postgres@/postgres?host=...", by way of the pooler.
  std::string url() const;

 private:
  kith_test::TempDir folder_;
  std::string fault_;
  pid_t pid_ = -1;
};

}  // namespace kith::test
