// SPDX-License-Identifier: Apache-2.0
#include "kith/engine/ledger.hpp"

#include "internal.hpp"

using namespace kith::c;

namespace {

kith::Reversal reversal_of(const kith_reversal* how, const kith::Reader& reader) {
  const kith_reversal given = read_struct(how, "how");
  kith::Reversal reversal;
  if (given.has_on != 0) reversal.on = day_of(given.on, reader);
  if (given.period != nullptr) reversal.period = given.period;
  reversal.source = member(given.source);
  return reversal;
}

/// One column of ids, in their order.
kith::Table table_of(const std::vector<kith::Id>& ids) {
  kith::Table table({{.name = "id", .type = kith::Type::id}});
  for (const kith::Id id : ids) table.add({id});
  return table;
}

}  // namespace

int32_t kith_ledger_reverse(kith_work* work, const int64_t* postings, size_t count, const kith_reversal* how,
                            int64_t* ids, kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) {
    std::vector<kith::Id> wanted;
    for (const int64_t id : need_array(postings, count, "postings")) wanted.push_back({id});
    const auto made = kith::ledger::reverse(open, wanted, reversal_of(how, open));
    for (std::size_t i = 0; ids != nullptr && i < made.size(); ++i) ids[i] = made[i].value;
  });
}

int32_t kith_ledger_reverse_document(kith_work* work, const char* entity, int64_t document, const kith_reversal* how,
                                     kith_table** ids, kith_error* error) {
  return guarded(work, error, [&](kith::Work& open) {
    const auto made =
        kith::ledger::reverse_document(open, name_of(entity, "entity"), {document}, reversal_of(how, open));
    if (ids != nullptr) give(ids, table_of(made));
  });
}

int32_t kith_ledger_balance(const kith_reader* reader, const char* const* by, size_t by_count, const kith_query* query,
                            kith_table** out, kith_error* error) {
  return guarded(error, [&] {
    static_cast<void>(need(out, "out"));
    kith::Query asked = query_of(query);
    if (!asked.order.empty() || !asked.fields.empty() || asked.limit) {
      misuse("query has an order, fields or a limit; a balance takes only where and parameters");
    }
    kith::BalanceQuery balance{.where = std::move(asked.where), .parameters = std::move(asked.parameters)};
    balance.by.clear();
    for (const char* dimension : need_array(by, by_count, "by")) {
      balance.by.emplace_back(name_of(dimension, "by"));
    }
    give(out, kith::ledger::balance(reader_of(reader), balance));
  });
}
