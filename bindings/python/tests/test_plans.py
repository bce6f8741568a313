# SPDX-License-Identifier: Apache-2.0
"""Plans as documents: 1,000 at 5 % and 200 at 8 % are 66; as a slab 8 % of 1,200 are 96."""

import copy
import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import kith
import pyarrow as pa
import pytest
from test_cli import run

MARGINAL: dict[str, Any] = {
    "format": "kith.plan/2",
    "name": "field",
    "version": 1,
    "currency": "USD",
    "interval": "month",
    "valid": {"from": "2025-01-01"},
    "order": ["date", "sequence", "id"],
    "rounding": {"mode": "half_up", "point": "telescoped", "unit": "0.01"},
    "credits": [
        {
            "name": "own",
            "role": "primary",
            "who": "split",
            "sum_must_be": "100",
            "rounding": "none",
            "apply": "base",
            "base": "amount",
            "fx": {"rate": "transaction", "reversal": "original"},
        }
    ],
    "measures": [
        {
            "name": "sales",
            "credits": ["own"],
            "aggregate": "sum",
            "accumulate": "interval",
            "return_period": "original",
            "negative": "first_tier",
        }
    ],
    "components": [
        {
            "name": "revenue",
            "kind": "tiers",
            "basis": {"measure": "sales"},
            "tiers": {
                "input": "amount",
                "mode": "marginal",
                "boundary": "upper",
                "unit": "pct_of_base",
                "rows": [{"from": "0", "value": "5 %"}, {"from": "1000", "value": "8 %"}],
            },
        }
    ],
}
SLAB = copy.deepcopy(MARGINAL)
SLAB["components"][0]["tiers"]["mode"] = "slab"
ORDER = {
    "source": "shop",
    "id": "1",
    "type": "order",
    "date": date(2025, 1, 7),
    "currency": "USD",
    "amount": Decimal("1200.00"),
    "splits": [{"person": "ann", "role": "primary", "share": "1"}],
}


def test_events_become_statements_without_a_store() -> None:
    plan = kith.plan(MARGINAL)
    assert (plan.name, plan.version, plan.currency) == ("field", 1, "USD")
    result = plan.compute([ORDER])
    assert result["statements"] == [{"person": "ann", "period": "2025-01", "amount": "66.00"}]
    assert "row 2: 200 x 0.08 = 16" in plan.explain([ORDER], "ann", "revenue", "2025-01")
    assert "第 2 档" in plan.explain({"events": [ORDER]}, "ann", "revenue", "2025-01", "zh")
    cancelled = ORDER | {"version": 2, "cancelled": True}
    assert all(row["amount"] == "0.00" for row in plan.compute([cancelled, ORDER])["statements"])


def test_two_spellings_are_one_plan() -> None:
    spelled = json.loads(json.dumps(MARGINAL).replace("5 %", "0.050"))
    assert kith.plan(spelled).hash == kith.plan(MARGINAL).hash == kith.plan(kith.plan(spelled).canonical()).hash
    assert kith.plan(SLAB).hash != kith.plan(MARGINAL).hash


def test_plans_are_compared() -> None:
    before, after = kith.plan(MARGINAL), kith.plan(SLAB)
    assert before.diff(after) == ['component revenue, tiers, mode changes from "marginal" to "slab".']
    assert len(before.lint()) == 0
    assert [row.field for row in after.lint()] == ["components[0].tiers.rows[1]"]
    (row,) = before.what_if(after, [ORDER])
    assert row["person"] == "ann"
    assert row["difference"] == kith.Money(Decimal("30.00"), "USD")


def test_bad_documents_and_events_are_refused() -> None:
    with pytest.raises(kith.InvalidError, match="currency"):
        kith.plan({key: value for key, value in MARGINAL.items() if key != "currency"})
    with pytest.raises(kith.InvalidError, match="amount"):
        kith.plan(MARGINAL).compute([ORDER | {"amount": 1200.0}])
    with pytest.raises(kith.InvalidError, match="100 %"):
        kith.plan(MARGINAL).compute([ORDER | {"splits": [{"person": "ann", "role": "primary", "share": "0.9"}]}])


