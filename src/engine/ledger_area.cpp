// SPDX-License-Identifier: Apache-2.0
// What the ledger registers: entities, verbs, permissions, reports, the accounts of a new store, its invariants.
#include <algorithm>
#include <map>
#include <unordered_map>

#include "engine/ledger.hpp"
#include "engine/verbs.hpp"
#include "engine/worth.hpp"
#include "kith/engine/generic.hpp"

namespace kith {
namespace ledger {
namespace {

constexpr auto kAccountFields = field_table<LedgerAccount>(
    field<&LedgerAccount::name>("name", {.required = true, .max_length = 60}),
    field<&LedgerAccount::pair>("pair", {.max_length = 60}), field<&LedgerAccount::meaning>("meaning"));
constexpr UniqueKey kAccountUnique[] = {{{"name"}}, {{"pair"}}};

constexpr auto kPostingFields = field_table<Posting>(
    field<&Posting::account>("account", {.required = true, .indexed = true, .max_length = 60}),
    field<&Posting::measure>("measure", {.required = true, .max_length = 60}), field<&Posting::amount>("amount"),
    field<&Posting::quantity>("quantity", {.scale = kQuantityScale}), field<&Posting::currency>("currency"),
    field<&Posting::on>("on", {.indexed = true}),
    field<&Posting::period>("period", {.indexed = true, .max_length = 60}),
    field<&Posting::employee>("employee", {.refers_to = "employee"}),
    field<&Posting::unit>("unit", {.refers_to = "unit"}),
    field<&Posting::customer>("customer", {.refers_to = "customer"}),
    field<&Posting::product>("product", {.refers_to = "product"}),
    field<&Posting::document_entity>("document_entity", {.required = true, .max_length = 60}),
    field<&Posting::document>("document", {.required = true, .indexed = true}),
    field<&Posting::source>("source", {.max_length = 200}),
    field<&Posting::reverses>("reverses", {.kept = true, .refers_to = "posting"}),
    field<&Posting::base_amount>("base_amount", {.kept = true, .in_base = true}),
    field<&Posting::base_rate>("base_rate", {.kept = true, .max_length = 100}),
    field<&Posting::base_rate_on>("base_rate_on", {.kept = true}));
// Once only, also between works that know nothing of each other.
constexpr UniqueKey kPostingUnique[] = {{{"reverses"}}};

}  // namespace

constexpr Entity kLedgerAccount = make_entity<LedgerAccount>({.name = "ledger_account",
                                                              .plural = "ledger_accounts",
                                                              .fields = kAccountFields,
                                                              .unique = kAccountUnique,
                                                              .roles = {.title = "name"}});
constexpr Entity kPosting =
    make_entity<Posting>({.name = "posting",
                          .plural = "postings",
                          .fields = kPostingFields,
                          .unique = kPostingUnique,
                          .roles = {.owner = "employee", .unit = "unit", .currency = "currency"},
                          .append_only = true});

namespace {

constexpr const Entity* kEntities[] = {&kLedgerAccount, &kPosting};

void change_account(Work& work, LedgerAccount& account) { set_account(work, account); }

constexpr RecordVerbs kVerbs[] = {
    {.entity = "ledger_account",
     .create = verb::create_record<LedgerAccount, set_account>,
     .update = verb::update_record<LedgerAccount, change_account>},
    {.entity = "posting", .create = verb::create_record<Posting, post>, .create_batch = post_batch},
};

constexpr Permit kPermits[] = {
    {"ledger::set_account", "ledger_account", Action::administer},
    {"ledger::post", "posting", Action::create},
    {"ledger::post", "posting", Action::create},
    {"ledger::post_batch", "posting", Action::create},
    {"ledger::reverse", "posting", Action::create},
    {"ledger::reverse_document", "posting", Action::create},
};

constexpr FirstGrant kGrants[] = {
    {"manager", "ledger_account", Action::read, Level::all},
    {"seller", "ledger_account", Action::read, Level::all},
    {"manager", "posting", Action::read, Level::subtree},
    {"seller", "posting", Action::read, Level::own},
};

void found(Work& work) {
  static constexpr std::pair<std::string_view, std::string_view> kFirst[] = {
      {"bookings", "what was sold"},
      {"billings", "what was invoiced"},
      {"cash", "what was paid"},
      {"quota_actuals", "what counts towards targets"},
      {"commission", "what was earned by selling"},
      {"expense", "what was spent"},
      {"cost", "what sold goods and services cost"},
  };
  for (const auto& [name, meaning] : kFirst) {
    LedgerAccount account;
    account.name = name;
    account.meaning = meaning;
    work.create(account);
  }
}

// --- reports

std::string text_of(const Parameters& parameters, std::string_view name, std::string_view otherwise = {}) {
  const auto found = parameters.find(name);
  if (found == parameters.end() || is_null(found->second)) return std::string(otherwise);
  if (const auto* text = std::get_if<std::string>(&found->second)) return *text;
  return to_string(found->second);
}

std::optional<Date> day_of(const Parameters& parameters, std::string_view name) {
  const auto found = parameters.find(name);
  if (found != parameters.end()) {
    if (const auto* day = std::get_if<Date>(&found->second)) return *day;
  }
  const std::string text = text_of(parameters, name);
  return text.empty() ? std::nullopt : std::optional(parse_date(text));
}

constexpr std::string_view kFilters[] = {"account",  "measure", "period",          "employee", "unit",
                                         "customer", "product", "document_entity", "document", "source"};

/// Conditions on the dimensions that a report was given.
std::vector<Condition> conditions_of(const Parameters& parameters) {
  std::vector<Condition> conditions;
  for (const std::string_view name : kFilters) {
    const auto given = parameters.find(name);
    if (given == parameters.end() || is_null(given->second)) continue;
    const int field = kPosting.at(name);
    const Cell cell = to_cell(given->second, kPosting.fields[static_cast<std::size_t>(field)], {});
    conditions.push_back({.op = Condition::Op::eq, .field = field, .operands = {cell}, .terms = {}});
  }
  return conditions;
}

Table balance_report(const Reader& reader, const Parameters& parameters) {
  BalanceQuery query;
  query.by.clear();
  const std::string by = text_of(parameters, "by", "account,measure");
  for (std::size_t at = 0; at < by.size();) {
    const std::size_t end = std::min(by.find(',', at), by.size());
    std::string_view name(by.data() + at, end - at);
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    query.by.emplace_back(name);
    at = end + 1;
  }
  query.where = text_of(parameters, "where");
  query.conditions = conditions_of(parameters);
  query.from = day_of(parameters, "from");
  query.to = day_of(parameters, "to");
  return balance(reader, query);
}

Table postings_report(const Reader& reader, const Parameters& parameters) {
  Query query{.where = text_of(parameters, "where"), .conditions = conditions_of(parameters), .order = {"on", "id"}};
  if (const auto from = day_of(parameters, "from")) {
    query.conditions.push_back(verb::compare(kPosting, "on", Condition::Op::ge, from->days));
  }
  if (const auto to = day_of(parameters, "to")) {
    query.conditions.push_back(verb::compare(kPosting, "on", Condition::Op::lt, to->days));
  }
  return generic::find(reader, kPosting, query);
}

constexpr ReportParameter kParameters[] = {
    {"from", Type::date, false, "the first business day"},
    {"to", Type::date, false, "the first one that no longer counts"},
    {"where", Type::text, false, "an expression over postings"},
    {"account", Type::text, false, "only this account"},
    {"measure", Type::text, false, "only this measure"},
    {"period", Type::text, false, "only this fiscal period"},
    {"employee", Type::id, false, "only this employee"},
    {"unit", Type::id, false, "only this unit"},
    {"customer", Type::id, false, "only this customer"},
    {"product", Type::id, false, "only this product"},
    {"document_entity", Type::text, false, "only documents of this kind"},
    {"document", Type::id, false, "only this document"},
    {"source", Type::text, false, "only what this posted"},
    {"by", Type::text, false, "dimensions, separated by commas; account,measure without it"},
};

constexpr Report kReports[] = {
    {"ledger_balance", "Sums of the ledger by dimensions and currency.", kParameters, balance_report},
    {"ledger_postings", "Rows of the ledger, by business day.",
     std::span<const ReportParameter>(kParameters).first(std::size(kParameters) - 1), postings_report},
};

}  // namespace

// --- invariants

namespace {

/// Everything but what a reversal says of itself is the same, and the numbers cancel.
bool mirrors(const Posting& a, const Posting& b) {
  return a.account == b.account && a.measure == b.measure && a.currency == b.currency && a.employee == b.employee &&
         a.unit == b.unit && a.customer == b.customer && a.product == b.product &&
         a.document_entity == b.document_entity && a.document == b.document && a.amount.minor == -b.amount.minor &&
         a.quantity.coefficient == -b.quantity.coefficient && a.base_rate == b.base_rate &&
         a.base_rate_on == b.base_rate_on && a.base_amount.has_value() == b.base_amount.has_value() &&
         (!a.base_amount || a.base_amount->minor == -b.base_amount->minor);
}

/// What a posting is worth follows from its amount and rate. Those from before format 4 have neither rate nor worth.
void check_worth(const Posting& posting, Currency base, std::vector<Finding>& findings) {
  if (!posting.base_amount && !posting.base_rate && !posting.base_rate_on) return;
  const Money money{posting.amount.minor, posting.amount.minor == 0 ? base : posting.currency};  // 0 needs no rate
  if (auto fault = worth_fault(money, {posting.base_amount, posting.base_rate, posting.base_rate_on}, base)) {
    findings.push_back({"posting", posting.id, std::move(*fault)});
  }
}

void check_reversals(const std::vector<Posting>& reversals, const std::unordered_map<Id, Posting>& reversed,
                     std::vector<Finding>& findings) {
  for (const Posting& reversal : reversals) {
    const auto original = reversed.find(*reversal.reverses);
    if (original == reversed.end()) continue;  // a broken reference, which has its own finding
    if (original->second.reverses) {
      findings.push_back({"posting", reversal.id, "must not reverse a reversal"});
    } else if (!mirrors(reversal, original->second)) {
      findings.push_back({"posting", reversal.id,
                          "must mirror posting " + std::to_string(original->first.value) + ", which it reverses"});
    }
  }
}

}  // namespace

void check(const Reader& reader, std::vector<Finding>& findings) {
  const Accounts accounts(reader);
  for (const std::string_view name : accounts.names()) {
    const LedgerAccount& account = *accounts.find(name);
    if (!account.pair) continue;
    const LedgerAccount* partner = accounts.find(*account.pair);
    if (partner == nullptr || partner->pair != account.name) {
      findings.push_back({"ledger_account", account.id, "the accounts of a pair must name each other"});
    }
  }
  PairSums sums;
  std::map<std::string, Id> periods;  // with a posting that names it
  std::vector<Posting> reversals;
  std::unordered_map<Id, Posting> reversed;
  for (Posting& posting : reader.list<Posting>({.where = "reverses is not null"})) {
    reversed[*posting.reverses];
    reversals.push_back(std::move(posting));
  }
  auto rows = reader.scan(kPosting);
  for (Batch batch; rows->next(batch);) {
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      Posting posting;
      load_row(batch, row, &posting);
      if (posting.revision != 1) findings.push_back({"posting", posting.id, "must never have been changed"});
      if (accounts.find(posting.account) == nullptr) {
        findings.push_back({"posting", posting.id, "its account '" + posting.account + "' must exist"});
      }
      check_worth(posting, reader.currency(), findings);
      if (!posting.period.empty()) periods.emplace(posting.period, posting.id);
      add_to_pairs(accounts, posting, sums);
      if (const auto wanted = reversed.find(posting.id); wanted != reversed.end()) wanted->second = posting;
    }
  }
  std::erase_if(reversed, [](const auto& entry) { return entry.second.revision == 0; });
  check_reversals(reversals, reversed, findings);
  for (const auto& [period, posting] : periods) {
    if (const auto fault = period_fault(reader, period)) {
      findings.push_back({"posting", posting, "its period must be one of the store's: " + *fault});
    }
  }
  for (const auto& [key, sum] : sums) {
    if (sum.first == 0 && sum.second == 0) continue;
    findings.push_back({std::get<2>(key), Id{std::get<3>(key)},
                        "its postings on " + std::get<0>(key) + " and " + std::get<1>(key) + " must balance"});
  }
}

}  // namespace ledger

constinit const Area kLedgerArea{.name = "ledger",
                                 .entities = ledger::kEntities,
                                 .verbs = ledger::kVerbs,
                                 .permits = ledger::kPermits,
                                 .grants = ledger::kGrants,
                                 .reports = ledger::kReports,
                                 .found = ledger::found,
                                 .check = ledger::check};

template <>
const Entity& entity_of<LedgerAccount>() {
  return ledger::kLedgerAccount;
}
template <>
const Entity& entity_of<Posting>() {
  return ledger::kPosting;
}

}  // namespace kith
