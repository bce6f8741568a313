// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Draws: what is paid in a period when earnings do not reach a minimum, and how an advance comes back. Amounts are
/// int64 minor units. Conservation: the sum of pay = the sum of earned + topped up + balance. Pure and thread-safe;
/// what leaves 64 bits is Error{overflow}.

#include <cstdint>

#include "kith/base/decimal.hpp"

namespace kith::incentive {

/// Numbers are stable.
enum class DrawKind : std::int32_t {
  recoverable = 1,     ///< an advance: what is missing is lent, and recovered from later earnings above the draw
  nonrecoverable = 2,  ///< what is missing is given, period by period
  guarantee = 3,       ///< what is missing is given over the whole term: good periods make up for bad ones before it is
};

struct DrawTerms {
  DrawKind kind = DrawKind::recoverable;
  std::int64_t amount = 0;         ///< a period
  Decimal recover_share = {1, 0};  ///< of earnings above the draw, how much may go to recovery; 0 to 1
};

/// What is carried from period to period; begins at zero. A guarantee's term begins with a fresh state.
struct DrawState {
  std::int64_t balance = 0;     ///< advanced and not recovered
  std::int64_t earned = 0;      ///< guarantee: so far in the term
  std::int64_t guaranteed = 0;  ///< guarantee: so far in the term
  std::int64_t topped_up = 0;   ///< given so far, never to be recovered
};

struct DrawResult {
  std::int64_t pay = 0;  ///< earned + advanced - recovered + topped_up
  std::int64_t advanced = 0;
  std::int64_t recovered = 0;
  std::int64_t topped_up = 0;
  DrawState state = {};  ///< after the period
};

/// One period. Recovery takes at most the balance and never brings pay below the draw; its part of the earnings is
/// rounded down. Errors: invalid for a negative draw or a share outside 0 to 1.
DrawResult apply_draw(const DrawTerms& terms, std::int64_t earned, const DrawState& state = {});

/// What becomes of a balance when somebody leaves. Numbers are stable.
enum class LeaverRule : std::int32_t { forgive = 1, owe = 2 };
struct LeaverResult {
  std::int64_t pay = 0;
  std::int64_t recovered = 0;   ///< taken from the final earnings
  std::int64_t receivable = 0;  ///< still owed
  std::int64_t forgiven = 0;
};
/// balance = recovered + receivable + forgiven. Errors: invalid for a negative balance.
LeaverResult settle_leaver(LeaverRule rule, std::int64_t balance, std::int64_t final_earned);

/// Earnings of a period with what is carried into it (0 or negative): nobody is paid less than nothing.
struct NetPay {
  std::int64_t pay = 0;
  std::int64_t carry = 0;  ///< 0 or negative; pay + carry = earned + carried
};
/// Errors: invalid when `carried` is above 0.
NetPay net_pay(std::int64_t earned, std::int64_t carried);

}  // namespace kith::incentive
