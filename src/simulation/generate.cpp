// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <queue>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "kith/catalog/product.hpp"
#include "kith/incentive/event.hpp"
#include "kith/people/unit.hpp"
#include "kith/sales/pipeline.hpp"
#include "simulation/company.hpp"

namespace kith::simulation {
namespace {

constexpr std::string_view kStages[] = {"Prospecting", "Qualified", "Proposal", "Negotiation"};
constexpr std::int64_t kChances[] = {100'000'000, 300'000'000, 500'000'000, 800'000'000};
constexpr std::int32_t kWeek = 7;

// What is still to be done with a deal, on a day.
struct Step {
  Date on = {};
  std::int64_t deal = 0;
  std::int32_t stage = 0;  // to advance to; 0: to tell or to close
  Id id = {};              // none yet: the deal is told when it is closed
  bool operator>(const Step& other) const {
    return std::tie(on, deal, stage) > std::tie(other.on, other.deal, other.stage);
  }
};

// Something that followed a won deal, still to be told: its place among Company::events(deal). Those are computed
// again when they are due, so that memory holds a date and two numbers of each.
struct Due {
  Date on = {};
  std::int64_t deal = 0;
  std::size_t place = 0;
  bool operator>(const Due& other) const {
    return std::tie(on, deal, place) > std::tie(other.on, other.deal, other.place);
  }
};

// Lives the company's life in a store, one Work after the other.
class Life {
 public:
  Life(const Company& company, const GenerateOptions& options, Session session, std::shared_ptr<Timestamp> clock)
      : company_(company), options_(options), session_(std::move(session)), clock_(std::move(clock)) {}

  GenerateReport live() {
    require_new();
    found();
    const Date last = company_.options().to;
    for (Date day = company_.options().from; day <= last; day.days += kWeek) {
      const Date end{std::min(day.days + kWeek, last.days + 1)};
      *clock_ = start_of_day(end, "UTC");
      change_staff(end);
      add_customers(end);
      begin_deals(end);
      go_on(end);
      post_events(end);
      let_go(end);
    }
    report_.last_seq = session_.reader().seq();
    return report_;
  }

 private:
  void require_new() {
    const Reader reader = session_.reader();
    for (const char* entity : {"unit", "employee", "product", "customer", "pipeline", "opportunity", "event"}) {
      Query any;
      any.limit = 1;
      Batch batch;
      if (!reader.scan(reader.model().entity(entity), any)->next(batch)) continue;
      throw Error(Code::state, entity, "", "the store holds records already; give the URL of a new one");
    }
  }

  template <class Function>
  void in_work(const std::string& cause, Function&& function) {
    Work work = session_.work({.cause = cause});
    function(work);
    work.commit();
  }

  // Counts rows towards the end and asks whether to go on.
  void advance(std::int64_t rows) {
    done_ += rows;
    const std::int64_t total = company_.customers() + company_.deals();
    if (options_.progress && !options_.progress(done_, total)) {
      throw Error(Code::cancelled, "simulation", "",
                  "cancelled after " + std::to_string(done_) + " of " + std::to_string(total) +
                      " records; what was written stays");
    }
  }

  void found() {
    const Date from = company_.options().from;
    *clock_ = start_of_day(from, "UTC");
    in_work("company founded", [&](Work& work) {
      Unit root;
      root.name = "Company";
      people::create(work, root, from);
      for (const std::string& name : company_.regions()) {
        Unit region;
        region.name = name;
        region.parent = root.id;
        people::create(work, region, from);
        Employee manager;
        manager.name = "Manager " + name;
        manager.unit = region.id;
        manager.hired_on = from;
        people::create(work, manager);
        region.manager = manager.id;
        people::update(work, region);
        access::add_principal(work, "m" + std::to_string(regions_.size() + 1), manager.id, {"manager"});
        regions_.push_back(region.id);
      }
      for (const Team& team : company_.teams()) {
        Unit unit;
        unit.name = team.name;
        unit.parent = regions_[static_cast<std::size_t>(team.region)];
        teams_.push_back(people::create(work, unit, from));
      }
      found_offers(work);
    });
    report_.units = static_cast<std::int64_t>(1 + regions_.size() + teams_.size());
    report_.employees = static_cast<std::int64_t>(regions_.size());
    owned_.resize(company_.sellers().size());
    employees_.resize(company_.sellers().size());
  }

