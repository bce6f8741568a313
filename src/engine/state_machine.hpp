// SPDX-License-Identifier: Apache-2.0
#pragma once
// The machines of a store at hand, and what the funnel asks of those over fields of the store's own.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/custom.hpp"
#include "kith/engine/state_machine.hpp"

namespace kith {

/// All machines of a store with their active transitions.
class Machines {
 public:
  /// Of a system reader, also of one of the past.
  explicit Machines(const Reader& reader);

  struct Row {
    StateMachine machine;
    std::vector<Transition> transitions;  // active ones, oldest first
  };
  const Row* find(std::string_view machine) const;
  /// The machine of a field, or null.
  const Row* of(std::string_view entity, std::string_view field) const;
  const std::vector<Row>& rows() const { return rows_; }

  mutable Earlier<Machines> earlier;  // of settings_of

 private:
  std::vector<Row> rows_;
};

/// As `customs_of`.
std::shared_ptr<const Machines> machines_of(const Reader& reader);

/// "a, b" as its parts.
std::vector<std::string> list_of(std::string_view text);

/// Asks the machines of an entity's own fields about rows that are to be written. `stored`, `origin`: as
/// CustomRows::take.
void require_moves(const Work& work, const CustomFields& own, const Batch& rows, const Batch* stored,
                   std::span<const std::size_t> origin, std::vector<Violation>& violations);

}  // namespace kith
