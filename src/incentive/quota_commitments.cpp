// SPDX-License-Identifier: Apache-2.0
// Quotas from below: sums of children, promises, and how far they lie from what was wanted.
#include <algorithm>
#include <map>
#include <unordered_set>

#include "engine/verbs.hpp"
#include "incentive/entities.hpp"
#include "incentive/quota_actuals.hpp"
#include "kith/incentive/quota_plan.hpp"

namespace kith::incentive {
namespace {

using Children = std::map<Id, std::vector<std::size_t>>;

/// Places of the nodes below each, parents before children.
Children children_of(const std::vector<Quota>& nodes) {
  Children children;
  for (std::size_t i = 1; i < nodes.size(); ++i) children[*nodes[i].parent].push_back(i);
  return children;
}

/// The sum of a grade over all children, or nothing where one has none.
std::optional<Amount> sum_of(const std::vector<Quota>& nodes, const std::vector<std::size_t>& below,
                             std::optional<Amount> Quota::*grade) {
  Amount sum;
  for (const std::size_t child : below) {
    const std::optional<Amount>& part = nodes[child].*grade;
    if (!part) return std::nullopt;
    sum.minor = checked_add(sum.minor, part->minor, "grade of a quota");
  }
  return sum;
}

}  // namespace

std::int64_t roll_up(Work& work, Id root) {
  work.require(Action::edit, kQuota, root);
  const Quota top = work.get<Quota>(root);
  std::vector<Quota> nodes = nodes_below(work.as_system("quotas"), top);
  const Children children = children_of(nodes);
  Work::Step step(work);
  std::int64_t changed = 0;
  for (std::size_t i = nodes.size(); i-- > 0;) {
    const auto below = children.find(nodes[i].id);
    if (below == children.end()) continue;
    Quota row = nodes[i];
    row.amount = {};
    for (const std::size_t child : below->second) {
      row.amount.minor = checked_add(row.amount.minor, nodes[child].amount.minor, "children of a quota");
    }
    row.stretch = sum_of(nodes, below->second, &Quota::stretch);
    row.challenge = sum_of(nodes, below->second, &Quota::challenge);
    row.over_percent.coefficient = 0;
    const auto said = [](const Quota& q) { return std::tie(q.amount, q.stretch, q.challenge, q.method); };
    row.method = QuotaMethod::bottom_up;
    if (said(row) != said(nodes[i])) {
      set_quota(work, row);
      row.method = QuotaMethod::bottom_up;  // set by hand it would be fixed
      row.weight.reset();
      work.update(row);
      ++changed;
    }
    nodes[i] = std::move(row);
  }
  step.keep();
  return changed;
}

void commit_to(Work& work, Id quota, Money amount) {
  Quota row = work.get<Quota>(quota);
  const bool own = row.employee && work.actor().employee == row.employee;
  if (!own) work.require(Action::edit, kQuota, quota);
  if (amount.currency != row.currency) {
    throw Error(Code::invalid, "quota", "committed",
                "is in " + code_of(amount.currency) + "; the quota is in " + code_of(row.currency));
  }
  if (amount.minor < 0) {
    throw Error(Code::invalid, "quota", "committed",
                "is negative: " + to_string(Money{amount.minor, row.currency}) + "; give 0 or more");
  }
  row.committed = Amount{amount.minor};
  work.trusted([&] { work.update(row); });
}

std::vector<QuotaGap> reconcile(const Reader& reader, Id root) {
  const Quota top = reader.get<Quota>(root);
  const Reader system = reader.as_system("quotas");
  const std::vector<Quota> nodes = nodes_below(system, top);
  const Children children = children_of(nodes);
  std::vector<QuotaGap> gaps(nodes.size());
  for (std::size_t i = nodes.size(); i-- > 0;) {
    QuotaGap& gap = gaps[i];
    gap.quota = nodes[i];
    const auto below = children.find(nodes[i].id);
    std::optional<std::int64_t> sum;
    if (below != children.end()) {
      for (const std::size_t child : below->second) {
        gap.missing += gaps[child].missing;
        if (!gaps[child].committed) continue;
        sum = checked_add(sum.value_or(0), gaps[child].committed->minor, "commitments");
      }
    } else if (!nodes[i].committed) {
      gap.missing = 1;
    }
    if (nodes[i].committed) sum = nodes[i].committed->minor;
    if (!sum) continue;
    gap.committed = Money{*sum, nodes[i].currency};
    gap.gap = Money{checked_sub(*sum, nodes[i].amount.minor, "gap of a quota"), nodes[i].currency};
  }
  std::unordered_set<Id> seen;
  for (const Quota& row : reader.list<Quota>({.conditions = counting_the_same(top), .fields = {"id"}})) {
    seen.insert(row.id);
  }
  std::map<Id, std::int64_t> depths{{nodes.front().id, -1}};
  for (QuotaGap& gap : gaps) {
    const auto above = gap.quota.parent && &gap != &gaps.front() ? depths.find(*gap.quota.parent) : depths.end();
    gap.depth = above == depths.end() ? 0 : above->second + 1;
    depths[gap.quota.id] = gap.depth;
  }
  std::erase_if(gaps, [&](const QuotaGap& gap) { return !seen.contains(gap.quota.id); });
  return gaps;
}

}  // namespace kith::incentive
