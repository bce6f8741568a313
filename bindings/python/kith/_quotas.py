# SPDX-License-Identifier: Apache-2.0
"""Quotas, live feedback, digests, bonuses, amortised costs and draws: what sessions and works can do with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from ._arguments import id_of, names, plain
from ._table import Record, Table
from ._values import Money

Number = Decimal | int | str


class Feedback(NamedTuple):
    """What a work did for people: in words, a line each ("+250.00 commission, 40.00 % to 45.00 % of target"), and as
    rows with the figures before and after."""

    text: str
    rows: Table


class QuotaReads:
    """What sessions, readers and works read."""

    def _open(self) -> Any:
        raise NotImplementedError

    def quota_parts(self, quota: int | Record, grain: str) -> Table:
        """The targets of a quota's unit or employee in the periods that make up its own."""
        return Table(self._open().quota_parts(id_of(quota, "quota"), grain))

    def action_text(
        self,
        quota: int | Record,
        on: date | None = None,
        levels: Sequence[str] = (),
        language: str = "en",
        **history: Any,
    ) -> str:
        """What a quota of money still takes, in words; `history` is since, until, minimum. As data: report
        "quota_actions"."""
        return self._open().action_text(id_of(quota, "quota"), on, history, names(levels), language)

    def digest_text(self, employee: int | Record, day: date | None = None, language: str = "en") -> str:
        """Somebody's morning in words. As data: report "digest"."""
        return self._open().digest_text(id_of(employee, "employee"), day, language)


class QuotaVerbs:
    """What works write."""

    def _open(self) -> Any:
        raise NotImplementedError

    def set_quota(
        self,
        period: str,
        amount: Money | Number,
        *,
        unit: int | Record | None = None,
        employee: int | Record | None = None,
        parent: int | Record | None = None,
        metric: str = "won_amount",
        measure: str | None = None,
        calendar: str = "calendar",
        stretch: Money | Number | None = None,
        challenge: Money | Number | None = None,
        plan: int | Record | None = None,
    ) -> int:
        """A target of a unit or employee for a period, by hand. `metric` is one of `kith.Metric`, or `measure` names a
        record of `measures`; what counts things takes whole numbers. An amount in another currency makes it a target in
        that one, at the plan rate of its first day. `stretch` and `challenge` are the second and third
        grade. With `plan` (a record of `quota_plans`) it is a draft."""
        ids = {"unit": unit, "employee": employee, "parent": parent, "plan": plan}
        return self._open().set_quota(
            {
                "period": period,
                "amount": amount,
                "metric": metric,
                "measure": measure,
                "calendar": calendar,
                "stretch": stretch,
                "challenge": challenge,
                **{
                    name: id_of(record, "quota" if name == "parent" else name)
                    for name, record in ids.items()
                    if record is not None
                },
            }
        )

    def decompose(
        self,
        quota: int | Record,
        children: Sequence[Mapping[str, Any]],
        method: str = "ratio",
        over_percent: Number = 0,
    ) -> list[int]:
        """Shares a target among children ({"unit": id} or {"employee": id}, with "weight") by ratio, equal or
        history."""
        return self._open().decompose(id_of(quota, "quota"), [plain(child) for child in children], method, over_percent)

    def split_periods(self, quota: int | Record, grain: str, weights: Sequence[Number] = ()) -> Table:
        """Shares a target over the periods of a finer grain ("month", "week", ...), by weights or equally: period,
        from, to, quota, amount."""
        return Table(self._open().split_periods(id_of(quota, "quota"), grain, list(weights)))

    def split_seasonal(self, quota: int | Record, grain: str, years: int = 3) -> Table:
        """Shares a target over the periods of a finer grain by what came in in them in earlier years."""
        return Table(self._open().split_seasonal(id_of(quota, "quota"), grain, years))

    def sum_periods(self, quota: int | Record, grain: str) -> None:
        """Makes a target the sum of its parts: three months give the quarter."""
        self._open().sum_periods(id_of(quota, "quota"), grain)

    def roll_up(self, quota: int | Record) -> int:
        """Makes every inner node below a quota the sum of its children; how many changed."""
        return self._open().roll_up(id_of(quota, "quota"))

    def commit_quota(self, quota: int | Record, amount: Money | Number) -> None:
        """What the owner of a quota promises from below; see report "quota_reconciliation"."""
        self._open().commit_quota(id_of(quota, "quota"), amount)

    def set_ramp(
        self, employee: int | Record, start: date, steps: Sequence[Number], basis: str = "calendar"
    ) -> list[int]:
        """Ramps somebody up: month k from `start` is expected to bring the share steps[k] (0 to 1) of the target.
        Leaves are records of `quota_reliefs`."""
        return self._open().set_ramp(id_of(employee, "employee"), start, list(steps), basis)

    def copy_quotas(self, plan: int | Record, root: int | Record) -> list[int]:
        """Copies the tree below a quota into a draft (a record of `quota_plans`)."""
        return self._open().copy_quotas(id_of(plan, "plan"), id_of(root, "root"))

    def move_quota_plan(self, plan: int | Record, state: str) -> None:
        """Moves a version to "proposed", "agreed" or back to "draft"."""
        self._open().move_quota_plan(id_of(plan, "plan"), state)

    def activate_quota_plan(self, plan: int | Record) -> Table:
        """Puts an agreed version in force; the nodes whose children do not add up. Raises StateError for those where
        the version is strict."""
        return Table(self._open().activate_quota_plan(id_of(plan, "plan")))

    # --- bonuses, costs and draws: records of `bonuses`, `cost_assets` and `draws`
    def set_bonus_parts(self, bonus: int | Record, parts: Sequence[Mapping[str, Any]]) -> None:
        """The weights of a pool ({"employee": id, "weight": 3}, with a cap as "amount"), or the prizes of a contest
        ({"amount": "500"}), from the first place on; replaces what was there."""
        self._open().set_bonus_parts(id_of(bonus, "bonus"), [plain(part) for part in parts])

    def post_bonus(self, bonus: int | Record) -> int:
        """Posts as `awards` what is missing to the outcome by the facts; how many were added."""
        return self._open().post_bonus(id_of(bonus, "bonus"))

    def post_amortization(self, asset: int | Record, until: date) -> int:
        """Posts the lines of a cost asset whose month has begun by a day; how many were added."""
        return self._open().post_amortization(id_of(asset, "asset"), until)

    def write_off_asset(self, asset: int | Record, lost_on: date) -> None:
        """The customer is lost on a day: what is due until then is posted, the rest written off."""
        self._open().write_off_asset(id_of(asset, "asset"), lost_on)

    def post_draw(self, draw: int | Record, period: str) -> Record:
        """Settles a draw for a period against the person's closed statement."""
        return Record(self._open().get("draw_line", self._open().post_draw(id_of(draw, "draw"), period)))

    # --- what it did for people
    def catch_up(self, language: str = "en") -> Feedback:
        """What this work has done so far for the people its records belong to; kept as records of `progresses`."""
        text, rows = self._open().catch_up(language)
        return Feedback(text, Table(rows))

    def deliver_digest(self, employee: int | Record, day: date | None = None, language: str = "en") -> str:
        """Somebody's morning digest, handed out once: later calls of that day give what the first one gave."""
        return self._open().deliver_digest(id_of(employee, "employee"), day, language)
