// SPDX-License-Identifier: Apache-2.0
// Results of general plans as tables: each kind of row is a list of named members.
#include "kith/incentive/document_tables.hpp"

#include "base/quote.hpp"
#include "incentive/document_shapes.hpp"
#include "kith/base/error.hpp"
#include "kith/base/text.hpp"

namespace kith::incentive {
namespace {

using namespace general;

template <class Row>
TableColumn header_of(const char* name, const Member<Row>& member, Currency money) {
  struct Reader {
    Type operator()(std::string Row::*) const { return Type::text; }
    Type operator()(std::optional<std::string> Row::*) const { return Type::text; }
    Type operator()(std::int64_t Row::*) const { return Type::money; }
    Type operator()(std::optional<std::int64_t> Row::*) const { return Type::money; }
    Type operator()(bool Row::*) const { return Type::boolean; }
    Type operator()(Date Row::*) const { return Type::date; }
  };
  TableColumn column{.name = name, .type = std::visit(Reader{}, member)};
  if (column.type == Type::money) column.currency = money;
  return column;
}

template <class Row>
struct Writer {
  const std::vector<Row>& rows;
  Column& out;
  void operator()(std::string Row::*member) const {
    for (const Row& row : rows) out.append(std::string_view(row.*member));
  }
  void operator()(std::optional<std::string> Row::*member) const {
    for (const Row& row : rows) row.*member ? out.append(std::string_view(*(row.*member))) : out.append_null();
  }
  void operator()(std::int64_t Row::*member) const {
    for (const Row& row : rows) out.append(row.*member);
  }
  void operator()(std::optional<std::int64_t> Row::*member) const {
    for (const Row& row : rows) row.*member ? out.append(*(row.*member)) : out.append_null();
  }
  void operator()(bool Row::*member) const {
    for (const Row& row : rows) out.append(std::int64_t{row.*member});
  }
  void operator()(Date Row::*member) const {
    for (const Row& row : rows) out.append(std::int64_t{(row.*member).days});
  }
};

template <class Row>
Table table_of(const PlanDocument& plan, const std::vector<Row>& rows) {
  std::vector<TableColumn> columns;
  std::vector<Column> data;
  for (const auto& [name, member, json] : shape_of(rows)) {
    columns.push_back(header_of<Row>(name, member, plan.currency()));
    Column& column = data.emplace_back(columns.back().type == Type::text);
    column.reserve(rows.size());
    std::visit(Writer<Row>{rows, column}, member);
  }
  return Table(std::move(columns), std::move(data));
}

Table table_of(const PlanDocument&, const std::vector<std::string>& warnings) {
  Table table({{.name = "message", .type = Type::text}});
  for (const std::string& warning : warnings) table.add({warning});
  return table;
}

template <auto Rows>
Table part_of(const PlanDocument& plan, const PlanResult& result) {
  return table_of(plan, result.*Rows);
}

struct Part {
  std::string_view name;
  Table (*table)(const PlanDocument& plan, const PlanResult& result);
  Detail detail;
};
constexpr Part kParts[] = {
    {"credits", &part_of<&PlanResult::credits>, Detail::all},
    {"lines", &part_of<&PlanResult::lines>, Detail::all},
    {"components", &part_of<&PlanResult::components>, Detail::totals},
    {"releases", &part_of<&PlanResult::releases>, Detail::totals},
    {"ledger", &part_of<&PlanResult::ledger>, Detail::totals},
    {"statements", &part_of<&PlanResult::statements>, Detail::totals},
    {"payments", &part_of<&PlanResult::payments>, Detail::totals},
    {"pools", &part_of<&PlanResult::pools>, Detail::totals},
    {"amortization", &part_of<&PlanResult::amortization>, Detail::totals},
    {"warnings", &part_of<&PlanResult::warnings>, Detail::totals},
};

const Part& find_part(std::string_view name) {
  std::vector<std::string_view> names;
  for (const Part& part : kParts) {
    if (part.name == name) return part;
    names.push_back(part.name);
  }
  throw Error(Code::invalid, "commission", "part",
              "a result has no part " + quote(name) + "; it has credits, lines, components, releases, ledger, " +
                  "statements, payments, pools, amortization and warnings." + suggest(name, names));
}

}  // namespace

Table to_table(const PlanDocument& plan, const PlanResult& result, std::string_view part) {
  return find_part(part).table(plan, result);
}
Table to_table(const PlanDocument& plan, const std::vector<ComponentResult>& components) {
  return table_of(plan, components);
}
Detail detail_of(std::string_view part) { return find_part(part).detail; }

}  // namespace kith::incentive
