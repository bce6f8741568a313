// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <unordered_set>

#include "customer/entities.hpp"
#include "engine/verbs.hpp"
#include "kith/people/employee.hpp"

namespace kith::customer {
namespace {

std::string row_text(std::size_t row) { return "row " + std::to_string(row + 1) + ": "; }

// Distinct ids of a column, nulls left out.
std::vector<Id> distinct(const Column& column) {
  std::vector<Id> ids;
  std::unordered_set<std::int64_t> seen;
  for (std::size_t row = 0; row < column.size(); ++row) {
    if (!column.is_null(row) && seen.insert(column.word(row)).second) ids.push_back(Id{column.word(row)});
  }
  return ids;
}

// Replaces a column by what `value(row)` says for each row.
template <class Value>
void rewrite(Column& column, std::size_t rows, Value&& value) {
  Column next(column.is_text());
  next.reserve(rows);
  for (std::size_t row = 0; row < rows; ++row) next.append(Cell(value(row)));
  column = std::move(next);
}

void require_unset(const Batch& batch, std::string_view field, verb::Faults& faults) {
  const Column& column = batch.column(kCustomer.at(field));
  for (std::size_t row = 0; row < column.size(); ++row) {
    if (column.is_null(row)) continue;
    faults.add(field, row_text(row) + "is kept by the verbs that change the stage; leave it empty");
  }
}

// Fills what `create` fills: owner, unit, name key and stage.
void complete(const Work& work, Id first, Batch& batch) {
  const std::size_t rows = batch.rows();
  Column& owner = batch.column(kCustomer.at("owner"));
  if (const std::optional<Id> actor = work.actor().employee) {
    rewrite(owner, rows, [&](std::size_t row) { return owner.is_null(row) ? actor->value : owner.word(row); });
  }
  const auto units = people::units_of(work, distinct(owner), work.today());
  Column& unit = batch.column(kCustomer.at("unit"));
  rewrite(unit, rows, [&](std::size_t row) -> Cell {
    if (!unit.is_null(row)) return unit.word(row);
    const auto found = owner.is_null(row) ? units.end() : units.find(Id{owner.word(row)});
    return found == units.end() ? Cell() : Cell(found->second.value);
  });
  const Column& name = batch.column(kCustomer.at("name"));
  rewrite(batch.column(kCustomer.at("name_key")), rows, [&](std::size_t row) { return verb::key_of(name.text(row)); });
  for (const char* field : {"stage", "highest_stage"}) {
    rewrite(batch.column(kCustomer.at(field)), rows, [&](std::size_t) { return first.value; });
  }
}

}  // namespace

void create_batch(Work& work, Batch& customers) {
  if (customers.entity != &kCustomer || customers.fields.size() != kCustomer.fields.size()) {
    throw Error(Code::misuse, "customer", "", "create_batch takes a batch of customers with all fields");
  }
  work.require(Action::create, kCustomer);
  if (customers.rows() == 0) return;
  verb::Faults faults(kCustomer);
  require_unset(customers, "stage", faults);
  require_unset(customers, "highest_stage", faults);
  faults.raise();
  const LifecycleStage first = first_stage(work);
  Batch batch = customers;
  complete(work, first.id, batch);
  Work::Step step(work);  // a taken key in one row leaves none of the batch behind
  work.create_batch(kCustomer, batch);
  Batch entries(kCustomerStage);
  entries.reserve(batch.rows());
  CustomerStage entry;
  entry.stage = first.id;
  entry.from = work.now();
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    entry.customer = Id{batch.column(kIdField).word(row)};
    store_row(&entry, entries);
  }
  work.trusted([&] { work.create_batch(kCustomerStage, entries); });
  step.keep();
  customers = std::move(batch);
}

}  // namespace kith::customer
