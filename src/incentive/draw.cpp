// SPDX-License-Identifier: Apache-2.0
#include "kith/incentive/draw.hpp"

#include <algorithm>

#include "incentive/big.hpp"

namespace kith::incentive {
namespace {

void recover(const DrawTerms& terms, std::int64_t earned, DrawResult& result) {
  if (earned < terms.amount) {
    result.advanced = checked_sub(terms.amount, earned, "advance");
  } else {
    const std::int64_t above = earned - terms.amount;
    const std::int64_t allowed = round_big(big(Int128{above}) * big(terms.recover_share), Rounding::down);
    result.recovered = std::min(result.state.balance, allowed);
  }
  result.state.balance = checked_add(result.state.balance - result.recovered, result.advanced, "balance of the draw");
}

}  // namespace

DrawResult apply_draw(const DrawTerms& terms, std::int64_t earned, const DrawState& state) {
  expect(terms.amount >= 0, "amount", "of the draw is negative; give 0 or more");
  expect(terms.recover_share >= Decimal{0, 0} && terms.recover_share <= Decimal{1, 0}, "recover_share",
         "must lie between 0 and 1");
  DrawResult result;
  result.state = state;
  switch (terms.kind) {
    case DrawKind::recoverable: recover(terms, earned, result); break;
    case DrawKind::nonrecoverable:
      if (earned < terms.amount) result.topped_up = checked_sub(terms.amount, earned, "top-up");
      break;
    case DrawKind::guarantee: {
      result.state.earned = checked_add(state.earned, earned, "earnings of the term");
      result.state.guaranteed = checked_add(state.guaranteed, terms.amount, "guarantee of the term");
      const Int128 missing = Int128{result.state.guaranteed} - result.state.earned - state.topped_up;
      result.topped_up = narrow(std::max<Int128>(missing, 0), "top-up");
      break;
    }
    default: throw Error(Code::misuse, "The kind of a draw is none of recoverable, nonrecoverable, guarantee.");
  }
  result.state.topped_up = checked_add(state.topped_up, result.topped_up, "sum of top-ups");
  result.pay = narrow(Int128{earned} + result.advanced - result.recovered + result.topped_up, "pay");
  return result;
}

LeaverResult settle_leaver(LeaverRule rule, std::int64_t balance, std::int64_t final_earned) {
  expect(balance >= 0, "balance", "is negative; a draw leaves 0 or more");
  if (rule == LeaverRule::forgive) return {final_earned, 0, 0, balance};
  const std::int64_t recovered = std::clamp<std::int64_t>(final_earned, 0, balance);
  return {final_earned - recovered, recovered, balance - recovered, 0};
}

NetPay net_pay(std::int64_t earned, std::int64_t carried) {
  expect(carried <= 0, "carried", "is above 0; only what is owed is carried");
  const std::int64_t total = checked_add(earned, carried, "pay with what is carried");
  return {std::max<std::int64_t>(total, 0), std::min<std::int64_t>(total, 0)};
}

}  // namespace kith::incentive
