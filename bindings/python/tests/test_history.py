# SPDX-License-Identifier: Apache-2.0
"""The past: who set what, undo and redo, removal and return, proof."""

from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace

import kith
import pytest
from test_cli import run


def test_who_set_what_and_why(shop: SimpleNamespace) -> None:
    with shop.session.work("moved") as work:
        work.customers.update(shop.acme, sector="trade")
    values = shop.session.customers.field_history(shop.acme, "sector")
    assert [(row.value, row.cause, row.actor) for row in values] == [
        ("retail", "shop", "local"),
        ("trade", "moved", "local"),
    ]
    assert values[0].to_seq == values[1].seq and values[1].to_seq is None
    changes = shop.session.customers.field_history(shop.acme)
    assert [(row.field, row.before, row.after) for row in changes if row.kind == "updated"] == [
        ("sector", "retail", "trade")
    ]
    with pytest.raises(kith.InvalidError, match="sector"):
        shop.session.customers.field_history(shop.acme, "secto")


def test_undo_names_what_depends_and_redo_is_undo(shop: SimpleNamespace) -> None:
    session = shop.session
    with session.work("a") as first:
        work_made = first.customers.create(name="Late")
    with session.work("b") as second:
        second.contacts.create(customer=work_made.id, name="Ann")
    assert first.receipt and second.receipt
    found = session.obstacles(first.receipt.seq)
    assert [row.entity for row in found] == ["contact"] and found[0].seq == second.receipt.seq
    with session.work() as work:
        with pytest.raises(kith.ConflictError, match="refers to"):
            work.undo(first.receipt.seq)
        assert work.undo(second.receipt.seq) == 1
    with session.work() as third:
        assert third.undo(first.receipt.seq) == 2  # the customer and its stage
    assert third.receipt
    with session.work() as work:
        work.undo(third.receipt.seq)
    assert session.customers.get(work_made.id).name == "Late"


def test_winning_a_deal_is_undone_with_everything_it_moved(shop: SimpleNamespace) -> None:
    session = shop.session
    with session.work() as work:
        deal = work.opportunities.create(title="Big", customer=shop.acme.id, amount="1000.00", owner=shop.seller.id)
    before = session.customers.get(shop.acme.id).stage
    with session.work() as won:
        won.opportunities.win(deal, "2026-02-01", "price")
    assert session.customers.get(shop.acme.id).stage != before
    with session.work() as work:
        work.undo(won.receipt.seq)
    assert session.opportunities.get(deal.id).status == "open"
    assert session.customers.get(shop.acme.id).stage == before


def test_removed_records_come_back_or_go_for_ever(shop: SimpleNamespace) -> None:
    session = shop.session
    with session.work() as work:
        gone = work.customers.create(name="Gone")
        work.contacts.create(customer=gone.id, name="Ann")
    with session.work() as work:
        work.customers.remove(gone)
    with session.work() as work:
        back = work.customers.restore(gone)
    assert back.name == "Gone" and len(session.contacts.find()) == 1
    with session.work() as work:
        work.customers.remove(back)
    with session.work() as work:
        work.customers.purge(back)
        with pytest.raises(kith.NotFoundError):
            work.customers.restore(back)
    anchor = session.anchor()
    found = session.verify(anchor)
    assert len(found.faults) == 0 and found.works == session.seq
    assert {row.entity for row in found.erasures} == {"customer", "contact", "customer_stage"}
    with pytest.raises(kith.InvalidError, match="anchor"):
        session.verify("12:nothing")


def test_a_person_is_erased_from_every_byte(shop: SimpleNamespace, tmp_path: Path) -> None:
    session = shop.session
    with session.work() as work:
        ann = work.contacts.create(customer=shop.acme.id, name="Ann Lee-Marchetti", email="ann@acme.example")
    with session.work() as work:
        ann = work.contacts.update(ann, role="buyer")
    with session.work() as work:
        erased = work.contacts.erase_person(ann)
    assert [(row.field, row.versions) for row in erased.fields] == [("name", 2), ("name_key", 2), ("email", 2)]
    assert len(erased.remainders) == 0
    assert {row.name for row in session.contacts.history(ann)} == {"(erased)"}
    assert isinstance(session.scrub(), list)
    file = tmp_path / "shop.kith"
    if file.exists():
        for path in tmp_path.iterdir():
            assert b"Marchetti" not in path.read_bytes() and b"ann@acme" not in path.read_bytes()


def test_consumers_and_archives(shop: SimpleNamespace, tmp_path: Path) -> None:
    session = shop.session
    with session.work() as work:
        work.subscribe("mail")
    unread = session.unread("mail", 3)
    assert len(unread.changes) == 3 and unread.next == 3
    until = session.seq
    with session.work() as work:
        work.customers.update(shop.acme, sector="trade")
    with pytest.raises(kith.StateError, match="consumer 'mail'"):
        session.archive(until, tmp_path / "a.jsonl")
    assert not (tmp_path / "a.jsonl").exists()
    with session.work() as work:
        work.acknowledge("mail", session.unread("mail").next)
        work.set_retention(0)
    row = session.archive(until, tmp_path / "a.jsonl")
    assert row.until == until
    found = session.verify_archive(tmp_path / "a.jsonl")
    assert found.works == until and len(found.faults) == 0
    assert len(session.verify().faults) == 0
    with pytest.raises(kith.StateError, match="archived"):
        session.changes()
    with session.work() as work:
        work.rewind("mail", row.last_change)
        work.unsubscribe("mail")
    with pytest.raises(kith.NotFoundError):
        session.unread("mail")


