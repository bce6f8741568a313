// SPDX-License-Identifier: Apache-2.0
#include "incentive/statement_export.hpp"

#include <fmt/format.h>

#include <map>
#include <tuple>

#include "incentive/document_model.hpp"
#include "incentive/json_node.hpp"
#include "incentive/statement_hash.hpp"
#include "kith/base/sha256.hpp"
#include "kith/incentive/trace.hpp"

namespace kith::incentive {
namespace {

// One list of members for writing and reading.
template <class Row, class Visit>
void lines_members(Row& row, const Visit& visit) {
  visit("id", row.id);
  visit("position", row.position);
  visit("kind", row.kind);
  visit("plan", row.plan);
  visit("component", row.component);
  visit("fact", row.opportunity);
  visit("earned_on", row.earned_on);
  visit("period_earned", row.period_earned);
  visit("credit", row.credit);
  visit("amount", row.amount);
  visit("corrects", row.corrects);
  visit("reason", row.reason);
  visit("basis", row.basis);
}
template <class Row, class Visit>
void release_members(Row& row, const Visit& visit) {
  visit("id", row.id);
  visit("position", row.position);
  visit("kind", row.kind);
  visit("correction", row.correction);
  visit("plan", row.plan);
  visit("component", row.component);
  visit("period_earned", row.period_earned);
  visit("part", row.part);
  visit("amount", row.amount);
  visit("corrects", row.corrects);
  visit("reason", row.reason);
}
template <class Row, class Visit>
void payment_members(Row& row, const Visit& visit) {
  visit("id", row.id);
  visit("plan", row.plan);
  visit("earned", row.earned);
  visit("held", row.held);
  visit("released", row.released);
  visit("carried", row.carried);
  visit("drawn", row.drawn);
  visit("advanced", row.advanced);
  visit("recovered", row.recovered);
  visit("topped_up", row.topped_up);
  visit("forgiven", row.forgiven);
  visit("balance", row.balance);
  visit("carry", row.carry);
  visit("pay", row.pay);
}
template <class Row, class Visit>
void statement_members(Row& row, const Visit& visit) {
  visit("id", row.id);
  visit("employee", row.employee);
  visit("unit", row.unit);
  visit("period", row.period);
  visit("credit", row.credit);
  visit("earned", row.earned);
  visit("adjusted", row.adjusted);
  visit("total", row.total);
  visit("status", row.status);
  visit("hash", row.hash);
}

struct Writer {
  Json& to;
  Currency money;

  void operator()(const char* name, Id value) const { to[name] = std::to_string(value.value); }
  void operator()(const char* name, std::int64_t value) const { to[name] = std::to_string(value); }
  void operator()(const char* name, bool value) const { to[name] = value; }
  void operator()(const char* name, const std::string& value) const { to[name] = value; }
  void operator()(const char* name, Date value) const { to[name] = to_string(value); }
  void operator()(const char* name, Amount value) const { to[name] = to_string(Money{value.minor, money}); }
  template <class T>
    requires std::is_enum_v<T>
  void operator()(const char* name, T value) const {
    to[name] = choice_name(value);
  }
  template <class T>
  void operator()(const char* name, const std::optional<T>& value) const {
    if (value) (*this)(name, *value);
  }
};

std::int64_t whole(const std::string& text) {
  const Decimal read = parse_decimal(text);
  if (read.scale != 0) throw Error(Code::invalid, "It is no whole number.");
  return read.coefficient;
}

struct Taker {
  Node& from;
  Currency money;

