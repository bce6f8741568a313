# SPDX-License-Identifier: Apache-2.0
"""What scripts use: records, works, values, errors, lifetimes, results."""

import json
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import kith
import numpy
import pandas
import pyarrow as pa
import pytest

PLAN = {
    "format": "kith.plan/1",
    "name": "p",
    "version": 1,
    "currency": "USD",
    "calendar": "calendar",
    "interval": "quarter",
    "valid": {"from": "2026-01-01"},
    "rounding": {"mode": "half_up", "point": "telescoped"},
    "order": ["date", "sequence", "id"],
    "credit": {"role": "primary", "base": "amount", "split": "from_event"},
    "components": [
        {
            "name": "c",
            "accumulate": "interval",
            "negative": "first_tier",
            "tiers": {"mode": "marginal", "bands": [{"from": "0", "rate": "0.05"}, {"from": "100000", "rate": "0.08"}]},
        }
    ],
}


def test_a_work_commits_at_the_end_and_rolls_back_on_an_exception(shop: SimpleNamespace) -> None:
    before = shop.session.digest()
    with pytest.raises(ZeroDivisionError), shop.session.work() as work:
        work.customers.create(name="Gone")
        1 / 0  # noqa: B018
    assert shop.session.digest() == before
    with shop.session.work("keep") as work:
        kept = work.customers.create(name="Kept 客戶")
    assert shop.session.customers.get(kept.id).name == "Kept 客戶"
    assert work.receipt.seq == shop.session.seq


def test_find_filters_orders_limits_and_takes_parameters(shop: SimpleNamespace) -> None:
    with shop.session.work() as work:
        for name in ("Beta", "宏达机械", "Gamma"):
            work.customers.create(name=name, sector="tech")
    found = shop.session.customers.find("sector = :s", s="tech", order=["name desc"], fields=["name"])
    assert found.column("name") == ["宏达机械", "Gamma", "Beta"]
    assert found.columns == ["name"]
    assert len(shop.session.customers.find("name contains :q", q="宏达")) == 1
    assert len(shop.session.customers.find(limit=2)) == 2
    hostile = "'; drop table customer; --"
    assert len(shop.session.customers.find("name = :q", q=hostile)) == 0


def test_money_is_one_value_of_a_query_though_it_is_a_tuple(shop: SimpleNamespace) -> None:
    with shop.session.work() as work:
        work.opportunities.create(title="Small", customer=shop.acme.id, owner=shop.seller.id, amount=Decimal("5"))
        work.opportunities.create(title="Large", customer=shop.acme.id, owner=shop.seller.id, amount=Decimal("9"))
    five = kith.Money(Decimal("5"), "USD")
    find = shop.session.opportunities.find
    assert find("amount > :least", least=five).column("title") == ["Large"]
    assert find("title in :titles", titles=("Small", "Other")).column("title") == ["Small"]


def test_expressions_take_lists_and_explain_themselves(shop: SimpleNamespace) -> None:
    customers = shop.session.customers
    assert customers.find("sector in :s", s=["tech", "x"]).column("name") == customers.find("sector = 'tech'").column(
        "name"
    )
    assert len(customers.find("sector in :s", s=[])) == 0
    assert customers.evaluate(shop.acme, "if(name = 'Acme', 1 / 8, 2)") == Decimal("0.125")
    assert customers.explain(shop.acme, "name = 'Acme'").startswith("name = 'Acme' is true\n")
    assert "为 真" in customers.explain(shop.acme, "name = :n", language="zh", n="Acme")
    canonical = customers.expression("not (name = 'x')")
    assert canonical["text"] == "name != 'x'"
    assert canonical["type"] == "boolean"
    assert customers.expression(json=canonical["json"]) == canonical
    tree = json.loads(customers.explain(shop.acme, "name = 'Acme'", language="json"))
    assert (tree["text"], tree["value"]) == ("name = 'Acme'", "true")
    with pytest.raises(kith.InvalidError, match="name"):
        customers.evaluate(shop.acme, "nme = 'x'")
    with pytest.raises(kith.NotFoundError):
        customers.evaluate(1, "name")


