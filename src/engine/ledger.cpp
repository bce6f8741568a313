// SPDX-License-Identifier: Apache-2.0
// Writing the ledger: accounts, postings, reversals.
#include "kith/engine/ledger.hpp"

#include <map>
#include <set>
#include <tuple>
#include <unordered_map>

#include "engine/internal.hpp"
#include "engine/ledger.hpp"
#include "engine/verbs.hpp"

namespace kith::ledger {
namespace {

constexpr std::size_t kFewIds = 500;  // of one query

bool has_postings(const Reader& reader, std::string_view account) {
  const Reader all = reader.as_system("ledger");
  return !all.list<Posting>({.conditions = {equals(kPosting, "account", account)}, .limit = 1}).empty();
}

LedgerAccount account_named(const Reader& reader, std::string_view name) {
  const auto accounts = reader.as_system("ledger").list<LedgerAccount>();
  for (const LedgerAccount& account : accounts) {
    if (account.name == name) return account;
  }
  std::vector<std::string_view> names;
  for (const LedgerAccount& account : accounts) names.push_back(account.name);
  throw Error(Code::invalid, "ledger_account", "pair",
              "there is no account '" + std::string(name) + "'." + suggest(name, names));
}

/// The account that is to become the partner, checked; nothing when no pair is wanted.
std::optional<LedgerAccount> partner_of(const Work& work, const LedgerAccount& account) {
  if (!account.pair) return std::nullopt;
  if (*account.pair == account.name) {
    throw Error(Code::invalid, "ledger_account", "pair", "is the account itself; name another one");
  }
  LedgerAccount partner = account_named(work, *account.pair);
  if (partner.pair && *partner.pair != account.name) {
    throw Error(Code::conflict, "ledger_account", "pair",
                "'" + partner.name + "' is the pair of '" + *partner.pair + "' already");
  }
  if (!partner.pair && has_postings(work, partner.name)) {
    throw Error(Code::state, "ledger_account", "pair",
                "'" + partner.name + "' has postings that nothing balances; make a new account for the pair");
  }
  return partner;
}

void require_unused(const Work& work, const LedgerAccount& before, const LedgerAccount& after) {
  if (before.name == after.name && before.pair == after.pair) return;
  if (!has_postings(work, before.name)) return;
  throw Error(Code::state, "ledger_account", before.name == after.name ? "pair" : "name",
              "of '" + before.name + "' stays as it is, for there are postings; make a new account");
}

/// Adds a fault for each document that is no record of the store (a trusted verb), or none that the actor may see.
void check_documents(const Work& work, std::span<const Posting> postings, verb::Faults& faults) {
  std::map<std::string, std::set<std::int64_t>> documents;
  for (const Posting& posting : postings) documents[posting.document_entity].insert(posting.document.value);
  std::vector<std::string_view> names;
  for (const Entity* entity : work.model().entities()) names.push_back(entity->name);
  for (const auto& [name, wanted] : documents) {
    const Entity* entity = work.model().find_entity(name);
    if (entity == nullptr || entity->name != name) {
      faults.add("document_entity", "'" + name + "' is no entity." + suggest(name, names));
      continue;
    }
    std::vector<Id> ids;
    for (const std::int64_t id : wanted) ids.push_back({id});
    std::unordered_set<std::int64_t> found;
    if (Inside::state(work).trust > 0) {
      const Batch rows = raw_get(work, *entity, ids);
      for (std::size_t row = 0; row < rows.rows(); ++row) found.insert(rows.columns[kIdField].word(row));
    } else {
      found = allowed(work, *entity, Action::read, ids);
    }
    for (const Id id : ids) {
      if (!found.contains(id.value)) {
        faults.add("document", "there is no " + name + " " + std::to_string(id.value) + " that '" + work.actor().name +
                                   "' may see");
      }
    }
  }
}

std::string describe(const PairSum& sum) {
  return std::get<0>(sum) + " and " + std::get<1>(sum) + ", " + std::get<4>(sum) + " of " + std::get<2>(sum) + " " +
         std::to_string(std::get<3>(sum));
}

/// Adds a fault for each pair of accounts whose postings do not sum to zero.
void check_pairs(const Accounts& accounts, std::span<const Posting> postings, verb::Faults& faults) {
  PairSums sums;
  for (const Posting& posting : postings) add_to_pairs(accounts, posting, sums);
  for (const auto& [key, sum] : sums) {
    if (sum.first == 0 && sum.second == 0) continue;
    faults.add("amount", "the pair " + describe(key) + ", does not balance; post both sides together");
  }
}

void check_postings(const Work& work, std::span<const Posting> postings, bool reversals) {
  verb::Faults faults(kPosting);
  const Accounts accounts(work);
  for (const Posting& posting : postings) {
    if (accounts.find(posting.account) == nullptr) {
      faults.add("account", "'" + posting.account + "' is no account." + suggest(posting.account, accounts.names()));
    }
    if (!verb::is_day(posting.on)) faults.add("on", std::string(verb::kDayExpected));
    if (posting.amount.minor == 0 && posting.quantity.coefficient == 0) {
      faults.add("amount", "and quantity are both 0, which posts nothing; give one");
    }
    if (!reversals && posting.reverses) faults.add("reverses", "is set by ledger::reverse only");
    if (!reversals && posting.revision != 0) faults.add("revision", "is that of a posting that is there already");
  }
  if (!reversals) check_documents(work, postings, faults);
  check_pairs(accounts, postings, faults);
  faults.raise();
}

/// Binds what postings are worth in the base currency. Reversals keep what they mirror.
void bind_worth(const Work& work, std::span<Posting> postings) {
  std::vector<DatedMoney> facts;
  std::vector<Posting*> foreign;
  for (Posting& posting : postings) {
    posting.base_amount = posting.amount;
    posting.base_rate.reset();
    posting.base_rate_on.reset();
    if (posting.currency == work.currency() || posting.amount.minor == 0) continue;
    facts.push_back({{posting.amount.minor, posting.currency}, posting.on});
    foreign.push_back(&posting);
  }
  if (facts.empty()) return;
  try {
    std::vector<BaseValue> values = base_values(work, facts);
    for (std::size_t i = 0; i < values.size(); ++i) {
      foreign[i]->base_amount = values[i].amount;
      foreign[i]->base_rate = std::move(values[i].rate);
      foreign[i]->base_rate_on = values[i].on;
    }
  } catch (const Error& error) {
    if (error.code == Code::not_found) throw Error(Code::invalid, "posting", "currency", error.message);
    if (error.code == Code::overflow) throw Error(Code::overflow, "posting", "amount", error.message);
    throw;
  }
}

void write(Work& work, std::span<Posting> postings, bool reversals) {
  work.require(Action::create, kPosting);
  std::vector<Posting> rows(postings.begin(), postings.end());
  for (Posting& row : rows) {
    if (!row.currency) row.currency = work.currency();
    if (row.on == Date{}) row.on = work.today();
    row.quantity = rescale(row.quantity, kQuantityScale);
  }
  check_postings(work, rows, reversals);
  if (!reversals) bind_worth(work, rows);
  Batch batch(kPosting);
  batch.reserve(rows.size());
  for (const Posting& row : rows) store_row(&row, batch);
  work.create_batch(kPosting, batch);
  for (std::size_t i = 0; i < rows.size(); ++i) load_row(batch, i, &postings[i]);
}

/// Visible postings whose field is one of some ids.
std::vector<Posting> postings_where(const Reader& reader, std::string_view field, std::span<const Id> ids) {
  std::vector<Posting> all;
  for (std::size_t at = 0; at < ids.size(); at += kFewIds) {
    const std::span<const Id> some = ids.subspan(at, std::min(kFewIds, ids.size() - at));
    for (Posting& posting : reader.list<Posting>(
             {.conditions = {verb::one_of(kPosting, field, std::vector<Id>(some.begin(), some.end()))}})) {
      all.push_back(std::move(posting));
    }
  }
  return all;
}

void require_unreversed(const Reader& reader, std::span<const Id> ids) {
  for (const Posting& reversal : postings_where(reader.as_system("ledger"), "reverses", ids)) {
    throw Error(Code::state, "posting", "reverses",
                std::to_string(reversal.reverses->value) + " was reversed by posting " +
                    std::to_string(reversal.id.value) + " already; post it again if it holds after all");
  }
}

std::int64_t negated(std::int64_t word) {
  if (word == std::numeric_limits<std::int64_t>::min()) {
    throw Error(Code::overflow, "posting", "amount", "has no mirror in 64 bits");
  }
  return -word;
}

Posting mirror(const Posting& original, const Reversal& how) {
  Posting row = original;
  row.id = {};
  row.revision = row.seq = 0;
  row.amount.minor = negated(row.amount.minor);
  row.quantity.coefficient = negated(row.quantity.coefficient);
  if (row.base_amount) row.base_amount->minor = negated(row.base_amount->minor);
  row.on = how.on.value_or(original.on);
  row.period = how.period.value_or(original.period);
  if (!how.source.empty()) row.source = how.source;
  row.reverses = original.id;
  return row;
}

}  // namespace

Accounts::Accounts(const Reader& reader) {
  for (LedgerAccount& account : reader.as_system("ledger").list<LedgerAccount>()) {
    by_name_.emplace(account.name, std::move(account));
  }
}

const LedgerAccount* Accounts::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &found->second;
}

