// SPDX-License-Identifier: Apache-2.0
// Reads what a plan says of money that was earned: when it is released, taken back, drawn against, spread over time.
#include <fmt/format.h>

#include "base/quote.hpp"
#include "incentive/document_parts.hpp"
#include "kith/base/calendar.hpp"

namespace kith::incentive::general {
namespace {

using Model = PlanDocument::Model;

Date read_day(const std::string& text) { return parse_date(text); }

void check_share(Node& node, std::string_view key, const Exact& share) {
  if (share < 0 || share > 1) node.fault(key, "A share lies between 0 and 1 (\"60 %\" or \"0.6\").");
}

int months_of(Node& node, std::string_view key, std::int64_t least) {
  constexpr std::int64_t kMost = 1200;
  const std::int64_t months = node.integer(key, true, least);
  if (months >= least && months <= kMost) return static_cast<int>(months);
  node.fault(key, fmt::format("Expected a whole number of months from {} to {}.", least, kMost));
  return static_cast<int>(least);
}

Release read_release(Node& node) {
  Release read;
  read.trigger = node.text("trigger");
  read.share = node.number("share");
  check_share(node, "share", read.share);
  read.type = node.text("event_type", false);
  if (!read.type.empty()) read.proportional = node.flag("proportional");
  if (node.has("on")) {
    read.on = node.text("on");
    if (read.on != "period_end" && read.on != "year_end") {
      read.day = node.parsed("on", read_day);
      read.on.clear();
    }
  }
  if (node.has("after_months")) read.months = months_of(node, "after_months", 1);
  if (static_cast<int>(node.has("event_type")) + static_cast<int>(node.has("on")) +
          static_cast<int>(node.has("after_months")) >
      1) {
    node.fault("trigger", "A part is released by one thing: an event_type, a day (on) or a time (after_months).");
  }
  node.finish();
  return read;
}

void read_releases(Node& root, Model& model) {
  root.each(
      "release",
      [&](const Json& item, const std::string& path) {
        Node node(item, path, root.out());
        model.releases.push_back(read_release(node));
      },
      false);
}

// {"months": 12} or {"attribute": name}.
void read_term(Node& node, std::optional<Exact>& months, std::string& attribute, const Model& model) {
  const Json* value = node.find("term");
  if (value == nullptr) return;
  Node inner(*value, node.path("term"), node.out());
  if (inner.has("months")) {
    months = Exact(months_of(inner, "months", 1));
  } else {
    attribute = inner.text("attribute");
    const auto found = model.attributes.find(attribute);
    if (found == model.attributes.end() || found->second != Type::decimal) {
      inner.fault("attribute", fmt::format("{} is no attribute of type decimal.", quote(attribute)));
    }
  }
  inner.finish();
}

bool read_last_day(Node& node) { return node.choice("date_is", {"last_day_of_service", "first_day_without"}) == 0; }

void read_clawbacks(Node& root, Model& model) {
  root.each(
      "clawback",
      [&](const Json& item, const std::string& path) {
        Node node(item, path, root.out());
        Clawback read;
        read.name = node.text("name");
        read.type = node.text("event_type");
        read.prorate = static_cast<Unearned>(node.choice("prorate", {"months", "days", "share", "recompute"}));
        if (node.has("window_months")) read.window = months_of(node, "window_months", 1);
        if (read.prorate == Unearned::months || read.prorate == Unearned::days) {
          read_term(node, read.term, read.term_attribute, model);
          read.last_day = read_last_day(node);
        }
        if (read.prorate == Unearned::share) {
          read.share = node.number("share");
          check_share(node, "share", read.share);
        }
        if (read.prorate != Unearned::recompute) {
          if (const Json* scope = node.find("components"); scope != nullptr && *scope != "all") {
            read.components = node.texts("components");
            if (read.components.empty()) node.fault("components", "Expected \"all\" or the names of components.");
          }
        }
        node.finish();
        model.clawbacks.push_back(std::move(read));
      },
      false);
}

Draw read_draw(Node& node, const Model& model) {
  Draw read;
  read.kind = static_cast<Drawn>(node.choice("kind", {"recoverable", "nonrecoverable", "guarantee"}));
  read.amount = read_number(node, "amount", ten_to(model.digits), true).value_or(Number{Exact(0)});
  if (read.amount.constant && *read.amount.constant < 0) node.fault("amount", "A draw is 0 or more.");
  if (read.kind == Drawn::recoverable) {
    read.recover_share = node.number("recover_share");
    check_share(node, "recover_share", read.recover_share);
    read.forgive = node.choice("on_exit", {"forgive", "owe"}) == 0;
  }
  if (read.kind == Drawn::guarantee) read.by_year = node.choice("term", {"year", "plan"}) == 0;
  if (const Json* valid = node.find("valid", false)) {
    Node inner(*valid, node.path("valid"), node.out());
    read.from = inner.parsed("from", read_day).value_or(Date{});
    read.to = inner.parsed("to", read_day, false).value_or(kOpenDate);
    if (read.from >= read.to) inner.fault("to", "The draw ends before it begins.");
    inner.finish();
  } else {
    read.from = model.from;
  }
  node.finish();
  return read;
}

void read_payment(Node& root, Model& model) {
  const Json* value = root.find("payment", false);
  if (value == nullptr) return;
  Node node(*value, "payment", root.out());
  Payment read;
  read.carry = node.choice("below_zero", {"carry", "pay_back"}) == 0;
  if (const Json* draw = node.find("draw", false)) {
    Node inner(*draw, "payment.draw", root.out());
    read.draw = read_draw(inner, model);
  }
  node.finish();
  model.payment = std::move(read);
}

void read_amortization(Node& root, Model& model) {
  const Json* value = root.find("amortization", false);
  if (value == nullptr) return;
  Node node(*value, "amortization", root.out());
  Amortization read;
  read_term(node, read.term, read.term_attribute, model);
  read.renewals = months_of(node, "renewals", 0);
  read.commensurate = node.flag("renewal_commensurate");
  read.expedient = months_of(node, "expedient_months", 0);
  read.lost_type = node.text("lost_event_type", false);
  if (!read.lost_type.empty()) read.last_day = read_last_day(node);
  node.finish();
  model.amortization = std::move(read);
}

}  // namespace

void read_pay(Node& root, Model& model) {
  read_releases(root, model);
  read_clawbacks(root, model);
  read_payment(root, model);
  read_amortization(root, model);
}

}  // namespace kith::incentive::general
