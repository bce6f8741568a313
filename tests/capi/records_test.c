/* SPDX-License-Identifier: Apache-2.0 */
/* Records by field name, tables, the Arrow stream and the data dictionary. */
#include "check.h"

static world w;

static void record_keeps_every_type(void) {
  kith_record* record = NULL;
  OK(kith_record_new(w.store, "opportunities", &record, &check_error)); /* plural names the entity too */
  CHECK_TEXT("opportunity", kith_record_entity(record));
  set_text(record, "title", "Big one");
  const kith_value money = money_value(123456, "USD");
  OK(kith_record_set(record, "amount", &money, &check_error));
  const kith_value half = {.type = KITH_DECIMAL, .integer = 5, .scale = 1};
  OK(kith_record_set(record, "probability", &half, &check_error));
  const kith_value on = integer_value(KITH_DATE, day(2017, 3, 1));
  OK(kith_record_set(record, "engaged_on", &on, &check_error));
  set_text(record, "expected_on", "2017-06-30");
  set_text(record, "status", "open");
  set_id(record, "customer", 77);

  CHECK_TEXT("Big one", field_of(record, "title").text);
  CHECK_INT(7, field_of(record, "title").size);
  const kith_value amount = field_of(record, "amount");
  CHECK_INT(KITH_MONEY, amount.type);
  CHECK_INT(123456, amount.integer);
  CHECK_TEXT("USD", amount.currency);
  const kith_value probability = field_of(record, "probability");
  CHECK_INT(KITH_DECIMAL, probability.type);
  CHECK_INT(500000000, probability.integer);
  CHECK_INT(9, probability.scale);
  CHECK_INT(KITH_DATE, field_of(record, "engaged_on").type);
  CHECK_INT(day(2017, 3, 1), field_of(record, "engaged_on").integer);
  CHECK_INT(day(2017, 6, 30), field_of(record, "expected_on").integer);
  CHECK_INT(KITH_TEXT, field_of(record, "status").type);
  CHECK_TEXT("open", field_of(record, "status").text);
  CHECK_INT(KITH_ID, field_of(record, "customer").type);
  CHECK_INT(77, field_of(record, "customer").integer);
  CHECK_INT(KITH_NULL, field_of(record, "closed_on").type);

  const kith_value nothing = {.type = KITH_NULL};
  OK(kith_record_set(record, "amount", &nothing, &check_error));
  CHECK_INT(KITH_NULL, field_of(record, "amount").type);
  OK(kith_record_set_text(record, "amount", "1234.5", KITH_NUL, &check_error));
  CHECK_INT(123450, field_of(record, "amount").integer);
  kith_record_free(record);

  OK(kith_record_new(w.store, "product", &record, &check_error));
  CHECK_INT(KITH_BOOLEAN, field_of(record, "active").type);
  CHECK_INT(1, field_of(record, "active").integer);
  set_text(record, "active", "no");
  CHECK_INT(0, field_of(record, "active").integer);
  kith_record_free(record);
}

static void texts_live_until_the_field_is_asked_again(void) {
  kith_record* record = record_of(w, "customer", "name", "First");
  const kith_value name = field_of(record, "name");
  const kith_value kind = field_of(record, "kind");
  set_text(record, "name", "Second");
  CHECK_TEXT("First", name.text);
  CHECK_TEXT("organisation", kind.text);
  CHECK_TEXT("Second", field_of(record, "name").text);
  kith_record_free(record);
}

