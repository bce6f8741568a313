// SPDX-License-Identifier: Apache-2.0
#pragma once
// The anchor of the PostgreSQL jobs: libpq with nothing around it. It writes again, work for work, the rows that Kith
// wrote into one schema, into another one that began as that one did, and both must then hold the same.

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "kith/kith.hpp"
#include "measure.hpp"
#include "storage/postgres_api.hpp"

namespace bench {

namespace pg = kith::postgres;

struct ClearResult {
  void operator()(PGresult* result) const { pg::api().PQclear(result); }
};
using Answer = std::unique_ptr<PGresult, ClearResult>;

class Server {
 public:
  explicit Server(const std::string& url) {
    const char* keywords[] = {"dbname", "client_encoding", nullptr};
    const char* values[] = {url.c_str(), "UTF8", nullptr};
    raw_.reset(pg::api().PQconnectdbParams(keywords, values, 1));
    if (pg::api().PQstatus(raw_.get()) != CONNECTION_OK) fail("connect");
    pg::api().PQsetNoticeProcessor(
        raw_.get(), [](void*, const char*) {}, nullptr);
  }

  PGconn* raw() const { return raw_.get(); }
  [[noreturn]] void fail(const std::string& doing) const {
    throw std::runtime_error("PostgreSQL: " + doing + ": " + pg::api().PQerrorMessage(raw_.get()));
  }
  Answer checked(PGresult* result, const std::string& doing) const {
    Answer answer(result);
    const ExecStatusType status = pg::api().PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_COPY_IN) fail(doing);
    return answer;
  }
  Answer operator()(const std::string& sql) const { return checked(pg::api().PQexec(raw(), sql.c_str()), sql); }
  /// Rows with every value in binary form.
  Answer binary(const std::string& sql) const {
    return checked(pg::api().PQexecParams(raw(), sql.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 1), sql);
  }
  std::int64_t number(const std::string& sql) const {
    const Answer answer = (*this)(sql);
    return std::stoll(pg::api().PQgetvalue(answer.get(), 0, 0));
  }

 private:
  struct Finish {
    void operator()(PGconn* connection) const { pg::api().PQfinish(connection); }
  };
  std::unique_ptr<PGconn, Finish> raw_;
};

/// A table as the anchor writes it.
struct Table {
  std::string name;
  std::vector<std::string> columns;  ///< tenant_id first
  std::string all;                   ///< of the columns, quoted
  bool versioned = false;
};

/// What one work wrote into one table.
struct Written {
  const Table* table = nullptr;
  bool replaces = false;  ///< rows are there already: UPDATE by tenant and id
  Answer rows;
};

/// What every work after `first` wrote, ready in memory: values in binary form, and for COPY the bytes themselves.
class Recording {
 public:
  Recording(const Server& server, const std::string& schema, std::int64_t first) : server_(server) {
    for (const kith::Entity* entity : kith::model().stored()) {
      Table table{.name = std::string(entity->name), .columns = {"tenant_id"}, .all = {}};
      for (const kith::Field& field : entity->fields) table.columns.emplace_back(field.name);
      for (const std::string& column : table.columns) {
        table.all += (table.all.empty() ? "\"" : ", \"") + column + "\"";
      }
      table.versioned = entity->keeping == kith::Keeping::versioned;
      tables_.push_back(std::move(table));
    }
    const std::int64_t last = server.number("SELECT seq FROM " + schema + ".head");
    for (std::int64_t seq = first + 1; seq <= last; ++seq) {
      works_.emplace_back();
      for (const Table& table : tables_) record(schema, table, std::to_string(seq), works_.back());
    }
    head_ = server.binary("SELECT * FROM " + schema + ".head");
  }

  std::size_t works() const { return works_.size(); }

  /// Everything by COPY, one for each table and work; for works that only add.
  Duration copy(const std::string& schema) const {
    std::vector<std::vector<std::pair<const Table*, std::string>>> bytes;
    for (const auto& work : works_) {
      bytes.emplace_back();
      for (const Written& written : work) {
        if (written.replaces) throw std::runtime_error("COPY cannot replace rows of " + written.table->name);
        bytes.back().emplace_back(written.table, copy_bytes(*written.rows));
      }
    }
    const std::string head = head_update(schema);
    const Stopwatch watch;
    for (const auto& work : bytes) {
      begin(schema);
      for (const auto& [table, rows] : work) copy(schema, *table, rows);
      run_head(head);
      server_("COMMIT");
    }
    return watch.read();
  }

