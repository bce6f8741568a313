/* SPDX-License-Identifier: Apache-2.0 */
/* The past through C: who set what, undo, restore, purge, verify. */
#include "check.h"

static world w;
static int64_t acme, made, renamed;

static int64_t commit_seq(kith_work* work) {
  kith_receipt receipt = {.struct_size = sizeof receipt};
  OK(kith_work_commit(work, NULL, 0, &receipt, &check_error));
  const int64_t seq = receipt.seq;
  kith_work_free(work);
  return seq;
}

static kith_reader* now(void) {
  kith_reader* reader = NULL;
  OK(kith_reader_open(w.session, NULL, &reader, &check_error));
  return reader;
}

static int64_t rows_of(const char* entity) {
  kith_reader* reader = now();
  kith_table* table = NULL;
  OK(kith_find(reader, entity, NULL, &table, &check_error));
  const int64_t rows = (int64_t)kith_table_rows(table);
  kith_table_free(table);
  kith_reader_free(reader);
  return rows;
}

static void a_field_tells_who_set_it(void) {
  kith_work_options options = {.struct_size = sizeof options, .cause = "new name"};
  kith_work* work = NULL;
  OK(kith_work_begin(w.session, NULL, &work, &check_error));
  acme = create(work, record_of(w, "customer", "name", "Acme"));
  made = commit_seq(work);
  OK(kith_work_begin(w.session, &options, &work, &check_error));
  kith_record* record = NULL;
  OK(kith_get(kith_work_reader(work), "customer", acme, &record, &check_error));
  set_text(record, "name", "Acme Ltd");
  OK(kith_update(work, record, &check_error));
  kith_record_free(record);
  renamed = commit_seq(work);

  kith_reader* reader = now();
  kith_table* table = NULL;
  OK(kith_field_history(reader, "customer", acme, "name", &table, &check_error));
  CHECK_INT(2, kith_table_rows(table));
  CHECK_TEXT("Acme", cell_of(table, 0, "value").text);
  CHECK_INT(renamed, cell_of(table, 0, "to_seq").integer);
  CHECK_TEXT("Acme Ltd", cell_of(table, 1, "value").text);
  CHECK_TEXT("new name", cell_of(table, 1, "cause").text);
  CHECK_TEXT("local", cell_of(table, 1, "actor").text);
  CHECK_INT(check_now, cell_of(table, 1, "recorded").integer);
  CHECK_INT(KITH_NULL, cell_of(table, 1, "to_seq").type);
  kith_table_free(table);
  OK(kith_field_history(reader, "customer", acme, NULL, &table, &check_error));
  CHECK(kith_table_rows(table) > 2);
  CHECK_TEXT("created", cell_of(table, 0, "kind").text);
  kith_table_free(table);
  FAILS(KITH_ERROR_INVALID, "name", kith_field_history(reader, "customer", acme, "nam", &table, &check_error));
  FAILS(KITH_ERROR_NOT_FOUND, "customer", kith_field_history(reader, "customer", 5, "name", &table, &check_error));
  FAILS(KITH_ERROR_MISUSE, "out", kith_field_history(reader, "customer", acme, "name", NULL, &check_error));
  kith_reader_free(reader);
}

static void works_are_undone_and_redone(void) {
  kith_reader* reader = now();
  kith_table* table = NULL;
  OK(kith_obstacles(reader, made, &table, &check_error));
  CHECK_INT(1, kith_table_rows(table));
  CHECK_INT(acme, cell_of(table, 0, "id").integer);
  CHECK_INT(renamed, cell_of(table, 0, "seq").integer);
  kith_table_free(table);
  kith_reader_free(reader);
  kith_work* work = begin(w);
  int64_t records = 0;
  FAILS(KITH_ERROR_CONFLICT, "undo that work first", kith_undo(work, made, &records, &check_error));
  FAILS(KITH_ERROR_STATE, "made the store", kith_undo(work, 1, &records, &check_error));
  FAILS(KITH_ERROR_NOT_FOUND, "no work", kith_undo(work, 99, NULL, &check_error));
  OK(kith_undo(work, renamed, &records, &check_error));
  CHECK_INT(1, records);
  commit(work);
  work = begin(w);
  OK(kith_undo(work, made, NULL, &check_error));
  const int64_t undone = commit_seq(work);
  CHECK_INT(0, rows_of("customer"));
  work = begin(w);
  OK(kith_undo(work, undone, NULL, &check_error));
  commit(work);
  CHECK_INT(1, rows_of("customer"));
  FAILS(KITH_ERROR_MISUSE, "work", kith_undo(NULL, made, NULL, &check_error));
}

