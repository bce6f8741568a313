/* SPDX-License-Identifier: Apache-2.0 */
/* What callers do wrong: every function answers with a code and a sentence, leaves its outputs alone, and the store as
 * it was. */
#include "check.h"

static world w;

/* Leaves a deal in a pipeline behind; used by most tests. */
static int64_t deal, customer;
static void furnish(void) {
  kith_work* work = begin(w);
  const kith_stage stages[] = {{"Talk", NULL, 100000000}, {"Offer", "amount >= 100.00 USD", 500000000}};
  OK(kith_pipeline_create(work, "Standard", KITH_NUL, stages, 2, NULL, &check_error));
  customer = create(work, record_of(w, "customer", "name", "Acme"));
  deal = create(work, record_of(w, "opportunity", "title", "Deal"));
  commit(work);
}

static void digest_of(char digest[65]) { OK(kith_digest(w.session, digest, &check_error)); }

#define MISUSED(argument, call) FAILS(KITH_ERROR_MISUSE, argument, call)

static void a_connection_that_is_none(void) {
  kith_error* e = &check_error;
  kith_store* store = NULL;
  kith_connection connection = {.struct_size = sizeof connection, .kind = KITH_HOST_SQLITE};
  MISUSED("connection", kith_open_on(NULL, NULL, &store, e));
  MISUSED("handle", kith_open_on(&connection, NULL, &store, e));
  MISUSED("out", kith_open_on(&connection, NULL, NULL, e));
  connection.kind = 9;
  connection.handle = &store;
  MISUSED("kind", kith_open_on(&connection, NULL, &store, e));
  CHECK(store == NULL);
}

