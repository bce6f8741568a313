// SPDX-License-Identifier: Apache-2.0
// What a measure counts: one scan of its records, one of their parts for each batch; totals are added up where the
// records are, but for those that are shared out.
#include "incentive/measure_facts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <unordered_map>

#include "engine/verbs.hpp"
#include "incentive/as_of.hpp"
#include "incentive/big.hpp"
#include "incentive/entities.hpp"
#include "incentive/exact_number.hpp"
#include "kith/base/error.hpp"
#include "kith/engine/formula.hpp"
#include "kith/incentive/commission.hpp"

namespace kith::incentive {
namespace {

bool refers_to_employee(const Entity& entity, int field) {
  return field >= 0 && entity.fields[static_cast<std::size_t>(field)].options.refers_to == "employee";
}

/// The parts that share out a record: they name an employee and a fraction.
void find_parts(const Model& model, const Entity& entity, Credited& credit) {
  for (const Entity* part : model.entities()) {
    if (part->roles.parent.empty() || !refers_to_employee(*part, part->find("employee")) || part->find("share") < 0) {
      continue;
    }
    const int parent = part->at(part->roles.parent);
    if (part->fields[static_cast<std::size_t>(parent)].options.refers_to != entity.name) continue;
    credit.parts = part;
    credit.part_of = parent;
    return;
  }
}

}  // namespace

Credited credited(const Model& model, const Entity& entity, const std::optional<std::string>& who) {
  Credited credit;
  if (who) {
    credit.field = entity.at(*who);
    if (refers_to_employee(entity, credit.field)) return credit;
    throw Error(Code::invalid, std::string(entity.name), *who, "'" + *who + "' refers to no employee");
  }
  const int owner = entity.roles.owner.empty() ? -1 : entity.at(entity.roles.owner);
  if (refers_to_employee(entity, owner)) credit.field = owner;
  find_parts(model, entity, credit);
  if (credit.field < 0 && credit.parts == nullptr) {
    throw Error(Code::invalid, std::string(entity.name), "",
                "a " + std::string(entity.name) + " belongs to nobody; name its field that refers to an employee");
  }
  return credit;
}

namespace {

/// So many records that are shared out are told apart by their ids; with more, every record is read.
constexpr std::size_t kMostShared = 1000;

/// A record before it is shared out.
struct Whole {
  Id record;
  Date day;
  std::optional<Id> owner;
  std::int64_t amount = 1;
};

struct Part {
  Id employee;
  Big share;
};

class Measuring {
 public:
  Measuring(const Reader& system, const Measure& measure)
      : system_(system),
        measure_(measure),
        entity_(system.model().entity(measure.entity)),
        credit_(credited(system.model(), entity_, measure.who)),
        on_(entity_.at(measure.on)),
        lookups_(lookups_of(system)) {
    if (measure.value) value_.emplace(Expression::compile(*measure.value, scope_of(system, entity_)));
  }

  std::vector<MeasuredShare> read(Date from, Date to, const std::unordered_set<Id>* only) {
    const Query all = query(from, to);
    if (only == nullptr) return read(all);
    in_pieces(records_of(system_, entity_, credit_.field, credit_.parts, *only, all.conditions),
              [&](const std::vector<Id>& ids) {
                Query these = all;
                these.conditions.push_back(verb::one_of(entity_, "id", ids));
                scan(these);
              });
    return std::move(shares_);
  }

  std::optional<MeasuredTotals> totals(Date from, Date to) {
    const bool counts = !measure_.value;
    const int worth = counts ? -1 : entity_.find(*measure_.value);
    if (measure_.role || credit_.field < 0 || !by_day() || (!counts && !adds_up(worth))) return std::nullopt;
    const auto shared = shared_records();
    if (!shared) return std::nullopt;
    Query alone = query(from, to);
    Query rest = alone;
    Condition of_many = verb::one_of(entity_, name_of_field(kIdField), *shared);
    alone.conditions.push_back({.op = Condition::Op::none, .field = 0, .operands = {}, .terms = {of_many}});
    rest.conditions.push_back(std::move(of_many));
    MeasuredTotals found;
    if (!add_up(std::move(alone), worth, found.alone)) return std::nullopt;
    if (!shared->empty()) found.shared = read(rest);
    return found;
  }

 private:
  std::vector<MeasuredShare> read(const Query& query) {
    scan(query);
    return std::move(shares_);
  }
  void scan(const Query& query) {
    auto cursor = system_.scan(entity_, query);
    for (Batch batch; cursor->next(batch);) share(wholes(batch));
  }

  /// A field whose words are what it is worth.
  bool adds_up(int field) const {
    if (field < 0) return false;
    const Type type = entity_.fields[static_cast<std::size_t>(field)].type;
    return type == Type::integer || type == Type::money;
  }

