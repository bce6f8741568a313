// SPDX-License-Identifier: Apache-2.0
#include "incentive/statement_facts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "base/quote.hpp"
#include "engine/verbs.hpp"
#include "incentive/as_of.hpp"
#include "incentive/whose.hpp"
#include "kith/people/employee.hpp"

namespace kith::incentive {
namespace {

/// The columns that crediting and the conditions read, by name.
std::vector<std::string> fields_read(const std::vector<const Expression*>& conditions) {
  const Entity& entity = entity_of<Opportunity>();
  std::vector<std::string> names{"id", "closed_on", "owner", "base_amount"};
  for (const Expression* condition : conditions) {
    if (condition == nullptr) continue;
    for (const int field : condition->reads()) names.emplace_back(entity.fields[static_cast<std::size_t>(field)].name);
  }
  return names;
}

}  // namespace

WonDeals::WonDeals(const Reader& system, Date from, Date to, std::vector<const Expression*> conditions,
                   const std::unordered_set<Id>* only)
    : conditions_(std::move(conditions)) {
  const Entity& entity = entity_of<Opportunity>();
  Query won;
  won.conditions = {equals(entity, "status", static_cast<std::int64_t>(DealStatus::won)),
                    verb::compare(entity, "closed_on", Condition::Op::ge, from.days),
                    verb::compare(entity, "closed_on", Condition::Op::lt, to.days)};
  won.fields = fields_read(conditions_);
  if (only == nullptr) {
    scan(system, won);
    return;
  }
  const int owner = entity.at("owner");
  in_pieces(records_of(system, entity, owner, &entity_of<kith::Split>(), *only, won.conditions),
            [&](const std::vector<Id>& ids) {
              Query these = won;
              these.conditions.push_back(verb::one_of(entity, "id", ids));
              scan(system, these);
            });
}

void WonDeals::scan(const Reader& system, const Query& won) {
  auto cursor = system.scan(entity_of<Opportunity>(), won);
  for (Batch batch; cursor->next(batch);) {
    test(batch);
    share(system, read(batch));
  }
}

void WonDeals::test(const Batch& batch) {
  const auto view_of = [](const Batch& rows) {
    ColumnView view(rows.entity->fields.size(), nullptr);
    for (std::size_t i = 0; i < rows.fields.size(); ++i) {
      view[static_cast<std::size_t>(rows.fields[i])] = &rows.columns[i];
    }
    return view;
  };
  const ColumnView view = view_of(batch);
  const std::size_t first = truth_.size();
  truth_.resize(first + batch.rows() * conditions_.size(), true);
  for (std::size_t i = 0; i < conditions_.size(); ++i) {
    if (conditions_[i] == nullptr) continue;
    const auto place = [&](std::size_t row) { return first + row * conditions_.size() + i; };
    try {
      const std::vector<Tri> truth = conditions_[i]->test(view, batch.rows());
      for (std::size_t row = 0; row < truth.size(); ++row) truth_[place(row)] = truth[row] == Tri::yes;
    } catch (const Error&) {  // of one of the deals: each by itself
      for (std::size_t row = 0; row < batch.rows(); ++row) {
        Batch one(*batch.entity, batch.fields);
        one.append_row(batch, row);
        try {
          truth_[place(row)] = conditions_[i]->test(view_of(one), 1).front() == Tri::yes;
        } catch (const Error& error) {
          errors_.emplace(place(row), error);
        }
      }
    }
  }
}

bool WonDeals::holds(const Share& share, std::size_t condition) const {
  const std::size_t place = share.row * conditions_.size() + condition;
  if (const auto error = errors_.find(place); error != errors_.end()) throw Error(error->second);
  return truth_[place];
}

std::vector<WonDeals::Deal> WonDeals::read(const Batch& batch) const {
  const Entity& entity = entity_of<Opportunity>();
  const Column& ids = batch.column(kIdField);
  const Column& days = batch.column(entity.at("closed_on"));
  const Column& owners = batch.column(entity.at("owner"));
  const Column& amounts = batch.column(entity.at("base_amount"));
  std::vector<Deal> deals(batch.rows());
  for (std::size_t row = 0; row < deals.size(); ++row) {
    deals[row].id = {ids.word(row)};
    deals[row].day = {static_cast<std::int32_t>(days.word(row))};
    if (!owners.is_null(row)) deals[row].owner = Id{owners.word(row)};
    deals[row].amount = amounts.word(row);
  }
  return deals;
}

void WonDeals::share(const Reader& system, const std::vector<Deal>& deals) {
  const Entity& entity = entity_of<kith::Split>();
  std::vector<Id> ids;
  ids.reserve(deals.size());
  for (const Deal& deal : deals) ids.push_back(deal.id);
  std::unordered_map<Id, std::vector<kith::Split>> splits;
  for (kith::Split& split : system.list<kith::Split>(
           {.conditions = {verb::one_of(entity, "opportunity", ids)}, .order = {"opportunity", "position"}})) {
    splits[split.opportunity].push_back(std::move(split));
  }
  std::vector<Decimal> fractions;
  for (const Deal& deal : deals) {
    const std::size_t row = rows_++;
    const auto shared = splits.find(deal.id);
    if (shared == splits.end()) {
      if (deal.owner) shares_.push_back({deal.id, deal.day, *deal.owner, deal.amount, row});
      continue;
    }
    fractions.clear();
    for (const kith::Split& split : shared->second) fractions.push_back(split.share);
    const std::vector<std::int64_t> parts = apply_split(deal.amount, fractions);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      shares_.push_back({deal.id, deal.day, shared->second[i].employee, parts[i], row});
    }
  }
}

