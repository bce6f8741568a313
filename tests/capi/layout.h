/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KITH_TESTS_LAYOUT_H
#define KITH_TESTS_LAYOUT_H
/* The layout of every public struct on 64-bit machines, as the first release fixes it: members are never moved,
 * removed or retyped, only added at the end of structs that begin with struct_size. */

#include <assert.h>
#include <kith.h>
#include <stddef.h>

#define AT(type, member, offset, bytes)                                              \
  static_assert(offsetof(type, member) == (offset), #type "." #member " has moved"); \
  static_assert(sizeof(((type*)0)->member) == (bytes), #type "." #member " has another size")
#define SIZE(type, bytes) static_assert(sizeof(type) == (bytes), #type " has another size")

AT(kith_error, struct_size, 0, 8);
AT(kith_error, code, 8, 4);
AT(kith_error, violations, 12, 4);
AT(kith_error, entity, 16, 64);
AT(kith_error, field, 80, 64);
AT(kith_error, message, 144, 1024);
AT(kith_error, lost, 1168, 4);
AT(kith_error, reserved, 1172, 4);
SIZE(kith_error, 1176);

AT(kith_value, type, 0, 4);
AT(kith_value, scale, 4, 4);
AT(kith_value, integer, 8, 8);
AT(kith_value, text, 16, 8);
AT(kith_value, size, 24, 8);
AT(kith_value, currency, 32, 4);
AT(kith_value, reserved, 36, 4);
SIZE(kith_value, 40);

AT(kith_parameter, name, 0, 8);
AT(kith_parameter, value, 8, 40);
SIZE(kith_parameter, 48);

AT(kith_options, struct_size, 0, 8);
AT(kith_options, must_exist, 8, 4);
AT(kith_options, read_only, 12, 4);
AT(kith_options, busy_ms, 16, 4);
AT(kith_options, seeded, 20, 4);
AT(kith_options, seed, 24, 8);
AT(kith_options, currency, 32, 8);
AT(kith_options, zone, 40, 8);
AT(kith_options, clock, 48, 8);
AT(kith_options, context, 56, 8);
AT(kith_options, keep_format, 64, 4);
SIZE(kith_options, 72);

AT(kith_connection, struct_size, 0, 8);
AT(kith_connection, kind, 8, 4);
AT(kith_connection, reserved, 12, 4);
AT(kith_connection, handle, 16, 8);
AT(kith_connection, schema, 24, 8);
AT(kith_connection, tenant, 32, 8);
SIZE(kith_connection, 40);

AT(kith_read_options, struct_size, 0, 8);
AT(kith_read_options, as_of_seq, 8, 8);
AT(kith_read_options, as_of_time, 16, 8);
AT(kith_read_options, valid_on, 24, 4);
SIZE(kith_read_options, 32);

AT(kith_query, struct_size, 0, 8);
AT(kith_query, where, 8, 8);
AT(kith_query, parameters, 16, 8);
AT(kith_query, parameter_count, 24, 8);
AT(kith_query, order, 32, 8);
AT(kith_query, order_count, 40, 8);
AT(kith_query, fields, 48, 8);
AT(kith_query, field_count, 56, 8);
AT(kith_query, limit, 64, 8);
AT(kith_query, lists, 72, 8);
AT(kith_query, list_count, 80, 8);
SIZE(kith_query, 88);

AT(kith_list, name, 0, 8);
AT(kith_list, values, 8, 8);
AT(kith_list, count, 16, 8);
SIZE(kith_list, 24);

AT(kith_expression, struct_size, 0, 8);
AT(kith_expression, text, 8, 8);
AT(kith_expression, json, 16, 8);
AT(kith_expression, parameters, 24, 8);
AT(kith_expression, parameter_count, 32, 8);
AT(kith_expression, lists, 40, 8);
AT(kith_expression, list_count, 48, 8);
AT(kith_expression, language, 56, 8);
SIZE(kith_expression, 64);

AT(kith_work_options, struct_size, 0, 8);
AT(kith_work_options, cause, 8, 8);
AT(kith_work_options, key, 16, 8);
AT(kith_work_options, payload, 24, 8);
AT(kith_work_options, payload_size, 32, 8);
SIZE(kith_work_options, 40);

AT(kith_receipt, struct_size, 0, 8);
AT(kith_receipt, seq, 8, 8);
AT(kith_receipt, replayed, 16, 4);
AT(kith_receipt, reserved, 20, 4);
AT(kith_receipt, result, 24, 8);
AT(kith_receipt, result_size, 32, 8);
SIZE(kith_receipt, 40);

AT(kith_import_options, struct_size, 0, 8);
AT(kith_import_options, dry_run, 8, 4);
AT(kith_import_options, all_or_nothing, 12, 4);
AT(kith_import_options, chunk_rows, 16, 8);
AT(kith_import_options, cause, 24, 8);
AT(kith_import_options, rejects_path, 32, 8);
AT(kith_import_options, progress, 40, 8);
AT(kith_import_options, context, 48, 8);
AT(kith_import_options, encoding, 56, 8);
SIZE(kith_import_options, 64);
AT(kith_csv_options, struct_size, 0, 8);
AT(kith_csv_options, profile, 8, 4);
AT(kith_csv_options, delimiter, 12, 4);
AT(kith_csv_options, byte_order_mark, 16, 4);
AT(kith_csv_options, crlf, 20, 4);
SIZE(kith_csv_options, 24);

AT(kith_company_options, struct_size, 0, 8);
AT(kith_company_options, seed, 8, 8);
AT(kith_company_options, records, 16, 8);
AT(kith_company_options, from, 24, 4);
AT(kith_company_options, to, 28, 4);
AT(kith_company_options, currency, 32, 8);
AT(kith_company_options, progress, 40, 8);
AT(kith_company_options, context, 48, 8);
AT(kith_company_options, without_events, 56, 4);
SIZE(kith_company_options, 64);

AT(kith_stage, name, 0, 8);
AT(kith_stage, guard, 8, 8);
AT(kith_stage, probability, 16, 8);
SIZE(kith_stage, 24);

AT(kith_split, employee, 0, 8);
AT(kith_split, share, 8, 8);
SIZE(kith_split, 16);

AT(kith_run_result, struct_size, 0, 8);
AT(kith_run_result, statements, 8, 8);
AT(kith_run_result, lines, 16, 8);
AT(kith_run_result, changed, 24, 8);
AT(kith_run_result, adjustments, 32, 8);
AT(kith_run_result, total, 40, 40);
SIZE(kith_run_result, 80);
AT(kith_post_result, struct_size, 0, 8);
AT(kith_post_result, added, 8, 8);
AT(kith_post_result, replaced, 16, 8);
AT(kith_post_result, repeated, 24, 8);
AT(kith_post_result, outdated, 32, 8);
SIZE(kith_post_result, 40);
AT(kith_event_columns, struct_size, 0, 8);
AT(kith_event_columns, rows, 8, 8);
AT(kith_event_columns, source, 16, 8);
AT(kith_event_columns, id, 24, 8);
AT(kith_event_columns, version, 32, 8);
AT(kith_event_columns, type, 40, 8);
AT(kith_event_columns, date, 48, 8);
AT(kith_event_columns, sequence, 56, 8);
AT(kith_event_columns, currency, 64, 8);
AT(kith_event_columns, amount, 72, 8);
AT(kith_event_columns, cost, 80, 8);
AT(kith_event_columns, reverses, 88, 8);
AT(kith_event_columns, cancelled, 96, 8);
AT(kith_event_columns, shares, 104, 8);
AT(kith_event_columns, share_event, 112, 8);
AT(kith_event_columns, person, 120, 8);
AT(kith_event_columns, role, 128, 8);
AT(kith_event_columns, share, 136, 8);
SIZE(kith_event_columns, 144);

AT(kith_quota_child, unit, 0, 8);
AT(kith_quota_child, employee, 8, 8);
AT(kith_quota_child, weight, 16, 8);
SIZE(kith_quota_child, 24);
AT(kith_bonus_part, employee, 0, 8);
AT(kith_bonus_part, weight, 8, 8);
AT(kith_bonus_part, amount, 16, 8);
SIZE(kith_bonus_part, 24);

AT(kith_verification, struct_size, 0, 8);
AT(kith_verification, works, 8, 8);
AT(kith_verification, changes, 16, 8);
AT(kith_verification, versions, 24, 8);
AT(kith_verification, faults, 32, 8);
SIZE(kith_verification, 40);

AT(kith_reversal, struct_size, 0, 8);
AT(kith_reversal, on, 8, 4);
AT(kith_reversal, has_on, 12, 4);
AT(kith_reversal, period, 16, 8);
AT(kith_reversal, source, 24, 8);
SIZE(kith_reversal, 32);

/* As the Arrow specification fixes them. */
SIZE(struct ArrowSchema, 72);
SIZE(struct ArrowArray, 80);
SIZE(struct ArrowArrayStream, 40);

/* The numbers of alternatives never change. */
static_assert(KITH_ERROR_INVALID == 1 && KITH_ERROR_NOT_FOUND == 2 && KITH_ERROR_DENIED == 3, "codes are fixed");
static_assert(KITH_ERROR_CONFLICT == 4 && KITH_ERROR_STATE == 5 && KITH_ERROR_BUSY == 6, "codes are fixed");
static_assert(KITH_ERROR_STORAGE == 7 && KITH_ERROR_CORRUPT == 8 && KITH_ERROR_VERSION == 9, "codes are fixed");
static_assert(KITH_ERROR_MISUSE == 10 && KITH_ERROR_CANCELLED == 11 && KITH_ERROR_OVERFLOW == 12, "codes are fixed");
static_assert(KITH_ERROR_NO_MEMORY == 13 && KITH_ERROR_INTERNAL == 99 && KITH_OK == 0, "codes are fixed");
static_assert(KITH_NULL == 0 && KITH_ID == 1 && KITH_INTEGER == 2 && KITH_BOOLEAN == 3, "types are fixed");
static_assert(KITH_TEXT == 5 && KITH_DECIMAL == 6 && KITH_MONEY == 7, "types are fixed");
static_assert(KITH_DATE == 9 && KITH_TIMESTAMP == 10, "types are fixed");
static_assert(KITH_ACTION_READ == 1 && KITH_ACTION_CREATE == 2 && KITH_ACTION_EDIT == 3, "actions are fixed");
static_assert(KITH_ACTION_REMOVE == 4 && KITH_ACTION_CLOSE == 5 && KITH_ACTION_ADMINISTER == 6, "actions are fixed");
static_assert(KITH_LEVEL_NONE == 1 && KITH_LEVEL_OWN == 2 && KITH_LEVEL_UNIT == 3, "levels are fixed");
static_assert(KITH_LEVEL_SUBTREE == 4 && KITH_LEVEL_ALL == 5, "levels are fixed");
static_assert(KITH_QUOTA_RATIO == 2 && KITH_QUOTA_EQUAL == 3, "methods are fixed");

#undef AT
#undef SIZE

#endif
