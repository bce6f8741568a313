/* SPDX-License-Identifier: Apache-2.0 */
/* A plan whose computation stays: events as JSON and as an Arrow stream, changes, tables, explanations. */
#include "check.h"

static const char plan[] =
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

#define EVENT(id, version, amount)                                                        \
  "{\"source\":\"shop\",\"id\":\"" id "\",\"version\":" version                           \
  ",\"type\":\"order\",\"date\":\"2025-01-07\",\"currency\":\"USD\",\"amount\":\"" amount \
  "\",\"splits\":[{\"person\":\"ann\",\"role\":\"primary\",\"share\":\"1\"}]}"

/* What the computation says is what computing everything says. */
static void expect_same(const kith_computation* computation, const char* events) {
  char inputs[2000];
  kith_text *whole = NULL, *kept = NULL;
  snprintf(inputs, sizeof inputs, "{\"format\":\"kith.inputs/1\",\"events\":[%s]}", events);
  OK(kith_plan_compute(plan, KITH_NUL, inputs, KITH_NUL, &whole, &check_error));
  OK(kith_computation_result(computation, &kept, &check_error));
  CHECK_TEXT(kith_text_data(whole), kith_text_data(kept));
  kith_text_free(whole);
  kith_text_free(kept);
}

static void a_changed_event_changes_what_depends_on_it(void) {
  static const char inputs[] =
      "{\"format\":\"kith.inputs/1\",\"events\":[" EVENT("1", "1", "800.00") "," EVENT("2", "1", "400.00") "]}";
  kith_computation* computation = NULL;
  kith_table* table = NULL;
  kith_text* text = NULL;
  OK(kith_computation_new(plan, KITH_NUL, inputs, KITH_NUL, NULL, &computation, &check_error));
  OK(kith_computation_table(computation, "statements", &table, &check_error));
  CHECK_INT(6600, cell_of(table, 0, "amount").integer);
  kith_table_free(table);

  OK(kith_computation_change(computation, "[" EVENT("2", "2", "1400.00") "]", KITH_NUL, NULL, &table, &check_error));
  CHECK_INT(1, kith_table_rows(table));
  CHECK_INT(14600, cell_of(table, 0, "amount").integer);
  kith_table_free(table);
  expect_same(computation, EVENT("1", "1", "800.00") "," EVENT("2", "2", "1400.00"));
  OK(kith_computation_explain(computation, "ann", "revenue", "2025-01", "en", &text, &check_error));
  CHECK(strstr(kith_text_data(text), "row 2: 1200 x 0.08 = 96") != NULL);
  kith_text_free(text);

  FAILS(KITH_ERROR_CONFLICT, "two contents",
        kith_computation_change(computation, "[" EVENT("3", "1", "1.00") "," EVENT("2", "2", "1.00") "]", KITH_NUL,
                                NULL, NULL, &check_error));
  expect_same(computation, EVENT("1", "1", "800.00") "," EVENT("2", "2", "1400.00"));
  FAILS(KITH_ERROR_INVALID, "statements", kith_computation_table(computation, "totals", &table, &check_error));
  FAILS(KITH_ERROR_NOT_FOUND, "bob",
        kith_computation_explain(computation, "bob", "revenue", "2025-01", "en", &text, &check_error));
  FAILS(KITH_ERROR_MISUSE, "computation", kith_computation_change(NULL, NULL, 0, NULL, NULL, &check_error));
  kith_computation_free(computation);
  kith_computation_free(NULL);
}

