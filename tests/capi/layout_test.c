/* SPDX-License-Identifier: Apache-2.0 */
/* The compiler has checked layout.h when this program exists; it checks that old and new clients are understood. */
#include "layout.h"

#include "check.h"

/* A client that was built when kith_error ended behind `violations`. */
static void short_error(void) {
  struct {
    kith_error error;
    char behind[16];
  } small;
  memset(&small, 'x', sizeof small);
  small.error.struct_size = offsetof(kith_error, entity);
  kith_store* store = NULL;
  CHECK_INT(KITH_ERROR_INVALID, kith_open("ftp:nowhere", KITH_NUL, NULL, &store, &small.error));
  CHECK_INT(KITH_ERROR_INVALID, small.error.code);
  CHECK_INT(1, small.error.violations);
  CHECK(small.error.entity[0] == 'x' && small.error.message[0] == 'x' && small.behind[0] == 'x');
  CHECK(store == NULL);
}

/* A size of 0 leaves everything alone. */
static void unset_error(void) {
  kith_error error;
  memset(&error, 'x', sizeof error);
  error.struct_size = 0;
  kith_store* store = NULL;
  CHECK_INT(KITH_ERROR_INVALID, kith_open("ftp:nowhere", KITH_NUL, NULL, &store, &error));
  CHECK(error.message[0] == 'x' && error.entity[0] == 'x');
}

/* A client that was built when kith_options ended behind `busy_ms`. */
static void short_options(void) {
  kith_options options;
  memset(&options, 0x7f, sizeof options);
  options.struct_size = offsetof(kith_options, seeded);
  options.must_exist = options.read_only = options.busy_ms = 0;
  kith_store* store = NULL;
  OK(kith_open("memory:", KITH_NUL, &options, &store, &check_error));
  kith_store_free(store);
}

/* A client of a later version: what it leaves at zero is no problem, what it asks for is. */
static void long_options(void) {
  struct {
    kith_options options;
    int64_t later;
  } longer = {.options = check_options()};
  longer.options.struct_size = sizeof longer;
  kith_store* store = NULL;
  OK(kith_open("memory:", KITH_NUL, &longer.options, &store, &check_error));
  kith_store_free(store);
  longer.later = 1;
  store = NULL;
  FAILS(KITH_ERROR_MISUSE, "newer Kith", kith_open("memory:", KITH_NUL, &longer.options, &store, &check_error));
  CHECK(store == NULL);
  longer.options.struct_size = 0;
  FAILS(KITH_ERROR_MISUSE, "struct_size", kith_open("memory:", KITH_NUL, &longer.options, &store, &check_error));
}

/* A receipt of an older client is filled as far as it goes. */
static void short_receipt(void) {
  const world w = open_world("memory:");
  kith_work* work = begin(w);
  create(work, record_of(w, "customer", "name", "Acme"));
  kith_receipt receipt;
  memset(&receipt, 0x55, sizeof receipt);
  receipt.struct_size = offsetof(kith_receipt, replayed);
  OK(kith_work_commit(work, "done", KITH_NUL, &receipt, &check_error));
  CHECK(receipt.seq > 0);
  CHECK_INT(0x55555555, receipt.replayed);
  CHECK_INT(offsetof(kith_receipt, replayed), receipt.struct_size);
  kith_work_free(work);
  close_world(w);
}

int main(void) {
  set_day(2017, 1, 2);
  RUN(short_error);
  RUN(unset_error);
  RUN(short_options);
  RUN(long_options);
  RUN(short_receipt);
  return check_end();
}
