// SPDX-License-Identifier: Apache-2.0
#include "kith/incentive/plan.hpp"

#include <fmt/format.h>

#include "base/json.hpp"
#include "incentive/plan_rules.hpp"
#include "kith/base/text.hpp"

namespace kith::incentive {
namespace {

// minor_digits refuses what is no currency; a hand-made plan may hold any number.
int digits_of(Currency money, Findings& out) {
  try {
    return minor_digits(currency(code_of(money)));
  } catch (const Error&) {
    out.add("currency", "The plan has no ISO 4217 currency.");
    return 2;
  }
}

void check_choices(const Plan& plan, Findings& out) {
  if (plan.interval != Grain::month && plan.interval != Grain::quarter && plan.interval != Grain::year) {
    out.add("interval", "An interval is a month, a quarter or a year.");
  }
  const auto mode = static_cast<std::int32_t>(plan.rounding.mode);
  if (mode < 1 || mode > static_cast<std::int32_t>(Rounding::half_ceiling)) {
    out.add("rounding.mode", fmt::format("{} is no rounding mode.", mode));
  }
  check_choice(plan.rounding.point, "rounding.point", out);
  check_choice(plan.credit.base, "credit.base", out);
  check_choice(plan.credit.split, "credit.split", out);
}

Json document_of(const Component& component, Currency money) {
  Json bands = Json::array();
  for (const Band& band : component.tiers.bands) {
    bands.push_back({{"from", to_string(Money{band.from.minor, money})}, {"rate", to_string(band.rate, true)}});
  }
  Json tiers = {{"mode", choice_name(component.tiers.mode)}, {"bands", std::move(bands)}};
  // Only a slab depends on it: elsewhere it is left out, so that equal plans have equal hashes.
  if (component.tiers.mode == TierMode::slab) tiers["boundary"] = choice_name(component.tiers.boundary);
  return {{"name", component.name},
          {"accumulate", choice_name(component.accumulate)},
          {"negative", choice_name(component.negative)},
          {"tiers", std::move(tiers)}};
}

void lint_bands(const Component& component, int digits, const std::string& path, Findings& out) {
  const std::vector<Band>& bands = component.tiers.bands;
  for (std::size_t i = 1; i < bands.size(); ++i) {
    const std::string begin = to_string(Decimal{bands[i].from.minor, digits}, true);
    const std::string where = below(at(path, i), "rate");
    if (bands[i].rate == bands[i - 1].rate) {
      out.add(where, fmt::format("The rate is that of the band before, so the boundary at {} changes nothing.", begin));
    } else if (component.tiers.mode == TierMode::slab && bands[i].rate < bands[i - 1].rate) {
      out.add(where, fmt::format("Whoever passes {} is paid less than just below it: the rate falls from {} to {} on "
                                 "the whole amount. Use mode \"marginal\" to lower only what lies above.",
                                 begin, to_string(bands[i - 1].rate, true), to_string(bands[i].rate, true)));
    }
  }
}

}  // namespace

std::vector<Violation> violations_of(const Plan& plan) {
  Findings out;
  check_name(plan.name, "name", out);
  if (plan.version < 1) out.add("version", "Versions count from 1.");
  const int digits = digits_of(plan.currency, out);
  check_name(plan.calendar, "calendar", out);
  check_validity(plan.from, plan.to, out);
  check_choices(plan, out);
  if (invalid_utf8(plan.when) != std::string::npos) out.add("eligibility.when", "The text is not valid UTF-8.");
  check_name(plan.credit.role, "credit.role", out);
  if (plan.components.empty()) out.add("components", "Expected a list of at least one component.");
  for (std::size_t i = 0; i < plan.components.size(); ++i) {
    check_component(plan.components[i], digits, at("components", i), out);
  }
  check_names_differ(plan.components, out);
  return out.take();
}

void check(const Plan& plan) {
  if (std::vector<Violation> found = violations_of(plan); !found.empty()) throw Error(std::move(found));
}

std::string canonical_json(const Plan& plan) {
  check(plan);
  Json valid = {{"from", to_string(plan.from)}};
  if (plan.to != kOpenDate) valid["to"] = to_string(plan.to);
  Json components = Json::array();
  for (const Component& component : plan.components) components.push_back(document_of(component, plan.currency));
  Json document = {
      {"format", std::string(kPlanFormat)},
      {"name", plan.name},
      {"version", plan.version},
      {"currency", code_of(plan.currency)},
      {"calendar", plan.calendar},
      {"interval", std::string(name_of(plan.interval))},
      {"valid", std::move(valid)},
      {"rounding", {{"mode", std::string(name_of(plan.rounding.mode))}, {"point", choice_name(plan.rounding.point)}}},
      {"order", {"date", "sequence", "id"}},
      {"credit",
       {{"role", plan.credit.role},
        {"base", choice_name(plan.credit.base)},
        {"split", choice_name(plan.credit.split)}}},
      {"components", std::move(components)},
  };
  if (!plan.when.empty()) document["eligibility"] = {{"when", plan.when}};
  // The default object type keeps its keys sorted by bytes.
  return document.dump();
}

Digest hash_of(const Plan& plan) { return sha256(canonical_json(plan)); }

std::vector<Violation> lint(const Plan& plan) {
  Findings out;
  const int digits = digits_of(plan.currency, out);
  for (std::size_t i = 0; i < plan.components.size(); ++i) {
    lint_bands(plan.components[i], digits, below(at("components", i), "tiers.bands"), out);
  }
  return out.take();
}

}  // namespace kith::incentive