static void setting_is_checked(void) {
  kith_record* record = record_of(w, "opportunity", "title", "Deal");
  kith_value value = integer_value(KITH_INTEGER, 5);
  FAILS(KITH_ERROR_INVALID, "amount", kith_record_set(record, "amount", &value, &check_error));
  CHECK_TEXT("opportunity", check_error.entity);
  CHECK_TEXT("amount", check_error.field);
  CHECK_INT(1, check_error.violations);
  FAILS(KITH_ERROR_INVALID, "amount", kith_record_set(record, "amuont", &value, &check_error));
  FAILS(KITH_ERROR_INVALID, "kept", kith_record_set(record, "revision", &value, &check_error));
  FAILS(KITH_ERROR_INVALID, "kept", kith_record_set_text(record, "id", "7", KITH_NUL, &check_error));
  FAILS(KITH_ERROR_INVALID, "open", kith_record_set_text(record, "status", "opne", KITH_NUL, &check_error));
  FAILS(KITH_ERROR_INVALID, "engaged_on",
        kith_record_set_text(record, "engaged_on", "2017-02-30", KITH_NUL, &check_error));
  FAILS(KITH_ERROR_INVALID, "digits", kith_record_set_text(record, "amount", "1.001", KITH_NUL, &check_error));
  FAILS(KITH_ERROR_INVALID, "UTF-8", kith_record_set_text(record, "title", "a\xff", KITH_NUL, &check_error));
  value = integer_value(KITH_BOOLEAN, 2);
  FAILS(KITH_ERROR_INVALID, "boolean", kith_record_set(record, "title", &value, &check_error));
  value = integer_value(KITH_DATE, INT64_C(1) << 40);
  FAILS(KITH_ERROR_INVALID, "day", kith_record_set(record, "engaged_on", &value, &check_error));
  value = integer_value(KITH_DECIMAL, 1);
  value.scale = 19;
  FAILS(KITH_ERROR_INVALID, "18", kith_record_set(record, "probability", &value, &check_error));
  value = money_value(100, "XXQ");
  FAILS(KITH_ERROR_INVALID, "XXQ", kith_record_set(record, "amount", &value, &check_error));
  value = integer_value(4, 1);
  FAILS(KITH_ERROR_MISUSE, "type", kith_record_set(record, "title", &value, &check_error));
  value = text_value("x");
  value.reserved = 1;
  FAILS(KITH_ERROR_MISUSE, "reserved", kith_record_set(record, "title", &value, &check_error));
  CHECK_TEXT("Deal", field_of(record, "title").text);
  kith_record_free(record);
}

static void money_has_one_currency(void) {
  kith_record* record = record_of(w, "opportunity", "title", "Deal");
  kith_value value = money_value(500, "JPY");
  OK(kith_record_set(record, "amount", &value, &check_error)); /* the record had none yet */
  CHECK_TEXT("JPY", field_of(record, "currency").text);
  value = money_value(500, "EUR");
  FAILS(KITH_ERROR_INVALID, "JPY", kith_record_set(record, "amount", &value, &check_error));
  FAILS(KITH_ERROR_INVALID, "JPY", kith_record_set_text(record, "currency", "EUR", KITH_NUL, &check_error));
  const kith_value nothing = {.type = KITH_NULL};
  OK(kith_record_set(record, "amount", &nothing, &check_error));
  set_text(record, "currency", "EUR");
  OK(kith_record_set(record, "amount", &value, &check_error));
  CHECK_TEXT("EUR", field_of(record, "amount").currency);
  kith_record_free(record);
}

