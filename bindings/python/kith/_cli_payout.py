# SPDX-License-Identifier: Apache-2.0
"""`kith commission ...` for general plans: events, approval, re-opening, exports, what-if, accruals."""

from __future__ import annotations

import pathlib
import sys
from difflib import get_close_matches
from typing import Annotated, Any

import typer

from kith import Session
from kith._arguments import read_text
from kith._cli_shared import (
    Actor,
    Format,
    FromDay,
    Shown,
    StorePath,
    ToEmployee,
    ToRole,
    ToUnit,
    assign,
    day,
    employee_named,
    opened,
    out,
    show,
)
from kith.errors import NotFoundError

commission = typer.Typer(no_args_is_help=True, help="Plans, runs, statements and explanations.")


@commission.command()
def approve(
    store: StorePath,
    name: Annotated[str, typer.Argument(help="Name of the plan.")],
    version: Annotated[int, typer.Option(help="Its version; the newest draft without it.")] = 0,
    accept: Annotated[bool, typer.Option(help="Accept what lint finds; it is kept with the plan.")] = False,
    actor: Actor = "local",
) -> None:
    """Let a draft pay."""
    with opened(store, actor).work(f"approve {name}") as work:
        drafts = work.commission_plans.find("name = :n and state = 'draft'", n=name, order=("version desc",))
        draft = next((row for row in drafts if version in (0, row.version)), None)
        if draft is None:
            raise NotFoundError(f"there is no such draft of '{name}'", "commission_plan")
        work.approve_plan(draft.id, accept_findings=accept)
        version = draft.version
    out.print(f"Version {version} of '{name}' is approved.")


@commission.command("assign")
def assign_plan(
    store: StorePath,
    name: Annotated[str, typer.Argument(help="Name of a plan that is stored.")],
    unit: ToUnit = "",
    employee: ToEmployee = "",
    role: ToRole = "",
    start: FromDay = "",
    actor: Actor = "local",
) -> None:
    """Assign a stored plan, whatever its version, to one unit, employee or role."""
    first = day(start, "--from")
    with opened(store, actor).work(f"assign {name}") as work:
        versions = work.commission_plans.find("name = :n", n=name, order="valid_from", limit=1)
        if not len(versions):
            known = [row.name for row in work.commission_plans.find(fields="name")]
            near = get_close_matches(name, known, n=3)
            hint = f"; did you mean {' or '.join(near)}?" if near else "; add it by `kith commission plan`"
            raise NotFoundError(f"there is no plan '{name}'{hint}", "commission_plan")
        told = assign(work, name, first or versions[0].valid_from, unit=unit, employee=employee, role=role)
    out.print(f"Plan '{name}' is {told}.", markup=False, soft_wrap=True)


@commission.command()
def post(
    store: StorePath,
    file: Annotated[pathlib.Path, typer.Argument(help="Events: a JSON list, or kith.inputs/1.")],
    actor: Actor = "local",
) -> None:
    """Store business events; the same ones again change nothing."""
    with opened(store, actor).work(f"events {file.name}") as work:
        done = work.post_events(read_text(file))
    out.print(", ".join(f"{count} {what}" for what, count in done.items()) + ".")


@commission.command()
def reopen(
    store: StorePath,
    period: Annotated[str, typer.Argument(help="Such as 2017-Q2.")],
    reason: Annotated[str, typer.Argument(help="Why; it is kept.")],
    actor: Actor = "local",
) -> None:
    """Open the newest closed period again."""
    with opened(store, actor).work(f"reopen {period}") as work:
        work.reopen_commission(period, reason)
    out.print(f"{period} is open again.")


def _named(session: Session, employee: str, period: str) -> Any:
    return session.statement(employee_named(session, employee), period)


@commission.command("export")
def export_statement(
    store: StorePath,
    employee: Annotated[str, typer.Argument(help="Name.")],
    period: Annotated[str, typer.Argument(help="Such as 2017-Q2.")],
    actor: Actor = "local",
) -> None:
    """Plan, facts and result of a statement, for `kith commission check` anywhere."""
    session = opened(store, actor)
    sys.stdout.write(session.explain(_named(session, employee, period), format="json") + "\n")


@commission.command()
def recheck(
    store: StorePath,
    employee: Annotated[str, typer.Argument(help="Name.")],
    period: Annotated[str, typer.Argument(help="Such as 2017-Q2.")],
    format: Shown = Format.table,
    actor: Actor = "local",
) -> None:
    """Compute a statement again from the facts as they were, and name what differs."""
    session = opened(store, actor)
    found = session.recheck(_named(session, employee, period))
    if len(found):
        show(found, format)
        raise typer.Exit(1)
    out.print("Every line holds.")


def _differences(session: Session, rows: list[dict[str, Any]]) -> None:
    for row in rows:
        name = session.employees.get(row["employee"]).name
        out.print(f"{name}: {row['before']} to {row['after']}, {row['difference']}")


@commission.command("what-if")
def what_if(
    store: StorePath,
    plan: Annotated[str, typer.Argument(help="Name of the plan that was in force.")],
    file: Annotated[pathlib.Path, typer.Argument(help="Another plan document, kith.plan/2.")],
    first: Annotated[str, typer.Argument(help="First period, such as 2017-01.")],
    last: Annotated[str, typer.Argument(help="Last period.")],
    actor: Actor = "local",
) -> None:
    """What another plan would have paid for the same facts; nothing is written."""
    session = opened(store, actor)
    _differences(session, session.what_if(plan, first, last, document=read_text(file)))


@commission.command("what-if-quota")
def what_if_quota(
    store: StorePath,
    plan: Annotated[str, typer.Argument(help="Name of the plan that was in force.")],
    employee: Annotated[str, typer.Argument(help="Name of whoever has the quota.")],
    period: Annotated[str, typer.Argument(help="Such as 2017-Q2.")],
    amount: Annotated[str, typer.Argument(help="The other quota, in the currency of the plan.")],
    counts: Annotated[str, typer.Option(help="won_amount, won_count, new_customers or a measure.")] = "won_amount",
    actor: Actor = "local",
) -> None:
    """What the plan would have paid under another quota, for the same facts; nothing is written."""
    session = opened(store, actor)
    quota = {"name": f"quota.{counts}", "person": employee, "period": period, "value": amount}
    rows = session.what_if(plan, period, period, values=[quota])
    own = session.employees.find_one("name = :n", n=employee).id
    _differences(session, [row for row in rows if row["employee"] == own or row["before"] != row["after"]])


@commission.command()
def accrue(
    store: StorePath,
    period: Annotated[str, typer.Argument(help="Such as 2017-Q2.")],
    draws: Annotated[int, typer.Option(help="Mean over so many draws; 0: amount x probability.")] = 0,
    actor: Actor = "local",
) -> None:
    """What would become due if the open deals expected in a period came in."""
    session = opened(store, actor)
    rows = session.accrue(period, draws=draws)
    _differences(session, rows)
    if not rows:
        out.print(f"Nothing: no plan of format kith.plan/2 is approved and assigned to anybody in {period}.")