  void found_offers(Work& work) {
    for (const SimulatedProduct& offer : company_.products()) {
      Product product;
      product.name = offer.name;
      product.series = offer.series;
      product.list_price = offer.list_price;
      products_.push_back(catalog::create(work, product));
    }
    report_.products = static_cast<std::int64_t>(products_.size());
    Pipeline pipeline;
    pipeline.name = "Sales";
    std::vector<Stage> stages(std::size(kStages));
    for (std::size_t i = 0; i < stages.size(); ++i) {
      stages[i].name = std::string(kStages[i]);
      stages[i].position = static_cast<std::int64_t>(i + 1);
      stages[i].probability = {kChances[i], kRateScale};
    }
    sales::create(work, pipeline, stages);
    pipeline_ = pipeline.id;
    stage_ = stages.front().id;
    last_stage_ = stages.back().id;
  }

  // Who comes, who changes the team, which team changes its region.
  void change_staff(Date end) {
    const std::span<const Seller> sellers = company_.sellers();
    const std::span<const Team> teams = company_.teams();
    const auto now = [&](std::optional<Date> day) { return day && *day < end && day->days >= end.days - kWeek; };
    Work work = session_.work({.cause = "staff until " + to_string(Date{end.days - 1})});
    for (std::size_t i = 0; i < sellers.size(); ++i) {
      const Seller& seller = sellers[i];
      if (!employees_[i] && seller.hired_on < end) {
        Employee employee;
        employee.name = seller.name;
        employee.email = seller.email;
        employee.unit = teams_[static_cast<std::size_t>(seller.team)];
        employee.hired_on = seller.hired_on;
        employee.source = "simulation";
        employee.external_id = seller_name(static_cast<std::int64_t>(i));
        employees_[i] = people::create(work, employee);
        access::add_principal(work, *employee.external_id, employee.id, {"seller"});
        ++report_.employees;
      }
      if (now(seller.moved_on)) {
        people::transfer(work, employees_[i], teams_[static_cast<std::size_t>(seller.moved_to)], *seller.moved_on);
        ++report_.transfers;
      }
    }
    for (std::size_t i = 0; i < teams.size(); ++i) {
      if (!now(teams[i].moved_on)) continue;
      people::move(work, teams_[i], regions_[static_cast<std::size_t>(teams[i].moved_to)], *teams[i].moved_on);
      ++report_.territory_changes;
    }
    work.commit();
  }

  void add_customers(Date end) {
    while (next_customer_ < company_.customers()) {
      Batch batch(entity_of<Customer>());
      std::vector<SimulatedCustomer> added;
      while (next_customer_ < company_.customers() && added.size() < options_.chunk_rows) {
        SimulatedCustomer customer = company_.customer(next_customer_);
        if (customer.on >= end) break;
        customer.record.owner = employees_[static_cast<std::size_t>(customer.seller)];
        store_row(&customer.record, batch);
        owned_[static_cast<std::size_t>(customer.seller)].push_back(next_customer_++);
        added.push_back(std::move(customer));
      }
      if (added.empty()) return;
      in_work("new customers", [&](Work& work) {
        customer::create_batch(work, batch);
        for (std::size_t row = 0; row < added.size(); ++row) customers_.emplace_back(batch.column(kIdField).word(row));
        add_contacts(work, added);
      });
      report_.customers += static_cast<std::int64_t>(added.size());
      advance(static_cast<std::int64_t>(added.size()));
    }
  }

  void add_contacts(Work& work, const std::vector<SimulatedCustomer>& added) {
    Batch batch(entity_of<Contact>());
    const std::size_t first = customers_.size() - added.size();
    for (std::size_t row = 0; row < added.size(); ++row) {
      for (std::int32_t number = 0; number < added[row].contacts; ++number) {
        Contact contact = company_.contact(static_cast<std::int64_t>(first + row), number);
        contact.customer = customers_[first + row];
        store_row(&contact, batch);
      }
    }
    customer::create_contacts(work, batch);
    report_.contacts += static_cast<std::int64_t>(batch.rows());
  }

  Opportunity record_of(const SimulatedDeal& deal) const {
    Opportunity record = deal.record;
    record.customer = customers_[static_cast<std::size_t>(deal.customer)];
    record.product = products_[static_cast<std::size_t>(deal.product)];
    record.owner = employees_[static_cast<std::size_t>(deal.seller)];
    record.pipeline = pipeline_;
    record.stage = record.status == DealStatus::won ? last_stage_ : stage_;
    return record;
  }

  // A deal as it begins: open, in the first stage.
  Opportunity begun(const SimulatedDeal& deal) const {
    Opportunity record = record_of(deal);
    record.stage = stage_;
    record.status = DealStatus::open;
    record.closed_on.reset();
    record.reason.reset();
    return record;
  }

