/* SPDX-License-Identifier: Apache-2.0 */
/* What a store keeps as data: postings of the ledger, and fields that it defines for itself. */
#include "story.h"

static int64_t posted(story* s, kith_work* work, int64_t minor) {
  kith_record* posting = record_of(s->world, "posting", "account", "bookings");
  const kith_value amount = money_value(minor, "USD");
  OK(kith_record_set(posting, "amount", &amount, &check_error));
  set_text(posting, "document_entity", "opportunity");
  set_id(posting, "document", s->big);
  set_id(posting, "employee", s->people[0]);
  return create(work, posting);
}

static void the_ledger_is_reversed_and_summed(void) {
  story s = tell("memory:");
  kith_work* work = begin(s.world);
  const int64_t postings[] = {posted(&s, work, 120000), posted(&s, work, 100000)};
  const kith_reversal how = {.struct_size = sizeof how, .on = day(2026, 3, 2), .has_on = 1, .source = "correction"};
  int64_t mirror = 0;
  OK(kith_ledger_reverse(work, postings, 1, &how, &mirror, &check_error));
  FAILS(KITH_ERROR_STATE, "already", kith_ledger_reverse(work, postings, 1, NULL, NULL, &check_error));
  FAILS(KITH_ERROR_STATE, "reversal itself", kith_ledger_reverse(work, &mirror, 1, NULL, NULL, &check_error));
  FAILS(KITH_ERROR_MISUSE, "postings", kith_ledger_reverse(work, NULL, 1, NULL, NULL, &check_error));
  kith_record* row = NULL;
  OK(kith_get(kith_work_reader(work), "posting", mirror, &row, &check_error));
  CHECK_INT(-120000, field_of(row, "amount").integer);
  CHECK_INT(postings[0], field_of(row, "reverses").integer);
  CHECK_INT(day(2026, 3, 2), field_of(row, "on").integer);
  CHECK_TEXT("correction", field_of(row, "source").text);
  kith_record_free(row);
  commit(work);

  kith_reader* reader = look(&s, 0);
  const char* const by[] = {"account", "employee"};
  kith_table* balance = NULL;
  OK(kith_ledger_balance(reader, by, 2, NULL, &balance, &check_error));
  CHECK_INT(1, kith_table_rows(balance));
  CHECK_INT(s.people[0], cell_of(balance, 0, "employee").integer);
  CHECK_INT(100000, cell_of(balance, 0, "amount").integer);
  CHECK_INT(3, cell_of(balance, 0, "postings").integer);
  kith_table_free(balance);
  const kith_query query = {.struct_size = sizeof query, .where = "amount > 1100.00 USD"};
  OK(kith_ledger_balance(reader, by, 1, &query, &balance, &check_error));
  CHECK_INT(120000, cell_of(balance, 0, "amount").integer);
  kith_table_free(balance);
  const char* const wrong[] = {"acount"};
  FAILS(KITH_ERROR_INVALID, "account", kith_ledger_balance(reader, wrong, 1, NULL, &balance, &check_error));
  const kith_query limited = {.struct_size = sizeof limited, .limit = 1};
  FAILS(KITH_ERROR_MISUSE, "limit", kith_ledger_balance(reader, by, 1, &limited, &balance, &check_error));
  kith_reader_free(reader);

  work = begin(s.world);
  kith_table* made = NULL;
  OK(kith_ledger_reverse_document(work, "opportunity", s.big, NULL, &made, &check_error));
  CHECK_INT(1, kith_table_rows(made));
  CHECK(cell_of(made, 0, "id").integer != mirror);
  kith_table_free(made);
  OK(kith_ledger_reverse_document(work, "opportunity", s.big, NULL, &made, &check_error));
  CHECK_INT(0, kith_table_rows(made));
  kith_table_free(made);
  commit(work);
  no_findings(&s);
  close_world(s.world);
}

static void stores_define_fields_of_their_own(void) {
  story s = tell("memory:");
  kith_work* work = begin(s.world);
  kith_record* field = record_of(s.world, "custom_field", "entity", "customer");
  set_text(field, "name", "vat");
  set_text(field, "type", "text");
  set_text(field, "unique", "true");
  create(work, field);
  field = record_of(s.world, "custom_field", "entity", "customer");
  set_text(field, "name", "rent");
  set_text(field, "type", "money");
  create(work, field);

  kith_record* acme = NULL;
  OK(kith_record_blank(kith_work_reader(work), "customer", &acme, &check_error));
  set_text(acme, "name", "Acme");
  set_text(acme, "vat", "DE1");
  const kith_value rent = money_value(1050, "USD");
  OK(kith_record_set(acme, "rent", &rent, &check_error));
  FAILS(KITH_ERROR_INVALID, "vat", kith_record_set_text(acme, "vut", "x", KITH_NUL, &check_error));
  int64_t id = 0;
  OK(kith_create(work, acme, &id, &check_error));
  CHECK_TEXT("DE1", field_of(acme, "vat").text);
  set_text(acme, "rent", "11.00");
  OK(kith_update(work, acme, &check_error));
  kith_record_free(acme);
  OK(kith_record_blank(kith_work_reader(work), "customer", &acme, &check_error));
  set_text(acme, "name", "Twin");
  set_text(acme, "vat", "DE1");
  FAILS(KITH_ERROR_CONFLICT, "unique", kith_create(work, acme, NULL, &check_error));
  CHECK_TEXT("vat", check_error.field);
  kith_record_free(acme);
  commit(work);

  kith_reader* reader = look(&s, 0);
  OK(kith_get(reader, "customer", id, &acme, &check_error));
  CHECK_INT(1100, field_of(acme, "rent").integer);
  kith_record_free(acme);
  const kith_query query = {.struct_size = sizeof query, .where = "vat = 'DE1' and rent > 10.00 USD"};
  kith_table* table = NULL;
  OK(kith_find(reader, "customer", &query, &table, &check_error));
  CHECK_INT(1, kith_table_rows(table));
  CHECK_INT(1100, cell_of(table, 0, "rent").integer);
  CHECK_TEXT("USD", cell_of(table, 0, "rent").currency);
  kith_table_free(table);
  OK(kith_reader_fields(reader, "customer", &table, &check_error));
  const size_t last = kith_table_rows(table) - 1;
  CHECK_TEXT("rent", cell_of(table, last, "name").text);
  CHECK_INT(1, cell_of(table, last, "own").integer);
  CHECK_INT(1, cell_of(table, last - 1, "unique").integer);
  kith_table_free(table);
  kith_reader_free(reader);
  no_findings(&s);
  close_world(s.world);
}

int main(int argc, char** argv) {
  (void)argc;
  check_program = argv[0];
  RUN(the_ledger_is_reversed_and_summed);
  RUN(stores_define_fields_of_their_own);
  return check_end();
}
