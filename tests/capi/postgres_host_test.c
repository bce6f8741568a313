/* SPDX-License-Identifier: Apache-2.0 */
/* A program with a PostgreSQL database of its own: its rows and Kith's in one transaction on its own PGconn*. Needs a
 * server: KITH_TEST_POSTGRES names one by its URL (tests/run.py starts one for it). */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

#ifndef KITH_POSTGRES
int main(void) {
  printf("the host's connection to PostgreSQL was not tested: built without libpq\n0 passed, 0 failed, 1 skipped\n");
  return 0;
}
#else

#include <dlfcn.h>
#include <libpq-fe.h>
#include <unistd.h>

/* libpq as Kith itself finds it. */
static PGconn* (*connect_to)(const char*);
static ConnStatusType (*status_of)(const PGconn*);
static char* (*message_of)(const PGconn*);
static PGresult* (*execute)(PGconn*, const char*);
static ExecStatusType (*result_of)(const PGresult*);
static char* (*cell)(const PGresult*, int, int);
static void (*clear)(PGresult*);
static void (*finish)(PGconn*);

static PGconn* host;
static char schema[64];

static int load(void) {
  void* library = dlopen("libpq.so.5", RTLD_NOW);
  if (library == NULL) return 0;
#define LOAD(pointer, name) *(void**)&(pointer) = dlsym(library, name)
  LOAD(connect_to, "PQconnectdb");
  LOAD(status_of, "PQstatus");
  LOAD(message_of, "PQerrorMessage");
  LOAD(execute, "PQexec");
  LOAD(result_of, "PQresultStatus");
  LOAD(cell, "PQgetvalue");
  LOAD(clear, "PQclear");
  LOAD(finish, "PQfinish");
  return connect_to != NULL && finish != NULL;
}

/* The first cell as a number; "%s" in the text is the schema. */
static int64_t sql(const char* format) {
  char text[512];
  snprintf(text, sizeof text, format, schema, schema);
  PGresult* result = execute(host, text);
  const ExecStatusType status = result_of(result);
  int64_t found = 0;
  if (status == PGRES_TUPLES_OK) {
    found = strtoll(cell(result, 0, 0), NULL, 10);
  } else if (status != PGRES_COMMAND_OK) {
    printf("%s: %s\n", text, message_of(host));
    ++check_broken;
  }
  clear(result);
  return found;
}

/* Whether the server refuses it. */
static int refused(const char* text) {
  PGresult* result = execute(host, text);
  const ExecStatusType status = result_of(result);
  clear(result);
  return status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK;
}

static world on_host(void) {
  world w = {NULL, NULL};
  const kith_options options = check_options();
  const kith_connection given = {
      .struct_size = sizeof given, .kind = KITH_HOST_POSTGRES, .handle = host, .schema = schema, .tenant = 7};
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
  sql("INSERT INTO erp_order VALUES (1)");
  add_customer(w, "Acme");
  CHECK_INT(1, sql("SELECT count(*) FROM %s.customer"));
  close_world(w);
  sql("ROLLBACK");
  CHECK_INT(0, sql("SELECT count(*) FROM erp_order"));
  CHECK_INT(0, sql("SELECT count(*) FROM %s.customer"));
}

static void the_hosts_commit_keeps_both(void) {
  sql("BEGIN");
  world w = on_host();
  add_customer(w, "Acme");
  sql("INSERT INTO erp_order VALUES (1)");
  kith_work* dropped = begin(w);
  create(dropped, record_of(w, "customer", "name", "gone"));
  kith_work_free(dropped);
  /* What Kith refuses does not break the host's transaction. */
  kith_work* work = begin(w);
  kith_record* empty = NULL;
  OK(kith_record_new(w.store, "customer", &empty, &check_error));
  FAILS(KITH_ERROR_INVALID, "name", kith_create(work, empty, NULL, &check_error));
  kith_record_free(empty);
  kith_work_free(work);
  close_world(w);
  sql("COMMIT");
  CHECK_INT(1, sql("SELECT count(*) FROM erp_order"));
  CHECK_INT(1, sql("SELECT count(*) FROM %s.customer WHERE tenant_id = 7"));
}

