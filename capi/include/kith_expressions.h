/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KITH_EXPRESSIONS_H
#define KITH_EXPRESSIONS_H
/**
 * \file
 * The language of filters, guards and conditions (docs/expressions.md), by itself: checked against the fields of an
 * entity, printed back, as JSON, evaluated for one record, explained. kith.h includes this header and states the
 * conventions. Look-ups (base, rate, lookup, ...) answer from the reader's snapshot and its actor's rights.
 */

#include "kith.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A list by name, for the right of `in`. Never grows. */
typedef struct kith_list {
  const char* name;
  const kith_value* values; /**< NULL where there are none */
  size_t count;
} kith_list;

/** An expression and the values of its parameters: give `text` or `json`, not both. */
typedef struct kith_expression {
  size_t struct_size;
  const char* text; /**< "base(amount) >= :least and owner in :team" */
  const char* json; /**< the tree that kith_expression_check gives */
  const kith_parameter* parameters;
  size_t parameter_count;
  const kith_list* lists;
  size_t list_count;
  const char* language; /**< of messages: "en", "zh" or "ja"; NULL: "en" */
} kith_expression;

/** Checks an expression against the fields of an entity. `text` becomes its canonical form, `json` the same as a tree;
 *  each compiles back to the same expression. `type` becomes KITH_BOOLEAN for a filter, else the type of its values;
 *  choices and currencies are KITH_TEXT. Each of the three may be NULL. Errors: INVALID, in the expression's language,
 *  with the position (of a tree the JSON pointer) and near names. Since 0.1. */
KITH_API int32_t kith_expression_check(const kith_reader* reader, const char* entity, const kith_expression* expression,
                                       kith_text** text, kith_text** json, int32_t* type, kith_error* error);
/** What is wrong with a text, for editors. `position` becomes its place, counted in characters from 1 (0: no place is
 *  to blame, or nothing is wrong), `code` a stable name such as "unknown_field", `message` a sentence in the
 *  expression's language; both are NULL when nothing is wrong. Errors: MISUSE for a tree; not those of the text. Since
 *  0.1. */
KITH_API int32_t kith_expression_fault(const kith_reader* reader, const char* entity, const kith_expression* expression,
                                       int64_t* position, kith_text** code, kith_text** message, kith_error* error);
/** The value for one record. `text` becomes the value as text ("" for null), owned by the caller; where the value is a
 *  text, `value` points into it. Errors: INVALID as above; NOT_FOUND for a record that is not there or not visible, and
 *  for an exchange rate that is missing; OVERFLOW. Since 0.1. */
KITH_API int32_t kith_expression_value(const kith_reader* reader, const char* entity, int64_t id,
                                       const kith_expression* expression, kith_value* value, kith_text** text,
                                       kith_error* error);
/** How that value comes about, part by part. `format`: "text", in the expression's language, or "json". Errors as for
 *  kith_expression_value. Since 0.1. */
KITH_API int32_t kith_expression_explain(const kith_reader* reader, const char* entity, int64_t id,
                                         const kith_expression* expression, const char* format, kith_text** out,
                                         kith_error* error);

#ifdef __cplusplus
}
#endif

#endif /* KITH_EXPRESSIONS_H */