static void null_where_an_object_must_be(void) {
  kith_error* e = &check_error;
  kith_store* store = NULL;
  kith_session* session = NULL;
  kith_reader* reader = NULL;
  kith_work* work = NULL;
  kith_record* record = NULL;
  kith_table* table = NULL;
  kith_text* text = NULL;
  kith_value value = {0};
  char digest[65];
  int32_t allowed = 0;
  MISUSED("url", kith_open(NULL, 0, NULL, &store, e));
  MISUSED("out", kith_open("memory:", KITH_NUL, NULL, NULL, e));
  MISUSED("store", kith_session_open(NULL, NULL, 0, &session, e));
  MISUSED("out", kith_session_open(w.store, NULL, 0, NULL, e));
  MISUSED("store", kith_doctor(NULL, &text, e));
  MISUSED("out", kith_doctor(w.store, NULL, e));
  MISUSED("session", kith_reader_open(NULL, NULL, &reader, e));
  MISUSED("session", kith_work_begin(NULL, NULL, &work, e));
  MISUSED("work", kith_work_commit(NULL, NULL, 0, NULL, e));
  MISUSED("store", kith_record_new(NULL, "customer", &record, e));
  MISUSED("entity", kith_record_new(w.store, NULL, &record, e));
  MISUSED("record", kith_record_set(NULL, "name", &value, e));
  MISUSED("record", kith_record_set_text(NULL, "name", "x", 1, e));
  MISUSED("record", kith_record_get(NULL, "name", &value, e));
  MISUSED("work", kith_create(NULL, NULL, NULL, e));
  MISUSED("work", kith_update(NULL, NULL, e));
  MISUSED("work", kith_remove(NULL, "customer", 1, 1, e));
  MISUSED("reader", kith_get(NULL, "customer", 1, &record, e));
  MISUSED("reader", kith_find(NULL, "customer", NULL, &table, e));
  MISUSED("table", kith_table_value(NULL, 0, 0, &value, e));
  MISUSED("table", kith_table_to_json(NULL, &text, e));
  MISUSED("store", kith_entities(NULL, &table, e));
  MISUSED("store", kith_fields(NULL, "customer", &table, e));
  MISUSED("store", kith_reports(NULL, &table, e));
  MISUSED("store", kith_report_parameters(NULL, "deals", &table, e));
  MISUSED("reader", kith_report(NULL, "deals", NULL, 0, &table, e));
  MISUSED("reader", kith_may(NULL, 1, "customer", 1, &allowed, NULL, e));
  MISUSED("reader", kith_versions(NULL, "customer", 1, &table, e));
  MISUSED("reader", kith_changes(NULL, 0, 1, &table, e));
  MISUSED("session", kith_check(NULL, &table, e));
  MISUSED("session", kith_digest(NULL, digest, e));
  MISUSED("session", kith_import_csv(NULL, "x", 1, "{}", 2, NULL, 0, NULL, &text, e));
  MISUSED("reader", kith_dump(NULL, "x", 1, e));
  MISUSED("path", kith_load(NULL, 0, "memory:", KITH_NUL, NULL, e));
  MISUSED("url", kith_load("x", 1, NULL, 0, NULL, e));
  MISUSED("reader", kith_customer_time_in_stages(NULL, 1, 0, &table, e));
  MISUSED("reader", kith_customer_highest_stage(NULL, 1, 0, &text, e));
  MISUSED("reader", kith_weighted_total(NULL, NULL, &value, e));
  MISUSED("reader", kith_statement_of(NULL, 1, "2026-Q1", KITH_NUL, &record, e));
  MISUSED("reader", kith_explain_statement(NULL, 1, "text", &text, e));
  MISUSED("reader", kith_explain_line(NULL, 1, "text", &text, e));
  MISUSED("reader", kith_quota_parts(NULL, 1, KITH_GRAIN_MONTH, &table, e));
  MISUSED("reader", kith_quota_actions(NULL, 1, KITH_TODAY, "", 0, KITH_LANGUAGE_ENGLISH, &text, e));
  MISUSED("reader", kith_digest_text(NULL, 1, KITH_TODAY, KITH_LANGUAGE_ENGLISH, &text, e));
  MISUSED("reader", kith_bonus_text(NULL, 1, KITH_LANGUAGE_ENGLISH, &text, e));
  MISUSED("reader", kith_draw_text(NULL, 1, KITH_LANGUAGE_ENGLISH, &text, e));
  MISUSED("json", kith_trace_check(NULL, 1, &table, e));
  MISUSED("json", kith_commission_check(NULL, 1, &table, e));
  MISUSED("plan", kith_plan_lint(NULL, 1, &table, e));
  MISUSED("plan", kith_plan_canonical(NULL, 1, &text, e));
  MISUSED("before", kith_plan_diff(NULL, 1, "{}", 2, &text, e));
  MISUSED("plan", kith_plan_compute(NULL, 1, "{}", 2, &text, e));
  MISUSED("plan", kith_plan_explain(NULL, 1, "{}", 2, "a", "b", "c", "en", &text, e));
  MISUSED("before", kith_plan_what_if(NULL, 1, "{}", 2, "{}", 2, &text, e));
  MISUSED("plan", kith_commission_export(NULL, 1, "{}", 2, &text, e));
  CHECK(store == NULL && session == NULL && reader == NULL && work == NULL && record == NULL);
  CHECK(table == NULL && text == NULL && value.type == KITH_NULL);
}

static void null_where_files_are_made(void) {
  kith_text* text = NULL;
  kith_error* e = &check_error;
  MISUSED("reader", kith_export_csv(NULL, "customer", NULL, "x", 1, NULL, NULL, e));
  MISUSED("session", kith_backup(NULL, "x", 1, e));
  MISUSED("table", kith_table_to_csv(NULL, NULL, &text, e));
  CHECK(text == NULL);
}

