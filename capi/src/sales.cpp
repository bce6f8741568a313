// SPDX-License-Identifier: Apache-2.0
#include "internal.hpp"
#include "kith/sales/opportunity.hpp"

using namespace kith::c;

namespace {

/// An amount for a deal, checked against the deal's currency as a record would.
std::optional<kith::Amount> amount_for(const kith::Work& work, kith::Id deal, const kith_value* amount) {
  if (amount == nullptr || amount->type == KITH_NULL) return std::nullopt;
  const kith::Entity& entity = kith::entity_of<kith::Opportunity>();
  kith::Record record = kith::generic::get(work, entity, deal);
  record.set("amount", value_of(*amount));
  return static_cast<const kith::Opportunity*>(record.data())->amount;
}

}  // namespace

int32_t kith_pipeline_create(kith_work* work, const char* name, size_t size, const kith_stage* stages,
                             size_t stage_count, int64_t* out, kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) {
    kith::Pipeline pipeline;
    pipeline.name = text_of(name, size, "name");
    std::vector<kith::Stage> steps;
    for (const kith_stage& given : need_array(stages, stage_count, "stages")) {
      kith::Stage& step = steps.emplace_back();
      step.name = name_of(given.name, "stages[].name");
      step.position = static_cast<std::int64_t>(steps.size());
      step.probability = {given.probability, kith::kRateScale};
      if (given.guard != nullptr) step.guard = given.guard;
    }
    const kith::Id made = kith::sales::create(open, pipeline, steps);
    if (out != nullptr) *out = made.value;
  });
}

int32_t kith_deal_advance(kith_work* work, int64_t deal, const char* stage, size_t size, int64_t at,
                          kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) {
    kith::sales::advance(open, {deal}, text_of(stage, size, "stage"), time_of(at));
  });
}

int32_t kith_deal_win(kith_work* work, int64_t deal, int32_t on, const char* reason, size_t size,
                      const kith_value* amount, kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) {
    kith::sales::win(open, {deal}, day_of(on, open), text_of(reason, size, "reason"), amount_for(open, {deal}, amount));
  });
}

int32_t kith_deal_lose(kith_work* work, int64_t deal, int32_t on, const char* reason, size_t size, kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) {
    kith::sales::lose(open, {deal}, day_of(on, open), text_of(reason, size, "reason"));
  });
}

int32_t kith_deal_void(kith_work* work, int64_t deal, int32_t on, const char* reason, size_t size, kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) {
    kith::sales::void_deal(open, {deal}, day_of(on, open), text_of(reason, size, "reason"));
  });
}

int32_t kith_deal_reopen(kith_work* work, int64_t deal, const char* reason, size_t size, kith_error* error) {
  return guarded(work, error,
                 [&](kith::Work& open) { kith::sales::reopen(open, {deal}, text_of(reason, size, "reason")); });
}

int32_t kith_deal_revalue(kith_work* work, int32_t on, const kith_query* query, int64_t* changed, kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) {
    const std::int64_t count = kith::sales::revalue(open, day_of(on, open), query_of(query));
    if (changed != nullptr) *changed = count;
  });
}

int32_t kith_deal_set_splits(kith_work* work, int64_t deal, const kith_split* splits, size_t split_count,
                             kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) {
    std::vector<kith::SplitShare> shares;
    for (const kith_split& split : need_array(splits, split_count, "splits")) {
      shares.push_back({{split.employee}, {split.share, kith::kRateScale}});
    }
    kith::sales::set_splits(open, {deal}, shares);
  });
}

int32_t kith_weighted_total(const kith_reader* reader, const kith_query* query, kith_value* out, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    *out = c_value(kith::sales::weighted_total(reader_of(reader), query_of(query)));
  });
}
