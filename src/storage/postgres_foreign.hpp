// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What other programs have put on Kith's tables, and what a role may do there, as the catalogue tells.

#ifdef KITH_POSTGRES

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/postgres_channel.hpp"

namespace kith::postgres {

/// One thing of another program.
struct ForeignPart {
  std::string what;  ///< "constraint theirs of customer"
  std::string name;
  std::string drop;  ///< the statement that drops it
};

/// What another program has put on an entity's table that may change, refuse or keep what is written: triggers, rules,
/// constraints, columns, policies, and indexes that are unique, of an expression or of some rows. Keys of other tables
/// that refer to it are among them.
std::vector<ForeignPart> foreign_parts(Channel& channel, const Entity& entity);

/// Of the tables that are no entity's: what the schema is and which tenants it has.
std::vector<ForeignPart> foreign_parts_of_store(Channel& channel);

/// The same by a connection of its own, for a transaction in which something failed answers nothing more. Nothing where
/// there is none: the connection is the host's, or the server lets no other one in.
std::optional<std::vector<ForeignPart>> foreign_parts_beside(const Channel& failed, const Entity& entity);

/// Tables of the schema whose rows are also those of another one that inherits from them, each with the statement that
/// ends that. Partitions are no such.
std::map<std::string, std::string, std::less<>> heirs_of_tables(Channel& channel);

/// What a role may do with a table.
struct Rights {
  bool schema = false;  ///< USAGE
  bool select = false;
  bool insert = false;
  bool update = false;
  bool erase = false;
};

/// Of the role of that connection; by another one, and nothing where there is none, or not that table.
std::optional<Rights> rights_beside(const Channel& failed, std::string_view table);

}  // namespace kith::postgres

#endif