static void null_for_a_work(void) {
  kith_error* e = &check_error;
  MISUSED("work", kith_unit_create(NULL, NULL, 0, NULL, e));
  MISUSED("work", kith_unit_move(NULL, 1, 2, 0, e));
  MISUSED("work", kith_employee_transfer(NULL, 1, 2, 0, e));
  MISUSED("work", kith_customer_assign(NULL, 1, 2, e));
  MISUSED("work", kith_customer_advance(NULL, 1, "lead", 4, KITH_NOW, e));
  MISUSED("work", kith_customer_set_stage(NULL, 1, "lead", 4, NULL, 0, KITH_NOW, e));
  MISUSED("work", kith_pipeline_create(NULL, "x", 1, NULL, 0, NULL, e));
  MISUSED("work", kith_deal_advance(NULL, 1, "x", 1, KITH_NOW, e));
  MISUSED("work", kith_deal_win(NULL, 1, 0, "x", 1, NULL, e));
  MISUSED("work", kith_deal_lose(NULL, 1, 0, "x", 1, e));
  MISUSED("work", kith_deal_void(NULL, 1, 0, "x", 1, e));
  MISUSED("work", kith_deal_reopen(NULL, 1, "x", 1, e));
  MISUSED("work", kith_deal_revalue(NULL, 0, NULL, NULL, e));
  MISUSED("work", kith_deal_set_splits(NULL, 1, NULL, 0, e));
  MISUSED("work", kith_principal_add(NULL, "x", 1, 0, NULL, 0, NULL, e));
  MISUSED("work", kith_grant_set(NULL, "seller", "*", 1, 1, e));
  MISUSED("work", kith_plan_add(NULL, "{}", 2, NULL, e));
  MISUSED("work", kith_plan_assign(NULL, "x", 1, 0, 0, 0, 0, NULL, e));
  MISUSED("work", kith_commission_run(NULL, "2026-Q1", KITH_NUL, NULL, e));
  MISUSED("work", kith_commission_close(NULL, "2026-Q1", KITH_NUL, e));
  MISUSED("work", kith_quota_set(NULL, NULL, NULL, e));
  MISUSED("work", kith_quota_decompose(NULL, 1, NULL, 0, 2, NULL, NULL, e));
  MISUSED("work", kith_quota_split_periods(NULL, 1, KITH_GRAIN_MONTH, NULL, 0, NULL, e));
  MISUSED("work", kith_quota_split_seasonal(NULL, 1, KITH_GRAIN_MONTH, 3, NULL, e));
  MISUSED("work", kith_quota_sum_periods(NULL, 1, KITH_GRAIN_MONTH, e));
  MISUSED("work", kith_quota_roll_up(NULL, 1, NULL, e));
  MISUSED("work", kith_quota_commit(NULL, 1, NULL, e));
  MISUSED("work", kith_quota_plan_copy(NULL, 1, 1, e));
  MISUSED("work", kith_quota_plan_move(NULL, 1, KITH_QUOTA_PLAN_PROPOSED, e));
  MISUSED("work", kith_quota_plan_activate(NULL, 1, NULL, e));
  MISUSED("work", kith_quota_ramp(NULL, 1, 0, NULL, 0, KITH_BASIS_CALENDAR, e));
  MISUSED("work", kith_catch_up(NULL, KITH_LANGUAGE_ENGLISH, NULL, NULL, e));
  MISUSED("work", kith_digest_deliver(NULL, 1, KITH_TODAY, KITH_LANGUAGE_ENGLISH, NULL, e));
  MISUSED("work", kith_bonus_set_parts(NULL, 1, NULL, 0, e));
  MISUSED("work", kith_bonus_post(NULL, 1, NULL, e));
  MISUSED("work", kith_cost_post(NULL, 1, 0, NULL, e));
  MISUSED("work", kith_cost_write_off(NULL, 1, 0, e));
  MISUSED("work", kith_draw_post(NULL, 1, "2026-01", KITH_NUL, NULL, e));
}