std::vector<std::string_view> Accounts::names() const {
  std::vector<std::string_view> names;
  for (const auto& [name, account] : by_name_) names.push_back(name);
  return names;
}

void add_to_pairs(const Accounts& accounts, const Posting& posting, PairSums& sums) {
  const LedgerAccount* account = accounts.find(posting.account);
  if (account == nullptr || !account->pair) return;
  const auto [first, second] = std::minmax(account->name, *account->pair);
  auto& sum = sums[{first, second, posting.document_entity, posting.document.value, posting.measure,
                    code_of(posting.currency)}];
  sum.first += posting.amount.minor;
  sum.second += posting.quantity.coefficient;
}

Id set_account(Work& work, LedgerAccount& account) {
  work.require(Action::administer, kLedgerAccount);
  LedgerAccount row = account;
  const bool fresh = row.revision == 0;
  if (row.pair && row.pair->empty()) row.pair.reset();
  std::optional<LedgerAccount> before;
  if (!fresh) before = verb::before_update(work, row);
  if (before) require_unused(work, *before, row);
  std::optional<LedgerAccount> partner = partner_of(work, row);
  std::optional<LedgerAccount> former;  // its pair until now
  if (before && before->pair && (before->pair != row.pair || before->name != row.name)) {
    former = account_named(work, *before->pair);
  }
  if (former && partner && former->name == partner->name) former.reset();
  Work::Step step(work);
  work.trusted([&] {
    fresh ? static_cast<void>(work.create(row)) : work.update(row);
    if (former) {
      former->pair.reset();
      work.update(*former);
    }
    if (partner && partner->pair != row.name) {
      partner->pair = row.name;
      work.update(*partner);
    }
  });
  step.keep();
  account = std::move(row);
  return account.id;
}

