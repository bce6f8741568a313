// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What a storage that can work on a connection of the host's tells the engine.

namespace kith {

/// Beside Storage, of backends whose connections the host may lend.
class Lendable {
 public:
  /// True on a lent connection: the host begins and ends its transactions, so only the host can try again what failed
  /// in one.
  virtual bool borrowed() const = 0;

 protected:
  ~Lendable() = default;
};

}  // namespace kith