def test_expressions_give_every_type_of_value(shop: SimpleNamespace) -> None:
    with shop.session.work() as work:
        deal = work.opportunities.create(
            title="D", customer=shop.acme.id, owner=shop.seller.id, amount="12.50", engaged_on=date(2026, 2, 1)
        )
    deals = shop.session.opportunities
    assert deals.evaluate(deal, "amount * 2") == kith.Money(Decimal("25.00"), "USD")
    assert deals.evaluate(deal, "engaged_on + :days", days=3) == date(2026, 2, 4)
    assert deals.evaluate(deal, "title") == "D"
    assert deals.evaluate(deal, "status") == "open"
    assert deals.evaluate(deal, "owner") == shop.seller.id
    assert deals.evaluate(deal, "owner in :team", team=(shop.other.id, shop.seller.id)) is True
    assert deals.evaluate(deal, "closed_on") is None
    assert deals.evaluate(deal, "lookup('membership.unit', owner, today())") == shop.team.id
    with shop.store.session("li") as seller:
        assert seller.opportunities.evaluate(deal, "base(amount) > 12 USD") is True
    with shop.session.work() as work:
        other = work.opportunities.create(title="Hidden", customer=shop.acme.id, owner=shop.other.id)
    with shop.store.session("li") as seller, pytest.raises(kith.NotFoundError):
        seller.opportunities.evaluate(other, "title")


def test_faults_of_expressions_are_told_in_three_languages(shop: SimpleNamespace) -> None:
    customers = shop.session.customers
    assert customers.fault("name = :n", n="x") is None
    fault = customers.fault("name = 'x' and nme = 'y'")
    assert (fault["code"], fault["position"]) == ("unknown_field", 16)
    assert "character 16" in fault["en"] and "第 16 个字符" in fault["zh"] and "16" in fault["ja"]
    for language in ("en", "zh", "ja"):
        with pytest.raises(kith.InvalidError) as told:
            customers.expression("name = 'x' and nme = 'y'", language=language)
        assert fault[language] in str(told.value)
    with pytest.raises(kith.InvalidError, match="zh"):
        customers.expression("name = 'x'", language="fr")


def test_values_are_exact_and_floats_are_refused(shop: SimpleNamespace) -> None:
    with shop.session.work() as work:
        deal = work.opportunities.create(title="D", customer=shop.acme.id, owner=shop.seller.id, amount=Decimal("0.10"))
        assert deal.amount == kith.Money(Decimal("0.10"), "USD")
        with pytest.raises(TypeError, match="Decimal"):
            work.opportunities.update(deal, amount=0.1)
        with pytest.raises(kith.InvalidError, match="digits"):
            work.opportunities.update(deal, amount=Decimal("0.001"))
        with pytest.raises(kith.RangeError):
            work.opportunities.update(deal, amount=Decimal("92233720368547758.08"))
        largest = Decimal("92233720368547758.07")
        assert work.opportunities.update(deal, amount=largest).amount.amount == largest


def test_times_need_zones_and_come_back_in_utc(shop: SimpleNamespace) -> None:
    with shop.session.work() as work:
        with pytest.raises(TypeError, match="time zone"):
            work.customers.advance(shop.acme, "lead", at=datetime(2026, 3, 2))
        at = datetime(2026, 3, 1, 17, tzinfo=timezone(timedelta(hours=8)))
        work.customers.advance(shop.acme, "lead", at=at)
    rows = shop.session.customer_stages.find("customer = :c", c=shop.acme.id, order=["from"])
    assert rows[-1]["from"] == datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert rows[-1]["to"] is None
    assert shop.session.customers.time_in_stages(shop.acme.id, date(2026, 3, 11))["lead"] == 10


