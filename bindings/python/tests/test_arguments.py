# SPDX-License-Identifier: Apache-2.0
"""What callers give by mistake is told by the argument's name, what was given and what is expected; records go wherever
ids do."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import kith
import pytest
from conftest import open_shop
from test_surface import PLAN

MAPPING = {"format": "kith.import/1", "entity": "customer", "source": "t", "key": "name", "columns": {"name": "name"}}


@pytest.fixture
def shop() -> Iterator[SimpleNamespace]:
    shop = open_shop("memory:")
    yield shop
    shop.store.close()


def test_a_pipeline_is_made_of_a_name_and_stages(shop: SimpleNamespace) -> None:
    stages = [{"name": "Talk"}]
    for values, field in (
        ({"name": "x", "stages": stages, "nonsense": 1}, "nonsense"),
        ({"stages": stages}, "name"),
        ({"name": "x"}, "stages"),
        ({"name": "x", "stages": "abc"}, "stages"),
        ({"name": "x", "stages": ["abc"]}, "stages"),
    ):
        with shop.session.work() as work, pytest.raises(kith.InvalidError, match=field) as told:
            work.pipelines.create(**values)
        assert (told.value.entity, told.value.field) == ("pipeline", field)
    with shop.session.work() as work:
        assert work.pipelines.create(name="Short", stages=iter(stages)).name == "Short"


Act = Callable[[SimpleNamespace, kith.Work], object]


@pytest.mark.parametrize(
    ("act", "told"),
    [
        (lambda shop, work: work.employees.create(name="x", unit="Team"), "unit: expected an id.*'Team'.*units.find"),
        (lambda shop, work: work.units.create(name="x", parent="Team"), "parent: .*units.find_one"),
        (lambda shop, work: work.set_quota("2026-Q1", 1, employee="Anna"), "employee: .*'Anna'.*employees.find_one"),
        (lambda shop, work: work.assign_plan("p", unit="Team", start=date(2026, 1, 1)), "unit: .*units.find_one"),
        (lambda shop, work: work.assign_plan(7, unit=shop.team, start=date(2026, 1, 1)), "name of a plan"),
        (lambda shop, work: work.opportunities.set_splits(1, [("Anna", "1")]), "employee: .*employees.find_one"),
        (lambda shop, work: work.opportunities.set_splits(1, ["ab"]), "pairs"),
        (lambda shop, work: work.statement("Anna", "2026-Q1"), "employee: .*employees.find_one"),
        (lambda shop, work: work.explain("Anna"), "statement: expected an id"),
        (lambda shop, work: work.customers.get("Acme"), "customer: .*customers.find_one"),
        (lambda shop, work: work.opportunities.get(None), "opportunity: expected an id or a Record, not NoneType"),
        (lambda shop, work: work.customers.get(True), "bool"),
        (lambda shop, work: shop.session.reader("2026-01-01"), "as_of: .*aware datetime.*valid_on"),
        (lambda shop, work: shop.session.reader(date(2026, 1, 1)), "as_of: .*aware datetime.*valid_on"),
        (lambda shop, work: kith.plan(PLAN).diff(3), "JSON text or a dict"),
        (lambda shop, work: kith.plan("nope.json"), "not the path 'nope.json'"),
        (lambda shop, work: work.add_plan("plan1.json"), "not the path"),
        (lambda shop, work: work.add_plan(Path("plan1.json")), "not the path"),
        (lambda shop, work: work.post_events("events.json"), "not the path"),
        (lambda shop, work: work.post_events({"a": 1}), "column 'a' is one int"),
        (lambda shop, work: shop.session.import_csv("f.csv", "cust.json"), "the mapping: .*not the path"),
        (lambda shop, work: shop.session.import_csv("f.csv", Path("cust.json")), "the mapping: .*not the path"),
        (lambda shop, work: shop.session.import_csv(__file__, __file__), "the mapping: .*not the path"),
    ],
)
def test_a_wrong_argument_is_told_with_what_is_expected(shop: SimpleNamespace, act: Act, told: str) -> None:
    work = shop.session.work()
    with pytest.raises(TypeError, match=told):
        act(shop, work)
    work.rollback()


def test_an_id_beyond_64_bits_is_told(shop: SimpleNamespace) -> None:
    with pytest.raises(kith.RangeError, match="customer"):
        shop.session.customers.get(2**70)
    with pytest.raises(kith.RangeError, match="as_of"):
        shop.session.reader(2**70)


def test_records_go_wherever_ids_do(shop: SimpleNamespace) -> None:
    with shop.session.work() as work:
        part = work.units.create(name="Part", parent=shop.team)
        new = work.employees.create(name="New", unit=part)
        deal = work.opportunities.create(title="D", customer=shop.acme, owner=shop.seller, amount="10")
        work.opportunities.set_splits(deal, [(shop.seller, "0.5"), (new, "0.5")])
        many = work.customers.create_many([{"name": "Many", "owner": shop.other}])
        work.units.move(part, shop.company, date(2027, 1, 1))
    assert (part.parent, new.unit, deal.owner) == (shop.team.id, part.id, shop.seller.id)
    customers = shop.session.customers
    assert customers.get(many[0]).owner == shop.other.id
    assert customers.get(shop.acme).name == "Acme"
    assert customers.find("owner = :o", o=shop.seller).column("name") == ["Acme"]
    assert len(customers.find("owner in :o", o=[shop.seller, shop.other])) == 2
    assert shop.session.may("read", "customer", shop.acme)


def test_one_text_is_one_column(shop: SimpleNamespace) -> None:
    found = shop.session.employees.find(order="name", fields="name")
    assert (found.columns, found.column("name")) == (["name"], ["Anna", "李雷"])


def test_what_is_not_found_is_told_with_the_values_asked_for(shop: SimpleNamespace) -> None:
    with pytest.raises(kith.NotFoundError, match="no employee matches 'name = :n' with n = 'Bob'"):
        shop.session.employees.find_one("name = :n", n="Bob")
    with pytest.raises(kith.MisuseError, match="more than one employee"):
        shop.session.employees.find_one()
    with pytest.raises(kith.InvalidError, match="-1"):
        shop.session.customers.find(limit=-1)
    with pytest.raises(AttributeError, match=r"did you mean products\?"):
        shop.session.produkts  # noqa: B018


def test_documents_come_as_text_dict_or_plan(shop: SimpleNamespace) -> None:
    before, after = kith.plan(PLAN), PLAN | {"valid": {"from": "2026-04-01"}}
    assert before.diff(after) == before.diff(kith.plan(after)) == before.diff(kith.plan(after).canonical()) != []
    with shop.session.work() as work:
        work.add_plan(before)
        assert work.post_events({"format": "kith.inputs/1", "events": []})["added"] == 0


def test_no_empty_file_of_rejects_is_left(shop: SimpleNamespace, tmp_path: Path) -> None:
    table, rejects = tmp_path / "c.csv", tmp_path / "c.rejects.csv"
    with pytest.raises(kith.NotFoundError):
        shop.session.import_csv(table, MAPPING, rejects=rejects)
    assert not rejects.exists()
    table.write_text("name\nA\n", encoding="utf-8")
    assert shop.session.import_csv(table, MAPPING, rejects=rejects)["created"] == 1
    assert not rejects.exists()
    table.write_text("name\nA\n,\n", encoding="utf-8")
    assert shop.session.import_csv(table, MAPPING, rejects=rejects)["rejected"] == 1
    assert "fields" in rejects.read_text(encoding="utf-8")


def test_rows_that_are_none_are_told_with_their_place(shop: SimpleNamespace) -> None:
    with shop.session.work() as work:
        for rows, told in (
            ("abc", "expected mappings, columns or an Arrow table, not str"),
            ([{"name": "A"}, "b"], "row 2: expected a mapping of fields, not str 'b'"),
        ):
            with pytest.raises(TypeError, match=told):
                work.customers.create_many(rows)
        with pytest.raises(kith.InvalidError, match="row 2: must not be blank"):
            work.customers.create_many([{"name": "A"}, {"name": " "}, {"name": "C"}])
        with pytest.raises(kith.InvalidError, match=r"customer.name.*half of a character"):
            work.customers.create(name="\ud800")
        with pytest.raises(kith.InvalidError, match="has a zero byte at byte"):
            work.customers.create(name="a\0b")
        for blank in ("\u3000", "\u00a0 "):
            with pytest.raises(kith.InvalidError, match=r"customer.name: must not be blank"):
                work.customers.create(name=blank)
        with pytest.raises(kith.InvalidError, match="is negative; give 0 or more"):
            work.opportunities.create(title="x", amount="-1.01")
        calendar = work.working_calendars.create(name="de", monday="09:00-17:00")
        with pytest.raises(kith.InvalidError, match=r"working_day.day: is missing"):
            work.working_days.create(calendar=calendar.id, hours="")
    with pytest.raises(kith.InvalidError, match="busy_ms is negative"):
        kith.open("memory:", busy_ms=-1)