def test_a_day_of_valid_time_and_what_was_believed_of_it(shop: SimpleNamespace) -> None:
    session = shop.session
    before = session.seq
    with session.work("told late") as work:
        work.customers.assign(shop.acme, shop.other, since=datetime(2026, 2, 10, tzinfo=UTC))
    owner = {day: session.reader(valid_on=date(2026, 2, day)).customers.get(shop.acme.id).owner for day in (9, 10)}
    assert owner == {9: shop.seller.id, 10: shop.other.id}
    believed = session.reader(before, valid_on=date(2026, 2, 10))
    assert believed.customers.get(shop.acme.id).owner == shop.seller.id
    assert [row.owner for row in session.customers.owners(shop.acme)] == [shop.seller.id, shop.other.id]
    assert len(session.reader(valid_on=date(2026, 2, 9)).customers.find("owner = :o", o=shop.seller.id)) == 1
    assert len(session.reader(valid_on=date(2026, 2, 10)).customers.find("owner = :o", o=shop.seller.id)) == 0
    with session.work() as work, pytest.raises(kith.InvalidError, match="future"):
        work.customers.assign(shop.acme, shop.seller, since=datetime(2030, 1, 1, tzinfo=UTC))


def test_the_past_at_the_terminal(tmp_path: Path) -> None:
    store = tmp_path / "shop.kith"
    with kith.open(store) as opened, opened.session() as session:
        with session.work("made") as work:
            acme = work.customers.create(name="Acme", sector="retail")
        with session.work("moved") as work:
            work.customers.update(acme, sector="trade")
    assert "moved" in run("works", store)
    assert "retail,2" in run("history", store, "customer", acme.id, "--field", "sector", "--format", "csv")
    assert "sector" in run("history", store, "customers", acme.id)
    assert "revision" in run("history", store, "customer", acme.id, "--versions", "--format", "csv")
    assert "retail" in run("find", store, "customers", "--as-of", 2, "--format", "csv")
    assert "trade" in run("find", store, "customers", "--on", "2026-01-01", "--format", "csv")
    assert run("report", store, "deals", "--on", "2026-01-01", "--format", "csv").startswith("deals,open")
    assert "no 'custome'" in run("history", store, "custome", acme.id, code=1)
    assert "undo that work first" in run("undo", store, 2, "--dry-run", "--format", "csv", code=1)
    assert "Would change 1" in run("undo", store, 3, "--dry-run")
    assert "Work 4 undid work 3" in run("undo", store, 3)
    anchor = run("anchor", store).strip()
    assert "Whole: 4 works" in run("verify", store, "--anchor", anchor)
    assert "chain was written anew" in run("verify", store, "--anchor", "3:" + anchor[2:], "--format", "csv", code=1)
    with kith.open(store) as opened, opened.session() as session, session.work() as work:
        work.customers.remove(session.customers.get(acme.id))
    assert "is back" in run("restore", store, "customer", acme.id)
    assert "remove it first" in run("purge", store, "customer", acme.id, "--yes", code=1)
    assert "Nothing to do" in run("migrate", store)
    golden = Path(__file__).parents[3] / "tests" / "faces" / "golden" / "format1.kith"
    old = tmp_path / "old.kith"
    old.write_bytes(golden.read_bytes())
    with pytest.raises(kith.errors.VersionError, match="migrate"):
        kith.open(old, migrate=False)
    told = run("doctor", old)
    assert "format 1: opening the store for writing migrates it to format 4" in told
    assert old.read_bytes() == golden.read_bytes()
    assert "CREATE TABLE" in run("migrate", old)
    assert "Migrated" in run("migrate", old, "--run")
    assert "Nothing to do" in run("migrate", old)
    assert "format 4" in run("doctor", old).splitlines()
    kith.open(old, migrate=False).close()
    assert run("feed", "list", store, "--format", "csv").strip() == "name,position"
    run("feed", "subscribe", store, "mail")
    assert "principal" in run("feed", "read", store, "mail", "--acknowledge", "--format", "csv")
    assert run("feed", "read", store, "mail", "--format", "csv").strip() == "id,seq,entity,record,kind"
    assert "30 days" in run("retention", store, 30)
    assert "retention" not in run("archive", store, 3, tmp_path / "a.jsonl", "--force")
    assert "Whole: 3 works" in run("verify-archive", store, tmp_path / "a.jsonl")
    run("feed", "unsubscribe", store, "mail")
    assert "(erased)" not in run("erase-person", store, "customer", acme.id, "--yes")
    assert "(erased)" in run("find", store, "customers", "--format", "csv")
    assert "backups" in run("scrub", store)


def test_a_scan_ends_with_its_session_or_reader(shop: SimpleNamespace) -> None:
    with shop.session.work("many") as work:
        work.customers.create_many({"name": [f"C{number}" for number in range(3000)]})
    session = shop.store.session()
    reader = shop.session.reader()
    for source in (session, reader):
        tables = iter(source.customers.scan(rows=1))
        kept = next(tables)
        source.close()
        with pytest.raises(kith.MisuseError, match="was closed"):
            next(tables)
        assert len(kept) > 0 and kept[0].name
