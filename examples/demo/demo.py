# SPDX-License-Identifier: Apache-2.0
"""The main job, end to end: from files of deals to a commission statement that explains every cent.

    python demo.py [--data FOLDER] [--out demo-out]

FOLDER holds accounts.csv, products.csv, sales_teams.csv and sales_pipeline.csv laid out like the public maven_crm set;
without it a seeded generator makes such a folder. The store, the files and the cockpit page are left in `--out`.
"""

from __future__ import annotations

import argparse
import pathlib
import sys
from datetime import date

import kith
import owned
from generate import generate
from kith import cockpit
from kith._grid import empty_columns, print_grid
from kith.errors import Error
from recount import MAPPINGS, Books, DataError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

TABLES = ("accounts", "products", "sales_teams", "sales_pipeline")
STORE = "demo.kith"
WRITTEN = [STORE, *(f"{STORE}-{part}" for part in ("wal", "shm", "journal")), "cockpit.html"]
WRITTEN += [f"{name}.rejects.csv" for name in TABLES]
SHOWN = 12  # rows of a cockpit's table at the terminal
FIRST_DAY = date(2016, 1, 1)
PLAN = {
    "format": "kith.plan/1",
    "name": "agents",
    "version": 1,
    "currency": "USD",
    "calendar": "calendar",
    "interval": "quarter",
    "valid": {"from": FIRST_DAY.isoformat()},
    "rounding": {"mode": "half_up", "point": "telescoped"},
    "order": ["date", "sequence", "id"],
    "eligibility": {"when": "base_amount > 0.00 USD"},
    "credit": {"role": "primary", "base": "amount", "split": "from_event"},
    "components": [
        {
            "name": "revenue",
            "accumulate": "interval",
            "negative": "first_tier",
            "tiers": {
                "mode": "marginal",
                "bands": [
                    {"from": "0", "rate": "0.03"},
                    {"from": "25000", "rate": "0.05"},
                    {"from": "75000", "rate": "0.08"},
                ],
            },
        }
    ],
}

console = Console(width=None if sys.stdout.isatty() else 110)


def heading(text: str) -> None:
    console.print(f"\n[bold]{text}[/bold]")


def grid(title: str, names: list[str], rows: list[tuple], most: int | None = None) -> None:
    """A table in the terminal: numbers to the right, no column that is empty, and how many rows are left out."""
    empty = empty_columns(names, rows)
    places = [place for place, name in enumerate(names) if name not in empty]
    texts = [not rows or isinstance(rows[0][place], str) for place in places]
    shown = [[cockpit.show(row[place]) for place in places] for row in rows[:most]]
    print_grid(console, [names[place] for place in places], texts, shown, title)
    if len(shown) < len(rows):
        console.print(f"... and {len(rows) - len(shown)} more rows")


def build_organisation(session: kith.Session, books: Books) -> int:
    """Company > region > team of a manager > agents; the company's unit."""
    with session.work("organisation") as work:
        company = work.units.create(name="Company", start=FIRST_DAY)
        teams = {}
        for region in books.regions:
            below = work.units.create(name=region, parent=company.id, start=FIRST_DAY)
            for manager in books.managers_of(region):
                teams[manager] = work.units.create(name=f"Team {manager}", parent=below.id, start=FIRST_DAY).id
        for employee in work.employees.find():
            work.employees.transfer(employee, teams[books.manager_of[employee.name]], FIRST_DAY)
        work.pipelines.create(
            name="Standard",
            stages=[{"name": "Prospecting", "probability": "0.2"}, {"name": "Engaging", "probability": "0.5"}],
        )
    return company.id


