/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions by themselves: checked, printed back, as a tree, evaluated, explained, and their faults. */
#include "story.h"

static kith_expression expression_of(const char* text) {
  const kith_expression made = {.struct_size = sizeof made, .text = text};
  return made;
}

static void canonical_text_and_tree_give_the_same_expression(void) {
  story s = tell("memory:");
  kith_reader* reader = look(&s, 0);
  kith_expression source = expression_of("not (amount < 5.00 USD) AND title contains 'x'");
  kith_text* text = NULL;
  kith_text* json = NULL;
  int32_t type = 0;
  OK(kith_expression_check(reader, "opportunity", &source, &text, &json, &type, &check_error));
  CHECK_TEXT("amount >= 5.00 USD and title contains 'x'", kith_text_data(text));
  CHECK_INT(KITH_BOOLEAN, type);
  const kith_expression tree = {.struct_size = sizeof tree, .json = kith_text_data(json)};
  kith_text* again = NULL;
  kith_text* json_again = NULL;
  OK(kith_expression_check(reader, "opportunity", &tree, &again, &json_again, NULL, &check_error));
  CHECK_TEXT(kith_text_data(text), kith_text_data(again));
  CHECK_TEXT(kith_text_data(json), kith_text_data(json_again));
  kith_text_free(text);
  kith_text_free(json);
  kith_text_free(again);
  kith_text_free(json_again);

  source.text = "amount * 2";
  OK(kith_expression_check(reader, "opportunity", &source, NULL, NULL, &type, &check_error));
  CHECK_INT(KITH_MONEY, type);
  source.text = "status";
  OK(kith_expression_check(reader, "opportunity", &source, NULL, NULL, &type, &check_error));
  CHECK_INT(KITH_TEXT, type);

  const kith_expression broken = {.struct_size = sizeof broken, .json = "{\"op\":\"guess\",\"args\":[]}"};
  FAILS(KITH_ERROR_INVALID, "guess",
        kith_expression_check(reader, "opportunity", &broken, NULL, NULL, NULL, &check_error));
  const kith_expression neither = {.struct_size = sizeof neither};
  FAILS(KITH_ERROR_MISUSE, "json",
        kith_expression_check(reader, "opportunity", &neither, NULL, NULL, NULL, &check_error));
  FAILS(KITH_ERROR_MISUSE, "expression",
        kith_expression_check(reader, "opportunity", NULL, NULL, NULL, NULL, &check_error));
  kith_reader_free(reader);
  close_world(s.world);
}

static kith_value value_for(story* s, const kith_reader* reader, const kith_expression* source, kith_text** text) {
  kith_value value = {0};
  OK(kith_expression_value(reader, "opportunity", s->big, source, &value, text, &check_error));
  return value;
}

static void values_keep_their_type(void) {
  story s = tell("memory:");
  kith_reader* reader = look(&s, 0);
  kith_text* text = NULL;
  kith_expression source = expression_of("base(amount) / 3");
  kith_value value = value_for(&s, reader, &source, &text);
  CHECK_INT(KITH_MONEY, value.type);
  CHECK_INT(33334, value.integer); /* 1,000.01 / 3 = 333.3366..., half-up to the cent */
  CHECK_TEXT("USD", value.currency);
  CHECK_TEXT("333.34", kith_text_data(text));
  kith_text_free(text);

  source.text = "status";
  value = value_for(&s, reader, &source, &text);
  CHECK_INT(KITH_TEXT, value.type);
  CHECK_TEXT("won", value.text);
  CHECK(value.text == kith_text_data(text));
  kith_text_free(text);

  source.text = "1 / 8";
  value = value_for(&s, reader, &source, &text);
  CHECK_INT(KITH_DECIMAL, value.type);
  CHECK_TEXT("0.125", kith_text_data(text));
  kith_text_free(text);

  source.text = "amount / 0";
  value = value_for(&s, reader, &source, &text);
  CHECK_INT(KITH_NULL, value.type);
  CHECK_TEXT("", kith_text_data(text));
  kith_text_free(text);

  const kith_value team[] = {integer_value(KITH_ID, s.people[1]), integer_value(KITH_ID, s.people[0])};
  const kith_list lists[] = {{"team", team, 2}, {"nobody", NULL, 0}};
  const kith_parameter parameters[] = {{"least", money_value(100001, "USD")}};
  source = expression_of("owner in :team and not owner in :nobody and amount >= :least");
  source.parameters = parameters;
  source.parameter_count = 1;
  source.lists = lists;
  source.list_count = 2;
  value = value_for(&s, reader, &source, &text);
  CHECK_INT(KITH_BOOLEAN, value.type);
  CHECK_INT(1, value.integer);
  kith_text_free(text);

  const kith_list twice[] = {{"team", team, 2}, {"team", NULL, 0}};
  source.lists = twice;
  FAILS(KITH_ERROR_INVALID, "twice",
        kith_expression_value(reader, "opportunity", s.big, &source, &value, &text, &check_error));
  source = expression_of("title");
  FAILS(KITH_ERROR_NOT_FOUND, "opportunity 1",
        kith_expression_value(reader, "opportunity", 1, &source, &value, &text, &check_error));
  source.text = "convert(amount, 'EUR')";
  FAILS(KITH_ERROR_NOT_FOUND, "EUR",
        kith_expression_value(reader, "opportunity", s.big, &source, &value, &text, &check_error));
  kith_reader_free(reader);
  close_world(s.world);
}

