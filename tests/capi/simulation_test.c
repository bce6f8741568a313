/* SPDX-License-Identifier: Apache-2.0 */
/* A company that never was: its store, its events, and what is refused. */
#include "story.h"

static int32_t stop_at_half(void* context, int64_t done, int64_t total) {
  ++*(int*)context;
  return done > total / 2;
}

static void a_company_is_made(void) {
  const kith_company_options options = {.struct_size = sizeof options, .seed = 3, .records = 500, .currency = "JPY"};
  kith_table* table = NULL;
  /* A store in memory is gone with the call; what it wrote is told. */
  OK(kith_generate("memory:", KITH_NUL, &options, &table, &check_error));
  CHECK_INT(16, kith_table_rows(table));
  CHECK_TEXT("customers", cell_of(table, 6, "what").text);
  CHECK_INT(150, cell_of(table, 6, "count").integer);
  CHECK_TEXT("deals", cell_of(table, 9, "what").text);
  CHECK_INT(200, cell_of(table, 9, "count").integer);
  CHECK_TEXT("events", cell_of(table, 14, "what").text);
  CHECK(cell_of(table, 14, "count").integer > 200);
  kith_table_free(table);
  const kith_company_options none = {.struct_size = sizeof none, .seed = 3, .records = 500, .without_events = 1};
  OK(kith_generate("memory:", KITH_NUL, &none, &table, &check_error));
  CHECK_INT(0, cell_of(table, 14, "count").integer);
  kith_table_free(table);
}

static void its_events_feed_a_plan(void) {
  const kith_company_options options = {.struct_size = sizeof options, .seed = 3, .records = 500};
  kith_text *one = NULL, *same = NULL;
  OK(kith_generate_inputs(&options, &one, &check_error));
  OK(kith_generate_inputs(&options, &same, &check_error));
  CHECK_TEXT(kith_text_data(one), kith_text_data(same));
  CHECK(strstr(kith_text_data(one), "\"type\":\"payment\"") != NULL);
  kith_text_free(one);
  kith_text_free(same);
}

static void what_is_none_is_refused(void) {
  kith_company_options options = {.struct_size = sizeof options, .records = 7};
  kith_table* table = NULL;
  CHECK_INT(KITH_ERROR_INVALID, kith_generate("memory:", KITH_NUL, &options, &table, &check_error));
  CHECK_TEXT("records", check_error.field);
  CHECK(table == NULL);
  options.records = 500;
  options.currency = "XYZ";
  CHECK_INT(KITH_ERROR_INVALID, kith_generate("memory:", KITH_NUL, &options, &table, &check_error));
  int calls = 0;
  options.currency = NULL;
  options.progress = stop_at_half;
  options.context = &calls;
  CHECK_INT(KITH_ERROR_CANCELLED, kith_generate("memory:", KITH_NUL, &options, &table, &check_error));
  CHECK(calls > 1);
  CHECK_INT(KITH_ERROR_MISUSE, kith_generate(NULL, 0, &options, &table, &check_error));
}

int main(int argc, char** argv) {
  (void)argc;
  check_program = argv[0];
  RUN(a_company_is_made);
  RUN(its_events_feed_a_plan);
  RUN(what_is_none_is_refused);
  return check_end();
}
