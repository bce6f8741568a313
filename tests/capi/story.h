/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KITH_TESTS_STORY_H
#define KITH_TESTS_STORY_H
/* The story of tests/story in C, step by step. */

#include "check.h"

#define STORY KITH_SOURCE_DIR "/tests/story/"

typedef struct story {
  world world;
  int64_t company, team, people[2], big, small;
} story;

/* A whole file in static memory. */
static inline const char* story_file(const char* path) {
  static char text[4][4096];
  static int next;
  char* into = text[next++ % 4];
  FILE* file = fopen(path, "rb");
  CHECK(file != NULL);
  if (file == NULL) return "";
  into[fread(into, 1, 4095, file)] = '\0';
  fclose(file);
  return into;
}

static inline kith_work* begin_because(world w, const char* cause) {
  const kith_work_options options = {.struct_size = sizeof options, .cause = cause};
  kith_work* work = NULL;
  OK(kith_work_begin(w.session, &options, &work, &check_error));
  return work;
}

static inline kith_options story_options(void) {
  kith_options options = check_options();
  options.seed = 7;
  options.currency = "USD";
  options.zone = "Asia/Shanghai";
  check_now = (day(2026, 3, 1) * INT64_C(24) + 9) * 3600 * 1000000;
  return options;
}

static inline void tell_people(story* s) {
  static const char* const names[] = {"李雷", "Anna"};
  const int32_t start = day(2026, 1, 1);
  kith_work* work = begin_because(s->world, "people");
  kith_record* unit = record_of(s->world, "unit", "name", "Company");
  OK(kith_unit_create(work, unit, start, &s->company, &check_error));
  CHECK_INT(s->company, field_of(unit, "id").integer);
  CHECK_INT(1, field_of(unit, "revision").integer);
  kith_record_free(unit);
  unit = record_of(s->world, "unit", "name", "Team");
  set_id(unit, "parent", s->company);
  OK(kith_unit_create(work, unit, start, &s->team, &check_error));
  kith_record_free(unit);
  for (int i = 0; i < 2; ++i) {
    kith_record* employee = record_of(s->world, "employee", "name", names[i]);
    set_id(employee, "unit", s->team);
    set_text(employee, "hired_on", "2026-01-01");
    s->people[i] = create(work, employee);
  }
  commit(work);
}

static inline void tell_pipeline(story* s) {
  const kith_stage stages[] = {{"Talk", NULL, 500000000}, {"Offer", "amount >= 100.00 USD", 900000000}};
  kith_work* work = begin_because(s->world, "pipeline");
  OK(kith_pipeline_create(work, "Standard", KITH_NUL, stages, 2, NULL, &check_error));
  commit(work);
}

static inline void tell_import(story* s) {
  const kith_import_options options = {.struct_size = sizeof options, .cause = "import customers.csv"};
  kith_text* report = NULL;
  OK(kith_import_csv(s->world.session, STORY "customers.csv", KITH_NUL, story_file(STORY "customers.import.json"),
                     KITH_NUL, NULL, 0, &options, &report, &check_error));
  CHECK(strstr(kith_text_data(report), "\"created\":3") != NULL);
  kith_text_free(report);
}

static inline int64_t customer_named(const kith_reader* reader, const char* name) {
  const kith_parameter parameters[] = {{"n", text_value(name)}};
  const kith_query query = {
      .struct_size = sizeof query, .where = "name = :n", .parameters = parameters, .parameter_count = 1};
  kith_table* table = NULL;
  OK(kith_find(reader, "customer", &query, &table, &check_error));
  CHECK_INT(1, kith_table_rows(table));
  const int64_t id = cell_of(table, 0, "id").integer;
  kith_table_free(table);
  return id;
}

static inline int64_t new_deal(story* s, kith_work* work, const char* title, const char* customer, int64_t owner,
                               int64_t minor) {
  kith_record* deal = record_of(s->world, "opportunity", "title", title);
  const kith_value amount = money_value(minor, "USD");
  OK(kith_record_set(deal, "amount", &amount, &check_error));
  set_id(deal, "customer", customer_named(kith_work_reader(work), customer));
  set_id(deal, "owner", owner);
  return create(work, deal);
}

static inline void tell_deals(story* s) {
  kith_work* work = begin_because(s->world, "deals");
  s->big = new_deal(s, work, "Big", "宏达机械", s->people[0], 100001);
  OK(kith_deal_advance(work, s->big, "Offer", KITH_NUL, KITH_NOW, &check_error));
  const kith_split splits[] = {{s->people[0], 600000000}, {s->people[1], 400000000}};
  OK(kith_deal_set_splits(work, s->big, splits, 2, &check_error));
  OK(kith_deal_win(work, s->big, day(2026, 2, 10), "best price", KITH_NUL, NULL, &check_error));
  s->small = new_deal(s, work, "Small", "Zoë's Café", s->people[1], 5000);
  OK(kith_deal_lose(work, s->small, day(2026, 2, 11), "no budget", KITH_NUL, &check_error));
  commit(work);
}

static inline void tell_commission(story* s) {
  kith_work* work = begin_because(s->world, "plan");
  OK(kith_plan_add(work, story_file(STORY "plan.json"), KITH_NUL, NULL, &check_error));
  OK(kith_plan_assign(work, "story", KITH_NUL, 0, s->company, day(2026, 1, 1), KITH_OPEN, NULL, &check_error));
  commit(work);
  work = begin_because(s->world, "run");
  kith_run_result result = {.struct_size = sizeof result};
  OK(kith_commission_run(work, "2026-Q1", KITH_NUL, &result, &check_error));
  CHECK_INT(2, result.statements);
  CHECK_INT(2, result.lines);
  CHECK_INT(0, result.adjustments);
  CHECK_INT(KITH_MONEY, result.total.type);
  CHECK_INT(3200, result.total.integer);
  CHECK_TEXT("USD", result.total.currency);
  commit(work);
  work = begin_because(s->world, "close");
  OK(kith_commission_close(work, "2026-Q1", KITH_NUL, &check_error));
  commit(work);
}

static inline story tell(const char* url) {
  story s = {{NULL, NULL}, 0, 0, {0, 0}, 0, 0};
  const kith_options options = story_options();
  OK(kith_open(url, KITH_NUL, &options, &s.world.store, &check_error));
  OK(kith_session_open(s.world.store, "local", KITH_NUL, &s.world.session, &check_error));
  tell_people(&s);
  tell_pipeline(&s);
  tell_import(&s);
  tell_deals(&s);
  tell_commission(&s);
  return s;
}

static inline kith_reader* look(story* s, int64_t as_of) {
  const kith_read_options options = {.struct_size = sizeof options, .as_of_seq = as_of};
  kith_reader* reader = NULL;
  OK(kith_reader_open(s->world.session, &options, &reader, &check_error));
  return reader;
}

static inline void no_findings(story* s) {
  kith_table* findings = NULL;
  OK(kith_check(s->world.session, &findings, &check_error));
  CHECK_INT(0, kith_table_rows(findings));
  for (size_t row = 0; row < kith_table_rows(findings); ++row) printf("%s\n", cell_of(findings, row, "message").text);
  kith_table_free(findings);
}

static inline void expect_digest(story* s) {
  char expected[66], digest[65];
  snprintf(expected, sizeof expected, "%.64s", story_file(STORY "digest.txt"));
  OK(kith_digest(s->world.session, digest, &check_error));
  CHECK_TEXT(expected, digest);
}

#endif
