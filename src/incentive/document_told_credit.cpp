// SPDX-License-Identifier: Apache-2.0
#include "incentive/document_told_credit.hpp"

#include <algorithm>

namespace kith::incentive::general {
namespace {

constexpr std::string_view kBases[] = {"amount", "margin", "cost", "quantity", "expression"};

class CreditWriter {
 public:
  CreditWriter(const Model& model, const Ground& ground, const Credit& credit,
               const std::function<std::string(Index)>& called, std::vector<ToldStep>& steps)
      : model_(model),
        ground_(ground),
        facts_(ground.facts),
        credit_(credit),
        rule_(model.credits[static_cast<std::size_t>(credit.rule)]),
        called_(called),
        steps_(steps),
        event_(credit.mirrored ? static_cast<std::uint32_t>(facts_.origin(credit.event)) : credit.event),
        view_(model, ground, rule_.fx, rule_.reversal) {}

  void write() {
    const Exact found = base_of(model_, facts_, rule_, view_, event_);
    const Exact base = credit_.mirrored ? Exact(-found) : found;
    share(base);
    if (credit_.mirrored) put("takes_back", {{"of", facts_.key(event_)}});
    if (rule_.base == Base::expression) expression(found);
    if (rule_.base == Base::margin) margin();
    if (facts_.currency(event_) != model_.currency) exchanges();
    const Exact exact = base * credit_.share;
    if (exact != credit_.amount) put("credit_rounded", {{"exact", major(exact)}, {"amount", major(credit_.amount)}});
  }

 private:
  using Parts = std::vector<std::pair<std::string_view, std::string>>;
  void put(std::string_view kind, Parts parts, std::string_view words = {}) {
    steps_.push_back({kind, std::move(parts), words});
  }
  std::string major(const Exact& value) const { return number_text(value / ten_to(model_.digits)); }
  std::string money(std::int64_t minor) const { return to_string(Money{minor, facts_.currency(event_)}); }

  void share(const Exact& base) {
    Parts parts = {{"event", facts_.key(credit_.event)},
                   {"amount", major(credit_.amount)},
                   {"base", std::string(kBases[static_cast<std::size_t>(rule_.base)])},
                   {"base_amount", major(base)}};
    if (rule_.who == Who::chain) return climbed(std::move(parts));
    parts.emplace_back("share", number_text(credit_.share));
    if (rule_.who == Who::values) {
      parts.emplace_back("value", rule_.of);
      return put("credit", std::move(parts), "credit_value");
    }
    parts.emplace_back("role", rule_.role);
    put("credit", std::move(parts), rule_.who == Who::split_weights ? "credit_weight" : "credit");
  }

  void climbed(Parts parts) {
    const ChainLevel& level = rule_.levels[static_cast<std::size_t>(credit_.level)];
    parts.emplace_back("share", number_text(level.share == 0 ? credit_.share : Exact(credit_.share / level.share)));
    parts.emplace_back("role", rule_.of);
    parts.emplace_back("person", called_(credit_.source));
    parts.emplace_back("level", std::to_string(level.level));
    parts.emplace_back("level_share", number_text(level.share));
    put("credit", std::move(parts), "credit_chain");
  }

  void margin() {
    const std::int64_t amount = facts_.amount(event_);
    const std::int64_t cost = facts_.cost(event_);
    put("margin", {{"amount", money(amount)}, {"cost", money(cost)}, {"margin", money(amount - cost)}});
  }

  // The formula, and what of the event it reads.
  void expression(const Exact& base) {
    const std::uint32_t row[] = {event_};
    view_.read(*rule_.base_expression, row);
    std::vector<std::string> reads;
    collect(rule_.base_expression->explain(view_.view(), 0), reads);
    std::string all;
    for (const std::string& one : reads) all += (all.empty() ? "" : ", ") + one;
    Parts parts = {{"text", rule_.base_expression->text()}, {"amount", major(base)}, {"reads", all}};
    put("expression", std::move(parts), all.empty() ? "expression_plain" : "expression");
  }

  void collect(const Explanation& part, std::vector<std::string>& reads) const {
    for (const Explanation& one : part.parts) collect(one, reads);
    const auto& names = model_.scope.names;
    const bool name = std::any_of(names.begin(), names.end(), [&](const auto& one) { return one.name == part.text; });
    const std::string said = part.text + " " + part.shown;
    if (name && part.evaluated && std::find(reads.begin(), reads.end(), said) == reads.end()) reads.push_back(said);
  }

  // The rate each amount of another currency came by.
  void exchanges() {
    const std::int64_t amount = facts_.amount(event_);
    const std::int64_t cost = facts_.cost(event_);
    const auto reads = [&](ScopeColumn column) {
      const auto& all = rule_.base_expression->reads();
      return std::find(all.begin(), all.end(), static_cast<int>(column)) != all.end();
    };
    const bool formula = rule_.base == Base::expression;
    if (formula ? reads(kAmount) : rule_.base == Base::amount) exchange(amount);
    if (formula ? reads(kCost) : rule_.base == Base::cost) exchange(cost);
    if (formula ? reads(kMargin) : rule_.base == Base::margin) exchange(amount - cost);
  }

  void exchange(std::int64_t minor) {
    const Currency from = facts_.currency(event_);
    const Date day = facts_.date(rule_.reversal == Reversal::original ? facts_.origin(event_) : event_);
    const Exact& rate = ground_.lookup.rate(from, rule_.fx, day, [&] { return facts_.key(event_); });
    put("exchange", {{"amount", money(minor)},
                     {"currency", code_of(from)},
                     {"rate", number_text(rate)},
                     {"rate_kind", rule_.fx},
                     {"on", to_string(rate_day(day))}});
  }

  // The day whose rate counts: of a period's rates its last one.
  Date rate_day(Date day) const {
    const bool of_period = rule_.fx == "period_avg" || rule_.fx == "period_end";
    return of_period ? Date{model_.period_at(day).to.days - 1} : day;
  }

  const Model& model_;
  const Ground& ground_;
  const Facts& facts_;
  const Credit& credit_;
  const CreditRule& rule_;
  const std::function<std::string(Index)>& called_;
  std::vector<ToldStep>& steps_;
  std::uint32_t event_;  ///< that the credit is of
  EventView view_;
};

}  // namespace

void tell_credit(const Model& model, const Ground& ground, const Credit& credit,
                 const std::function<std::string(Index)>& called, std::vector<ToldStep>& steps) {
  CreditWriter(model, ground, credit, called, steps).write();
}

}  // namespace kith::incentive::general
