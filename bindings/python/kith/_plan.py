# SPDX-License-Identifier: Apache-2.0
"""Commission plans as documents, computed over the host's own events without a store."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from . import _kith
from ._arguments import document_of, to_json
from ._table import Table
from ._values import Money

Inputs = Mapping[str, Any] | Iterable[Mapping[str, Any]]


def _inputs(inputs: Inputs) -> str:
    whole = dict(inputs) if isinstance(inputs, Mapping) else {"events": list(inputs)}
    return to_json({"format": "kith.inputs/1", **whole})


def _raw_inputs(inputs: Inputs, *, as_columns: bool = True) -> Any:
    """Events may be an Arrow stream: they stay columns where that is possible, unless rows are asked for."""
    whole = {"events": inputs} if hasattr(inputs, "__arrow_c_stream__") else inputs
    events = whole.get("events") if isinstance(whole, Mapping) else None
    if not hasattr(events, "__arrow_c_stream__"):
        return _kith.RawInputs(_inputs(inputs))
    raw = _kith.RawInputs(_inputs({**whole, "events": []}))
    stream = events.__arrow_c_stream__()
    raw.add_columns(stream) if as_columns else raw.add_rows(stream)
    return raw


class Plan:
    """A checked plan. Immutable; may be used from many threads at once.

    Inputs are a list of events, or a mapping with `events`, `values`, `hierarchy`, `people`, `rates`, `closed`, `open`
    and `posted` (docs/plans.md). Amounts are text or Decimal, days text or date; a float is refused. Events may also
    come from whatever speaks the Arrow C stream (pyarrow, polars, pandas, DuckDB), a row each.
    """

    def __init__(self, document: str | Mapping[str, Any]) -> None:
        self._raw = _kith.RawPlan(document_of(document, "the plan"))

    @property
    def name(self) -> str:
        """The plan's name."""
        return self._raw.name

    @property
    def version(self) -> int:
        """The version of that name."""
        return self._raw.version

    @property
    def currency(self) -> str:
        """The currency in which it pays."""
        return self._raw.currency

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical document, hexadecimal."""
        return self._raw.hash

    def canonical(self) -> str:
        """The document in its one spelling."""
        return self._raw.canonical()

    def lint(self) -> Table:
        """What is allowed but rarely meant, by JSON path: cliffs with their cost, falling pay, rows without effect."""
        return Table(self._raw.lint())

    def diff(self, after: Plan | str | Mapping[str, Any]) -> list[str]:
        """What changes from this plan to another, or to another document, a sentence each."""
        return self._raw.diff(_plan_of(after)._raw)

    def compute(self, inputs: Inputs) -> dict[str, Any]:
        """Credits, lines, components, releases, ledger, statements and warnings; amounts as text in major units."""
        return json.loads(self._raw.compute(_raw_inputs(inputs)))

    def explain(self, inputs: Inputs, person: str, component: str, period: str, language: str = "en") -> str:
        """The steps from the facts to what somebody earned, in English ("en") or Chinese ("zh"), or as
        JSON ("steps")."""
        return self._raw.explain(_raw_inputs(inputs), person, component, period, language)

    def what_if(self, after: Plan | str | Mapping[str, Any], inputs: Inputs) -> list[dict[str, Any]]:
        """What another plan, or document, would have paid: person, and before, after and difference as Money."""
        rows = json.loads(self._raw.what_if(_plan_of(after)._raw, _raw_inputs(inputs)))
        money = ("before", "after", "difference")
        return [row | {key: Money(Decimal(row[key]), self.currency) for key in money} for row in rows]

    def export(self, inputs: Inputs) -> str:
        """Plan, inputs and result in one JSON text for `kith.check_commission`."""
        return self._raw.export(_raw_inputs(inputs))

    def computation(self, inputs: Inputs) -> Computation:
        """A computation that stays: it takes in changed events and computes only what depends on them."""
        return Computation(self, inputs)


class Computation:
    """What a plan gives for events that go on changing. Threads that share one wait for each other.

    What it says is, to the byte, what `Plan.compute` says of all events so far. It keeps its own copy of them.
    """

    def __init__(self, plan: Plan | str | Mapping[str, Any], inputs: Inputs) -> None:
        self.plan = _plan_of(plan)
        self._raw = _kith.RawComputation(self.plan._raw, _raw_inputs(inputs))

    def change(self, events: Inputs) -> Table:
        """Takes in events that are new, a higher version of a known one, or its cancellation, all or none.

        Gives the components that depend on them, as they are now; a person or period that did not occur before gives
        all. The same version again changes nothing. After an error nothing has changed.
        """
        return Table(self._raw.change(_raw_inputs(events, as_columns=False)))

    def table(self, part: str) -> Table:
        """A part of the result: credits, lines, components, releases, ledger, statements, payments, pools,
        amortization or warnings. Amounts are money; exact numbers, which may be fractions, are text."""
        return Table(self._raw.table(part))

    def result(self) -> dict[str, Any]:
        """All parts at once, as `Plan.compute` gives them."""
        return json.loads(self._raw.result())

    def explain(self, person: str, component: str, period: str, language: str = "en") -> str:
        """The steps from the facts to what somebody earned, without computing again."""
        return self._raw.explain(person, component, period, language)


def _plan_of(plan: Plan | str | Mapping[str, Any]) -> Plan:
    return plan if isinstance(plan, Plan) else Plan(plan)


def plan(document: str | Mapping[str, Any]) -> Plan:
    """Reads a plan document ("kith.plan/2"; "kith.plan/1" is converted). InvalidError names every fault by its path."""
    return Plan(document)


def check_commission(exported: str) -> Table:
    """Computes an export again, without any store; no rows when it is right to the last unit."""
    return Table(_kith.check_commission(exported))


def explain_commission(
    exported: str, language: str = "en", *, person: str = "", component: str = "", period: str = ""
) -> str:
    """The steps to what an export states, from the plan and the facts it carries, in English ("en"), Chinese ("zh") or
    as JSON ("steps"); of a person, component or period where they are named."""
    return _kith.explain_commission(exported, language, person, component, period)
