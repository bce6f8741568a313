# SPDX-License-Identifier: Apache-2.0
"""Quotas from Python: measures, versions, promises, live feedback, digests, and a name for every constant."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import kith
import pytest
from test_cli import run

PLAN = {
    "format": "kith.plan/1",
    "name": "p",
    "version": 1,
    "currency": "USD",
    "calendar": "calendar",
    "interval": "quarter",
    "valid": {"from": "2026-01-01"},
    "rounding": {"mode": "half_up", "point": "telescoped"},
    "order": ["date", "sequence", "id"],
    "credit": {"role": "primary", "base": "amount", "split": "from_event"},
    "components": [
        {
            "name": "revenue",
            "accumulate": "interval",
            "negative": "first_tier",
            "tiers": {"mode": "marginal", "boundary": "upper", "bands": [{"from": "0", "rate": "0.05"}]},
        }
    ],
}


@pytest.fixture
def team() -> Iterator[SimpleNamespace]:
    with kith.open("memory:") as store, store.session() as session:
        with session.work() as work:
            unit = work.units.create(name="Team", start=date(2026, 1, 1))
            people = [
                work.employees.create(name=name, unit=unit.id, hired_on=date(2026, 1, 1)) for name in ("Ann", "Bob")
            ]
            work.pipelines.create(name="Standard", stages=[{"name": "Talk", "probability": "0.5"}])
            work.add_plan(PLAN)
            work.assign_plan("p", unit=unit, start=date(2026, 1, 1))
        yield SimpleNamespace(store=store, session=session, unit=unit, ann=people[0], bob=people[1])


def win(work: kith.Work, owner: kith.Record, amount: str, on: date) -> None:
    deal = work.opportunities.create(title="order", owner=owner.id, amount=amount)
    work.opportunities.win(deal, on, "price")


def test_ak5_an_order_tells_at_once_what_it_did(team: SimpleNamespace) -> None:
    with team.session.work() as work:
        work.set_quota("2026-Q1", 100_000, employee=team.ann)
        win(work, team.ann, "40000", date(2026, 1, 5))
    with team.session.work() as work:
        win(work, team.ann, "5000", date(2026, 1, 6))
        done = work.catch_up()
        assert done.text == "+250.00 commission, 40.00 % to 45.00 % of target\n"
        assert work.catch_up(kith.Language.chinese).text == "提成 +250.00，目标达成 40.00 % → 45.00 %\n"
        assert [row.kind for row in done.rows] == [kith.ProgressKind.commission, kith.ProgressKind.attainment]
        assert done.rows[1].after == kith.Money(Decimal("45000.00"), "USD")
    assert len(team.session.progresses.find("after > before")) == 2
    text = team.session.digest_text(team.ann, date(2026, 1, 7))
    assert "p 2026-Q1: +250.00 commission" in text
    with team.session.work() as work:
        assert work.deliver_digest(team.ann, date(2026, 1, 7)) == text
    assert team.session.report("digest", employee=team.ann.id, day=date(2026, 1, 7)).column("section") == [
        "deal",
        "credited",
        "credited",
        "commission",
        "attainment",
    ]


def test_quotas_count_what_a_measure_says(team: SimpleNamespace) -> None:
    with team.session.work() as work:
        work.measures.create(
            name="margin", entity="opportunity", on="closed_on", filter="status = 'won'", value="amount * 30 %"
        )
        with pytest.raises(kith.InvalidError, match="margin"):
            work.set_quota("2026-Q1", 1, unit=team.unit, measure="margins")
        top = work.set_quota("2026-Q1", 1000, unit=team.unit, measure="margin", stretch=1200, challenge=1500)
        work.decompose(top, [{"employee": team.ann.id}, {"employee": team.bob.id}], kith.Method.equal)
        deals = work.set_quota("2026-Q1", 3, unit=team.unit, metric=kith.Metric.won_count)
        parts = work.split_periods(deals, kith.Grain.month)
        assert [row.amount for row in parts] == [kith.Money(Decimal(1), "XXX")] * 3
        win(work, team.ann, "2000", date(2026, 1, 5))
    rows = team.session.report("attainment", period="2026-Q1")
    shown = {(row.metric, row.name): (row.actual, row.grade) for row in rows}
    assert shown["margin", "Ann"] == (kith.Money(Decimal("600.00"), "USD"), kith.Grade.stretch)
    assert shown["won_count", "Team"] == (kith.Money(Decimal(1), "XXX"), kith.Grade.none)
    pace = team.session.report("quota_pace", period="2026-Q1", metric="won_count", on=date(2026, 1, 30))
    assert (pace[0].elapsed, pace[0].days, pace[0].status) == (22, 64, kith.GoalStatus.behind)
    assert len(team.session.quota_parts(deals, "month")) == 3
    facts = team.session.report("quota_facts", quota=top)
    assert [(row.employee, row.amount.amount) for row in facts] == [("Ann", Decimal("600.00"))]
    with team.session.work() as work:
        work.sum_periods(deals, kith.Grain.month)
    assert team.session.quotas.get(deals).method == kith.Method.bottom_up


def test_a_version_goes_its_way(team: SimpleNamespace) -> None:
    with team.session.work() as work:
        root = work.set_quota("2026-Q1", 1000, unit=team.unit)
        plan = work.quota_plans.create(name="2026", check=kith.QuotaCheck.report)
        copies = work.copy_quotas(plan, root)
        work.decompose(copies[0], [{"employee": team.ann.id}], "equal", 10)
        work.move_quota_plan(plan, "proposed")
        with pytest.raises(kith.StateError):
            work.activate_quota_plan(plan)
        work.move_quota_plan(plan, kith.QuotaPlanState.agreed)
        assert len(work.activate_quota_plan(plan)) == 0
        work.set_ramp(team.ann, date(2026, 1, 1), ["0.5", "0.75", 1])
        work.commit_quota(work.quotas.find_one("employee = :e and draft = 0", e=team.ann.id), "900")
    assert team.session.quota_plans.get(plan.id).state == kith.QuotaPlanState.active
    gaps = team.session.report("quota_reconciliation")
    assert [row.gap.amount for row in gaps] == [Decimal("-100.00"), Decimal("-200.00")]
    with team.session.work() as work:
        assert work.roll_up(root) == 1


def test_actions_follow_from_history(team: SimpleNamespace) -> None:
    with team.session.work() as work:
        for day in range(5, 10):
            win(work, team.ann, "100", date(2026, 1, day))
        quota = work.set_quota("2026-Q2", 1000, employee=team.ann)
    text = team.session.action_text(quota, date(2026, 6, 30))
    assert "deals 10: 1,000.00 USD / 100.00 USD on average (5 won deals, own figures)" in text
    assert "成交 10" in team.session.action_text(quota, date(2026, 6, 30), language="zh")
    with pytest.raises(kith.StateError, match="no won deal"):
        team.session.action_text(quota, date(2026, 6, 30), since=date(2020, 1, 1), until=date(2021, 1, 1))


def test_bonuses_costs_and_draws(team: SimpleNamespace) -> None:
    with team.session.work() as work:
        win(work, team.ann, "40000", date(2026, 1, 5))
        pool = work.bonuses.create(
            **{"name": "pool", "from": date(2026, 1, 1), "to": date(2026, 4, 1), "amount": "100"}
        )
        work.set_bonus_parts(pool, [{"employee": team.ann.id, "weight": 3}, {"employee": team.bob.id, "weight": 1}])
        assert work.post_bonus(pool) == 2
        assert work.post_bonus(pool) == 0
        assert "Ann: 75.00 USD, weight 3 of 4 in all" in work.bonus_text(pool)
        asset = work.cost_assets.create(name="contract", cost="240", months=24, start=date(2026, 1, 1))
        assert work.post_amortization(asset, date(2026, 3, 1)) == 3
        work.write_off_asset(asset, date(2026, 3, 31))
        draw = work.draws.create(**{"employee": team.ann.id, "amount": "3000", "from": date(2026, 1, 1)})
        work.run_commission("2026-Q1")
        with pytest.raises(kith.StateError, match="close the period first"):
            work.post_draw(draw, "2026-Q1")
        work.close_commission("2026-Q1")
        line = work.post_draw(draw, "2026-Q1")
        assert (line.earned.amount, line.advanced.amount, line.pay.amount) == (2000, 1000, 3000)
        assert "balance 1000.00" in work.draw_text(draw)
    lines = team.session.cost_lines.find(order=["position"])
    assert lines[-1].kind == kith.AmortizationKind.write_off
    assert sum(line.amount.amount for line in lines) == 240


def test_a_morning_at_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "team.kith"
    with kith.open(str(path)) as store, store.session() as session, session.work() as work:
        ann = work.employees.create(name="Ann")
        work.pipelines.create(name="Standard", stages=[{"name": "Talk", "probability": "0.5"}])
        win(work, ann, "100", date(2026, 1, 5))
        work.set_quota("2026-Q2", 1000, employee=ann)
    assert run("morning", path, "Ann", "--day", "2026-01-06").startswith("Ann, the morning of 2026-01-06\nWon order: ")
    assert "成交 order" in run("morning", path, "Ann", "--day", "2026-01-06", "--language", "zh")
    assert "deals 10: " in run("actions", path, "Ann", "2026-Q2", "--day", "2026-06-30")


@pytest.mark.parametrize(
    ("entity", "field", "names"),
    [
        ("quota", "metric", kith.Metric),
        ("quota", "method", kith.Method),
        ("measure", "kind", kith.MeasureKind),
        ("quota_plan", "state", kith.QuotaPlanState),
        ("quota_plan", "check", kith.QuotaCheck),
        ("quota_relief", "kind", kith.ReliefKind),
        ("quota_relief", "basis", kith.DayBasis),
        ("quota_milestone", "kind", kith.MilestoneKind),
        ("quota_milestone", "status", kith.MilestoneStatus),
        ("progress", "kind", kith.ProgressKind),
        ("bonus", "kind", kith.BonusKind),
        ("bonus", "ties", kith.Ties),
        ("draw", "kind", kith.DrawKind),
        ("cost_line", "kind", kith.AmortizationKind),
    ],
)
def test_every_constant_has_a_name(team: SimpleNamespace, entity: str, field: str, names: type) -> None:
    choices = {row.name: row.choices for row in team.store.fields(entity)}
    assert choices[field].split(",") == list(names)
