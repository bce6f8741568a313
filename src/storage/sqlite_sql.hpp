// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The SQL that Kith says to SQLite. Names come from entity tables only and are quoted; values are bound, never
/// written. Pure functions.

#include <string>
#include <string_view>
#include <vector>

#include "kith/storage/storage.hpp"
#include "storage/scan_sql.hpp"

namespace kith::sqlite {

/// 'text' as an SQL literal.
std::string quoted_text(std::string_view text);
/// INTEGER, TEXT or BLOB.
std::string_view column_type(Type type);

/// One thing of a schema, in the very words that SQLite keeps of it.
struct Definition {
  std::string name;
  std::string sql;
};
/// The table of an entity, then its indexes: unique keys, `indexed` and `refers_to` fields; of a history (id, seq)
/// and to_seq.
std::vector<Definition> definitions(const Entity& entity);

/// All fields of the row with id ?1.
std::string get_sql(std::string_view schema, const Entity& entity);
/// Field i is ?(i+1).
std::string insert_sql(std::string_view schema, const Entity& entity);
/// Field i is ?(i+1); the expected revision, where the entity has one, comes after them.
std::string update_sql(std::string_view schema, const Entity& entity);
/// id ?1.
std::string erase_sql(std::string_view schema, const Entity& entity);
/// The revision (or 1 without one) of the row with id ?1, and seq ?2 in a history.
std::string revision_sql(std::string_view schema, const Entity& entity);
/// The id of another row than ?1 with the key ?2, ?3, ...
std::string holder_sql(std::string_view schema, const Entity& entity, const UniqueKey& key);

/// Parameters are ?1, ?2, ...
ScanSql scan_sql(std::string_view schema, const Scan& scan);

/// All rows of the present, by id or in any order.
bool is_whole_table(const Scan& scan);
/// Such a scan, by id, where each row is handed to the function `kith_row` behind the cursor ?1.
ScanSql whole_table_sql(std::string_view schema, const Scan& scan);

}  // namespace kith::sqlite
