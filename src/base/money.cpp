// SPDX-License-Identifier: Apache-2.0
#include "kith/base/money.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/iso4217.hpp"
#include "base/quote.hpp"
#include "kith/base/error.hpp"

namespace kith {
namespace {

constexpr std::array kLists = {iso4217::kTwoDigits,  iso4217::kNoDigits,    iso4217::kThreeDigits,
                               iso4217::kFourDigits, iso4217::kNoMinorUnit, iso4217::kWithdrawn};
constexpr std::array<std::int8_t, kLists.size()> kListDigits = {2, 0, 3, 4, 0, 2};
constexpr std::size_t kCodes = 26 * 26 * 26;
constexpr std::int8_t kUnknown = -1;

constexpr bool is_letter(char c) { return c >= 'A' && c <= 'Z'; }

constexpr bool is_code(std::string_view code) {
  return code.size() == 3 && is_letter(code[0]) && is_letter(code[1]) && is_letter(code[2]);
}

constexpr std::size_t slot_of(char first, char second, char third) {
  return static_cast<std::size_t>(((first - 'A') * 26 + (second - 'A')) * 26 + (third - 'A'));
}

// Digits by code, one byte for each possible code: every amount that is read or written asks.
constexpr std::array<std::int8_t, kCodes> make_digits() {
  std::array<std::int8_t, kCodes> digits{};
  digits.fill(kUnknown);
  for (std::size_t list = 0; list < kLists.size(); ++list) {
    for (std::size_t at = 0; at < kLists[list].size(); at += 4) {
      const std::string_view code = kLists[list].substr(at, 3);
      digits[slot_of(code[0], code[1], code[2])] = kListDigits[list];
    }
  }
  return digits;
}

constexpr std::array<std::int8_t, kCodes> kDigits = make_digits();

std::int8_t digits_of(Currency currency) {
  const auto letter = [&](int shift) { return static_cast<char>((currency.packed >> shift) & 0xff); };
  const char code[] = {letter(16), letter(8), letter(0)};
  if ((currency.packed >> 24) != 0 || !is_code({code, 3})) return kUnknown;
  return kDigits[slot_of(code[0], code[1], code[2])];
}

[[noreturn]] void fail_unknown(std::string_view code) {
  std::vector<std::string_view> known;
  for (std::string_view list : kLists) {
    for (std::size_t at = 0; at < list.size(); at += 4) known.push_back(list.substr(at, 3));
  }
  throw Error(Code::invalid, fmt::format("{} is no currency; expected three capital letters of ISO 4217, like USD.{}",
                                         quote(code), did_you_mean(code, known)));
}

void check_same(Money a, Money b) {
  if (a.currency == b.currency) return;
  const auto shown = [](Currency c) { return c ? code_of(c) : std::string("no currency"); };
  throw Error(Code::invalid, fmt::format("An amount in {} and one in {} cannot be combined; convert one of them first.",
                                         shown(a.currency), shown(b.currency)));
}

}  // namespace

Currency currency(std::string_view code) {
  if (!is_code(code) || kDigits[slot_of(code[0], code[1], code[2])] == kUnknown) fail_unknown(code);
  return {(code[0] << 16) | (code[1] << 8) | code[2]};
}

std::string code_of(Currency currency) {
  if (!currency) return {};
  return {static_cast<char>(currency.packed >> 16), static_cast<char>(currency.packed >> 8),
          static_cast<char>(currency.packed)};
}

int minor_digits(Currency currency) {
  const std::int8_t digits = digits_of(currency);
  if (digits != kUnknown) return digits;
  throw Error(Code::misuse,
              currency ? fmt::format("{} is no packed ISO 4217 code; make currencies with currency().", currency.packed)
                       : std::string("An amount without a currency has no minor unit; set it first."));
}

int number_of(Currency currency) {
  minor_digits(currency);  // throws where there is none
  const std::size_t at = iso4217::kNumbers.find(code_of(currency));
  return (iso4217::kNumbers[at + 3] - '0') * 100 + (iso4217::kNumbers[at + 4] - '0') * 10 +
         (iso4217::kNumbers[at + 5] - '0');
}

std::vector<Currency> currencies() {
  std::vector<Currency> all;
  for (std::size_t at = 0; at < iso4217::kNumbers.size(); at += 7) {
    all.push_back(currency(iso4217::kNumbers.substr(at, 3)));
  }
  return all;
}

Money add(Money a, Money b) {
  check_same(a, b);
  return {checked_add(a.minor, b.minor, "sum of amounts"), a.currency};
}

Money subtract(Money a, Money b) {
  check_same(a, b);
  return {checked_sub(a.minor, b.minor, "difference of amounts"), a.currency};
}

Money multiply(Money value, Decimal factor, Rounding mode) {
  const Int128 product = Int128{value.minor} * factor.coefficient;
  return {narrow(divide_wide(product, power_of_ten(factor.scale), mode), "product of an amount"), value.currency};
}

Money parse_money(std::string_view number, Currency currency) {
  const int digits = minor_digits(currency);
  const Decimal value = parse_decimal(number);
  if (value.scale > digits) {
    throw Error(Code::invalid, fmt::format("{} has {} digits after the point, but {} has {}, like {}; round it first.",
                                           quote(number), value.scale, code_of(currency), digits,
                                           to_string(Decimal{123450000 / power_of_ten(5 - digits), digits})));
  }
  return {rescale(value, digits).coefficient, currency};
}

std::string to_string(Money value) { return to_string(Decimal{value.minor, minor_digits(value.currency)}); }

std::string display(Money value) {
  std::string text = to_string(value);
  const std::size_t first = value.minor < 0 ? 1 : 0;
  const std::size_t point = std::min(text.find('.'), text.size());
  for (std::size_t at = point; at > first + 3; at -= 3) text.insert(at - 3, 1, ',');
  return text + " " + code_of(value.currency);
}

}  // namespace kith