/* One batch of two rows, in the caller's memory. */
#define COLUMNS 9
static int released;
static void release_schema(struct ArrowSchema* schema) { schema->release = NULL; }
static void release_array(struct ArrowArray* array) { array->release = NULL; }
static void release_stream(struct ArrowArrayStream* stream) {
  stream->release = NULL;
  ++released;
}
static const char* names[COLUMNS] = {"source", "id", "type", "date", "currency", "amount", "person", "role", "share"};
static const char* formats[COLUMNS] = {"u", "l", "u", "tdD", "u", "u", "u", "u", "u"};
static struct ArrowSchema schemas[COLUMNS], *schema_places[COLUMNS];
static int get_schema(struct ArrowArrayStream* stream, struct ArrowSchema* out) {
  (void)stream;
  for (int i = 0; i < COLUMNS; ++i) {
    schemas[i] = (struct ArrowSchema){.format = formats[i], .name = names[i], .release = release_schema};
    schema_places[i] = &schemas[i];
  }
  *out = (struct ArrowSchema){
      .format = "+s", .name = "", .n_children = COLUMNS, .children = schema_places, .release = release_schema};
  return 0;
}
static const int32_t days[] = {20095, 20096}; /* 2025-01-07, 2025-01-08 */
static const int64_t ids[] = {1, 2};
static const int32_t offsets[COLUMNS][3] = {{0, 4, 8},  {0},       {0, 5, 10}, {0},      {0, 3, 6},
                                            {0, 6, 12}, {0, 3, 6}, {0, 7, 14}, {0, 1, 2}};
static const char* texts[COLUMNS] = {"shopshop",     "",       "orderorder",     "",  "USDUSD",
                                     "800.00400.00", "annann", "primaryprimary", "11"};
static const void* buffers[COLUMNS][3];
static const void* no_buffers[1];
static struct ArrowArray arrays[COLUMNS], *array_places[COLUMNS];
static int get_next(struct ArrowArrayStream* stream, struct ArrowArray* out) {
  *out = (struct ArrowArray){0};
  if (stream->private_data == NULL) return 0; /* the end */
  stream->private_data = NULL;
  for (int i = 0; i < COLUMNS; ++i) {
    const int is_text = formats[i][0] == 'u';
    buffers[i][1] = is_text ? (const void*)offsets[i] : i == 1 ? (const void*)ids : (const void*)days;
    buffers[i][2] = texts[i];
    arrays[i] =
        (struct ArrowArray){.length = 2, .n_buffers = is_text ? 3 : 2, .buffers = buffers[i], .release = release_array};
    array_places[i] = &arrays[i];
  }
  *out = (struct ArrowArray){.length = 2,
                             .n_buffers = 1,
                             .buffers = no_buffers,
                             .n_children = COLUMNS,
                             .children = array_places,
                             .release = release_array};
  return 0;
}
static const char* no_error(struct ArrowArrayStream* stream) {
  (void)stream;
  return NULL;
}
static struct ArrowArrayStream two_orders(void) {
  return (struct ArrowArrayStream){.get_schema = get_schema,
                                   .get_next = get_next,
                                   .get_last_error = no_error,
                                   .release = release_stream,
                                   .private_data = &released};
}

static void events_come_as_an_arrow_stream(void) {
  static const char both[] =
      EVENT("1", "1", "800.00") ",{\"source\":\"shop\",\"id\":\"2\",\"type\":\"order\",\"date\":\"2025-01-08\","
      "\"currency\":\"USD\",\"amount\":\"400.00\",\"splits\":[{\"person\":\"ann\",\"role\":\"primary\",\"share\":"
      "\"1\"}]}";
  kith_computation* computation = NULL;
  struct ArrowArrayStream stream = two_orders();
  OK(kith_computation_new(plan, KITH_NUL, NULL, 0, &stream, &computation, &check_error));
  CHECK_INT(1, released);
  expect_same(computation, both);
  kith_computation_free(computation);

  OK(kith_computation_new(plan, KITH_NUL, NULL, 0, NULL, &computation, &check_error));
  stream = two_orders();
  OK(kith_computation_change(computation, NULL, 0, &stream, NULL, &check_error));
  expect_same(computation, both);
  kith_computation_free(computation);

  computation = NULL;
  stream = two_orders();
  FAILS(KITH_ERROR_INVALID, "format",
        kith_computation_new("{}", KITH_NUL, NULL, 0, &stream, &computation, &check_error));
  CHECK(computation == NULL);
  CHECK_INT(3, released);
}

int main(int argc, char** argv) {
  (void)argc;
  check_program = argv[0];
  RUN(a_changed_event_changes_what_depends_on_it);
  RUN(events_come_as_an_arrow_stream);
  return check_end();
}
