/* SPDX-License-Identifier: Apache-2.0 */
/* The story ends with the same digest on memory, SQLite and PostgreSQL, twice in a row, as in C++ and Python; its
 * past can be read, and the whole of it dumped and loaded. PostgreSQL needs a server: KITH_TEST_POSTGRES names one by
 * its URL (tests/run.py starts one). */
#define _POSIX_C_SOURCE 200809L
#include "story.h"

#include <unistd.h>

static void the_story_ends_alike_everywhere(void) {
  for (int round = 0; round < 2; ++round) {
    story s = tell("memory:");
    no_findings(&s);
    expect_digest(&s);
    close_world(s.world);

    char url[600];
    const char* path = scratch("kith");
    remove_store(path);
    snprintf(url, sizeof url, "sqlite:%s", path);
    s = tell(url);
    no_findings(&s);
    expect_digest(&s);
    close_world(s.world);
    OK(kith_open(url, KITH_NUL, NULL, &s.world.store, &check_error)); /* and is still so when it is opened again */
    OK(kith_session_open(s.world.store, NULL, 0, &s.world.session, &check_error));
    expect_digest(&s);
    close_world(s.world);
    remove_store(path);
  }
}

#ifdef KITH_POSTGRES
static const char* server_url(void) {
  const char* url = getenv("KITH_TEST_POSTGRES");
  return url == NULL ? "" : url;
}

static void the_story_ends_alike_on_postgresql(void) {
  for (int tenant = 1; tenant <= 2; ++tenant) { /* the second one's in tables that are there */
    char url[1024];
    snprintf(url, sizeof url, "%s%skith_schema=kith_c_story_%ld&kith_tenant=%d", server_url(),
             strchr(server_url(), '?') == NULL ? "?" : "&", (long)getpid(), tenant);
    story s = tell(url);
    no_findings(&s);
    expect_digest(&s);
    close_world(s.world);
    OK(kith_open(url, KITH_NUL, NULL, &s.world.store, &check_error));
    OK(kith_session_open(s.world.store, NULL, 0, &s.world.session, &check_error));
    expect_digest(&s);
    close_world(s.world);
  }
}
#endif

static void dumps_load_into_new_stores(void) {
  story s = tell("memory:");
  const char* file = scratch("jsonl");
  const char* path = scratch("loaded.kith");
  remove(file);
  remove_store(path);
  kith_reader* reader = look(&s, 0);
  OK(kith_dump(reader, file, KITH_NUL, &check_error));
  OK(kith_dump(reader, file, KITH_NUL, &check_error)); /* takes the place of the first */
  FAILS(KITH_ERROR_STORAGE, "", kith_dump(reader, "no/such/folder/dump", KITH_NUL, &check_error));
  kith_reader_free(reader);
  close_world(s.world);

  OK(kith_load(file, KITH_NUL, path, KITH_NUL, NULL, &check_error));
  const kith_options options = story_options();
  OK(kith_open(path, KITH_NUL, &options, &s.world.store, &check_error));
  OK(kith_session_open(s.world.store, NULL, 0, &s.world.session, &check_error));
  no_findings(&s);
  expect_digest(&s);
  FAILS(KITH_ERROR_STATE, "use", kith_load(file, KITH_NUL, path, KITH_NUL, NULL, &check_error));
  expect_digest(&s);
  close_world(s.world);
  FAILS(KITH_ERROR_NOT_FOUND, "dump", kith_load("no such file", KITH_NUL, "memory:", KITH_NUL, NULL, &check_error));
  remove(file);
  remove_store(path);
}