  /// The records that have parts; nothing where they are too many.
  std::optional<std::vector<Id>> shared_records() const {
    std::vector<Id> ids;
    if (credit_.parts == nullptr) return ids;
    const Groups groups = system_.group(*credit_.parts, {std::string(credit_.parts->roles.parent)}, {});
    if (groups.rows.size() > kMostShared) return std::nullopt;
    for (std::size_t i = 0; i < groups.rows.size(); ++i) ids.push_back({groups.keys[0].word(i)});
    return ids;
  }

  /// By owner and day. False where one is worth what only an error can tell.
  bool add_up(Query query, int worth, std::vector<MeasuredShare>& sums) const {
    query.fields.clear();
    std::vector<std::string> keys{std::string(name_of_field(credit_.field)), std::string(name_of_field(on_))};
    std::vector<std::string> summed;
    if (worth >= 0) summed.emplace_back(name_of_field(worth));
    const Field* field = worth < 0 ? nullptr : &entity_.fields[static_cast<std::size_t>(worth)];
    const bool money = field != nullptr && field->type == Type::money && entity_.currency_of(*field) >= 0;
    if (money) keys.emplace_back(entity_.roles.currency);
    const Groups groups = system_.group(entity_, keys, summed, query);
    for (std::size_t i = 0; i < groups.rows.size(); ++i) {
      if (money && groups.present[0][i] != 0 && groups.keys[2].text(i) != code_of(system_.currency())) return false;
      if (groups.keys[0].is_null(i)) continue;
      sums.push_back({.day = {static_cast<std::int32_t>(groups.keys[1].word(i))},
                      .employee = {groups.keys[0].word(i)},
                      .amount = worth < 0 ? groups.rows[i] : groups.sums[0][i]});
    }
    return true;
  }

  bool by_day() const { return entity_.fields[static_cast<std::size_t>(on_)].type == Type::date; }

  Query query(Date from, Date to) const {
    const auto word = [&](Date day) { return by_day() ? day.days : start_of_day(day, system_.zone()).micros; };
    Query query;
    query.where = measure_.filter.value_or("");
    query.conditions = {verb::compare(entity_, measure_.on, Condition::Op::ge, word(from)),
                        verb::compare(entity_, measure_.on, Condition::Op::lt, word(to))};
    // What was called off counts for nobody, as in plans.
    if (&entity_ == &kEvent) query.conditions.push_back(equals(entity_, "cancelled", std::int64_t{0}));
    query.fields = {"id", measure_.on};
    if (credit_.field >= 0) query.fields.emplace_back(name_of_field(credit_.field));
    if (value_) {
      for (const int field : value_->reads()) query.fields.emplace_back(name_of_field(field));
      if (!entity_.roles.currency.empty()) query.fields.emplace_back(entity_.roles.currency);
    }
    return query;
  }
  std::string_view name_of_field(int field) const { return entity_.fields[static_cast<std::size_t>(field)].name; }

  std::vector<Whole> wholes(const Batch& batch) const {
    ColumnView view(entity_.fields.size(), nullptr);
    for (std::size_t i = 0; i < batch.fields.size(); ++i) {
      view[static_cast<std::size_t>(batch.fields[i])] = &batch.columns[i];
    }
    std::vector<Whole> rows(batch.rows());
    for (std::size_t row = 0; row < rows.size(); ++row) {
      const std::int64_t on = batch.column(on_).word(row);
      rows[row].record = {batch.column(kIdField).word(row)};
      rows[row].day = by_day() ? Date{static_cast<std::int32_t>(on)} : local_date(Timestamp{on}, system_.zone());
      if (credit_.field >= 0 && !batch.column(credit_.field).is_null(row)) {
        rows[row].owner = Id{batch.column(credit_.field).word(row)};
      }
      if (value_) rows[row].amount = worth(value_->value(view, row, lookups_.get()), rows[row].record);
    }
    return rows;
  }

  /// A null is worth nothing.
  std::int64_t worth(const Value& value, Id record) const {
    if (is_null(value)) return 0;
    if (const auto* whole = std::get_if<std::int64_t>(&value)) return *whole;
    if (const auto* money = std::get_if<Money>(&value)) {
      if (money->currency == system_.currency()) return money->minor;
      const auto kept = std::find_if(entity_.fields.begin(), entity_.fields.end(),
                                     [](const Field& field) { return field.options.in_base; });
      fail(record, fmt::format("is worth {}; quotas are in {}: write {}", display(*money), code_of(system_.currency()),
                               kept == entity_.fields.end() ? "base(" + *measure_.value + ")"
                                                            : std::string(kept->name) + ", at the rate that it keeps"));
    }
    const auto& decimal = std::get<Decimal>(value);
    if (decimal.coefficient % power_of_ten(decimal.scale) != 0) {
      fail(record, fmt::format("is worth {}, which is no whole number; round it in the expression, or count in smaller "
                               "units",
                               to_string(decimal, true)));
    }
    return decimal.coefficient / power_of_ten(decimal.scale);
  }
  [[noreturn]] void fail(Id record, const std::string& what) const {
    throw Error(Code::invalid, "measure", "value",
                fmt::format("of '{}': {} {} {}", measure_.name, entity_.name, record.value, what));
  }

