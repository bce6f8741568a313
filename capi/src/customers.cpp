// SPDX-License-Identifier: Apache-2.0
#include "engine/add_row.hpp"
#include "internal.hpp"
#include "kith/customer/lifecycle.hpp"
#include "kith/people/employee.hpp"
#include "kith/people/unit.hpp"

using namespace kith::c;

int32_t kith_unit_create(kith_work* work, kith_record* unit, int32_t from, int64_t* id, kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) {
    kith::Unit& row = struct_of<kith::Unit>(unit, "unit");
    kith::Id made;
    kith::generic::carry(open, unit->record, {}, [&] { made = kith::people::create(open, row, day_of(from, open)); });
    if (id != nullptr) *id = made.value;
  });
}

int32_t kith_unit_move(kith_work* work, int64_t unit, int64_t parent, int32_t from, kith_error* error) {
  return guarded(work, error,
                 [&](kith::Work& open) { kith::people::move(open, {unit}, id_or_none(parent), day_of(from, open)); });
}

int32_t kith_employee_transfer(kith_work* work, int64_t employee, int64_t unit, int32_t from, kith_error* error) {
  return guarded(work, error,
                 [&](kith::Work& open) { kith::people::transfer(open, {employee}, {unit}, day_of(from, open)); });
}

int32_t kith_customer_assign(kith_work* work, int64_t customer, int64_t owner, kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) { kith::customer::assign(open, {customer}, {owner}); });
}

int32_t kith_customer_advance(kith_work* work, int64_t customer, const char* stage, size_t size, int64_t at,
                              kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) {
    kith::customer::advance(open, {customer}, text_of(stage, size, "stage"), time_of(at));
  });
}

int32_t kith_customer_set_stage(kith_work* work, int64_t customer, const char* stage, size_t size, const char* reason,
                                size_t reason_size, int64_t at, kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) {
    kith::customer::set_stage(open, {customer}, text_of(stage, size, "stage"), text_of(reason, reason_size, "reason"),
                              time_of(at));
  });
}

int32_t kith_customer_time_in_stages(const kith_reader* reader, int64_t customer, int32_t until, kith_table** out,
                                     kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    const kith::Reader& from = reader_of(reader);
    kith::Table table({{.name = "stage"}, {.name = "days", .type = kith::Type::integer}});
    for (const auto& time : kith::customer::time_in_stages(from, {customer}, day_of(until, from))) {
      add_row(table, time.stage, time.days);
    }
    give(out, std::move(table));
  });
}

int32_t kith_customer_highest_stage(const kith_reader* reader, int64_t customer, int64_t before, kith_text** out,
                                    kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    const kith::Reader& from = reader_of(reader);
    const kith::Timestamp moment = time_of(before).value_or(from.now());
    give(out, kith::customer::highest_stage(from, {customer}, moment).value_or(""));
  });
}