static void null_inside_a_work(void) {
  kith_error* e = &check_error;
  kith_work* work = begin(w);
  MISUSED("record", kith_create(work, NULL, NULL, e));
  MISUSED("record", kith_update(work, NULL, e));
  MISUSED("entity", kith_remove(work, NULL, 1, 1, e));
  MISUSED("unit", kith_unit_create(work, NULL, 0, NULL, e));
  MISUSED("quota", kith_quota_set(work, NULL, NULL, e));
  MISUSED("stage", kith_deal_advance(work, deal, NULL, 5, KITH_NOW, e));
  MISUSED("reason", kith_deal_lose(work, deal, 0, NULL, KITH_NUL, e));
  MISUSED("stages", kith_pipeline_create(work, "x", 1, NULL, 2, NULL, e));
  MISUSED("stages[].name", kith_pipeline_create(work, "x", 1, (const kith_stage[]){{NULL, NULL, 0}}, 1, NULL, e));
  MISUSED("splits", kith_deal_set_splits(work, deal, NULL, 1, e));
  MISUSED("roles", kith_principal_add(work, "x", 1, 0, NULL, 1, NULL, e));
  MISUSED("roles[]", kith_principal_add(work, "x", 1, 0, (const char* const[]){NULL}, 1, NULL, e));
  MISUSED("children", kith_quota_decompose(work, 1, NULL, 1, 2, NULL, NULL, e));
  MISUSED("weights", kith_quota_split_periods(work, 1, KITH_GRAIN_MONTH, NULL, 1, NULL, e));
  MISUSED("grain", kith_quota_split_periods(work, 1, 6, NULL, 0, NULL, e));
  MISUSED("grain", kith_quota_split_seasonal(work, 1, 6, 3, NULL, e));
  MISUSED("amount", kith_quota_commit(work, 1, NULL, e));
  MISUSED("state", kith_quota_plan_move(work, 1, 6, e));
  MISUSED("steps", kith_quota_ramp(work, 1, 0, NULL, 1, KITH_BASIS_CALENDAR, e));
  MISUSED("text and rows", kith_catch_up(work, KITH_LANGUAGE_ENGLISH, NULL, NULL, e));
  MISUSED("language", kith_catch_up(work, 0, NULL, NULL, e));
  MISUSED("out", kith_digest_deliver(work, 1, KITH_TODAY, KITH_LANGUAGE_ENGLISH, NULL, e));
  MISUSED("period", kith_draw_post(work, 1, NULL, 1, NULL, e));
  kith_record* other = record_of(w, "customer", "name", "x");
  MISUSED("unit", kith_unit_create(work, other, 0, NULL, e));
  MISUSED("quota", kith_quota_set(work, other, NULL, e));
  kith_record_free(other);
  commit(work); /* none of that did any harm */
}

static void answers_without_a_code(void) {
  CHECK_TEXT("", kith_text_data(NULL));
  CHECK_INT(0, kith_text_size(NULL));
  CHECK_INT(0, kith_reader_seq(NULL));
  CHECK(kith_work_reader(NULL) == NULL);
  CHECK_INT(0, kith_work_replayed(NULL));
  CHECK_TEXT("", kith_record_entity(NULL));
  CHECK_INT(0, kith_table_rows(NULL));
  CHECK_INT(0, kith_table_columns(NULL));
  CHECK_TEXT("", kith_table_column_name(NULL, 0));
  CHECK_INT(KITH_NULL, kith_table_column_type(NULL, 0));
  kith_text_free(NULL);
  kith_store_free(NULL);
  kith_session_free(NULL);
  kith_reader_free(NULL);
  kith_work_free(NULL);
  kith_record_free(NULL);
  kith_table_free(NULL);
}

static void the_error_may_be_left_out(void) {
  kith_store* store = NULL;
  CHECK_INT(KITH_ERROR_INVALID, kith_open("ftp:x", KITH_NUL, NULL, &store, NULL));
  CHECK_INT(KITH_ERROR_MISUSE, kith_open(NULL, 0, NULL, NULL, NULL));
  CHECK_INT(KITH_OK, kith_open("memory:", KITH_NUL, NULL, &store, NULL));
  kith_store_free(store);
}