def test_the_terminal_checks_and_compares(tmp_path: Path) -> None:
    exported = kith.plan(MARGINAL).export([ORDER])
    assert len(kith.check_commission(exported)) == 0
    right, wrong = tmp_path / "right.json", tmp_path / "wrong.json"
    right.write_text(exported)
    head, _, statements = exported.partition('"statements"')
    wrong.write_text(head + '"statements"' + statements.replace("66.00", "67.00"))
    assert "Every figure holds" in run("commission", "check", right)
    assert "result.statements[0].amount" in run("commission", "check", wrong, code=1)
    told = kith.plan(MARGINAL).explain([ORDER], "ann", "revenue", "2025-01", "zh")
    assert kith.explain_commission(exported, "zh") == told
    assert run("commission", "check", right, "--explain", "zh").startswith(told)
    steps = json.loads(kith.explain_commission(exported, "steps", person="ann", period="2025-01"))
    assert [one["component"] for one in steps["components"]] == ["revenue"]
    refused = run("commission", "check", right, "--explain", "text", "--person", "bob", code=1)
    assert "holds nothing of person 'bob'." in refused
    assert "--explain" in run("commission", "check", right, "--person", "ann", code=2)
    one, other = tmp_path / "one.json", tmp_path / "other.json"
    one.write_text(json.dumps(MARGINAL))
    other.write_text(json.dumps(SLAB))
    assert "marginal" in run("plan", "diff", one, other)
    assert "Nothing changes" in run("plan", "diff", one, one)
    assert "cliff" in run("plan", "lint", other)
    assert "Nothing to remark" in run("plan", "lint", one)


def orders(*rows: dict[str, Any]) -> pa.Table:
    """Events as a host's frame has them."""
    amounts = pa.array([row["amount"] for row in rows], pa.decimal128(18, 2))
    table = pa.Table.from_pylist([{key: row[key] for key in row if key != "amount"} for row in rows])
    return table.append_column("amount", amounts)


def test_events_come_as_a_frame() -> None:
    plan = kith.plan(MARGINAL)
    rows = [ORDER, ORDER | {"id": "7", "amount": Decimal("300.00")}, ORDER | {"id": "A", "date": date(2025, 2, 1)}]
    shared = [
        {"person": "ann", "role": "primary", "share": "0.25"},
        {"person": "bob", "role": "primary", "share": "0.75"},
    ]
    rows[1] = rows[1] | {"splits": shared}
    frame = orders(*rows)
    assert plan.compute(frame) == plan.compute({"events": frame}) == plan.compute(rows)
    assert plan.export(frame.slice(0, 2)) == plan.export(rows[:2])  # as rows, to the byte
    assert len(kith.check_commission(plan.export(frame))) == 0
    numbers = frame.slice(0, 2).set_column(frame.column_names.index("id"), "id", pa.array([1, 7]))
    assert plan.compute(numbers) == plan.compute(rows[:2])
    with pytest.raises(kith.InvalidError, match="amount"):
        plan.compute(frame.drop_columns("amount").append_column("amount", pa.array([1.0, 2.0, 3.0])))
    with pytest.raises(kith.InvalidError, match=r"events\[1\].amount"):
        plan.compute(frame.set_column(frame.column_names.index("amount"), "amount", pa.array(["1", "x", "2"])))


def test_a_computation_that_stays() -> None:
    plan = kith.plan(MARGINAL)
    other = ORDER | {"id": "2", "amount": Decimal("300.00")}
    computation = plan.computation(orders(ORDER, other))
    assert computation.result() == plan.compute([ORDER, other])
    (row,) = computation.table("statements")
    assert (row.person, row.period, row.amount) == ("ann", "2025-01", kith.Money(Decimal("90.00"), "USD"))
    higher = other | {"version": 2, "amount": Decimal("400.00")}
    (row,) = computation.change([higher])
    assert (row.component, row.measured, row.amount) == ("revenue", "1600", kith.Money(Decimal("98.00"), "USD"))
    assert computation.result() == plan.compute([ORDER, higher])
    assert "row 2: 600 x 0.08 = 48" in computation.explain("ann", "revenue", "2025-01")
    late = ORDER | {"id": "3", "splits": [{"person": "bob", "role": "primary", "share": "1"}]}
    with pytest.raises(kith.InvalidError, match="100 %"):
        computation.change([late, ORDER | {"id": "4", "splits": [{"person": "ann", "role": "primary", "share": "2"}]}])
    assert computation.result() == plan.compute([ORDER, higher])
    assert {row.person for row in computation.change(orders(late))} == {"ann", "bob"}
    assert pa.table(computation.table("lines")).num_rows == len(plan.compute([ORDER, higher, late])["lines"])
    with pytest.raises(kith.InvalidError, match="statements"):
        computation.table("statement")


def test_a_frame_is_posted_to_a_store() -> None:
    with kith.open("memory:") as store, store.session() as session, session.work("events") as work:
        work.employees.create(name="ann")
        assert work.post_events(orders(ORDER, ORDER | {"id": "A-2"}))["added"] == 2
        assert work.post_events([ORDER])["repeated"] == 1
