// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "customer/entities.hpp"
#include "engine/internal.hpp"
#include "engine/verbs.hpp"
#include "kith/engine/generic.hpp"
#include "people/unit_today.hpp"

namespace kith::customer {
namespace {

using Parents = std::unordered_map<Id, std::optional<Id>>;

std::string row_text(std::size_t row) { return "row " + std::to_string(row + 1) + ": "; }

// The stored version of each row, after the actor's right to edit it and the revision that was read were checked.
std::vector<Customer> before_update(const Work& work, const std::vector<Customer>& rows) {
  std::vector<Id> ids;
  for (const Customer& row : rows) ids.push_back(row.id);
  const Batch stored = generic::get_batch(work, kCustomer, ids);
  const auto open = allowed(work, kCustomer, Action::edit, ids);
  std::vector<Customer> before(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!open.contains(ids[i].value)) work.require(Action::edit, kCustomer, ids[i]);
    load_row(stored, i, &before[i]);
    if (before[i].revision == rows[i].revision) continue;
    throw Error(Code::conflict, "customer", "revision",
                row_text(i) + "revision " + std::to_string(rows[i].revision) + " was read, but " +
                    std::to_string(before[i].revision) + " is stored now; read the record again and decide again");
  }
  return before;
}

void require_kept(const std::vector<Customer>& rows, const std::vector<Customer>& before) {
  verb::Faults faults(kCustomer);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].stage != before[i].stage) {
      faults.add("stage", row_text(i) + "is changed by setting the stage with a reason; leave it as it was read");
    }
    if (rows[i].highest_stage != before[i].highest_stage) {
      faults.add("highest_stage", row_text(i) + "is kept by the verbs that change the stage; leave it as it was read");
    }
  }
  faults.raise();
}

// No customer may be, directly or not, a subsidiary of itself once all rows are written: two rows that each stand well
// with what is stored can make a ring together. The chain is followed through customers that the actor may not see;
// the message names none of them.
void require_no_ring(const Work& work, const std::vector<Customer>& rows, const std::vector<Customer>& before) {
  const Reader all = work.as_system("subsidiaries");
  Parents parents;
  for (const Customer& row : rows) parents[row.id] = row.parent;
  const auto above = [&](Id customer) {
    const auto [found, fresh] = parents.try_emplace(customer);
    if (!fresh) return found->second;
    const std::optional<Customer> row = all.find<Customer>(customer);
    return found->second = row ? row->parent : std::nullopt;
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].parent == before[i].parent) continue;
    std::unordered_set<Id> seen;
    for (std::optional<Id> next = rows[i].parent; next && seen.insert(*next).second; next = above(*next)) {
      if (*next != rows[i].id) continue;
      throw Error(Code::invalid, "customer", "parent",
                  row_text(i) + "would make the customer a subsidiary of itself; choose another");
    }
  }
}

}  // namespace

void update_batch(Work& work, Batch& customers) {
  if (customers.entity != &kCustomer || customers.fields.size() != kCustomer.fields.size()) {
    throw Error(Code::misuse, "customer", "", "update_batch takes a batch of customers with all fields");
  }
  std::vector<Customer> rows(customers.rows());
  for (std::size_t i = 0; i < rows.size(); ++i) load_row(customers, i, &rows[i]);
  const std::vector<Customer> before = before_update(work, rows);
  require_kept(rows, before);
  require_no_ring(work, rows, before);
  Batch batch(kCustomer);
  batch.reserve(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Customer& row = rows[i];
    row.name_key = verb::key_of(row.name);
    if (row.owner != before[i].owner && row.unit == before[i].unit) {
      row.unit = row.owner ? people::unit_today(work, *row.owner) : std::nullopt;
    }
    store_row(&row, batch);
  }
  batch.column(kCustomer.custom()) = customers.column(kCustomer.custom());  // no struct has a member for it
  if (batch.rows() != 0) work.update_batch(kCustomer, batch);
  customers = std::move(batch);
}

}  // namespace kith::customer