static void table_of_a_query(void) {
  kith_work* work = begin(w);
  for (int i = 0; i < 5; ++i) {
    char name[32], phone[8];
    snprintf(name, sizeof name, "Customer %c", 'A' + i);
    snprintf(phone, sizeof phone, "%d", 100 + i);
    kith_record* record = record_of(w, "customer", "name", name);
    if (i != 2) set_text(record, "phone", phone);
    if (i == 4) set_text(record, "kind", "person");
    create(work, record);
  }
  const char* order[] = {"name desc"};
  const char* fields[] = {"name", "phone", "kind"};
  const kith_parameter most[] = {{"most", text_value("Customer D")}};
  const kith_query query = {.struct_size = sizeof query,
                            .where = "name <= :most",
                            .parameters = most,
                            .parameter_count = 1,
                            .order = order,
                            .order_count = 1,
                            .fields = fields,
                            .field_count = 3,
                            .limit = 3};
  kith_table* table = NULL;
  OK(kith_find(kith_work_reader(work), "customers", &query, &table, &check_error));
  kith_work_free(work); /* rolls back; the table is a copy */
  CHECK_INT(3, kith_table_rows(table));
  CHECK_INT(3, kith_table_columns(table));
  CHECK_TEXT("name", kith_table_column_name(table, 0));
  CHECK_INT(KITH_TEXT, kith_table_column_type(table, 2));
  CHECK_TEXT("", kith_table_column_name(table, 3));
  CHECK_INT(KITH_NULL, kith_table_column_type(table, 3));
  const kith_value first = cell_of(table, 0, "name");
  CHECK_TEXT("Customer D", first.text);
  CHECK_TEXT("Customer C", cell_of(table, 1, "name").text);
  CHECK_INT(KITH_NULL, cell_of(table, 1, "phone").type);
  CHECK_TEXT("101", cell_of(table, 2, "phone").text);
  CHECK_TEXT("organisation", cell_of(table, 2, "kind").text);
  CHECK(first.text == cell_of(table, 0, "name").text); /* stays where it is */
  kith_value value = {0};
  FAILS(KITH_ERROR_MISUSE, "row", kith_table_value(table, 3, 0, &value, &check_error));
  FAILS(KITH_ERROR_MISUSE, "column", kith_table_value(table, 0, 3, &value, &check_error));

  kith_text* json = NULL;
  OK(kith_table_to_json(table, &json, &check_error));
  CHECK_TEXT(
      "[{\"name\":\"Customer D\",\"phone\":\"103\",\"kind\":\"organisation\"},"
      "{\"name\":\"Customer C\",\"phone\":null,\"kind\":\"organisation\"},"
      "{\"name\":\"Customer B\",\"phone\":\"101\",\"kind\":\"organisation\"}]",
      kith_text_data(json));
  CHECK_INT(strlen(kith_text_data(json)), kith_text_size(json));
  kith_text_free(json);
  kith_table_free(table);

  kith_reader* reader = NULL;
  OK(kith_reader_open(w.session, NULL, &reader, &check_error));
  table = NULL;
  OK(kith_find(reader, "customer", NULL, &table, &check_error));
  CHECK_INT(0, kith_table_rows(table));
  kith_table_free(table);
  kith_reader_free(reader);
}

static int64_t new_deal(kith_work* work, const char* title, int64_t minor) {
  kith_record* deal = record_of(w, "opportunity", "title", title);
  const kith_value amount = money_value(minor, "USD");
  OK(kith_record_set(deal, "amount", &amount, &check_error));
  set_text(deal, "engaged_on", "2017-01-01");
  return create(work, deal);
}

static void records_come_from_arrow(void) {
  kith_work* work = begin(w);
  kith_record* record = NULL;
  OK(kith_record_new(w.store, "customer", &record, &check_error));
  OK(kith_record_set_text(record, "name", "Streamed", KITH_NUL, &check_error));
  OK(kith_create(work, record, NULL, &check_error));
  kith_record_free(record);
  const char* fields[] = {"name", "sector"};
  const kith_query query = {
      .struct_size = sizeof query, .where = "name = 'Streamed'", .fields = fields, .field_count = 2};
  kith_table* table = NULL;
  OK(kith_find(kith_work_reader(work), "customer", &query, &table, &check_error));
  struct ArrowArrayStream stream;
  OK(kith_table_stream(table, &stream, &check_error));
  kith_table* ids = NULL;
  OK(kith_create_stream(work, "customer", &stream, &ids, &check_error));
  CHECK(stream.release == NULL);
  CHECK_INT(1, kith_table_rows(ids));
  CHECK_TEXT("id", kith_table_column_name(ids, 0));
  kith_table_free(ids);
  FAILS(KITH_ERROR_MISUSE, "released", kith_create_stream(work, "customer", &stream, NULL, &check_error));
  FAILS(KITH_ERROR_MISUSE, "stream", kith_create_stream(work, "customer", NULL, NULL, &check_error));
  OK(kith_table_stream(table, &stream, &check_error));
  FAILS(KITH_ERROR_INVALID, "deal", kith_create_stream(work, "deal", &stream, NULL, &check_error));
  CHECK(stream.release != NULL);
  stream.release(&stream);
  kith_table_free(table);
  OK(kith_find(kith_work_reader(work), "customer", &query, &table, &check_error));
  CHECK_INT(2, kith_table_rows(table));
  kith_table_free(table);
  kith_work_free(work);
}