def import_table(session: kith.Session, folder: pathlib.Path, out: pathlib.Path, name: str) -> dict:
    """One file through its mapping; a bar while it runs, the report afterwards."""
    bar = Progress(
        TextColumn(f"{name:<20}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("bytes"),
        TimeElapsedColumn(),
        console=console,
    )
    with bar:
        task = bar.add_task(name)

        def tell(rows: int, done: int, total: int) -> None:
            bar.update(task, completed=done, total=None if total < 0 else total)

        report = session.import_csv(
            folder / f"{name}.csv",
            (MAPPINGS / f"{name}.import.json").read_text(encoding="utf-8"),
            aliases=[(MAPPINGS / "aliases.json").read_text(encoding="utf-8")],
            rejects=out / f"{name}.rejects.csv",
            cause=f"import {name}.csv",
            progress=tell,
        )
        size = (folder / f"{name}.csv").stat().st_size
        bar.update(task, completed=size, total=size)
    return report


def show_import(reports: dict[str, dict]) -> None:
    grid(
        "What came in",
        ["file", "rows", "created", "updated", "unchanged", "rejected"],
        [
            (name, report["rows"], report["created"], report["updated"], report["unchanged"], report["rejected"])
            for name, report in reports.items()
        ],
    )
    rows = [
        (name, notice["kind"], notice["column"], notice["value"] or "(blank)", notice["used"] or "", notice["count"])
        for name, report in reports.items()
        for notice in report["notices"]
        if notice["kind"] != "column_ignored"
    ]
    grid(
        "What was noticed on the way (nothing is mended silently)",
        ["file", "kind", "column", "value", "taken as", "cells"],
        rows,
    )
    for name, report in reports.items():
        for problem in report["problems"][:5]:
            console.print(
                f"  {name}.csv line {problem['line']}, {problem['column']}: {problem['reason']}", markup=False
            )
    rejected = [f"{report['rejected']:,d} of {name}.csv" for name, report in reports.items() if report["rejected"]]
    if rejected:
        sys.exit(f"demo: rows were rejected: {', '.join(rejected)}; mend them and run the demo again")


def show_truths(session: kith.Session, books: Books) -> None:
    """Counts and sums of the store beside a recount straight from the files."""
    deals = session.report("deals")[0]
    rows = [
        ("deals", deals.deals, books.deals),
        ("won", deals.won, books.won),
        ("lost", deals.lost, books.lost),
        (
            "engaging",
            len(
                session.opportunities.find(
                    "status = 'open' and stage = :s", s=stage_id(session, "Engaging"), fields=["id"]
                )
            ),
            books.engaging,
        ),
        (
            "prospecting",
            len(
                session.opportunities.find(
                    "status = 'open' and stage = :s", s=stage_id(session, "Prospecting"), fields=["id"]
                )
            ),
            books.prospecting,
        ),
        ("won value", deals.won_amount.amount, books.won_value),
    ]
    best = session.report("ranking", by="owner")[0]
    rows.append((f"best agent: {best.name}, {best.won} deals", best.amount.amount, books.value_of_agent[best.name]))
    for region in session.report("ranking", by="region"):
        rows.append((f"won in {region.name}", region.amount.amount, books.value_of_region[region.name]))
    for quarter in session.report("win_rate", by="quarter"):
        rows.append(
            (
                f"{quarter.group}: {quarter.won} won, {quarter.lost} lost",
                quarter.won_amount.amount,
                books.value_of_quarter[quarter.group],
            )
        )
    grid(
        "The store beside a recount from the files",
        ["figure", "store", "files", ""],
        [(name, ours, theirs, "equal" if ours == theirs else "DIFFERENT") for name, ours, theirs in rows],
    )
    if any(ours != theirs for _, ours, theirs in rows):
        sys.exit("the store does not say what the files say")


def stage_id(session: kith.Session, name: str) -> int:
    return session.stages.find_one("name = :n", n=name).id


def set_quotas(session: kith.Session, company: int, books: Books) -> None:
    """A company target a quarter, shared by heads to regions and teams and equally to agents."""
    heads = {
        region: len([m for m in books.manager_of.values() if m in books.managers_of(region)])
        for region in books.regions
    }
    with session.work("quotas") as work:
        units = {unit.name: unit.id for unit in work.units.find()}
        members = {
            unit: [e.id for e in work.employees.find("unit = :u", u=unit, order=["name"])] for unit in units.values()
        }
        for quarter in books.quarters:
            top = work.set_quota(quarter, books.company_target, unit=company)
            regions = [{"unit": units[region], "weight": heads[region]} for region in books.regions]
            for region, quota in zip(books.regions, work.decompose(top, regions, "ratio"), strict=True):
                teams = [units[f"Team {manager}"] for manager in books.managers_of(region)]
                shares = [{"unit": team, "weight": len(members[team])} for team in teams]
                for team, below in zip(teams, work.decompose(quota, shares, "ratio"), strict=True):
                    work.decompose(below, [{"employee": agent} for agent in members[team]], "equal")


def pay(session: kith.Session, company: int, books: Books) -> None:
    """Statements for every agent and quarter, beside an independent sum with rationals."""
    with session.work("plan") as work:
        work.add_plan(PLAN)
        work.assign_plan("agents", unit=company, start=FIRST_DAY)
    rows = []
    for quarter in books.quarters:
        with session.work(f"commission {quarter}") as work:
            run = work.run_commission(quarter)
        rows.append((quarter, run["statements"], run["lines"], run["total"].amount, books.commission(quarter)))
    rows.append(
        (
            "all",
            sum(row[1] for row in rows),
            sum(row[2] for row in rows),
            sum(row[3] for row in rows),
            sum(row[4] for row in rows),
        )
    )
    grid(
        "Commission: marginal 3 % to 25,000, 5 % to 75,000, 8 % above, per agent and quarter",
        ["quarter", "statements", "lines", "store", "recount with rationals"],
        rows,
    )
    if any(row[3] != row[4] for row in rows):
        sys.exit("the commission does not equal its recount")


def explain_one(session: kith.Session, books: Books) -> None:
    """The smallest statement that reaches the third band, to the cent."""
    quarter = books.quarters[-1]
    reached = [s for s in session.report("statements", period=quarter) if s.credit.amount > 75_000]
    chosen = min(reached or session.report("statements", period=quarter), key=lambda s: s.credit.amount)
    heading(f"Why {chosen.employee} earned {chosen.total} in {quarter}")
    text = session.explain(chosen.statement)
    lines = text.splitlines()
    console.print("\n".join(lines[:40]), markup=False, highlight=False)
    if len(lines) > 40:
        console.print(f"... {len(lines) - 40} more lines: kith commission explain")
    faults = kith.check_trace(session.explain(chosen.statement, format="json"))
    console.print(f"Recomputed from the explanation alone: {len(faults)} steps that do not hold.")


def run(folder: pathlib.Path, out: pathlib.Path, books: Books) -> None:
    path = out / STORE
    with kith.open(path) as store, store.session() as session:
        heading(f"Importing {folder}")
        reports = {"sales_teams": import_table(session, folder, out, "sales_teams")}
        company = build_organisation(session, books)
        for name in ("products", "accounts", "sales_pipeline"):
            reports[name] = import_table(session, folder, out, name)
        show_import(reports)
        show_truths(session, books)
        set_quotas(session, company, books)
        pay(session, company, books)
        explain_one(session, books)
        with session.work("close") as work:
            work.close_commission(books.quarters[0])
        heading("Cockpit")
        for title, table in cockpit.summary(session, books.quarters[-1]):
            grid(title, table.columns, table.rows(), SHOWN)
        page = cockpit.write_page(session, out / "cockpit.html", title="Sales cockpit", period=books.quarters[-1])
        findings = session.check()
        console.print(f"\nkith check: {len(findings)} findings. State digest {session.digest()[:16]}...")
        console.print(f"Store {path}, page {page} (open it in a browser; it needs no network).")
        if len(findings):
            sys.exit(repr(findings))


def encoding_of(path: pathlib.Path) -> str:
    """A file's encoding as Python calls it: UTF-8, or what Kith finds out when it imports."""
    try:
        path.read_text(encoding="utf-8-sig")
        return "utf-8-sig"
    except UnicodeDecodeError:
        pass
    mapping = (MAPPINGS / f"{path.stem}.import.json").read_text(encoding="utf-8")
    aliases = (MAPPINGS / "aliases.json").read_text(encoding="utf-8")
    with kith.open("memory:") as store, store.session() as session:
        found = session.import_csv(path, mapping, aliases=[aliases], dry_run=True)["encoding"]["name"]
    return {"shift_jis": "cp932", "utf-8": "utf-8-sig"}.get(found, found)


def start(data: pathlib.Path | None, out: pathlib.Path) -> None:
    """Checks the data and the folder before anything is replaced, then runs."""
    owned.check(out, data)
    if data is None:
        folder = out / "data"
        files = [folder / f"{name}.csv" for name in TABLES]
        owned.begin(out, [*WRITTEN, *(f"data/{file.name}" for file in files)])
        generate(folder)
        owned.keep_digests(out, files)
        books = Books(folder)
    else:
        folder = data
        missing = [f"{name}.csv" for name in TABLES if not (folder / f"{name}.csv").is_file()]
        if missing:
            raise DataError(f"{folder} lacks {', '.join(missing)}; --data is a folder laid out like the maven_crm set")
        books = Books(folder, encoding_of)
        owned.begin(out, WRITTEN)
    run(folder, out, books)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, help="a folder laid out like maven_crm; it is only read")
    parser.add_argument(
        "--out",
        type=pathlib.Path,
        default=pathlib.Path("demo-out"),
        help="where the demo's files go: a new folder, or one of an earlier run",
    )
    arguments = parser.parse_args()
    try:
        start(arguments.data, arguments.out)
    except (DataError, owned.FolderError, Error, ImportError, OSError) as error:
        sys.exit(f"demo: {error}")


if __name__ == "__main__":
    main()
