// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Rows of a scan. A scan that is likely to be small is one prepared statement; a large one is a cursor on the
/// server, from which batches are fetched, so that memory stays bounded.

#ifdef KITH_POSTGRES

#include <algorithm>

#include "storage/postgres_sql.hpp"
#include "storage/postgres_transaction.hpp"

namespace kith::postgres {

class PostgresCursor final : public Cursor {
 public:
  PostgresCursor(std::shared_ptr<Life> life, const Scan& scan, ScanSql wanted, Params params);
  ~PostgresCursor() override { close(); }

  const Taken& taken() const override { return taken_; }
  bool next(Batch& batch) override;

  /// Reads everything that is left into memory: what it reads from is about to go.
  void drain();
  /// How many savepoints stood when it was opened on the server.
  int savepoints() const { return savepoints_; }
  /// So many savepoints are left; the innermost now owns what an inner one did.
  void released(int savepoints) { savepoints_ = std::min(savepoints_, savepoints); }
  /// Nothing more is read from the server.
  void forget() noexcept;
  /// Closes it on the server.
  void drop() noexcept;

 private:
  void look();
  void open();
  void fetch();
  void close() noexcept;
  void append(const Result& rows, int row, Batch& batch) const;

  std::shared_ptr<Life> life_;
  Taken taken_;
  Scan columns_;  ///< entity and fields only
  std::vector<char> nullable_;
  std::string sql_;
  Params params_;
  std::string name_;  ///< of the cursor on the server
  int savepoints_ = 0;
  bool open_ = false;      ///< on the server
  bool complete_ = false;  ///< the server has no more rows
  Result rows_;            ///< read, given up to `given_`
  int given_ = 0;
  Result rest_;  ///< of a drained cursor: behind rows_
};

}  // namespace kith::postgres

#endif
