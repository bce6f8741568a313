// SPDX-License-Identifier: Apache-2.0
// Deals and what follows them: bookings, invoices, payments, returns.
#include <algorithm>
#include <utility>

#include "kith/base/rounding.hpp"
#include "simulation/company.hpp"
#include "simulation/names.hpp"

namespace kith::simulation {
namespace {

constexpr std::string_view kWon[] = {"best offer", "trusted for years", "价格合适", "品質が決め手"};
constexpr std::string_view kLost[] = {"price", "no budget", "competitor", "预算取消", "他社に決定"};

std::string pick(Draw& draw, std::span<const std::string_view> texts) { return std::string(draw.of(texts)); }

Date later(Date day, std::int64_t days) { return {day.days + static_cast<std::int32_t>(days)}; }

// Of a hundred deals 42 are won, 45 lost, 3 void; the others stay open, and so does what would close after the last
// day.
void close(Draw& draw, Opportunity& deal, Date on, Date last) {
  const std::int64_t luck = draw.below(100);
  const Date closed = later(on, draw.between(5, 60) + draw.below(120));
  deal.expected_on = later(on, draw.between(20, 150));
  if (luck >= 90 || closed > last) return;
  deal.closed_on = closed;
  deal.status = luck < 42 ? DealStatus::won : luck < 87 ? DealStatus::lost : DealStatus::voided;
  if (deal.status == DealStatus::won) deal.reason = pick(draw, kWon);
  if (deal.status == DealStatus::lost) deal.reason = pick(draw, kLost);
  if (deal.status == DealStatus::voided) deal.reason = "entered twice";
}

class Facts {
 public:
  Facts(const Company::Impl& company, std::int64_t number, SimulatedDeal deal)
      : company_(company), deal_(std::move(deal)), name_(std::to_string(number + 1)) {}

