# SPDX-License-Identifier: Apache-2.0
"""The past in Python's shape: what `_store` mixes into records, readers, works and sessions."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

from ._arguments import id_of
from ._table import Record, Table


class Verification(NamedTuple):
    """What `verify` read and found; `faults` without rows: the store is as it was written. `erasures` names what is
    gone by right."""

    works: int
    changes: int
    versions: int
    faults: Table
    erasures: Table


class Erasure(NamedTuple):
    """What `erase_person` took: `fields` with the number of versions that held something, and `remainders`: parts with
    personal fields of their own and texts elsewhere that hold an erased value."""

    fields: Table
    remainders: Table


class Unread(NamedTuple):
    """Changes that a consumer has not acknowledged, and `next`: what to acknowledge once they are dealt with."""

    changes: Table
    next: int


class PastOfRecords:
    """What one kind of record was."""

    _entity: str
    _source: Any

    def history(self, id: int | Record) -> Table:
        """Every version of a record, oldest first; `to_seq` is the work that ended it, None for the present one."""
        return Table(self._source().history(self._entity, id_of(id, self._entity)))

    def field_history(self, id: int | Record, field: str | None = None) -> Table:
        """Who set a field to what, when and why: value, seq, recorded, actor, cause, to_seq, oldest first. Without a
        field every change of the record, a row for each field, with before and after as text."""
        return Table(self._source().field_history(self._entity, id_of(id, self._entity), field))

    def owners(self, record: int | Record) -> Table:
        """Whom a record belonged to: owner, unit, from, to (None: still so); no rows where it never changed hands."""
        return Table(self._source().ownerships(self._entity, id_of(record, self._entity)))


class WaysBack:
    """Bringing records of one kind back, or ridding the store of them."""

    _entity: str
    _work: Any
    get: Any

    def restore(self, record: int | Record) -> Record:
        """Brings a removed record back as it was, with the parts that went with it. Raises StateError when it is there
        or refers to something that is gone, ConflictError when a unique key was taken meanwhile."""
        self._work._open().restore(self._entity, id_of(record, self._entity))
        return self.get(id_of(record, self._entity))

    def purge(self, record: int | Record) -> None:
        """Physically removes every version of a removed record and of its parts; nothing brings it back. Needs an
        administrator."""
        self._work._open().purge(self._entity, id_of(record, self._entity))

    def erase_person(self, record: int | Record) -> Erasure:
        """Erases the personal fields of a record from the present and every version of the past, for ever; figures and
        references stay. Needs an administrator. `Session.scrub` then rids the files of the bytes."""
        fields, remainders = self._work._open().erase_person(self._entity, id_of(record, self._entity))
        return Erasure(Table(fields), Table(remainders))


class PastReads:
    """What readers, works and sessions tell of the past."""

    def _open(self) -> Any:
        raise NotImplementedError

    def obstacles(self, seq: int) -> Table:
        """What stands in the way of undoing a work: entity, id, seq of the later work, message; newest first."""
        return Table(self._open().obstacles(seq))

    def anchor(self) -> str:
        """The end of the chain, "12:" and a hash: keep it where the store's keeper cannot reach it."""
        return self._open().anchor()

    def verify(self, anchor: str | None = None) -> Verification:
        """Holds every row against what the works wrote, and the chain against an anchor. Needs an administrator."""
        works, changes, versions, faults, erasures = self._open().verify(anchor)
        return Verification(works, changes, versions, Table(faults), Table(erasures))

    def verify_archive(self, path: str | os.PathLike[str], anchor: str | None = None) -> Verification:
        """Holds an archive against itself and this store, which it came from. Raises CorruptError when it was changed
        or lines of it are missing, InvalidError where a line is none of an archive, NotFoundError when the store knows
        no such archive."""
        works, changes, versions, faults, erasures = self._open().verify_archive(os.fspath(path), anchor)
        return Verification(works, changes, versions, Table(faults), Table(erasures))

    def unread(self, consumer: str, most: int = 1000) -> Unread:
        """At most `most` changes that a consumer has not acknowledged; until it does they come again."""
        changes, position = self._open().feed_read(consumer, most)
        return Unread(Table(changes), position)


class PastWrites:
    """What a work does about the past."""

    def _open(self) -> Any:
        raise NotImplementedError

    def undo(self, seq: int) -> int:
        """Undoes a committed work and returns how many records that changed; undoing that is redoing. Raises
        ConflictError naming what depends on it and how to mend that (see `obstacles`)."""
        return self._open().undo(seq)

    # --- the change feed, for consumers that come back
    def subscribe(self, consumer: str, after: int = 0) -> None:
        """Adds a consumer whose position the store keeps; it begins behind a change, or with the first one there is."""
        self._open().subscribe(consumer, after)

    def unsubscribe(self, consumer: str) -> None:
        """Removes a consumer."""
        self._open().unsubscribe(consumer)

    def acknowledge(self, consumer: str, position: int) -> None:
        """Moves a consumer on to `Unread.next`; in the work that keeps what was made of the changes they count exactly
        once."""
        self._open().acknowledge(consumer, position)

    def rewind(self, consumer: str, position: int) -> None:
        """Moves a consumer to any position, to read again or to skip."""
        self._open().rewind(consumer, position)

    def set_retention(self, days: int) -> None:
        """For how many days as-of reads must reach back: `Session.archive` takes nothing younger."""
        self._open().set_retention(days)


class PastOfSession:
    """What a session moves out of the store or rids its files of."""

    _raw: Any

    def archive(self, until: int, path: str | os.PathLike[str], *, force: bool = False) -> Record:
        """Moves works, changes and versions up to a work to a new file and out of the store; the chain goes on from
        that work. Raises StateError naming a consumer that has not read them, or the retention; `force` overrides."""
        return Record(self._raw.archive(until, os.fspath(path), force))

    def scrub(self) -> list[str]:
        """Rids the store's files of the bytes of what was erased, purged or replaced; what is left to the store's
        keeper, such as backups, comes back as sentences. Raises BusyError while somebody reads or writes."""
        return self._raw.scrub()