namespace {

std::vector<std::unique_ptr<Expression>> compile_conditions(const Reader& system,
                                                            const std::vector<const PlanVersion*>& versions) {
  const Scope scope = scope_of(entity_of<Opportunity>(), system.currency());
  std::vector<std::unique_ptr<Expression>> conditions;
  for (const PlanVersion* version : versions) conditions.push_back(compile_eligibility(*version->plan, scope));
  return conditions;
}

std::vector<const Expression*> views_of(const std::vector<std::unique_ptr<Expression>>& conditions) {
  std::vector<const Expression*> views;
  for (const auto& condition : conditions) views.push_back(condition.get());
  return views;
}

}  // namespace

PeriodFacts::PeriodFacts(const Reader& system, const Terms& terms, const Period& period,
                         const std::unordered_set<Id>* only)
    : system_(system),
      versions_(terms.versions_in(period)),
      conditions_(compile_conditions(system, versions_)),
      deals_(system, period.from, period.to, views_of(conditions_), only) {}

bool PeriodFacts::counts(const Share& share, const PlanVersion& version) const {
  const auto found = std::find(versions_.begin(), versions_.end(), &version);
  if (found == versions_.end()) return false;
  try {
    return deals_.holds(share, static_cast<std::size_t>(found - versions_.begin()));
  } catch (const Error& error) {
    const auto deal = system_.find<Opportunity>(share.deal);
    throw Error(error.code, "commission_plan", "eligibility",
                fmt::format("plan {} version {}, deal {} ({}): {}; what a deal of any currency is worth in {} is its "
                            "base_amount: add a version of the plan that asks for that",
                            quote(version.row.name), version.row.version, quote(deal ? deal->title : ""),
                            share.deal.value, error.message, code_of(system_.currency())));
  }
}

namespace {

/// The credits of one plan version as columns for the kernels.
struct Columns {
  std::vector<std::int64_t> amount, sequence, id;
  std::vector<std::int32_t> person, interval, date;
  std::int32_t persons = 0;