static void stores_that_cannot_be_opened(void) {
  kith_store* store = NULL;
  kith_options options = check_options();
  FAILS(KITH_ERROR_INVALID, "ftp", kith_open("ftp:x", KITH_NUL, &options, &store, &check_error));
  options.currency = "USX";
  FAILS(KITH_ERROR_INVALID, "USX", kith_open("memory:", KITH_NUL, &options, &store, &check_error));
  options = check_options();
  options.zone = "Asia/Shangai";
  FAILS(KITH_ERROR_INVALID, "Asia/Shanghai", kith_open("memory:", KITH_NUL, &options, &store, &check_error));
  options = check_options();
  options.busy_ms = -1;
  FAILS(KITH_ERROR_MISUSE, "busy_ms", kith_open("memory:", KITH_NUL, &options, &store, &check_error));
  options = check_options();
  options.must_exist = 1;
  FAILS(KITH_ERROR_NOT_FOUND, "", kith_open("no such store.kith", KITH_NUL, &options, &store, &check_error));
  const char* path = scratch("no.kith");
  write_file(path, "This is no database, but long enough that somebody could take it for one. Or is it? It is not.");
  FAILS(KITH_ERROR_CORRUPT, "", kith_open(path, KITH_NUL, NULL, &store, &check_error));
  remove_store(path);
  CHECK(store == NULL);
  kith_session* session = NULL;
  FAILS(KITH_ERROR_NOT_FOUND, "local", kith_session_open(w.store, "loacl", KITH_NUL, &session, &check_error));
  FAILS(KITH_ERROR_DENIED, "kith", kith_session_open(w.store, "kith", 4, &session, &check_error));
}

static void names_that_do_not_exist(void) {
  kith_record* record = NULL;
  kith_table* table = NULL;
  FAILS(KITH_ERROR_INVALID, "customer", kith_record_new(w.store, "custommer", &record, &check_error));
  FAILS(KITH_ERROR_MISUSE, "entity", kith_fields(w.store, NULL, &table, &check_error));
  FAILS(KITH_ERROR_INVALID, "opportunity", kith_fields(w.store, "oportunity", &table, &check_error));
  FAILS(KITH_ERROR_INVALID, "", kith_report_parameters(w.store, "nothing", &table, &check_error));
  kith_reader* reader = NULL;
  OK(kith_reader_open(w.session, NULL, &reader, &check_error));
  FAILS(KITH_ERROR_INVALID, "customer", kith_find(reader, "customer_", NULL, &table, &check_error));
  FAILS(KITH_ERROR_NOT_FOUND, "4711", kith_get(reader, "customer", 4711, &record, &check_error));
  FAILS(KITH_ERROR_NOT_FOUND, "-1", kith_get(reader, "customer", -1, &record, &check_error));
  kith_reader_free(reader);
}

static void queries_that_cannot_be_read(void) {
  kith_reader* reader = NULL;
  OK(kith_reader_open(w.session, NULL, &reader, &check_error));
  kith_table* table = NULL;
  kith_query query = {.struct_size = sizeof query, .where = "nam = 'x'"};
  FAILS(KITH_ERROR_INVALID, "name", kith_find(reader, "customer", &query, &table, &check_error));
  query.where = "name = ";
  FAILS(KITH_ERROR_INVALID, "character", kith_find(reader, "customer", &query, &table, &check_error));
  query.where = "name";
  CHECK(kith_find(reader, "customer", &query, &table, &check_error) != KITH_OK);
  query.where = "name = :missing";
  FAILS(KITH_ERROR_INVALID, "missing", kith_find(reader, "customer", &query, &table, &check_error));
  const kith_parameter twice[] = {{"q", text_value("a")}, {"q", text_value("b")}};
  query.where = "name = :q";
  query.parameters = twice;
  query.parameter_count = 2;
  FAILS(KITH_ERROR_INVALID, "twice", kith_find(reader, "customer", &query, &table, &check_error));
  const kith_parameter nameless[] = {{NULL, text_value("a")}};
  query.parameters = nameless;
  query.parameter_count = 1;
  FAILS(KITH_ERROR_MISUSE, "name", kith_find(reader, "customer", &query, &table, &check_error));
  query.parameters = NULL;
  FAILS(KITH_ERROR_MISUSE, "parameters", kith_find(reader, "customer", &query, &table, &check_error));
  const char* names[] = {"naem"};
  const kith_query order = {.struct_size = sizeof order, .order = names, .order_count = 1};
  FAILS(KITH_ERROR_INVALID, "name", kith_find(reader, "customer", &order, &table, &check_error));
  const kith_query fields = {.struct_size = sizeof fields, .fields = names, .field_count = 1};
  FAILS(KITH_ERROR_INVALID, "name", kith_find(reader, "customer", &fields, &table, &check_error));
  const kith_query limit = {.struct_size = sizeof limit, .limit = -1};
  FAILS(KITH_ERROR_INVALID, "limit", kith_find(reader, "customer", &limit, &table, &check_error));
  const kith_query unsized = {.where = ""};
  FAILS(KITH_ERROR_MISUSE, "struct_size", kith_find(reader, "customer", &unsized, &table, &check_error));
  CHECK(table == NULL);
  kith_read_options future = {.struct_size = sizeof future, .as_of_seq = 1000000};
  kith_reader* later = NULL;
  FAILS(KITH_ERROR_INVALID, "last work", kith_reader_open(w.session, &future, &later, &check_error));
  kith_reader_free(reader);
}