static void keys_make_works_idempotent(void) {
  story s = tell("memory:");
  const kith_work_options options = {
      .struct_size = sizeof options, .cause = "hook", .key = "evt-1", .payload = "{}", .payload_size = 2};
  kith_receipt receipt = {.struct_size = sizeof receipt};
  kith_work* work = NULL;
  OK(kith_work_begin(s.world.session, &options, &work, &check_error));
  CHECK_INT(0, kith_work_replayed(work));
  create(work, record_of(s.world, "customer", "name", "Once"));
  OK(kith_work_commit(work, "made", KITH_NUL, &receipt, &check_error));
  CHECK_INT(0, receipt.replayed);
  CHECK_TEXT("made", receipt.result);
  const int64_t seq = receipt.seq;
  kith_work_free(work);

  OK(kith_work_begin(s.world.session, &options, &work, &check_error));
  CHECK_INT(1, kith_work_replayed(work));
  kith_record* record = record_of(s.world, "customer", "name", "Twice");
  FAILS(KITH_ERROR_MISUSE, "key", kith_create(work, record, NULL, &check_error));
  kith_record_free(record);
  OK(kith_work_commit(work, "again", KITH_NUL, &receipt, &check_error));
  CHECK_INT(1, receipt.replayed);
  CHECK_INT(seq, receipt.seq);
  CHECK_TEXT("made", receipt.result);
  CHECK_INT(4, receipt.result_size);
  kith_work_free(work);

  kith_work_options other = options;
  other.payload = "[]";
  FAILS(KITH_ERROR_CONFLICT, "evt-1", kith_work_begin(s.world.session, &other, &work, &check_error));
  close_world(s.world);
}

static void the_past_stays_readable(void) {
  story s = tell("memory:");
  kith_reader* now = look(&s, 0);
  const int64_t seq = kith_reader_seq(now);
  kith_table* table = NULL;
  OK(kith_versions(now, "opportunity", s.big, &table, &check_error));
  const size_t versions = kith_table_rows(table);
  CHECK_INT(1, versions); /* one work made and won it: nobody saw it in between */
  CHECK_TEXT("won", cell_of(table, 0, "status").text);
  CHECK_INT(KITH_NULL, cell_of(table, 0, "to_seq").type);
  kith_table_free(table);

  kith_work* work = begin(s.world);
  OK(kith_deal_reopen(work, s.big, "they hesitate", KITH_NUL, &check_error));
  commit(work);
  kith_reader* later = look(&s, 0);
  CHECK_INT(seq + 1, kith_reader_seq(later));
  kith_record* deal = NULL;
  OK(kith_get(later, "opportunity", s.big, &deal, &check_error));
  CHECK_TEXT("open", field_of(deal, "status").text);
  kith_record_free(deal);
  OK(kith_get(now, "opportunity", s.big, &deal, &check_error)); /* a snapshot stays as it is */
  CHECK_TEXT("won", field_of(deal, "status").text);
  kith_record_free(deal);
  kith_reader* then = look(&s, seq);
  OK(kith_get(then, "opportunity", s.big, &deal, &check_error));
  CHECK_TEXT("won", field_of(deal, "status").text);
  kith_record_free(deal);
  OK(kith_versions(later, "opportunity", s.big, &table, &check_error));
  CHECK_INT(2, kith_table_rows(table));
  CHECK_INT(seq + 1, cell_of(table, 0, "to_seq").integer);
  kith_table_free(table);

  OK(kith_changes(later, 0, 1000000, &table, &check_error));
  const size_t all = kith_table_rows(table);
  CHECK(all > 20);
  const int64_t position = cell_of(table, all - 2, "id").integer;
  kith_table_free(table);
  OK(kith_changes(later, position, 1000000, &table, &check_error));
  CHECK_INT(1, kith_table_rows(table));
  CHECK_INT(seq + 1, cell_of(table, 0, "seq").integer);
  kith_table_free(table);
  OK(kith_changes(later, 0, 3, &table, &check_error));
  CHECK_INT(3, kith_table_rows(table));
  CHECK_TEXT("created", cell_of(table, 0, "kind").text);
  kith_table_free(table);
  FAILS(KITH_ERROR_NOT_FOUND, "4711", kith_versions(later, "opportunity", 4711, &table, &check_error));
  kith_reader_free(then);
  kith_reader_free(later);
  kith_reader_free(now);
  close_world(s.world);
}

int main(int argc, char** argv) {
  (void)argc;
  check_program = argv[0];
  RUN(the_story_ends_alike_everywhere);
#ifdef KITH_POSTGRES
  if (*server_url() == '\0') {
    check_skip("the story on PostgreSQL: KITH_TEST_POSTGRES names no server");
  } else {
    RUN(the_story_ends_alike_on_postgresql);
  }
#else
  check_skip("the story on PostgreSQL: built without libpq");
#endif
  RUN(dumps_load_into_new_stores);
  RUN(keys_make_works_idempotent);
  RUN(the_past_stays_readable);
  return check_end();
}
