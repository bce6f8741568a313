// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What a PostgreSQL server refuses, told as kith::Error: what, where, and how to mend it.

#ifdef KITH_POSTGRES

#include <string>
#include <string_view>

#include "storage/postgres_channel.hpp"

namespace kith::postgres {

/// Without the end of line that libpq puts behind what it says.
std::string without_end(std::string_view text);

/// The server or the network went away, by the server's own words.
bool is_lost(std::string_view state);

/// Severity and text in what the server itself says of a connection that it refuses: "FATAL:  ...". libpq puts no
/// two spaces into words of its own.
inline constexpr std::string_view kServerSays = ":  ";

/// The SQLSTATE in the longest form of such a message, "FATAL:  3D000: ..."; of several hosts the last one's.
std::string state_in(std::string_view said);

[[noreturn]] void fail_connect(const Settings& settings, std::string_view user, std::string_view state,
                               const std::string& said);

}  // namespace kith::postgres

#endif
