// SPDX-License-Identifier: Apache-2.0
// The verbs of a Work, one function each; names are made Pythonic in kith/_store.py.
#include <unordered_set>

#include "handles.hpp"
#include "kith/incentive/event.hpp"
#include "kith/interchange/arrow.hpp"

namespace kith::python {
namespace {

py::dict create(PyWork& self, const std::string& entity, const py::dict& values) {
  Work& work = self.work();
  Record record = generic::blank(work, work.model().entity(entity));
  fill(record, values);
  unlocked([&] { generic::create(work, record); });
  return to_dict(record);
}

py::list ids_of(const std::vector<Id>& made) {
  py::list ids(made.size());
  for (std::size_t i = 0; i < made.size(); ++i) ids[i] = made[i].value;
  return ids;
}

py::list create_from_stream(PyWork& self, const std::string& entity, const py::capsule& capsule) {
  Work& work = self.work();
  const Entity& kind = work.model().entity(entity);
  auto* stream = stream_in(capsule);
  return ids_of(unlocked([&] { return create_from_arrow(work, kind, stream); }));
}

std::int64_t update_from_stream(PyWork& self, const std::string& entity, const py::capsule& capsule) {
  Work& work = self.work();
  const Entity& kind = work.model().entity(entity);
  auto* stream = stream_in(capsule);
  return unlocked([&] { return update_from_arrow(work, kind, stream); });
}

/// Fills the records of rows: the first few faults of all of them are told, each with its row.
class RowFaults {
 public:
  void fill(Record& record, const py::dict& values) {
    constexpr std::size_t kMost = 20;
    const std::string place = "row " + std::to_string(++row_) + ": ";
    const std::size_t before = found_.size();
    try {
      python::fill(record, values, &found_);
    } catch (const Error& error) {
      throw Error(error.code, error.entity, error.field, place + error.message);
    }
    for (std::size_t i = before; i < found_.size(); ++i) found_[i].message = place + found_[i].message;
    if (found_.size() >= kMost) raise();
  }
  void raise() const {
    if (!found_.empty()) throw Error(found_);
  }