  void begin_deals(Date end) {
    while (next_deal_ < company_.deals()) {
      Batch batch(entity_of<Opportunity>());
      std::vector<std::pair<std::int64_t, SimulatedDeal>> worked;
      std::vector<std::size_t> rows;
      while (next_deal_ < company_.deals() && batch.rows() < options_.chunk_rows) {
        SimulatedDeal deal = company_.deal(next_deal_);
        if (deal.on >= end) break;
        const bool is_worked = options_.worked_every > 0 && next_deal_ % options_.worked_every == 0;
        if (is_worked || deal.record.status == DealStatus::open) {
          const Opportunity record = begun(deal);
          if (is_worked) rows.push_back(batch.rows());
          store_row(&record, batch);
          if (is_worked) worked.emplace_back(next_deal_, std::move(deal));
        } else {
          steps_.push({*deal.record.closed_on, next_deal_, 0, Id{}});
        }
        ++next_deal_;
      }
      if (batch.rows() == 0) {
        if (next_deal_ < company_.deals() && company_.deal(next_deal_).on >= end) return;
        continue;
      }
      in_work("new deals", [&](Work& work) { sales::create_batch(work, batch); });
      for (std::size_t i = 0; i < worked.size(); ++i) {
        plan_steps(worked[i].first, worked[i].second, Id{batch.column(kIdField).word(rows[i])});
      }
      count_deals(static_cast<std::int64_t>(batch.rows()));
    }
  }

  void count_deals(std::int64_t rows) {
    report_.deals += rows;
    advance(rows);
  }

  // The days on which a deal goes through its stages, and the one on which it closes.
  void plan_steps(std::int64_t number, const SimulatedDeal& deal, Id id) {
    Draw draw(company_.options().seed, Kind::work, -1 - number);
    const bool open = deal.record.status == DealStatus::open;
    const Date end = open ? company_.options().to : *deal.record.closed_on;
    const std::int32_t stages = deal.record.status == DealStatus::won ? 3 : static_cast<std::int32_t>(draw.below(4));
    for (std::int32_t stage = 1; stage <= stages; ++stage) {
      steps_.push({Date{deal.on.days + (end.days - deal.on.days) * stage / 4}, number, stage, id});
    }
    if (!open) steps_.push({end, number, 0, id});
    ++report_.worked;
  }

  // Steps of deals that are due, in Works of a chunk each.
  void go_on(Date end) {
    while (!steps_.empty() && steps_.top().on < end) {
      Batch told(entity_of<Opportunity>());
      Work work = session_.work({.cause = "deals until " + to_string(Date{end.days - 1})});
      for (std::size_t n = 0; n < options_.chunk_rows && !steps_.empty() && steps_.top().on < end; ++n) {
        const Step step = steps_.top();
        steps_.pop();
        const SimulatedDeal deal = company_.deal(step.deal);
        if (step.id) {
          take(work, step, deal);
        } else {
          const Opportunity record = record_of(deal);
          store_row(&record, told);
        }
        if (step.stage == 0) ++(deal.record.status == DealStatus::won ? report_.won : others(deal));
        if (step.stage == 0) await_events(step.deal);
      }
      sales::create_batch(work, told);
      work.commit();
      count_deals(static_cast<std::int64_t>(told.rows()));
    }
  }

  void await_events(std::int64_t deal) {
    if (!options_.events) return;
    const std::vector<incentive::EventRow> events = company_.events(deal);
    for (std::size_t place = 0; place < events.size(); ++place) due_.push({events[place].date, deal, place});
  }

  // Bookings, invoices, payments and returns of the week, as a host would post them.
  void post_events(Date end) {
    while (!due_.empty() && due_.top().on < end) {
      std::vector<incentive::EventRow> rows;
      while (rows.size() < options_.chunk_rows && !due_.empty() && due_.top().on < end) {
        rows.push_back(std::move(company_.events(due_.top().deal)[due_.top().place]));
        for (incentive::Split& split : rows.back().splits) split.person = "simulation:" + split.person;
        due_.pop();
      }
      in_work("business until " + to_string(Date{end.days - 1}),
              [&](Work& work) { report_.events += incentive::post_events(work, rows).added; });
    }
  }

  std::int64_t& others(const SimulatedDeal& deal) {
    return deal.record.status == DealStatus::lost ? report_.lost : voided_;
  }