  template <class Read>
  auto take(const char* name, const Read& read) const {
    return from.parsed(name, read).value_or(decltype(read(std::string())){});
  }
  void operator()(const char* name, Id& value) const { value.value = take(name, whole); }
  void operator()(const char* name, std::int64_t& value) const { value = take(name, whole); }
  void operator()(const char* name, bool& value) const { value = from.flag(name); }
  void operator()(const char* name, std::string& value) const { value = from.text(name); }
  void operator()(const char* name, Date& value) const {
    value = take(name, [](const std::string& text) { return parse_date(text); });
  }
  void operator()(const char* name, Amount& value) const {
    value.minor = take(name, [this](const std::string& text) { return parse_money(text, money).minor; });
  }
  template <class T>
    requires std::is_enum_v<T>
  void operator()(const char* name, T& value) const {
    const auto& names = Choices<T>::names;
    value = static_cast<T>(from.choice(name, {std::begin(names), std::end(names)}) + 1);
  }
  template <class T>
  void operator()(const char* name, std::optional<T>& value) const {
    if (from.has(name)) (*this)(name, value.emplace());
  }
};

}  // namespace

Json json_of(const ToldStatement& told) {
  Json root = {{"label", told.label}, {"previous", told.previous}, {"currency", code_of(told.row.currency)}};
  const Currency money = told.row.currency;
  statement_members(told.row, Writer{root, money});
  root["lines"] = Json::array();
  for (const ToldLine& line : told.lines) {
    Json& one = root["lines"].emplace_back(Json::object());
    lines_members(line.row, Writer{one, money});
    if (!line.event.empty()) one["event"] = line.event;
    if (line.before) one["posted_before"] = to_string(Money{*line.before, money});
  }
  root["releases"] = Json::array();
  for (const StatementRelease& row : told.releases) {
    release_members(row, Writer{root["releases"].emplace_back(Json::object()), money});
  }
  if (told.payment) payment_members(*told.payment, Writer{root["payment"] = Json::object(), money});
  return root;
}

ToldStatement statement_from(const Json& document, const std::string& path) {
  Findings out("export");
  Node root(document, path, out);
  ToldStatement told;
  told.label = root.text("label");
  told.previous = root.text("previous");
  const auto read = [](const std::string& text) { return currency(text); };
  told.row.currency = root.parsed("currency", read).value_or(Currency{});
  if (!out.empty()) throw Error(out.take());
  const Currency money = told.row.currency;
  statement_members(told.row, Taker{root, money});
  root.each("lines", [&](const Json& item, const std::string& where) {
    Node node(item, where, out);
    ToldLine& line = told.lines.emplace_back();
    lines_members(line.row, Taker{node, money});
    line.event = node.text("event", false);
    if (node.has("posted_before")) {
      Amount before;
      Taker{node, money}("posted_before", before);
      line.before = before.minor;
    }
    node.finish();
  });
  root.each("releases", [&](const Json& item, const std::string& where) {
    Node node(item, where, out);
    release_members(told.releases.emplace_back(), Taker{node, money});
    node.finish();
  });
  if (const Json* payment = root.find("payment", false)) {
    Node node(*payment, root.path("payment"), out);
    payment_members(told.payment.emplace(), Taker{node, money});
    node.finish();
  }
  root.finish();
  if (!out.empty()) throw Error(out.take());
  return told;
}

namespace {

class Checker {
 public:
  Checker(const ToldStatement& told, const std::map<std::string, Computed>& periods, std::vector<Violation>& faults)
      : told_(told), periods_(periods), faults_(faults), person_(std::to_string(told.row.employee.value)) {}

  void check() {
    hash();
    sums();
    for (std::size_t i = 0; i < told_.lines.size(); ++i) line(i);
    own();
    payment();
  }

 private:
  void say(std::string path, const std::string& says, const std::string& is) {
    if (says == is) return;
    faults_.push_back(
        {"commission", "statement." + std::move(path), fmt::format("It says {}; computed again it is {}.", says, is)});
  }
  void amount(std::string path, std::int64_t says, Int128 is) {
    const std::int64_t computed = narrow(is, "statement");
    say(std::move(path), to_string(Money{says, told_.row.currency}), to_string(Money{computed, told_.row.currency}));
  }
  bool own_line(const ToldLine& line) const { return line.row.kind == LineKind::earning; }

  void hash() {
    if (told_.row.status != PeriodStatus::closed) return;
    LinesHash lines;
    for (const ToldLine& line : told_.lines) lines.add(line.row);
    for (const StatementRelease& row : told_.releases) lines.add(row);
    if (told_.payment) lines.add(*told_.payment);
    say("hash", told_.row.hash.value_or(""), hash_of(told_.row, told_.previous, lines));
  }

  void sums() {
    Int128 earned = 0;
    Int128 adjusted = 0;
    for (const ToldLine& line : told_.lines) (own_line(line) ? earned : adjusted) += line.row.amount.minor;
    amount("earned", told_.row.earned.minor, earned);
    amount("adjusted", told_.row.adjusted.minor, adjusted);
    amount("total", told_.row.total.minor, earned + adjusted);
  }