def test_errors_are_a_tree_with_everything_in_it(shop: SimpleNamespace) -> None:
    with shop.session.work() as work:
        with pytest.raises(kith.InvalidError) as told:
            work.customers.create(name=" ", owner=12345)
        assert {field for _, field, _ in told.value.violations} == {"name", "owner"}
        assert told.value.code == "invalid" and told.value.entity == "customer"
        with pytest.raises(kith.InvalidError, match="Did you mean"):
            work.customers.create(nam="x")
        with pytest.raises(kith.NotFoundError):
            work.customers.get(1)
        with pytest.raises(AttributeError, match="customers"):
            _ = work.custmers
    assert all(issubclass(kind, kith.Error) for kind in (kith.BusyError, kith.StateError, kith.DeniedError))


def test_a_stale_record_is_a_conflict(shop: SimpleNamespace) -> None:
    mine = shop.session.customers.get(shop.acme.id)
    with shop.session.work() as work:
        work.customers.update(shop.acme.id, sector="energy")
    with shop.session.work() as work, pytest.raises(kith.ConflictError, match="read it again"):
        work.customers.update(mine, sector="late")
    assert shop.session.customers.get(shop.acme.id).sector == "energy"


def test_the_same_key_is_one_work(shop: SimpleNamespace) -> None:
    with shop.session.work("pay", key="op-1", payload="a") as work:
        work.customers.create(name="Once")
        first = work.commit("done")
    again = shop.session.work("pay", key="op-1", payload="a")
    assert again.replayed
    assert again.commit() == kith.Receipt(first.seq, "done", True)
    with pytest.raises(kith.ConflictError):
        shop.session.work("pay", key="op-1", payload="b")


def test_a_deal_from_talk_to_commission(shop: SimpleNamespace) -> None:
    with shop.session.work() as work:
        deal = work.opportunities.create(title="Big", customer=shop.acme.id, owner=shop.seller.id, amount="50.00")
        with pytest.raises(kith.StateError, match=r"amount >= 100\.00 USD"):
            work.opportunities.advance(deal, "Offer")
        with pytest.raises(kith.InvalidError, match="Offer"):
            work.opportunities.advance(deal, "Ofer")
        work.opportunities.update(deal, amount=kith.Money(Decimal(120_000), "USD"))
        work.opportunities.advance(deal, "Offer")
        assert work.weighted_total() == kith.Money(Decimal("108000.00"), "USD")
        with pytest.raises(kith.InvalidError):
            work.opportunities.set_splits(deal, [(shop.seller.id, "0.6"), (shop.other.id, "0.3")])
        work.opportunities.set_splits(deal, [(shop.seller.id, "0.5"), (shop.other.id, "0.5")])
        work.opportunities.win(deal, date(2026, 2, 1), "price")
        with pytest.raises(kith.StateError):
            work.opportunities.win(deal, date(2026, 2, 1), "price")
    assert shop.session.report("win_rate")[0].win_rate == Decimal("100.00")
    with shop.session.work() as work:
        work.add_plan(PLAN)
        work.assign_plan("p", unit=shop.company, start=date(2026, 1, 1))
        assert work.run_commission("2026-Q1")["total"] == kith.Money(Decimal("6000.00"), "USD")
        quota = work.set_quota("2026-Q1", Decimal(100_000), unit=shop.company)
        work.decompose(quota, [{"unit": shop.team.id}], "equal")
    statement = shop.session.statement(shop.seller, "2026-Q1")
    assert statement.total.amount == Decimal("3000.00")
    assert len(kith.check_trace(shop.session.explain(statement, format="json"))) == 0
    assert "5 %" in shop.session.explain(line=shop.session.lines(statement)[0])
    with shop.session.work() as work:
        work.close_commission("2026-Q1")
        with pytest.raises(kith.StateError):
            work.run_commission("2026-Q1")
    assert [row.attainment for row in shop.session.report("attainment")] == [Decimal("120.00")] * 2


