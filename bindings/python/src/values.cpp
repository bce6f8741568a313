// SPDX-License-Identifier: Apache-2.0
#include "values.hpp"

#include <datetime.h>

#include <unordered_map>

namespace kith::python {
namespace {

constexpr std::int64_t kMicrosADay = 86'400'000'000;

/// What is looked up when first wanted: importing decimal costs too much to do at start.
py::object imported(const char* module, const char* name) { return py::module_::import(module).attr(name); }

/// The same, looked up once and kept for as long as the interpreter runs.
py::handle decimal_type() {
  static const py::handle type = imported("decimal", "Decimal").release();
  return type;
}
py::handle money_type() {
  static const py::handle type = imported("kith._values", "Money").release();
  return type;
}

void need_datetime() {
  if (PyDateTimeAPI == nullptr) PyDateTime_IMPORT;
}

bool is_decimal(py::handle object) { return py::isinstance(object, decimal_type()); }
bool is_money(py::handle object) { return py::isinstance(object, money_type()); }

Decimal parse_python_decimal(py::handle object) {
  // format 'f' writes no exponent: Decimal("1E+3") becomes 1000.
  return parse_decimal(py::cast<std::string>(py::str(object.attr("__format__")("f"))));
}

Timestamp instant(py::handle object) {
  if (object.attr("utcoffset")().is_none()) {
    throw py::type_error("a datetime needs a time zone; use datetime(..., tzinfo=timezone.utc)");
  }
  const py::object utc = object.attr("astimezone")(imported("datetime", "timezone").attr("utc"));
  const auto part = [&](const char* name) { return py::cast<int>(utc.attr(name)); };
  const std::int64_t days = date(part("year"), part("month"), part("day")).days;
  const std::int64_t seconds = part("hour") * 3600 + part("minute") * 60 + part("second");
  return {days * kMicrosADay + seconds * 1'000'000 + part("microsecond")};
}

Date day(py::handle object) {
  return date(py::cast<int>(object.attr("year")), py::cast<int>(object.attr("month")),
              py::cast<int>(object.attr("day")));
}

py::object python_date(Date value) {
  need_datetime();
  const Civil parts = civil(value);
  return py::reinterpret_steal<py::object>(PyDate_FromDate(parts.year, parts.month, parts.day));
}

py::object python_datetime(Timestamp value) {
  need_datetime();
  std::int64_t days = value.micros / kMicrosADay;
  std::int64_t rest = value.micros % kMicrosADay;
  if (rest < 0) {
    rest += kMicrosADay;
    --days;
  }
  const Civil parts = civil({static_cast<std::int32_t>(days)});
  const std::int64_t seconds = rest / 1'000'000;
  return py::reinterpret_steal<py::object>(PyDateTimeAPI->DateTime_FromDateAndTime(
      parts.year, parts.month, parts.day, static_cast<int>(seconds / 3600), static_cast<int>(seconds / 60 % 60),
      static_cast<int>(seconds % 60), static_cast<int>(rest % 1'000'000), PyDateTime_TimeZone_UTC,
      PyDateTimeAPI->DateTimeType));
}

}  // namespace

namespace {

std::string text_from(py::handle object) {
  Py_ssize_t size = 0;
  const char* text = PyUnicode_AsUTF8AndSize(object.ptr(), &size);
  if (text == nullptr) {
    PyErr_Clear();
    throw Error(Code::invalid, "the text " + py::cast<std::string>(py::repr(object)) +
                                   " holds half of a character (a lone surrogate); decode it again from its bytes");
  }
  return {text, static_cast<std::size_t>(size)};
}

}  // namespace

Value from_python(py::handle object) {
  need_datetime();
  if (object.is_none()) return {};
  if (PyBool_Check(object.ptr())) return py::cast<bool>(object);
  if (PyLong_Check(object.ptr())) {
    int overflow = 0;
    const std::int64_t number = PyLong_AsLongLongAndOverflow(object.ptr(), &overflow);
    if (overflow != 0)
      throw Error(Code::overflow, "the number " + py::cast<std::string>(py::str(object)) + " does not fit 64 bits");
    return number;
  }
  if (PyUnicode_Check(object.ptr())) return text_from(object);
  if (PyFloat_Check(object.ptr())) {
    throw py::type_error("a float is not exact; give a Decimal (or a str) such as Decimal(\"0.1\")");
  }
  if (PyDateTime_Check(object.ptr())) return instant(object);
  if (PyDate_Check(object.ptr())) return day(object);
  if (is_money(object)) {
    const Currency unit = currency(py::cast<std::string>(object.attr("currency")));
    const Decimal amount = decimal_from(object.attr("amount"));
    return Money{rescale(amount, minor_digits(unit)).coefficient, unit};
  }
  if (is_decimal(object)) return parse_python_decimal(object);
  throw py::type_error("cannot use a value of type " + py::cast<std::string>(py::type::of(object).attr("__name__")) +
                       "; give None, bool, int, str, Decimal, kith.Money, date or an aware datetime");
}

py::object to_python(const Value& value) {
  struct Visitor {
    py::object operator()(std::monostate) const { return py::none(); }
    py::object operator()(bool truth) const { return py::bool_(truth); }
    py::object operator()(std::int64_t number) const { return py::int_(number); }
    py::object operator()(Id id) const { return id ? py::object(py::int_(id.value)) : py::object(py::none()); }
    py::object operator()(const Decimal& decimal) const { return decimal_type()(to_string(decimal)); }
    py::object operator()(const Money& money) const {
      return money_type()(decimal_type()(to_string(money)), code_of(money.currency));
    }
    py::object operator()(Date date) const { return python_date(date); }
    py::object operator()(Timestamp time) const {
      need_datetime();
      return python_datetime(time);
    }
    py::object operator()(const std::string& text) const {
      PyObject* made = PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), nullptr);
      if (made != nullptr) return py::reinterpret_steal<py::object>(made);
      if (invalid_utf8(text) == std::string_view::npos) throw py::error_already_set();  // out of memory
      PyErr_Clear();
      throw Error(Code::corrupt, "the text is no valid UTF-8 from byte " + std::to_string(invalid_utf8(text) + 1) +
                                     " on, which no Kith writes; restore a backup, or mend the text where it is kept");
    }
  };
  return std::visit(Visitor{}, value);
}

