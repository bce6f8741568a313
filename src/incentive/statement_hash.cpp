// SPDX-License-Identifier: Apache-2.0
#include "incentive/statement_hash.hpp"

namespace kith::incentive {
namespace {

void put(Sha256& hash, std::string_view text) {
  hash.update(std::to_string(text.size()));
  hash.update(":");
  hash.update(text);
}

void put(Sha256& hash, std::int64_t number) { put(hash, std::to_string(number)); }

}  // namespace

void LinesHash::add(const StatementLine& line) {
  put(hash_, line.id.value);
  put(hash_, line.position);
  put(hash_, Choices<LineKind>::names[static_cast<std::size_t>(line.kind) - 1]);
  put(hash_, line.plan.value);
  put(hash_, line.component);
  put(hash_, line.opportunity.value);
  put(hash_, to_string(line.earned_on));
  put(hash_, line.period_earned);
  put(hash_, line.credit.minor);
  put(hash_, line.amount.minor);
  put(hash_, line.corrects ? line.corrects->value : 0);
  put(hash_, line.reason.value_or(""));
  // Lines of deals hash as they did before there were others.
  if (line.basis) put(hash_, Choices<LineBasis>::names[static_cast<std::size_t>(*line.basis) - 1]);
}

void LinesHash::add(const StatementRelease& line) {
  put(hash_, "release");
  put(hash_, line.id.value);
  put(hash_, line.position);
  put(hash_, Choices<ReleaseKind>::names[static_cast<std::size_t>(line.kind) - 1]);
  put(hash_, std::int64_t{line.correction});
  put(hash_, line.plan.value);
  put(hash_, line.component);
  put(hash_, line.period_earned);
  put(hash_, line.part);
  put(hash_, line.amount.minor);
  put(hash_, line.corrects ? line.corrects->value : 0);
  put(hash_, line.reason.value_or(""));
}

void LinesHash::add(const StatementPayment& row) {
  put(hash_, "payment");
  put(hash_, row.id.value);
  put(hash_, row.plan.value);
  put(hash_, row.drawn ? std::to_string(row.drawn->minor) : "");
  for (const Amount amount : {row.earned, row.held, row.released, row.carried, row.advanced, row.recovered,
                              row.topped_up, row.forgiven, row.balance, row.carry, row.pay}) {
    put(hash_, amount.minor);
  }
}

std::string hash_of(const Statement& statement, std::string_view previous, const LinesHash& lines) {
  Sha256 hash;
  put(hash, previous);
  put(hash, statement.id.value);
  put(hash, statement.employee.value);
  put(hash, statement.unit ? statement.unit->value : 0);
  put(hash, statement.period.value);
  put(hash, code_of(statement.currency));
  put(hash, statement.credit.minor);
  put(hash, statement.earned.minor);
  put(hash, statement.adjusted.minor);
  put(hash, statement.total.minor);
  put(hash, to_hex(lines.digest()));
  return to_hex(hash.digest());
}

}  // namespace kith::incentive