void post(Work& work, std::span<Posting> postings) { write(work, postings, false); }

Id post(Work& work, Posting& posting) {
  write(work, {&posting, 1}, false);
  return posting.id;
}

void post_batch(Work& work, Batch& postings) {
  if (postings.entity != &kPosting || postings.columns.size() != kPosting.fields.size()) {
    throw Error(Code::misuse, "posting", "", "a new posting needs a batch of all its fields");
  }
  std::vector<Posting> rows(postings.rows());
  for (std::size_t i = 0; i < rows.size(); ++i) load_row(postings, i, &rows[i]);
  write(work, rows, false);
  Batch written(kPosting);
  written.reserve(rows.size());
  for (const Posting& row : rows) store_row(&row, written);
  postings = std::move(written);
}

std::vector<Id> reverse(Work& work, std::span<const Id> postings, const Reversal& how) {
  work.require(Action::create, kPosting);
  std::unordered_map<Id, Posting> originals;
  for (Posting& posting : postings_where(work, "id", postings)) originals.emplace(posting.id, std::move(posting));
  std::vector<Posting> rows;
  std::set<Id> seen;
  for (const Id id : postings) {
    const auto found = originals.find(id);
    if (found == originals.end()) {
      throw Error(Code::not_found, "posting", "id",
                  "there is no posting " + std::to_string(id.value) + " that '" + work.actor().name + "' may see");
    }
    if (!seen.insert(id).second) {
      throw Error(Code::invalid, "posting", "reverses", std::to_string(id.value) + " is named twice; name it once");
    }
    if (found->second.reverses) {
      throw Error(Code::state, "posting", "reverses",
                  std::to_string(id.value) + " is a reversal itself; post what it took back again instead");
    }
    rows.push_back(mirror(found->second, how));
  }
  require_unreversed(work, postings);
  write(work, rows, true);
  std::vector<Id> made;
  for (const Posting& row : rows) made.push_back(row.id);
  return made;
}

std::vector<Id> reverse_document(Work& work, std::string_view entity, Id document, const Reversal& how) {
  work.require(Action::create, kPosting);
  static_cast<void>(work.model().entity(entity));
  const auto all = work.list<Posting>(
      {.conditions = {equals(kPosting, "document", document), equals(kPosting, "document_entity", entity)},
       .order = {"id"}});
  std::set<Id> reversed;
  std::vector<Id> originals;
  for (const Posting& posting : all) {
    if (posting.reverses) reversed.insert(*posting.reverses);
  }
  for (const Posting& posting : all) {
    if (!posting.reverses && !reversed.contains(posting.id)) originals.push_back(posting.id);
  }
  return originals.empty() ? originals : reverse(work, originals, how);
}

}  // namespace kith::ledger