py::object read_value(const Value& value, const std::string& entity, std::string_view field, const std::string& place) {
  try {
    return to_python(value);
  } catch (const Error& error) {
    if (error.code != Code::corrupt || !error.field.empty()) throw;
    throw Error(Code::corrupt, entity, std::string(field), "of " + place + ": " + error.message);
  }
}

Parameters parameters_from(const py::dict& values) {
  Parameters parameters;
  for (const auto& [name, value] : values) {
    const auto key = py::cast<std::string>(name);
    // Money is a named tuple, and one value.
    if (is_money(value) || (!py::isinstance<py::list>(value) && !py::isinstance<py::tuple>(value))) {
      parameters.emplace(key, from_python(value));
      continue;
    }
    std::vector<Value>& list = parameters.lists[key];
    for (const py::handle item : value) list.push_back(from_python(item));
  }
  return parameters;
}

void fill(Record& record, const py::dict& values, std::vector<Violation>* faults) {
  const std::string entity(record.entity().name);
  // The currency first: money takes it as its own.
  for (const bool currency_turn : {true, false}) {
    for (const auto& [name, value] : values) {
      const auto field = py::cast<std::string>(name);
      const int position = record.entity().find(field);
      const bool is_currency =
          position >= 0 && record.entity().fields[static_cast<std::size_t>(position)].type == Type::currency;
      if (is_currency != currency_turn) continue;
      try {
        record.set(field, from_python(value));
      } catch (const Error& error) {
        const Error placed = error.field.empty() ? Error(error.code, entity, field, error.message) : error;
        if (faults == nullptr || error.code != Code::invalid) throw Error(placed);
        faults->push_back({placed.entity, placed.field, placed.message});
      } catch (const py::type_error& error) {
        if (faults == nullptr) throw;
        faults->push_back({entity, field, error.what()});
      }
    }
  }
}

