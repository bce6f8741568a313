// SPDX-License-Identifier: Apache-2.0
// Sums of the ledger: one pass over the columns that the question needs.
#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <unordered_map>

#include "engine/ledger.hpp"
#include "kith/base/error.hpp"
#include "kith/base/text.hpp"

namespace kith::ledger {
namespace {

constexpr std::size_t kMostDimensions = 20;

/// The values of one dimension as numbers: words stay what they are, texts are numbered as they come.
class Dimension {
 public:
  explicit Dimension(int field) : field_(field), text_(is_text(row().type)) {}

  int field() const { return field_; }
  const Field& row() const { return kPosting.fields[static_cast<std::size_t>(field_)]; }
  bool is_words() const { return !text_; }
  const std::string& text(std::int64_t code) const { return texts_[static_cast<std::size_t>(code)]; }

  std::int64_t code(const Column& column, std::size_t at) {
    if (!text_) return column.word(at);
    const std::string_view text = column.text(at);
    if (!texts_.empty() && texts_[static_cast<std::size_t>(last_)] == text) return last_;  // ledgers come in runs
    const auto [place, added] = codes_.try_emplace(std::string(text), static_cast<std::int64_t>(texts_.size()));
    if (added) texts_.push_back(place->first);
    return last_ = place->second;
  }

 private:
  int field_;
  bool text_;
  std::int64_t last_ = 0;
  std::unordered_map<std::string, std::int64_t> codes_;
  std::vector<std::string> texts_;
};

struct Key {
  std::array<std::int64_t, kMostDimensions> codes{};
  std::uint32_t nulls = 0;
  friend bool operator==(const Key&, const Key&) = default;
};

struct KeyHash {
  std::size_t used;
  std::size_t operator()(const Key& key) const {
    std::uint64_t hash = key.nulls;
    for (std::size_t i = 0; i < used; ++i) {
      hash = (hash ^ static_cast<std::uint64_t>(key.codes[i])) * 0x9E3779B97F4A7C15U;
      hash ^= hash >> 32;
    }
    return static_cast<std::size_t>(hash);
  }
};

struct Sum {
  Int128 amount = 0;
  Int128 base = 0;
  bool has_base = true;  ///< of all that is summed
  Int128 quantity = 0;
  std::int64_t postings = 0;
};

std::int64_t narrow(Int128 sum, std::string_view field) {
  if (sum < std::numeric_limits<std::int64_t>::min() || sum > std::numeric_limits<std::int64_t>::max()) {
    throw Error(Code::overflow, "posting", std::string(field),
                "a balance does not fit 64 bits; ask by more dimensions or for fewer days");
  }
  return static_cast<std::int64_t>(sum);
}

/// No dimension: what is summed, and what only one posting has.
bool is_number(std::string_view field) {
  constexpr std::string_view kNumbers[] = {"id", "revision", "seq", "amount", "quantity", "base_amount"};
  return std::find(std::begin(kNumbers), std::end(kNumbers), field) != std::end(kNumbers);
}

std::vector<Dimension> dimensions_of(const std::vector<std::string>& by) {
  std::vector<Dimension> dimensions;
  const auto add = [&](int field) {
    for (const Dimension& other : dimensions) {
      if (other.field() == field) return;
    }
    dimensions.emplace_back(field);
  };
  std::vector<std::string_view> known;
  for (const Field& field : kPosting.fields) {
    if (field.slot != nullptr && !is_number(field.name)) known.push_back(field.name);
  }
  for (const std::string& name : by) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      throw Error(Code::invalid, "posting", "by", "'" + name + "' is no dimension." + suggest(name, known));
    }
    if (name != "currency") add(kPosting.at(name));
  }
  add(kPosting.at("currency"));
  return dimensions;
}

using Sums = std::unordered_map<Key, Sum, KeyHash>;

