// SPDX-License-Identifier: Apache-2.0
#include "kith/schema/field.hpp"

namespace kith {

std::string_view name_of(Type type) {
  switch (type) {
    case Type::id: return "id";
    case Type::integer: return "integer";
    case Type::boolean: return "boolean";
    case Type::choice: return "choice";
    case Type::text: return "text";
    case Type::decimal: return "decimal";
    case Type::money: return "money";
    case Type::currency: return "currency";
    case Type::date: return "date";
    case Type::timestamp: return "timestamp";
    case Type::bytes: return "bytes";
  }
  return "unknown";
}

}  // namespace kith
