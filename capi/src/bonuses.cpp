// SPDX-License-Identifier: Apache-2.0
#include "internal.hpp"
#include "kith/incentive/bonus.hpp"
#include "kith/incentive/obligations.hpp"

using namespace kith::c;
namespace incentive = kith::incentive;

namespace {

kith::Language language_of(std::int32_t number) {
  if (number < 1 || number > 3) misuse("language is " + std::to_string(number) + ", which is none of its numbers");
  return static_cast<kith::Language>(number);
}

}  // namespace

int32_t kith_bonus_set_parts(kith_work* work, int64_t bonus, const kith_bonus_part* parts, size_t part_count,
                             kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) {
    const bool contest = open.get<kith::Bonus>({bonus}).kind == kith::BonusKind::contest;
    std::vector<kith::BonusPart> rows;
    for (const kith_bonus_part& part : need_array(parts, part_count, "parts")) {
      kith::BonusPart& row = rows.emplace_back();
      row.employee = id_or_none(part.employee);
      if (!contest || part.weight != 0) row.weight = part.weight;
      if (contest || part.amount != -1) row.amount = kith::Amount{part.amount};
    }
    incentive::set_bonus_parts(open, {bonus}, rows);
  });
}

int32_t kith_bonus_post(kith_work* work, int64_t bonus, int64_t* added, kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) {
    const std::int64_t awards = incentive::post_bonus(open, {bonus});
    if (added != nullptr) *added = awards;
  });
}

int32_t kith_bonus_text(const kith_reader* reader, int64_t bonus, int32_t language, kith_text** out,
                        kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    const kith::Reader& from = reader_of(reader);
    const kith::Language wanted = language_of(language);
    give(out, incentive::to_text(from, incentive::bonus_outcome(from, {bonus}), wanted));
  });
}

int32_t kith_cost_post(kith_work* work, int64_t asset, int32_t until, int64_t* added, kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) {
    const std::int64_t lines = incentive::post_amortization(open, {asset}, day_of(until, open));
    if (added != nullptr) *added = lines;
  });
}

int32_t kith_cost_write_off(kith_work* work, int64_t asset, int32_t lost_on, kith_error* error) {
  return guarded(work, error,
                 [&](kith::Work& open) { incentive::write_off_asset(open, {asset}, day_of(lost_on, open)); });
}

int32_t kith_draw_post(kith_work* work, int64_t draw, const char* period, size_t size, int64_t* line,
                       kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) {
    const kith::DrawLine made = incentive::post_draw(open, {draw}, text_of(period, size, "period"));
    if (line != nullptr) *line = made.id.value;
  });
}

int32_t kith_draw_text(const kith_reader* reader, int64_t draw, int32_t language, kith_text** out, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    give(out, incentive::draw_text(reader_of(reader), {draw}, language_of(language)));
  });
}
