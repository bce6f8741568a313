// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "customer/entities.hpp"
#include "engine/verbs.hpp"
#include "kith/engine/state_machine.hpp"

namespace kith::customer {
namespace {

constexpr std::size_t kCustomersAtOnce = 1000;  // operands of one statement

// A customer's way through the life cycle within one Work.
struct Journey {
  Customer customer;
  std::vector<CustomerStage> stays;  // the stored one, then those entered now
  std::int64_t rank = 0;             // of the stage it is in
};

class Journeys {
 public:
  explicit Journeys(Work& work) : work_(work), all_(work.as_system("life cycle")), stages_(lifecycle(all_)) {
    for (const LifecycleStage& stage : stages_) names_.push_back(stage.name);
  }

  void read(const std::vector<Id>& ids) {
    Query customers;
    customers.conditions = {verb::one_of(kCustomer, "id", ids)};
    for (Customer& row : all_.list<Customer>(customers)) journeys_[row.id].customer = std::move(row);
    Query open;
    open.conditions = {verb::one_of(kCustomerStage, "customer", ids), equals(kCustomerStage, "to", kOpenTime.micros)};
    for (CustomerStage& row : all_.list<CustomerStage>(open)) {
      const LifecycleStage* stage = by([&](const LifecycleStage& each) { return each.id == row.stage; });
      Journey& journey = journeys_[row.customer];
      if (stage == nullptr) continue;
      journey.rank = stage->rank;
      journey.stays.push_back(std::move(row));
    }
  }

  void arrive(const Arrival& arrival) {
    const LifecycleStage* to = by([&](const LifecycleStage& each) { return each.name == arrival.stage; });
    const auto found = journeys_.find(arrival.customer);
    if (to == nullptr || found == journeys_.end()) return;
    Journey& journey = found->second;
    if (journey.stays.empty() || to->rank <= journey.rank || !may_move(journey, *to)) return;
    CustomerStage entry;
    entry.customer = arrival.customer;
    entry.stage = to->id;
    entry.from = std::max(work_.now(), journey.stays.back().from);
    journey.stays.back().to = entry.from;
    journey.stays.push_back(std::move(entry));
    journey.rank = to->rank;
    journey.customer.stage = to->id;
    if (is_higher(*to, journey.customer.highest_stage)) journey.customer.highest_stage = to->id;
  }

  // In the order of `ids`, so that the same calls give the same ids.
  void write(const std::vector<Id>& ids) {
    Batch customers(kCustomer), ended(kCustomerStage), entered(kCustomerStage);
    for (const Id id : ids) {
      const auto found = journeys_.find(id);
      if (found == journeys_.end() || found->second.stays.size() < 2) continue;
      store_row(&found->second.customer, customers);
      store_row(&found->second.stays.front(), ended);
      for (const CustomerStage& stay : std::span(found->second.stays).subspan(1)) store_row(&stay, entered);
    }
    if (customers.rows() == 0) return;
    work_.trusted([&] {
      work_.create_batch(kCustomerStage, entered);
      work_.update_batch(kCustomerStage, ended);
      work_.update_batch(kCustomer, customers);
    });
  }

 private:
  bool may_move(const Journey& journey, const LifecycleStage& to) const {
    const LifecycleStage* from = by([&](const LifecycleStage& each) { return each.rank == journey.rank; });
    Customer there = journey.customer;
    there.stage = to.id;
    return state_machine::allows(
        all_, {.machine = "lifecycle", .name = "advance", .from = from->name, .to = to.name, .states = &names_},
        kCustomer, &there);
  }

  template <class Test>
  const LifecycleStage* by(Test&& test) const {
    const auto found = std::find_if(stages_.begin(), stages_.end(), test);
    return found == stages_.end() ? nullptr : &*found;
  }
  bool is_higher(const LifecycleStage& stage, std::optional<Id> than) const {
    const LifecycleStage* other = by([&](const LifecycleStage& each) { return than == each.id; });
    return other == nullptr || other->rank < stage.rank;
  }

  Work& work_;
  Reader all_;
  std::vector<LifecycleStage> stages_;
  std::vector<std::string> names_;  // in their order
  std::unordered_map<Id, Journey> journeys_;
};

}  // namespace

void advance_if_forward(Work& work, const std::vector<Arrival>& arrivals) {
  std::vector<Id> ids;
  std::unordered_map<Id, std::vector<const Arrival*>> by_customer;
  for (const Arrival& arrival : arrivals) {
    std::vector<const Arrival*>& own = by_customer[arrival.customer];
    if (own.empty()) ids.push_back(arrival.customer);
    own.push_back(&arrival);
  }
  for (std::size_t first = 0; first < ids.size(); first += kCustomersAtOnce) {
    const auto begin = ids.begin() + static_cast<std::ptrdiff_t>(first);
    const std::vector<Id> some(begin,
                               begin + static_cast<std::ptrdiff_t>(std::min(kCustomersAtOnce, ids.size() - first)));
    Journeys journeys(work);
    journeys.read(some);
    for (const Id id : some) {
      for (const Arrival* arrival : by_customer[id]) journeys.arrive(*arrival);
    }
    journeys.write(some);
  }
}

}  // namespace kith::customer