static int32_t update_from(kith_work* work, kith_table* table, int64_t* changed) {
  struct ArrowArrayStream stream;
  OK(kith_table_stream(table, &stream, &check_error));
  const int32_t code = kith_update_stream(work, "customer", &stream, changed, &check_error);
  CHECK(stream.release == NULL);
  return code;
}

static void records_change_from_arrow(void) {
  kith_work* work = begin(w);
  int64_t id = 0;
  kith_record* record = record_of(w, "customer", "name", "Columnar");
  set_text(record, "sector", "before");
  OK(kith_create(work, record, &id, &check_error));
  kith_record_free(record);
  const char* fields[] = {"id", "revision", "sector"};
  const kith_query query = {
      .struct_size = sizeof query, .where = "name = 'Columnar'", .fields = fields, .field_count = 3};
  kith_table* before = NULL;
  OK(kith_find(kith_work_reader(work), "customer", &query, &before, &check_error));
  int64_t changed = -1;
  OK(update_from(work, before, &changed));
  CHECK_INT(0, changed); /* it is so already */

  OK(kith_get(kith_work_reader(work), "customer", id, &record, &check_error));
  set_text(record, "sector", "after");
  OK(kith_update(work, record, &check_error));
  kith_record_free(record);
  kith_table* after = NULL;
  OK(kith_find(kith_work_reader(work), "customer", &query, &after, &check_error));
  FAILS(KITH_ERROR_CONFLICT, "revision", update_from(work, before, &changed)); /* read before the change */
  CHECK_INT(0, changed);
  OK(update_from(work, after, NULL));

  const char* two[] = {"id", "sector"};
  const kith_query blind = {.struct_size = sizeof blind, .where = "name = 'Columnar'", .fields = two, .field_count = 2};
  kith_table* now = NULL;
  OK(kith_find(kith_work_reader(work), "customer", &blind, &now, &check_error));
  OK(kith_get(kith_work_reader(work), "customer", id, &record, &check_error));
  set_text(record, "sector", "again");
  OK(kith_update(work, record, &check_error));
  kith_record_free(record);
  OK(update_from(work, now, &changed)); /* without a revision the last one counts */
  CHECK_INT(1, changed);
  OK(kith_get(kith_work_reader(work), "customer", id, &record, &check_error));
  CHECK_TEXT("after", field_of(record, "sector").text);
  kith_record_free(record);
  FAILS(KITH_ERROR_MISUSE, "stream", kith_update_stream(work, "customer", NULL, NULL, &check_error));
  kith_table_free(before);
  kith_table_free(after);
  kith_table_free(now);
  kith_work_free(work);
}

