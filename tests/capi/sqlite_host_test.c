/* SPDX-License-Identifier: Apache-2.0 */
/* A program with a database of its own: its rows and Kith's in one transaction on its own sqlite3*. */
#include <sqlite3.h>

#include "check.h"

static const char* path;
static sqlite3* host;

static void sql(const char* text) {
  char* said = NULL;
  if (sqlite3_exec(host, text, NULL, NULL, &said) != SQLITE_OK) {
    printf("%s: %s\n", text, said);
    ++check_broken;
    sqlite3_free(said);
  }
}

static int64_t number(const char* text) {
  sqlite3_stmt* statement = NULL;
  CHECK_INT(SQLITE_OK, sqlite3_prepare_v2(host, text, -1, &statement, NULL));
  CHECK_INT(SQLITE_ROW, sqlite3_step(statement));
  const int64_t found = sqlite3_column_int64(statement, 0);
  sqlite3_finalize(statement);
  return found;
}

static kith_connection connection(void) {
  kith_connection given = {.struct_size = sizeof given, .kind = KITH_HOST_SQLITE, .handle = host};
  return given;
}

static world on_host(void) {
  world w = {NULL, NULL};
  const kith_options options = check_options();
  const kith_connection given = connection();
  OK(kith_open_on(&given, &options, &w.store, &check_error));
  OK(kith_session_open(w.store, NULL, 0, &w.session, &check_error));
  return w;
}

static void add_customer(world w, const char* name) {
  kith_work* work = begin(w);
  create(work, record_of(w, "customer", "name", name));
  commit(work);
}

static void the_hosts_rollback_undoes_both(void) {
  sql("BEGIN");
  world w = on_host();
  sql("INSERT INTO erp_order (note) VALUES ('first')");
  add_customer(w, "Acme");
  CHECK_INT(1, number("SELECT count(*) FROM customer"));
  close_world(w);
  sql("ROLLBACK");
  CHECK_INT(0, number("SELECT count(*) FROM erp_order"));
  CHECK_INT(0, number("SELECT count(*) FROM customer"));
}

static void the_hosts_commit_keeps_both(void) {
  sql("BEGIN IMMEDIATE");
  world w = on_host();
  add_customer(w, "Acme");
  sql("INSERT INTO erp_order (note) VALUES ('first')");
  /* A work that is dropped takes only its own with it. */
  kith_work* dropped = begin(w);
  create(dropped, record_of(w, "customer", "name", "gone"));
  kith_work_free(dropped);
  add_customer(w, "Beta");
  close_world(w);
  sql("COMMIT");
  CHECK_INT(1, number("SELECT count(*) FROM erp_order"));
  CHECK_INT(2, number("SELECT count(*) FROM customer"));
  w = open_world(path);
  kith_table* findings = NULL;
  OK(kith_check(w.session, &findings, &check_error));
  CHECK_INT(0, kith_table_rows(findings));
  kith_table_free(findings);
  close_world(w);
}

static void what_the_host_has_to_do_first(void) {
  kith_store* store = NULL;
  kith_connection given = connection();
  FAILS(KITH_ERROR_MISUSE, "begin one first", kith_open_on(&given, NULL, &store, &check_error));
  given.schema = "elsewhere";
  FAILS(KITH_ERROR_NOT_FOUND, "ATTACH", kith_open_on(&given, NULL, &store, &check_error));
  given = connection();
  given.struct_size = 0;
  FAILS(KITH_ERROR_MISUSE, "struct_size", kith_open_on(&given, NULL, &store, &check_error));
  CHECK(store == NULL);
}

int main(int argc, char** argv) {
  (void)argc;
  check_program = argv[0];
  path = scratch("kith");
  remove_store(path);
  close_world(open_world(path));
  CHECK_INT(SQLITE_OK, sqlite3_open(path, &host));
  sql("CREATE TABLE erp_order (id INTEGER PRIMARY KEY, note TEXT)");
  RUN(the_hosts_rollback_undoes_both);
  RUN(the_hosts_commit_keeps_both);
  RUN(what_the_host_has_to_do_first);
  /* Nothing of Kith's is left on the connection, or this would be SQLITE_BUSY. */
  if (sqlite3_close(host) != SQLITE_OK) ++check_failed;
  remove_store(path);
  return check_end();
}
