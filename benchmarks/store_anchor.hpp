// SPDX-License-Identifier: Apache-2.0
#pragma once
// The anchor of the storage jobs: SQLite's C API with nothing around it. It writes again, row for row, what Kith wrote.

#include <sqlite3.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

#include "measure.hpp"

namespace bench {

struct CloseHandle {
  void operator()(sqlite3* handle) const { sqlite3_close(handle); }
};
struct CloseStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Handle = std::unique_ptr<sqlite3, CloseHandle>;
using Statement = std::unique_ptr<sqlite3_stmt, CloseStatement>;

inline void require(bool good, sqlite3* handle, const std::string& doing) {
  if (!good) throw std::runtime_error("SQLite: " + doing + ": " + sqlite3_errmsg(handle));
}

inline void execute(const Handle& handle, const std::string& sql) {
  require(sqlite3_exec(handle.get(), sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK, handle.get(), sql);
}

/// Opened as Kith opens a store: no mutex, the same pragmas.
inline Handle open_file(const std::filesystem::path& path) {
  sqlite3* raw = nullptr;
  const int rc = sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  Handle handle(raw);
  require(rc == SQLITE_OK, raw, "open " + path.string());
  execute(handle,
          "PRAGMA cell_size_check=ON; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY; "
          "PRAGMA journal_mode=WAL");
  return handle;
}

inline Statement prepare(const Handle& handle, const std::string& sql) {
  sqlite3_stmt* raw = nullptr;
  const int rc = sqlite3_prepare_v3(handle.get(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                    &raw, nullptr);
  require(rc == SQLITE_OK, handle.get(), sql);
  return Statement(raw);
}

inline bool step(const Handle& handle, const Statement& statement) {
  const int rc = sqlite3_step(statement.get());
  require(rc == SQLITE_ROW || rc == SQLITE_DONE, handle.get(), "step");
  return rc == SQLITE_ROW;
}

inline std::int64_t number(const Handle& handle, const std::string& sql) {
  const Statement statement = prepare(handle, sql);
  return step(handle, statement) ? sqlite3_column_int64(statement.get(), 0) : 0;
}

inline void copy_store(const std::filesystem::path& from, const std::filesystem::path& to) {
  for (const char* beside : {"", "-wal", "-shm"}) std::filesystem::remove(to.string() + beside);
  std::filesystem::copy_file(from, to);
}

/// One value, ready to be bound again.
struct Cell {
  int type = SQLITE_NULL;
  std::int64_t word = 0;
  std::string bytes;
};
using Row = std::vector<Cell>;
using Rows = std::vector<Row>;

inline Rows read_rows(const Handle& handle, const std::string& sql) {
  Rows rows;
  const Statement statement = prepare(handle, sql);
  while (step(handle, statement)) {
    Row& row = rows.emplace_back();
    for (int i = 0; i < sqlite3_column_count(statement.get()); ++i) {
      Cell& cell = row.emplace_back();
      cell.type = sqlite3_column_type(statement.get(), i);
      if (cell.type == SQLITE_INTEGER) cell.word = sqlite3_column_int64(statement.get(), i);
      if (cell.type != SQLITE_TEXT && cell.type != SQLITE_BLOB) continue;
      const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement.get(), i));
      const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement.get(), i));
      if (size != 0) cell.bytes.assign(bytes, size);
    }
  }
  return rows;
}

inline void bind(const Statement& statement, int index, const Cell& cell) {
  const int size = static_cast<int>(cell.bytes.size());
  switch (cell.type) {
    case SQLITE_INTEGER: sqlite3_bind_int64(statement.get(), index, cell.word); break;
    case SQLITE_NULL: sqlite3_bind_null(statement.get(), index); break;
    case SQLITE_BLOB: sqlite3_bind_blob(statement.get(), index, cell.bytes.data(), size, SQLITE_STATIC); break;
    default: sqlite3_bind_text(statement.get(), index, cell.bytes.data(), size, SQLITE_STATIC);
  }
}

/// Everything that the Works after `base_seq` wrote to a store, in the order in which they wrote it.
class Recording {
 public:
  Recording(const std::filesystem::path& made, std::int64_t base_seq) {
    const Handle handle = open_file(made);
    const std::string since = " WHERE seq > " + std::to_string(base_seq) + " ORDER BY id";
    changes_ = read_rows(handle, "SELECT * FROM change" + since);
    works_ = read_rows(handle, "SELECT * FROM work WHERE id > " + std::to_string(base_seq) + " ORDER BY id");
    names_["change"] = columns(handle, "change");
    names_["work"] = columns(handle, "work");
    const Statement order = prepare(handle, "SELECT seq, entity, record FROM change" + since);
    std::map<std::string, std::unordered_map<std::int64_t, std::size_t>> places;
    std::int64_t seq = base_seq;
    while (step(handle, order)) {
      const std::string entity = reinterpret_cast<const char*>(sqlite3_column_text(order.get(), 1));
      if (!places.contains(entity)) {
        Rows& rows = records_[entity] = read_rows(handle, "SELECT * FROM " + entity + since);
        names_[entity] = columns(handle, entity);
        auto& place = places[entity];
        for (std::size_t i = 0; i < rows.size(); ++i) place[rows[i][0].word] = i;
      }
      if (const std::int64_t now = sqlite3_column_int64(order.get(), 0); now != seq) {
        seq = now;
        inserts_.emplace_back();
      }
      inserts_.back().push_back(
          {&records_[entity], &names_[entity], places[entity].at(sqlite3_column_int64(order.get(), 2))});
    }
    if (inserts_.size() != works_.size()) throw std::runtime_error("the works and their changes do not match");
  }

