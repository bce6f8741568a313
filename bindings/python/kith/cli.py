# SPDX-License-Identifier: Apache-2.0
"""The command line: `kith COMMAND STORE ...`. Failures are one line on stderr and exit code 1; 2 is wrong usage."""

from __future__ import annotations

import pathlib
import sys
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table as Grid

import kith
from kith import Records, Session
from kith.errors import Error, InvalidError, NotFoundError

from . import _cli_history, _cli_store
from ._arguments import no_kind, read_text
from ._cli_payout import commission
from ._cli_shared import (
    LINE_COLUMNS,
    Actor,
    Format,
    FromDay,
    Given,
    Shown,
    StorePath,
    ToEmployee,
    ToRole,
    ToUnit,
    assign,
    employee_named,
    filled,
    opened,
    opened_store,
    out,
    parameters,
    show,
    without_password,
)
from ._cli_shared import day as day_of

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Kith, an embeddable CRM engine: customers, pipeline, quotas and commission in one file.",
)
app.add_typer(commission, name="commission")
plans = typer.Typer(no_args_is_help=True, help="Plan documents, without a store.")
app.add_typer(plans, name="plan")
for part in (_cli_history, _cli_store):
    app.registered_commands += part.commands.registered_commands
    app.registered_groups += part.commands.registered_groups


COUNTED = 10_000  # of the rows that a limit leaves out, so many are counted


class Profile(StrEnum):
    """Whom a CSV file is for."""

    spreadsheet = "spreadsheet"
    interchange = "interchange"


AsOf = Annotated[str, typer.Option("--as-of", metavar="WORK|TIME", help="As it was recorded then.")]
On = Annotated[str, typer.Option("--on", metavar="DAY", help="What held on that day: owner, unit, stage, status.")]


def at_moment(session: Session, as_of: str, on: str) -> Any:
    """The session itself, or a reader of a moment."""
    if not as_of and not on:
        return session
    return session.reader(moment(as_of), valid_on=day_of(on, "--on"))


def moment(as_of: str) -> int | datetime | None:
    """What --as-of names: a work by number, or a time."""
    if not as_of:
        return None
    if as_of.isascii() and as_of.isdigit():
        return int(as_of)
    try:
        time = datetime.fromisoformat(as_of)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise InvalidError(
            f"--as-of '{as_of}' is neither a work's number nor a time with its zone; write YYYY-MM-DDTHH:MM+00:00 "
            "(what held on a day is --on YYYY-MM-DD)"
        )
    return time


def is_there(store: str) -> bool:
    """Whether that path or URL holds something."""
    if "://" not in store:
        return pathlib.Path(store.removeprefix("sqlite:")).exists()
    try:
        kith.open(store, create=False).close()
    except NotFoundError:
        return False
    return True


def kind_of(session: Session, entity: str) -> Records:
    """The records of a plural."""
    records = getattr(session, entity, None)
    if not isinstance(records, Records):
        raise NotFoundError(no_kind(entity, list(kith._kith.plurals())))
    return records


def print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"kith {kith.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Say the version and go.")
    ] = False,
) -> None:
    # Only for its option; what the program is for is told by `app`.
    del version


@app.command()
def init(
    store: StorePath,
    currency: Annotated[str, typer.Option(help="Base currency.")] = "USD",
    zone: Annotated[str, typer.Option(help="IANA time zone.")] = "UTC",
) -> None:
    """Make a new store."""
    if is_there(store):
        raise Error(f"'{without_password(store)}' is there already; choose another path")
    kith.open(store, currency=currency, zone=zone).session().close()
    made = without_password(store)
    out.print(f"Made {made}: base currency {currency}, zone {zone}, principal local (admin).", markup=False)