static void stale_records_are_refused(void) {
  kith_work* work = begin(w);
  kith_record *first = NULL, *second = NULL;
  OK(kith_get(kith_work_reader(work), "customer", customer, &first, &check_error));
  OK(kith_get(kith_work_reader(work), "customer", customer, &second, &check_error));
  set_text(first, "phone", "1");
  set_text(second, "phone", "2");
  const int64_t revision = field_of(first, "revision").integer;
  OK(kith_update(work, first, &check_error));
  CHECK_INT(revision + 1, field_of(first, "revision").integer);
  FAILS(KITH_ERROR_CONFLICT, "revision", kith_update(work, second, &check_error));
  OK(kith_update(work, first, &check_error)); /* nothing differs: nothing is written */
  CHECK_INT(revision + 1, field_of(first, "revision").integer);
  kith_record_free(first);
  kith_record_free(second);
  kith_work_free(work);
}

static void entities_with_verbs_of_their_own(void) {
  kith_work* work = begin(w);
  kith_record* record = NULL;
  OK(kith_record_new(w.store, "statement", &record, &check_error));
  FAILS(KITH_ERROR_INVALID, "for statement: run", kith_create(work, record, NULL, &check_error));
  FAILS(KITH_ERROR_INVALID, "for statement: run", kith_update(work, record, &check_error));
  kith_record_free(record);
  OK(kith_record_new(w.store, "opportunity_stage", &record, &check_error));
  FAILS(KITH_ERROR_INVALID, "advance", kith_create(work, record, NULL, &check_error));
  kith_record_free(record);
  OK(kith_record_new(w.store, "head", &record, &check_error));
  FAILS(KITH_ERROR_INVALID, "itself", kith_create(work, record, NULL, &check_error));
  kith_record_free(record);
  FAILS(KITH_ERROR_INVALID, "removed", kith_remove(work, "unit", 1, 1, &check_error));
  FAILS(KITH_ERROR_INVALID, "customer", kith_remove(work, "custome", customer, 1, &check_error));
  kith_work_free(work);
}

