// SPDX-License-Identifier: Apache-2.0
// Writing the ledger: accounts, postings, reversals.
#include "kith/engine/ledger.hpp"

#include <algorithm>
#include <charconv>
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

/// The rows that name each document.
using Documents = std::map<std::string, std::map<std::int64_t, std::vector<std::size_t>>>;

/// The ids of records that are there (for a trusted verb), or that the actor may see.
std::unordered_set<std::int64_t> found_of(const Work& work, const Entity& entity, const std::vector<Id>& ids) {
  if (Inside::state(work).trust == 0) return allowed(work, entity, Action::read, ids);
  std::unordered_set<std::int64_t> found;
  const Batch rows = raw_get(work, entity, ids);
  for (std::size_t row = 0; row < rows.rows(); ++row) found.insert(rows.columns[kIdField].word(row));
  return found;
}

/// Faults of several postings begin with their row, those of a single one do not.
void in_row(std::span<const Posting> postings, std::size_t row, verb::Faults& faults) {
  if (postings.size() > 1) faults.in_row(row);
}

/// Adds the same fault to several rows: the first of them, where they are many.
void tell_rows(std::span<const Posting> postings, const std::vector<std::size_t>& rows, std::string_view field,
               const std::string& message, verb::Faults& faults) {
  constexpr std::size_t kMost = 20;
  for (const std::size_t row : std::span(rows).first(std::min(rows.size(), kMost))) {
    in_row(postings, row, faults);
    faults.add(field, message);
  }
}

/// Adds a fault for each document that is no record of the store (a trusted verb), or none that the actor may see: to
/// every row that names it.
void check_documents(const Work& work, std::span<const Posting> postings, verb::Faults& faults) {
  Documents documents;
  for (std::size_t row = 0; row < postings.size(); ++row) {
    documents[postings[row].document_entity][postings[row].document.value].push_back(row);
  }
  std::vector<std::string_view> names;
  for (const Entity* entity : work.model().entities()) names.push_back(entity->name);
  for (const auto& [name, wanted] : documents) {
    const Entity* entity = work.model().find_entity(name);
    if (entity == nullptr || entity->name != name) {
      const std::string fault = "'" + name + "' is no entity." + suggest(name, names);
      for (const auto& [id, rows] : wanted) tell_rows(postings, rows, "document_entity", fault, faults);
      continue;
    }
    std::vector<Id> ids;
    for (const auto& [id, rows] : wanted) ids.push_back({id});
    const auto found = found_of(work, *entity, ids);
    for (const auto& [id, rows] : wanted) {
      if (found.contains(id)) continue;
      tell_rows(postings, rows, "document",
                "there is no " + name + " " + std::to_string(id) + " that '" + work.actor().name + "' may see", faults);
    }
  }
}

/// The grain that a label of a period speaks of: "2026", "2026-Q1", "2026-M03" or "2026-03", "2026-P01", "2026-W09".
std::string_view grain_of(std::string_view label) {
  constexpr std::size_t kYearDigits = 4;
  if (label.size() <= kYearDigits + 1) return "year";
  switch (label[kYearDigits + 1]) {
    case 'Q': return "quarter";
    case 'W': return "week";
    case 'P': return "period";
    default: return "month";
  }
}

}  // namespace

// Calendars belong to an area above, whose report tells their periods.
std::optional<std::string> period_fault(const Reader& reader, std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view label = slash == std::string_view::npos ? text : text.substr(slash + 1);
  int year = 0;
  const auto [end, fault] = std::from_chars(label.data(), label.data() + std::min<std::size_t>(label.size(), 4), year);
  const bool dated = fault == std::errc() && end - label.data() == 4 && year > 1 && year < 9998;
  if (!dated) return "'" + std::string(text) + "' is no fiscal period; give one such as 2026-Q1 or retail/2026-Q1";
  Parameters wanted{{"grain", std::string(grain_of(label))},
                    {"from", Value(date(year - 1, 1, 1))},
                    {"to", Value(date(year + 2, 1, 1))}};
  if (slash != std::string_view::npos) wanted.emplace("calendar", std::string(text.substr(0, slash)));
  std::vector<std::string> labels;
  try {
    const Table periods = reader.model().report("periods").run(reader, wanted);
    for (std::size_t row = 0; row < periods.rows(); ++row) {
      labels.push_back(to_string(periods.value(row, periods.at("period"))));
    }
  } catch (const Error& error) {
    if (error.code != Code::invalid) throw;
    return error.message;
  }
  if (std::find(labels.begin(), labels.end(), label) != labels.end()) return std::nullopt;
  const std::vector<std::string_view> known(labels.begin(), labels.end());
  return "'" + std::string(text) + "' is no fiscal period." + suggest(label, known);
}

