// SPDX-License-Identifier: Apache-2.0
#include "kith/engine/reader.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <new>
#include <numeric>
#include <set>

#include "engine/custom.hpp"
#include "engine/internal.hpp"
#include "engine/valid.hpp"
#include "kith/base/error.hpp"
#include "kith/base/text.hpp"
#include "kith/engine/formula.hpp"

namespace kith {
namespace {

constexpr std::size_t kMostByKey = 800;  // records that keys name one by one

/// -1, 0, 1 of two cells of one column; nulls compare last in either direction.
int compare_cells(const Column& column, std::size_t a, std::size_t b, bool descending) {
  const bool null_a = column.is_null(a);
  const bool null_b = column.is_null(b);
  if (null_a || null_b) return static_cast<int>(null_a) - static_cast<int>(null_b);
  int order = 0;
  if (column.is_text()) {
    order = column.text(a).compare(column.text(b));
  } else {
    order = column.word(a) < column.word(b) ? -1 : static_cast<int>(column.word(a) > column.word(b));
  }
  return descending ? -order : order;
}

/// A scan that finishes what storage left undone: conjuncts, expression, parents' rights, order, limit, projection.
class FilteredRows : public Rows {
 public:
  struct Plan {
    Scan scan;
    std::vector<int> wanted;  // fields to deliver
    std::vector<Order> order;
    std::optional<std::int64_t> limit;
    std::shared_ptr<const Expression> expression;
    std::shared_ptr<const Lookups> lookups;        // of the expression
    bool test_expression = false;                  // when storage cannot say everything
    bool parents = false;                          // keep only rows whose parent is readable
    std::shared_ptr<const ValidView> valid;        // what a day of valid time changes
    std::vector<Condition> late;                   // on what it changes
    std::shared_ptr<const CustomFields> own = {};  // the store's own fields of the entity
    std::vector<int> own_read = {};                // those that are needed, by index
    std::vector<Condition> own_where = {};         // conditions on them, which storage cannot test
    bool own_order = false;                        // one of them is a key of the order
  };

  FilteredRows(std::shared_ptr<Reader::State> state, Plan plan)
      : state_(std::move(state)), plan_(std::move(plan)), input_(*plan_.scan.entity, plan_.scan.fields) {
    cursor_ = state_->live().scan(plan_.scan);
    const Taken& taken = cursor_->taken();
    for (std::size_t i = 0; i < plan_.scan.where.size(); ++i) {
      if (i >= taken.where.size() || !taken.where[i]) rest_.push_back(plan_.scan.where[i]);
    }
    if (plan_.valid) stored_.swap(rest_);  // rights are on what is stored
    rest_.insert(rest_.end(), plan_.late.begin(), plan_.late.end());
    rest_.insert(rest_.end(), plan_.own_where.begin(), plan_.own_where.end());
    sorts_ = !plan_.order.empty() && (plan_.scan.order.empty() || !taken.order);
    const std::set<int> different(plan_.wanted.begin(), plan_.wanted.end());
    distinct_ = different.size() == plan_.wanted.size();
  }

  bool next(Batch& batch) override {
    static_cast<void>(state_->live());
    const Turn turn(state_->session.get());
    shape(batch);
    if (sorts_) return next_sorted(batch);
    while (batch.rows() == 0 && !done()) {
      if (!fill()) return false;
      if (kept_.size() == input_.rows() && !plan_.limit && distinct_) {
        hand_over(batch);
        break;
      }
      for (const std::size_t row : kept_) {
        if (done()) break;
        deliver(input_, row, batch);
      }
    }
    return batch.rows() != 0;
  }

 private:
  /// Also with columns of the store's own fields.
  Batch empty_batch(const std::vector<int>& positions) const {
    Batch batch;
    batch.entity = plan_.scan.entity;
    batch.fields = positions;
    for (const int position : positions) {
      batch.columns.emplace_back(is_text(field_at(*batch.entity, plan_.own.get(), position).type));
    }
    return batch;
  }

  /// The caller's batch without rows; its buffers stay where it is one of ours.
  void shape(Batch& batch) const {
    bool ours = batch.entity == plan_.scan.entity && batch.fields == plan_.wanted;
    for (std::size_t i = 0; ours && i < batch.fields.size(); ++i) {
      const bool text = is_text(field_at(*batch.entity, plan_.own.get(), batch.fields[i]).type);
      ours = i < batch.columns.size() && batch.columns[i].is_text() == text;  // another store has fields of its own
    }
    ours ? batch.clear() : static_cast<void>(batch = empty_batch(plan_.wanted));
  }