  std::vector<incentive::EventRow> all(Draw& draw) {
    Draw lot = draw;
    const std::int64_t total = deal_.record.amount->minor;
    incentive::EventRow& booking = add("booking", "order-" + name_, *deal_.record.closed_on, total);
    booking.cost = divide(Int128{total} * lot.between(450, 800), 1'000, Rounding::half_up);
    const std::int64_t parts = lot.between(1, 3);
    for (std::int64_t part = 0; part < parts; ++part) bill(lot, part, total / parts + (part < total % parts ? 1 : 0));
    if (lot.chance(30)) give_back(lot, total);
    std::stable_sort(rows_.begin(), rows_.end(), [](const auto& a, const auto& b) { return a.date < b.date; });
    return std::move(rows_);
  }

  void share(std::vector<incentive::Split> splits, std::map<std::string, std::string> attributes) {
    splits_ = std::move(splits);
    attributes_ = std::move(attributes);
  }

 private:
  void bill(Draw& draw, std::int64_t part, std::int64_t amount) {
    const std::string number = name_ + "-" + std::to_string(part + 1);
    const Date invoiced = later(*deal_.record.closed_on, 15 + 30 * part + draw.below(10));
    const Date paid = later(invoiced, draw.between(10, 45) + (draw.chance(150) ? 60 : 0));
    if (invoiced > company_.options.to || amount == 0) return;
    add("invoice", "invoice-" + number, invoiced, amount);
    if (draw.chance(40) || paid > company_.options.to) return;  // never paid, or not yet
    add("payment", "payment-" + number, paid, amount).reverses = "simulation:invoice-" + number;
  }

  void give_back(Draw& draw, std::int64_t total) {
    const Date on = later(*deal_.record.closed_on, draw.between(10, 120));
    const std::int64_t amount = divide(Int128{total} * draw.between(100, 1'000), 1'000, Rounding::half_up);
    if (on > company_.options.to || amount == 0) return;
    add("return", "return-" + name_, on, -amount).reverses = "simulation:order-" + name_;
  }

  incentive::EventRow& add(std::string type, std::string id, Date on, std::int64_t amount) {
    incentive::EventRow& row = rows_.emplace_back();
    row.source = "simulation";
    row.id = std::move(id);
    row.type = std::move(type);
    row.date = on;
    row.amount = {amount, company_.options.currency};
    row.quantity = "1";
    row.attributes = attributes_;
    row.splits = splits_;
    return row;
  }

  const Company::Impl& company_;
  SimulatedDeal deal_;
  std::string name_;
  std::vector<incentive::Split> splits_;
  std::map<std::string, std::string> attributes_;
  std::vector<incentive::EventRow> rows_;
};

}  // namespace

SimulatedDeal Company::Impl::deal(std::int64_t number) const {
  Draw draw(options.seed, Kind::deal, number);
  SimulatedDeal result;
  result.on = day_of(number, deal_count);
  result.customer = draw.below(customers_on(result.on));
  result.seller = successor(finder(result.customer), result.on);
  result.product = draw.below(static_cast<std::int64_t>(products.size()));
  const std::int64_t quantity = draw.between(1, 10);
  const std::int64_t discount = draw.chance(400) ? draw.between(0, 30) * 10 : 0;
  if (draw.chance(300)) {
    const auto held = std::find_if(campaigns.begin(), campaigns.end(), [&](const Campaign& each) {
      return each.from <= result.on && result.on <= each.to;
    });
    if (held != campaigns.end()) result.campaign = held - campaigns.begin();
  }
  Opportunity& record = result.record;
  Draw of_customer(options.seed, Kind::customer, result.customer);
  const Tongue tongue = draw_tongue(of_customer);
  const bool person = of_customer.chance(150);
  record.title =
      draw_title(draw, tongue, person ? draw_person(of_customer, tongue) : draw_company(of_customer, tongue));
  record.amount = Amount{minor(products[static_cast<std::size_t>(result.product)].list_price, quantity, discount)};
  record.currency = options.currency;
  record.engaged_on = result.on;
  record.source = "simulation";
  record.external_id = "deal-" + std::to_string(number + 1);
  close(draw, record, result.on, options.to);
  return result;
}

std::optional<Company::Sharing> Company::Impl::sharing(std::int64_t deal) const {
  Draw draw(options.seed, Kind::work, deal);
  if (!draw.chance(60)) return std::nullopt;
  Sharing sharing;
  sharing.seller = active_seller(draw, day_of(deal, deal_count));
  sharing.percent = draw.between(1, 8) * 5;
  return sharing.seller == successor(finder(customer_of(deal)), day_of(deal, deal_count))
             ? std::nullopt
             : std::optional<Sharing>(sharing);
}

std::int64_t Company::Impl::customer_of(std::int64_t deal) const {
  Draw draw(options.seed, Kind::deal, deal);
  return draw.below(customers_on(day_of(deal, deal_count)));
}

std::optional<Company::Sharing> Company::sharing(std::int64_t deal) const {
  impl_->require(deal, impl_->deal_count, "deal");
  return impl_->sharing(deal);
}

std::vector<incentive::EventRow> Company::events(std::int64_t number) const {
  impl_->require(number, impl_->deal_count, "deal");
  SimulatedDeal deal = impl_->deal(number);
  if (deal.record.status != DealStatus::won) return {};
  std::vector<incentive::Split> splits;
  if (const std::optional<Sharing> sharing = impl_->sharing(number)) {
    splits.push_back({seller_name(deal.seller), "primary", to_string(Decimal{100 - sharing->percent, 2})});
    splits.push_back({seller_name(sharing->seller), "primary", to_string(Decimal{sharing->percent, 2})});
  } else {
    splits.push_back({seller_name(deal.seller), "primary", "1"});
  }
  const Team& team = impl_->teams[static_cast<std::size_t>(impl_->sellers[static_cast<std::size_t>(deal.seller)].team)];
  std::map<std::string, std::string> attributes{
      {"customer", "customer-" + std::to_string(deal.customer + 1)},
      {"product", impl_->products[static_cast<std::size_t>(deal.product)].series},
      {"region", impl_->regions[static_cast<std::size_t>(team.region)]},
      {"campaign", deal.campaign < 0 ? "" : impl_->campaigns[static_cast<std::size_t>(deal.campaign)].name}};
  Draw draw(impl_->options.seed, Kind::event, number);
  Facts facts(*impl_, number, std::move(deal));
  facts.share(std::move(splits), std::move(attributes));
  return facts.all(draw);
}

incentive::Inputs plan_inputs(const Company& company) {
  incentive::Inputs inputs;
  for (std::int64_t deal = 0; deal < company.deals(); ++deal) {
    std::vector<incentive::EventRow> events = company.events(deal);
    inputs.events.insert(inputs.events.end(), std::make_move_iterator(events.begin()),
                         std::make_move_iterator(events.end()));
  }
  const std::span<const Seller> sellers = company.sellers();
  for (std::size_t i = 0; i < sellers.size(); ++i) {
    const std::string name = seller_name(static_cast<std::int64_t>(i));
    inputs.people.push_back({name, sellers[i].hired_on, sellers[i].left_on.value_or(kOpenDate)});
    const Team& team = company.teams()[static_cast<std::size_t>(sellers[i].team)];
    inputs.hierarchy.push_back({name, "m" + std::to_string(team.region + 1), sellers[i].hired_on, kOpenDate});
  }
  return inputs;
}

}  // namespace kith::simulation