def test_a_seller_sees_their_own(shop: SimpleNamespace) -> None:
    with shop.session.work() as work:
        theirs = work.customers.create(name="Theirs", owner=shop.other.id)
    seller = shop.store.session("li")
    assert seller.customers.find().column("name") == ["Acme"]
    with pytest.raises(kith.NotFoundError):
        seller.customers.get(theirs.id)
    with pytest.raises(kith.DeniedError):
        seller.check()
    with pytest.raises(kith.NotFoundError, match="li"):
        shop.store.session("lii")


def test_the_past_is_readable(shop: SimpleNamespace) -> None:
    then = shop.session.seq
    with shop.session.work() as work:
        work.customers.update(shop.acme.id, name="Acme 2")
    assert shop.session.reader(as_of=then).customers.get(shop.acme.id).name == "Acme"
    assert [row.name for row in shop.session.customers.history(shop.acme.id)] == ["Acme", "Acme 2"]
    assert shop.session.changes(after=0, most=5)[0].id == 1
    assert [row.entity for row in shop.session.changes.find("seq = :seq", seq=then + 1)] == ["customer"]


def test_no_kind_of_record_is_shadowed(shop: SimpleNamespace) -> None:
    with shop.session.work() as work:
        for entity in shop.store.entities():
            for source in (shop.session, shop.session.reader(), work):
                assert getattr(source, entity.plural).find(limit=1) is not None, entity.plural


def test_results_outlive_their_session_and_closed_ones_say_so(shop: SimpleNamespace) -> None:
    session = shop.store.session()
    found, reader, work = session.customers.find(), session.reader(), session.work()
    session.close()
    assert found[0].name == "Acme"
    assert reader.customers.get(shop.acme.id).name == "Acme"
    work.rollback()
    for call in (lambda: session.customers.find(), lambda: work.customers.create(name="x"), work.commit):
        with pytest.raises(kith.MisuseError):
            call()
    reader.close()
    with pytest.raises(kith.MisuseError):
        reader.customers.find()


def test_tables_go_to_arrow_without_floats(shop: SimpleNamespace) -> None:
    with shop.session.work() as work:
        work.opportunities.create(title="D", amount="12.30", owner=shop.seller.id)
    table = pa.table(shop.session.opportunities.find(fields=["title", "amount", "engaged_on", "status"]))
    assert table.column("amount").to_pylist() == [Decimal("12.30")]
    assert pa.types.is_decimal128(table.schema.field("amount").type)
    assert table.column("amount_currency").to_pylist() == ["USD"]
    assert table.column("status").to_pylist() == ["open"]
    assert pa.types.is_date32(table.schema.field("engaged_on").type)


def test_imports_report_rejects_and_can_be_rehearsed(shop: SimpleNamespace, tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text("name,sector\nGood,retail\n,tech\nGood 2,\n", encoding="utf-8")
    mapping = {
        "format": "kith.import/1",
        "entity": "customer",
        "source": "t",
        "key": "name",
        "columns": {"name": "name", "sector": "sector"},
    }
    before = shop.session.digest()
    rehearsal = shop.session.import_csv(path, mapping, dry_run=True)
    assert (rehearsal["created"], rehearsal["rejected"]) == (2, 1)
    assert shop.session.digest() == before
    report = shop.session.import_csv(path, mapping, rejects=tmp_path / "r.csv")
    assert report["problems"][0]["line"] == 3
    assert "3," in (tmp_path / "r.csv").read_text(encoding="utf-8")
    again = shop.session.import_csv(path, mapping)
    assert (again["created"], again["unchanged"]) == (0, 2)
    with pytest.raises(kith.CancelledError):
        shop.session.import_csv(path, mapping, progress=lambda rows, done, total: False)


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("utf-8", ["宏达机械", "鈴木商店", "Zoë"]),
        ("gb18030", ["宏达机械", "上海贸易有限公司"]),
        ("big5", ["宏達機械", "台北貿易有限公司"]),
        ("shift_jis", ["鈴木商店", "テスト株式会社"]),
        ("utf-16le", ["宏达机械", "鈴木商店"]),
        ("utf-16be", ["宏达机械", "鈴木商店"]),
    ],
)
def test_imports_read_what_spreadsheets_of_east_asia_write(
    shop: SimpleNamespace, tmp_path: Path, encoding: str, names: list[str]
) -> None:
    path = tmp_path / "c.csv"
    text = "\n".join(["name", *names, ""])
    mapping = {"format": "kith.import/1", "entity": "customer", "columns": {"name": "name"}}
    for given in (None, encoding):
        mark = "\ufeff" if given is None and encoding.startswith("utf-16") else ""
        path.write_bytes((mark + text).encode(encoding))
        report = shop.session.import_csv(path, mapping, encoding=given)
        assert report["created"] == len(names), report
        assert report["encoding"]["name"] == encoding
        assert report["encoding"]["given"] is (given is not None)
        assert report["encoding"]["why"]
    assert sorted(shop.session.customers.find().column("name")) == sorted(["Acme", *names, *names])
    with pytest.raises(kith.InvalidError, match="gb18030"):
        shop.session.import_csv(path, mapping, encoding="latin1")


