# SPDX-License-Identifier: Apache-2.0
"""Works that are tried again: Session.run."""

import kith
import pytest


@pytest.fixture
def session():
    with kith.open("memory:") as store, store.session() as opened:
        yield opened


def lost(where):
    error = kith.StorageError("the connection was lost")
    error.lost = where
    return error


class Scripted:
    """Adds a customer, and then fails as the script says, one entry a call; None succeeds."""

    def __init__(self, *fates):
        self.fates = list(fates)
        self.calls = 0

    def __call__(self, work):
        fate = self.fates[self.calls]
        self.calls += 1
        work.customers.create(name=f"Customer {self.calls}")
        if fate is not None:
            raise fate
        return "done"


def names(session):
    return [row.name for row in session.customers.find()]


def test_runs_once_and_keeps_the_result(session):
    function = Scripted(None)
    receipt = session.run(function, "first", key="k")
    assert (receipt.result, receipt.replayed, names(session)) == ("done", False, ["Customer 1"])
    again = session.run(function, "first", key="k")
    assert (again.seq, again.result, again.replayed, function.calls) == (receipt.seq, "done", True, 1)


def test_is_tried_again_where_nothing_was_kept(session):
    function = Scripted(kith.BusyError("busy"), lost("work"), None)
    session.run(function, "again")
    assert (function.calls, names(session)) == (3, ["Customer 3"])


def test_an_unknown_commit_is_tried_again_only_with_a_key(session):
    unknown = lost("commit")
    with pytest.raises(kith.StorageError) as caught:
        session.run(Scripted(unknown, None), "no key")
    assert caught.value is unknown
    session.run(Scripted(lost("commit"), None), "a key", key="k")
    assert names(session) == ["Customer 2"]


def test_the_last_failure_is_raised_as_it_was(session):
    last = kith.BusyError("the second")
    function = Scripted(kith.BusyError("the first"), last, None)
    with pytest.raises(kith.BusyError) as caught:
        session.run(function, "busy", attempts=2)
    assert caught.value is last and function.calls == 2 and names(session) == []
    with pytest.raises(kith.MisuseError, match="at least one attempt"):
        session.run(function, attempts=0)


@pytest.mark.parametrize("fate", [ValueError("mine"), kith.InvalidError("a rule"), kith.StorageError("the disk")])
def test_any_other_failure_rolls_back_at_once(session, fate):
    function = Scripted(fate, None)
    with pytest.raises(type(fate)) as caught:
        session.run(function)
    assert caught.value is fate and function.calls == 1 and names(session) == []


def test_the_run_ends_the_work(session):
    kept = []
    with pytest.raises(kith.MisuseError, match="ends the work itself"):
        session.run(lambda work: work.commit())
    with pytest.raises(TypeError, match="str, or None"):
        session.run(lambda work: 1)
    session.run(lambda work: kept.append(work))
    with pytest.raises(kith.MisuseError, match="has ended"):
        kept[0].customers.create(name="late")
    with session.work("after") as work:
        work.customers.create(name="free again")
    assert names(session) == ["free again"]


def test_waits_for_another_writer(tmp_path):
    path = tmp_path / "shop.kith"
    with kith.open(path, busy_ms=0) as store, store.session() as one, store.session() as other:
        held = one.work("held")
        held.customers.create(name="first")
        calls = []

        def function(work):
            calls.append(1)
            work.customers.create(name="second")

        with pytest.raises(kith.BusyError):
            other.run(function, attempts=2)
        assert calls == []
        held.commit()
        other.run(function)
        assert sorted(names(one)) == ["first", "second"]
