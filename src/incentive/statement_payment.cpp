// SPDX-License-Identifier: Apache-2.0
// Releases and payments as they are stored, and what holds between them.
#include "kith/incentive/statement_payment.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "engine/verbs.hpp"
#include "incentive/as_of.hpp"
#include "incentive/statement_pay.hpp"
#include "incentive/statement_run.hpp"

namespace kith {
namespace incentive {
namespace {

constexpr auto kReleaseFields = field_table<StatementRelease>(
    field<&StatementRelease::statement>("statement", {.required = true, .refers_to = "statement"}),
    field<&StatementRelease::position>("position", {.minimum = 1}), field<&StatementRelease::kind>("kind"),
    field<&StatementRelease::correction>("correction"),
    field<&StatementRelease::plan>("plan", {.required = true, .refers_to = "commission_plan"}),
    field<&StatementRelease::component>("component", {.required = true, .max_length = 200}),
    field<&StatementRelease::period_earned>("period_earned", {.required = true, .max_length = 20}),
    field<&StatementRelease::part>("part", {.required = true, .max_length = 200}),
    field<&StatementRelease::amount>("amount"),
    field<&StatementRelease::corrects>("corrects", {.refers_to = "statement_release"}),
    field<&StatementRelease::reason>("reason", {.max_length = 200}));

constexpr auto kPaymentFields = field_table<StatementPayment>(
    field<&StatementPayment::statement>("statement", {.required = true, .refers_to = "statement"}),
    field<&StatementPayment::plan>("plan", {.required = true, .refers_to = "commission_plan"}),
    field<&StatementPayment::earned>("earned"), field<&StatementPayment::held>("held"),
    field<&StatementPayment::released>("released"), field<&StatementPayment::carried>("carried"),
    field<&StatementPayment::drawn>("drawn"), field<&StatementPayment::advanced>("advanced"),
    field<&StatementPayment::recovered>("recovered"), field<&StatementPayment::topped_up>("topped_up"),
    field<&StatementPayment::forgiven>("forgiven"), field<&StatementPayment::balance>("balance"),
    field<&StatementPayment::carry>("carry"), field<&StatementPayment::pay>("pay"));
constexpr UniqueKey kPaymentKeys[] = {{{"statement"}}};

}  // namespace

constexpr Entity kStatementRelease = make_entity<StatementRelease>({.name = "statement_release",
                                                                    .plural = "statement_releases",
                                                                    .fields = kReleaseFields,
                                                                    .roles = {.parent = "statement"}});
constexpr Entity kStatementPayment = make_entity<StatementPayment>({.name = "statement_payment",
                                                                    .plural = "statement_payments",
                                                                    .fields = kPaymentFields,
                                                                    .unique = kPaymentKeys,
                                                                    .roles = {.parent = "statement"}});

std::vector<StatementRelease> releases_of(const Reader& reader, Id statement) {
  return reader.list<StatementRelease>(
      {.conditions = {equals(kStatementRelease, "statement", statement)}, .order = {"position"}});
}

std::optional<StatementPayment> payment_of(const Reader& reader, Id statement) {
  return reader.find_one<StatementPayment>({.conditions = {equals(kStatementPayment, "statement", statement)}});
}

std::vector<StatementRelease> releases_of_statements(const Reader& system, const std::vector<Id>& statements) {
  std::vector<StatementRelease> rows;
  in_pieces(statements, [&](const std::vector<Id>& ids) {
    const Query query{.conditions = {verb::one_of(kStatementRelease, "statement", ids)},
                      .order = {"statement", "position"}};
    append_rows(system, kStatementRelease, query, rows);
  });
  return rows;
}

std::vector<StatementPayment> payments_of_statements(const Reader& system, const std::vector<Id>& statements) {
  std::vector<StatementPayment> rows;
  in_pieces(statements, [&](const std::vector<Id>& ids) {
    const Query query{.conditions = {verb::one_of(kStatementPayment, "statement", ids)}, .order = {"statement"}};
    append_rows(system, kStatementPayment, query, rows);
  });
  return rows;
}

std::vector<Statement> statements_before(const Reader& system, const Statement& statement, bool itself) {
  const CommissionPeriod own = system.get<CommissionPeriod>(statement.period);
  const Grain grain = period_from(own).grain;
  std::map<Id, Date> starts;
  for (const CommissionPeriod& row :
       system.list<CommissionPeriod>({.conditions = {equals(kCommissionPeriod, "calendar", own.calendar)}})) {
    if (period_from(row).grain == grain) starts.emplace(row.id, row.from);
  }
  std::vector<std::pair<Date, Statement>> dated;
  for (Statement& row : system.list<Statement>({.conditions = {equals(kStatement, "employee", statement.employee)}})) {
    const auto start = starts.find(row.period);
    if (start == starts.end() || own.from < start->second || (row.id == statement.id && !itself)) continue;
    dated.emplace_back(start->second, std::move(row));
  }
  std::sort(dated.begin(), dated.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Statement> rows;
  for (auto& [from, row] : dated) rows.push_back(std::move(row));
  return rows;
}

std::vector<StatementRelease> waiting(const Reader& reader, Id statement) {
  const Reader system = reader.as_system("commission");
  std::vector<Id> ids;
  for (const Statement& row : statements_before(system, reader.get<Statement>(statement), true)) ids.push_back(row.id);
  std::map<std::tuple<std::string, std::string, std::string>, StatementRelease> parts;
  for (StatementRelease& row : releases_of_statements(system, ids)) {
    const std::int64_t amount = row.kind == ReleaseKind::held ? row.amount.minor : -row.amount.minor;
    const auto [found, fresh] = parts.try_emplace({row.period_earned, row.component, row.part}, row);
    if (fresh) {
      found->second.amount.minor = amount;
    } else {
      std::int64_t& left = found->second.amount.minor;
      left = checked_add(left, amount, "what waits");
    }
  }
  std::vector<StatementRelease> rows;
  for (auto& [key, row] : parts) {
    if (row.amount.minor != 0) rows.push_back(std::move(row));
  }
  return rows;
}

namespace {

void check_flow(const StatementPayment& row, const Statement& statement,
                const std::map<ReleaseKind, std::int64_t>& sums, std::vector<Finding>& findings) {
  const auto expect = [&](const char* field, Amount stored, Int128 wanted) {
    if (Int128{stored.minor} == wanted) return;
    findings.push_back({"statement_payment", row.id,
                        std::string(field) + " must follow from the statement and its rows, is " +
                            to_string(Money{stored.minor, statement.currency})});
  };
  const auto sum = [&](ReleaseKind kind) {
    const auto found = sums.find(kind);
    return found == sums.end() ? 0 : found->second;
  };
  expect("earned", row.earned, statement.total.minor);
  expect("held", row.held, sum(ReleaseKind::held));
  expect("released", row.released, sum(ReleaseKind::released));
  expect("pay", row.pay,
         Int128{row.earned.minor} - row.held.minor + row.released.minor + row.carried.minor + row.advanced.minor -
             row.recovered.minor + row.topped_up.minor - row.carry.minor);
}

}  // namespace

void check_payments(const Reader& reader, std::vector<Finding>& findings) {
  std::map<Id, Statement> statements;
  std::map<Id, std::map<ReleaseKind, std::int64_t>> sums;
  std::map<Id, std::int64_t> positions;
  const auto payments = reader.list<StatementPayment>();
  if (!payments.empty()) {
    for (Statement& row : reader.list<Statement>()) statements.emplace(row.id, std::move(row));
  }
  std::set<std::tuple<Id, std::string, std::string, std::string, ReleaseKind, bool>> seen;
  for (const StatementRelease& row : reader.list<StatementRelease>({.order = {"statement", "position"}})) {
    if (!seen.emplace(row.statement, row.period_earned, row.component, row.part, row.kind, row.correction).second) {
      findings.push_back({"statement_release", row.id, "another row of its statement says the same of the same part"});
    }
    std::int64_t& sum = sums[row.statement][row.kind];
    sum = checked_add(sum, row.amount.minor, "releases of a statement");
    if (row.position != ++positions[row.statement]) {
      findings.push_back(
          {"statement_release", row.id,
           "position must be " + std::to_string(positions[row.statement]) + ", is " + std::to_string(row.position)});
    }
  }
  for (const StatementPayment& row : payments) {
    const auto statement = statements.find(row.statement);
    if (statement == statements.end()) continue;  // a broken reference is named elsewhere
    check_flow(row, statement->second, sums[row.statement], findings);
  }
}

}  // namespace incentive

template <>
const Entity& entity_of<StatementRelease>() {
  return incentive::kStatementRelease;
}
template <>
const Entity& entity_of<StatementPayment>() {
  return incentive::kStatementPayment;
}

}  // namespace kith
