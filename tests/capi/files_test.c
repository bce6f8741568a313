/* SPDX-License-Identifier: Apache-2.0 */
/* What leaves a store as a file: CSV, and copies of the whole. */
#include "story.h"

/* A host that decides itself when a store is brought to a newer format. */
static void an_older_store_is_kept_as_it_is(void) {
  const char* copy = scratch("old.kith");
  remove(copy);
  FILE* from = fopen(KITH_SOURCE_DIR "/tests/faces/golden/format1.kith", "rb");
  FILE* to = fopen(copy, "wb");
  CHECK(from != NULL && to != NULL);
  char bytes[4096];
  for (size_t got = 0; (got = fread(bytes, 1, sizeof bytes, from)) > 0;) CHECK(fwrite(bytes, 1, got, to) == got);
  fclose(from);
  fclose(to);
  const kith_options keep = {.struct_size = sizeof keep, .must_exist = 1, .keep_format = 1};
  kith_store* store = NULL;
  FAILS(KITH_ERROR_VERSION, "from format 1", kith_open(copy, KITH_NUL, &keep, &store, &check_error));
  /* A client that does not know the field has it migrated; then there is nothing to keep. */
  const kith_options older = {.struct_size = offsetof(kith_options, keep_format), .must_exist = 1, .keep_format = 1};
  OK(kith_open(copy, KITH_NUL, &older, &store, &check_error));
  kith_store_free(store);
  OK(kith_open(copy, KITH_NUL, &keep, &store, &check_error));
  kith_store_free(store);
  remove(copy);
}

static void records_leave_as_csv_and_the_store_as_a_copy(void) {
  story s = tell("memory:");
  const char* csv = scratch("out.csv");
  const char* copy = scratch("copy.kith");
  remove(csv);
  remove(copy);
  kith_reader* reader = look(&s, 0);
  const char* fields[] = {"title", "amount", "currency"};
  const char* order[] = {"title"};
  const kith_query query = {.struct_size = sizeof query,
                            .where = "status = 'won'",
                            .order = order,
                            .order_count = 1,
                            .fields = fields,
                            .field_count = 3};
  kith_table* table = NULL;
  OK(kith_find(reader, "opportunity", &query, &table, &check_error));
  kith_text* text = NULL;
  OK(kith_table_to_csv(table, NULL, &text, &check_error));
  CHECK(strncmp(kith_text_data(text), "title,amount,amount_currency,currency\n", 37) == 0);
  int64_t rows = 0;
  OK(kith_export_csv(reader, "opportunity", &query, csv, KITH_NUL, NULL, &rows, &check_error));
  CHECK_INT(kith_table_rows(table), rows);
  CHECK(rows > 0);
  CHECK_TEXT(kith_text_data(text), story_file(csv)); /* batch by batch, the same bytes */
  kith_text_free(text);

  const kith_csv_options german = {
      .struct_size = sizeof german, .profile = KITH_CSV_INTERCHANGE, .delimiter = ';', .byte_order_mark = 1, .crlf = 1};
  OK(kith_table_to_csv(table, &german, &text, &check_error));
  CHECK(strncmp(kith_text_data(text), "\xEF\xBB\xBFtitle;amount;amount_currency;currency\r\n", 41) == 0);
  kith_text_free(text);
  kith_table_free(table);
  const kith_csv_options unknown = {.struct_size = sizeof unknown, .profile = 9};
  FAILS(KITH_ERROR_MISUSE, "profile",
        kith_export_csv(reader, "opportunity", NULL, csv, KITH_NUL, &unknown, &rows, &check_error));
  FAILS(KITH_ERROR_INVALID, "nothing",
        kith_export_csv(reader, "nothing", NULL, csv, KITH_NUL, NULL, NULL, &check_error));
  kith_reader_free(reader);

  OK(kith_backup(s.world.session, copy, KITH_NUL, &check_error));
  FAILS(KITH_ERROR_STATE, "new name", kith_backup(s.world.session, copy, KITH_NUL, &check_error));
  kith_store* store = NULL;
  kith_session* session = NULL;
  const kith_options existing = {.struct_size = sizeof existing, .must_exist = 1};
  OK(kith_open(copy, KITH_NUL, &existing, &store, &check_error));
  OK(kith_session_open(store, NULL, 0, &session, &check_error));
  char ours[65];
  char theirs[65];
  OK(kith_digest(s.world.session, ours, &check_error));
  OK(kith_digest(session, theirs, &check_error));
  CHECK_TEXT(ours, theirs);
  kith_session_free(session);
  kith_store_free(store);
  remove(csv);
  remove(copy);
  close_world(s.world);
}

int main(int argc, char** argv) {
  (void)argc;
  check_program = argv[0];
  RUN(records_leave_as_csv_and_the_store_as_a_copy);
  RUN(an_older_store_is_kept_as_it_is);
  return check_end();
}
