# SPDX-License-Identifier: Apache-2.0
"""What raw SQL puts into a store behind Kith's back is told by its place, and never acted upon."""

import hashlib
import sqlite3
from pathlib import Path

import kith
import pytest


def made(path: Path) -> int:
    with kith.open(str(path)) as store, store.session() as session, session.work() as work:
        return work.customers.create(name="Acme", sector="retail").id


def run_sql(path: Path, statement: str) -> None:
    with sqlite3.connect(path) as raw:
        raw.execute(statement)
    raw.close()


@pytest.mark.parametrize(("bytes_", "told"), [("41ff", "no valid UTF-8"), ("410042", "zero byte")])
def test_text_that_no_verb_lets_in_is_a_finding(tmp_path: Path, bytes_: str, told: str) -> None:
    path = tmp_path / "shop.kith"
    id = made(path)
    run_sql(path, f"UPDATE customer SET name = CAST(x'{bytes_}' AS TEXT)")
    with kith.open(str(path)) as store, store.session() as session:
        findings = [tuple(row.to_dict().values()) for row in session.check()]
        assert any("customer" in row and id in row and told in str(row) and "name" in str(row) for row in findings)


def test_text_that_python_cannot_hold_names_its_place(tmp_path: Path) -> None:
    path = tmp_path / "shop.kith"
    id = made(path)
    run_sql(path, "UPDATE customer SET sector = CAST(x'41ff' AS TEXT)")
    with kith.open(str(path)) as store, store.session() as session:
        with pytest.raises(kith.CorruptError, match=f"of customer {id}: the text is no valid UTF-8 from byte 2") as got:
            session.customers.get(id)
        assert (got.value.entity, got.value.field) == ("customer", "sector")
        with pytest.raises(kith.CorruptError, match=f"of record {id}: the text") as found:
            list(session.customers.find())
        assert found.value.field == "sector"
        with pytest.raises(kith.CorruptError, match="of row 1: the text"):
            session.customers.find(fields=["sector"]).column("sector")


@pytest.mark.parametrize("format", [3, 99])
def test_a_format_that_the_chain_does_not_know_is_not_acted_upon(tmp_path: Path, format: int) -> None:
    path = tmp_path / "shop.kith"
    made(path)
    run_sql(path, f"UPDATE head SET format = {format}")
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    for migrate in (True, False):
        with pytest.raises(kith.CorruptError, match=f"has the format {format}, but the store is of format"):
            kith.open(str(path), migrate=migrate)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before


def test_a_fault_of_the_head_row_is_told_once(tmp_path: Path) -> None:
    path = tmp_path / "shop.kith"
    made(path)
    run_sql(path, "UPDATE head SET zone = 'Asia/Tokyo'")
    with kith.open(str(path)) as store, store.session() as session:
        told = [row for row in session.check() if "Asia/Tokyo" in str(row)]
        assert len(told) == 1
