/* SPDX-License-Identifier: Apache-2.0 */
/* General plans in a store: events as columns and as JSON, approval, corrections, re-opening, explanations, what-if. */
#include "check.h"

static const char marginal_plan[] =
    "{\"format\":\"kith.plan/2\",\"name\":\"field\",\"version\":1,\"currency\":\"USD\",\"interval\":\"month\","
    "\"valid\":{\"from\":\"2025-01-01\"},\"rounding\":{\"mode\":\"half_up\",\"point\":\"telescoped\",\"unit\":\"0.01\"}"
    ","
    "\"order\":[\"date\",\"sequence\",\"id\"],\"credits\":[{\"name\":\"own\",\"role\":\"primary\",\"who\":\"split\","
    "\"sum_must_be\":\"100\",\"rounding\":\"none\",\"apply\":\"base\",\"base\":\"amount\",\"fx\":{\"rate\":"
    "\"transaction\",\"reversal\":\"original\"}}],\"measures\":[{\"name\":\"sales\",\"credits\":[\"own\"],"
    "\"aggregate\":\"sum\",\"accumulate\":\"interval\",\"return_period\":\"original\",\"negative\":\"first_tier\"}],"
    "\"components\":[{\"name\":\"revenue\",\"kind\":\"tiers\",\"basis\":{\"measure\":\"sales\"},\"tiers\":{\"input\":"
    "\"amount\",\"mode\":\"marginal\",\"boundary\":\"upper\",\"unit\":\"pct_of_base\",\"rows\":[{\"from\":\"0\","
    "\"value\":\"5 %\"},{\"from\":\"1000\",\"value\":\"0.08\"}]}}]}";
static const char slab_plan[] =
    "{\"format\":\"kith.plan/2\",\"name\":\"field\",\"version\":1,\"currency\":\"USD\",\"interval\":\"month\","
    "\"valid\":{\"from\":\"2025-01-01\"},\"rounding\":{\"mode\":\"half_up\",\"point\":\"telescoped\",\"unit\":\"0.01\"}"
    ","
    "\"order\":[\"date\",\"sequence\",\"id\"],\"credits\":[{\"name\":\"own\",\"role\":\"primary\",\"who\":\"split\","
    "\"sum_must_be\":\"100\",\"rounding\":\"none\",\"apply\":\"base\",\"base\":\"amount\",\"fx\":{\"rate\":"
    "\"transaction\",\"reversal\":\"original\"}}],\"measures\":[{\"name\":\"sales\",\"credits\":[\"own\"],"
    "\"aggregate\":\"sum\",\"accumulate\":\"interval\",\"return_period\":\"original\",\"negative\":\"first_tier\"}],"
    "\"components\":[{\"name\":\"revenue\",\"kind\":\"tiers\",\"basis\":{\"measure\":\"sales\"},\"tiers\":{\"input\":"
    "\"amount\",\"mode\":\"slab\",\"boundary\":\"upper\",\"unit\":\"pct_of_base\",\"rows\":[{\"from\":\"0\","
    "\"value\":\"5 %\"},{\"from\":\"1000\",\"value\":\"0.08\"}]}}]}";
/* January is 104.00, explained, exported, computed again; the marginal plan would have paid 30.00 less. */
static void read_january(world w, int64_t employee) {
  kith_reader* reader = NULL;
  kith_record* statement = NULL;
  kith_text* text = NULL;
  kith_table* table = NULL;
  OK(kith_reader_open(w.session, NULL, &reader, &check_error));
  OK(kith_statement_of(reader, employee, "2025-01", KITH_NUL, &statement, &check_error));
  kith_value january_id;
  OK(kith_record_get(statement, "id", &january_id, &check_error));
  const int64_t january = january_id.integer;
  kith_record_free(statement);
  OK(kith_explain_statement(reader, january, "zh", &text, &check_error));
  CHECK(strstr(kith_text_data(text), "合计：104.00 USD") != NULL);
  kith_text_free(text);
  OK(kith_explain_statement(reader, january, "json", &text, &check_error));
  OK(kith_commission_check(kith_text_data(text), kith_text_size(text), &table, &check_error));
  CHECK_INT(0, kith_table_rows(table));
  kith_table_free(table);
  kith_text_free(text);
  OK(kith_statement_recheck(reader, january, &table, &check_error));
  CHECK_INT(0, kith_table_rows(table));
  kith_table_free(table);
  OK(kith_commission_what_if(reader, "field", marginal_plan, KITH_NUL, NULL, 0, "2025-01", "2025-01", &text,
                             &check_error));
  CHECK(strstr(kith_text_data(text), "\"difference\":\"-30.00\"") != NULL);
  kith_text_free(text);
  OK(kith_commission_accrue(reader, "2025-01", 0, &text, &check_error));
  CHECK(strstr(kith_text_data(text), "\"difference\":\"0.00\"") != NULL);
  kith_text_free(text);
  kith_reader_free(reader);
}

