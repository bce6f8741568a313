// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What the statements of a period should be, next to what is stored: a run writes the difference, closing demands
/// that there is none.

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "incentive/statement_facts.hpp"
#include "kith/incentive/statement_payment.hpp"

namespace kith::incentive {

/// The periods of one calendar and grain that have been run.
struct Series {
  std::string calendar;                  ///< whose periods these are
  Period target;                         ///< the period in question
  std::optional<CommissionPeriod> row;   ///< its row, if it was run
  std::vector<CommissionPeriod> others;  ///< the other rows, oldest first
  /// Works up to this one are reflected in all closed periods; nothing without one.
  std::optional<std::int64_t> reflected() const;
  /// The newest closed period, or null.
  const CommissionPeriod* newest_closed() const;
  /// True when the target comes right after it, which makes it the one that takes corrections.
  bool takes_corrections() const;
};
/// Errors: invalid for a label that is no month, quarter or year (or four-week period).
Series load_series(const Reader& system, std::string_view label);
/// The period that a stored row stands for, with the bounds it was stored with.
Period period_from(const CommissionPeriod& row);

/// Corrections of closed periods, as lines for the target period.
struct Corrections {
  struct Line {
    Id employee;
    StatementLine line;
  };
  bool newer = false;                           ///< there were facts that closed periods do not reflect yet
  std::set<std::pair<Id, std::string>> looked;  ///< (employee, period earned) that were recomputed
  std::vector<Line> lines;                      ///< for those: all that is to be posted in the target
};
Corrections compute_corrections(const Reader& system, const Terms& terms, const Series& series);

/// A statement with its lines as they should be; ids are 0 where nothing is stored yet.
struct Draft {
  Statement statement;
  std::vector<StatementLine> lines;
  std::vector<StatementRelease> releases;
  std::optional<StatementPayment> payment;
};

/// The wanted state of a period and how it differs from the stored one.
struct Settlement {
  Series series;
  bool newer = false;                ///< see Corrections
  std::vector<Draft> drafts;         ///< by employee
  std::vector<Statement> untouched;  ///< in which nothing can be otherwise; they are no drafts
  std::int64_t untouched_lines = 0;
  std::vector<std::size_t> new_statements;  ///< places in drafts
  std::vector<std::size_t> changed_statements;
  std::vector<Statement> gone_statements;
  std::vector<std::pair<std::size_t, std::size_t>> new_lines;  ///< draft, line
  std::vector<std::pair<std::size_t, std::size_t>> changed_lines;
  std::vector<StatementLine> gone_lines;
  std::vector<std::pair<std::size_t, std::size_t>> new_releases;  ///< draft, release
  std::vector<std::pair<std::size_t, std::size_t>> changed_releases;
  std::vector<StatementRelease> gone_releases;
  std::vector<std::size_t> new_payments;  ///< places in drafts
  std::vector<std::size_t> changed_payments;
  std::vector<StatementPayment> gone_payments;

  /// Statements may differ without a line (somebody without a deal); both count.
  bool differs() const;
};
Settlement settle(const Reader& system, Series series);

/// All lines of some statements, by statement and position.
std::vector<StatementLine> lines_of_statements(const Reader& system, const std::vector<Id>& statements);
/// The same of releases and payments.
std::vector<StatementRelease> releases_of_statements(const Reader& system, const std::vector<Id>& statements);
std::vector<StatementPayment> payments_of_statements(const Reader& system, const std::vector<Id>& statements);

}  // namespace kith::incentive
