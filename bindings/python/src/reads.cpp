// SPDX-License-Identifier: Apache-2.0
// Reads of snapshots and works: records, lists, reports, statements.
#include "handles.hpp"
#include "kith/incentive/payout.hpp"
#include "kith/interchange/files.hpp"

namespace kith::python {
namespace {

std::shared_ptr<Table> shared(Table table) { return std::make_shared<Table>(std::move(table)); }

Query query_from(const std::string& where, const py::dict& parameters, std::vector<std::string> order,
                 std::vector<std::string> fields, std::optional<std::int64_t> limit) {
  return {.where = where,
          .parameters = parameters_from(parameters),
          .order = std::move(order),
          .fields = std::move(fields),
          .limit = limit};
}

std::shared_ptr<Table> find(const PySource& source, const std::string& entity, const std::string& where,
                            const py::dict& parameters, std::vector<std::string> order, std::vector<std::string> fields,
                            std::optional<std::int64_t> limit) {
  const Query query = query_from(where, parameters, std::move(order), std::move(fields), limit);
  const Reader& reader = source.reader();
  return unlocked([&] { return shared(generic::find(reader, reader.model().entity(entity), query)); });
}

std::unique_ptr<generic::Pages> pages(const PySource& source, const std::string& entity, const std::string& where,
                                      const py::dict& parameters, std::vector<std::string> order,
                                      std::vector<std::string> fields, std::optional<std::int64_t> limit) {
  const Query query = query_from(where, parameters, std::move(order), std::move(fields), limit);
  const Reader& reader = source.reader();
  return unlocked([&] { return generic::pages(reader, reader.model().entity(entity), query); });
}

py::capsule stream(const PySource& source, const std::string& entity, const std::string& where,
                   const py::dict& parameters, std::vector<std::string> order, std::vector<std::string> fields,
                   std::optional<std::int64_t> limit) {
  const Query query = query_from(where, parameters, std::move(order), std::move(fields), limit);
  const Reader& reader = source.reader();
  auto made = std::make_unique<ArrowArrayStream>();
  unlocked([&] { to_arrow(reader, reader.model().entity(entity), query, made.get()); });
  return arrow_capsule(std::move(made));
}

std::int64_t export_csv(const PySource& source, const std::string& entity, const std::string& path,
                        const std::string& where, const py::dict& parameters, std::vector<std::string> order,
                        std::vector<std::string> fields, const std::string& profile, char delimiter,
                        bool byte_order_mark) {
  const Query query = query_from(where, parameters, std::move(order), std::move(fields), std::nullopt);
  const CsvWriteOptions options = csv_options(profile, delimiter, byte_order_mark);
  const Reader& reader = source.reader();
  return unlocked([&] { return export_csv_file(reader, reader.model().entity(entity), query, path, options); });
}

py::dict get(const PySource& source, const std::string& entity, std::int64_t id) {
  const Reader& reader = source.reader();
  return to_dict(unlocked([&] { return generic::get(reader, reader.model().entity(entity), {id}); }));
}

std::string explain(const PySource& source, std::int64_t id, bool line, const std::string& format) {
  const Reader& reader = source.reader();
  return unlocked([&] {
    if (format == "json") {
      return line ? incentive::explain_line_json(reader, {id}) : incentive::explain_statement_json(reader, {id});
    }
    return line ? incentive::explain_line_text(reader, {id}, format)
                : incentive::explain_statement_text(reader, {id}, format);
  });
}

std::string what_if(const PySource& source, const std::string& plan, std::optional<std::string> document,
                    const std::optional<std::string>& inputs, const std::string& first, const std::string& last) {
  const Reader& reader = source.reader();
  return unlocked([&] {
    incentive::Alternative other;
    other.document = std::move(document);
    if (inputs) other.values = incentive::parse_inputs(*inputs).values;
    return incentive::canonical_json(reader.currency(), incentive::what_if(reader, plan, other, first, last));
  });
}

std::string accrue(const PySource& source, const std::string& period, const std::string& event_type,
                   const std::string& role, std::int64_t draws, std::uint64_t seed) {
  const Reader& reader = source.reader();
  return unlocked([&] {
    return incentive::canonical_json(reader.currency(),
                                     incentive::accrue(reader, period, {event_type, role, draws, seed}));
  });
}

std::string action_text(const PySource& source, std::int64_t quota, py::handle on, const py::dict& history,
                        std::vector<std::string> levels, const std::string& language) {
  ActionHistory past;
  past.levels = std::move(levels);
  if (history.contains("since")) past.from = date_from(history["since"]);
  if (history.contains("until")) past.to = date_from(history["until"]);
  if (history.contains("minimum")) past.minimum = py::cast<std::int64_t>(history["minimum"]);
  const std::optional<Date> day = on.is_none() ? std::nullopt : std::optional(date_from(on));
  return incentive::to_text(incentive::action_plan(source.reader(), {quota}, day, past), parse_language(language));
}

py::list time_in_stages(const PySource& source, std::int64_t id, py::handle until) {
  const Date day = date_from(until);
  py::list result;
  for (const auto& [stage, days] : customer::time_in_stages(source.reader(), {id}, day)) {
    result.append(py::make_tuple(stage, days));
  }
  return result;
}

py::object evaluate_for(const PySource& source, const std::string& entity, std::int64_t id, const std::string& text,
                        const py::dict& parameters) {
  const Parameters given = parameters_from(parameters);
  const Reader& reader = source.reader();
  return to_python(unlocked([&] { return evaluate(reader, reader.model().entity(entity), {id}, text, given); }));
}

/// As text in a language, or as JSON for the language "json".
std::string explain_for(const PySource& source, const std::string& entity, std::int64_t id, const std::string& text,
                        const std::string& language, const py::dict& parameters) {
  const Parameters given = parameters_from(parameters);
  const Reader& reader = source.reader();
  return unlocked([&] {
    const Explanation explanation = kith::explain(reader, reader.model().entity(entity), {id}, text, given);
    return language == "json" ? explanation.to_json() : explanation.to_text(parse_language(language));
  });
}

/// The canonical text and tree of an expression over an entity's records, and the type of its values.
py::dict expression_of(const PySource& source, const std::string& entity, const std::string& text, bool is_json,
                       const std::string& language, const py::dict& parameters) {
  const Parameters given = parameters_from(parameters);
  const Reader& reader = source.reader();
  Scope scope = scope_of(reader, reader.model().entity(entity));
  scope.language = parse_language(language);
  const Expression compiled =
      is_json ? Expression::from_json(text, scope, given) : Expression::compile(text, scope, given);
  py::dict result;
  result["text"] = compiled.text();
  result["json"] = compiled.json();
  result["type"] = std::string(name_of(compiled.type()));
  return result;
}

py::object fault_of(const PySource& source, const std::string& entity, const std::string& text,
                    const py::dict& parameters) {
  const Reader& reader = source.reader();
  const Scope scope = scope_of(reader, reader.model().entity(entity));
  const auto fault = Expression::fault(text, scope, parameters_from(parameters));
  if (!fault) return py::none();
  py::dict result;
  result["code"] = fault->code;
  result["position"] = fault->position;
  result["en"] = fault->english;
  result["zh"] = fault->chinese;
  result["ja"] = fault->japanese;
  return result;
}

void bind_quotas(py::class_<PySource, std::shared_ptr<PySource>>& source) {
  source
      .def("quota_parts",
           [](const PySource& self, std::int64_t quota, const std::string& grain) {
             return shared(incentive::to_table(incentive::quota_parts(self.reader(), {quota}, parse_grain(grain))));
           })
      .def("bonus_text",
           [](const PySource& self, std::int64_t bonus, const std::string& language) {
             const Reader& reader = self.reader();
             return incentive::to_text(reader, incentive::bonus_outcome(reader, {bonus}), parse_language(language));
           })
      .def("draw_text",
           [](const PySource& self, std::int64_t draw, const std::string& language) {
             return incentive::draw_text(self.reader(), {draw}, parse_language(language));
           })
      .def("action_text", &action_text)
      .def("digest_text", [](const PySource& self, std::int64_t employee, py::handle day, const std::string& language) {
        const std::optional<Date> morning = day.is_none() ? std::nullopt : std::optional(date_from(day));
        return incentive::to_text(incentive::digest(self.reader(), {employee}, morning), parse_language(language));
      });
}

/// What a store keeps as data: its own fields, state machines, the ledger.
void bind_store_data(py::class_<PySource, std::shared_ptr<PySource>>& source) {
  source
      .def("ways",
           [](const PySource& self, const std::string& entity, std::int64_t id) {
             const Reader& reader = self.reader();
             return shared(state_machine::ways(reader, reader.model().entity(entity), {id}));
           })
      .def("fields",
           [](const PySource& self, const std::string& entity) {
             const Reader& reader = self.reader();
             return shared(generic::fields(reader, reader.model().entity(entity)));
           })
      .def("balance",
           [](const PySource& self, std::vector<std::string> by, std::string where, const py::dict& parameters) {
             const BalanceQuery query{
                 .by = std::move(by), .where = std::move(where), .parameters = parameters_from(parameters)};
             const Reader& reader = self.reader();
             return unlocked([&] { return shared(ledger::balance(reader, query)); });
           });
}

}  // namespace

void bind_reads(py::class_<PySource, std::shared_ptr<PySource>>& source) {
  bind_store_data(source);
  source.def_property_readonly("seq", [](const PySource& self) { return self.reader().seq(); })
      .def_property_readonly("currency", [](const PySource& self) { return code_of(self.reader().currency()); })
      .def_property_readonly("today", [](const PySource& self) { return to_python(self.reader().today()); })
      .def("find", &find)
      .def("pages", &pages)
      .def("stream", &stream)
      .def("get", &get)
      .def("report",
           [](const PySource& self, const std::string& name, const py::dict& parameters) {
             const Parameters given = parameters_from(parameters);
             const Reader& reader = self.reader();
             return unlocked([&] { return shared(reader.report(name, given)); });
           })
      .def("may",
           [](const PySource& self, const std::string& action, const std::string& entity, std::int64_t id) {
             const Reader& reader = self.reader();
             for (std::size_t i = 0; i < std::size(Choices<Action>::names); ++i) {
               if (Choices<Action>::names[i] == action) {
                 return reader.may(static_cast<Action>(i + 1), reader.model().entity(entity), {id});
               }
             }
             throw Error(Code::invalid, "", "action",
                         "there is no action '" + action + "'." + suggest(action, Choices<Action>::names));
           })
      .def("weighted_total",
           [](const PySource& self, const std::string& where, const py::dict& parameters) {
             return to_python(
                 sales::weighted_total(self.reader(), {.where = where, .parameters = parameters_from(parameters)}));
           })
      .def("evaluate", &evaluate_for)
      .def("explain_expression", &explain_for)
      .def("expression", &expression_of)
      .def("expression_fault", &fault_of)
      .def("time_in_stages", &time_in_stages)
      .def("statement",
           [](const PySource& self, std::int64_t employee, const std::string& period) -> std::optional<std::int64_t> {
             const auto found = incentive::statement_of(self.reader(), {employee}, period);
             return found ? std::optional(found->id.value) : std::nullopt;
           })
      .def("explain", &explain, py::arg("id"), py::arg("line"), py::arg("format"))
      .def("recheck",
           [](const PySource& self, std::int64_t statement) {
             const Reader& reader = self.reader();
             return unlocked(
                 [&] { return shared(generic::to_table(incentive::recheck_statement(reader, {statement}))); });
           })
      .def("what_if", &what_if)
      .def("accrue", &accrue)
      .def("dump",
           [](const PySource& self, const std::string& path) {
             const Reader& reader = self.reader();
             unlocked([&] { dump_file(reader, path); });
           })
      .def("export_csv", &export_csv);
  bind_quotas(source);
}

}  // namespace kith::python