 private:
  std::vector<Violation> found_;
  std::size_t row_ = 0;
};

py::list create_from_rows(PyWork& self, const std::string& entity, const py::iterable& rows) {
  Work& work = self.work();
  const Entity& kind = work.model().entity(entity);
  const Record fresh = generic::blank(work, kind);  // refuses an entity that has no records
  Batch batch(kind);
  RowFaults faults;
  for (const py::handle row : rows) {
    Record record = generic::blank(work, kind);
    faults.fill(record, py::cast<py::dict>(row));
    generic::append_row(record, batch);
  }
  faults.raise();
  unlocked([&] { generic::create_batch(work, batch); });
  std::vector<Id> made(batch.rows());
  for (std::size_t i = 0; i < made.size(); ++i) made[i] = Id{batch.columns[kIdField].word(i)};
  return ids_of(made);
}

/// One row of an update: which record, what was read of it, and what becomes of it.
struct Change {
  Id id;
  std::optional<std::int64_t> revision;
  py::dict values;
};

std::vector<Change> changes_of(const Entity& kind, const py::iterable& rows) {
  std::vector<Change> changes;
  std::unordered_set<std::int64_t> seen;
  for (const py::handle row : rows) {
    Change change{.id = {}, .revision = {}, .values = {}};
    for (const auto& [name, value] : py::cast<py::dict>(row)) {
      const auto key = py::cast<std::string>(name);
      if (key == "id") {
        change.id = Id{py::cast<std::int64_t>(value)};
      } else if (key == "revision") {
        change.revision = py::cast<std::int64_t>(value);
      } else {
        change.values[name] = value;
      }
    }
    const std::string place = "row " + std::to_string(changes.size() + 1) + ": ";
    if (!change.id) throw Error(Code::invalid, std::string(kind.name), "id", place + "has no id; name the record");
    if (!seen.insert(change.id.value).second) {
      throw Error(Code::invalid, std::string(kind.name), "id",
                  place + "record " + std::to_string(change.id.value) + " stands twice");
    }
    changes.push_back(std::move(change));
  }
  return changes;
}

/// What a record holds of the store's own fields after a change, as a batch says it: all of them, "{}" for none.
std::string own_text(std::string_view kept, const CustomCells& changes) {
  CustomCells cells = parse_custom(kept);
  for (const auto& [name, cell] : changes) cells[name] = cell;
  const std::string text = to_text(cells);
  return text.empty() ? "{}" : text;
}

std::int64_t update_from_rows(PyWork& self, const std::string& entity, const py::iterable& rows) {
  Work& work = self.work();
  const Entity& kind = work.model().entity(entity);
  const std::vector<Change> changes = changes_of(kind, rows);
  std::vector<Id> ids;
  for (const Change& change : changes) ids.push_back(change.id);
  const Batch before = unlocked([&] { return generic::get_batch(work, kind, ids); });
  Batch batch(kind);
  RowFaults faults;
  for (std::size_t row = 0; row < changes.size(); ++row) {
    Record record = generic::blank(work, kind);
    load_row(before, row, record.data());
    const int own = kind.custom();
    const std::string kept(own < 0 || before.column(own).is_null(row) ? "" : before.column(own).text(row));
    record.settle_own(kept);
    faults.fill(record, changes[row].values);
    store_row(record.data(), batch);
    if (!record.own_changes().empty()) batch.column(own).set_last(own_text(kept, record.own_changes()));
    if (changes[row].revision) batch.columns[kRevisionField].set_word(row, *changes[row].revision);
  }
  faults.raise();
  unlocked([&] { generic::update_batch(work, batch); });
  std::int64_t changed = 0;
  for (std::size_t row = 0; row < changes.size(); ++row) {
    const auto revision = [row](const Batch& rows_of) { return rows_of.columns[kRevisionField].word(row); };
    changed += revision(batch) != revision(before) ? 1 : 0;
  }
  return changed;
}

py::dict update(PyWork& self, const std::string& entity, std::int64_t id, std::optional<std::int64_t> revision,
                const py::dict& values) {
  Work& work = self.work();
  Record record = unlocked([&] { return generic::get(work, work.model().entity(entity), {id}); });
  const auto stored = std::get<std::int64_t>(record.get("revision"));
  if (revision && *revision != stored) {
    throw Error(Code::conflict, entity, "revision",
                "record " + std::to_string(id) + " was read at revision " + std::to_string(*revision) + ", but " +
                    std::to_string(stored) + " is stored; read it again and repeat the change");
  }
  fill(record, values);
  unlocked([&] { generic::update(work, record); });
  return to_dict(record);
}

py::dict create_unit(PyWork& self, const py::dict& values, py::handle start) {
  Work& work = self.work();
  const Date from = start.is_none() ? work.today() : date_from(start);
  Record record = generic::blank(work, entity_of<Unit>());
  py::dict rest;
  std::optional<Id> parent;
  for (const auto& [name, value] : values) {
    if (py::cast<std::string>(name) == "parent") {
      if (!value.is_none()) parent = Id{py::cast<std::int64_t>(value)};
    } else {
      rest[name] = value;
    }
  }
  fill(record, rest);
  Unit& unit = *static_cast<Unit*>(record.data());
  unit.parent = parent;  // kept afterwards by move; given once, here
  unlocked([&] { generic::carry(work, record, {}, [&] { people::create(work, unit, from); }); });
  return to_dict(record);
}

py::dict create_employee(PyWork& self, const py::dict& values) {
  Work& work = self.work();
  Record record = generic::blank(work, entity_of<Employee>());
  py::dict rest;
  for (const auto& [name, value] : values) {
    if (py::cast<std::string>(name) != "unit") rest[name] = value;
  }
  fill(record, rest);
  Employee& employee = *static_cast<Employee*>(record.data());
  if (values.contains("unit") && !values["unit"].is_none()) employee.unit = Id{py::cast<std::int64_t>(values["unit"])};
  unlocked([&] { generic::carry(work, record, {}, [&] { people::create(work, employee); }); });
  return to_dict(record);
}

std::int64_t create_pipeline(PyWork& self, const std::string& name, const py::list& stages) {
  Pipeline pipeline;
  pipeline.name = name;
  std::vector<Stage> rows;
  for (const py::handle given : stages) {
    Record record(entity_of<Stage>(), self.work().currency());
    fill(record, py::cast<py::dict>(given));
    Stage stage = *static_cast<const Stage*>(record.data());
    if (stage.position == 0) stage.position = static_cast<std::int64_t>(rows.size()) + 1;
    rows.push_back(std::move(stage));
  }
  return sales::create(self.work(), pipeline, rows).value;
}

void set_splits(PyWork& self, std::int64_t deal, const py::list& shares) {
  std::vector<SplitShare> rows;
  for (const py::handle given : shares) {
    const auto pair = py::cast<py::tuple>(given);
    if (pair.size() != 2) throw py::type_error("a share is a pair (employee, share)");
    rows.push_back({{py::cast<std::int64_t>(pair[0])}, decimal_from(pair[1])});
  }
  sales::set_splits(self.work(), {deal}, rows);
}

std::int64_t revalue(PyWork& self, py::handle on, const std::string& where, const py::dict& parameters) {
  Work& work = self.work();
  const Date day = date_from(on);
  const Query query{.where = where, .parameters = parameters_from(parameters)};
  return unlocked([&] { return sales::revalue(work, day, query); });
}

py::dict run_commission(PyWork& self, const std::string& period) {
  Work& work = self.work();
  const incentive::RunResult result = unlocked([&] { return incentive::run(work, period); });
  py::dict told;
  told["statements"] = result.statements;
  told["lines"] = result.lines;
  told["changed"] = result.changed;
  told["adjustments"] = result.adjustments;
  told["total"] = to_python(result.total);
  return told;
}

py::dict post_events(PyWork& self, const incentive::Inputs& inputs) {
  Work& work = self.work();
  const incentive::PostResult result = unlocked([&] { return incentive::post_events(work, inputs.events); });
  py::dict told;
  told["added"] = result.added;
  told["replaced"] = result.replaced;
  told["repeated"] = result.repeated;
  told["outdated"] = result.outdated;
  return told;
}

std::int64_t assign_plan(PyWork& self, const std::string& plan, std::optional<std::int64_t> employee,
                         std::optional<std::int64_t> unit, std::optional<std::string> role, py::handle from,
                         py::handle to) {
  PlanAssignment assignment;
  assignment.plan = plan;
  assignment.role = std::move(role);
  if (employee) assignment.employee = Id{*employee};
  if (unit) assignment.unit = Id{*unit};
  assignment.from = date_from(from);
  if (!to.is_none()) assignment.to = date_from(to);
  return incentive::assign(self.work(), assignment).value;
}

/// The number of a choice given by name.
template <class Enum>
Enum choice(const std::string& name, const char* what) {
  const Field field{.name = what, .type = Type::choice, .choices = Choices<Enum>::names};
  return static_cast<Enum>(std::get<std::int64_t>(to_cell(name, field, {})));
}

std::int64_t set_quota(PyWork& self, const py::dict& values) {
  Work& work = self.work();
  Record record(entity_of<Quota>(), work.currency());
  Quota& quota = *static_cast<Quota*>(record.data());
  if (values.contains("measure") && !values["measure"].is_none()) {
    quota.metric = QuotaMetric::measure;
    quota.measure = py::cast<std::string>(values["measure"]);
  } else if (values.contains("metric")) {
    quota.metric = choice<QuotaMetric>(py::cast<std::string>(values["metric"]), "metric");
  }
  quota.currency = incentive::quota_currency(work, quota.metric, quota.measure);
  if (quota.currency == work.currency()) {  // money may be in another, which the amount says, else the parent
    const Value given = from_python(values["amount"]);
    if (const auto* money = std::get_if<Money>(&given)) {
      quota.currency = money->currency;
    } else if (values.contains("parent") && !values["parent"].is_none()) {
      quota.currency = work.get<Quota>({py::cast<std::int64_t>(values["parent"])}).currency;
    }
  }
  const auto amount = [&](const char* name) -> std::optional<Amount> {
    if (!values.contains(name) || values[name].is_none()) return std::nullopt;
    return amount_from(values[name], quota.currency);
  };
  const auto id = [&](const char* name) -> std::optional<Id> {
    if (!values.contains(name) || values[name].is_none()) return std::nullopt;
    return Id{py::cast<std::int64_t>(values[name])};
  };
  quota.period = py::cast<std::string>(values["period"]);
  if (values.contains("calendar")) quota.calendar = py::cast<std::string>(values["calendar"]);
  quota.amount = amount("amount").value_or(Amount{});
  quota.stretch = amount("stretch");
  quota.challenge = amount("challenge");
  quota.unit = id("unit");
  quota.employee = id("employee");
  quota.parent = id("parent");
  quota.draft = id("plan").value_or(Id{}).value;
  return incentive::set_quota(work, quota).value;
}

std::shared_ptr<Table> split_periods(PyWork& self, std::int64_t quota, const std::string& grain,
                                     const py::list& weights) {
  Work& work = self.work();
  std::vector<Decimal> shares;
  for (const py::handle weight : weights) shares.push_back(decimal_from(weight));
  incentive::split_periods(work, {quota}, parse_grain(grain), shares);
  return std::make_shared<Table>(incentive::to_table(incentive::quota_parts(work, {quota}, parse_grain(grain))));
}

std::shared_ptr<Table> split_seasonal(PyWork& self, std::int64_t quota, const std::string& grain, int years) {
  Work& work = self.work();
  incentive::split_seasonal(work, {quota}, parse_grain(grain), years);
  return std::make_shared<Table>(incentive::to_table(incentive::quota_parts(work, {quota}, parse_grain(grain))));
}

py::list set_ramp(PyWork& self, std::int64_t employee, py::handle from, const py::list& steps,
                  const std::string& basis) {
  std::vector<Decimal> shares;
  for (const py::handle step : steps) shares.push_back(decimal_from(step));
  return ids_of(incentive::set_ramp(self.work(), {employee}, date_from(from), shares,
                                    choice<incentive::DayBasis>(basis, "basis")));
}

void commit_quota(PyWork& self, std::int64_t quota, py::handle amount) {
  Work& work = self.work();
  const Currency currency = work.get<Quota>({quota}).currency;
  incentive::commit_to(work, {quota}, {amount_from(amount, currency).minor, currency});
}

void set_bonus_parts(PyWork& self, std::int64_t bonus, const py::list& parts) {
  Work& work = self.work();
  std::vector<BonusPart> rows;
  for (const py::handle given : parts) {
    Record record(entity_of<BonusPart>(), work.currency());
    fill(record, py::cast<py::dict>(given));
    rows.push_back(*static_cast<BonusPart*>(record.data()));
  }
  incentive::set_bonus_parts(work, {bonus}, rows);
}

py::tuple catch_up(PyWork& self, const std::string& language) {
  Work& work = self.work();
  const std::vector<Progress> progress = unlocked([&] { return incentive::catch_up(work); });
  return py::make_tuple(incentive::to_text(progress, parse_language(language)),
                        std::make_shared<Table>(incentive::to_table(progress, work.currency())));
}

std::vector<std::int64_t> decompose(PyWork& self, std::int64_t quota, const py::list& children,
                                    const std::string& method, py::handle over_percent) {
  std::vector<QuotaChild> rows;
  for (const py::handle given : children) {
    const auto child = py::cast<py::dict>(given);
    QuotaChild row;
    for (const auto& [name, value] : child) {
      const auto key = py::cast<std::string>(name);
      if (key == "unit") {
        row.unit = Id{py::cast<std::int64_t>(value)};
      } else if (key == "employee") {
        row.employee = Id{py::cast<std::int64_t>(value)};
      } else if (key == "weight") {
        row.weight = decimal_from(value);
      } else {
        throw py::type_error("a child has unit or employee, and weight; not " + key);
      }
    }
    rows.push_back(row);
  }
  Field field{.name = "method", .type = Type::choice, .choices = Choices<QuotaMethod>::names};
  const auto number = std::get<std::int64_t>(to_cell(method, field, {}));
  std::vector<std::int64_t> ids;
  for (const Id id :
       incentive::decompose(self.work(), {quota}, rows, static_cast<QuotaMethod>(number), decimal_from(over_percent))) {
    ids.push_back(id.value);
  }
  return ids;
}

void set_grant(PyWork& self, const std::string& role, const std::string& entity, const std::string& action,
               const std::string& level) {
  const Field actions{.name = "action", .type = Type::choice, .choices = Choices<Action>::names};
  const Field levels{.name = "level", .type = Type::choice, .choices = Choices<Level>::names};
  access::set_grant(self.work(), role, entity,
                    static_cast<Action>(std::get<std::int64_t>(to_cell(action, actions, {}))),
                    static_cast<Level>(std::get<std::int64_t>(to_cell(level, levels, {}))));
}

Reversal reversal_from(py::handle on, std::optional<std::string> period, std::string source) {
  Reversal how;
  if (!on.is_none()) how.on = date_from(on);
  how.period = std::move(period);
  how.source = std::move(source);
  return how;
}

void bind_ledger(py::class_<PyWork, PySource, std::shared_ptr<PyWork>>& work) {
  work.def("reverse",
           [](PyWork& self, const std::vector<std::int64_t>& postings, py::handle on, std::optional<std::string> period,
              std::string source) {
             std::vector<Id> ids;
             for (const std::int64_t id : postings) ids.push_back({id});
             const Reversal how = reversal_from(on, std::move(period), std::move(source));
             Work& open_work = self.work();
             return ids_of(unlocked([&] { return ledger::reverse(open_work, ids, how); }));
           })
      .def("reverse_document", [](PyWork& self, const std::string& entity, std::int64_t document, py::handle on,
                                  std::optional<std::string> period, std::string source) {
        const Reversal how = reversal_from(on, std::move(period), std::move(source));
        Work& open_work = self.work();
        return ids_of(unlocked([&] { return ledger::reverse_document(open_work, entity, {document}, how); }));
      });
}

void bind_areas(py::class_<PyWork, PySource, std::shared_ptr<PyWork>>& work) {
  work.def("create_unit", &create_unit)
      .def("move_unit",
           [](PyWork& self, std::int64_t unit, std::optional<std::int64_t> parent, py::handle from) {
             people::move(self.work(), {unit}, parent ? std::optional(Id{*parent}) : std::nullopt, date_from(from));
           })
      .def("create_employee", &create_employee)
      .def("transfer", [](PyWork& self, std::int64_t employee, std::int64_t unit,
                          py::handle from) { people::transfer(self.work(), {employee}, {unit}, date_from(from)); })
      .def("assign_customer",
           [](PyWork& self, std::int64_t id, std::int64_t owner) { customer::assign(self.work(), {id}, {owner}); })
      .def("advance_customer", [](PyWork& self, std::int64_t id, const std::string& stage,
                                  py::handle at) { customer::advance(self.work(), {id}, stage, timestamp_from(at)); })
      .def("set_customer_stage",
           [](PyWork& self, std::int64_t id, const std::string& stage, const std::string& reason, py::handle at) {
             customer::set_stage(self.work(), {id}, stage, reason, timestamp_from(at));
           })
      .def("create_pipeline", &create_pipeline)
      .def("advance_deal", [](PyWork& self, std::int64_t id, const std::string& stage,
                              py::handle at) { sales::advance(self.work(), {id}, stage, timestamp_from(at)); })
      .def("win",
           [](PyWork& self, std::int64_t id, py::handle on, const std::string& reason, py::handle amount) {
             std::optional<Amount> agreed;
             if (!amount.is_none()) agreed = amount_from(amount, self.work().get<Opportunity>({id}).currency);
             sales::win(self.work(), {id}, date_from(on), reason, agreed);
           })
      .def("lose", [](PyWork& self, std::int64_t id, py::handle on,
                      const std::string& reason) { sales::lose(self.work(), {id}, date_from(on), reason); })
      .def("void", [](PyWork& self, std::int64_t id, py::handle on,
                      const std::string& reason) { sales::void_deal(self.work(), {id}, date_from(on), reason); })
      .def("reopen",
           [](PyWork& self, std::int64_t id, const std::string& reason) { sales::reopen(self.work(), {id}, reason); })
      .def("revalue", &revalue)
      .def("set_splits", &set_splits);
}

/// The verbs of plain records, one by one and many at once.
void bind_records(py::class_<PyWork, PySource, std::shared_ptr<PyWork>>& work) {
  work.def("create", &create)
      .def("create_from_stream", &create_from_stream)
      .def("create_from_rows", &create_from_rows)
      .def("update_from_stream", &update_from_stream)
      .def("update_from_rows", &update_from_rows)
      .def("update", &update)
      .def("remove", [](PyWork& self, const std::string& entity, std::int64_t id, std::int64_t revision) {
        Work& open_work = self.work();
        generic::remove(open_work, open_work.model().entity(entity), {id}, revision);
      });
}

void bind_payouts(py::class_<PyWork, PySource, std::shared_ptr<PyWork>>& work) {
  work.def("approve_plan",
           [](PyWork& self, std::int64_t plan, bool accept) { incentive::approve(self.work(), {plan}, accept); })
      .def("retire_plan", [](PyWork& self, std::int64_t plan,
                             py::handle end) { incentive::retire(self.work(), {plan}, date_from(end)); })
      .def("post_events", &post_events)
      .def("reopen_commission", [](PyWork& self, const std::string& period, const std::string& reason) {
        incentive::reopen(self.work(), period, reason);
      });
}

}  // namespace

void bind_verbs(py::class_<PyWork, PySource, std::shared_ptr<PyWork>>& work) {
  bind_records(work);
  bind_payouts(work);
  work.def_property_readonly("open", &PyWork::open)
      .def_property_readonly("replayed", [](const PyWork& self) { return self.work().replayed(); })
      .def("commit",
           [](PyWork& self, std::string result) {
             const Receipt receipt = unlocked([&] { return self.commit(std::move(result)); });
             return py::make_tuple(receipt.seq, receipt.result, receipt.replayed);
           })
      .def("rollback", &PyWork::rollback)
      .def("add_principal",
           [](PyWork& self, const std::string& name, std::optional<std::int64_t> employee,
              const std::vector<std::string>& roles) {
             return access::add_principal(self.work(), name, employee ? std::optional(Id{*employee}) : std::nullopt,
                                          roles)
                 .value;
           })
      .def("set_grant", &set_grant)
      .def("add_plan",
           [](PyWork& self, const std::string& document) { return incentive::add_plan(self.work(), document).value; })
      .def("assign_plan", &assign_plan)
      .def("run_commission", &run_commission)
      .def("close_commission",
           [](PyWork& self, const std::string& period) {
             Work& open_work = self.work();
             unlocked([&] { incentive::close(open_work, period); });
           })
      .def("set_quota", &set_quota)
      .def("decompose", &decompose)
      .def("split_periods", &split_periods)
      .def("split_seasonal", &split_seasonal)
      .def("sum_periods",
           [](PyWork& self, std::int64_t quota, const std::string& grain) {
             incentive::sum_periods(self.work(), {quota}, parse_grain(grain));
           })
      .def("roll_up", [](PyWork& self, std::int64_t quota) { return incentive::roll_up(self.work(), {quota}); })
      .def("commit_quota", &commit_quota)
      .def("set_ramp", &set_ramp)
      .def("copy_quotas", [](PyWork& self, std::int64_t plan,
                             std::int64_t root) { return ids_of(incentive::copy_into(self.work(), {plan}, {root})); })
      .def("move_quota_plan",
           [](PyWork& self, std::int64_t plan, const std::string& state) {
             incentive::move_on(self.work(), {plan}, choice<QuotaPlanState>(state, "state"));
           })
      .def("activate_quota_plan",
           [](PyWork& self, std::int64_t plan) {
             return std::make_shared<Table>(incentive::to_table(incentive::activate(self.work(), {plan})));
           })
      .def("set_bonus_parts", &set_bonus_parts)
      .def("post_bonus", [](PyWork& self, std::int64_t bonus) { return incentive::post_bonus(self.work(), {bonus}); })
      .def("post_amortization",
           [](PyWork& self, std::int64_t asset, py::handle until) {
             return incentive::post_amortization(self.work(), {asset}, date_from(until));
           })
      .def("write_off_asset", [](PyWork& self, std::int64_t asset,
                                 py::handle day) { incentive::write_off_asset(self.work(), {asset}, date_from(day)); })
      .def("post_draw",
           [](PyWork& self, std::int64_t draw, const std::string& period) {
             return incentive::post_draw(self.work(), {draw}, period).id.value;
           })
      .def("catch_up", &catch_up)
      .def("deliver_digest", [](PyWork& self, std::int64_t employee, py::handle day, const std::string& language) {
        const std::optional<Date> morning = day.is_none() ? std::nullopt : std::optional(date_from(day));
        return incentive::deliver_digest(self.work(), {employee}, morning, parse_language(language)).text;
      });
  bind_areas(work);
  bind_ledger(work);
}

}  // namespace kith::python
