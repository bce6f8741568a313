# SPDX-License-Identifier: Apache-2.0
"""The past at the terminal: history, undo, restore, erasing, proof, the feed, archives."""

from __future__ import annotations

import pathlib
import sys
from typing import Annotated, Any

import typer

import kith
from kith.errors import NotFoundError

from ._arguments import no_kind
from ._cli_shared import Actor, Format, Shown, StorePath, opened, out, show

commands = typer.Typer()

Kind = Annotated[str, typer.Argument(metavar="KIND", help="customers, opportunities, ...")]
Number = Annotated[int, typer.Argument(metavar="ID", help="The record.")]


def kind_of(source: Any, name: str) -> Any:
    """The records of a kind, named in the singular or plural."""
    plurals = {entity: plural for plural, entity in kith._kith.plurals().items()}
    records = getattr(source, plurals.get(name, name), None)
    if not isinstance(records, kith.Records):
        raise NotFoundError(no_kind(name, [*plurals, *plurals.values()]))
    return records


@commands.command()
def history(
    store: StorePath,
    kind: Kind,
    id: Number,
    field: Annotated[str, typer.Option(help="All values of this field only.")] = "",
    versions: Annotated[bool, typer.Option(help="Whole versions instead of changes.")] = False,
    format: Shown = Format.table,
    actor: Actor = "local",
) -> None:
    """Who changed what of a record, when and why."""
    records = kind_of(opened(store, actor), kind)
    show(records.history(id) if versions else records.field_history(id, field or None), format)


@commands.command()
def works(
    store: StorePath,
    limit: Annotated[int, typer.Option(min=0, help="Rows at most; 0 for all.")] = 20,
    format: Shown = Format.table,
    actor: Actor = "local",
) -> None:
    """The latest works, newest first: the numbers that undo, as-of reads and anchors speak of."""
    fields = ["id", "recorded", "actor", "cause", "changes"]
    session = opened(store, actor)
    actors = {row.id: row.name for row in session.principals.find(fields=["id", "name"]) if row.name}
    show(session.works.find(order=["id desc"], fields=fields, limit=limit or None), format, names={"actor": actors})


@commands.command()
def undo(
    store: StorePath,
    seq: Annotated[int, typer.Argument(metavar="WORK", help="Its number; see works.")],
    dry_run: Annotated[bool, typer.Option(help="Say what stands in the way, change nothing.")] = False,
    format: Shown = Format.table,
    actor: Actor = "local",
) -> None:
    """Undo a work, all of it; undoing that again is redoing."""
    session = opened(store, actor)
    if dry_run:
        found = session.obstacles(seq)
        if len(found):
            show(found, format)
            raise typer.Exit(1)
        work = session.work()
        out.print(f"Would change {work.undo(seq)} records.")
        work.rollback()
        return
    with session.work() as work:
        records = work.undo(seq)
    assert work.receipt
    out.print(f"Work {work.receipt.seq} undid work {seq}: {records} records.")


@commands.command()
def restore(store: StorePath, kind: Kind, id: Number, actor: Actor = "local") -> None:
    """Bring a removed record back, with the parts that went with it."""
    with opened(store, actor).work(f"restore {kind} {id}") as work:
        kind_of(work, kind).restore(id)
    out.print(f"{kind} {id} is back.")


@commands.command()
def purge(
    store: StorePath,
    kind: Kind,
    id: Number,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    actor: Actor = "local",
) -> None:
    """Remove every version of a removed record. Nothing brings it back."""
    if not yes:
        typer.confirm(f"Every version of {kind} {id} goes for ever. Go on?", abort=True)
    with opened(store, actor).work(f"purge {kind} {id}") as work:
        kind_of(work, kind).purge(id)
    out.print(f"{kind} {id} is gone.")


@commands.command("erase-person")
def erase_person(
    store: StorePath,
    kind: Kind,
    id: Number,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    format: Shown = Format.table,
    actor: Actor = "local",
) -> None:
    """Erase a person's values from the present, the past and the file. Nothing brings them back."""
    if not yes:
        typer.confirm(f"The personal values of {kind} {id} go for ever. Go on?", abort=True)
    session = opened(store, actor)
    with session.work(f"erase {kind} {id}") as work:
        erased = kind_of(work, kind).erase_person(id)
    show(erased.fields, format, "Erased")
    if len(erased.remainders):
        show(erased.remainders, format, "To be looked at")
    for line in session.scrub():
        out.print(line, markup=False)


@commands.command()
def scrub(store: StorePath, actor: Actor = "local") -> None:
    """Rid the file of the bytes of what was erased, purged, replaced or removed."""
    for line in opened(store, actor).scrub():
        out.print(line, markup=False)


