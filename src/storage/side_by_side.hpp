// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A transaction whose rows another program takes in while its caller goes on working.

#include <cstddef>
#include <functional>

#include "kith/schema/batch.hpp"

namespace kith {

/// Beside Transaction, where a server does the writing.
class SideBySide {
 public:
  /// What the caller does meanwhile for the rows [from, to).
  using Meanwhile = std::function<void(std::size_t from, std::size_t to)>;
  /// As Transaction::insert, and calls `meanwhile` piece by piece, each row once. When this fails, rows may have been
  /// told; a batch of one row is told only once it is in. What `meanwhile` throws comes out, and leaves of the batch
  /// what a failure leaves.
  virtual void insert_while(const Entity& entity, const Batch& batch, const Meanwhile& meanwhile) = 0;

 protected:
  ~SideBySide() = default;
};

}  // namespace kith