static void verbs_that_are_refused_change_nothing(void) {
  char before[65], after[65];
  digest_of(before);
  kith_work* work = begin(w);
  kith_error* e = &check_error;
  kith_record* blank = record_of(w, "customer", "name", " ");
  FAILS(KITH_ERROR_INVALID, "customer.name", kith_create(work, blank, NULL, e));
  kith_record_free(blank);
  FAILS(KITH_ERROR_STATE, "amount >= 100.00 USD", kith_deal_advance(work, deal, "Offer", KITH_NUL, KITH_NOW, e));
  FAILS(KITH_ERROR_INVALID, "Offer", kith_deal_advance(work, deal, "Ofer", KITH_NUL, KITH_NOW, e));
  FAILS(KITH_ERROR_INVALID, "amount", kith_deal_win(work, deal, KITH_TODAY, "why", KITH_NUL, NULL, e));
  kith_value amount = money_value(500, "EUR");
  FAILS(KITH_ERROR_INVALID, "EUR", kith_deal_win(work, deal, KITH_TODAY, "why", KITH_NUL, &amount, e));
  amount = text_value("much");
  FAILS(KITH_ERROR_INVALID, "amount", kith_deal_win(work, deal, KITH_TODAY, "why", KITH_NUL, &amount, e));
  FAILS(KITH_ERROR_INVALID, "reason", kith_deal_lose(work, deal, KITH_TODAY, "", 0, e));
  FAILS(KITH_ERROR_INVALID, "reason", kith_deal_void(work, deal, KITH_TODAY, " ", 1, e));
  FAILS(KITH_ERROR_STATE, "open", kith_deal_reopen(work, deal, "why", KITH_NUL, e));
  FAILS(KITH_ERROR_NOT_FOUND, "4711", kith_deal_lose(work, 4711, KITH_TODAY, "why", KITH_NUL, e));
  const kith_split splits[] = {{1, 600000000}, {2, 300000000}};
  FAILS(KITH_ERROR_INVALID, "90", kith_deal_set_splits(work, deal, splits, 2, e));
  const kith_stage stage[] = {{"S", "amuont > 1", 0}};
  FAILS(KITH_ERROR_INVALID, "amount", kith_pipeline_create(work, "P", 1, stage, 1, NULL, e));
  FAILS(KITH_ERROR_INVALID, "stage", kith_pipeline_create(work, "P", 1, NULL, 0, NULL, e));
  FAILS(KITH_ERROR_NOT_FOUND, "", kith_customer_assign(work, customer, 4711, e));
  FAILS(KITH_ERROR_INVALID, "", kith_plan_add(work, "{\"format\": 1}", KITH_NUL, NULL, e));
  CHECK(check_error.violations > 1);
  FAILS(KITH_ERROR_INVALID, "plan", kith_plan_assign(work, "none", KITH_NUL, 0, 1, 0, KITH_OPEN, NULL, e));
  FAILS(KITH_ERROR_INVALID, "2026", kith_commission_run(work, "2026-Q9", KITH_NUL, NULL, e));
  kith_run_result unsized = {0};
  FAILS(KITH_ERROR_MISUSE, "struct_size", kith_commission_run(work, "2026-Q1", KITH_NUL, &unsized, e));
  FAILS(KITH_ERROR_INVALID, "", kith_grant_set(work, "nobody", "*", 1, 1, e));
  FAILS(KITH_ERROR_NOT_FOUND, "", kith_explain_line(kith_work_reader(work), 4711, "text", &(kith_text*){NULL}, e));
  kith_receipt receipt = {.struct_size = sizeof receipt};
  OK(kith_work_commit(work, NULL, 0, &receipt, e));
  CHECK_INT(0, receipt.seq); /* it wrote nothing */
  kith_work_free(work);
  digest_of(after);
  CHECK_TEXT(before, after);
}

static void messages_are_cut_between_characters(void) {
  kith_work* work = begin(w);
  char name[4000];
  for (size_t i = 0; i + 3 < sizeof name; i += 3) memcpy(name + i, "宏", 3);
  const char* names[1] = {name};
  name[3996] = '\0';
  kith_table* table = NULL;
  const kith_query query = {.struct_size = sizeof query, .order = names, .order_count = 1};
  FAILS(KITH_ERROR_INVALID, "", kith_find(kith_work_reader(work), "customer", &query, &table, &check_error));
  const size_t size = strlen(check_error.field);
  CHECK(size != 0 && size < sizeof check_error.field && size % 3 == 0);
  CHECK_TEXT("宏", check_error.field + size - 3);
  CHECK(strlen(check_error.message) < sizeof check_error.message);
  kith_work_free(work);
}

static void works_end_once(void) {
  char before[65], after[65];
  digest_of(before);
  kith_work* work = begin(w);
  kith_work* second = NULL;
  FAILS(KITH_ERROR_MISUSE, "open Work", kith_work_begin(w.session, NULL, &second, &check_error));
  create(work, record_of(w, "customer", "name", "Never"));
  kith_work_free(work); /* rolls back */
  digest_of(after);
  CHECK_TEXT(before, after);

  work = begin(w);
  create(work, record_of(w, "customer", "name", "Ever"));
  const kith_reader* view = kith_work_reader(work);
  OK(kith_work_commit(work, NULL, 0, NULL, &check_error));
  kith_record* record = record_of(w, "customer", "name", "Late");
  FAILS(KITH_ERROR_MISUSE, "ended", kith_create(work, record, NULL, &check_error));
  kith_record_free(record);
  FAILS(KITH_ERROR_MISUSE, "ended", kith_work_commit(work, NULL, 0, NULL, &check_error));
  kith_table* table = NULL;
  FAILS(KITH_ERROR_MISUSE, "ended", kith_find(view, "customer", NULL, &table, &check_error));
  FAILS(KITH_ERROR_MISUSE, "ended", kith_get(view, "customer", customer, &record, &check_error));
  FAILS(KITH_ERROR_MISUSE, "ended", kith_deal_lose(work, deal, KITH_TODAY, "late", KITH_NUL, &check_error));
  kith_receipt unsized = {0};
  FAILS(KITH_ERROR_MISUSE, "struct_size", kith_work_commit(work, NULL, 0, &unsized, &check_error));
  kith_work_free(work);
}

