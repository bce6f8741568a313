// SPDX-License-Identifier: Apache-2.0
#include "kith/simulation/company.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "simulation/company.hpp"
#include "simulation/names.hpp"

namespace kith::simulation {
namespace {

constexpr std::int64_t kLeast = 100;
constexpr std::int64_t kMost = 10'000'000;
constexpr std::int32_t kLeastDays = 56;
constexpr std::int64_t kRecordsOfASeller = 1'500;
constexpr std::string_view kRegions[] = {"华东", "華南", "関東", "関西", "Americas", "EMEA"};
constexpr std::string_view kSeries[] = {"Basic", "Plus", "Pro", "Service"};
constexpr std::string_view kChannels[] = {"fair", "mail", "search", "partner", "event"};
constexpr std::string_view kSeasons[] = {"Winter", "Spring", "Summer", "Autumn"};

CompanyOptions completed(CompanyOptions options) {
  if (options.from == Date{}) options.from = date(2023, 1, 2);
  if (options.to == Date{}) options.to = date(2025, 12, 31);
  if (!options.currency) options.currency = currency("USD");
  static_cast<void>(minor_digits(options.currency));
  if (options.records < kLeast || options.records > kMost) {
    throw Error(Code::invalid, "simulation", "records",
                std::to_string(options.records) + " records cannot be made; give 100 to 10000000");
  }
  if (options.from < date(1900, 1, 1) || options.to > date(2100, 12, 31) ||
      options.to.days - options.from.days < kLeastDays) {
    throw Error(Code::invalid, "simulation", "to",
                "from " + to_string(options.from) + " to " + to_string(options.to) +
                    " is no stretch for a company; give at least 8 weeks between 1900 and 2100");
  }
  return options;
}

// A day early in somebody's time, that leaves room behind it.
std::optional<Date> day_between(Draw& draw, Date first, Date last) {
  if (last.days - first.days < 2) return std::nullopt;
  return Date{static_cast<std::int32_t>(draw.between(first.days + 1, last.days - 1))};
}

}  // namespace

Company::Impl::Impl(const CompanyOptions& given) : options(completed(given)) {
  span = options.to.days - options.from.days + 1;
  customer_count = std::max<std::int64_t>(1, options.records * 3 / 10);
  deal_count = options.records * 4 / 10;
  for (const std::string_view region : kRegions) regions.emplace_back(region);
  make_teams();
  make_sellers();
  make_products();
  make_campaigns();
}

void Company::Impl::make_teams() {
  const std::int64_t sellers_wanted = std::clamp<std::int64_t>(options.records / kRecordsOfASeller, 6, 6'000);
  const std::int64_t count = std::max<std::int64_t>(2, sellers_wanted / 8);
  for (std::int64_t i = 0; i < count; ++i) {
    Draw draw(options.seed, Kind::team, i);
    Team team;
    team.name = "Team " + std::to_string(i + 1);
    team.region = static_cast<std::int32_t>(i % static_cast<std::int64_t>(regions.size()));
    if (i == 0 || draw.chance(250)) {
      team.moved_on = day_between(draw, options.from, options.to);
      team.moved_to = (team.region + 1) % static_cast<std::int32_t>(regions.size());
    }
    teams.push_back(std::move(team));
  }
}

void Company::Impl::make_sellers() {
  const std::int64_t count = std::clamp<std::int64_t>(options.records / kRecordsOfASeller, 6, 6'000);
  const std::int64_t founders = std::max<std::int64_t>(4, count * 7 / 10);
  for (std::int64_t i = 0; i < count; ++i) {
    Draw draw(options.seed, Kind::seller, i);
    Seller seller;
    seller.name = draw_person(draw, draw_tongue(draw));
    seller.email = "s" + std::to_string(i + 1) + "@company.example";
    seller.hired_on = options.from;
    if (i >= founders) {
      seller.hired_on.days += static_cast<std::int32_t>(span * (i - founders + 1) / (count - founders + 1));
    }
    seller.team = static_cast<std::int32_t>(i % static_cast<std::int64_t>(teams.size()));
    // The first stays, so that there is always somebody.
    if (i == 1 || (i > 1 && draw.chance(250))) seller.left_on = day_between(draw, seller.hired_on, options.to);
    if (i == 2 || (i > 2 && draw.chance(150))) {
      seller.moved_on = day_between(draw, seller.hired_on, seller.left_on.value_or(options.to));
      seller.moved_to = (seller.team + 1) % static_cast<std::int32_t>(teams.size());
    }
    sellers.push_back(std::move(seller));
  }
}

void Company::Impl::make_products() {
  const std::int64_t count = std::clamp<std::int64_t>(options.records / 2'000, 12, 400);
  for (std::int64_t i = 0; i < count; ++i) {
    Draw draw(options.seed, Kind::product, i);
    SimulatedProduct product;
    product.series = kSeries[static_cast<std::size_t>(i) % std::size(kSeries)];
    product.name = product.series + " " + std::to_string(100 + i);
    // Three digits after the point, as real price lists have.
    std::int64_t thousandths = draw.between(5'000, 99'999);
    for (std::int64_t size = draw.below(3); size > 0; --size) thousandths *= 10;
    product.list_price = {thousandths * 1'000, kPriceScale};
    products.push_back(std::move(product));
  }
}

void Company::Impl::make_campaigns() {
  for (Date from = options.from; from <= options.to; from = add_months(from, 3)) {
    Draw draw(options.seed, Kind::campaign, static_cast<std::int64_t>(campaigns.size()));
    Campaign campaign;
    const Civil day = civil(from);
    campaign.channel = std::string(draw.of(std::span<const std::string_view>(kChannels)));
    campaign.name = std::string(kSeasons[(day.month - 1) / 3]) + " " + campaign.channel + " " +
                    std::to_string(day.year) + "-" + std::to_string(campaigns.size() + 1);
    campaign.from = from;
    campaign.to = Date{add_months(from, 3).days - 1};
    campaign.cost = Amount{minor(Decimal{draw.between(2'000, 40'000) * 1'000'000, kPriceScale}, 1, 0)};
    campaigns.push_back(std::move(campaign));
  }
}

std::int64_t Company::Impl::minor(Decimal price, std::int64_t quantity, std::int64_t discount_permille) const {
  Int128 units = 1;
  for (int digit = minor_digits(options.currency); digit > 0; --digit) units *= 10;
  return divide(Int128{price.coefficient} * quantity * (1'000 - discount_permille) * units, Int128{1'000'000} * 1'000,
                Rounding::half_up);
}

void Company::Impl::require(std::int64_t number, std::int64_t count, const char* what) const {
  if (number >= 0 && number < count) return;
  throw Error(Code::misuse, "simulation", what,
              "there is no " + std::string(what) + " " + std::to_string(number) + "; they count from 0 to " +
                  std::to_string(count - 1));
}

Date Company::Impl::day_of(std::int64_t number, std::int64_t count) const {
  return {options.from.days + static_cast<std::int32_t>(Int128{span} * number / count)};
}

std::int64_t Company::Impl::customers_on(Date on) const {
  const Int128 wide = Int128{on.days - options.from.days + 1} * customer_count;
  return std::clamp(static_cast<std::int64_t>((wide + span - 1) / span), std::int64_t{1}, customer_count);
}

std::int64_t Company::Impl::active_seller(Draw& draw, Date on) const {
  for (int attempt = 0; attempt < 8; ++attempt) {
    const std::int64_t number = draw.below(static_cast<std::int64_t>(sellers.size()));
    const Seller& seller = sellers[static_cast<std::size_t>(number)];
    if (seller.hired_on <= on && (!seller.left_on || *seller.left_on > on)) return number;
  }
  return 0;
}

std::int64_t Company::Impl::finder(std::int64_t customer) const {
  Draw draw(options.seed ^ 0x5eed, Kind::customer, customer);
  return active_seller(draw, day_of(customer, customer_count));
}

std::int64_t Company::Impl::successor(std::int64_t seller, Date on) const {
  for (;;) {
    const Seller& now = sellers[static_cast<std::size_t>(seller)];
    if (!now.left_on || *now.left_on > on) return seller;
    Draw draw(options.seed, Kind::successor, seller);
    seller = active_seller(draw, *now.left_on);
  }
}

Company::Company(const CompanyOptions& options) : impl_(std::make_unique<Impl>(options)) {}
Company::~Company() = default;
Company::Company(Company&&) noexcept = default;

const CompanyOptions& Company::options() const { return impl_->options; }
std::span<const std::string> Company::regions() const { return impl_->regions; }
std::span<const Team> Company::teams() const { return impl_->teams; }
std::span<const Seller> Company::sellers() const { return impl_->sellers; }
std::span<const SimulatedProduct> Company::products() const { return impl_->products; }
std::span<const Campaign> Company::campaigns() const { return impl_->campaigns; }
std::int64_t Company::customers() const { return impl_->customer_count; }
std::int64_t Company::deals() const { return impl_->deal_count; }

std::int64_t Company::successor(std::int64_t seller, Date on) const {
  impl_->require(seller, static_cast<std::int64_t>(impl_->sellers.size()), "seller");
  return impl_->successor(seller, on);
}

SimulatedCustomer Company::customer(std::int64_t number) const {
  impl_->require(number, impl_->customer_count, "customer");
  Draw draw(impl_->options.seed, Kind::customer, number);
  SimulatedCustomer result;
  result.on = impl_->day_of(number, impl_->customer_count);
  result.seller = impl_->finder(number);
  Customer& record = result.record;
  const Tongue tongue = draw_tongue(draw);
  record.kind = draw.chance(150) ? CustomerKind::person : CustomerKind::organisation;
  const bool person = record.kind == CustomerKind::person;
  record.name = person ? draw_person(draw, tongue) : draw_company(draw, tongue);
  record.country = draw_country(draw, tongue);
  record.phone = draw_phone(draw, tongue);
  record.email = "office@c" + std::to_string(number) + ".example";
  if (!person) {
    record.sector = draw_sector(draw);
    record.founded = draw.between(1900, 2020);
    record.employees = draw.between(1, 50) * draw.between(1, 200);
    record.annual_revenue = Decimal{*record.employees * draw.between(50'000, 300'000), 6};
  }
  record.source = "simulation";
  record.external_id = "customer-" + std::to_string(number + 1);
  result.contacts = person ? 0 : static_cast<std::int32_t>(draw.below(3));
  return result;
}

Contact Company::contact(std::int64_t customer, std::int32_t number) const {
  impl_->require(customer, impl_->customer_count, "customer");
  impl_->require(number, 2, "contact");
  Tongue tongue;
  {
    Draw of_customer(impl_->options.seed, Kind::customer, customer);
    tongue = draw_tongue(of_customer);
  }
  Draw draw(impl_->options.seed, Kind::contact, customer * 2 + number);
  Contact contact;
  contact.name = draw_person(draw, tongue);
  contact.role = draw_role(draw, tongue);
  contact.phone = draw_phone(draw, tongue);
  contact.email = "p" + std::to_string(number + 1) + "@c" + std::to_string(customer) + ".example";
  contact.source = "simulation";
  contact.external_id = "contact-" + std::to_string(customer + 1) + "-" + std::to_string(number + 1);
  return contact;
}

SimulatedDeal Company::deal(std::int64_t number) const {
  impl_->require(number, impl_->deal_count, "deal");
  return impl_->deal(number);
}

}  // namespace kith::simulation