  std::size_t works() const { return inserts_.size(); }

  /// Writes it all to a copy of the store as it was before: one transaction a work.
  Duration replay(const std::filesystem::path& target) const {
    const Handle handle = open_file(target);
    std::map<const Names*, Statement> inserting;
    for (const auto& [table, names] : names_) inserting[&names] = prepare(handle, insert_sql(table, names));
    const Statement begin = prepare(handle, "BEGIN IMMEDIATE");
    const Statement commit = prepare(handle, "COMMIT");
    const Statement head = prepare(handle, head_sql());
    const Stopwatch watch;
    std::size_t change = 0;
    for (std::size_t work = 0; work < inserts_.size(); ++work) {
      run(handle, begin);
      std::int64_t last_id = 0;
      const Names* table = nullptr;
      const Statement* insert = nullptr;
      for (const Insert& one : inserts_[work]) {
        if (one.names != table) insert = &inserting.at(table = one.names);
        const auto& row = (*one.rows)[one.row];
        add(handle, *insert, row);
        last_id = std::max(last_id, row[0].word);
      }
      const Statement& feed = inserting.at(&names_.at("change"));
      for (std::size_t i = 0; i < inserts_[work].size(); ++i) add(handle, feed, changes_[change++]);
      add(handle, inserting.at(&names_.at("work")), works_[work]);
      // seq, last_id, last_change, recorded, hash: the work's own id, time and hash say the rest.
      bind(head, 1, works_[work][0]);
      sqlite3_bind_int64(head.get(), 2, last_id);
      bind(head, 3, changes_[change - 1][0]);
      bind(head, 4, works_[work][1]);
      bind(head, 5, works_[work].back());
      run(handle, head);
      run(handle, commit);
    }
    return watch.read();
  }

 private:
  using Names = std::vector<std::string>;
  struct Insert {
    const Rows* rows;
    const Names* names;
    std::size_t row;
  };

  static Names columns(const Handle& handle, const std::string& table) {
    Names names;
    const Statement statement = prepare(handle, "SELECT name FROM pragma_table_info('" + table + "') ORDER BY cid");
    while (step(handle, statement)) {
      names.emplace_back(reinterpret_cast<const char*>(sqlite3_column_text(statement.get(), 0)));
    }
    return names;
  }

  static std::string insert_sql(const std::string& table, const Names& names) {
    std::string list;
    std::string marks;
    for (std::size_t i = 0; i < names.size(); ++i) {
      list += (i == 0 ? "\"" : ", \"") + names[i] + "\"";
      marks += (i == 0 ? "?" : ", ?") + std::to_string(i + 1);
    }
    return "INSERT INTO \"" + table + "\" (" + list + ") VALUES (" + marks + ")";
  }

  static std::string head_sql() {
    return "UPDATE head SET revision = revision + 1, seq = ?1, last_id = ?2, last_change = ?3, recorded = ?4, "
           "hash = ?5 WHERE id = 1";
  }

  static void run(const Handle& handle, const Statement& statement) {
    step(handle, statement);
    sqlite3_reset(statement.get());
  }

  static void add(const Handle& handle, const Statement& statement, const Row& row) {
    for (std::size_t i = 0; i < row.size(); ++i) bind(statement, static_cast<int>(i) + 1, row[i]);
    run(handle, statement);
  }

  Rows changes_, works_;
  std::map<std::string, Names> names_;
  std::map<std::string, Rows> records_;
  std::vector<std::vector<Insert>> inserts_;  // by work
};

/// The number of rows of two stores that hold the same, table by table and byte by byte; throws at the first
/// difference.
inline std::size_t require_equal(const std::filesystem::path& one, const std::filesystem::path& other) {
  const Handle a = open_file(one);
  const Handle b = open_file(other);
  std::size_t count = 0;
  const auto compare = [&](const std::string& what, const std::string& sql) {
    const Statement x = prepare(a, sql);
    const Statement y = prepare(b, sql);
    for (bool more = true; more; ++count) {
      more = step(a, x);
      bool same = step(b, y) == more;
      for (int i = 0; more && same && i < sqlite3_column_count(x.get()); ++i) {
        const int size = sqlite3_column_bytes(x.get(), i);
        const void* p = sqlite3_column_blob(x.get(), i);
        const void* q = sqlite3_column_blob(y.get(), i);
        same = sqlite3_column_type(x.get(), i) == sqlite3_column_type(y.get(), i) &&
               size == sqlite3_column_bytes(y.get(), i) &&
               (size == 0 || std::string_view(static_cast<const char*>(p), static_cast<std::size_t>(size)) ==
                                 std::string_view(static_cast<const char*>(q), static_cast<std::size_t>(size)));
      }
      if (!same) throw std::runtime_error(what + " of " + one.string() + " and " + other.string() + " differs");
    }
    --count;
  };
  compare("the schema", "SELECT name, sql FROM sqlite_schema ORDER BY 1");
  count = 0;
  const Rows tables = read_rows(a, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1");
  for (const auto& row : tables) {
    const std::string& name = row[0].bytes;
    compare(name, "SELECT * FROM \"" + name + "\" ORDER BY 1, 3");
  }
  return count;
}

}  // namespace bench
