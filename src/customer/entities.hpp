// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The entities of this area as constants, so that the area's table is one too (no code runs before main).

#include "kith/customer/lifecycle.hpp"

namespace kith::customer {

extern const Entity kCustomer;
extern const Entity kContact;
extern const Entity kLifecycleStage;
extern const Entity kCustomerStage;

/// The stage a new customer enters: that of the lowest rank. Error{state} when none can be seen.
LifecycleStage first_stage(const Reader& reader);

/// What something done elsewhere means for a customer's life cycle ("opportunity" when a deal is added): an automatic
/// move to the stage of that name, written with the rights of the verb that was authorised for that deed. Does nothing
/// where there is no such stage or the customer is as far already, and never fails a verb that has begun to write.
void advance_if_forward(Work& work, Id customer, std::string_view stage);

/// Somebody reached a stage.
struct Arrival {
  Id customer = {};
  std::string_view stage = {};
};
/// The same for many, one after the other, in a number of statements that grows only with every thousand customers.
void advance_if_forward(Work& work, const std::vector<Arrival>& arrivals);

}  // namespace kith::customer
