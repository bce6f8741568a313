# SPDX-License-Identifier: Apache-2.0
"""Stores, sessions, snapshots and works."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from types import TracebackType
from typing import Any, NamedTuple

from . import _kith
from ._arguments import Document, document_of, id_of, names, no_kind, plain, whole
from ._history import PastOfSession, PastReads, PastWrites
from ._plan import Plan, _inputs, _raw_inputs
from ._quotas import QuotaReads, QuotaVerbs
from ._records import Changes, Records, WritableRecords, rows_of
from ._table import Record, Table
from ._values import Money
from .errors import MisuseError, NotFoundError


def _plan_document(document: Document | Plan) -> str:
    return document.canonical() if isinstance(document, Plan) else document_of(document, "the plan")


class Receipt(NamedTuple):
    """What a committed work was: its sequence (0 when it wrote nothing), its result, and whether it was a replay."""

    seq: int
    result: str
    replayed: bool


class _Source(PastReads, QuotaReads):
    """What sessions, readers and works have in common: reads."""

    def _open(self) -> Any:
        raise NotImplementedError

    def _alive(self) -> object:
        """Raises MisuseError where this is closed."""
        return self._open().seq

    def _records(self, entity: str) -> Records:
        return Records(self._open, entity, self._alive)

    def __getattr__(self, plural: str) -> Any:
        if plural.startswith("_"):
            raise AttributeError(plural)
        entity = _kith.plurals().get(plural)
        if entity is None:
            raise AttributeError(no_kind(plural, [*_kith.plurals(), *dir(type(self))]))
        return self._records(entity)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *_kith.plurals()]

    @property
    def changes(self) -> Changes:
        """The change feed, `changes(after)`; and the changes as records, `changes.find("seq = 3")`."""
        return Changes(self._open, "change")

    @property
    def seq(self) -> int:
        """The last work that is seen."""
        return self._open().seq

    @property
    def currency(self) -> str:
        """The store's base currency."""
        return self._open().currency

    def report(self, name: str, **parameters: Any) -> Table:
        """A report by name (see `Store.reports`)."""
        return Table(self._open().report(name, plain(parameters)))

    def may(self, action: str, entity: str, id: int | Record) -> bool:
        """Whether the actor may read, edit, remove, ... that record."""
        return self._open().may(action, entity, id_of(id, entity))

    def weighted_total(self, where: str = "", **parameters: Any) -> Money:
        """Base amount x probability of open deals, exact, rounded once."""
        return self._open().weighted_total(where, plain(parameters))

    def fields(self, entity: str) -> Table:
        """The fields of a kind of record, those that the store itself has defined behind the others (column `own`)."""
        return Table(self._open().fields(entity))

    def balance(self, by: str | Sequence[str] = ("account", "measure"), where: str = "", **parameters: Any) -> Table:
        """Sums of the ledger's postings by dimensions (fields of a posting; a single one may stand alone): the
        dimensions, currency, amount, base_amount, quantity, and how many postings. Currencies are never added up but in
        base_amount, which is in the store's base currency. Raises RangeError for a sum that does not fit 64 bits."""
        return Table(self._open().balance([by] if isinstance(by, str) else list(by), where, parameters))

    def statement(self, employee: int | Record, period: str) -> Record:
        """Somebody's commission statement for a period such as "2017-Q2"."""
        source = self._open()
        person = id_of(employee, "employee")
        found = source.statement(person, period)
        if found is None:
            raise NotFoundError(
                f"employee {person} has no statement for {period}; run the commission first", "statement"
            )
        return Record(source.get("statement", found))

    def lines(self, statement: int | Record) -> Table:
        """The lines of a statement, by position."""
        given = {"s": id_of(statement, "statement")}
        return Table(self._open().find("statement_line", "statement = :s", given, ["position"], [], None))

    def releases(self, statement: int | Record) -> Table:
        """What of a statement of a general plan waits and is released, by position."""
        given = {"s": id_of(statement, "statement")}
        return Table(self._open().find("statement_release", "statement = :s", given, ["position"], [], None))

    def payment(self, statement: int | Record) -> Record | None:
        """What is paid for a statement; None where the plan says no more than a sum."""
        try:
            return self.statement_payments.find_one("statement = :s", s=id_of(statement, "statement"))
        except NotFoundError:
            return None

    def explain(
        self, statement: int | Record | None = None, *, line: int | Record | None = None, format: str = "text"
    ) -> str:
        """Why a statement, or one line, is what it is: "text" for people ("zh": in Chinese) and "steps", the same as
        JSON, for plans of both formats; "json" for `kith.check_trace`, of general plans for `kith.check_commission`."""
        if (statement is None) == (line is None):
            raise TypeError("give a statement or a line")
        if format not in ("text", "zh", "steps", "json"):
            raise ValueError("format is 'text', 'zh', 'steps' or 'json'")
        chosen = id_of(line, "line") if statement is None else id_of(statement, "statement")  # type: ignore[arg-type]
        return self._open().explain(chosen, line is not None, "en" if format == "text" else format)

    def recheck(self, statement: int | Record) -> Table:
        """Computes a statement of a general plan again from the facts as they were; no rows when it is right."""
        return Table(self._open().recheck(id_of(statement, "statement")))

    def what_if(
        self,
        plan: str,
        first: str,
        last: str,
        *,
        document: Document | Plan | None = None,
        values: Sequence[Mapping[str, Any]] = (),
    ) -> list[dict[str, Any]]:
        """What a general plan paid for the periods from `first` to `last`, and what another document or other values
        (name, person, period, value) pay for the same facts: employee, and before, after, difference as Money."""
        given = None if document is None else _plan_document(document)
        inputs = _inputs({"events": [], "values": list(values)}) if values else None
        return self._differences(self._open().what_if(plan, given, inputs, first, last))

    def accrue(
        self, period: str, *, event_type: str = "order", role: str = "primary", draws: int = 0, seed: int = 1
    ) -> list[dict[str, Any]]:
        """What general plans would pay if open deals expected in the period came in: by amount x probability, or as
        the mean over `draws` of which deals are won. Employee, and before, after, difference as Money."""
        return self._differences(self._open().accrue(period, event_type, role, draws, seed))

    def _differences(self, text: str) -> list[dict[str, Any]]:
        money = ("before", "after", "difference")
        return [
            {"employee": int(row["person"])} | {key: Money(Decimal(row[key]), self._open().currency) for key in money}
            for row in json.loads(text)
        ]

    def bonus_text(self, bonus: int | Record, language: str = "en") -> str:
        """What a bonus brings whom, and why, a line a person."""
        return self._open().bonus_text(id_of(bonus, "bonus"), language)

    def draw_text(self, draw: int | Record, language: str = "en") -> str:
        """The settled periods of a draw in words."""
        return self._open().draw_text(id_of(draw, "draw"), language)

    def dump(self, path: str | os.PathLike[str]) -> None:
        """Writes the whole store as JSON Lines (see `kith.load`). Needs an administrator."""
        self._open().dump(os.fspath(path))


