// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The one exception of Kith. Every function that can fail throws `kith::Error`; `std::optional` in a result
/// means only "may be absent". Codes are stable numbers, shared by the C ABI and Python; messages are English
/// sentences that say what is wrong, where, and how to mend it, and must never be parsed.

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace kith {

/// What kind of failure. Numbers are never reused.
enum class Code : std::int32_t {
  ok = 0,
  invalid = 1,     ///< Input breaks a rule. Mend the input; the same call fails again. See Error::violations.
  not_found = 2,   ///< No such record, or none that this actor may see. The two are told apart on purpose by nobody.
  denied = 3,      ///< Visible, but this actor may not do that. The message names the rule.
  conflict = 4,    ///< Somebody was faster (stale revision), or a unique key is taken. Read again, decide again.
  state = 5,       ///< Not in this state: a transition that the machine does not have, a closed period, a won deal.
  busy = 6,        ///< Another writer held the store too long. Try the whole Work again.
  storage = 7,     ///< The disk, file or server failed. The Work is rolled back; the store is as before.
  corrupt = 8,     ///< The store is damaged or no Kith store. Nothing was changed; restore a backup.
  version = 9,     ///< The store was written by a newer Kith. Use that version.
  misuse = 10,     ///< A programming error of the caller: ended Work, foreign thread, unknown name in a fixed set.
  cancelled = 11,  ///< The host's progress callback asked to stop. Nothing of the current chunk is kept.
  overflow = 12,   ///< A result does not fit 64 bits. Nothing was rounded or wrapped.
  internal = 99,   ///< A defect of Kith. Please report the message.
};

/// The stable lower-case name of a code ("invalid", "not_found", ...), as used in Python and JSON.
std::string_view name_of(Code code);

/// One broken rule. A validation reports all of them at once.
struct Violation {
  std::string entity;   ///< "opportunity"; empty where no entity is concerned.
  std::string field;    ///< "amount"; empty where the rule spans fields.
  std::string message;  ///< What and how to mend it, without the entity and field names in front.
};

/// Thrown by everything. `what()` is `message`, prefixed with entity and field where they are known.
class Error : public std::exception {
 public:
  Error(Code code, std::string message);
  Error(Code code, std::string entity, std::string field, std::string message);
  /// Code::invalid (or `code`) with every violation; `entity`, `field`, `message` are those of the first.
  explicit Error(std::vector<Violation> violations, Code code = Code::invalid);

  const char* what() const noexcept override { return text_.c_str(); }

  Code code;
  std::string entity;
  std::string field;
  std::string message;
  std::vector<Violation> violations;  ///< Never empty for Code::invalid.

 private:
  std::string text_;
};

}  // namespace kith