static void what_was_removed_comes_back_or_goes_for_ever(void) {
  kith_work* work = begin(w);
  kith_record* record = NULL;
  OK(kith_get(kith_work_reader(work), "customer", acme, &record, &check_error));
  const int64_t revision = field_of(record, "revision").integer;
  kith_record_free(record);
  FAILS(KITH_ERROR_STATE, "is there", kith_restore(work, "customer", acme, &check_error));
  FAILS(KITH_ERROR_STATE, "remove it first", kith_purge(work, "customer", acme, &check_error));
  OK(kith_remove(work, "customer", acme, revision, &check_error));
  commit(work);
  CHECK_INT(0, rows_of("customer"));
  work = begin(w);
  OK(kith_restore(work, "customer", acme, &check_error));
  commit(work);
  CHECK_INT(1, rows_of("customer"));
  work = begin(w);
  OK(kith_remove(work, "customer", acme, revision + 1, &check_error));
  commit(work);
  work = begin(w);
  OK(kith_purge(work, "customer", acme, &check_error));
  commit(work);
  work = begin(w);
  FAILS(KITH_ERROR_NOT_FOUND, "nothing is kept", kith_restore(work, "customer", acme, &check_error));
  kith_work_free(work);
}

static void the_chain_is_proven(void) {
  kith_reader* reader = now();
  kith_text* anchor = NULL;
  OK(kith_anchor(reader, &anchor, &check_error));
  kith_verification found = {.struct_size = sizeof found};
  kith_table *faults = NULL, *erasures = NULL;
  OK(kith_verify(reader, kith_text_data(anchor), KITH_NUL, &found, &faults, &erasures, &check_error));
  CHECK_INT(kith_reader_seq(reader), found.works);
  CHECK_INT(0, found.faults);
  CHECK_INT(0, kith_table_rows(faults));
  CHECK(kith_table_rows(erasures) >= 1);
  CHECK(strstr(cell_of(erasures, 0, "message").text, "purged by work") != NULL);
  kith_table_free(faults);
  kith_table_free(erasures);
  OK(kith_verify(reader, NULL, 0, NULL, NULL, NULL, &check_error));
  FAILS(KITH_ERROR_INVALID, "no anchor", kith_verify(reader, "12:ab", KITH_NUL, &found, NULL, NULL, &check_error));
  kith_text_free(anchor);
  kith_reader_free(reader);
}

static void a_person_is_erased(void) {
  kith_work* work = begin(w);
  const int64_t person = create(work, record_of(w, "customer", "name", "Ann Lee-Marchetti"));
  commit(work);
  kith_table *fields = NULL, *remainders = NULL;
  work = begin(w);
  FAILS(KITH_ERROR_INVALID, "no personal fields", kith_erase_person(work, "product", 5, NULL, NULL, &check_error));
  FAILS(KITH_ERROR_NOT_FOUND, "nothing is kept", kith_erase_person(work, "customer", 5, NULL, NULL, &check_error));
  OK(kith_erase_person(work, "customer", person, &fields, &remainders, &check_error));
  CHECK_INT(2, kith_table_rows(fields));
  CHECK_TEXT("name", cell_of(fields, 0, "field").text);
  CHECK_INT(1, cell_of(fields, 0, "versions").integer);
  CHECK_INT(0, kith_table_rows(remainders));
  kith_table_free(fields);
  kith_table_free(remainders);
  commit(work);
  kith_reader* reader = now();
  kith_record* record = NULL;
  OK(kith_get(reader, "customer", person, &record, &check_error));
  CHECK_TEXT("(erased)", field_of(record, "name").text);
  kith_record_free(record);
  kith_reader_free(reader);
  kith_text* left = NULL;
  OK(kith_scrub(w.session, &left, &check_error));
  CHECK_INT(0, kith_text_size(left)); /* a store in memory has no files */
  kith_text_free(left);
}

static void a_consumer_reads_on_where_it_stopped(void) {
  kith_reader* reader = now();
  kith_table* table = NULL;
  OK(kith_changes(reader, 0, 100000, &table, &check_error));
  const int64_t last = cell_of(table, kith_table_rows(table) - 1, "id").integer;
  kith_table_free(table);
  kith_reader_free(reader);
  kith_work* work = begin(w);
  OK(kith_feed_subscribe(work, "mail", KITH_NUL, last, &check_error));
  const int64_t made = create(work, record_of(w, "customer", "name", "News"));
  commit(work);
  int64_t next = 0;
  for (int again = 0; again < 2; ++again) {
    reader = now();
    OK(kith_feed_read(reader, "mail", KITH_NUL, 10, &table, &next, &check_error));
    CHECK_INT(2, kith_table_rows(table));
    CHECK_INT(made, cell_of(table, 0, "record").integer);
    CHECK_INT(cell_of(table, 1, "id").integer, next);
    kith_table_free(table);
    kith_reader_free(reader);
  }
  work = begin(w);
  FAILS(KITH_ERROR_STATE, "rewind goes back", kith_feed_acknowledge(work, "mail", KITH_NUL, last - 1, &check_error));
  FAILS(KITH_ERROR_NOT_FOUND, "mail", kith_feed_acknowledge(work, "mial", KITH_NUL, next, &check_error));
  OK(kith_feed_acknowledge(work, "mail", KITH_NUL, next, &check_error));
  OK(kith_feed_rewind(work, "mail", KITH_NUL, last, &check_error));
  OK(kith_feed_acknowledge(work, "mail", KITH_NUL, next, &check_error));
  commit(work);
  reader = now();
  OK(kith_feed_read(reader, "mail", KITH_NUL, 10, &table, &next, &check_error));
  CHECK_INT(0, kith_table_rows(table));
  kith_table_free(table);
  kith_reader_free(reader);
}

