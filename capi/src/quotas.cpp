// SPDX-License-Identifier: Apache-2.0
#include "internal.hpp"
#include "kith/incentive/feedback.hpp"
#include "kith/incentive/quota_facts.hpp"
#include "kith/incentive/quota_pace.hpp"
#include "kith/incentive/quota_plan.hpp"
#include "kith/incentive/quota_season.hpp"

using namespace kith::c;
namespace incentive = kith::incentive;

namespace {

kith::Decimal number_of(const kith_value& given, const char* argument) {
  const kith::Value value = value_of(given);
  if (const auto* decimal = std::get_if<kith::Decimal>(&value)) return *decimal;
  if (const auto* number = std::get_if<std::int64_t>(&value)) return {*number, 0};
  misuse(std::string(argument) + " are neither KITH_DECIMAL nor KITH_INTEGER");
}

std::vector<kith::Decimal> numbers_of(const kith_value* values, std::size_t count, const char* argument) {
  std::vector<kith::Decimal> numbers;
  for (const kith_value& value : need_array(values, count, argument)) numbers.push_back(number_of(value, argument));
  return numbers;
}

template <class Enum>
Enum numbered(std::int32_t number, std::int32_t last, const char* argument) {
  if (number < 1 || number > last) {
    misuse(std::string(argument) + " is " + std::to_string(number) + ", which is none of its numbers");
  }
  return static_cast<Enum>(number);
}

kith::Grain grain_of(std::int32_t number) { return numbered<kith::Grain>(number, 5, "grain"); }
kith::Language language_of(std::int32_t number) { return numbered<kith::Language>(number, 3, "language"); }

std::vector<std::string> names_in(std::string_view list) {
  std::vector<std::string> names;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    names.emplace_back(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return names;
}

}  // namespace

int32_t kith_quota_split_periods(kith_work* work, int64_t quota, int32_t grain, const kith_value* weights,
                                 size_t weight_count, kith_table** out, kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) {
    const std::vector<kith::Decimal> shares = numbers_of(weights, weight_count, "weights");
    incentive::split_periods(open, {quota}, grain_of(grain), shares);
    if (out != nullptr) give(out, incentive::to_table(incentive::quota_parts(open, {quota}, grain_of(grain))));
  });
}

int32_t kith_quota_split_seasonal(kith_work* work, int64_t quota, int32_t grain, int32_t years, kith_table** out,
                                  kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) {
    incentive::split_seasonal(open, {quota}, grain_of(grain), years);
    if (out != nullptr) give(out, incentive::to_table(incentive::quota_parts(open, {quota}, grain_of(grain))));
  });
}

int32_t kith_quota_parts(const kith_reader* reader, int64_t quota, int32_t grain, kith_table** out, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    give(out, incentive::to_table(incentive::quota_parts(reader_of(reader), {quota}, grain_of(grain))));
  });
}

int32_t kith_quota_sum_periods(kith_work* work, int64_t quota, int32_t grain, kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) { incentive::sum_periods(open, {quota}, grain_of(grain)); });
}

int32_t kith_quota_roll_up(kith_work* work, int64_t quota, int64_t* changed, kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) {
    const std::int64_t nodes = incentive::roll_up(open, {quota});
    if (changed != nullptr) *changed = nodes;
  });
}

int32_t kith_quota_commit(kith_work* work, int64_t quota, const kith_value* amount, kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) {
    const kith::Value value = value_of(need(amount, "amount"));
    const auto* money = std::get_if<kith::Money>(&value);
    if (money == nullptr) misuse("amount is no KITH_MONEY");
    incentive::commit_to(open, {quota}, *money);
  });
}

int32_t kith_quota_plan_copy(kith_work* work, int64_t plan, int64_t root, kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) { incentive::copy_into(open, {plan}, {root}); });
}

int32_t kith_quota_plan_move(kith_work* work, int64_t plan, int32_t state, kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) {
    incentive::move_on(open, {plan}, choice_of<kith::QuotaPlanState>(state, "state"));
  });
}

int32_t kith_quota_plan_activate(kith_work* work, int64_t plan, kith_table** out, kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) {
    kith::Table differences = incentive::to_table(incentive::activate(open, {plan}));
    if (out != nullptr) give(out, std::move(differences));
  });
}

int32_t kith_quota_ramp(kith_work* work, int64_t employee, int32_t from, const kith_value* steps, size_t step_count,
                        int32_t basis, kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) {
    incentive::set_ramp(open, {employee}, day_of(from, open), numbers_of(steps, step_count, "steps"),
                        choice_of<incentive::DayBasis>(basis, "basis"));
  });
}

int32_t kith_quota_actions(const kith_reader* reader, int64_t quota, int32_t on, const char* levels, size_t size,
                           int32_t language, kith_text** out, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    const kith::Reader& from = reader_of(reader);
    kith::ActionHistory history;
    history.levels = names_in(text_of(levels, size, "levels"));
    const std::optional<kith::Date> day = on == KITH_TODAY ? std::nullopt : std::optional(day_of(on, from));
    give(out, incentive::to_text(incentive::action_plan(from, {quota}, day, history), language_of(language)));
  });
}

int32_t kith_catch_up(kith_work* work, int32_t language, kith_text** text, kith_table** rows, kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) {
    const kith::Language wanted = language_of(language);
    if (text == nullptr && rows == nullptr) misuse("text and rows are both NULL");
    const std::vector<kith::Progress> progress = incentive::catch_up(open);
    auto words = std::make_unique<kith_text>(kith_text{incentive::to_text(progress, wanted)});
    if (rows != nullptr) give(rows, incentive::to_table(progress, open.currency()));
    if (text != nullptr) *text = words.release();
  });
}

int32_t kith_digest_text(const kith_reader* reader, int64_t employee, int32_t day, int32_t language, kith_text** out,
                         kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    const kith::Reader& from = reader_of(reader);
    const kith::MorningDigest morning = incentive::digest(from, {employee}, day_of(day, from));
    give(out, incentive::to_text(morning, language_of(language)));
  });
}

int32_t kith_digest_deliver(kith_work* work, int64_t employee, int32_t day, int32_t language, kith_text** out,
                            kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) {
    static_cast<void>(need(out, "out"));
    give(out, incentive::deliver_digest(open, {employee}, day_of(day, open), language_of(language)).text);
  });
}
