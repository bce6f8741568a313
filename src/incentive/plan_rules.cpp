// SPDX-License-Identifier: Apache-2.0
#include "incentive/plan_rules.hpp"

#include <fmt/format.h>

#include "base/quote.hpp"
#include "kith/base/text.hpp"

namespace kith::incentive {
namespace {

constexpr std::size_t kLongestName = 200;

// Amounts in messages as people write them: 10 and 10.01, not 10.00.
std::string shown(std::int64_t minor, int digits) { return to_string(Decimal{minor, digits}, true); }

void check_end(const RawBand& band, const RawBand& next, int digits, const std::string& path, std::size_t index,
               Findings& out) {
  if (!band.to || !next.from || *band.to == *next.from) return;
  const std::string where = below(at(path, index + 1), "from");
  const std::string end = shown(*band.to, digits);
  const std::string begin = shown(*next.from, digits);
  if (*band.to < *next.from) {
    out.add(where, fmt::format("The table has a gap ({}, {}): nothing says what is paid there. Let the band begin "
                               "where the one before ends, at {}; to pay nothing there write a band with rate \"0\".",
                               end, begin, end));
  } else {
    out.add(where, fmt::format("The band begins at {} but the one before ends at {}, so both claim ({}, {}). Let one "
                               "begin where the other ends.",
                               begin, end, begin, end));
  }
}

}  // namespace

void Findings::add(std::string path, std::string message) {
  found_.push_back({entity_, std::move(path), std::move(message)});
}

std::string missing_text(const Findings& out) {
  return out.entity() == "plan" ? "It is missing; a plan says this, nothing is assumed." : "It is missing; give it.";
}

void fail_choice(std::string_view name, std::span<const std::string_view> known) {
  throw Error(Code::invalid, fmt::format("{} is none of {}.", quote(name), fmt::join(known, ", ")));
}

std::string below(std::string_view path, std::string_view key) {
  return path.empty() ? std::string(key) : fmt::format("{}.{}", path, key);
}

std::string at(std::string_view path, std::size_t index) { return fmt::format("{}[{}]", path, index); }

void check_name(std::string_view text, const std::string& path, Findings& out) {
  if (invalid_utf8(text) != std::string_view::npos) {
    out.add(path, "The text is not valid UTF-8.");
  } else if (fold(text).empty()) {
    out.add(path, "The name is blank; give it one that people can tell apart.");
  } else if (length(text) > kLongestName) {
    out.add(path, fmt::format("The name has {} characters; at most {} are kept.", length(text), kLongestName));
  }
}

void check_rate(Decimal rate, const std::string& path, Findings& out) {
  if (rate.scale < 0 || rate.scale > 18) {
    out.add(path, fmt::format("The rate has scale {}; use {}.", rate.scale, kRateScale));
    return;
  }
  const Decimal exact = rate.scale <= kRateScale ? rate : rescale(rate, kRateScale, Rounding::down);
  if (exact != rate) {
    out.add(path, fmt::format("{} has more than {} digits after the point; round it in the plan, not in the engine.",
                              to_string(rate), kRateScale));
  }
  if (rate < Decimal{0, 0} || rate > Decimal{1, 0}) {
    out.add(path, fmt::format("{} is out of range: a rate is a fraction from 0 to 1; 5 % is \"0.05\".",
                              to_string(rate, true)));
  }
}

void check_bands(const std::vector<RawBand>& bands, std::optional<TierMode> mode, int digits, const std::string& path,
                 Findings& out) {
  if (bands.empty()) {
    out.add(path, "The table has no band; the first one begins at \"0\".");
    return;
  }
  if (mode == TierMode::flat && bands.size() > 1) {
    out.add(path, fmt::format("A flat table has one band, this one has {}. Use \"slab\" for one rate by the amount "
                              "reached, \"marginal\" for a rate per part.",
                              bands.size()));
  }
  if (bands.front().from && *bands.front().from != 0) {
    out.add(below(at(path, 0), "from"),
            fmt::format("The first band begins at {}; it must begin at 0. To pay nothing below, write a first band "
                        "with rate \"0\".",
                        shown(*bands.front().from, digits)));
  }
  for (std::size_t i = 0; i < bands.size(); ++i) {
    const RawBand& band = bands[i];
    if (band.from && band.to && *band.to <= *band.from) {
      out.add(below(at(path, i), "to"), fmt::format("The band ends at {}, not after its begin {}.",
                                                    shown(*band.to, digits), shown(*band.from, digits)));
    }
    if (i + 1 == bands.size()) {
      if (band.to) {
        out.add(below(at(path, i), "to"),
                fmt::format("The last band ends at {} and nothing says what is paid beyond. Leave \"to\" out, or add "
                            "a band from there.",
                            shown(*band.to, digits)));
      }
      continue;
    }
    const RawBand& next = bands[i + 1];
    check_end(band, next, digits, path, i, out);
    if (band.from && next.from && *next.from <= *band.from) {
      out.add(below(at(path, i + 1), "from"),
              fmt::format("The band begins at {}, not after the one before, at {}. List bands from low to high.",
                          shown(*next.from, digits), shown(*band.from, digits)));
    }
  }
}

void check_component(const Component& component, int digits, const std::string& path, Findings& out) {
  check_name(component.name, below(path, "name"), out);
  check_choice(component.accumulate, below(path, "accumulate"), out);
  check_choice(component.negative, below(path, "negative"), out);
  check_choice(component.tiers.mode, below(path, "tiers.mode"), out);
  check_choice(component.tiers.boundary, below(path, "tiers.boundary"), out);
  const std::string table = below(below(path, "tiers"), "bands");
  std::vector<RawBand> bands;
  for (std::size_t i = 0; i < component.tiers.bands.size(); ++i) {
    const Band& band = component.tiers.bands[i];
    bands.push_back({band.from.minor, std::nullopt, band.rate});
    check_rate(band.rate, below(at(table, i), "rate"), out);
  }
  check_bands(bands, component.tiers.mode, digits, table, out);
}

void check_names_differ(const std::vector<Component>& components, Findings& out) {
  for (std::size_t i = 0; i < components.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (components[i].name.empty() || components[i].name != components[j].name) continue;
      out.add(below(at("components", i), "name"),
              fmt::format("{} is the name of components[{}] already; statements could not tell them apart.",
                          quote(components[i].name), j));
      break;
    }
  }
}

void check_validity(Date from, Date to, Findings& out) {
  if (from < to) return;
  out.add("valid.to",
          fmt::format("The plan ends on {}, not after its first day {}; \"to\" is the first day without it.",
                      to_string(to), to_string(from)));
}

}  // namespace kith::incentive