  // Where lines are rounded one by one, each follows from its event; else they are checked together.
  void line(std::size_t i) {
    const ToldLine& line = told_.lines[i];
    if (own_line(line)) say(fmt::format("lines[{}].period_earned", i), line.row.period_earned, told_.label);
    const auto found = periods_.find(line.row.period_earned);
    if (line.event.empty() || found == periods_.end()) return;
    const general::Point point = found->second.plan->model().point;
    if (point != general::Point::line && point != general::Point::telescoped) return;
    Int128 sum = 0;
    for (const LineResult& row : found->second.result.lines) {
      if (row.person == person_ && row.period == line.row.period_earned && row.component == line.row.component &&
          row.event == line.event) {
        sum += row.amount;
      }
    }
    amount(fmt::format("lines[{}].amount", i), line.row.amount.minor, sum - line.before.value_or(0));
  }

  void own() {
    const auto found = periods_.find(told_.label);
    if (found == periods_.end()) return;
    const bool together = found->second.plan->model().point == general::Point::statement;
    std::map<std::string, std::pair<std::int64_t, std::int64_t>> sums;  // by component: said, computed
    for (const ToldLine& line : told_.lines) {
      if (own_line(line)) sums[together ? "" : line.row.component].first += line.row.amount.minor;
    }
    for (const LedgerLine& row : found->second.result.ledger) {
      if (row.person == person_ && row.earned == told_.label) sums[together ? "" : row.component].second += row.amount;
    }
    for (const auto& [component, both] : sums) {
      amount(component.empty() ? "earned" : fmt::format("lines.{}", component), both.first, both.second);
    }
  }

  void payment() {
    if (!told_.payment) return;
    const StatementPayment& row = *told_.payment;
    Int128 held = 0;
    Int128 released = 0;
    for (const StatementRelease& one : told_.releases) {
      (one.kind == ReleaseKind::held ? held : released) += one.amount.minor;
    }
    amount("payment.earned", row.earned.minor, told_.row.total.minor);
    amount("payment.held", row.held.minor, held);
    amount("payment.released", row.released.minor, released);
    amount("payment.pay", row.pay.minor,
           Int128{row.earned.minor} - row.held.minor + row.released.minor + row.carried.minor + row.advanced.minor -
               row.recovered.minor + row.topped_up.minor - row.carry.minor);
  }

  const ToldStatement& told_;
  const std::map<std::string, Computed>& periods_;
  std::vector<Violation>& faults_;
  std::string person_;
};

}  // namespace

void check_statement(const ToldStatement& told, const std::map<std::string, Computed>& periods,
                     std::vector<Violation>& faults) {
  Checker(told, periods, faults).check();
}

namespace {

std::int64_t amount_in(const Json& object, const char* name, Currency currency, const std::string& path) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_string()) {
    throw Error(Code::invalid, "", path + "." + name, "Expected an amount as text.");
  }
  return parse_money(found->get<std::string>(), currency).minor;
}

Trace check_trace(const Json& document, const std::string& path, std::vector<Violation>& faults) {
  const auto placed = [&](const std::string& field) {
    return field.empty() || path.empty() ? path + field : path + "." + field;
  };
  try {
    const Trace trace = parse_trace(document.dump());
    for (Violation& fault : recheck(trace)) {
      fault.field = placed(fault.field);
      faults.push_back(std::move(fault));
    }
    return trace;
  } catch (const Error& error) {
    throw Error(error.code, error.entity, placed(error.field), error.message);
  }
}

}  // namespace

std::vector<Violation> check_deals(const Json& document) {
  std::vector<Violation> faults;
  const Trace own = check_trace(document, "", faults);
  const Json corrections = document.value("corrections", Json::array());
  if (!corrections.is_array()) throw Error(Code::invalid, "", "corrections", "Expected a list.");
  for (std::size_t i = 0; i < corrections.size(); ++i) {
    const std::string path = fmt::format("corrections[{}]", i);
    const Json& one = corrections[i];
    const std::int64_t before = amount_in(one, "posted_before", own.currency, path);
    const std::int64_t wanted = amount_in(one, "should_be", own.currency, path);
    const std::int64_t difference = amount_in(one, "difference", own.currency, path);
    if (Int128{wanted} - before != difference) {
      faults.push_back({"", path + ".difference", "It must be what should be less what was posted before."});
    }
    const auto trace = one.find("trace");
    if (trace == one.end()) throw Error(Code::invalid, "", path + ".trace", "It is missing.");
    if (check_trace(*trace, path + ".trace", faults).amount != wanted) {
      faults.push_back({"", path + ".should_be", "It must be what the trace comes to."});
    }
  }
  return faults;
}

std::string digest_of(const Json& document) {
  Json rest = document;
  rest.erase("sha256");
  return to_hex(sha256(rest.dump()));
}

}  // namespace kith::incentive
