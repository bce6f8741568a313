// SPDX-License-Identifier: Apache-2.0
#pragma once
// The anchor of the reading jobs: SQLite's C API fills the struct that Kith fills.

#include "kith/customer/customer.hpp"
#include "store_anchor.hpp"

namespace bench {

/// Reads customers into the struct of the public header, by hand.
class CustomerReader {
 public:
  explicit CustomerReader(const std::filesystem::path& path)
      : handle_(open_file(path)),
        get_(prepare(handle_,
                     "SELECT id, revision, seq, name, name_key, kind, owner, unit, stage, highest_stage, parent, "
                     "sector, country, founded, annual_revenue, employees, phone, email, source, external_id "
                     "FROM customer WHERE id = ?1")) {
    execute(handle_, "BEGIN");
  }

  bool get(std::int64_t id, kith::Customer& customer) const {
    sqlite3_bind_int64(get_.get(), 1, id);
    const bool found = step(handle_, get_);
    if (found) {
      customer.id = {word(0)};
      customer.revision = word(1);
      customer.seq = word(2);
      customer.name.assign(text(3));
      customer.name_key.assign(text(4));
      customer.kind = static_cast<kith::CustomerKind>(word(5));
      if (has(6)) customer.owner = kith::Id{word(6)};
      if (has(7)) customer.unit = kith::Id{word(7)};
      if (has(8)) customer.stage = kith::Id{word(8)};
      if (has(9)) customer.highest_stage = kith::Id{word(9)};
      if (has(10)) customer.parent = kith::Id{word(10)};
      if (has(11)) customer.sector.emplace(text(11));
      if (has(12)) customer.country.emplace(text(12));
      if (has(13)) customer.founded = word(13);
      if (has(14)) customer.annual_revenue = kith::Decimal{word(14), kith::kQuantityScale};
      if (has(15)) customer.employees = word(15);
      if (has(16)) customer.phone.emplace(text(16));
      if (has(17)) customer.email.emplace(text(17));
      if (has(18)) customer.source.emplace(text(18));
      if (has(19)) customer.external_id.emplace(text(19));
    }
    sqlite3_reset(get_.get());
    return found;
  }

 private:
  bool has(int column) const { return sqlite3_column_type(get_.get(), column) != SQLITE_NULL; }
  std::int64_t word(int column) const { return sqlite3_column_int64(get_.get(), column); }
  std::string_view text(int column) const {
    const char* bytes = reinterpret_cast<const char*>(sqlite3_column_text(get_.get(), column));
    return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(get_.get(), column))};
  }

  Handle handle_;
  Statement get_;
};

}  // namespace bench
