// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The change feed for consumers that come back: each has a name, and the store keeps how far it has read. What was not
/// acknowledged is given again, so everything arrives at least once; acknowledge in the Work that also keeps what the
/// consumer made of it, and it counts exactly once.

#include <string>
#include <string_view>
#include <vector>

#include "kith/engine/history.hpp"

namespace kith {

/// A reader of the change feed. Kept by the engine.
struct Consumer {
  Id id = {};
  std::int64_t revision = 0;
  std::int64_t seq = 0;
  std::string name = {};      ///< unique
  Id principal = {};          ///< whose it is
  std::int64_t position = 0;  ///< id of the last change it has acknowledged
};
template <>
const Entity& entity_of<Consumer>();

namespace history {

/// What a consumer has not acknowledged yet.
struct Unread {
  std::vector<ChangeRow> changes = {};  ///< oldest first
  std::int64_t next =
      0;  ///< to be acknowledged once they are dealt with; the consumer's position when there is nothing
};

/// Adds a consumer that belongs to the actor and begins behind change `after` (0: with the first one that is there).
/// Needs `create` on consumer. Errors: invalid (no name; a position beyond the last change), state (archived: the
/// first position that can be read is named), conflict (name taken), denied.
Id subscribe(Work& work, std::string_view name, std::int64_t after = 0);
/// Removes it. Errors: as `acknowledge`.
void unsubscribe(Work& work, std::string_view name);
/// At most `most` changes that the consumer has not acknowledged and the actor may see; changes of consumers themselves
/// are left out. Errors: not_found (no such consumer, near names), denied (somebody else's; an administrator may),
/// invalid (`most` is 0), state (what it has not read was archived by force: `rewind` moves it on).
Unread unread(const Reader& reader, std::string_view name, std::size_t most = 1000);
/// Moves the consumer on to a change that it was given. Errors: not_found, denied, invalid (beyond the last change),
/// state (behind its position: `rewind` goes back).
void acknowledge(Work& work, std::string_view name, std::int64_t position);
/// Moves it to any position, to read again or to skip. Errors: not_found, denied, invalid, state (archived).
void rewind(Work& work, std::string_view name, std::int64_t position);

}  // namespace history
}  // namespace kith