class Reader(_Source):
    """A snapshot: what was committed when it was taken, or what was known at an earlier moment."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw

    def _open(self) -> Any:
        return self._raw

    def close(self) -> None:
        """Lets the snapshot go. Later calls raise MisuseError."""
        self._raw.close()

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Work(PastWrites, _Source, QuotaVerbs):
    """A write in progress: everything or nothing. As a context manager it commits at the end, and rolls back when an
    exception leaves the block."""

    def __init__(self, raw: Any, session: Session) -> None:
        self._raw = raw
        self._session = session
        self.receipt: Receipt | None = None

    def _open(self) -> Any:
        return self._raw

    def _records(self, entity: str) -> Records:
        return WritableRecords(self, entity)

    @property
    def replayed(self) -> bool:
        """True when this key was committed before: do nothing, `commit` gives the first receipt."""
        return self._raw.replayed

    def commit(self, result: str = "") -> Receipt:
        """Makes everything durable."""
        self.receipt = Receipt(*self._raw.commit(result))
        return self.receipt

    def rollback(self) -> None:
        """Forgets everything."""
        self._raw.rollback()

    def __enter__(self) -> Work:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._raw.open:
            return
        if kind is None:
            self.commit()
        else:
            self.rollback()

    # --- access
    def add_principal(self, name: str, *, employee: int | Record | None = None, roles: str | Sequence[str] = ()) -> int:
        """Somebody who may sign in, with roles by name."""
        return self._raw.add_principal(name, None if employee is None else id_of(employee, "employee"), names(roles))

    def set_grant(self, role: str, entity: str, action: str, level: str) -> None:
        """A role may do `action` to records of `entity` at level none, own, unit, subtree or all."""
        self._raw.set_grant(role, entity, action, level)

    # --- the ledger
    def reverse_document(
        self,
        entity: str,
        document: int | Record,
        *,
        on: date | None = None,
        period: str | None = None,
        source: str = "",
    ) -> list[int]:
        """Takes back everything posted for a document that is not taken back yet; the ids of the mirrors."""
        return self._raw.reverse_document(entity, id_of(document, entity), on, period, source)

    # --- commission and quotas
    def add_plan(self, document: Document | Plan) -> int:
        """A commission plan document as the next version of its name: "kith.plan/1" of won deals, approved at once, or
        "kith.plan/2" of events, a draft until `approve_plan`."""
        return self._raw.add_plan(_plan_document(document))

    def approve_plan(self, plan: int | Record, *, accept_findings: bool = False) -> None:
        """Lets a draft pay. InvalidError names everything its lint finds, unless that is accepted and kept."""
        self._raw.approve_plan(id_of(plan, "commission_plan"), accept_findings)

    def retire_plan(self, plan: int | Record, end: date) -> None:
        """Ends an approved version: it pays for the periods before `end`, the first day of one."""
        self._raw.retire_plan(id_of(plan, "commission_plan"), end)

    def post_events(self, events: str | Iterable[Mapping[str, Any]] | Mapping[str, Sequence[Any]]) -> dict[str, int]:
        """Stores business events, all or none: rows, columns by name, what speaks the Arrow C stream, or a document
        "kith.inputs/1" as JSON text or a dict (docs/statements.md). Counts what was added, replaced by a higher
        version, repeated, and outdated. Amounts are text or Decimal, days text or date."""
        if hasattr(events, "__arrow_c_stream__"):
            return self._raw.post_events(_raw_inputs(events, as_columns=False))  # type: ignore[arg-type]
        whole_document = isinstance(events, Mapping) and isinstance(events.get("format"), str)
        given = isinstance(events, str | os.PathLike) or whole_document
        text = document_of(events, "the events") if given else _inputs(rows_of(events))  # type: ignore[arg-type]
        return self._raw.post_events(_kith.RawInputs.of_events(text))

    def assign_plan(
        self,
        plan: str,
        *,
        employee: int | Record | None = None,
        unit: int | Record | None = None,
        role: str | None = None,
        start: date,
        end: date | None = None,
    ) -> int:
        """Assigns a plan by name to somebody, to a unit and everybody below it, or to everybody in a role."""
        if not isinstance(plan, str):
            raise TypeError(f"plan: expected the name of a plan, not {plan!r}; commission_plans have it as `name`")
        person = None if employee is None else id_of(employee, "employee")
        return self._raw.assign_plan(plan, person, None if unit is None else id_of(unit, "unit"), role, start, end)

    def run_commission(self, period: str) -> dict[str, Any]:
        """Computes the statements of a period: counts of statements, lines, changes, adjustments, and the total."""
        return self._raw.run_commission(period)

    def close_commission(self, period: str) -> None:
        """Freezes a period; what is learned later posts to an open one."""
        self._raw.close_commission(period)

    def reopen_commission(self, period: str, reason: str) -> None:
        """Opens the newest closed period again; the reason is kept."""
        self._raw.reopen_commission(period, reason)


class Session(PastOfSession, _Source):
    """Somebody at work in a store; one thread at a time. Its reads each take a fresh snapshot."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw

    def _open(self) -> Any:
        return self._raw.reader(None, None, None)

    def _alive(self) -> object:
        return self._raw.actor  # without another snapshot, which may need a connection of its own

    @property
    def actor(self) -> str:
        """The principal's name."""
        return self._raw.actor

    def reader(self, as_of: int | datetime | None = None, *, valid_on: date | None = None) -> Reader:
        """A snapshot: of now, right after a work's sequence, or as it was recorded at a time. With `valid_on` of what
        held on that day: owner, unit, stage and status are those of the day, and so are `today` and every report; with
        both, what was believed then of that day."""
        if isinstance(as_of, datetime):
            return Reader(self._raw.reader(None, as_of, valid_on))
        if as_of is not None and (isinstance(as_of, bool) or not isinstance(as_of, int)):
            raise TypeError(
                f"as_of: expected a work's number or an aware datetime, not {type(as_of).__name__} {as_of!r}; "
                "what held on a day is valid_on"
            )
        return Reader(self._raw.reader(None if as_of is None else whole(as_of, "as_of"), None, valid_on))

    def work(self, cause: str = "", *, key: str = "", payload: str = "") -> Work:
        """Begins a write. `key` makes it idempotent: the same key and payload again is a replay."""
        return Work(self._raw.work(cause, key, payload), self)

    def run(
        self,
        function: Callable[[Work], str | None],
        cause: str = "",
        *,
        key: str = "",
        payload: str = "",
        attempts: int = 10,
    ) -> Receipt:
        """Runs `function(work)`, commits with the result that it returns, and does both again, after a pause of random
        length, when the store was busy or the connection was lost with nothing kept; lost inside the commit, only a
        work with a key is tried again. It is never applied twice. The function may run several times, each on a state
        of its own, so it must have no other effects; not at all when the key was used before. What it raises rolls
        back, and is raised here. On a lent connection there is one attempt: the host repeats its whole transaction."""
        return Receipt(*self._raw.run(cause, key, payload, attempts, lambda raw: function(Work(raw, self))))

    def import_csv(
        self,
        path: str | os.PathLike[str],
        mapping: Document,
        *,
        aliases: Sequence[Document] = (),
        dry_run: bool = False,
        all_or_nothing: bool = False,
        chunk_rows: int = 1000,
        rejects: str | os.PathLike[str] | None = None,
        cause: str = "",
        progress: Callable[[int, int, int], bool | None] | None = None,
        encoding: str | None = None,
    ) -> dict[str, Any]:
        """Imports a table by a mapping document ("kith.import/1"). Rejected rows go to `rejects` with the reason; no
        empty file is left there. The report counts what was created, updated, unchanged, mended and left blank, and
        says whether it was "committed". `progress(rows, bytes, total)` may return False to cancel; `total` is -1 while
        it is not known. `encoding` ("utf-8", "gb18030", "big5", "shift_jis", "utf-16le", ...) is found out when it is
        not given; the report's "encoding" says what was taken and why."""
        given = (document_of(mapping, "the mapping"), [document_of(one, "the aliases") for one in aliases])
        kept = None if rejects is None else os.fspath(rejects)
        chosen = (dry_run, all_or_nothing, chunk_rows, kept, progress, cause, encoding)
        try:
            return json.loads(self._raw.import_csv(os.fspath(path), *given, *chosen))
        finally:
            # A file of rejects says that there are some.
            if kept is not None and os.path.isfile(kept) and os.path.getsize(kept) == 0:
                os.remove(kept)

    def backup(self, path: str | os.PathLike[str]) -> None:
        """Copies the whole store, as of some commit, into a new SQLite file while others write on.

        The file gets its name once it is whole. Needs an administrator. Raises StateError when the path is taken.
        """
        self._raw.backup(os.fspath(path))

    def digest(self) -> str:
        """SHA-256 of the whole store: equal for equal stores on every backend."""
        return self._raw.digest()

    def check(self) -> Table:
        """Everything that does not hold; no rows for a whole store."""
        return Table(self._raw.check())

    def close(self) -> None:
        """Ends the session. Tables and readers that it gave out stay usable; later calls, and iterating
        scans that have begun, raise MisuseError."""
        self._raw.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Store:
    """An open store. May be shared by threads; sessions may not."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw

    def session(self, actor: str = "local") -> Session:
        """A session that acts as a principal; `local` is the administrator of an own file."""
        return Session(self._raw.session(actor))

    def doctor(self) -> list[str]:
        """What a store stands on: versions, file, warnings."""
        return self._raw.doctor()

    def entities(self) -> Table:
        """The kinds of records."""
        return Table(self._raw.entities())

    def fields(self, entity: str) -> Table:
        """The fields of a kind: the data dictionary."""
        return Table(self._raw.fields(entity))

    def reports(self) -> Table:
        """Names and meanings of reports."""
        return Table(self._raw.reports())

    def report_parameters(self, name: str) -> Table:
        """Parameters of a report."""
        return Table(self._raw.report_parameters(name))

    def close(self) -> None:
        """Lets the store go once nothing uses it any more. Later calls raise MisuseError."""
        self._raw.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open(
    url: str | os.PathLike[str],
    *,
    create: bool = True,
    read_only: bool = False,
    busy_ms: int = 5000,
    currency: str = "USD",
    zone: str = "UTC",
    migrate: bool = True,
    clock: Callable[[], datetime] | None = None,
    seed: int | None = None,
) -> Store:
    """Opens or makes a store: "memory:", "sqlite:path", a path, or "postgresql://host/database".

    `currency` and `zone` are those of a new store. A store of an older format is brought to this one; with
    `migrate=False` it is refused with VersionError instead, and stays as it was. `clock` gives aware datetimes. `seed`
    makes salts repeatable, for tests: with a fixed clock the same calls then give the same digest.
    """
    return Store(_kith.open(os.fspath(url), create, read_only, busy_ms, currency, zone, migrate, clock, seed))


def open_on(
    connection: object,
    *,
    schema: str = "kith",
    tenant: int = 1,
    read_only: bool = False,
    busy_ms: int = 5000,
    clock: Callable[[], datetime] | None = None,
    seed: int | None = None,
) -> Store:
    """The store behind the host's own PostgreSQL connection, a psycopg or psycopg2 one, inside its transaction.

    The host begins the transaction first and ends it itself: a work is one savepoint in it, durable with the host's
    commit and gone with its rollback. Nothing is closed, configured, made or migrated. Close the store, its sessions,
    readers and works before the transaction ends: write `with kith.open_on(...)` inside the `with` of the connection.
    A commit with a work open fails and keeps nothing; after the connection was closed, and while it is in pipeline
    mode, every call is a MisuseError. The store keeps `connection` alive. `BusyError` means: roll back and repeat all
    of it.

    The driver must use the system's libpq, as Kith does: psycopg and psycopg2 do, their "binary" packages bring a
    libpq of their own and are refused. Python's sqlite3 does not tell its handle, so its connections cannot be lent;
    open the file by its path.
    """
    return Store(_kith.open_on(connection, _pointer_of(connection), schema, tenant, read_only, busy_ms, clock, seed))


def _pointer_of(connection: object) -> int:
    """The address of the PGconn behind a driver's connection."""
    for owner in (getattr(connection, "pgconn", None), connection):
        pointer = getattr(owner, "pgconn_ptr", None)
        if isinstance(pointer, int) and pointer != 0:
            return pointer
    kind = type(connection).__module__
    why = (
        "Python's sqlite3 does not tell its handle; open the file by its path"
        if kind == "sqlite3"
        else ("lend an open connection of psycopg or psycopg2")
    )
    raise MisuseError(f"a {kind}.{type(connection).__name__} cannot be lent to Kith: {why}")


def load(path: str | os.PathLike[str], url: str | os.PathLike[str]) -> None:
    """Loads a dump into a new store, all or nothing."""
    _kith.load(os.fspath(path), os.fspath(url))


def migration(url: str | os.PathLike[str]) -> str:
    """What opening an older store would do to it, as SQL with its checksum; "" for nothing. Changes nothing."""
    return _kith.migration(os.fspath(url))


def shard_plan(schema: str = "kith") -> list[str]:
    """The statements that spread a PostgreSQL store over a Citus cluster by tenant, in the order to run them."""
    return _kith.shard_plan(schema)


def check_trace(trace: str) -> Table:
    """Recomputes an explanation given as JSON, without any store; no rows when every step holds."""
    return Table(_kith.check_trace(trace))