/* The same plan in a store, fed with columns and then with a late correction as JSON. */
static void events_become_statements(void) {
  world w = open_world("memory:");
  kith_work* work = begin(w);
  const int64_t employee = create(work, record_of(w, "employee", "name", "Ann"));
  int64_t plan = 0;
  OK(kith_plan_add(work, slab_plan, KITH_NUL, &plan, &check_error));
  FAILS(KITH_ERROR_INVALID, "cliff", kith_plan_approve(work, plan, 0, &check_error));
  OK(kith_plan_approve(work, plan, 1, &check_error));
  FAILS(KITH_ERROR_STATE, "approved", kith_plan_approve(work, plan, 1, &check_error));
  OK(kith_plan_assign(work, "field", KITH_NUL, employee, 0, day(2025, 1, 1), KITH_OPEN, NULL, &check_error));

  const char* source[] = {"shop", "shop"};
  const char* id[] = {"1", "2"};
  const char* type[] = {"order", "order"};
  const char* money[] = {"USD", "USD"};
  const int32_t days[] = {day(2025, 1, 7), day(2025, 1, 8)};
  const int64_t amount[] = {80000, 40000};
  const uint32_t share_event[] = {0, 1};
  const char* person[] = {"Ann", "Ann"};
  const char* role[] = {"primary", "primary"};
  const char* share[] = {"1", "1"};
  kith_event_columns columns = {.struct_size = sizeof columns,
                                .rows = 2,
                                .source = source,
                                .id = id,
                                .type = type,
                                .date = days,
                                .currency = money,
                                .amount = amount,
                                .shares = 2,
                                .share_event = share_event,
                                .person = person,
                                .role = role,
                                .share = share};
  kith_post_result posted = {.struct_size = sizeof posted};
  OK(kith_events_post_columns(work, &columns, &posted, &check_error));
  CHECK_INT(2, posted.added);
  OK(kith_events_post_columns(work, &columns, &posted, &check_error));
  CHECK_INT(2, posted.repeated);
  person[1] = "Nobody";
  FAILS(KITH_ERROR_INVALID, "Nobody", kith_events_post_columns(work, &columns, &posted, &check_error));
  OK(kith_commission_run(work, "2025-01", KITH_NUL, NULL, &check_error));
  OK(kith_commission_close(work, "2025-01", KITH_NUL, &check_error));
  commit(work);

  work = begin(w);
  static const char late[] =
      "[{\"source\":\"shop\",\"id\":\"2\",\"version\":2,\"type\":\"order\",\"date\":\"2025-01-08\",\"currency\":"
      "\"USD\","
      "\"amount\":\"500.00\",\"splits\":[{\"person\":\"Ann\",\"role\":\"primary\",\"share\":\"1\"}]}]";
  OK(kith_events_post(work, late, KITH_NUL, &posted, &check_error));
  CHECK_INT(1, posted.replaced);
  kith_run_result result = {.struct_size = sizeof result};
  OK(kith_commission_run(work, "2025-02", KITH_NUL, &result, &check_error));
  CHECK_INT(800, result.total.integer); /* 8 % of 100.00 */
  OK(kith_commission_reopen(work, "2025-01", KITH_NUL, "larger", KITH_NUL, &check_error));
  FAILS(KITH_ERROR_STATE, "not closed",
        kith_commission_reopen(work, "2025-01", KITH_NUL, "again", KITH_NUL, &check_error));
  OK(kith_commission_run(work, "2025-01", KITH_NUL, &result, &check_error));
  CHECK_INT(10400, result.total.integer);
  OK(kith_commission_close(work, "2025-01", KITH_NUL, &check_error));
  OK(kith_plan_retire(work, plan, day(2026, 1, 1), &check_error));
  commit(work);

  read_january(w, employee);
  close_world(w);
}

int main(int argc, char** argv) {
  (void)argc;
  check_program = argv[0];
  RUN(events_become_statements);
  return check_end();
}
