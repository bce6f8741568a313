# SPDX-License-Identifier: Apache-2.0
"""Fields that a store defines for itself."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import kith
import pyarrow as pa
import pytest
from test_cli import run


def define(shop: SimpleNamespace) -> None:
    with shop.session.work("fields") as work:
        make = work.custom_fields.create
        make(entity="customer", name="vat", type="text", unique=True)
        make(entity="customer", name="floors", type="integer", indexed=True)
        make(entity="customer", name="size", type="choice", choices="small, large", default_value="small")
        make(entity="customer", name="share", type="decimal", scale=2)
        make(entity="customer", name="rent", type="money")
        make(entity="customer", name="since", type="date")
        make(entity="customer", name="cost", type="money", formula="rent * floors")


def test_values_are_written_and_read_like_others(shop: SimpleNamespace) -> None:
    define(shop)
    with shop.session.work() as work:
        acme = work.customers.create(
            name="Acme", vat="DE1", floors=3, share="0.25", rent=Decimal("10.50"), since=date(2026, 1, 2)
        )
        assert (acme.size, acme.cost) == ("small", kith.Money(Decimal("31.50"), "USD"))
        acme = work.customers.update(acme, floors=4, size="large")
        assert acme.cost == kith.Money(Decimal("42.00"), "USD")
    found = shop.session.customers.get(acme.id)
    assert found == acme
    assert (found.vat, found.share, found.since) == ("DE1", Decimal("0.25"), date(2026, 1, 2))
    table = shop.session.customers.find("cost > 40.00 USD", fields=["name", "size", "cost"])
    assert table.rows() == [("Acme", "large", kith.Money(Decimal("42.00"), "USD"))]
    assert "cost" in shop.session.customers.find().columns and "custom" not in shop.session.customers.find().columns
    frame = pa.table(shop.session.customers.find("vat = 'DE1'", fields=["floors", "share", "since"]))
    assert frame.to_pylist() == [{"floors": 4, "share": Decimal("0.25"), "since": date(2026, 1, 2)}]


def test_rules_are_told_and_leave_nothing_behind(shop: SimpleNamespace) -> None:
    define(shop)
    with shop.session.work() as work:
        work.customers.create(name="Acme", vat="DE1")
    before = shop.session.digest()
    with shop.session.work() as work:
        with pytest.raises(kith.ConflictError, match="'DE1' is that of customer") as taken:
            work.customers.create(name="Twin", vat="DE1")
        assert taken.value.field == "vat"
        with pytest.raises(kith.InvalidError, match="large"):
            work.customers.create(name="X", size="huge")
        with pytest.raises(kith.InvalidError, match="floors"):
            work.customers.create(name="X", flors=1)
        with pytest.raises(kith.InvalidError, match="computed"):
            work.customers.create(name="X", cost="1.00")
        with pytest.raises(kith.InvalidError, match="already"):
            work.custom_fields.create(entity="customer", name="sector", type="text")
    assert shop.session.digest() == before


def test_many_are_changed_at_once(shop: SimpleNamespace) -> None:
    define(shop)
    with shop.session.work() as work:
        ids = work.customers.create_many({"name": ["A", "B"], "vat": ["DE1", "DE2"], "floors": [1, 2]})
    with shop.session.work() as work:
        assert work.customers.update_many([{"id": ids[0], "floors": 5}, {"id": ids[1], "sector": "x"}]) == 2
        assert work.customers.update_many({"id": ids, "floors": [5, None], "rent": ["1.00", None]}) == 2
        with pytest.raises(kith.InvalidError, match="floors"):
            work.customers.update_many([{"id": ids[0], "flors": 5}])
    table = shop.session.customers.find("id in :ids", ids=ids, fields=["vat", "floors", "rent", "size", "sector"])
    assert table.rows() == [
        ("DE1", 5, kith.Money(Decimal("1.00"), "USD"), "small", None),
        ("DE2", None, None, "small", "x"),
    ]


def test_many_come_in_and_go_out(shop: SimpleNamespace, tmp_path: Path) -> None:
    define(shop)
    with shop.session.work() as work:
        made = work.customers.create_many(
            pa.table(
                {"name": ["A", "B"], "floors": [1, None], "rent": [Decimal("2.00"), None], "size": ["large", None]}
            )
        )
        rows = work.customers.create_many([{"name": "C", "vat": "DE3"}, {"name": "D", "floors": 7}])
        units = work.units.create(name="Elsewhere", start=date(2026, 1, 1))
        assert units.name == "Elsewhere"
    assert [shop.session.customers.get(id).cost for id in made] == [kith.Money(2, "USD"), None]
    assert [shop.session.customers.get(id).size for id in [*made, *rows]] == ["large", "small", "small", "small"]
    table = tmp_path / "in.csv"
    mapping = {
        "format": "kith.import/1",
        "entity": "customer",
        "source": "erp",
        "key": "no",
        "columns": {"name": "name", "stories": "floors", "class": "size"},
    }
    table.write_text("no,name,stories,class\n1,E,2,LARGE\n2,F,,small\n3,G,x,small\n", encoding="utf-8")
    told = shop.session.import_csv(table, mapping)
    assert (told["created"], told["rejected"]) == (2, 1)
    assert shop.session.customers.find("floors = 2", fields=["name", "size"]).rows() == [("E", "large")]
    table.write_text("no,name,stories,class\n1,E,5,large\n2,F,,small\n", encoding="utf-8")
    told = shop.session.import_csv(table, mapping)
    assert (told["updated"], told["unchanged"]) == (1, 1)
    assert shop.session.customers.find("floors = 5", fields=["name", "size"]).rows() == [("E", "large")]
    shop.session.reader().dump(tmp_path / "all.jsonl")
    kith.load(tmp_path / "all.jsonl", tmp_path / "copy.kith")
    with kith.open(tmp_path / "copy.kith") as copy:
        assert copy.session().digest() == shop.session.digest()
        assert copy.session().customers.find_one("vat = 'DE3'").name == "C"


def test_the_dictionary_lists_them(shop: SimpleNamespace) -> None:
    define(shop)
    fields = {row["name"]: row for row in shop.session.fields("customer")}
    assert fields["vat"].own and fields["vat"].unique and not fields["name"].own
    assert fields["size"].choices == "small,large"
    assert fields["cost"].formula == "rent * floors"
    assert "custom" not in fields


def test_history_and_the_past_show_them(shop: SimpleNamespace) -> None:
    define(shop)
    with shop.session.work() as work:
        acme = work.customers.create(name="Acme", floors=1)
    then = shop.session.seq
    with shop.session.work() as work:
        work.customers.update(acme, floors=2)
    assert shop.session.customers.history(acme.id).column("floors") == [1, 2]
    assert shop.session.reader(as_of=then).customers.find_one("floors = 1").name == "Acme"
    assert len(shop.session.customers.find("floors = 1")) == 0


def test_they_are_defined_at_the_terminal(tmp_path: Path) -> None:
    store = tmp_path / "shop.kith"
    run("init", store)
    assert "customer.size, choice" in run(
        "define",
        store,
        "customers",
        "size",
        "--type",
        "choice",
        "-r",
        "choices=small,large",
        "-r",
        "default_value=small",
    )
    assert "size" in run("fields", store, "customers", "--format", "csv")
    assert "already" in run("define", store, "customers", "sector", code=1)
    assert run("find", store, "customers", "--where", "size = 'small'", "--format", "csv").startswith("id,")


def test_own_fields_tell_who_changed_them_when():
    with kith.open("memory:") as store, store.session() as session:
        with session.work("defined") as work:
            work.custom_fields.create(entity="customer", name="size", type="integer")
            work.custom_fields.create(entity="customer", name="grade", type="choice", choices="a,b")
            work.custom_fields.create(entity="customer", name="fee", type="money")
            work.custom_fields.create(entity="customer", name="big", formula="size > 3", type="boolean")
            acme = work.customers.create(name="Acme", size=3, grade="a")
        first = work.receipt.seq
        with session.work("grown") as work:
            acme = work.customers.update(acme, size=5, fee="12.50", grade="b")
        second = work.receipt.seq
        with session.work("renamed") as work:
            work.customers.update(acme, name="Acme 2")
        history = session.customers.field_history
        assert [(row["value"], row["seq"], row["to_seq"]) for row in history(acme, "size")] == [
            (3, first, second),
            (5, second, None),
        ]
        assert [row["value"] for row in history(acme, "grade")] == ["a", "b"]
        assert [row["value"] for row in history(acme, "fee")] == [None, kith.Money("12.50", "USD")]
        assert [row["value"] for row in history(acme, "big")] == [False, True]
        told = {(row["seq"], row["field"]): (row["before"], row["after"]) for row in history(acme)}
        assert told[first, "size"] == (None, "3")
        assert told[second, "size"] == ("3", "5")
        assert told[second, "fee"] == (None, "12.50 USD")
        assert told[second, "grade"] == ("a", "b")
        assert len([1 for seq, _ in told if seq == second]) == 3, "formulas follow; they are not told"
        with pytest.raises(kith.InvalidError, match="Did you mean size"):
            history(acme, "sice")
        with session.reader(as_of=first) as then:
            assert [row["value"] for row in then.customers.field_history(acme, "size")] == [3]