namespace {

/// Adds a fault for each text that names no fiscal period, to every row that has it.
void check_periods(const Work& work, std::span<const Posting> postings, verb::Faults& faults) {
  std::map<std::string_view, std::vector<std::size_t>> rows_of;
  for (std::size_t row = 0; row < postings.size(); ++row) {
    const std::string_view period = postings[row].period;
    if (period.empty() || invalid_utf8(period) != std::string_view::npos) continue;  // told with the other texts
    rows_of[period].push_back(row);
  }
  for (const auto& [period, rows] : rows_of) {
    if (const auto fault = period_fault(work, period)) tell_rows(postings, rows, "period", *fault, faults);
  }
}

/// What is left of a sum that should be zero: "0.01 USD and quantity 2".
std::string left_of(const PairSum& key, const std::pair<Int128, Int128>& sum) {
  const auto fits = [](Int128 word) { return word == static_cast<std::int64_t>(word); };
  const auto [amount, quantity] = sum;
  if (!fits(amount) || !fits(quantity)) return "more than 64 bits hold";
  std::string text;
  if (amount != 0) text = display(Money{static_cast<std::int64_t>(amount), currency(std::get<5>(key))});
  if (amount != 0 && quantity != 0) text += " and ";
  if (quantity != 0) {
    text += "quantity " + to_string(Decimal{static_cast<std::int64_t>(quantity), kQuantityScale}, true);
  }
  return text;
}

/// Adds a fault for each pair of accounts whose postings do not sum to zero.
void check_pairs(const Accounts& accounts, std::span<const Posting> postings, verb::Faults& faults) {
  PairSums sums;
  std::map<PairSum, std::size_t> rows;  // the first of each
  for (std::size_t row = 0; row < postings.size(); ++row) {
    add_to_pairs(accounts, postings[row], sums);
    if (const auto key = pair_of(accounts, postings[row])) rows.try_emplace(*key, row);
  }
  for (const auto& [key, sum] : sums) {
    if (sum.first == 0 && sum.second == 0) continue;
    const auto& [first, second, entity, document, measure, code] = key;
    in_row(postings, rows.at(key), faults);
    faults.add("amount", "the pair " + first + " and " + second + ", " + measure + " in " + code + " of " + entity +
                             " " + std::to_string(document) + ", does not balance: " + left_of(key, sum) +
                             " is left; post both sides together");
  }
}

/// What a posting says by itself.
void check_posting(const Accounts& accounts, const Posting& posting, bool reversal, verb::Faults& faults) {
  constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
  if (accounts.find(posting.account) == nullptr) {
    faults.add("account", "'" + posting.account + "' is no account." + suggest(posting.account, accounts.names()));
  }
  if (!verb::is_day(posting.on)) faults.add("on", std::string(verb::kDayExpected));
  if (posting.amount.minor == 0 && posting.quantity.coefficient == 0) {
    faults.add("amount", "and quantity are both 0, which posts nothing; give one");
  }
  if (posting.quantity.coefficient == kLeast) {
    faults.add("quantity", to_string(posting.quantity, true) + " has no opposite in 64 bits, so that nothing could " +
                               "take it back; post it in two parts");
  }
  if (reversal) return;
  if (posting.reverses) faults.add("reverses", "is set by reversing a posting only; leave it empty");
  if (posting.revision != 0) faults.add("revision", "is that of a posting that is there already");
}

/// Adds a fault for each posting without a worth; all of one currency and day say the same of their rate.
void tell_worthless(const Work& work, std::span<const Posting> postings, const std::vector<std::size_t>& rows,
                    const std::vector<DatedMoney>& facts, verb::Faults& faults) {
  std::map<std::pair<std::string, std::int32_t>, std::string> missing;
  for (std::size_t i = 0; i < facts.size(); ++i) {
    in_row(postings, rows[i], faults);
    const auto [place, fresh] = missing.try_emplace({code_of(facts[i].money.currency), facts[i].on.days});
    if (!fresh && !place->second.empty()) {
      faults.add("currency", place->second);
      continue;
    }
    try {
      static_cast<void>(base_values(work, {&facts[i], 1}));
    } catch (const Error& error) {
      if (error.code == Code::not_found) place->second = error.message;
      faults.add(error.code == Code::overflow ? "amount" : "currency", error.message);
    }
  }
}

/// Binds what postings are worth in the base currency. Reversals keep what they mirror.
void bind_worth(const Work& work, std::span<Posting> postings, verb::Faults& faults) {
  std::vector<DatedMoney> facts;
  std::vector<std::size_t> foreign;
  for (std::size_t row = 0; row < postings.size(); ++row) {
    Posting& posting = postings[row];
    posting.base_amount = posting.amount;
    posting.base_rate.reset();
    posting.base_rate_on.reset();
    if (posting.amount.minor == std::numeric_limits<std::int64_t>::min()) {
      posting.base_amount.reset();  // refused, as an amount: a worth would be told as a second one
      continue;
    }
    if (posting.currency == work.currency() || posting.amount.minor == 0) continue;
    if (!verb::is_day(posting.on)) continue;  // told already
    facts.push_back({{posting.amount.minor, posting.currency}, posting.on});
    foreign.push_back(row);
  }
  if (facts.empty()) return;
  std::vector<BaseValue> values(facts.size());
  try {
    values = base_values(work, facts);
  } catch (const Error& error) {
    if (error.code != Code::not_found && error.code != Code::overflow) throw;
    tell_worthless(work, postings, foreign, facts, faults);
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    Posting& posting = postings[foreign[i]];
    posting.base_amount = values[i].amount;
    posting.base_rate = std::move(values[i].rate);
    posting.base_rate_on = values[i].on;
  }
}

/// Checks postings, all at once, and binds their worth.
void complete(const Work& work, std::span<Posting> postings, bool reversals) {
  verb::Faults faults(kPosting);
  const Accounts accounts(work);
  for (std::size_t row = 0; row < postings.size(); ++row) {
    in_row(postings, row, faults);
    try {
      postings[row].quantity = rescale(postings[row].quantity, kQuantityScale);
    } catch (const Error& error) {
      faults.add("quantity", error.message);
    }
    check_posting(accounts, postings[row], reversals, faults);
  }
  if (!reversals) check_documents(work, postings, faults);
  check_periods(work, postings, faults);
  if (!reversals) bind_worth(work, postings, faults);
  check_pairs(accounts, postings, faults);
  faults.raise();
}

void write(Work& work, std::span<Posting> postings, bool reversals) {
  work.require(Action::create, kPosting);
  std::vector<Posting> rows(postings.begin(), postings.end());
  for (Posting& row : rows) {
    if (!row.currency) row.currency = work.currency();
    if (row.on == Date{}) row.on = work.today();
  }
  complete(work, rows, reversals);
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

/// Stores from before such numbers were refused may hold one.
std::int64_t negated(Id posting, std::string_view field, std::int64_t word) {
  if (word == std::numeric_limits<std::int64_t>::min()) {
    throw Error(Code::overflow, "posting", std::string(field),
                "of posting " + std::to_string(posting.value) +
                    " has no opposite in 64 bits; post two that add up to the opposite instead");
  }
  return -word;
}

Posting mirror(const Posting& original, const Reversal& how) {
  Posting row = original;
  row.id = {};
  row.revision = row.seq = 0;
  row.amount.minor = negated(original.id, "amount", row.amount.minor);
  row.quantity.coefficient = negated(original.id, "quantity", row.quantity.coefficient);
  if (row.base_amount) row.base_amount->minor = negated(original.id, "base_amount", row.base_amount->minor);
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

std::optional<PairSum> pair_of(const Accounts& accounts, const Posting& posting) {
  const LedgerAccount* account = accounts.find(posting.account);
  if (account == nullptr || !account->pair) return std::nullopt;
  const auto [first, second] = std::minmax(account->name, *account->pair);
  return PairSum{
      first, second, posting.document_entity, posting.document.value, posting.measure, code_of(posting.currency)};
}

void add_to_pairs(const Accounts& accounts, const Posting& posting, PairSums& sums) {
  const auto key = pair_of(accounts, posting);
  if (!key) return;
  auto& sum = sums[*key];
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