static void the_past_goes_to_a_file(void) {
  const char* path = scratch("archive.jsonl");
  remove(path);
  kith_reader* reader = now();
  const int64_t until = kith_reader_seq(reader);
  kith_reader_free(reader);
  kith_work* work = begin(w);
  create(work, record_of(w, "customer", "name", "Unread"));
  OK(kith_retention_set(work, 0, &check_error));
  commit(work);
  FAILS(KITH_ERROR_INVALID, "give a work from", kith_archive(w.session, 9999, path, KITH_NUL, 0, NULL, &check_error));
  FAILS(KITH_ERROR_STATE, "consumer", kith_archive(w.session, until + 1, path, KITH_NUL, 0, NULL, &check_error));
  kith_record* record = NULL;
  OK(kith_archive(w.session, until, path, KITH_NUL, 0, &record, &check_error));
  CHECK_INT(until, field_of(record, "until").integer);
  kith_record_free(record);
  FAILS(KITH_ERROR_CONFLICT, "is there already",
        kith_archive(w.session, until + 1, path, KITH_NUL, 1, NULL, &check_error));
  reader = now();
  kith_verification found = {.struct_size = sizeof found};
  kith_table* faults = NULL;
  OK(kith_archive_verify(reader, path, KITH_NUL, NULL, 0, &found, &faults, &check_error));
  CHECK_INT(until, found.works);
  CHECK_INT(0, found.faults);
  kith_table_free(faults);
  OK(kith_verify(reader, NULL, 0, &found, NULL, NULL, &check_error));
  CHECK_INT(0, found.faults);
  kith_table* table = NULL;
  FAILS(KITH_ERROR_STATE, "archived", kith_changes(reader, 0, 10, &table, &check_error));
  kith_reader_free(reader);
  const kith_read_options early = {.struct_size = sizeof early, .as_of_seq = 2};
  FAILS(KITH_ERROR_STATE, "archived", kith_reader_open(w.session, &early, &reader, &check_error));
  work = begin(w);
  OK(kith_feed_unsubscribe(work, "mail", KITH_NUL, &check_error));
  commit(work);
  remove(path);
}

static void an_owner_takes_over_in_the_past(void) {
  kith_work* work = begin(w);
  const int64_t ann = create(work, record_of(w, "employee", "name", "Ann"));
  const int64_t bob = create(work, record_of(w, "employee", "name", "Bob"));
  kith_record* record = record_of(w, "customer", "name", "Handed over");
  set_id(record, "owner", ann);
  const int64_t customer = create(work, record);
  const int64_t noon = (int64_t)day(2026, 2, 10) * 86400 * 1000000 + (int64_t)12 * 3600 * 1000000;
  FAILS(KITH_ERROR_INVALID, "no owner", kith_owner_assign(work, "product", customer, bob, KITH_NOW, &check_error));
  OK(kith_owner_assign(work, "customer", customer, bob, noon, &check_error));
  commit(work);
  kith_reader* reader = NULL;
  for (int32_t dom = 9; dom <= 10; ++dom) {
    const kith_read_options options = {.struct_size = sizeof options, .valid_on = day(2026, 2, dom)};
    OK(kith_reader_open(w.session, &options, &reader, &check_error));
    OK(kith_get(reader, "customer", customer, &record, &check_error));
    CHECK_INT(dom == 9 ? ann : bob, field_of(record, "owner").integer);
    kith_record_free(record);
    kith_reader_free(reader);
  }
  reader = now();
  kith_table* table = NULL;
  OK(kith_ownerships(reader, "customer", customer, &table, &check_error));
  CHECK_INT(2, kith_table_rows(table));
  CHECK_INT(noon, cell_of(table, 1, "from").integer);
  CHECK_INT(KITH_NULL, cell_of(table, 1, "to").type);
  kith_table_free(table);
  kith_reader_free(reader);
}

static void a_store_of_today_needs_no_migration(void) {
  const char* path = scratch("migration.kith");
  remove_store(path);
  close_world(open_world(path));
  kith_text* script = NULL;
  OK(kith_migration(path, KITH_NUL, &script, &check_error));
  CHECK_INT(0, kith_text_size(script));
  kith_text_free(script);
  remove_store(path);
  FAILS(KITH_ERROR_NOT_FOUND, "", kith_migration(path, KITH_NUL, &script, &check_error));
}

int main(int argc, char** argv) {
  (void)argc;
  check_program = argv[0];
  set_day(2026, 3, 1);
  w = open_world("memory:");
  RUN(a_field_tells_who_set_it);
  RUN(works_are_undone_and_redone);
  RUN(what_was_removed_comes_back_or_goes_for_ever);
  RUN(the_chain_is_proven);
  RUN(an_owner_takes_over_in_the_past);
  RUN(a_person_is_erased);
  RUN(a_consumer_reads_on_where_it_stopped);
  RUN(the_past_goes_to_a_file);
  RUN(a_store_of_today_needs_no_migration);
  close_world(w);
  return check_end();
}
