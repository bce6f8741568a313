// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Erasing a person: the values of personal fields go from the present and from every version of the past, for ever.
/// Figures, dates, references and the record itself stay, and the chain still verifies.

#include <string>
#include <vector>

#include "kith/engine/recovery.hpp"

namespace kith::history {

/// What stands in place of a personal text that must not be empty. Keys made of it follow (fold("(erased)")).
inline constexpr std::string_view kErased = "(erased)";

/// A field that held something, and in how many versions.
struct ErasedField {
  std::string field = {};
  std::int64_t versions = 0;
};
/// A place outside the record that still holds one of the erased texts, or a part with personal fields of its own.
struct Remainder {
  std::string entity = {};  ///< "contact", "opportunity_history", "work"
  Id id = {};
  std::string field = {};
  std::string message = {};  ///< why it is named, and what can be done
};
struct Erasure {
  std::vector<ErasedField> fields = {};
  std::vector<Remainder> remainders = {};  ///< at most 1,000
};

/// Erases the personal fields of one record, there or removed: nullable ones become null, texts that must be there
/// kErased. Its former changes lose their salts, so that nobody can try names against their digests; `verify` reports
/// it as erased. Parts (the contacts of a customer) are other persons and stay; they are named among the remainders, as
/// are the works' causes and the texts that hold an erased value of four characters or more (two outside ASCII), found
/// by reading the whole store. Nothing brings the values back; files keep old bytes until `scrub`. Needs `administer`
/// on principal; the record must not have been touched in this Work.
/// Errors: not_found, invalid (the entity has no personal fields), state (nothing left to erase), conflict (touched),
/// denied.
Erasure erase_person(Work& work, const Entity& entity, Id id);

/// Rids the store's files of the bytes of what was erased, purged, replaced or removed. Returns a sentence for each
/// thing that is left to the store's keeper, such as backups. Writes everything anew: for quiet hours. Needs
/// `administer` on principal. Errors: busy (a reader or writer is at work), denied, storage.
std::vector<std::string> scrub(Session& session);

}  // namespace kith::history
