# SPDX-License-Identifier: Apache-2.0
"""The exceptions of Kith: one class for each code, all of them `Error`.

Messages are English sentences that say what is wrong, where, and how to mend it. Decide by class or `code`, never by
the text.
"""

from __future__ import annotations


class Error(Exception):
    """What every failure raises.

    Attributes:
        code: stable name of the kind, such as "not_found".
        entity: what it is about, such as "opportunity"; "" where no entity is concerned.
        field: the field, such as "amount"; "" where none is concerned.
        violations: (entity, field, message) of every broken rule; several for one `InvalidError`.
    """

    code: str = "internal"

    def __init__(
        self, message: str, entity: str = "", field: str = "", violations: list[tuple[str, str, str]] | None = None
    ) -> None:
        super().__init__(message)
        self.entity = entity
        self.field = field
        self.violations = violations or []


class InvalidError(Error):
    """Input breaks a rule; mend it. All broken rules are in `violations`."""

    code = "invalid"


class NotFoundError(Error):
    """No such record, or none that the actor may see."""

    code = "not_found"


class DeniedError(Error):
    """Visible, but this actor may not do that; the message names the rule."""

    code = "denied"


class ConflictError(Error):
    """Somebody was faster, or a unique key is taken: read again, decide again."""

    code = "conflict"


class StateError(Error):
    """Not in this state: a closed deal, a closed period, a transition that does not exist."""

    code = "state"


class BusyError(Error):
    """Another writer held the store too long; try the whole work again."""

    code = "busy"


class StorageError(Error):
    """The disk or server failed; the work was rolled back, unless `lost` says "commit".

    Attributes:
        lost: "work" when the connection was lost and nothing of the work is kept: try it again, or let `Session.run`
            do so. "commit" when it was lost inside the commit and nobody could be asked whether the work is kept; only
            one with a key may be tried again. Else "".
    """

    code = "storage"
    lost: str = ""


class CorruptError(Error):
    """The store is damaged or no Kith store; nothing was changed."""

    code = "corrupt"


class VersionError(Error):
    """The store was written by a newer Kith."""

    code = "version"


class MisuseError(Error):
    """A programming error of the caller: a closed session, an ended work."""

    code = "misuse"


class CancelledError(Error):
    """A callback asked to stop; nothing of the current chunk is kept."""

    code = "cancelled"


class RangeError(Error):
    """A result does not fit 64 bits; nothing was rounded or wrapped."""

    code = "overflow"


class InternalError(Error):
    """A defect of Kith; please report the message."""

    code = "internal"


_CLASSES = {kind.code: kind for kind in Error.__subclasses__()}


def _make(code: str, message: str, entity: str, field: str, violations: list[tuple[str, str, str]]) -> Error:
    """The extension's way in: an exception of the class of a code."""
    return _CLASSES.get(code, InternalError)(message, entity, field, violations)
