// SPDX-License-Identifier: Apache-2.0
#pragma once
// What an open Work has gathered so far: changes to be written at commit, and what it already knows to exist.

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "engine/custom.hpp"

namespace kith {

/// One record touched by this Work; the digest is that of its latest state.
struct TouchedRecord {
  const Entity* entity = nullptr;
  Id record;
  ChangeKind kind = ChangeKind::created;
  bool dead = false;  // created and removed again in this Work: leaves no trace
  std::array<char, 16> salt{};
  Digest digest{};
};

struct Work::Pending {
  WorkOptions options;
  std::optional<Receipt> replayed;
  bool ended = false;
  bool failed = false;  // storage failed behind the first write: only rollback is left
  bool wrote = false;
  bool touched_access = false;
  std::optional<Timestamp> owner_from;  // when a change of owner began, where it is not now
  std::int64_t last_id = 0;

  std::vector<TouchedRecord> touched;  // in order of first touch
  std::map<const Entity*, std::unordered_map<std::int64_t, std::size_t>> position;
  std::map<const Entity*, std::unordered_set<std::int64_t>> known;     // ids seen to be readable
  std::map<const Entity*, std::unordered_set<std::int64_t>> existing;  // ids that trusted writes found to be there

  // Undo of `touched` for steps: what an entry was, or that it was added.
  struct Undo {
    std::size_t index = 0;
    std::optional<TouchedRecord> before;
  };
  std::vector<Undo> undo;
  struct Mark {
    std::size_t undo = 0;
    bool wrote = false;
  };
  std::vector<Mark> steps;

  std::string random;  // salts drawn ahead
  std::size_t random_used = 0;
};

}  // namespace kith
