// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What the functions of the C ABI have in common: the objects behind the handles, the barrier that no exception
/// passes, and the translation of values. No logic of its own: that lies below the faces.

#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kith.h"
#include "kith/engine/generic.hpp"
#include "kith/engine/session.hpp"

struct kith_text {
  std::string text;
};

struct kith_store {
  std::shared_ptr<kith::Engine> engine;
};

struct kith_session {
  kith::Session session;
};

struct kith_reader {
  std::optional<kith::Reader> own;  // empty: borrowed from a work
  const kith::Reader* reader = nullptr;
};

struct kith_work {
  explicit kith_work(kith::Work begun) : own(std::move(begun)), work(*own) { view.reader = &work; }
  /// Lent by a run, which ends it.
  explicit kith_work(kith::Work* lent) : work(*lent) { view.reader = &work; }
  kith_work(const kith_work&) = delete;
  kith_work& operator=(const kith_work&) = delete;
  std::optional<kith::Work> own;
  kith::Work& work;
  kith_reader view;
  std::string result;   // what the receipt points to
  bool broken = false;  // a verb may have stopped half way: the work can only be freed
};

struct kith_record {
  explicit kith_record(kith::Record made) : record(std::move(made)) {}
  kith::Record record;
  mutable std::map<std::string, std::string, std::less<>> texts;  // what was handed out, by field
};

struct kith_table {
  explicit kith_table(kith::Table made) : table(std::make_shared<const kith::Table>(std::move(made))) {}
  std::shared_ptr<const kith::Table> table;                 // shared with Arrow streams
  mutable std::vector<std::unique_ptr<std::string>> texts;  // the cells of a text column, each with a NUL
};

namespace kith::c {

/// Fills the error from the exception that is being handled and gives its code.
std::int32_t fail(kith_error* error) noexcept;
/// Empties the error and gives KITH_OK.
std::int32_t succeed(kith_error* error) noexcept;

/// Gives the caller as much of an error as its struct has room for; NULL: nothing.
void copy(const kith_error& said, kith_error* error) noexcept;

/// The barrier: every function of the ABI that can fail runs inside.
template <class Body>
std::int32_t guarded(kith_error* error, Body&& body) noexcept {
  try {
    body();
    return succeed(error);
  } catch (...) {
    return fail(error);
  }
}

[[noreturn]] void misuse(const std::string& message);

/// The object behind a pointer, or Error{misuse} naming the argument.
template <class T>
T& need(T* pointer, const char* argument) {
  if (pointer == nullptr) misuse(std::string(argument) + " is NULL");
  return *pointer;
}

/// The same for an array, which may be NULL where it is empty.
template <class T>
std::span<T> need_array(T* first, std::size_t count, const char* argument) {
  if (count != 0) static_cast<void>(need(first, argument));
  return {first, count};
}

/// The barrier for what writes. After memory ran out, or a defect, a verb may have stopped half way: such a work is
/// good for nothing but rolling back.
template <class Body>
std::int32_t guarded(kith_work* work, kith_error* error, Body&& body) noexcept {
  const std::int32_t code = guarded(error, [&] {
    if (need(work, "work").broken) misuse("an earlier call stopped half way; free this work and begin another");
    body(work->work);
  });
  if (code == KITH_ERROR_NO_MEMORY || code == KITH_ERROR_INTERNAL) work->broken = true;
  return code;
}

/// Text that must be there (it may be empty).
std::string_view text_of(const char* text, std::size_t size, const char* argument);
/// Text that may be NULL.
std::optional<std::string_view> text_or_none(const char* text, std::size_t size);
/// A name that ends with a NUL and must be there.
std::string_view name_of(const char* name, const char* argument);
/// Text in a struct: NULL is empty.
inline std::string member(const char* text) { return text == nullptr ? std::string() : std::string(text); }

/// A struct that may come from an older or newer header: members that the caller does not know are zero, members that
/// this library does not know must be.
template <class T>
T read_struct(const T* given, const char* argument) {
  T known{};
  if (given == nullptr) return known;
  std::size_t size = 0;
  std::memcpy(&size, given, sizeof size);
  if (size < sizeof size) misuse(std::string(argument) + "->struct_size is not set; set it to sizeof");
  const auto* bytes = reinterpret_cast<const unsigned char*>(given);
  for (std::size_t i = sizeof known; i < size; ++i) {
    if (bytes[i] != 0) misuse(std::string(argument) + " uses a member that only a newer Kith knows");
  }
  std::memcpy(&known, given, std::min(size, sizeof known));
  return known;
}

/// Error{misuse} where a struct for results has no size; does nothing for NULL.
template <class T>
void need_size(const T* given, const char* argument) {
  if (given != nullptr && given->struct_size < sizeof given->struct_size) {
    misuse(std::string(argument) + "->struct_size is not set; set it to sizeof");
  }
}

/// Fills as much of the caller's struct as the caller knows; NULL: nothing.
template <class T>
void write_struct(T values, T* out) {
  if (out == nullptr) return;
  values.struct_size = out->struct_size;
  std::memcpy(static_cast<void*>(out), &values, std::min(out->struct_size, sizeof values));
}

/// A value on its way in. Errors: misuse (unknown type, members that contradict it), invalid (currency, day).
Value value_of(const kith_value& given);
/// A value on its way out; its text lies in `value`.
kith_value c_value(const Value& value);

Parameters parameters_of(const kith_parameter* parameters, std::size_t count);
/// The same with lists. Error{invalid} for a name that was given twice.
Parameters parameters_of(const kith_parameter* parameters, std::size_t count, const kith_list* lists,
                         std::size_t list_count);
Query query_of(const kith_query* query);
Options options_of(const kith_options* options);

const Entity& entity_of_name(const Model& model, const char* entity);
/// The struct of a record that must be one of T.
template <class T>
T& struct_of(kith_record* record, const char* argument) {
  Record& given = need(record, argument).record;
  if (&given.entity() != &entity_of<T>()) {
    misuse(std::string(argument) + " is a record of " + std::string(given.entity().name) + ", not of " +
           std::string(entity_of<T>().name));
  }
  return *static_cast<T*>(given.data());
}

/// The day, with KITH_TODAY as the reader's.
Date day_of(std::int32_t days, const Reader& reader);
/// The time; nothing for KITH_NOW.
std::optional<Timestamp> time_of(std::int64_t micros);
/// Nothing for 0.
std::optional<Id> id_or_none(std::int64_t id);
/// One of the numbers of an enum.
template <class Enum>
Enum choice_of(std::int32_t number, const char* argument) {
  if (number < 1 || number > static_cast<std::int32_t>(std::size(Choices<Enum>::names))) {
    misuse(std::string(argument) + " is " + std::to_string(number) + ", which is none of its numbers");
  }
  return static_cast<Enum>(number);
}

inline const Reader& reader_of(const kith_reader* reader) { return *need(reader, "reader").reader; }

/// Hands an object out as the last step of a function.
inline void give(kith_table** out, Table table) { *out = std::make_unique<kith_table>(std::move(table)).release(); }
inline void give(kith_text** out, std::string text) { *out = new kith_text{std::move(text)}; }
inline void give(kith_record** out, Record record) {
  *out = std::make_unique<kith_record>(std::move(record)).release();
}

}  // namespace kith::c
