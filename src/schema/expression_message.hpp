// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Private to expressions: every sentence they say, in every language, each with its stable code.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kith/base/error.hpp"
#include "kith/base/language.hpp"

namespace kith::expr {

/// A row of the table of sentences; `word` is text that no language changes.
enum class Say {
  word,
  null,
  truth,
  number,
  money,
  id,
  text,
  choice,
  currency,
  date,
  timestamp,
  bytes,
  list,
  condition_of_if,
  a_test,
  and_of_between,
  no_currency,
  did_you_mean,
  known_are,
  known_and_more,
  write_currency,
  has_currency,
  day_needs_zone,
  write_date,
  write_timestamp,
  different_choices,
  choice_by_name,
  use_days_between,
  count_one,
  count_exactly,
  count_least_one,
  count_range,
  double_quote,
  unexpected,
  open_text,
  too_deep,
  too_long,
  too_long_written,
  ends_early,
  open_parenthesis,
  expected,
  expected_list,
  wrong_date,
  wrong_timestamp,
  wrong_currency,
  wrong_amount,
  wrong_number,
  percent_digits,
  not_utf8,
  unknown_field,
  missing_parameter,
  no_parameters,
  parameter_scale,
  parameter_currency,
  parameter_utf8,
  parameter_twice,
  list_place,
  list_long,
  unknown_choice,
  not_an_id,
  cannot_compare,
  cannot_mix,
  two_currencies,
  bytes_compared,
  bytes_read,
  no_order,
  needs_text,
  needs_truth,
  needs_numbers,
  cannot_add,
  money_times_money,
  number_by_money,
  whole_days,
  unknown_function,
  argument_count,
  needs_ordered,
  needs_dates,
  round_digits,
  round_mode,
  needs_money,
  needs_currency,
  constant_currency,
  no_base,
  dated_name,
  row_currencies,
  no_rate,
  no_lookups,
  row_only,
  date_range,
  too_big,
  grew_too_big,
  choice_number,
  no_filter,
  json_at,
  json_too_deep,
  json_no_part,
  json_lacks_text,
  json_lacks_list,
  json_unknown_key,
  json_no_name,
  json_wrong_value,
  json_no_leaf,
  json_no_money,
  json_unknown_operation,
  json_negated,
  json_unknown_relation,
  json_signs,
  json_count,
  json_long,
  json_none,
  evaluates_to,
  null_operand,
  divided_by_zero,
  decided,
  true_,
  false_,
  unknown,
};

/// A sentence with what stands in its blanks.
struct Phrase {
  Phrase(std::string words) : text(std::move(words)) {}  // NOLINT: implicit, so that words stand beside phrases
  Phrase(std::string_view words) : text(words) {}        // NOLINT
  Phrase(const char* words) : text(words) {}             // NOLINT
  Phrase(Say row, std::vector<Phrase> blanks = {}) : say(row), parts(std::move(blanks)) {}  // NOLINT

  Say say = Say::word;
  std::string text = {};
  std::vector<Phrase> parts = {};
};

/// The stable code of a sentence: "unknown_field".
std::string_view code_of(Say say);
/// The sentence in a language; {p} is `position`.
std::string text_of(const Phrase& phrase, Language language, std::size_t position = 0);

/// An error of arithmetic that knows neither its expression nor its language; who evaluates says it again in that.
struct Failed : Error {
  Failed(Code number, Say what) : Error(number, text_of(what, Language::english)), say(what) {}
  Say say;
};

}  // namespace kith::expr
