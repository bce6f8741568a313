// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Lets one statement fail that Kith sends to a PostgreSQL server. The server itself fails, so what it thinks of the
/// transaction afterwards is what it would think.
#ifdef KITH_POSTGRES

#include <functional>
#include <string>

#include "storage/postgres_api.hpp"

namespace kith::test {

/// What fails, and how.
struct Failure {
  /// SQLSTATE that the server raises in place of the statement; "57P01": it ends the connection; "": the network does.
  std::string state = {};
  int at = 0;            ///< the statement, counted from 0; of all statements, or with `commits` of the COMMITs
  bool commits = false;  ///< only a COMMIT fails
  bool keeps = false;    ///< with `commits`: after the server has done it
  int again = -1;        ///< so many statements behind the failure the network fails too; -1 for never
  /// Is called in the place of a failure: it may kill the server, or this process. The statement goes to what is left.
  std::function<void()> act = {};
};

/// Stands in for libpq's functions while it lives. One at a time; while it is armed, one thread uses PostgreSQL.
class FailingLibpq {
 public:
  FailingLibpq();
  ~FailingLibpq();
  FailingLibpq(const FailingLibpq&) = delete;
  FailingLibpq& operator=(const FailingLibpq&) = delete;

  void arm(const Failure& failure);
  /// How many statements have failed since it was armed; nothing fails any more.
  int disarm();
  /// How many statements came by while it was armed.
  int seen() const;
  /// libpq as it is.
  const postgres::Api& real() const { return real_; }

 private:
  postgres::Api real_;
};

}  // namespace kith::test

#endif