static void arrow_stream_outlives_the_table(void) {
  kith_work* work = begin(w);
  const kith_stage stages[] = {{"Only", NULL, 500000000}};
  OK(kith_pipeline_create(work, "Arrow", KITH_NUL, stages, 1, NULL, &check_error));
  const int64_t id = new_deal(work, "one", 1050);
  new_deal(work, "two", INT64_C(5000000000));
  const char* fields[] = {"id", "title", "amount", "engaged_on", "status"};
  const kith_query query = {.struct_size = sizeof query, .fields = fields, .field_count = 5};
  kith_table* table = NULL;
  OK(kith_find(kith_work_reader(work), "opportunity", &query, &table, &check_error));
  struct ArrowArrayStream stream;
  OK(kith_table_stream(table, &stream, &check_error));
  kith_table_free(table);
  kith_work_free(work);

  struct ArrowSchema schema;
  CHECK_INT(0, stream.get_schema(&stream, &schema));
  CHECK_INT(6, schema.n_children);
  CHECK_TEXT("+s", schema.format);
  CHECK_TEXT("l", schema.children[0]->format);
  CHECK_TEXT("amount", schema.children[2]->name);
  CHECK_TEXT("d:38,2", schema.children[2]->format);
  CHECK_TEXT("amount_currency", schema.children[3]->name);
  CHECK_TEXT("tdD", schema.children[4]->format);
  CHECK_TEXT("u", schema.children[5]->format);
  schema.release(&schema);
  CHECK(schema.release == NULL);

  struct ArrowArray batch, end;
  CHECK_INT(0, stream.get_next(&stream, &batch));
  CHECK_INT(0, stream.get_next(&stream, &end));
  CHECK(end.release == NULL);
  stream.release(&stream);
  CHECK(stream.release == NULL);
  CHECK_INT(2, batch.length);
  CHECK_INT(id, ((const int64_t*)batch.children[0]->buffers[1])[0]);
  const int64_t* amounts = batch.children[2]->buffers[1]; /* low word, high word */
  CHECK_INT(1050, amounts[0]);
  CHECK_INT(0, amounts[1]);
  CHECK_INT(INT64_C(5000000000), amounts[2]);
  CHECK_INT(0, amounts[3]);
  CHECK_INT(0, memcmp(batch.children[3]->buffers[2], "USDUSD", 6));
  CHECK_INT(day(2017, 1, 1), ((const int32_t*)batch.children[4]->buffers[1])[1]);
  CHECK_INT(0, memcmp(batch.children[5]->buffers[2], "openopen", 8));
  batch.release(&batch);
  CHECK(batch.release == NULL);
}

static void queries_stream_without_a_table(void) {
  kith_work* work = begin(w);
  for (int i = 0; i < 1500; ++i) {
    char name[32];
    snprintf(name, sizeof name, "Flow %d", i);
    kith_record* record = record_of(w, "customer", "name", name);
    OK(kith_create(work, record, NULL, &check_error));
    kith_record_free(record);
  }
  commit(work);
  kith_reader* reader = NULL;
  OK(kith_reader_open(w.session, NULL, &reader, &check_error));
  const char* fields[] = {"name"};
  const kith_query query = {
      .struct_size = sizeof query, .where = "name starts with 'Flow'", .fields = fields, .field_count = 1};
  struct ArrowArrayStream stream;
  OK(kith_find_stream(reader, "customer", &query, &stream, &check_error));
  kith_reader_free(reader); /* the stream keeps what it reads */
  struct ArrowSchema schema;
  CHECK_INT(0, stream.get_schema(&stream, &schema));
  CHECK_INT(1, schema.n_children);
  CHECK_TEXT("name", schema.children[0]->name);
  schema.release(&schema);
  int64_t rows = 0;
  for (;;) {
    struct ArrowArray batch;
    CHECK_INT(0, stream.get_next(&stream, &batch));
    if (batch.release == NULL) break;
    rows += batch.length;
    batch.release(&batch);
  }
  CHECK_INT(1500, rows);
  stream.release(&stream);

  work = begin(w);
  OK(kith_find_stream(kith_work_reader(work), "customer", &query, &stream, &check_error));
  kith_work_free(work);
  struct ArrowArray batch;
  CHECK(stream.get_next(&stream, &batch) != 0);
  CHECK(strstr(stream.get_last_error(&stream), "ended") != NULL);
  stream.release(&stream);
  const kith_query wrong = {.struct_size = sizeof wrong, .where = "nam = 'x'"};
  work = begin(w);
  FAILS(KITH_ERROR_INVALID, "name",
        kith_find_stream(kith_work_reader(work), "customer", &wrong, &stream, &check_error));
  FAILS(KITH_ERROR_MISUSE, "out", kith_find_stream(kith_work_reader(work), "customer", &query, NULL, &check_error));
  kith_work_free(work);
}