  explicit Columns(const std::vector<Share>& shares) {
    for (std::size_t i = 0; i < shares.size(); ++i) {
      if (i == 0 || shares[i].employee != shares[i - 1].employee) ++persons;
      amount.push_back(shares[i].amount);
      person.push_back(persons - 1);
      date.push_back(shares[i].day.days);
      id.push_back(shares[i].deal.value);
    }
    interval.assign(shares.size(), 0);
    sequence.assign(shares.size(), 0);
  }
  CreditColumns view() const { return {amount, person, interval, date, sequence, id}; }
};

/// With one rounding at the end of a statement, its lines are posted telescoped, so that they sum to it.
void telescope(std::vector<Earning>& earnings, std::size_t first, const std::vector<Int128>& exact, Rounding mode) {
  Int128 running = 0;
  std::int64_t posted = 0;
  for (std::size_t i = first; i < earnings.size(); ++i) {
    if (i == first || earnings[i].employee != earnings[i - 1].employee) running = posted = 0;
    running += exact[i - first];
    const std::int64_t total = round_exact(running, mode);
    earnings[i].amount = checked_sub(total, posted, "line");
    posted = total;
  }
}

/// Takes the credits one by one, as the kernels do all at once: the first that fails says whose it is.
void name_overflow(const Reader& system, const Plan& plan, const std::vector<Share>& shares) {
  for (const Component& component : plan.components) {
    const Kernel kernel = compile(component, plan.rounding);
    Running running;
    for (std::size_t i = 0; i < shares.size(); ++i) {
      if (i == 0 || shares[i].employee != shares[i - 1].employee) running = {};
      const auto whose = [&] {
        const auto row = system.find<Employee>(shares[i].employee);
        const auto deal = system.find<Opportunity>(shares[i].deal);
        return fmt::format("{} of {} ({}) from deal {} ({})", component.name, quote(row ? row->name : ""),
                           shares[i].employee.value, quote(deal ? deal->title : ""), shares[i].deal.value);
      };
      told_whose(whose, [&] { compute_line(kernel, running, shares[i].amount); });
    }
  }
}

void add_earnings(const Reader& system, const PlanVersion& version, std::vector<Share> shares,
                  std::vector<Earning>& earnings) {
  std::sort(shares.begin(), shares.end(), [](const Share& a, const Share& b) {
    return std::tie(a.employee, a.day, a.deal) < std::tie(b.employee, b.day, b.deal);
  });
  const Plan& plan = *version.plan;
  const Columns columns(shares);
  std::vector<LineColumns> lines;
  try {
    for (const Component& component : plan.components) {
      lines.push_back(compute_lines(compile(component, plan.rounding), columns.view(), {columns.persons, 1}));
    }
  } catch (const Error& error) {
    if (error.code == Code::overflow) name_overflow(system, plan, shares);
    throw;
  }
  const bool at_end = plan.rounding.point == RoundingPoint::statement;
  const std::size_t first = earnings.size();
  std::vector<Int128> exact;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    const Share& share = shares[i];
    for (std::size_t c = 0; c < lines.size(); ++c) {
      const std::int64_t amount = at_end ? 0 : lines[c].amount[i];
      earnings.push_back(
          {share.employee, &version, c, plan.components[c].name, share.deal, {}, share.day, share.amount, amount});
      if (at_end) exact.push_back(lines[c].exact[i]);
    }
  }
  if (at_end) telescope(earnings, first, exact, plan.rounding.mode);
}

}  // namespace

std::vector<Earning> compute_earnings(const PeriodFacts& facts, Holdings& holdings,
                                      const std::unordered_set<Id>* only) {
  std::map<Id, std::vector<Share>> by_version;
  std::map<Id, const PlanVersion*> versions;
  for (const Share& share : facts.shares()) {
    if (only != nullptr && !only->contains(share.employee)) continue;
    const Holding* holding = holdings.of(share.employee);
    if (holding == nullptr || !holding->version->plan) continue;
    if (!holding->holds(share.day) || !facts.counts(share, *holding->version)) continue;
    versions.emplace(holding->version->row.id, holding->version);
    by_version[holding->version->row.id].push_back(share);
  }
  std::vector<Earning> earnings;
  for (auto& [id, shares] : by_version) add_earnings(facts.system(), *versions.at(id), std::move(shares), earnings);
  sort_earnings(earnings);
  return earnings;
}

void sort_earnings(std::vector<Earning>& earnings) {
  std::sort(earnings.begin(), earnings.end(), [](const Earning& a, const Earning& b) {
    return std::tie(a.employee, a.day, a.fact, a.component, a.name) <
           std::tie(b.employee, b.day, b.fact, b.component, b.name);
  });
}

}  // namespace kith::incentive