  void take(Work& work, const Step& step, const SimulatedDeal& deal) {
    const std::int64_t owner = company_.successor(deal.seller, step.on);
    if (owner != deal.seller) {
      Opportunity record = work.get<Opportunity>(step.id);
      record.owner = employees_[static_cast<std::size_t>(owner)];
      sales::update(work, record);
    }
    if (step.stage > 0) return sales::advance(work, step.id, kStages[step.stage]);
    const std::string reason = deal.record.reason.value_or("");
    const Date on = *deal.record.closed_on;
    if (deal.record.status == DealStatus::lost) return sales::lose(work, step.id, on, reason);
    if (deal.record.status == DealStatus::voided) return sales::void_deal(work, step.id, on, reason);
    sales::win(work, step.id, on, reason, deal.record.amount);
    const std::optional<Company::Sharing> sharing = company_.sharing(step.deal);
    if (!sharing || sharing->seller == owner) return;
    sales::set_splits(
        work, step.id,
        {{employees_[static_cast<std::size_t>(owner)], Decimal{(100 - sharing->percent) * 10'000'000, 9}},
         {employees_[static_cast<std::size_t>(sharing->seller)], Decimal{sharing->percent * 10'000'000, 9}}});
    ++report_.splits;
  }

  // Those who leave, and their customers, who go to their successors.
  void let_go(Date end) {
    const std::span<const Seller> sellers = company_.sellers();
    for (std::size_t i = 0; i < sellers.size(); ++i) {
      const std::optional<Date> left = sellers[i].left_on;
      if (!left || *left >= end || left->days < end.days - kWeek) continue;
      in_work(seller_name(static_cast<std::int64_t>(i)) + " leaves", [&](Work& work) {
        Employee employee = work.get<Employee>(employees_[i]);
        employee.left_on = left;
        people::update(work, employee);
      });
      ++report_.leavers;
      hand_over(i, static_cast<std::size_t>(company_.successor(static_cast<std::int64_t>(i), *left)));
    }
  }

  void hand_over(std::size_t from, std::size_t to) {
    std::vector<std::int64_t> leaving = std::move(owned_[from]);
    owned_[from].clear();
    for (std::size_t first = 0; first < leaving.size(); first += options_.chunk_rows) {
      in_work("customers of " + seller_name(static_cast<std::int64_t>(from)), [&](Work& work) {
        for (std::size_t i = first; i < std::min(leaving.size(), first + options_.chunk_rows); ++i) {
          customer::assign(work, customers_[static_cast<std::size_t>(leaving[i])], employees_[to]);
        }
      });
    }
    report_.handovers += static_cast<std::int64_t>(leaving.size());
    owned_[to].insert(owned_[to].end(), leaving.begin(), leaving.end());
  }

  const Company& company_;
  const GenerateOptions& options_;
  Session session_;
  std::shared_ptr<Timestamp> clock_;
  GenerateReport report_;
  std::int64_t voided_ = 0;
  std::int64_t done_ = 0;
  std::int64_t next_customer_ = 0;
  std::int64_t next_deal_ = 0;
  Id pipeline_, stage_, last_stage_;
  std::vector<Id> regions_, teams_, products_, employees_, customers_;
  std::vector<std::vector<std::int64_t>> owned_;  // customers by seller
  std::priority_queue<Step, std::vector<Step>, std::greater<>> steps_;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
};

}  // namespace

Table to_table(const GenerateReport& report) {
  Table table({{.name = "what"}, {.name = "count", .type = Type::integer}});
  const auto add = [&](std::string_view what, std::int64_t count) { table.add({std::string(what), count}); };
  add("units", report.units);
  add("employees", report.employees);
  add("leavers", report.leavers);
  add("transfers", report.transfers);
  add("territory_changes", report.territory_changes);
  add("products", report.products);
  add("customers", report.customers);
  add("handovers", report.handovers);
  add("contacts", report.contacts);
  add("deals", report.deals);
  add("won", report.won);
  add("lost", report.lost);
  add("worked", report.worked);
  add("splits", report.splits);
  add("events", report.events);
  add("last_seq", report.last_seq);
  return table;
}

GenerateReport generate(std::string_view url, const Model& model, const GenerateOptions& options) {
  if (options.chunk_rows == 0 || options.worked_every < 0) {
    throw Error(Code::invalid, "simulation", options.chunk_rows == 0 ? "chunk_rows" : "worked_every",
                "a Work needs at least one row, and 'every' is 0 (none) or more");
  }
  const Company company(options.company);
  const auto clock = std::make_shared<Timestamp>(start_of_day(company.options().from, "UTC"));
  Options store = options.store;
  store.clock = [clock] { return *clock; };
  store.random = seeded_random(company.options().seed);
  store.currency = code_of(company.options().currency);
  const auto engine = Engine::open(url, model, store);
  return Life(company, options, engine->session(), clock).live();
}

}  // namespace kith::simulation