@app.command("import")
def import_(
    store: StorePath,
    file: Annotated[pathlib.Path, typer.Argument(help="CSV file.")],
    mapping: Annotated[pathlib.Path, typer.Argument(help="Mapping document, kith.import/1.")],
    aliases: Annotated[list[pathlib.Path] | None, typer.Option(help="Alias document, kith.aliases/1.")] = None,
    dry_run: Annotated[bool, typer.Option(help="Check everything, keep nothing.")] = False,
    all_or_nothing: Annotated[bool, typer.Option(help="Keep nothing when a row is rejected.")] = False,
    rejects: Annotated[pathlib.Path | None, typer.Option(help="Where rejected rows go.")] = None,
    encoding: Annotated[
        str | None, typer.Option(help="utf-8, gb18030, big5, shift_jis, utf-16le, utf-16be; else it is found out.")
    ] = None,
    actor: Actor = "local",
) -> None:
    """Import a CSV file; what is rejected, mended or blank is counted, never silent."""
    session = opened(store, actor)
    target = rejects or file.with_suffix(".rejects.csv")
    bar = Progress(
        TextColumn(file.name), BarColumn(), DownloadColumn(), TimeElapsedColumn(), console=Console(stderr=True)
    )
    with bar:
        task = bar.add_task(file.name, total=None)

        # The size of a file that has to be brought to UTF-8 is not known while it runs.
        def tell(rows: int, done: int, total: int) -> None:
            bar.update(task, completed=done, total=None if total < 0 else total)

        report = session.import_csv(
            file,
            read_text(mapping),
            aliases=[read_text(one) for one in aliases or []],
            dry_run=dry_run,
            all_or_nothing=all_or_nothing,
            rejects=target,
            cause=f"import {file.name}",
            progress=tell,
            encoding=encoding,
        )
        size = file.stat().st_size
        bar.update(task, completed=size, total=size)
    print_report(report, target)
    if report["rejected"]:
        raise typer.Exit(1)


def print_report(report: dict[str, Any], rejects: pathlib.Path) -> None:
    """Counts, notices and the first problems of an import."""
    if report["dry_run"]:
        out.print("Dry run: nothing was kept.")
    elif not report["committed"]:
        out.print("Nothing was kept, for not all could be (--all-or-nothing); the counts are what would have been.")
    grid = Grid()
    counts = ["rows", "created", "updated", "unchanged", "rejected"]
    for name in counts:
        grid.add_column(name, justify="right")
    grid.add_row(*[f"{report[name]:,d}" for name in counts])
    out.print(grid)
    out.print(f"encoding: {report['encoding']['name']} ({report['encoding']['why']})", markup=False, soft_wrap=True)
    for notice in report["notices"]:
        used = f" -> {notice['used']}" if notice["used"] else ""
        out.print(f"{notice['kind']}: {notice['column']} {notice['value']!r}{used}: {notice['count']:,d}", markup=False)
    for problem in report["problems"][:20]:
        out.print(
            f"line {problem['line']}, {problem['column'] or 'row'} {problem['value']!r}: {problem['reason']}",
            markup=False,
        )
    if report["rejected"]:
        out.print(f"{report['rejected']:,d} rows were rejected and written to {rejects}", markup=False, soft_wrap=True)


@app.command()
def find(
    store: StorePath,
    entity: Annotated[str, typer.Argument(help="customers, opportunities, ...")],
    where: Annotated[str, typer.Option(help='Filter, such as "amount >= :least".')] = "",
    param: Given = None,
    order: Annotated[list[str] | None, typer.Option(help="Field, or 'field desc'.")] = None,
    fields: Annotated[str, typer.Option(help="Comma-separated.")] = "",
    limit: Annotated[int, typer.Option(min=0, help="Rows at most; 0 for all.")] = 50,
    as_of: AsOf = "",
    on: On = "",
    format: Shown = Format.table,
    actor: Actor = "local",
) -> None:
    """List records that a filter keeps."""
    records = kind_of(at_moment(opened(store, actor), as_of, on), entity)
    chosen = [name.strip() for name in fields.split(",") if name.strip()]
    found = records.find(where, order=order or [], fields=chosen, limit=limit or None, **parameters(param))
    only = chosen or filled(found)
    show(found, format, only=only)
    if format is Format.table and limit and len(found) == limit:
        told = sum(len(page) for page in records.scan(where, fields=["id"], limit=limit + COUNTED, **parameters(param)))
        if told > limit:
            least = "at least " if told == limit + COUNTED else ""
            out.print(f"... and {least}{told - limit:,d} more rows; --limit shows more.", highlight=False)
    left = [name for name in found.columns if name not in only]
    if left and format is Format.table:
        out.print(f"Not shown: {', '.join(left)}; --fields or --format csv show them.", highlight=False)