static void dictionary_describes_the_store(void) {
  kith_table* table = NULL;
  OK(kith_entities(w.store, &table, &check_error));
  size_t customers = kith_table_rows(table);
  for (size_t row = 0; row < kith_table_rows(table); ++row) {
    if (strcmp(cell_of(table, row, "name").text, "customer") == 0) customers = row;
  }
  CHECK(customers < kith_table_rows(table));
  CHECK_TEXT("customers", cell_of(table, customers, "plural").text);
  CHECK_TEXT("versioned", cell_of(table, customers, "keeping").text);
  CHECK_INT(1, cell_of(table, customers, "create").integer);
  kith_table_free(table);

  table = NULL;
  OK(kith_fields(w.store, "opportunity", &table, &check_error));
  kith_record* deal = NULL;
  OK(kith_record_new(w.store, "opportunity", &deal, &check_error));
  CHECK(kith_table_rows(table) > 15);
  for (size_t row = 0; row < kith_table_rows(table); ++row) {
    const char* name = cell_of(table, row, "name").text;
    field_of(deal, name); /* every field of the dictionary can be asked for */
    if (strcmp(name, "status") == 0) CHECK_TEXT("open,won,lost,void", cell_of(table, row, "choices").text);
    if (strcmp(name, "probability") == 0) CHECK_INT(9, cell_of(table, row, "scale").integer);
    if (strcmp(name, "seq") == 0) CHECK_INT(1, cell_of(table, row, "kept").integer);
    if (strcmp(name, "customer") == 0) CHECK_TEXT("customer", cell_of(table, row, "refers_to").text);
    if (strcmp(name, "engaged_on") == 0) CHECK_TEXT("engaged on", cell_of(table, row, "label").text);
  }
  kith_record_free(deal);
  kith_table_free(table);

  kith_text* text = NULL;
  OK(kith_doctor(w.store, &text, &check_error));
  CHECK(strncmp(kith_text_data(text), "kith ", 5) == 0);
  CHECK(kith_text_size(text) > 10);
  kith_text_free(text);
}

static void reports_say_what_they_take(void) {
  kith_table* reports = NULL;
  OK(kith_reports(w.store, &reports, &check_error));
  CHECK_TEXT("name", kith_table_column_name(reports, 0));
  for (size_t row = 0; row < kith_table_rows(reports); ++row) {
    kith_table* parameters = NULL;
    OK(kith_report_parameters(w.store, cell_of(reports, row, "name").text, &parameters, &check_error));
    CHECK_TEXT("required", kith_table_column_name(parameters, 2));
    kith_table_free(parameters);
  }
  kith_table_free(reports);
}

int main(int argc, char** argv) {
  (void)argc;
  check_program = argv[0];
  set_day(2017, 1, 2);
  w = open_world("memory:");
  RUN(record_keeps_every_type);
  RUN(texts_live_until_the_field_is_asked_again);
  RUN(setting_is_checked);
  RUN(money_has_one_currency);
  RUN(table_of_a_query);
  RUN(arrow_stream_outlives_the_table);
  RUN(records_come_from_arrow);
  RUN(records_change_from_arrow);
  RUN(queries_stream_without_a_table);
  RUN(dictionary_describes_the_store);
  RUN(reports_say_what_they_take);
  close_world(w);
  return check_end();
}
