// SPDX-License-Identifier: Apache-2.0
// Draws as records, settled against closed statements.
#include <fmt/format.h>

#include <map>
#include <tuple>

#include "engine/verbs.hpp"
#include "incentive/obligations_check.hpp"
#include "kith/incentive/statement.hpp"
#include "kith/people/employee.hpp"

namespace kith {
namespace incentive {
namespace {

constexpr int kShareScale = 9;
constexpr std::int64_t kWhole = 1'000'000'000;

constexpr auto kDrawFields = field_table<Draw>(
    field<&Draw::employee>("employee", {.required = true, .refers_to = "employee"}), field<&Draw::kind>("kind"),
    field<&Draw::currency>("currency", {.required = true}), field<&Draw::amount>("amount", {.minimum = 0}),
    field<&Draw::recover_share>("recover_share", {.scale = kShareScale, .minimum = 0, .maximum = kWhole}),
    field<&Draw::from>("from"), field<&Draw::to>("to"));

constexpr auto kDrawLineFields = field_table<DrawLine>(
    field<&DrawLine::draw>("draw", {.required = true, .refers_to = "draw"}),
    field<&DrawLine::position>("position", {.minimum = 1}),
    field<&DrawLine::period>("period", {.required = true, .max_length = 220}), field<&DrawLine::from>("from"),
    field<&DrawLine::earned>("earned"), field<&DrawLine::pay>("pay"), field<&DrawLine::advanced>("advanced"),
    field<&DrawLine::recovered>("recovered"), field<&DrawLine::topped_up>("topped_up"),
    field<&DrawLine::balance>("balance"));
constexpr UniqueKey kDrawLineKeys[] = {{{"draw", "position"}}, {{"draw", "period"}}};

}  // namespace

constexpr Entity kDraw = make_entity<Draw>(
    {.name = "draw", .plural = "draws", .fields = kDrawFields, .roles = {.owner = "employee", .currency = "currency"}});
constexpr Entity kDrawLine = make_entity<DrawLine>({.name = "draw_line",
                                                    .plural = "draw_lines",
                                                    .fields = kDrawLineFields,
                                                    .unique = kDrawLineKeys,
                                                    .roles = {.parent = "draw"}});

namespace {

std::vector<DrawLine> lines_of_draw(const Reader& reader, Id draw) {
  return reader.list<DrawLine>({.conditions = {equals(kDrawLine, "draw", draw)}, .order = {"position"}});
}

void check_terms(const Work& work, const Draw& row) {
  verb::Faults faults(kDraw);
  if (row.amount.minor < 0) {
    faults.add("amount", "is negative: " + to_string(Money{row.amount.minor, work.currency()}) + "; give 0 or more");
  }
  if (row.recover_share < Decimal{} || row.recover_share > Decimal{1, 0}) {
    faults.add("recover_share", "is " + to_string(row.recover_share, true) + "; give 0 to 1");
  }
  if (row.currency && row.currency != work.currency()) {
    faults.add("currency", "is " + code_of(row.currency) + "; draws are in " + code_of(work.currency()));
  }
  if (!work.find<Employee>(row.employee)) {
    faults.add("employee", "there is no employee " + std::to_string(row.employee.value));
  }
  if (!verb::is_day(row.from)) faults.add("from", std::string(verb::kDayExpected));
  if (row.to <= row.from) faults.add("to", "does not lie after from");
  faults.raise();
}

auto terms_of(const Draw& row) { return std::tie(row.employee, row.kind, row.amount, row.recover_share, row.from); }

DrawTerms math_terms(const Draw& draw) { return {draw.kind, draw.amount.minor, draw.recover_share}; }

/// The state after some lines, computed again from what was earned.
DrawState state_after(const Draw& draw, const std::vector<DrawLine>& lines) {
  DrawState state;
  for (const DrawLine& line : lines) state = apply_draw(math_terms(draw), line.earned.minor, state).state;
  return state;
}

void fill(DrawLine& line, const DrawResult& result) {
  line.pay.minor = result.pay;
  line.advanced.minor = result.advanced;
  line.recovered.minor = result.recovered;
  line.topped_up.minor = result.topped_up;
  line.balance.minor = result.state.balance;
}

}  // namespace

Id set_draw(Work& work, Draw& draw) {
  Draw row = draw;
  if (row.revision == 0) {
    work.require(Action::create, kDraw);
  } else {
    const Draw before = verb::before_update(work, row);
    row.recover_share = rescale(row.recover_share, kShareScale);
    if (terms_of(row) != terms_of(before) && !lines_of_draw(work.as_system("draws"), row.id).empty()) {
      throw Error(Code::state, "draw", "amount",
                  "a period is settled by these terms; end this draw and agree on another");
    }
  }
  check_terms(work, row);
  effective::require_free(work.as_system("draws").list<Draw>({.conditions = {equals(kDraw, "employee", row.employee)}}),
                          row, "draw");
  row.currency = work.currency();
  row.recover_share = rescale(row.recover_share, kShareScale);
  if (row.revision == 0) {
    work.create(row);
  } else {
    work.update(row);
  }
  draw = std::move(row);
  return draw.id;
}

DrawLine post_draw(Work& work, Id draw, std::string_view period) {
  work.require(Action::edit, kDraw, draw);
  const Draw terms = work.get<Draw>(draw);
  const Reader system = work.as_system("draws");
  const auto statement = statement_of(system, terms.employee, period);
  if (!statement) {
    throw Error(Code::not_found, "statement", "period",
                fmt::format("employee {} has no statement for {}; run the period first", terms.employee.value, period));
  }
  if (statement->status != PeriodStatus::closed) {
    throw Error(Code::state, "statement", "status",
                fmt::format("the statement for {} is open and may still change; close the period first", period));
  }
  const CommissionPeriod when = system.get<CommissionPeriod>(statement->period);
  if (when.from < terms.from || when.from >= terms.to) {
    throw Error(Code::invalid, "draw", "period",
                fmt::format("the draw holds on [{}, {}), not on {}", to_string(terms.from), to_string(terms.to),
                            to_string(when.from)));
  }
  const std::vector<DrawLine> before = lines_of_draw(system, draw);
  if (!before.empty() && before.back().from >= when.from) {
    throw Error(Code::state, "draw", "period",
                fmt::format("{} is settled already; periods are settled one after the other", before.back().period));
  }
  DrawLine line;
  line.draw = draw;
  line.position = static_cast<std::int64_t>(before.size()) + 1;
  line.period = period;
  line.from = when.from;
  line.earned = statement->total;
  fill(line, apply_draw(math_terms(terms), line.earned.minor, state_after(terms, before)));
  work.trusted([&] { work.create(line); });
  return line;
}

std::string draw_text(const Reader& reader, Id draw, Language language) {
  const Draw terms = reader.get<Draw>(draw);
  const bool chinese = language == Language::chinese;
  const auto money = [&](Amount amount) { return to_string(Money{amount.minor, terms.currency}); };
  std::string text;
  for (const DrawLine& line : lines_of_draw(reader, draw)) {
    text += chinese ? fmt::format("{}：所得 {}，预支 {}，扣回 {}，补足 {}，实付 {}，余额 {}\n", line.period,
                                  money(line.earned), money(line.advanced), money(line.recovered),
                                  money(line.topped_up), money(line.pay), money(line.balance))
                    : fmt::format("{}: earned {} + advanced {} - recovered {} + topped up {} = pay {}, balance {}\n",
                                  line.period, money(line.earned), money(line.advanced), money(line.recovered),
                                  money(line.topped_up), money(line.pay), money(line.balance));
  }
  return text;
}

void check_draws(const Reader& reader, std::vector<Finding>& findings) {
  std::map<Id, std::vector<DrawLine>> lines;
  for (DrawLine& row : reader.list<DrawLine>({.order = {"draw", "position"}}))
    lines[row.draw].push_back(std::move(row));
  std::map<Id, std::vector<Draw>> people;
  for (Draw& draw : reader.list<Draw>({.order = verb::by_time()})) {
    DrawState state;
    std::int64_t position = 0;
    for (const DrawLine& row : lines[draw.id]) {
      const DrawResult result = apply_draw(math_terms(draw), row.earned.minor, state);
      state = result.state;
      DrawLine wanted = row;
      fill(wanted, result);
      const auto said = [](const DrawLine& line) {
        return std::tie(line.pay, line.advanced, line.recovered, line.topped_up, line.balance);
      };
      if (row.position != ++position || said(row) != said(wanted)) {
        findings.push_back({"draw_line", row.id, "must be what the terms of its draw give"});
      }
    }
    people[draw.employee].push_back(std::move(draw));
  }
  for (const auto& [employee, rows] : people) verb::check_rows(rows, false, findings);
}

}  // namespace incentive

template <>
const Entity& entity_of<Draw>() {
  return incentive::kDraw;
}
template <>
const Entity& entity_of<DrawLine>() {
  return incentive::kDrawLine;
}

}  // namespace kith
