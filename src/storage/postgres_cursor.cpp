// SPDX-License-Identifier: Apache-2.0
#include "storage/postgres_cursor.hpp"

#ifdef KITH_POSTGRES

#include <algorithm>

#include "storage/rules.hpp"

namespace kith::postgres {

PostgresCursor::PostgresCursor(std::shared_ptr<Life> life, const Scan& scan, ScanSql wanted, Params params)
    : life_(std::move(life)), taken_(std::move(wanted.taken)), sql_(std::move(wanted.sql)), params_(std::move(params)) {
  columns_.entity = scan.entity;
  columns_.fields = scan.fields;
  for (const int field : scan.fields) {
    nullable_.push_back(scan.entity->fields[static_cast<std::size_t>(field)].nullable);
  }
  const bool small = taken_.limit && *scan.limit <= static_cast<std::int64_t>(kRows);
  if (small) {
    rows_ = life_->channel->run(sql_, params_, {kRead, *columns_.entity});
    complete_ = true;
  } else if (taken_.limit) {
    open();
  } else {
    look();
  }
}

/// A filter mostly leaves few rows, and most tables have few: asks for one batch and one row more. When there are more,
/// it starts again with a cursor, for without an order the server may give the rows in another one the next time.
void PostgresCursor::look() {
  Params params = params_;
  params.word(static_cast<std::int64_t>(kRows) + 1);
  rows_ = life_->channel->run(sql_ + " LIMIT $" + std::to_string(params.size()), params, {kRead, *columns_.entity});
  if (rows_.rows() <= static_cast<int>(kRows)) {
    complete_ = true;
  } else {
    open();
  }
}

void PostgresCursor::open() {
  name_ = "kith_" + std::to_string(++life_->cursors_made);
  const std::string declare = "DECLARE " + name_ + " NO SCROLL CURSOR FOR " + sql_;
  static_cast<void>(life_->channel->run_once(declare, params_, {kRead, *columns_.entity}));
  open_ = true;
  savepoints_ = life_->savepoints;
  life_->cursors.push_back(this);
  try {
    fetch();
  } catch (...) {
    forget();  // the constructor may be at work: no destructor follows then
    throw;
  }
}

void PostgresCursor::fetch() {
  Params none;
  rows_ = life_->channel->run_once("FETCH FORWARD " + std::to_string(kRows) + " FROM " + name_, none,
                                   {kRead, *columns_.entity});
  given_ = 0;
  if (rows_.rows() == static_cast<int>(kRows)) return;
  forget();
  if (life_->channel->state() == PQTRANS_INTRANS) life_->channel->exec("CLOSE " + name_, {kRead, *columns_.entity});
}

void PostgresCursor::drain() {
  Params none;
  rest_ = life_->channel->run_once("FETCH ALL FROM " + name_, none, {kRead, *columns_.entity});
  close();
}

bool PostgresCursor::next(Batch& batch) {
  if (life_->ended) fail_ended();
  shape_batch(columns_, batch);
  if (given_ == rows_.rows()) {
    if (rest_.raw() != nullptr) {
      rows_ = std::move(rest_);
      given_ = 0;
    } else if (!complete_) {
      fetch();
    }
  }
  const int until = std::min(rows_.rows(), given_ + static_cast<int>(kRows));
  for (; given_ < until; ++given_) append(rows_, given_, batch);
  return batch.rows() != 0;
}

void PostgresCursor::append(const Result& rows, int row, Batch& batch) const {
  for (std::size_t i = 0; i < batch.columns.size(); ++i) {
    Column& column = batch.columns[i];
    const int place = static_cast<int>(i);
    if (nullable_[i] != 0 && rows.is_null(row, place)) {
      column.append_null();
    } else if (column.is_text()) {
      column.append(rows.text(row, place));
    } else {
      column.append(rows.word(row, place));
    }
  }
}

void PostgresCursor::forget() noexcept {
  complete_ = true;
  if (!open_) return;
  open_ = false;
  std::erase(life_->cursors, this);
}

/// A cursor that is not there would break the transaction that the host has begun since.
void PostgresCursor::drop() noexcept {
  if (life_->channel->within()) life_->channel->try_exec(("CLOSE " + name_).c_str());
}

void PostgresCursor::close() noexcept {
  const bool was_open = open_;
  forget();
  if (was_open && !life_->ended) drop();
}

}  // namespace kith::postgres

#endif
