// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A program beside Kith on the same PostgreSQL server: a connection of its own, to look, to disturb, or to lend.
#ifdef KITH_POSTGRES

#include <gtest/gtest.h>

#include <string>

#include "storage/postgres_channel.hpp"
#include "support/postgres_server.hpp"

namespace kith::test {

class Host {
 public:
  explicit Host(const std::string& url) {
    const char* keywords[] = {"dbname", nullptr};
    const char* values[] = {url.c_str(), nullptr};
    raw_ = postgres::api().PQconnectdbParams(keywords, values, 1);
    EXPECT_EQ(postgres::api().PQstatus(raw_), CONNECTION_OK) << postgres::api().PQerrorMessage(raw_);
    postgres::api().PQsetNoticeProcessor(
        raw_, [](void*, const char*) {}, nullptr);
  }
  explicit Host() : Host(postgres_url()) {}
  ~Host() { postgres::api().PQfinish(raw_); }
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  /// The first column of the first row, "" without one; the SQLSTATE where it fails.
  std::string operator()(const std::string& sql) {
    const postgres::Result result(postgres::api().PQexec(raw_, sql.c_str()));
    if (result.failed()) {
      const char* state = postgres::api().PQresultErrorField(result.raw(), PG_DIAG_SQLSTATE);
      return state == nullptr ? "the connection is lost" : state;
    }
    return result.rows() == 0 ? std::string() : std::string(result.text(0, 0));
  }
  void* raw() const { return raw_; }

 private:
  PGconn* raw_ = nullptr;
};

/// The value of kith_schema in a URL of Kith's, and the URL without what is Kith's.
inline std::string schema_of(const std::string& url) {
  const std::size_t from = url.find("kith_schema=") + 12;
  return url.substr(from, url.find('&', from) - from);
}
inline std::string plain_url(const std::string& url) { return url.substr(0, url.find("kith_schema=") - 1); }

/// The same store for a role without rights of its own; "" where the server has its own roles.
inline std::string as_role(Host& host, const std::string& url, const std::string& role) {
  host("CREATE ROLE " + role + " LOGIN");
  const std::string from = "//postgres@";
  const std::size_t at = url.find(from);
  return at == std::string::npos ? std::string() : "postgresql://" + role + "@" + url.substr(at + from.size());
}

}  // namespace kith::test

#endif