@commands.command()
def anchor(store: StorePath, actor: Actor = "local") -> None:
    """The end of the chain, to be kept elsewhere: `kith verify --anchor` holds the store against it."""
    typer.echo(opened(store, actor).anchor())


@commands.command()
def verify(
    store: StorePath,
    anchor: Annotated[str, typer.Option(help="What `kith anchor` said once.")] = "",
    format: Shown = Format.table,
    actor: Actor = "local",
) -> None:
    """Hold every row against what the works wrote; names the first bad row first."""
    found = opened(store, actor).verify(anchor or None)
    if len(found.faults):
        show(found.faults, format)
        raise typer.Exit(1)
    out.print(f"Whole: {found.works:,d} works, {found.changes:,d} changes, {found.versions:,d} versions.")
    for row in found.erasures.to_dicts():
        out.print(f"{row['entity']} {row['id']}: {row['message']}", markup=False)


@commands.command()
def archive(
    store: StorePath,
    until: Annotated[int, typer.Argument(metavar="WORK", help="The last work to go; see works.")],
    file: Annotated[pathlib.Path, typer.Argument(help="A new file.")],
    force: Annotated[bool, typer.Option("--force", help="Also what consumers or the retention count on.")] = False,
    actor: Actor = "local",
) -> None:
    """Move the past up to a work to a file; the chain goes on from there."""
    row = opened(store, actor).archive(until, file, force=force)
    out.print(f"{row.rows:,d} rows up to work {row.until} went to {file}.")


@commands.command("verify-archive")
def verify_archive(
    store: StorePath,
    file: Annotated[pathlib.Path, typer.Argument(help="An archive of this store.")],
    anchor: Annotated[str, typer.Option(help="What `kith anchor` said once.")] = "",
    format: Shown = Format.table,
    actor: Actor = "local",
) -> None:
    """Hold an archive against itself and the store it came from."""
    found = opened(store, actor).verify_archive(file, anchor or None)
    if len(found.faults):
        show(found.faults, format)
        raise typer.Exit(1)
    out.print(f"Whole: {found.works:,d} works, {found.changes:,d} changes, {found.versions:,d} versions.")


@commands.command()
def retention(
    store: StorePath,
    days: Annotated[int | None, typer.Argument(help="Without it: what is set.")] = None,
    actor: Actor = "local",
) -> None:
    """For how many days as-of reads must reach back; archive takes nothing younger."""
    session = opened(store, actor)
    if days is not None:
        with session.work(f"retention {days} days") as work:
            work.set_retention(days)
    rows = session.retentions.find()
    for row in rows:
        out.print(f"{row.days} days")
    if not len(rows):
        out.print("None is set: archive may take all of the past.")


feed = typer.Typer(no_args_is_help=True, help="The change feed, for consumers that come back.")
commands.add_typer(feed, name="feed")
Consumer = Annotated[str, typer.Argument(metavar="CONSUMER", help="Its name.")]


@feed.command("list")
def feed_list(store: StorePath, format: Shown = Format.table, actor: Actor = "local") -> None:
    """Consumers and how far they have read."""
    show(opened(store, actor).consumers.find(fields=["name", "position"]), format)


@feed.command("subscribe")
def feed_subscribe(
    store: StorePath,
    consumer: Consumer,
    after: Annotated[int, typer.Option(help="Begin behind this change; 0: with the first one there is.")] = 0,
    actor: Actor = "local",
) -> None:
    """Add a consumer."""
    with opened(store, actor).work(f"subscribe {consumer}") as work:
        work.subscribe(consumer, after)


@feed.command("read")
def feed_read(
    store: StorePath,
    consumer: Consumer,
    most: Annotated[int, typer.Option(help="Changes at most.")] = 1000,
    acknowledge: Annotated[bool, typer.Option("--acknowledge", help="What is printed counts as read.")] = False,
    format: Shown = Format.table,
    actor: Actor = "local",
) -> None:
    """Print what a consumer has not acknowledged."""
    session = opened(store, actor)
    found = session.unread(consumer, most)
    show(found.changes, format)
    if acknowledge:
        sys.stdout.flush()
        with session.work(f"feed {consumer}") as work:
            work.acknowledge(consumer, found.next)


@feed.command("unsubscribe")
def feed_unsubscribe(store: StorePath, consumer: Consumer, actor: Actor = "local") -> None:
    """Remove a consumer."""
    with opened(store, actor).work(f"unsubscribe {consumer}") as work:
        work.unsubscribe(consumer)


@commands.command()
def migrate(
    store: StorePath,
    run: Annotated[bool, typer.Option("--run", help="Do it; make a copy first.")] = False,
) -> None:
    """Print what would bring an older store to this version, or do it."""
    script = kith.migration(store)
    if not script:
        out.print("Nothing to do.")
    elif run:
        opened(store, "local").close()
        out.print(f"Migrated {store}.")
    else:
        sys.stdout.write(script)