namespace {

/// Which record it is, for an error.
std::string place_of(const Record& record) {
  std::string place(record.entity().name);
  if (record.entity().find("id") < 0) return place;
  const Value id = record.get("id");
  return std::holds_alternative<Id>(id) ? place + " " + std::to_string(std::get<Id>(id).value) : place;
}

/// `read` gives the value of a field; of one that Python cannot hold, its place is told.
template <class Read>
py::object value_of(const Record& record, std::string_view field, const Read& read) {
  try {
    return to_python(read());
  } catch (const Error&) {  // told below, with its place
  }
  return read_value(read(), std::string(record.entity().name), field, place_of(record));
}

/// The names of an entity's fields as Python has them, made once: entities with a struct live as long as the program.
const std::vector<py::object>& names_of(const Entity& entity) {
  static auto* const known = new std::unordered_map<const Entity*, std::vector<py::object>>;
  std::vector<py::object>& names = (*known)[&entity];
  if (names.empty()) {
    for (const Field& field : entity.fields) {
      PyObject* name = PyUnicode_FromStringAndSize(field.name.data(), static_cast<Py_ssize_t>(field.name.size()));
      if (name == nullptr) throw py::error_already_set();
      PyUnicode_InternInPlace(&name);
      names.push_back(py::reinterpret_steal<py::object>(name));
    }
  }
  return names;
}

}  // namespace

py::dict to_dict(const Record& record) {
  py::dict values;
  const std::span<const Field> fields = record.entity().fields;
  const std::vector<py::object>& names = names_of(record.entity());
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].name == kCustomColumn) continue;
    values[names[i]] = value_of(record, fields[i].name, [&] { return record.at(i); });
  }
  for (const std::string_view name : record.own_names()) {
    values[py::str(name.data(), name.size())] = value_of(record, name, [&] { return record.get(name); });
  }
  return values;
}

Decimal decimal_from(py::handle object) {
  const Value value = from_python(object);
  if (const auto* decimal = std::get_if<Decimal>(&value)) return *decimal;
  if (const auto* number = std::get_if<std::int64_t>(&value)) return {*number, 0};
  if (const auto* text = std::get_if<std::string>(&value)) return parse_decimal(*text);
  throw py::type_error("expected a Decimal, an int or a str");
}

Date date_from(py::handle object) {
  const Value value = from_python(object);
  if (const auto* given = std::get_if<Date>(&value)) return *given;
  if (const auto* text = std::get_if<std::string>(&value)) return parse_date(*text);
  throw py::type_error("expected a date");
}

std::optional<Timestamp> timestamp_from(py::handle object) {
  const Value value = from_python(object);
  if (is_null(value)) return std::nullopt;
  if (const auto* time = std::get_if<Timestamp>(&value)) return *time;
  if (const auto* text = std::get_if<std::string>(&value)) return parse_timestamp(*text);
  throw py::type_error("expected an aware datetime");
}

Amount amount_from(py::handle object, Currency unit) {
  const Value value = from_python(object);
  if (const auto* money = std::get_if<Money>(&value)) {
    if (money->currency == unit) return {money->minor};
    throw Error(Code::invalid, "", "amount", "is in " + code_of(money->currency) + "; give it in " + code_of(unit));
  }
  return {rescale(decimal_from(object), minor_digits(unit)).coefficient};
}

namespace {

py::object exception_of(const Error& error) {
  py::list violations;
  for (const Violation& violation : error.violations) {
    violations.append(py::make_tuple(violation.entity, violation.field, violation.message));
  }
  return imported("kith.errors", "_make")(std::string(name_of(error.code)), error.what(), error.entity, error.field,
                                          violations);
}

}  // namespace

void register_errors() {
  py::register_exception_translator([](std::exception_ptr pointer) {
    py::object made;
    try {
      if (pointer) std::rethrow_exception(pointer);
      return;
    } catch (const Interrupted& error) {
      made = exception_of(error);
      made.attr("lost") = error.unknown ? "commit" : "work";
    } catch (const Error& error) {
      made = exception_of(error);
    }
    PyErr_SetObject(py::type::of(made).ptr(), made.ptr());
  });
}

}  // namespace kith::python