  /// Everything by prepared statements, one a row, sent without waiting for their answers.
  Duration pipeline(const std::string& schema) const {
    server_("DEALLOCATE ALL");
    for (const Table& table : tables_) prepare(schema, table);
    const std::string head = head_update(schema);
    const Stopwatch watch;
    for (const auto& work : works_) {
      begin(schema);
      check(pg::api().PQenterPipelineMode(server_.raw()) == 1);
      int sent = 0;
      for (const Written& written : work) {
        const std::string name = (written.replaces ? "u_" : "i_") + written.table->name;
        for (int row = 0; row < pg::api().PQntuples(written.rows.get()); ++row) {
          send(name, *written.rows, row);
          if (++sent == kMostOnTheWay) sent = drain(sent);
        }
      }
      drain(sent);
      check(pg::api().PQexitPipelineMode(server_.raw()) == 1);
      run_head(head);
      server_("COMMIT");
    }
    return watch.read();
  }

 private:
  /// So many answers fit the buffers on the way, so neither side waits for the other.
  static constexpr int kMostOnTheWay = 256;

  void check(bool good) const {
    if (!good) server_.fail("pipeline");
  }

  void record(const std::string& schema, const Table& table, const std::string& seq, std::vector<Written>& work) {
    const std::string from = " FROM " + schema + ".\"" + table.name + "\"";
    const auto has = [&](const char* column) {
      return std::find(table.columns.begin(), table.columns.end(), column) != table.columns.end();
    };
    const auto add = [&](bool replaces, const std::string& sql) {
      Answer rows = server_.binary(sql + " ORDER BY id");
      if (pg::api().PQntuples(rows.get()) != 0) work.push_back({&table, replaces, std::move(rows)});
    };
    const std::string select = "SELECT " + table.all + from;
    if (table.name == "work") return add(false, select + " WHERE id = " + seq);
    if (has("to_seq")) return add(false, select + " WHERE to_seq = " + seq);
    if (table.name == "head" || !has("seq")) return;  // the head row is written at the end of each work
    if (!table.versioned) return add(false, select + " WHERE seq = " + seq);
    const std::string past = " UNION ALL SELECT " + table.all + " FROM " + schema + ".\"" + table.name +
                             "_history\" WHERE seq = " + seq + " AND revision ";
    add(false, "SELECT * FROM (" + select + " WHERE seq = " + seq + " AND revision = 1" + past + "= 1) AS r");
    add(true, "SELECT * FROM (" + select + " WHERE seq = " + seq + " AND revision > 1" + past + "> 1) AS r");
  }

  static std::string copy_bytes(const PGresult& rows) {
    using namespace std::string_literals;
    const auto big = [](std::string& bytes, std::uint32_t value, int size) {
      for (int shift = (size - 1) * 8; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(value >> shift));
    };
    std::string bytes = "PGCOPY\n\377\r\n\0"s;
    big(bytes, 0, 4);
    big(bytes, 0, 4);
    const int columns = pg::api().PQnfields(&rows);
    for (int row = 0; row < pg::api().PQntuples(&rows); ++row) {
      big(bytes, static_cast<std::uint32_t>(columns), 2);
      for (int i = 0; i < columns; ++i) {
        if (pg::api().PQgetisnull(&rows, row, i) != 0) {
          big(bytes, 0xffffffff, 4);
          continue;
        }
        const int length = pg::api().PQgetlength(&rows, row, i);
        big(bytes, static_cast<std::uint32_t>(length), 4);
        bytes.append(pg::api().PQgetvalue(&rows, row, i), static_cast<std::size_t>(length));
      }
    }
    big(bytes, 0xffff, 2);
    return bytes;
  }

  void begin(const std::string& schema) const {
    server_("BEGIN; SELECT 1 FROM " + schema + ".kith_tenant WHERE tenant_id = 1 FOR UPDATE");
  }

  void copy(const std::string& schema, const Table& table, const std::string& bytes) const {
    server_("COPY " + schema + ".\"" + table.name + "\" (" + table.all + ") FROM STDIN (FORMAT binary)");
    const bool sent = pg::api().PQputCopyData(server_.raw(), bytes.data(), static_cast<int>(bytes.size())) == 1 &&
                      pg::api().PQputCopyEnd(server_.raw(), nullptr) == 1;
    if (!sent) server_.fail("COPY");
    static_cast<void>(server_.checked(pg::api().PQgetResult(server_.raw()), "COPY into " + table.name));
    while (PGresult* rest = pg::api().PQgetResult(server_.raw())) pg::api().PQclear(rest);
  }

