// SPDX-License-Identifier: Apache-2.0
#include "storage/postgres_url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <vector>

#include "base/quote.hpp"
#include "kith/base/error.hpp"
#include "kith/base/text.hpp"
#include "storage/scheme.hpp"

namespace kith::postgres {
namespace {

constexpr std::array<std::string_view, 7> kNames = {"kith_schema", "kith_tenant",       "kith_prepare", "kith_rls",
                                                    "kith_pool",   "kith_statement_ms", "kith_idle_ms"};

int hex_digit(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

std::string decoded(std::string_view name, std::string_view value) {
  std::string text;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] != '%') {
      text += value[i];
      continue;
    }
    const int high = i + 2 < value.size() ? hex_digit(value[i + 1]) : -1;
    const int low = high < 0 ? -1 : hex_digit(value[i + 2]);
    if (low < 0) throw Error(Code::invalid, fmt::format("{} holds a '%' without two hexadecimal digits", name));
    text += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return text;
}

std::int64_t number(std::string_view name, std::string_view text, std::int64_t least, std::int64_t most) {
  std::int64_t value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc() || end != text.data() + text.size() || value < least || value > most) {
    throw Error(Code::invalid,
                fmt::format("{} is a whole number from {} to {}, not {}", name, least, most, quote(text)));
  }
  return value;
}

bool choice(std::string_view name, std::string_view text, std::string_view yes, std::string_view no) {
  if (text == yes) return true;
  if (text == no) return false;
  throw Error(Code::invalid, fmt::format("{} is {} or {}, not {}", name, yes, no, quote(text)));
}

void take(PostgresOptions& options, std::string_view name, const std::string& value) {
  constexpr int kMost = std::numeric_limits<int>::max();
  if (name == "kith_schema") {
    options.schema = value;
  } else if (name == "kith_tenant") {
    options.tenant = number(name, value, 1, std::numeric_limits<std::int64_t>::max());
  } else if (name == "kith_prepare") {
    options.named = choice(name, value, "named", "unnamed");
  } else if (name == "kith_rls") {
    options.rls = choice(name, value, "on", "off");
  } else if (name == "kith_pool") {
    options.pool = static_cast<int>(number(name, value, 1, 1000));
  } else if (name == "kith_statement_ms") {
    options.statement_ms = static_cast<int>(number(name, value, 0, kMost));
  } else if (name == "kith_idle_ms") {
    options.idle_ms = static_cast<int>(number(name, value, 0, kMost));
  } else {
    throw Error(Code::invalid, "the URL has no parameter " + quote(name) + "." + suggest(name, kNames));
  }
}

/// libpq would take a part of a password for the host, the port or the database where it holds one of these as they
/// are, and what it takes for those is told in errors. `place` is what stands between the scheme and the parameters.
void check_password(std::string_view place) {
  if (!place.starts_with("//")) return;
  place.remove_prefix(2);
  const std::size_t slash = std::min(place.find('/'), place.size());
  const std::string_view server = place.substr(0, slash);
  const bool behind = place.find('@', slash) != std::string_view::npos;
  if (!behind && server.find('@') == server.rfind('@')) return;
  throw Error(Code::invalid, fmt::format("the URL has an '@' {}; write %40 for an '@' and %2F for a '/' in a name or "
                                         "password: postgresql://user:password@host/database",
                                         behind ? "behind the '/' that ends its host" : "too many before its host"));
}

}  // namespace

Url parse_url(std::string_view url) {
  Url parsed;
  const std::string scheme = scheme_of(url);
  if (scheme != "postgresql") {
    throw Error(Code::invalid, "the URL of a store on a server is postgresql://user@host/database");
  }
  url.remove_prefix(url.find(':'));
  // As libpq reads it, a question mark before the '@' is the password's.
  const std::size_t user_end = url.find_first_of("@/", url.starts_with("://") ? 3 : 0);
  const bool has_user = user_end != std::string_view::npos && url[user_end] == '@';
  const std::size_t question = url.find('?', has_user ? user_end : 0);
  check_password(url.substr(1, question == std::string_view::npos ? question : question - 1));
  parsed.rest = scheme + std::string(url.substr(0, question));
  char before = '?';
  std::vector<std::string_view> given;
  std::string_view query = question == std::string_view::npos ? std::string_view() : url.substr(question + 1);
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view name = pair.substr(0, equals);
    if (name.starts_with("kith_")) {
      if (std::find(given.begin(), given.end(), name) != given.end()) {
        throw Error(Code::invalid, fmt::format("the URL says {} twice; leave one of them out", name));
      }
      given.push_back(name);
      take(parsed.options, name, decoded(name, pair.substr(std::min(equals + 1, pair.size()))));
      continue;
    }
    parsed.rest += before;
    parsed.rest += pair;
    before = '&';
  }
  check_options(parsed.options);
  return parsed;
}

void check_options(const PostgresOptions& options) {
  // 63 bytes are what the server keeps of a name.
  if (options.schema.empty() || options.schema.size() > 63 || options.schema.find('\0') != std::string::npos ||
      options.schema.starts_with("pg_") || options.schema == "information_schema") {
    throw Error(Code::invalid, "kith_schema is a name of 1 to 63 bytes that is not the server's own");
  }
  if (options.tenant < 1) throw Error(Code::invalid, "kith_tenant is a whole number from 1");
  if (options.pool < 1 || options.pool > 1000) throw Error(Code::invalid, "kith_pool is a number from 1 to 1000");
}

}  // namespace kith::postgres
