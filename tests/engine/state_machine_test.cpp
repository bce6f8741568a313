// SPDX-License-Identifier: Apache-2.0
// State machines as data: those that deals and customers start with, what a store may change, and machines of its own.
#include "kith/engine/state_machine.hpp"

#include "kith/engine/custom.hpp"
#include "support/store.hpp"

namespace kith {
namespace {

using test::says;

class StateMachineTest : public test::StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    in_work([&](Work& work) {
      Pipeline pipeline{.name = "Standard"};
      std::vector<Stage> stages{{.name = "talk", .position = 1}, {.name = "offer", .position = 2}};
      sales::create(work, pipeline, stages);
      Customer acme;
      acme.name = "Acme";
      acme_ = customer::create(work, acme);
      Opportunity deal;
      deal.title = "Deal";
      deal.customer = acme_;
      deal_ = sales::create(work, deal);
    });
  }

  Transition transition(std::string_view machine, std::string_view name, Way way = Way::any) {
    const Reader reader = session().reader();
    const auto of = reader.find_one<StateMachine>({.conditions = {equals(entity_of<StateMachine>(), "name", machine)}});
    for (const Transition& row :
         reader.list<Transition>({.conditions = {equals(entity_of<Transition>(), "machine", of->id)}})) {
      if (row.name == name && row.way == way) return row;
    }
    ADD_FAILURE() << "no transition " << name;
    return {};
  }
  void configure(Transition row) {
    in_work([&](Work& work) { state_machine::configure(work, row); });
  }
  Error refused_transition(Transition row, Code code = Code::invalid) {
    return refused([&](Work& work) { state_machine::configure(work, row); }, code);
  }
  Error refused_win(Code code) {
    return refused([&](Work& work) { sales::win(work, deal_, date(2026, 1, 1), "yes", Amount{100}); }, code);
  }

  /// A choice of the store's own on customers, with a machine over it.
  StateMachine review() {
    CustomField field;
    field.entity = "customer";
    field.name = "review";
    field.type = Type::choice;
    field.choices = "draft,checked,approved";
    StateMachine machine;
    machine.name = "review";
    machine.entity = "customer";
    machine.field = "review";
    machine.initial = "draft";
    in_work([&](Work& work) {
      custom::define(work, field);
      state_machine::define(work, machine);
      for (const auto& [name, from, to, way] :
           {std::tuple("on", "*", "*", Way::forward), {"back", "approved", "draft", Way::any}}) {
        Transition row;
        row.machine = machine.id;
        row.name = name;
        row.from = from;
        row.to = to;
        row.way = way;
        state_machine::configure(work, row);
      }
    });
    return machine;
  }
  void set_review(Work& work, std::string_view to) {
    custom::set(work, entity_of<Customer>(), acme_, {{"review", to.empty() ? Value() : Value(std::string(to))}});
  }

  Id acme_;
  Id deal_;
};

TEST_P(StateMachineTest, AStoreStartsWithItsMachines) {
  using Names = std::vector<std::string>;
  const Reader reader = session().reader();
  EXPECT_EQ(state_machine::states(reader, "opportunity"), (Names{"open", "won", "lost", "void"}));
  EXPECT_EQ(state_machine::states(reader, "lifecycle").front(), "subscriber");
  EXPECT_THROW(state_machine::states(reader, "oportunity"), Error);
  const Table ways = state_machine::ways(reader, entity_of<Opportunity>(), deal_);
  ASSERT_EQ(ways.rows(), 4U) << "advance, win, lose, void_deal";
  EXPECT_EQ(ways.value(1, ways.at("transition")), Value(std::string("win")));
  EXPECT_EQ(ways.value(1, ways.at("open")), Value(false));
  EXPECT_EQ(ways.value(1, ways.at("why")), Value(std::string("reason is missing; amount is missing")));
  const Table on = state_machine::ways(reader, entity_of<Customer>(), acme_);
  EXPECT_GT(on.rows(), 4U);
}

TEST_P(StateMachineTest, RefusalsNameTheTransition) {
  in_work([&](Work& work) { sales::win(work, deal_, date(2026, 1, 1), "yes", Amount{100}); });
  const Error again = refused_win(Code::state);
  EXPECT_TRUE(says(again, "no transition 'win' of opportunity leads from 'won' to 'won'"));
  EXPECT_TRUE(says(again, "'reopen' to 'open'"));
  EXPECT_EQ(again.field, "status");
  EXPECT_TRUE(says(refused([&](Work& work) { sales::reopen(work, deal_, " "); }, Code::invalid),
                   "transition 'reopen' of opportunity (won,lost to open) needs it"));
  EXPECT_TRUE(says(refused([&](Work& work) { customer::set_stage(work, acme_, "subscriber", ""); }, Code::invalid),
                   "transition 'set_stage' of lifecycle (* to *, back) needs it"));
}

