// SPDX-License-Identifier: Apache-2.0
#include "kith/base/error.hpp"

#include <fmt/format.h>

#include <utility>

#include "kith/base/text.hpp"

namespace kith {
namespace {

// "entity.field: message", leaving out what is not known.
std::string describe(std::string_view entity, std::string_view field, std::string_view message) {
  std::string text(entity);
  if (!entity.empty() && !field.empty()) text += '.';
  text += field;
  if (!text.empty()) text += ": ";
  text += message;
  return text;
}

// Messages quote what files, servers and callers sent; whatever those bytes are, the text is UTF-8: \xNN for the
// others.
std::string readable(std::string text) {
  std::size_t bad = invalid_utf8(text);
  if (bad == std::string_view::npos) return text;
  std::string_view rest(text);
  std::string result;
  for (; bad != std::string_view::npos; bad = invalid_utf8(rest)) {
    result += rest.substr(0, bad);
    result += fmt::format("\\x{:02X}", static_cast<unsigned char>(rest[bad]));
    rest.remove_prefix(bad + 1);
  }
  return result.append(rest);
}

}  // namespace

std::string_view name_of(Code code) {
  switch (code) {
    case Code::ok: return "ok";
    case Code::invalid: return "invalid";
    case Code::not_found: return "not_found";
    case Code::denied: return "denied";
    case Code::conflict: return "conflict";
    case Code::state: return "state";
    case Code::busy: return "busy";
    case Code::storage: return "storage";
    case Code::corrupt: return "corrupt";
    case Code::version: return "version";
    case Code::misuse: return "misuse";
    case Code::cancelled: return "cancelled";
    case Code::overflow: return "overflow";
    case Code::internal: return "internal";
  }
  return "unknown";
}

Error::Error(Code code_in, std::string message_in) : Error(code_in, {}, {}, std::move(message_in)) {}

Error::Error(Code code_in, std::string entity_in, std::string field_in, std::string message_in)
    : code(code_in),
      entity(readable(std::move(entity_in))),
      field(readable(std::move(field_in))),
      message(readable(std::move(message_in))) {
  // One broken rule is a list of one, so that a caller reads `violations` whoever found the fault.
  if (code == Code::invalid) violations.push_back({entity, field, message});
  text_ = describe(entity, field, message);
}

Error::Error(std::vector<Violation> violations_in, Code code_in) : code(code_in), violations(std::move(violations_in)) {
  if (violations.empty()) {
    code = Code::misuse;
    message = "An error was raised with an empty list of violations; raise it only when a rule is broken.";
    text_ = message;
    return;
  }
  for (Violation& violation : violations) {
    for (std::string Violation::*part : {&Violation::entity, &Violation::field, &Violation::message}) {
      violation.*part = readable(std::move(violation.*part));
    }
  }
  entity = violations.front().entity;
  field = violations.front().field;
  message = violations.front().message;
  for (const Violation& violation : violations) {
    if (!text_.empty()) text_ += "; ";
    text_ += describe(violation.entity, violation.field, violation.message);
  }
}

}  // namespace kith