Sums sum_up(const Reader& reader, const BalanceQuery& query, std::vector<Dimension>& dimensions) {
  Query wanted{.where = query.where, .parameters = query.parameters, .conditions = query.conditions};
  const int on = kPosting.at("on"), amount = kPosting.at("amount"), quantity = kPosting.at("quantity");
  const int base_amount = kPosting.at("base_amount"), currency = kPosting.at("currency");
  const std::string base = code_of(reader.currency());
  const auto bound = [&](Condition::Op op, Date day) {
    wanted.conditions.push_back({.op = op, .field = on, .operands = {std::int64_t{day.days}}, .terms = {}});
  };
  if (query.from) bound(Condition::Op::ge, *query.from);
  if (query.to) bound(Condition::Op::lt, *query.to);
  wanted.fields = {"amount", "quantity", "base_amount"};  // and the currency, a dimension always
  for (const Dimension& dimension : dimensions) wanted.fields.emplace_back(dimension.row().name);
  auto rows = reader.scan(kPosting, wanted);
  Sums sums(16, KeyHash{dimensions.size()});
  std::vector<const Column*> columns(dimensions.size());
  for (Batch batch; rows->next(batch);) {
    for (std::size_t i = 0; i < columns.size(); ++i) columns[i] = &batch.column(dimensions[i].field());
    const Column& amounts = batch.column(amount);
    const Column& quantities = batch.column(quantity);
    const Column& worths = batch.column(base_amount);
    const Column& currencies = batch.column(currency);
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      Key key;
      for (std::size_t i = 0; i < columns.size(); ++i) {
        if (columns[i]->is_null(row)) {
          key.nulls |= 1U << i;
        } else {
          key.codes[i] = dimensions[i].code(*columns[i], row);
        }
      }
      Sum& sum = sums[key];
      sum.amount += amounts.word(row);
      sum.quantity += quantities.word(row);
      ++sum.postings;
      // Before format 4 postings kept no worth; one in the base currency is its amount.
      const bool plain = worths.is_null(row) && currencies.text(row) == base;
      sum.has_base = sum.has_base && (plain || !worths.is_null(row));
      if (sum.has_base) sum.base += plain ? amounts.word(row) : worths.word(row);
    }
  }
  return sums;
}

bool before(const std::vector<Dimension>& dimensions, const Key& a, const Key& b) {
  for (std::size_t i = 0; i < dimensions.size(); ++i) {
    const bool null_a = (a.nulls >> i & 1) != 0;
    const bool null_b = (b.nulls >> i & 1) != 0;
    if (null_a != null_b) return null_b;
    if (null_a || a.codes[i] == b.codes[i]) continue;
    if (dimensions[i].is_words()) return a.codes[i] < b.codes[i];
    return dimensions[i].text(a.codes[i]) < dimensions[i].text(b.codes[i]);
  }
  return false;
}

}  // namespace

Table balance(const Reader& reader, const BalanceQuery& query) {
  std::vector<Dimension> dimensions = dimensions_of(query.by);
  const Sums sums = sum_up(reader, query, dimensions);
  std::vector<const Sums::value_type*> order;
  order.reserve(sums.size());
  for (const auto& entry : sums) order.push_back(&entry);
  std::sort(order.begin(), order.end(),
            [&](const auto* a, const auto* b) { return before(dimensions, a->first, b->first); });

  std::vector<TableColumn> columns;
  std::vector<Column> data;
  for (const Dimension& dimension : dimensions) {
    columns.push_back({.name = std::string(dimension.row().name), .type = dimension.row().type});
    data.emplace_back(!dimension.is_words());
  }
  const std::size_t first_sum = data.size();
  columns.push_back({.name = "amount", .type = Type::money});
  columns.push_back({.name = "base_amount", .type = Type::money, .currency = reader.currency()});
  columns.push_back({.name = "quantity", .type = Type::decimal, .scale = kQuantityScale});
  columns.push_back({.name = "postings", .type = Type::integer});
  for (int i = 0; i < 4; ++i) data.emplace_back(false);
  for (const auto* entry : order) {
    for (std::size_t i = 0; i < dimensions.size(); ++i) {
      if ((entry->first.nulls >> i & 1) != 0) {
        data[i].append_null();
      } else if (dimensions[i].is_words()) {
        data[i].append(entry->first.codes[i]);
      } else {
        data[i].append(std::string_view(dimensions[i].text(entry->first.codes[i])));
      }
    }
    data[first_sum].append(narrow(entry->second.amount, "amount"));
    if (entry->second.has_base) {
      data[first_sum + 1].append(narrow(entry->second.base, "base_amount"));
    } else {
      data[first_sum + 1].append_null();
    }
    data[first_sum + 2].append(narrow(entry->second.quantity, "quantity"));
    data[first_sum + 3].append(entry->second.postings);
  }
  const auto currency = std::find_if(dimensions.begin(), dimensions.end(),
                                     [](const Dimension& one) { return one.row().name == "currency"; });
  Column currencies = data[static_cast<std::size_t>(currency - dimensions.begin())];
  return Table(std::move(columns), std::move(data), std::move(currencies));
}

}  // namespace kith::ledger