  std::unordered_map<Id, std::vector<Part>> parts_of(const std::vector<Whole>& rows) const {
    std::unordered_map<Id, std::vector<Part>> parts;
    if (credit_.parts == nullptr || rows.empty()) return parts;
    std::vector<Id> ids;
    ids.reserve(rows.size());
    for (const Whole& row : rows) ids.push_back(row.record);
    const Entity& entity = *credit_.parts;
    const std::string_view parent = entity.roles.parent;
    Query query{.conditions = {verb::one_of(entity, parent, ids)}, .order = {std::string(parent)}};
    if (entity.find("position") >= 0) query.order.emplace_back("position");
    const int employee = entity.at("employee");
    const int share = entity.at("share");
    const int role = entity.find("role");
    auto cursor = system_.scan(entity, query);
    for (Batch batch; cursor->next(batch);) {
      for (std::size_t row = 0; row < batch.rows(); ++row) {
        if (measure_.role && role >= 0 && batch.column(role).text(row) != *measure_.role) continue;
        parts[Id{batch.column(credit_.part_of).word(row)}].push_back(
            {Id{batch.column(employee).word(row)}, fraction(entity, share, batch, row)});
      }
    }
    return parts;
  }

  static Big fraction(const Entity& parts, int field, const Batch& batch, std::size_t row) {
    const Column& column = batch.column(field);
    if (column.is_text()) {
      const Fraction share = parse_number(column.text(row));
      return {numerator(share), denominator(share)};
    }
    return big(Decimal{column.word(row), parts.fields[static_cast<std::size_t>(field)].options.scale});
  }

  /// Largest remainder where the shares are the whole; where they overlap each is rounded by itself.
  static std::vector<std::int64_t> shared_out(std::int64_t amount, const std::vector<Big>& fractions) {
    Big sum = 0;
    BigInt together = 1;
    for (const Big& fraction : fractions) {
      sum += fraction;
      together = lcm(together, denominator(fraction));
    }
    std::vector<std::int64_t> parts;
    if (sum == 1) {
      for (const Big& fraction : fractions) parts.push_back(round_big(fraction * Big(together), Rounding::half_up));
      return allocate(amount, parts);
    }
    for (const Big& fraction : fractions) {
      parts.push_back(round_big(big(Int128{amount}) * fraction, Rounding::half_up));
    }
    return parts;
  }

  void share(const std::vector<Whole>& rows) {
    const auto parts = parts_of(rows);
    for (const Whole& row : rows) {
      const auto shared = parts.find(row.record);
      if (shared == parts.end()) {
        if (row.owner && !measure_.role) shares_.push_back({row.record, row.day, *row.owner, row.amount});
        continue;
      }
      std::vector<Big> fractions;
      for (const Part& part : shared->second) fractions.push_back(part.share);
      const bool each = measure_.kind == MeasureKind::count;
      const std::vector<std::int64_t> amounts = shared_out(row.amount, fractions);
      for (std::size_t i = 0; i < amounts.size(); ++i) {
        shares_.push_back({row.record, row.day, shared->second[i].employee, each ? 1 : amounts[i]});
      }
    }
  }

  const Reader& system_;
  const Measure& measure_;
  const Entity& entity_;
  Credited credit_;
  int on_;
  std::unique_ptr<const Lookups> lookups_;
  std::optional<Expression> value_;
  std::vector<MeasuredShare> shares_;
};

}  // namespace

std::optional<MeasuredTotals> measured_totals(const Reader& system, const Measure& measure, Date from, Date to) {
  return Measuring(system.as_system("measure " + measure.name), measure).totals(from, to);
}

std::vector<MeasuredShare> measured(const Reader& reader, const Measure& measure, Date from, Date to) {
  if (reader.actor().kind != PrincipalKind::system && !reader.may(Action::administer, kMeasure, measure.id)) {
    throw Error(Code::denied, "measure", "",
                "'" + reader.actor().name +
                    "' may not read totals of all records; needs "
                    "administer on measure");
  }
  const Reader system = reader.as_system("measure " + measure.name);
  return Measuring(system, measure).read(from, to, nullptr);
}

std::vector<MeasuredShare> measured_of(const Reader& system, const Measure& measure, Date from, Date to,
                                       const std::unordered_set<Id>* only) {
  return Measuring(system, measure).read(from, to, only);
}

}  // namespace kith::incentive