static void queries_take_lists(void) {
  story s = tell("memory:");
  kith_reader* reader = look(&s, 0);
  const kith_value ids[] = {integer_value(KITH_ID, s.big), integer_value(KITH_ID, 7)};
  const kith_list lists[] = {{"ids", ids, 2}};
  kith_query query = {.struct_size = sizeof query, .where = "id in :ids", .lists = lists, .list_count = 1};
  kith_table* table = NULL;
  OK(kith_find(reader, "opportunity", &query, &table, &check_error));
  CHECK_INT(1, kith_table_rows(table));
  CHECK_INT(s.big, cell_of(table, 0, "id").integer);
  kith_table_free(table);
  query.list_count = 0;
  FAILS(KITH_ERROR_INVALID, "ids", kith_find(reader, "opportunity", &query, &table, &check_error));
  kith_reader_free(reader);
  close_world(s.world);
}

static void explanations_are_text_and_data(void) {
  story s = tell("memory:");
  kith_reader* reader = look(&s, 0);
  kith_expression source = expression_of("amount > 1000.00 USD and status = 'won'");
  kith_text* text = NULL;
  OK(kith_expression_explain(reader, "opportunity", s.big, &source, "text", &text, &check_error));
  CHECK(strstr(kith_text_data(text), "amount > 1000.00 USD is true") != NULL);
  CHECK(strstr(kith_text_data(text), "amount is 1000.01 USD") != NULL);
  kith_text_free(text);
  source.language = "zh";
  OK(kith_expression_explain(reader, "opportunity", s.big, &source, "text", &text, &check_error));
  CHECK(strstr(kith_text_data(text), "为") != NULL);
  kith_text_free(text);
  OK(kith_expression_explain(reader, "opportunity", s.big, &source, "json", &text, &check_error));
  CHECK(strstr(kith_text_data(text), "\"value\":\"true\"") != NULL);
  kith_text_free(text);
  FAILS(KITH_ERROR_INVALID, "json",
        kith_expression_explain(reader, "opportunity", s.big, &source, "pdf", &text, &check_error));
  kith_reader_free(reader);
  close_world(s.world);
}

static void faults_have_a_place_and_three_languages(void) {
  story s = tell("memory:");
  kith_reader* reader = look(&s, 0);
  kith_expression source = expression_of("amout > 1.00 USD");
  const char* const languages[] = {"en", "zh", "ja"};
  const char* const said[] = {"at character 1. Did you mean amount?", "第 1 个字符", "1 文字目"};
  for (int i = 0; i < 3; ++i) {
    int64_t position = -1;
    kith_text* code = NULL;
    kith_text* message = NULL;
    source.language = languages[i];
    OK(kith_expression_fault(reader, "opportunity", &source, &position, &code, &message, &check_error));
    CHECK_INT(1, position);
    CHECK_TEXT("unknown_field", kith_text_data(code));
    CHECK(strstr(kith_text_data(message), said[i]) != NULL);
    FAILS(KITH_ERROR_INVALID, kith_text_data(message),
          kith_expression_check(reader, "opportunity", &source, NULL, NULL, NULL, &check_error));
    kith_text_free(code);
    kith_text_free(message);
  }
  source = expression_of("amount > 1.00 USD");
  int64_t position = -1;
  kith_text* code = (kith_text*)&position;
  kith_text* message = (kith_text*)&position;
  OK(kith_expression_fault(reader, "opportunity", &source, &position, &code, &message, &check_error));
  CHECK(position == 0 && code == NULL && message == NULL);
  source.language = "fr";
  FAILS(KITH_ERROR_INVALID, "zh",
        kith_expression_fault(reader, "opportunity", &source, &position, &code, &message, &check_error));
  const kith_expression tree = {.struct_size = sizeof tree, .json = "null"};
  FAILS(KITH_ERROR_MISUSE, "text",
        kith_expression_fault(reader, "opportunity", &tree, &position, &code, &message, &check_error));
  kith_reader_free(reader);
  close_world(s.world);
}

int main(int argc, char** argv) {
  (void)argc;
  check_program = argv[0];
  RUN(canonical_text_and_tree_give_the_same_expression);
  RUN(values_keep_their_type);
  RUN(queries_take_lists);
  RUN(explanations_are_text_and_data);
  RUN(faults_have_a_place_and_three_languages);
  return check_end();
}