  /// All rows are wanted: the columns change places with those of the caller, which are filled next time.
  void hand_over(Batch& to) {
    delivered_ += static_cast<std::int64_t>(input_.rows());
    for (std::size_t i = 0; i < plan_.wanted.size(); ++i) std::swap(to.columns[i], input_.column(plan_.wanted[i]));
    kept_.clear();
  }

  bool done() const { return plan_.limit && delivered_ >= *plan_.limit; }

  void deliver(const Batch& from, std::size_t row, Batch& to) {
    for (std::size_t i = 0; i < plan_.wanted.size(); ++i) {
      to.columns[i].append_from(from.column(plan_.wanted[i]), row);
    }
    ++delivered_;
  }

  /// Reads the next input batch and finds the rows to keep.
  bool fill() {
    if (!plan_.own_read.empty()) {  // the columns that were made of the last rows
      input_.fields.resize(plan_.scan.fields.size());
      input_.columns.resize(plan_.scan.fields.size());
    }
    if (!cursor_->next(input_)) return false;
    kept_.clear();
    std::vector<bool> absent;
    if (plan_.valid) put_day(absent);
    if (!plan_.own_read.empty()) plan_.own->expand(input_, plan_.own_read);
    std::vector<Tri> truth;
    if (plan_.test_expression) {
      ColumnView view(plan_.scan.entity->fields.size() + (plan_.own ? plan_.own->size() : 0), nullptr);
      for (std::size_t i = 0; i < input_.fields.size(); ++i) {
        view[static_cast<std::size_t>(input_.fields[i])] = &input_.columns[i];
      }
      truth = plan_.expression->test(view, input_.rows(), plan_.lookups.get());
    }
    for (std::size_t row = 0; row < input_.rows(); ++row) {
      if ((!truth.empty() && truth[row] != Tri::yes) || (!absent.empty() && absent[row])) continue;
      const bool keep = std::all_of(rest_.begin(), rest_.end(), [&](const Condition& condition) {
        return evaluate(condition, input_, row) == Tri::yes;
      });
      if (keep) kept_.push_back(row);
    }
    if (plan_.parents) keep_readable_parents();
    return true;
  }

  /// Puts the values of the day in place; marks what is not there on it, or was kept out by what is stored.
  void put_day(std::vector<bool>& absent) {
    std::vector<bool> out(input_.rows());
    for (std::size_t row = 0; row < input_.rows(); ++row) {
      out[row] = std::any_of(stored_.begin(), stored_.end(),
                             [&](const Condition& condition) { return evaluate(condition, input_, row) != Tri::yes; });
    }
    plan_.valid->apply(stored_view(Inside::make(state_)).as_system("valid time"), input_, absent);
    for (std::size_t row = 0; row < out.size(); ++row) absent[row] = absent[row] || out[row];
  }

  void keep_readable_parents() {
    const Entity& entity = *plan_.scan.entity;
    const int field = entity.at(entity.roles.parent);
    const Column& column = input_.column(field);
    std::vector<Id> ids;
    std::unordered_set<std::int64_t> asked;
    for (const std::size_t row : kept_) {
      if (!column.is_null(row) && asked.insert(column.word(row)).second) ids.push_back({column.word(row)});
    }
    const Reader reader = Inside::make(state_);
    const Entity& parent = reader.model().entity(entity.fields[static_cast<std::size_t>(field)].options.refers_to);
    const auto readable = allowed(reader, parent, Action::read, ids);
    std::erase_if(kept_, [&](std::size_t row) { return column.is_null(row) || !readable.contains(column.word(row)); });
  }

  bool next_sorted(Batch& batch) {
    if (!sorted_) {
      while (fill()) {
        if (all_.entity == nullptr) all_ = empty_batch(input_.fields);

        for (const std::size_t row : kept_) all_.append_row(input_, row);
      }
      sequence_.resize(all_.rows());
      std::iota(sequence_.begin(), sequence_.end(), std::size_t{0});
      std::stable_sort(sequence_.begin(), sequence_.end(), [this](std::size_t a, std::size_t b) {
        for (const Order& key : plan_.order) {
          const int order = compare_cells(all_.column(key.field), a, b, key.descending);
          if (order != 0) return order < 0;
        }
        return false;
      });
      sorted_ = true;
    }
    while (batch.rows() < Cursor::kRows && position_ < sequence_.size() && !done()) {
      deliver(all_, sequence_[position_++], batch);
    }
    return batch.rows() != 0;
  }