  void prepare(const std::string& schema, const Table& table) const {
    std::string values;
    std::string set;
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      const std::string parameter = "$" + std::to_string(i + 1);
      values += (i == 0 ? "" : ", ") + parameter;
      if (i > 1) set += (set.empty() ? "\"" : ", \"") + table.columns[i] + "\" = " + parameter;
    }
    const std::string name = schema + ".\"" + table.name + "\"";
    const auto make = [&](const std::string& as, const std::string& sql) {
      server_.checked(pg::api().PQprepare(server_.raw(), as.c_str(), sql.c_str(), 0, nullptr), sql);
    };
    make("i_" + table.name, "INSERT INTO " + name + " (" + table.all + ") VALUES (" + values + ")");
    if (table.versioned) {
      make("u_" + table.name, "UPDATE " + name + " SET " + set + " WHERE tenant_id = $1 AND id = $2");
    }
  }

  void send(const std::string& name, const PGresult& rows, int row) const {
    const int count = pg::api().PQnfields(&rows);
    std::vector<const char*> values;
    std::vector<int> lengths;
    const std::vector<int> formats(static_cast<std::size_t>(count), 1);
    for (int i = 0; i < count; ++i) {
      const bool null = pg::api().PQgetisnull(&rows, row, i) != 0;
      values.push_back(null ? nullptr : pg::api().PQgetvalue(&rows, row, i));
      lengths.push_back(pg::api().PQgetlength(&rows, row, i));
    }
    check(pg::api().PQsendQueryPrepared(server_.raw(), name.c_str(), count, values.data(), lengths.data(),
                                        formats.data(), 1) == 1);
  }

  /// Reads the answers to all that was sent.
  int drain(int sent) const {
    check(pg::api().PQpipelineSync(server_.raw()) == 1);
    for (int i = 0; i < sent; ++i) {
      static_cast<void>(server_.checked(pg::api().PQgetResult(server_.raw()), "pipeline"));
      pg::api().PQclear(pg::api().PQgetResult(server_.raw()));  // the end of each
    }
    check(pg::api().PQresultStatus(Answer(pg::api().PQgetResult(server_.raw())).get()) == PGRES_PIPELINE_SYNC);
    return 0;
  }

  std::string head_update(const std::string& schema) const {
    std::string set;
    for (int i = 2; i < pg::api().PQnfields(head_.get()); ++i) {
      const kith::Field& field = kith::entity_of<kith::Head>().fields[static_cast<std::size_t>(i - 1)];
      set += (set.empty() ? "\"" : ", \"") + std::string(field.name) + "\" = $" + std::to_string(i + 1);
    }
    return "UPDATE " + schema + ".head SET " + set + " WHERE tenant_id = $1 AND id = $2";
  }

  void run_head(const std::string& sql) const {
    const int count = pg::api().PQnfields(head_.get());
    std::vector<const char*> values;
    std::vector<int> lengths;
    const std::vector<int> formats(static_cast<std::size_t>(count), 1);
    for (int i = 0; i < count; ++i) {
      values.push_back(pg::api().PQgetvalue(head_.get(), 0, i));
      lengths.push_back(pg::api().PQgetlength(head_.get(), 0, i));
    }
    static_cast<void>(server_.checked(pg::api().PQexecParams(server_.raw(), sql.c_str(), count, nullptr, values.data(),
                                                             lengths.data(), formats.data(), 1),
                                      sql));
  }

  const Server& server_;
  std::vector<Table> tables_;
  std::vector<std::vector<Written>> works_;
  Answer head_;
};

/// Both schemas hold the same rows; how many. Throws where they do not.
inline std::int64_t require_equal(const Server& server, const std::string& one, const std::string& other) {
  std::int64_t rows = 0;
  for (const kith::Entity* entity : kith::model().stored()) {
    const std::string left = "(SELECT * FROM " + one + ".\"" + std::string(entity->name) + "\")";
    const std::string right = "(SELECT * FROM " + other + ".\"" + std::string(entity->name) + "\")";
    const std::int64_t differ = server.number("SELECT count(*) FROM ((" + left + " EXCEPT ALL " + right +
                                              ") UNION ALL (" + right + " EXCEPT ALL " + left + ")) AS d");
    if (differ != 0)
      throw std::runtime_error("Kith and the anchor wrote different rows of " + std::string(entity->name));
    rows += server.number("SELECT count(*) FROM " + left + " AS l");
  }
  return rows;
}

}  // namespace bench
