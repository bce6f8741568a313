// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "kith/incentive/plan.hpp"

namespace kith::incentive {

std::unique_ptr<Expression> compile_eligibility(const Plan& plan, const Scope& scope) {
  if (plan.when.empty()) return nullptr;
  constexpr std::string_view kPath = "eligibility.when";
  Scope pure = scope;  // a statement that is computed again must find what it found before
  pure.row_only = true;
  try {
    auto condition = std::make_unique<Expression>(Expression::compile(plan.when, pure));
    if (condition->type() == Type::boolean) return condition;
    throw Error(Code::invalid, fmt::format("The condition gives {}; expected a comparison that is true or false.",
                                           name_of(condition->type())));
  } catch (const Error& error) {
    throw Error(error.code, "plan", std::string(kPath), error.message);
  }
}

}  // namespace kith::incentive