def test_a_wrongly_given_encoding_spoils_rows_not_the_store(shop: SimpleNamespace, tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_bytes("name\n宏达机械\nPlain\n".encode("gb18030"))
    mapping = {"format": "kith.import/1", "entity": "customer", "columns": {"name": "name"}}
    report = shop.session.import_csv(path, mapping, encoding="utf-8")
    assert (report["created"], report["rejected"]) == (1, 1)
    assert report["problems"][0]["line"] == 2


def test_bad_input_is_told_and_changes_nothing(shop: SimpleNamespace, tmp_path: Path) -> None:
    with shop.session.work() as work:
        deal = work.opportunities.create(title="D", amount="5.00", owner=shop.seller.id)
        work.opportunities.update(deal, title="D 2")
    before = shop.session.digest()
    with shop.session.work() as work:
        with pytest.raises(kith.InvalidError, match=r"Ofer.*Offer"):
            work.opportunities.advance(deal, "Ofer")
        with pytest.raises(kith.InvalidError, match="EUR"):
            work.opportunities.create(title="E", amount="1.00", currency="EUR", owner=shop.seller.id)
        with pytest.raises(kith.ConflictError, match="read it again"):
            work.opportunities.update(deal, title="late")
        first = PLAN["components"][0]
        bands = [{"from": "0", "to": "10", "rate": "0.1"}, {"from": "10.01", "rate": "0.2"}]
        gapped = {**PLAN, "components": [{**first, "tiers": {"mode": "marginal", "bands": bands}}]}
        with pytest.raises(kith.InvalidError, match=r"10\.01"):
            work.add_plan(gapped)
    with pytest.raises(kith.InvalidError, match="character 1"):
        shop.session.customers.find("nme = 'x'")
    with pytest.raises(kith.InvalidError, match="win_rate"):
        shop.session.report("win_rat")
    table = tmp_path / "broken.csv"
    table.write_text('name\n"never closed\n', encoding="utf-8")
    mapping = {
        "format": "kith.import/1",
        "entity": "customer",
        "source": "t",
        "key": "name",
        "columns": {"name": "name"},
    }
    report = shop.session.import_csv(table, mapping)
    assert report["broken_off"] and report["problems"][0]["line"] == 2
    assert shop.session.digest() == before


def test_a_file_that_is_no_whole_store_is_refused_and_left_alone(tmp_path: Path) -> None:
    whole = tmp_path / "whole.kith"
    with kith.open(whole) as store, store.session() as session, session.work() as work:
        for number in range(500):
            work.customers.create(name=f"Customer {number}")
    data = whole.read_bytes()
    for name, content in {
        "truncated": data[: len(data) // 2],
        "header only": data[:100],
        "noise": b"SQLite format 3\0" + b"\0" * 50,
        "text": b"name,sector\nAcme,retail\n",
    }.items():
        path = tmp_path / f"{name}.kith"
        path.write_bytes(content)
        with pytest.raises(kith.CorruptError) as told:
            kith.open(path)
        assert path.name in str(told.value)
        assert path.read_bytes() == content
    with pytest.raises(kith.NotFoundError):
        kith.open(tmp_path / "none.kith", create=False)


def test_dump_and_load_keep_the_digest(shop: SimpleNamespace, tmp_path: Path) -> None:
    shop.session.reader().dump(tmp_path / "d.jsonl")
    kith.load(tmp_path / "d.jsonl", tmp_path / "copy.kith")
    with kith.open(tmp_path / "copy.kith") as copy:
        assert copy.session().digest() == shop.session.digest()
        assert copy.doctor()


def test_a_backup_is_an_equal_store_of_its_own(shop: SimpleNamespace, tmp_path: Path) -> None:
    copy = tmp_path / "copy.kith"
    shop.session.backup(copy)
    with kith.open(copy, create=False) as store, store.session() as session:
        assert session.digest() == shop.session.digest()
        assert len(session.check()) == 0
    with pytest.raises(kith.StateError, match="new name"):
        shop.session.backup(copy)
    with pytest.raises(kith.DeniedError, match="administer"):
        shop.store.session("li").backup(tmp_path / "other.kith")
    assert not (tmp_path / "other.kith").exists()


def test_records_leave_as_csv(shop: SimpleNamespace, tmp_path: Path) -> None:
    with shop.session.work() as work:
        work.opportunities.create(title="+1", customer=shop.acme.id, owner=shop.seller.id, amount="12.50")
        work.opportunities.create(title="Later", customer=shop.acme.id, owner=shop.other.id)
    file = tmp_path / "deals.csv"
    deals = shop.session.opportunities
    fields = ["title", "amount"]
    assert deals.export_csv(file, order=["title"], fields=fields) == 2
    assert file.read_text() == "title,amount,amount_currency\n'+1,12.50,USD\nLater,,USD\n"
    assert deals.find(order=["title"], fields=fields).to_csv() == file.read_text()
    assert deals.export_csv(file, "title = :t", t="+1", fields=fields, profile="interchange", delimiter=";") == 1
    assert file.read_text() == "title;amount;amount_currency\n+1;12.50;USD\n"
    kept = file.read_bytes()
    with pytest.raises(kith.InvalidError, match="title"):
        deals.export_csv(file, "titel = 'x'")
    with pytest.raises(kith.InvalidError, match="spreadsheet"):
        deals.export_csv(file, profile="excel")
    assert file.read_bytes() == kept
    with shop.store.session("li") as seller:
        assert seller.opportunities.export_csv(file, fields=["title"]) == 1


def test_the_store_describes_itself(shop: SimpleNamespace) -> None:
    assert "customer" in shop.store.entities().column("name")
    assert "amount" in shop.store.fields("opportunity").column("name")
    assert "win_rate" in shop.store.reports().column("name")
    assert "by" in shop.store.report_parameters("win_rate").column("name")
    assert "Acme" in repr(shop.session.customers.find())
    assert "<td>Acme</td>" in shop.session.customers.find()._repr_html_()


def test_arrow_tables_become_records(shop: SimpleNamespace) -> None:
    columns = pa.table(
        {
            "name": pa.array(["宏达 2", "Bolt"]).dictionary_encode(),
            "sector": pa.array(["retail", None], pa.large_string()),
            "founded": pa.array([1998, None], pa.int32()),
            "annual_revenue": pa.array([Decimal("12.5"), None], pa.decimal128(20, 4)),
        }
    )
    with shop.session.work("bulk") as work:
        ids = work.customers.create_many(columns.slice(0, 1))
        ids += work.customers.create_many(columns.slice(1, 1))
        ids += work.customers.create_many([{"name": "Row", "founded": 2001}, {"name": "Next"}])
    made = [shop.session.customers.get(id) for id in ids]
    assert [one.name for one in made] == ["宏达 2", "Bolt", "Row", "Next"]
    assert made[0].annual_revenue == Decimal("12.5") and made[0].founded == 1998 and made[0].sector == "retail"
    assert made[1].founded is None and made[1].sector is None
    assert made[2].founded == 2001


def test_arrow_floats_are_no_decimals_and_nothing_is_half_done(shop: SimpleNamespace) -> None:
    before = len(shop.session.customers.find())
    with shop.session.work("bulk") as work:
        with pytest.raises(kith.InvalidError, match="floats are not exact"):
            work.customers.create_many(pa.table({"name": ["A", "B"], "annual_revenue": [0.1, 0.2]}))
        with pytest.raises(kith.InvalidError, match="row 2"):
            work.customers.create_many(pa.table({"name": ["A", "B"], "kind": ["person", "robot"]}))
        with pytest.raises(TypeError, match="one text"):
            work.customers.create_many({"name": "Acme"})
        with pytest.raises(ValueError, match="lengths"):
            work.customers.create_many({"name": ["A", "B"], "sector": ["x"]})
    assert len(shop.session.customers.find()) == before


def test_columns_become_records(shop: SimpleNamespace) -> None:
    with shop.session.work("bulk") as work:
        ids = work.customers.create_many(
            {"name": ["A", "B"], "founded": numpy.array([1998, 2001]), "annual_revenue": [Decimal("12.5"), None]}
        )
        frame = pandas.DataFrame({"name": ["C", "D", "E"], "sector": ["x", "y", "x"]})
        ids += work.customers.create_many(frame[frame["sector"] == "x"])
    made = [shop.session.customers.get(id) for id in ids]
    assert [one.name for one in made] == ["A", "B", "C", "E"]
    assert [one.founded for one in made] == [1998, 2001, None, None]
    assert made[0].annual_revenue == Decimal("12.5")


def test_many_records_change_at_once(shop: SimpleNamespace) -> None:
    with shop.session.work("bulk") as work:
        ids = work.customers.create_many({"name": ["A", "B", "C"], "sector": ["x", "x", "x"]})
    with shop.session.work("change") as work:
        assert work.customers.update_many(pa.table({"id": ids, "sector": ["x", "y", None]})) == 2
        assert work.customers.update_many({"id": ids[:2], "founded": [1998, None]}) == 1
        assert work.customers.update_many([{"id": ids[2], "name": "Z"}, {"id": ids[0], "sector": "w"}]) == 2
    now = [shop.session.customers.get(id) for id in ids]
    assert [(one.name, one.sector, one.founded) for one in now] == [
        ("A", "w", 1998),
        ("B", "y", None),
        ("Z", None, None),
    ]
    found = shop.session.customers.find("id in :ids", ids=ids, fields=["id", "revision", "sector"])
    with shop.session.work("round trip") as work:
        assert work.customers.update_many(found) == 0
    before = shop.session.digest()
    for rows, error, told in [
        ({"id": ids[:1], "sector": ["q"], "revision": [1]}, kith.ConflictError, "revision"),
        (pa.table({"id": ids[:1], "sector": ["q"], "revision": [1]}), kith.ConflictError, "revision"),
        ({"id": [ids[0], ids[0]], "sector": ["q", "r"]}, kith.InvalidError, "twice"),
        (pa.table({"id": [ids[0], ids[0]], "sector": ["q", "r"]}), kith.InvalidError, "twice"),
        (pa.table({"sector": ["q"]}), kith.InvalidError, "id"),
        ([{"sector": "q"}], kith.InvalidError, "id"),
        (pa.table({"id": [ids[0], 1], "sector": ["q", "r"]}), kith.NotFoundError, "customer 1"),
        ({"id": ids, "name": ["ok", "ok", ""]}, kith.InvalidError, "name"),
        (pa.table({"id": ids, "name_key": ["a", "b", "c"]}), kith.InvalidError, "kept"),
    ]:
        with shop.session.work() as work, pytest.raises(error, match=told):
            work.customers.update_many(rows)
    assert shop.session.digest() == before
    with shop.store.session("li") as seller, seller.work() as work, pytest.raises(kith.NotFoundError):
        work.customers.update_many({"id": ids[:1], "sector": ["mine"]})


def test_amounts_change_without_naming_their_currency(shop: SimpleNamespace) -> None:
    with shop.session.work() as work:
        ids = work.opportunities.create_many(
            {"title": ["A", "B"], "amount": [Decimal("10.50"), None], "customer": [shop.acme.id] * 2}
        )
    with shop.session.work() as work:
        table = pa.table({"id": ids, "amount": pa.array([Decimal("11.00")] * 2, pa.decimal128(10, 2))})
        assert work.opportunities.update_many(table) == 2
        with pytest.raises(kith.InvalidError, match="holds money in USD"):
            work.opportunities.update_many(pa.table({"id": ids, "currency": ["EUR", "EUR"]}))
    assert [shop.session.opportunities.get(id).amount for id in ids] == [kith.Money(Decimal("11.00"), "USD")] * 2
    deals = shop.session.opportunities
    assert pa.table(deals.scan(fields=["title", "amount"])).equals(pa.table(deals.find(fields=["title", "amount"])))


def test_scans_are_read_batch_by_batch(shop: SimpleNamespace) -> None:
    with shop.session.work("many") as work:
        work.customers.create_many({"name": [f"C{number:05}" for number in range(5000)], "sector": ["many"] * 5000})
    customers = shop.session.customers
    scan = customers.scan("sector = :s", s="many", fields=["name", "founded"], rows=1000)
    assert scan.columns == ["name", "founded"]
    sizes = [len(table) for table in scan]
    assert sum(sizes) == 5000 and len(sizes) > 2 and max(sizes) < 2100
    whole = pa.table(customers.find("sector = :s", s="many", fields=["name", "founded"]))
    assert pa.table(scan).equals(whole) and pa.table(scan).equals(whole)
    assert pa.table(customers.scan("name = 'none'")).num_rows == 0
    assert [len(table) for table in customers.scan(order=["name desc"], limit=3)] == [3]
    reader = pa.RecordBatchReader.from_stream(scan)
    with shop.session.work("meanwhile") as work:
        work.customers.create(name="Late", sector="many")
    assert reader.read_all().num_rows == 5000, "the stream's snapshot was taken before"
    assert sum(len(table) for table in scan) == 5001
    with pytest.raises(kith.InvalidError, match="name"):
        pa.table(customers.scan("nme = 'x'"))
    with shop.store.session("li") as seller:
        assert [len(table) for table in seller.customers.scan(fields=["name"])] == [1]


def test_the_scan_of_a_work_ends_with_it(shop: SimpleNamespace) -> None:
    with shop.session.work("many") as work:
        work.customers.create_many({"name": [f"C{number}" for number in range(3000)]})
        tables = iter(work.customers.scan(rows=1))
        stream = pa.RecordBatchReader.from_stream(work.customers.scan())
        assert len(next(tables)) > 0
    with pytest.raises(kith.MisuseError, match="ended"):
        next(tables)
    with pytest.raises(OSError, match="ended"):
        stream.read_all()


def test_import_brings_no_module_that_only_some_calls_need():
    show = "import sys; known = set(sys.modules); import kith; print(*sorted(set(sys.modules) - known))"
    answer = subprocess.run([sys.executable, "-c", show], capture_output=True, text=True, check=True)
    brought = set(answer.stdout.split())
    assert "kith._kith" in brought
    assert not brought & {"argparse", "difflib", "html", "pandas", "pyarrow", "subprocess"}
