// SPDX-License-Identifier: Apache-2.0
#include "schema/expression_row.hpp"

#include <algorithm>

#include "kith/base/text.hpp"

namespace kith::expr {

namespace {

constexpr std::int64_t kFirstDay = -719162;  // 0001-01-01

Tri tri(bool yes) { return yes ? Tri::yes : Tri::no; }
Scalar of(Number number, Currency unit = {}) { return {false, std::move(number), {}, unit}; }

}  // namespace

Currency unit_of_row(const Run& run, std::size_t row) {
  if (run.currency_field < 0) return run.currency;
  const Column& column = *run.columns[static_cast<std::size_t>(run.currency_field)];
  if (column.is_null(row) || column.text(row).empty()) return run.currency;
  return currency(column.text(row));
}

void currencies_meet(const Run& run, Currency a, Currency b, const Node& node) {
  const Phrase what{Say::row_currencies, {kith::code_of(a), kith::code_of(b), print(node)}};
  throw Error(Code::invalid, text_of(what, run.language));
}

Tri Row::truth(const Node& node) const {
  if (node.kernel) {
    Tri result = Tri::unknown;
    run_kernel(node, run_, row_, 1, &result);
    return result;
  }
  const Tri result = plain_truth(node);
  return node.negated ? tri_not(result) : result;
}

Scalar Row::scalar(const Node& node) const {
  switch (node.op) {
    case Op::literal:
    case Op::parameter: return constant(node);
    case Op::field: return field(node);
    case Op::negate: {
      const Scalar arg = scalar(node.args[0]);
      return arg.null ? Scalar{} : of(arg.number.negated(), arg.unit);
    }
    case Op::sum: return sum(node);
    case Op::product: return product(node);
    case Op::call: return call(node);
    default: {
      const Tri result = truth(node);
      return result == Tri::unknown ? Scalar{} : of(Number(result == Tri::yes ? 1 : 0));
    }
  }
}

Scalar Row::constant(const Node& node) const {
  if (node.kind == Kind::null) return {};
  if (is_text(node.kind)) return {false, {}, node.constant.text, {}};
  return of(Number(node.constant.word, node.constant.scale), node.unit.value_or(Currency{}));
}

Scalar Row::field(const Node& node) const {
  const Column& column = *run_.columns[static_cast<std::size_t>(node.field)];
  if (column.is_null(row_)) return {};
  if (column.is_text()) return {false, {}, column.text(row_), {}};
  const Currency unit = node.kind != Kind::money ? Currency{} : node.unit ? *node.unit : unit_of_row(run_, row_);
  return of(Number(column.word(row_), node.scale), unit);
}

void Row::one_currency(const Scalar& a, const Scalar& b, const Node& node) const {
  if (a.unit != b.unit && a.unit && b.unit) currencies_meet(run_, a.unit, b.unit, node);
}

Scalar Row::sum(const Node& node) const {
  Scalar total = scalar(node.args[0]);
  for (std::size_t i = 1; i < node.args.size() && !total.null; ++i) {
    const Scalar arg = scalar(node.args[i]);
    if (arg.null) return {};
    one_currency(total, arg, node);
    total.number = node.signs[i] == '+' ? total.number + arg.number : total.number - arg.number;
  }
  if (node.kind == Kind::date && !total.null &&
      (compare(total.number, Number(kFirstDay)) < 0 || compare(total.number, Number(kOpenDate.days)) > 0)) {
    throw Error(Code::overflow, text_of({Say::date_range, {print(node)}}, run_.language));
  }
  return total;
}

Scalar Row::product(const Node& node) const {
  Scalar total = scalar(node.args[0]);
  for (std::size_t i = 1; i < node.args.size() && !total.null; ++i) {
    const Scalar arg = scalar(node.args[i]);
    const bool divides = node.signs[i] == '/';
    if (arg.null || (divides && arg.number.sign() == 0)) return {};
    one_currency(total, arg, node);
    // Money by money is a number: the minor units cancel out.
    total.unit = divides && arg.unit ? Currency{} : total.unit ? total.unit : arg.unit;
    total.number = divides ? total.number / arg.number : total.number * arg.number;
  }
  return total;
}

Scalar Row::call(const Node& node) const {
  switch (node.function) {
    case Function::min:
    case Function::max: return extreme(node);
    case Function::clamp: return clamped(node);
    case Function::abs: {
      Scalar arg = scalar(node.args[0]);
      if (!arg.null && arg.number.sign() < 0) arg.number = arg.number.negated();
      return arg;
    }
    case Function::round: return rounded(node);
    case Function::if_: return scalar(node.args[truth(node.args[0]) == Tri::yes ? 1 : 2]);
    case Function::coalesce: {
      Scalar found;
      for (std::size_t i = 0; i < node.args.size() && found.null; ++i) found = scalar(node.args[i]);
      return found;
    }
    case Function::days_between: {
      const Scalar from = scalar(node.args[0]);
      const Scalar to = scalar(node.args[1]);
      return from.null || to.null ? Scalar{} : of(to.number - from.number);
    }
    case Function::today: return of(Number(lookups(node).today().days));
    case Function::rate:
    case Function::base:
    case Function::convert: return exchange(node);
    case Function::lookup: return looked_up(node);
  }
  return {};
}

Scalar Row::extreme(const Node& node) const {
  Scalar best = scalar(node.args[0]);
  for (std::size_t i = 1; i < node.args.size() && !best.null; ++i) {
    Scalar arg = scalar(node.args[i]);
    if (arg.null) return {};
    one_currency(best, arg, node);
    const int order = compare(arg.number, best.number);
    if (node.function == Function::min ? order < 0 : order > 0) best = std::move(arg);
  }
  return best;
}

Scalar Row::clamped(const Node& node) const {
  Scalar value = scalar(node.args[0]);
  Scalar low = scalar(node.args[1]);
  Scalar high = scalar(node.args[2]);
  if (value.null || low.null || high.null) return {};
  one_currency(value, low, node);
  one_currency(value, high, node);
  if (compare(value.number, high.number) > 0) value = std::move(high);
  return compare(value.number, low.number) < 0 ? std::move(low) : std::move(value);
}

Scalar Row::rounded(const Node& node) const {
  Scalar value = scalar(node.args[0]);
  if (value.null) return value;
  const int minor = node.kind == Kind::money && value.unit ? minor_digits(value.unit) : 0;
  value.number = value.number.rounded_to(node.digits.value_or(minor) - minor, node.mode);
  return value;
}

const Lookups& Row::lookups(const Node& node) const {
  if (run_.lookups == nullptr) throw Error(Code::misuse, text_of({Say::no_lookups, {print(node)}}, run_.language));
  return *run_.lookups;
}

Ratio Row::rate(const Node& node, Currency from, Currency to, Date on) const {
  if (from == to) return {};
  if (const std::optional<Ratio> found = lookups(node).rate(from, to, on)) return *found;
  const Phrase what{Say::no_rate, {kith::code_of(from), kith::code_of(to), to_string(on), print(node)}};
  throw Error(Code::not_found, "exchange_rate", "rate", text_of(what, run_.language));
}

Scalar Row::exchange(const Node& node) const {
  const Scalar first = scalar(node.args[0]);
  const std::size_t day_at = node.function == Function::base ? 1 : 2;
  const bool dated = node.args.size() > day_at;
  const Scalar day = dated ? scalar(node.args[day_at]) : Scalar{};
  if (first.null || (dated && day.null)) return {};
  // An amount that is in the currency already needs no day.
  const auto on = [&] { return dated ? Date{static_cast<std::int32_t>(day.number.word())} : lookups(node).today(); };
  if (node.function == Function::rate) {
    const Scalar second = scalar(node.args[1]);
    if (second.null) return {};
    const Ratio found = rate(node, currency(first.text), currency(second.text), on());
    return of(Number::fraction(found.numerator, found.denominator));
  }
  const Currency target = *node.unit;
  if (first.unit == target) return of(first.number.rounded_to(0, Rounding::half_up), target);
  const Ratio minor = minor_ratio(first.unit, target, rate(node, first.unit, target, on()));
  const Number amount = first.number * Number::fraction(minor.numerator, minor.denominator);
  return of(amount.rounded_to(0, Rounding::half_up), target);
}

Scalar Row::looked_up(const Node& node) const {
  const Scalar key = scalar(node.args[1]);
  const Scalar moment = scalar(node.args[2]);
  if (key.null || moment.null) return {};
  const Value found = lookups(node).dated(node.args[0].constant.text, to_value(key, node.args[1], run_),
                                          to_value(moment, node.args[2], run_));
  if (is_null(found)) return {};
  if (const auto* text = std::get_if<std::string>(&found)) {
    if (node.kind == Kind::choice) {
      const auto place = std::find(node.choices.begin(), node.choices.end(), *text) - node.choices.begin();
      return of(Number(place + 1));
    }
    found_.push_front(*text);
    return {false, {}, found_.front(), {}};
  }
  if (const auto* id = std::get_if<Id>(&found)) return of(Number(id->value));
  if (const auto* day = std::get_if<Date>(&found)) return of(Number(day->days));
  if (const auto* time = std::get_if<Timestamp>(&found)) return of(Number(time->micros));
  if (const auto* decimal = std::get_if<Decimal>(&found)) return of(Number(decimal->coefficient, decimal->scale));
  if (const auto* truth = std::get_if<bool>(&found)) return of(Number(*truth ? 1 : 0));
  if (const auto* number = std::get_if<std::int64_t>(&found)) return of(Number(*number));
  return {};
}

Tri Row::relation(const Scalar& a, Compare wanted, const Scalar& b, const Node& node) const {
  if (a.null || b.null) return Tri::unknown;
  const bool text = is_text(node.args[0].kind);
  one_currency(a, b, node);
  const int order = text ? a.text.compare(b.text) : compare(a.number, b.number);
  switch (wanted) {
    case Compare::eq: return tri(order == 0);
    case Compare::ne: return tri(order != 0);
    case Compare::lt: return tri(order < 0);
    case Compare::le: return tri(order <= 0);
    case Compare::gt: return tri(order > 0);
    case Compare::ge: return tri(order >= 0);
  }
  return Tri::unknown;
}

Tri Row::plain_truth(const Node& node) const {
  switch (node.op) {
    case Op::compare: return relation(scalar(node.args[0]), node.compare, scalar(node.args[1]), node);
    case Op::between: {
      const Scalar x = scalar(node.args[0]);
      return tri_and(relation(x, Compare::ge, scalar(node.args[1]), node),
                     relation(x, Compare::le, scalar(node.args[2]), node));
    }
    case Op::in: return in(node);
    case Op::is_null: return tri(scalar(node.args[0]).null);
    case Op::contains:
    case Op::starts_with: return search(node);
    case Op::none: return tri_not(truth(node.args[0]));
    case Op::all: {
      Tri result = Tri::yes;
      for (std::size_t i = 0; i < node.args.size() && result != Tri::no; ++i) {
        result = tri_and(result, truth(node.args[i]));
      }
      return result;
    }
    case Op::any: {
      Tri result = Tri::no;
      for (std::size_t i = 0; i < node.args.size() && result != Tri::yes; ++i) {
        result = tri_or(result, truth(node.args[i]));
      }
      return result;
    }
    default: {
      const Scalar value = scalar(node);
      return value.null ? Tri::unknown : tri(value.number.sign() != 0);
    }
  }
}

Tri Row::in(const Node& node) const {
  const Scalar x = scalar(node.args[0]);
  Tri result = Tri::no;
  const auto meet = [&](const Node& item) { result = tri_or(result, relation(x, Compare::eq, scalar(item), node)); };
  for (std::size_t i = 1; i < node.args.size() && result != Tri::yes; ++i) {
    if (node.args[i].op != Op::list) {
      meet(node.args[i]);
      continue;
    }
    for (const Node& item : node.args[i].args) meet(item);
  }
  return result;
}

Tri Row::search(const Node& node) const {
  const Scalar hay = scalar(node.args[0]);
  const Scalar needle = scalar(node.args[1]);
  if (hay.null || needle.null) return Tri::unknown;
  const std::string text = fold(hay.text);
  const std::string folded = is_constant(node.args[1]) ? std::string() : fold(needle.text);
  const std::string& key = is_constant(node.args[1]) ? node.needle : folded;
  return tri(node.op == Op::contains ? text.find(key) != std::string::npos : text.starts_with(key));
}

}  // namespace kith::expr
