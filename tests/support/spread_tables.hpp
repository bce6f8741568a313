// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// For tests on a Citus cluster: tables are spread over its nodes as soon as they were made.
#ifdef KITH_POSTGRES

namespace kith::test {

/// From now on, whatever commits tables of Kith's on a connection of this program runs what `kith shard-plan` prints
/// for them.
void spread_tables_when_made();

}  // namespace kith::test

#endif