static void objects_outlive_what_they_came_from(void) {
  world other = open_world("memory:");
  kith_reader* reader = NULL;
  OK(kith_reader_open(other.session, NULL, &reader, &check_error));
  kith_work* work = begin(other);
  const int64_t id = create(work, record_of(other, "customer", "name", "Acme"));
  kith_store_free(other.store);
  kith_session_free(other.session);
  kith_record* record = NULL;
  OK(kith_get(kith_work_reader(work), "customer", id, &record, &check_error));
  commit(work);
  FAILS(KITH_ERROR_NOT_FOUND, "", kith_get(reader, "customer", id, &record, &check_error)); /* an older snapshot */
  kith_table* table = NULL;
  OK(kith_find(reader, "lifecycle_stage", NULL, &table, &check_error));
  kith_reader_free(reader);
  CHECK_TEXT("subscriber", cell_of(table, 0, "name").text);
  CHECK_TEXT("Acme", field_of(record, "name").text);
  kith_table_free(table);
  kith_record_free(record);
}

static void a_busy_store_says_so(void) {
  char url[600];
  const char* path = scratch("busy.kith");
  remove_store(path);
  snprintf(url, sizeof url, "sqlite:%s", path);
  kith_options options = check_options();
  options.busy_ms = 1;
  kith_store* store = NULL;
  OK(kith_open(url, KITH_NUL, &options, &store, &check_error));
  kith_session *one = NULL, *two = NULL;
  OK(kith_session_open(store, NULL, 0, &one, &check_error));
  OK(kith_session_open(store, NULL, 0, &two, &check_error));
  kith_work *first = NULL, *second = NULL;
  OK(kith_work_begin(one, NULL, &first, &check_error));
  FAILS(KITH_ERROR_BUSY, "", kith_work_begin(two, NULL, &second, &check_error));
  kith_work_free(first);
  OK(kith_work_begin(two, NULL, &second, &check_error));
  kith_work_free(second);
  kith_session_free(one);
  kith_session_free(two);
  kith_store_free(store);

  options.read_only = 1;
  OK(kith_open(url, KITH_NUL, &options, &store, &check_error));
  OK(kith_session_open(store, NULL, 0, &one, &check_error));
  CHECK(kith_work_begin(one, NULL, &first, &check_error) != KITH_OK);
  CHECK(check_error.message[0] != '\0');
  kith_session_free(one);
  kith_store_free(store);
  remove_store(path);
}

int main(int argc, char** argv) {
  (void)argc;
  check_program = argv[0];
  set_day(2026, 3, 1);
  w = open_world("memory:");
  furnish();
  RUN(null_where_an_object_must_be);
  RUN(null_where_files_are_made);
  RUN(a_connection_that_is_none);
  RUN(null_for_a_work);
  RUN(null_inside_a_work);
  RUN(answers_without_a_code);
  RUN(the_error_may_be_left_out);
  RUN(stores_that_cannot_be_opened);
  RUN(names_that_do_not_exist);
  RUN(queries_that_cannot_be_read);
  RUN(stale_records_are_refused);
  RUN(entities_with_verbs_of_their_own);
  RUN(verbs_that_are_refused_change_nothing);
  RUN(messages_are_cut_between_characters);
  RUN(works_end_once);
  RUN(objects_outlive_what_they_came_from);
  RUN(a_busy_store_says_so);
  close_world(w);
  return check_end();
}