  std::shared_ptr<Reader::State> state_;
  Plan plan_;
  Batch input_;
  std::unique_ptr<Cursor> cursor_;
  std::vector<Condition> rest_;
  std::vector<Condition> stored_;  // of a day of valid time: asked before its values are put in place
  std::vector<std::size_t> kept_;
  bool sorts_ = false;
  bool distinct_ = false;  // no field is wanted twice
  bool sorted_ = false;
  Batch all_;
  std::vector<std::size_t> sequence_;
  std::size_t position_ = 0;
  std::int64_t delivered_ = 0;
};

class NoRows : public Rows {
 public:
  bool next(Batch& batch) override {
    batch.clear();
    return false;
  }
};

void add_field(std::vector<int>& fields, int field) {
  if (std::find(fields.begin(), fields.end(), field) == fields.end()) fields.push_back(field);
}

/// The field that says what a field of money is in; -1 where it is none, or always in the base currency.
int unit_of_money(const Entity& entity, int position) {
  const auto place = static_cast<std::size_t>(position);
  if (place >= entity.fields.size() || entity.fields[place].type != Type::money) return -1;
  return entity.currency_of(entity.fields[place]);
}

std::vector<Order> parse_order(const Entity& entity, const std::vector<std::string>& texts,
                               const std::function<int(std::string_view)>& position) {
  std::vector<Order> order;
  for (const std::string& text : texts) {
    std::string_view name = text;
    bool descending = false;
    if (const auto blank = name.find(' '); blank != std::string_view::npos) {
      const std::string_view direction = name.substr(name.find_first_not_of(' ', blank));
      if (direction != "desc" && direction != "asc") {
        throw Error(Code::invalid, std::string(entity.name), std::string(name.substr(0, blank)),
                    "orders by '" + text + "'; write a field name, then nothing, asc or desc");
      }
      descending = direction == "desc";
      name = name.substr(0, blank);
    }
    const int field = position(name);
    // Minor units of two currencies have no order: such money is ordered within each currency.
    if (const int unit = unit_of_money(entity, field); unit >= 0) {
      const bool told = std::any_of(order.begin(), order.end(), [&](const Order& key) { return key.field == unit; });
      if (!told) order.push_back({.field = unit});
    }
    order.push_back({.field = field, .descending = descending});
  }
  if (std::none_of(order.begin(), order.end(), [](const Order& key) { return key.field == kIdField; })) {
    order.push_back({});
  }
  return order;
}

std::vector<int> all_fields(const Entity& entity) {
  std::vector<int> fields(entity.fields.size());
  std::iota(fields.begin(), fields.end(), 0);
  return fields;
}

/// Turns a scan into one as of the reader's work: versioned entities through their history, logs by their sequence.
void at_moment(const Reader::State& state, Scan& scan) {
  const Entity& entity = *scan.entity;
  if (entity.keeping == Keeping::versioned) {
    scan.history = state.model().history_of(entity);
    scan.as_of = state.seq;
  } else if (entity.keeping == Keeping::log) {
    const int seq = entity.find("seq");
    scan.where.push_back(
        {.op = Condition::Op::le, .field = seq < 0 ? kIdField : seq, .operands = {state.seq}, .terms = {}});
  }
}

/// Leaves to storage only what does not hang on the day; `rights` of the conditions are on what is stored.
void on_day(FilteredRows::Plan& plan, std::size_t rights) {
  Scan& scan = plan.scan;
  const auto hangs = [&](const Condition& condition) {
    std::vector<int> fields;
    collect_fields(condition, fields);
    return std::any_of(fields.begin(), fields.end(), [&](int field) { return plan.valid->changes(field); });
  };
  const auto end = scan.where.end() - static_cast<std::ptrdiff_t>(rights);
  const auto first = std::stable_partition(scan.where.begin(), end, [&](const Condition& one) { return !hangs(one); });
  plan.late.assign(std::make_move_iterator(first), std::make_move_iterator(end));
  scan.where.erase(first, end);
  if (auto begun = plan.valid->begun()) scan.where.push_back(std::move(*begun));
  const bool sorts = std::any_of(plan.order.begin(), plan.order.end(),
                                 [&](const Order& key) { return plan.valid->changes(key.field); });
  if (sorts) scan.order.clear();
}

bool reads_own(const Condition& condition, int first_own) {
  std::vector<int> fields;
  collect_fields(condition, fields);
  return std::any_of(fields.begin(), fields.end(), [&](int field) { return field >= first_own; });
}

/// Storage knows nothing of the store's own fields: what is asked of them becomes what they are made of, and ids where
/// keys say which.
void read_own(const Reader::State& state, FilteredRows::Plan& plan) {
  Scan& scan = plan.scan;
  const int first_own = static_cast<int>(scan.entity->fields.size());
  plan.own->add_needs(plan.own_read, scan.fields);
  plan.own_order =
      std::any_of(plan.order.begin(), plan.order.end(), [&](const Order& key) { return key.field >= first_own; });
  const auto apart = std::stable_partition(scan.where.begin(), scan.where.end(), [&](const Condition& condition) {
    return !reads_own(condition, first_own);
  });
  plan.own_where.assign(std::make_move_iterator(apart), std::make_move_iterator(scan.where.end()));
  scan.where.erase(apart, scan.where.end());
  if (state.as_of) return;  // keys are those of the present
  const Reader reader = Inside::make(std::shared_ptr<Reader::State>(const_cast<Reader::State*>(&state), [](auto*) {}));
  for (const Condition& condition : plan.own_where) {
    if (condition.field < first_own) continue;
    const auto ids = records_by_key(reader, *plan.own, condition.field - first_own, condition, kMostByKey);
    if (!ids) continue;
    Condition among{.op = Condition::Op::in, .field = kIdField, .operands = {}, .terms = {}};
    for (const Id id : *ids) among.operands.emplace_back(id.value);
    scan.where.push_back(std::move(among));
    return;
  }
}

std::unique_ptr<Rows> run(std::shared_ptr<Reader::State> state, FilteredRows::Plan plan, std::size_t rights = 0) {
  Scan& scan = plan.scan;
  scan.order = plan.order;
  if (!plan.valid) plan.valid = ValidView::of(*state, *scan.entity);
  if (plan.valid) on_day(plan, rights);
  if (state->as_of) at_moment(*state, scan);
  std::vector<int> read = plan.wanted;
  for (const Order& key : plan.order) read.push_back(key.field);
  for (const Condition& condition : scan.where) collect_fields(condition, read);
  for (const Condition& condition : plan.late) collect_fields(condition, read);
  if (plan.valid) plan.valid->add_needed(read);
  if (plan.expression) read.insert(read.end(), plan.expression->reads().begin(), plan.expression->reads().end());
  if (plan.parents) read.push_back(scan.entity->at(scan.entity->roles.parent));
  scan.fields.clear();
  const int first_own = static_cast<int>(scan.entity->fields.size());
  for (const int field : read) {
    field < first_own ? add_field(scan.fields, field) : add_field(plan.own_read, field - first_own);
  }
  if (!plan.own_read.empty()) read_own(*state, plan);
  if (plan.own_order) scan.order.clear();
  const bool whole = !plan.test_expression && !plan.parents && !plan.valid;
  if (whole && !plan.own_order && plan.own_where.empty()) scan.limit = plan.limit;
  return std::make_unique<FilteredRows>(std::move(state), std::move(plan));
}

/// What a query asks of storage and what is left to do here; nothing where the actor sees no row at all. So many
/// conditions as `rights` says, at the end, are those of the actor's rights.
std::optional<FilteredRows::Plan> plan_of(const Reader& reader, const Entity& entity, const Query& query,
                                          std::size_t& rights) {
  FilteredRows::Plan plan;
  plan.scan.entity = &entity;
  plan.valid = ValidView::today(reader, entity);
  plan.scan.where = query.conditions;
  plan.limit = query.limit;
  // The store's own fields are looked up only where something asks for a name that the entity does not have.
  const auto position = [&](std::string_view name) {
    if (const int field = entity.find(name); field >= 0 && name != kCustomColumn) return field;
    if (plan.own == nullptr) plan.own = custom_of(reader, entity);
    return position_of(entity, plan.own.get(), name);
  };
  plan.order = parse_order(entity, query.order, position);
  if (query.fields.empty()) {
    plan.wanted = all_fields(entity);
  } else {
    for (const std::string& name : query.fields) add_field(plan.wanted, position(name));
  }
  for (const Condition& condition : query.conditions) {
    if (plan.own == nullptr && reads_own(condition, static_cast<int>(entity.fields.size()))) {
      plan.own = custom_of(reader, entity);
    }
  }
  if (!query.where.empty()) {
    if (plan.own == nullptr) plan.own = custom_of(reader, entity);  // the expression refers to their choices
    plan.expression = std::make_shared<const Expression>(
        Expression::compile(query.where, scope_of(reader, entity), query.parameters));
    for (Condition& condition : plan.expression->conjuncts()) plan.scan.where.push_back(std::move(condition));
    plan.test_expression = !plan.expression->fully_pushed();
    if (plan.test_expression) plan.lookups = lookups_of(reader);
  } else if (!query.parameters.empty() || !query.parameters.lists.empty()) {
    throw Error(Code::invalid, std::string(entity.name), "", "parameters were given, but no filter that reads them");
  }
  if (!entity.roles.parent.empty()) {
    plan.parents = !reads_all(reader, entity);
  } else {
    auto predicate = rights_of(reader).predicate(entity, Action::read);
    if (!predicate) return std::nullopt;
    if (!keeps_all(*predicate)) {
      plan.scan.where.push_back(std::move(*predicate));
      rights = 1;
    }
  }
  return plan;
}

}  // namespace

Condition equals(const Entity& entity, std::string_view field, Id value) { return equals(entity, field, value.value); }
Condition equals(const Entity& entity, std::string_view field, std::string_view value) {
  return {.op = Condition::Op::eq, .field = entity.at(field), .operands = {std::string(value)}, .terms = {}};
}
Condition equals(const Entity& entity, std::string_view field, std::int64_t word) {
  return {.op = Condition::Op::eq, .field = entity.at(field), .operands = {word}, .terms = {}};
}

Held::~Held() {
  transaction.reset();
  if (!connection) return;
  try {
    session->idle.push_back(std::move(connection));
  } catch (const std::bad_alloc&) {  // The next reader opens another.
  }
}

Transaction& Reader::State::live() const {
  if (!held || !held->transaction) {
    throw Error(Code::misuse, "this Work has ended; begin another one");
  }
  return *held->transaction;
}

bool fetch_record(Transaction& transaction, const Entity& entity, Id id, void* record) {
  StructSink sink(entity, record, 0, 1);
  transaction.get(entity, {&id, 1}, sink);
  return sink.found(0);
}

Reader::Reader(std::shared_ptr<State> state) : state_(std::move(state)) {}
Reader::Reader(Reader&&) noexcept = default;
Reader::~Reader() = default;

const Model& Reader::model() const { return state_->model(); }
std::int64_t Reader::seq() const { return state_->seq; }
Timestamp Reader::now() const { return state_->now; }
Date Reader::today() const { return local_date(state_->now, state_->head.zone); }
Currency Reader::currency() const { return kith::currency(state_->head.currency); }
const std::string& Reader::zone() const { return state_->head.zone; }
const Principal& Reader::actor() const { return state_->actor; }

Reader Reader::as_system(std::string_view purpose) const {
  auto state = std::make_shared<State>();
  state->session = state_->session;
  state->held = state_->held;
  state->head = state_->head;
  state->seq = state_->seq;
  state->as_of = state_->as_of;
  state->now = state_->now;
  state->valid = state_->valid;
  state->actor.name = "kith: " + std::string(purpose);
  state->actor.kind = PrincipalKind::system;
  return Reader(std::move(state));
}

std::unique_ptr<Rows> raw_scan(const Reader& reader, Scan scan) {
  FilteredRows::Plan plan;
  plan.wanted = scan.fields.empty() ? all_fields(*scan.entity) : scan.fields;
  plan.order = scan.order;
  plan.limit = scan.limit;
  plan.scan = std::move(scan);
  return run(std::shared_ptr<Reader::State>(&Inside::state(reader), [](auto*) {}), std::move(plan));
}

Batch raw_all(const Reader& reader, Scan scan) {
  Batch all(*scan.entity, scan.fields.empty() ? all_fields(*scan.entity) : scan.fields);
  auto rows = raw_scan(reader, std::move(scan));
  for (Batch batch; rows->next(batch);) {
    for (std::size_t row = 0; row < batch.rows(); ++row) all.append_row(batch, row);
  }
  return all;
}

Batch raw_get(const Reader& reader, const Entity& entity, std::span<const Id> ids) {
  Batch batch(entity);
  const Reader::State& state = Inside::state(reader);
  const bool plain = !state.as_of || state.model().history_of(entity) == nullptr;
  if (plain && !ValidView::of(state, entity)) {
    BatchSink sink(batch);
    state.live().get(entity, ids, sink);
    return batch;
  }
  Condition in{.op = Condition::Op::in, .field = kIdField, .operands = {}, .terms = {}};
  for (const Id id : ids) in.operands.emplace_back(id.value);
  return raw_all(reader, {.entity = &entity, .where = {in}});
}

bool Reader::fetch(const Entity& entity, Id id, void* record) const {
  const Turn turn(state_->session.get());
  const bool all = reads_all(*this, entity);
  const auto today = ValidView::today(*this, entity, id);
  if (all && !today && !state_->as_of && !state_->valid) return fetch_record(state_->live(), entity, id, record);
  Batch batch = raw_get(*this, entity, {&id, 1});
  if (batch.rows() == 0) return false;
  const bool may_read = all || (state_->valid ? allowed(*this, entity, Action::read, {&id, 1}).contains(id.value)
                                              : allowed_row(*this, entity, Action::read, batch, 0));
  if (!may_read) return false;
  if (today) put_day(*today, *this, batch);
  load_row(batch, 0, record);
  return true;
}

std::unique_ptr<Rows> Reader::scan(const Entity& entity, const Query& query) const {
  const Turn turn(state_->session.get());
  static_cast<void>(state_->live());
  std::size_t rights = 0;
  auto plan = plan_of(*this, entity, query, rights);
  if (!plan) return std::make_unique<NoRows>();
  return run(state_, std::move(*plan), rights);
}

std::optional<Pushed> pushed_scan(const Reader& reader, const Entity& entity, const Query& query) {
  const Reader::State& state = Inside::state(reader);
  const Turn turn(state.session.get());
  static_cast<void>(state.live());
  std::size_t rights = 0;
  auto plan = plan_of(reader, entity, query, rights);
  if (!plan) return Pushed{};
  if (plan->test_expression || plan->parents || plan->valid || ValidView::of(state, entity)) return std::nullopt;
  const auto own = [&](const Condition& one) { return reads_own(one, static_cast<int>(entity.fields.size())); };
  if (std::any_of(plan->scan.where.begin(), plan->scan.where.end(), own)) return std::nullopt;
  if (state.as_of) at_moment(state, plan->scan);
  return Pushed{.any = true, .scan = std::move(plan->scan)};
}

Table Reader::report(std::string_view name, const Parameters& parameters) const {
  const Report& report = model().report(name);
  std::vector<std::string_view> known;
  for (const ReportParameter& parameter : report.parameters) known.push_back(parameter.name);
  std::vector<Violation> violations;
  for (const auto& [given, value] : parameters) {
    if (std::find(known.begin(), known.end(), given) == known.end()) {
      violations.push_back({std::string(name), given, "the report has no such parameter." + suggest(given, known)});
    }
  }
  for (const auto& [given, values] : parameters.lists) {
    violations.push_back(
        {std::string(name), given,
         "is a list of " + std::to_string(values.size()) + " values; a report's parameter is one value"});
  }
  for (const ReportParameter& parameter : report.parameters) {
    const auto found = parameters.find(parameter.name);
    if (parameter.required && (found == parameters.end() || is_null(found->second))) {
      violations.push_back(
          {std::string(name), std::string(parameter.name), "is missing; give " + std::string(parameter.meaning)});
    }
  }
  if (!violations.empty()) throw Error(std::move(violations));
  return report.run(*this, parameters);
}

void Reader::not_found(const Entity& entity, Id id) const {
  throw Error(Code::not_found, std::string(entity.name), "id",
              "there is no " + std::string(entity.name) + " " + std::to_string(id.value) + " that '" + actor().name +
                  "' may see");
}

void Reader::more_than_one(const Entity& entity) const {
  throw Error(Code::conflict, std::string(entity.name), "", "more than one record matches; narrow the query");
}

}  // namespace kith