def entity_of(session: Session, plural: str) -> str:
    """The name of a kind of record that was given by its name or plural."""
    return kith._kith.plurals().get(plural, plural)


@app.command()
def fields(
    store: StorePath,
    entity: Annotated[str, typer.Argument(help="customers, opportunities, ...")],
    format: Shown = Format.table,
    actor: Actor = "local",
) -> None:
    """List the fields of a kind of record, the store's own behind the others."""
    session = opened(store, actor)
    show(session.fields(entity_of(session, entity)), format)


def rule_of(text: str) -> tuple[str, str]:
    """NAME=VALUE of a field of the store's own."""
    name, equals, value = text.partition("=")
    if not equals:
        raise InvalidError(f"--rule '{text}' is not NAME=VALUE; write it like unique=true or choices=red,green")
    return name, value


@app.command()
def define(
    store: StorePath,
    entity: Annotated[str, typer.Argument(help="customers, opportunities, ...")],
    name: Annotated[str, typer.Argument(help="As filters will name it.")],
    type: Annotated[str, typer.Option(help="text, integer, decimal, money, date, choice, boolean, id, ...")] = "text",
    rules: Annotated[
        list[str] | None,
        typer.Option("-r", "--rule", metavar="NAME=VALUE", help="unique=true, choices=red,green, formula=..., ..."),
    ] = None,
    actor: Actor = "local",
) -> None:
    """Give a kind of record a field of the store's own."""
    session = opened(store, actor)
    with session.work(f"define {name}") as work:
        given = dict(rule_of(rule) for rule in rules or [])
        made = work.custom_fields.create(entity=entity_of(session, entity), name=name, type=type, **given)
    out.print(f"Defined {made.entity}.{made.name}, {made.type}.", highlight=False)


@app.command()
def export(
    store: StorePath,
    entity: Annotated[str, typer.Argument(help="customers, opportunities, ...")],
    file: Annotated[str, typer.Argument(help="CSV file to write.")],
    where: Annotated[str, typer.Option(help='Filter, such as "amount >= :least".')] = "",
    param: Given = None,
    order: Annotated[list[str] | None, typer.Option(help="Field, or 'field desc'.")] = None,
    fields: Annotated[str, typer.Option(help="Comma-separated.")] = "",
    profile: Annotated[Profile, typer.Option(help="For a spreadsheet, or to be read back exactly.")] = (
        Profile.spreadsheet
    ),
    mark: Annotated[bool, typer.Option("--mark", help="Begin with a byte order mark, for Windows.")] = False,
    as_of: AsOf = "",
    on: On = "",
    actor: Actor = "local",
) -> None:
    """Write records into a CSV file, in constant memory."""
    rows = kind_of(at_moment(opened(store, actor), as_of, on), entity).export_csv(
        file,
        where,
        order=order or [],
        fields=[name.strip() for name in fields.split(",") if name.strip()],
        profile=profile,
        byte_order_mark=mark,
        **parameters(param),
    )
    out.print(f"Wrote {rows:,d} {entity} to {file}.", markup=False)


@app.command()
def report(
    store: StorePath,
    name: Annotated[str | None, typer.Argument(help="Without it: the list.")] = None,
    param: Given = None,
    as_of: AsOf = "",
    on: On = "",
    format: Shown = Format.table,
    actor: Actor = "local",
) -> None:
    """Run a report, or list them."""
    if name is None:
        with opened_store(store) as there:
            show(there.reports(), format)
        return
    show(at_moment(opened(store, actor), as_of, on).report(name, **parameters(param)), format, name)


