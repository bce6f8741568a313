// SPDX-License-Identifier: Apache-2.0
#include <new>

#include "internal.hpp"
#include "kith/base/error.hpp"
#include "kith/base/money.hpp"
#include "kith/storage/storage.hpp"

namespace kith::c {
namespace {

/// True where the caller's struct has room for a member.
template <class Member>
bool has(const kith_error& error, const Member& member) {
  const auto end = reinterpret_cast<const char*>(&member + 1) - reinterpret_cast<const char*>(&error);
  return static_cast<std::size_t>(end) <= error.struct_size;
}

/// Copies as much as fits, cut between characters. Never allocates: memory may have run out.
template <std::size_t N>
void put(const kith_error& error, char (&into)[N], std::string_view text) {
  if (!has(error, into)) return;
  std::size_t size = std::min(text.size(), N - 1);
  while (size != 0 && size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  if (size != 0) std::memcpy(into, text.data(), size);
  into[size] = '\0';
}

std::int32_t report(kith_error* error, std::int32_t code, std::string_view message, std::string_view entity = {},
                    std::string_view field = {}, std::size_t violations = 0, std::int32_t lost = 0) {
  if (error == nullptr) return code;
  if (has(*error, error->code)) error->code = code;
  if (has(*error, error->violations)) error->violations = static_cast<std::int32_t>(violations);
  put(*error, error->entity, entity);
  put(*error, error->field, field);
  put(*error, error->message, message);
  if (has(*error, error->lost)) error->lost = lost;
  return code;
}

[[noreturn]] void refuse(const std::string& message) { throw Error(Code::invalid, message); }

}  // namespace

std::int32_t succeed(kith_error* error) noexcept { return report(error, KITH_OK, {}); }

std::int32_t fail(kith_error* error) noexcept {
  try {
    throw;
  } catch (const Interrupted& e) {
    return report(error, static_cast<std::int32_t>(e.code), e.what(), {}, {}, 0,
                  e.unknown ? KITH_LOST_COMMIT : KITH_LOST_WORK);
  } catch (const Error& e) {
    return report(error, static_cast<std::int32_t>(e.code), e.what(), e.entity, e.field, e.violations.size());
  } catch (const std::bad_alloc&) {
    return report(error, KITH_ERROR_NO_MEMORY, "memory ran out; nothing was changed");
  } catch (const std::exception& e) {
    return report(error, KITH_ERROR_INTERNAL, e.what());
  } catch (...) {
    return report(error, KITH_ERROR_INTERNAL, "an unknown exception; please report what was called");
  }
}

void copy(const kith_error& said, kith_error* error) noexcept {
  const auto text = [](const auto& from) { return std::string_view(from, strnlen(from, sizeof from)); };
  report(error, said.code, text(said.message), text(said.entity), text(said.field),
         static_cast<std::size_t>(said.violations), said.lost);
}

void misuse(const std::string& message) { throw Error(Code::misuse, message); }

std::string_view text_of(const char* text, std::size_t size, const char* argument) {
  if (text == nullptr && size == 0) return {};
  static_cast<void>(need(text, argument));
  return size == KITH_NUL ? std::string_view(text) : std::string_view(text, size);
}

std::optional<std::string_view> text_or_none(const char* text, std::size_t size) {
  if (text == nullptr) return std::nullopt;
  return text_of(text, size, "text");
}

std::string_view name_of(const char* name, const char* argument) { return &need(name, argument); }

Value value_of(const kith_value& given) {
  if (given.reserved != 0) misuse("value->reserved is not 0; zero the struct before filling it");
  switch (given.type) {
    case KITH_NULL: return {};
    case KITH_ID: return Id{given.integer};
    case KITH_INTEGER: return given.integer;
    case KITH_BOOLEAN:
      if (given.integer != 0 && given.integer != 1) refuse("a boolean is 0 or 1, not " + std::to_string(given.integer));
      return given.integer == 1;
    case KITH_TEXT: return std::string(text_of(given.text, given.size, "value->text"));
    case KITH_DECIMAL:
      if (given.scale < 0 || given.scale > 18) {
        refuse("a decimal has 0 to 18 digits after the point, not " + std::to_string(given.scale));
      }
      return Decimal{given.integer, given.scale};
    case KITH_MONEY:
      return Money{given.integer, currency({given.currency, strnlen(given.currency, sizeof given.currency)})};
    case KITH_DATE:
      if (static_cast<std::int32_t>(given.integer) != given.integer) {
        refuse(std::to_string(given.integer) + " is no day; days count from 1970-01-01");
      }
      return Date{static_cast<std::int32_t>(given.integer)};
    case KITH_TIMESTAMP: return Timestamp{given.integer};
    default: misuse("value->type is " + std::to_string(given.type) + ", which is none of KITH_NULL ... KITH_TIMESTAMP");
  }
}

kith_value c_value(const Value& value) {
  struct Writer {
    kith_value& out;
    void set(std::int32_t type, std::int64_t integer) const {
      out.type = type;
      out.integer = integer;
    }
    void operator()(std::monostate) const {}
    void operator()(bool truth) const { set(KITH_BOOLEAN, truth ? 1 : 0); }
    void operator()(std::int64_t number) const { set(KITH_INTEGER, number); }
    void operator()(Id id) const { set(KITH_ID, id.value); }
    void operator()(Decimal decimal) const {
      set(KITH_DECIMAL, decimal.coefficient);
      out.scale = decimal.scale;
    }
    void operator()(Money money) const {
      set(KITH_MONEY, money.minor);
      const std::string code = code_of(money.currency);
      std::memcpy(out.currency, code.data(), std::min(code.size(), sizeof out.currency - 1));
    }
    void operator()(Date date) const { set(KITH_DATE, date.days); }
    void operator()(Timestamp time) const { set(KITH_TIMESTAMP, time.micros); }
    void operator()(const std::string& text) const {
      out.type = KITH_TEXT;
      out.text = text.c_str();
      out.size = text.size();
    }
  };
  kith_value out{};
  std::visit(Writer{out}, value);
  return out;
}

Parameters parameters_of(const kith_parameter* parameters, std::size_t count) {
  Parameters result;
  for (const kith_parameter& parameter : need_array(parameters, count, "parameters")) {
    const std::string name(name_of(parameter.name, "parameter->name"));
    if (!result.emplace(name, value_of(parameter.value)).second) refuse("parameter '" + name + "' was given twice");
  }
  return result;
}

Parameters parameters_of(const kith_parameter* parameters, std::size_t count, const kith_list* lists,
                         std::size_t list_count) {
  Parameters result = parameters_of(parameters, count);
  for (const kith_list& given : need_array(lists, list_count, "lists")) {
    const std::string name(name_of(given.name, "list->name"));
    std::vector<Value> values;
    for (const kith_value& value : need_array(given.values, given.count, "list->values")) {
      values.push_back(value_of(value));
    }
    if (result.contains(name) || !result.lists.emplace(name, std::move(values)).second) {
      refuse("parameter '" + name + "' was given twice");
    }
  }
  return result;
}

Query query_of(const kith_query* query) {
  const kith_query given = read_struct(query, "query");
  if (given.limit < 0) refuse("the limit of a query is " + std::to_string(given.limit) + "; give 0 for none");
  Query result;
  result.where = member(given.where);
  result.parameters = parameters_of(given.parameters, given.parameter_count, given.lists, given.list_count);
  for (const char* order : need_array(given.order, given.order_count, "query->order")) {
    result.order.emplace_back(name_of(order, "query->order[]"));
  }
  for (const char* field : need_array(given.fields, given.field_count, "query->fields")) {
    result.fields.emplace_back(name_of(field, "query->fields[]"));
  }
  if (given.limit != 0) result.limit = given.limit;
  return result;
}

Options options_of(const kith_options* options) {
  const kith_options given = read_struct(options, "options");
  if (given.busy_ms < 0) misuse("options->busy_ms is negative; give 0 for the default");
  Options result;
  result.storage.create = given.must_exist == 0;
  result.storage.read_only = given.read_only != 0;
  if (given.busy_ms != 0) result.storage.busy_ms = given.busy_ms;
  result.migrate = given.keep_format == 0;
  if (given.currency != nullptr) result.currency = given.currency;
  if (given.zone != nullptr) result.zone = given.zone;
  if (given.clock != nullptr) {
    result.clock = [clock = given.clock, context = given.context] { return Timestamp{clock(context)}; };
  }
  if (given.seeded != 0) result.random = seeded_random(given.seed);
  return result;
}

const Entity& entity_of_name(const Model& model, const char* entity) { return model.entity(name_of(entity, "entity")); }

Date day_of(std::int32_t days, const Reader& reader) { return days == KITH_TODAY ? reader.today() : Date{days}; }

std::optional<Timestamp> time_of(std::int64_t micros) {
  if (micros == KITH_NOW) return std::nullopt;
  return Timestamp{micros};
}

std::optional<Id> id_or_none(std::int64_t id) {
  if (id == 0) return std::nullopt;
  return Id{id};
}

}  // namespace kith::c

using namespace kith::c;

const char* kith_code_name(int32_t code) {
  if (code == KITH_ERROR_NO_MEMORY) return "no_memory";
  return kith::name_of(static_cast<kith::Code>(code)).data();  // literals, each with its NUL
}

const char* kith_version(void) { return KITH_VERSION; }

const char* kith_text_data(const kith_text* text) { return text == nullptr ? "" : text->text.c_str(); }
size_t kith_text_size(const kith_text* text) { return text == nullptr ? 0 : text->text.size(); }
void kith_text_free(kith_text* text) { delete text; }
