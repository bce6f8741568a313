# SPDX-License-Identifier: Apache-2.0
"""A store as a whole at the terminal: copies, dumps, made companies, its digest and health."""

from __future__ import annotations

import json
import pathlib
from typing import Annotated

import typer

import kith

from ._cli_shared import Actor, Format, Shown, StorePath, check_writable, opened, opened_store, out, show

commands = typer.Typer()


@commands.command()
def backup(
    store: StorePath, file: Annotated[str, typer.Argument(help="A new store file.")], actor: Actor = "local"
) -> None:
    """Copy the whole store into a new file while others write on."""
    opened(store, actor).backup(file)
    out.print(f"Wrote {file}.", markup=False)


@commands.command()
def dump(
    store: StorePath, file: Annotated[str, typer.Argument(help="Where to, as JSON Lines.")], actor: Actor = "local"
) -> None:
    """Write the whole store as JSON Lines."""
    opened(store, actor).dump(file)
    out.print(f"Wrote {file}.")


@commands.command()
def load(store: StorePath, file: Annotated[str, typer.Argument(help="A dump.")]) -> None:
    """Load a dump into a new store."""
    kith.load(file, store)
    out.print(f"Loaded {file}. State digest {kith.open(store, create=False).session().digest()}", soft_wrap=True)


@commands.command()
def generate(
    store: StorePath,
    records: Annotated[int, typer.Option(help="About how many customers, contacts and deals.")] = 10_000,
    seed: Annotated[int, typer.Option(help="Another seed, another company.")] = 1,
    currency: Annotated[str, typer.Option(help="Of all amounts.")] = "USD",
    inputs: Annotated[
        pathlib.Path | None,
        typer.Option(
            help="Also write its people and events here as JSON (kith.inputs/1), for `kith.plan().compute` in Python."
        ),
    ] = None,
    events: Annotated[
        bool, typer.Option("--events/--no-events", help="Post bookings, invoices, payments and returns, too.")
    ] = True,
    format: Shown = Format.table,
) -> None:
    """Make a company that never was, in a new store: people, customers, deals, three years."""
    if inputs is not None:
        check_writable(inputs)
    written = kith.generate(store, records=records, seed=seed, currency=currency, events=events)
    if inputs is not None:
        told = kith.generate_inputs(records=records, seed=seed, currency=currency)
        inputs.write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
    if format is Format.json:
        typer.echo(json.dumps(written))
        return
    for what, count in written.items():
        typer.echo(f"{what},{count}" if format is Format.csv else f"{count:>10,}  {what}")


@commands.command()
def digest(store: StorePath, actor: Actor = "local") -> None:
    """SHA-256 of the whole store."""
    out.print(opened(store, actor).digest(), soft_wrap=True)


@commands.command()
def check(store: StorePath, actor: Actor = "local", format: Shown = Format.table) -> None:
    """Look for anything that does not hold: references, sums, dated rows, history, the chain."""
    found = opened(store, actor).check()
    if len(found):
        show(found, format)
        raise typer.Exit(1)
    out.print("Everything holds.")


@commands.command("shard-plan")
def shard_plan(
    schema: Annotated[str, typer.Option(help="The schema of the tables.")] = "kith",
) -> None:
    """The statements that spread a PostgreSQL store over Citus, in order; run them once on the coordinator."""
    for statement in kith.shard_plan(schema):
        typer.echo(statement)


ServerUrl = Annotated[str, typer.Argument(metavar="URL", help="postgresql://user@host/database?kith_schema=...")]


@commands.command()
def tenants(url: ServerUrl, format: Shown = Format.table) -> None:
    """List the tenants of a schema on a server, as far as the role may see them."""
    show(kith.tenants(url), format)


@commands.command("remove-tenant")
def remove_tenant(
    url: ServerUrl,
    confirm: Annotated[int, typer.Option(help="The number of the tenant that the URL names, once more.")],
) -> None:
    """Remove every row of a tenant, with its history. Only a backup or a dump brings it back."""
    rows = kith.remove_tenant(url, confirm=confirm)
    out.print(f"Removed tenant {confirm}: {rows} rows.")


@commands.command()
def doctor(store: StorePath) -> None:
    """What a store stands on, and what to look out for. Changes nothing."""
    try:
        there = opened_store(store, migrate=False)
    except kith.VersionError:
        script = kith.migration(store)
        if not script:
            raise  # newer than this Kith
        out.print(f"kith {kith.__version__}")
        _, _, old, _, new, *_ = script.split(maxsplit=5)
        out.print(
            f"format {old}: opening the store for writing migrates it to format {new.rstrip(',')}, and so does every "
            "other command; kith migrate shows the statements and runs them when it is told so; back it up first",
            soft_wrap=True,
        )
        return
    with there:
        out.print(f"kith {kith.__version__}")
        for line in there.doctor():
            out.print(line, markup=False, soft_wrap=True)
