// SPDX-License-Identifier: Apache-2.0
// Counts and sums by group: asked of storage where that can do all of it, else over a scan. Both give the same groups
// and, for a sum that does not fit, the same error.
#include <algorithm>
#include <unordered_map>

#include "engine/internal.hpp"
#include "kith/base/error.hpp"
#include "kith/engine/reader.hpp"

namespace kith {
namespace {

std::vector<int> fields_of(const Entity& entity, const std::vector<std::string>& names) {
  std::vector<int> fields;
  for (const std::string& name : names) {
    const int field = entity.at(name);
    if (std::find(fields.begin(), fields.end(), field) != fields.end()) {
      throw Error(Code::misuse, std::string(entity.name), name, "is named twice in a group");
    }
    fields.push_back(field);
  }
  return fields;
}

void check_summed(const Entity& entity, const std::vector<int>& sums) {
  for (const int position : sums) {
    const Field& field = entity.fields[static_cast<std::size_t>(position)];
    if (!is_text(field.type)) continue;
    throw Error(Code::invalid, std::string(entity.name), std::string(field.name), "is a text and has no sum");
  }
}

/// Groups found by hashing the bytes of their keys.
class Gatherer {
 public:
  Gatherer(const Entity& entity, std::vector<int> keys, std::vector<int> sums)
      : entity_(entity), keys_(std::move(keys)), sums_(std::move(sums)) {
    for (const int key : keys_) {
      groups_.keys.emplace_back(is_text(entity.fields[static_cast<std::size_t>(key)].type));
    }
    groups_.present.resize(sums_.size());
    totals_.resize(sums_.size());
  }

  void add(const Batch& batch) {
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      const std::size_t group = group_of(batch, row);
      ++groups_.rows[group];
      for (std::size_t i = 0; i < sums_.size(); ++i) {
        const Column& column = batch.column(sums_[i]);
        if (column.is_null(row)) continue;
        ++groups_.present[i][group];
        totals_[i][group] += column.word(row);
      }
    }
  }

  Groups result() {
    groups_.sums.resize(sums_.size());
    for (std::size_t i = 0; i < sums_.size(); ++i) {
      const std::string_view name = entity_.fields[static_cast<std::size_t>(sums_[i])].name;
      for (const Int128 total : totals_[i]) {
        groups_.sums[i].push_back(narrow(total, "sum of " + std::string(entity_.name) + "." + std::string(name)));
      }
    }
    return std::move(groups_);
  }

 private:
  std::size_t group_of(const Batch& batch, std::size_t row) {
    key_.clear();
    for (const int field : keys_) {
      const Column& column = batch.column(field);
      if (column.is_null(row)) {
        key_ += '\0';
      } else if (column.is_text()) {
        const std::string_view text = column.text(row);
        key_ += '\1';
        key_ += std::to_string(text.size());
        key_ += ':';
        key_ += text;
      } else {
        const std::int64_t word = column.word(row);
        key_ += '\1';
        key_.append(reinterpret_cast<const char*>(&word), sizeof word);
      }
    }
    const auto [place, fresh] = places_.try_emplace(key_, groups_.rows.size());
    if (fresh) {
      for (std::size_t i = 0; i < keys_.size(); ++i) groups_.keys[i].append_from(batch.column(keys_[i]), row);
      groups_.rows.push_back(0);
      for (auto& present : groups_.present) present.push_back(0);
      for (auto& total : totals_) total.push_back(0);
    }
    return place->second;
  }

  const Entity& entity_;
  std::vector<int> keys_;
  std::vector<int> sums_;
  Groups groups_;
  std::vector<std::vector<Int128>> totals_;
  std::string key_;
  std::unordered_map<std::string, std::size_t> places_;
};

}  // namespace

Groups Reader::group(const Entity& entity, const std::vector<std::string>& keys, const std::vector<std::string>& sums,
                     const Query& query) const {
  if (!query.order.empty() || !query.fields.empty() || query.limit) {
    throw Error(Code::misuse, std::string(entity.name), "", "groups have no order, fields or limit of their rows");
  }
  GroupBy by{.entity = &entity, .keys = fields_of(entity, keys), .sums = fields_of(entity, sums)};
  check_summed(entity, by.sums);
  Query wanted = query;
  wanted.fields = keys;
  for (const std::string& name : sums) wanted.fields.push_back(name);
  if (wanted.fields.empty()) wanted.fields.emplace_back(entity.fields[kIdField].name);
  Groups groups;
  if (const auto pushed = pushed_scan(*this, entity, query)) {
    if (!pushed->any) return Gatherer(entity, by.keys, by.sums).result();
    by.where = pushed->scan.where;
    by.history = pushed->scan.history;
    by.as_of = pushed->scan.as_of;
    if (Inside::state(*this).live().group(by, groups)) return groups;
  }
  Gatherer gatherer(entity, by.keys, by.sums);
  auto rows = scan(entity, wanted);
  for (Batch batch; rows->next(batch);) gatherer.add(batch);
  return gatherer.result();
}

}  // namespace kith