static void what_the_host_has_to_do_first(void) {
  kith_store* store = NULL;
  kith_connection given = {
      .struct_size = sizeof given, .kind = KITH_HOST_POSTGRES, .handle = host, .schema = schema, .tenant = 7};
  FAILS(KITH_ERROR_MISUSE, "begin one first", kith_open_on(&given, NULL, &store, &check_error));
  sql("BEGIN");
  given.schema = "kith_of_nobody";
  FAILS(KITH_ERROR_NOT_FOUND, "by its URL", kith_open_on(&given, NULL, &store, &check_error));
  CHECK_INT(1, sql("SELECT 1"));
  sql("ROLLBACK");
  CHECK(store == NULL);
}

static void a_host_that_ends_its_transaction_early_is_told(void) {
  sql("BEGIN");
  world w = on_host();
  kith_work* work = begin(w);
  create(work, record_of(w, "customer", "name", "cut off"));
  sql("ROLLBACK");
  sql("BEGIN");
  kith_record* late = record_of(w, "customer", "name", "late");
  FAILS(KITH_ERROR_MISUSE, "nothing of the Work is kept", kith_create(work, late, NULL, &check_error));
  kith_record_free(late);
  kith_work_free(work);
  kith_reader* reader = NULL;
  OK(kith_reader_open(w.session, NULL, &reader, &check_error));
  /* The host's next transaction is neither written into nor broken. */
  sql("INSERT INTO erp_order VALUES (2)");
  sql("COMMIT");
  CHECK_INT(1, sql("SELECT count(*) FROM erp_order WHERE id = 2"));
  CHECK_INT(0, sql("SELECT count(*) FROM %s.customer WHERE name IN ('cut off', 'late')"));
  sql("BEGIN");
  kith_table* table = NULL;
  FAILS(KITH_ERROR_MISUSE, "while a Reader was open", kith_find(reader, "customer", NULL, &table, &check_error));
  CHECK(table == NULL);
  kith_reader_free(reader);
  work = begin(w);
  create(work, record_of(w, "customer", "name", "half"));
  /* A Work that is open lets no half of it be committed. */
  CHECK(refused("COMMIT"));
  FAILS(KITH_ERROR_MISUSE, "or tried to commit it", kith_work_commit(work, NULL, 0, NULL, &check_error));
  kith_work_free(work);
  close_world(w);
  CHECK_INT(0, sql("SELECT count(*) FROM %s.customer WHERE name = 'half'"));
}

int main(int argc, char** argv) {
  (void)argc;
  const char* server = getenv("KITH_TEST_POSTGRES");
  check_program = argv[0];
  if (server == NULL || *server == '\0' || !load()) {
    printf("the host's connection to PostgreSQL was not tested: %s\n0 passed, 0 failed, 1 skipped\n",
           server == NULL || *server == '\0' ? "KITH_TEST_POSTGRES names no server" : "there is no libpq");
    return 0;
  }
  host = connect_to(server);
  if (status_of(host) != CONNECTION_OK) {
    printf("%s\n0 passed, 1 failed\n", message_of(host));
    return 1;
  }
  snprintf(schema, sizeof schema, "kith_c_%ld", (long)getpid());
  char url[1024];
  snprintf(url, sizeof url, "%s%skith_schema=%s&kith_tenant=7", server, strchr(server, '?') == NULL ? "?" : "&",
           schema);
  close_world(open_world(url));
  sql("CREATE TEMP TABLE erp_order (id bigint)");
  RUN(the_hosts_rollback_undoes_both);
  RUN(the_hosts_commit_keeps_both);
  RUN(what_the_host_has_to_do_first);
  RUN(a_host_that_ends_its_transaction_early_is_told);
  sql("DROP SCHEMA %s CASCADE");
  finish(host);
  return check_end();
}

#endif