TEST_P(StateMachineTest, AStoreGuardsAndClosesWays) {
  Transition win = transition("opportunity", "win");
  win.guard = "expected_on is not null";
  configure(win);
  const Error guarded = refused_win(Code::state);
  EXPECT_TRUE(
      says(guarded, "transition 'win' of opportunity (open to won) is for records with: expected_on is not null"));
  win = transition("opportunity", "win");
  win.guard.reset();
  win.needs = "reason,amount,product";
  configure(win);
  EXPECT_TRUE(says(refused_win(Code::invalid), "product: is missing"));
  win = transition("opportunity", "win");
  win.active = false;
  configure(win);
  EXPECT_TRUE(says(refused_win(Code::state), "'lose' to 'lost'"));
  Transition step = transition("lifecycle", "advance", Way::forward);
  step.guard = "sector is not null";
  configure(step);
  refused([&](Work& work) { customer::advance(work, acme_, "customer"); }, Code::state);
  in_work([&](Work& work) {  // what is automatic does not move on, and does not fail either
    Opportunity other;
    other.title = "Other";
    other.customer = acme_;
    other.amount = Amount{5};
    sales::create(work, other);
  });
}

TEST_P(StateMachineTest, AStoreAddsWaysBetweenItsStates) {
  Transition revive = transition("opportunity", "reopen");
  revive.id = {};
  revive.revision = 0;
  revive.from = "void";
  configure(revive);
  in_work([&](Work& work) { sales::void_deal(work, deal_, date(2026, 1, 1), "never was"); });
  in_work([&](Work& work) { sales::reopen(work, deal_, "it was after all"); });
  EXPECT_EQ(session().reader().get<Opportunity>(deal_).status, DealStatus::open);
}

TEST_P(StateMachineTest, TransitionsThatMeanNothingAreRefused) {
  Transition win = transition("opportunity", "win");
  const auto error = [&](const std::function<void(Transition&)>& spoil, Code code = Code::invalid) {
    Transition row = win;
    spoil(row);
    return refused_transition(row, code);
  };
  EXPECT_TRUE(says(error([](Transition& row) { row.from = "opne"; }), "open"));
  EXPECT_TRUE(says(error([](Transition& row) { row.guard = "amout > 1"; }), "amount"));
  EXPECT_TRUE(says(error([](Transition& row) { row.guard = "amount"; }), "neither yes nor no"));
  EXPECT_TRUE(says(error([](Transition& row) { row.needs = "amount,raison"; }), "raison"));
  EXPECT_TRUE(says(error([](Transition& row) { row.name = "conquer"; }), "no verb of opportunity"));
  error([](Transition& row) { row.machine = {}; }, Code::state);
  error([](Transition& row) { row.revision = 7; }, Code::conflict);
  StateMachine own;
  own.name = "x";
  own.entity = "customer";
  own.field = "sector";
  EXPECT_TRUE(says(refused([&](Work& work) { state_machine::define(work, own); }, Code::invalid),
                   "no choice of the store's own"));
}

TEST_P(StateMachineTest, AMachineOverAFieldOfTheStoresOwnIsAskedOnEveryWrite) {
  const StateMachine machine = review();
  const auto value = [&] { return custom::get(session().reader(), entity_of<Customer>(), acme_).at("review"); };
  EXPECT_TRUE(says(refused([&](Work& work) { set_review(work, "checked"); }, Code::invalid), "begins with draft"));
  in_work([&](Work& work) { set_review(work, "draft"); });
  EXPECT_TRUE(says(refused([&](Work& work) { set_review(work, ""); }, Code::state), "cannot be taken away"));
  in_work([&](Work& work) { set_review(work, "approved"); });
  EXPECT_TRUE(says(refused([&](Work& work) { set_review(work, "checked"); }, Code::state),
                   "no transition of review leads from 'approved' to 'checked'; from there lead 'back' to 'draft'"));
  in_work([&](Work& work) { set_review(work, "draft"); });
  EXPECT_EQ(value(), Value(std::string("draft")));
  Transition on = transition("review", "on", Way::forward);
  on.guard = "review = 'checked' or sector = 'retail'";
  configure(on);
  refused([&](Work& work) { set_review(work, "approved"); }, Code::state);
  in_work([&](Work& work) { set_review(work, "checked"); });
  StateMachine other = machine;
  other.id = {};
  other.revision = 0;
  other.name = "second";
  refused([&](Work& work) { state_machine::define(work, other); }, Code::conflict);
  in_work([&](Work& work) {  // other verbs write the record and leave the state alone
    auto row = work.get<Customer>(acme_);
    row.sector = "energy";
    customer::update(work, row);
  });
  EXPECT_EQ(value(), Value(std::string("checked")));
}

TEST_P(StateMachineTest, OnlyAdministratorsConfigure) {
  in_work([&](Work& work) { access::add_principal(work, "li", {}, {"manager"}); });
  Session li = store().engine->session("li");
  Transition win = transition("opportunity", "win");
  refused_for(
      li, [&](Work& work) { state_machine::configure(work, win); }, Code::denied);
  StateMachine machine;
  refused_for(
      li, [&](Work& work) { state_machine::define(work, machine); }, Code::denied);
  EXPECT_EQ(li.reader().list<StateMachine>().size(), 2U);
}

INSTANTIATE_ON_ALL_BACKENDS(StateMachineTest);

}  // namespace
}  // namespace kith