@app.command()
def revalue(
    store: StorePath,
    day: Annotated[str, typer.Argument(help="Whose market rates count.")],
    where: Annotated[str, typer.Option(help="Only open deals that this filter keeps.")] = "",
    param: Given = None,
    actor: Actor = "local",
) -> None:
    """Value open deals at the market rates of a day, in the store's base currency: all of them or none."""
    on = day_of(day, "DAY")
    if on is None:
        raise InvalidError("DAY is empty; write it as YYYY-MM-DD")
    with opened(store, actor).work(f"revalue {on}") as work:
        changed = work.opportunities.revalue(on, where, **parameters(param))
    out.print(f"Deals changed: {changed:,d}.")


@commission.command("plan")
def plan(
    store: StorePath,
    file: Annotated[pathlib.Path, typer.Argument(help="Plan document, kith.plan/1 or kith.plan/2.")],
    unit: ToUnit = "",
    employee: ToEmployee = "",
    role: ToRole = "",
    start: FromDay = "",
    actor: Actor = "local",
) -> None:
    """Add a plan document, and assign it if asked to, from the first day it is valid unless told otherwise."""
    document = read_text(file)
    first = day_of(start, "--from")
    told = ""
    with opened(store, actor).work(f"plan {file.name}") as work:
        number = work.add_plan(document)
        added = work.commission_plans.get(number)
        name, state = added.name, added.state
        if unit or employee or role:
            told = f" and {assign(work, name, first or added.valid_from, unit=unit, employee=employee, role=role)}"
        elif start:
            raise InvalidError("--from is the first day of an assignment; say to whom by --unit, --employee or --role")
    out.print(f"Plan '{name}' was added{told}.", markup=False, soft_wrap=True)
    if state == "draft":
        out.print("It is a draft: look at `kith plan lint`, then `kith commission approve`.")


@commission.command()
def run(
    store: StorePath, period: Annotated[str, typer.Argument(help="Such as 2017-Q2.")], actor: Actor = "local"
) -> None:
    """Compute the statements of a period; the same facts again change nothing."""
    with opened(store, actor).work(f"commission {period}") as work:
        result = work.run_commission(period)
    out.print(
        f"{period}: {result['statements']} statements, {result['lines']} lines, {result['changed']} changed, "
        f"{result['adjustments']} adjustments. Total {result['total']}."
    )
    if not result["statements"]:
        out.print(
            f"No plan pays anybody in {period}: look at `kith find {store} plan_assignments` and `kith find {store} "
            "commission_plans --fields name,version,state,valid_from,valid_to`.",
            markup=False,
            soft_wrap=True,
        )


@commission.command()
def statement(
    store: StorePath,
    employee: Annotated[str, typer.Argument(help="Name.")],
    period: Annotated[str, typer.Argument(help="Such as 2017-Q2.")],
    format: Shown = Format.table,
    actor: Actor = "local",
) -> None:
    """Somebody's statement, line by line."""
    session = opened(store, actor)
    found = session.statement(employee_named(session, employee), period)
    if format is Format.table:
        out.print(
            f"{employee}, {period}: credit {found.credit}, earned {found.earned}, adjusted {found.adjusted}, "
            f"total [bold]{found.total}[/bold], {found.status}"
        )
    show(session.lines(found), format, only=LINE_COLUMNS)


@commission.command()
def explain(
    store: StorePath,
    employee: Annotated[str, typer.Argument(help="Name.")],
    period: Annotated[str, typer.Argument(help="Such as 2017-Q2.")],
    line: Annotated[int | None, typer.Option(help="Position of one line.")] = None,
    format: Annotated[str, typer.Option(help="text, zh (in Chinese), steps or json.")] = "text",
    actor: Actor = "local",
) -> None:
    """Why a statement, or one line of it, is what it is."""
    session = opened(store, actor)
    found = session.statement(employee_named(session, employee), period)
    if line is None:
        sys.stdout.write(session.explain(found, format=format) + "\n")
        return
    chosen = session.statement_lines.find_one("statement = :s and position = :p", s=found.id, p=line)
    sys.stdout.write(session.explain(line=chosen, format=format) + "\n")


@commission.command()
def close(
    store: StorePath, period: Annotated[str, typer.Argument(help="Such as 2017-Q2.")], actor: Actor = "local"
) -> None:
    """Freeze a period."""
    with opened(store, actor).work(f"close {period}") as work:
        work.close_commission(period)
    out.print(f"{period} is closed; what is learned later posts to an open period.")


@commission.command("check")
def check_commission(
    file: Annotated[pathlib.Path, typer.Argument(help="An export, kith.commission/1 or kith.trace/1.")],
    explain: Annotated[str, typer.Option(help="Tell the steps to its figures, too: text, zh or steps.")] = "",
    person: Annotated[str, typer.Option(help="Explain what is of this person alone.")] = "",
    component: Annotated[str, typer.Option(help="Explain this component alone.")] = "",
    period: Annotated[str, typer.Option(help="Explain this period alone.")] = "",
    format: Shown = Format.table,
) -> None:
    """Compute an exported commission again, without a store, and name every figure that differs."""
    if not explain and (person or component or period):
        raise typer.BadParameter("--person, --component and --period choose what --explain tells; add --explain text.")
    exported = read_text(file)
    found = kith.check_commission(exported)
    if explain:
        language = "en" if explain == "text" else explain
        told = kith.explain_commission(exported, language, person=person, component=component, period=period)
        sys.stdout.write(told if told.endswith("\n") else told + "\n")
    if len(found):
        show(found, format)
        raise typer.Exit(1)
    typer.echo("Every figure holds.", err=explain == "steps")


PlanFile = Annotated[pathlib.Path, typer.Argument(help="Plan document, kith.plan/2 or kith.plan/1.")]


@plans.command()
def lint(file: PlanFile, format: Shown = Format.table) -> None:
    """What a plan allows but people rarely mean: cliffs with their cost, pay that falls, rows without effect."""
    found = kith.plan(read_text(file)).lint()
    if len(found):
        show(found, format)
    else:
        out.print("Nothing to remark.")


@plans.command()
def diff(before: PlanFile, after: PlanFile) -> None:
    """What changes from one plan document to another."""
    one, other = (kith.plan(read_text(file)) for file in (before, after))
    for line in one.diff(other) or ["Nothing changes."]:
        typer.echo(line)


@app.command()
def morning(
    store: StorePath,
    employee: Annotated[str, typer.Argument(help="Name.")],
    day: Annotated[str, typer.Option(help="The morning; today without it.")] = "",
    language: Annotated[kith.Language, typer.Option(help="Of the text.")] = kith.Language.english,
    actor: Actor = "local",
) -> None:
    """Somebody's morning digest: yesterday's deals, commission and attainment, what is due."""
    session = opened(store, actor)
    person = employee_named(session, employee)
    typer.echo(session.digest_text(person, day_of(day, "--day"), language), nl=False)


@app.command()
def actions(
    store: StorePath,
    employee: Annotated[str, typer.Argument(help="Name.")],
    period: Annotated[str, typer.Argument(help="Such as 2017-Q2.")],
    level: Annotated[list[str] | None, typer.Option(help="A measure from the deal backwards: talks, leads.")] = None,
    day: Annotated[str, typer.Option(help="As of that day; today without it.")] = "",
    language: Annotated[kith.Language, typer.Option(help="Of the text.")] = kith.Language.english,
    actor: Actor = "local",
) -> None:
    """What somebody's quota still takes, back-computed from history."""
    session = opened(store, actor)
    person = employee_named(session, employee)
    where = "employee = :e and period = :p and metric = 'won_amount' and draft = 0"
    quota = session.quotas.find_one(where, e=person.id, p=period)
    on = day_of(day, "--day")
    typer.echo(session.action_text(quota, on, level or [], language), nl=False)


def main() -> None:
    """The entry point: turns failures into one line."""
    try:
        app()
    except (Error, OSError) as error:
        Console(stderr=True).print(f"kith: {error}", markup=False, highlight=False, soft_wrap=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
