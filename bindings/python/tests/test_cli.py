# SPDX-License-Identifier: Apache-2.0
"""The command line, as somebody would type it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import kith
import pytest
from conftest import open_shop
from kith._cli_shared import without_password
from test_surface import PLAN


def run(*arguments: object, code: int = 0, columns: int = 200) -> str:
    """Output of `kith ...`; errors are one line without a traceback."""
    done = subprocess.run(
        [sys.executable, "-m", "kith.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": ":".join(sys.path), "COLUMNS": str(columns), "PATH": ""},
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout if code == 0 else done.stdout + done.stderr


def test_a_day_at_the_terminal(kept_url: Callable[[], str], tmp_path: Path) -> None:
    store = kept_url()
    assert "Made" in run("init", store, "--zone", "Asia/Shanghai")
    assert "there already" in run("init", store, code=1)
    table, mapping = tmp_path / "customers.csv", tmp_path / "m.json"
    table.write_text("name\n宏达\nAcme\n,\n", encoding="utf-8")
    mapping.write_text(
        json.dumps(
            {
                "format": "kith.import/1",
                "entity": "customer",
                "source": "cli",
                "key": "name",
                "columns": {"name": "name"},
            }
        )
    )
    assert "rejected" in run("import", store, table, mapping, "--dry-run", code=1)
    assert json.loads(run("find", store, "customers", "--format", "json")) == []
    run("import", store, table, mapping, code=1)
    assert (tmp_path / "customers.rejects.csv").exists()
    found = json.loads(run("find", store, "customers", "--where", "name = :n", "-p", "n=宏达", "--format", "json"))
    assert [row["name"] for row in found] == ["宏达"]
    assert "win_rate" in run("report", store)
    assert run("report", store, "deals", "--format", "csv").startswith("deals,open")
    assert "Everything holds" in run("check", store)
    table.write_bytes("name\n鈴木商店のテスト\n".encode("cp932"))
    assert "encoding: shift_jis (it is no UTF-8" in run("import", store, table, mapping)
    assert "encoding: shift_jis (it was given)" in run("import", store, table, mapping, "--encoding", "sjis")
    assert "gb18030" in run("import", store, table, mapping, "--encoding", "latin1", code=1)
    run("dump", store, tmp_path / "d.jsonl")
    digest = run("digest", store).strip()
    for copy in (f"sqlite:{tmp_path / 'copy.kith'}", kept_url()):
        assert digest in run("load", copy, tmp_path / "d.jsonl")
        assert digest in run("digest", copy)
        assert "Everything holds" in run("check", copy)
    assert store.partition(":")[0] in run("doctor", store).lower()
    assert "Wrote" in run("backup", store, tmp_path / "backup.kith")
    assert run("digest", tmp_path / "backup.kith") == run("digest", store)
    assert "new name" in run("backup", store, tmp_path / "backup.kith", code=1)


def test_digests_stay_whole_in_a_narrow_terminal(tmp_path: Path) -> None:
    store = tmp_path / "shop.kith"
    open_shop(str(store)).store.close()
    run("dump", store, tmp_path / "d.jsonl")
    digest = run("digest", store, columns=30).strip()
    assert len(digest) == 64
    assert digest in run("load", tmp_path / "copy.kith", tmp_path / "d.jsonl", columns=30)
    with kith.open(store) as opened:
        told = [line for text in opened.doctor() for line in text.splitlines()]
    assert run("doctor", store, columns=30).splitlines()[1:] == told


def test_records_leave_as_csv(tmp_path: Path) -> None:
    store, file = tmp_path / "shop.kith", tmp_path / "out.csv"
    shop = open_shop(str(store))
    with shop.session.work() as work:
        work.customers.create(name="=1+1", sector="tech")
    shop.store.close()
    assert "Wrote 1 customers" in run(
        "export", store, "customers", file, "--where", "sector = 'tech'", "--fields", "name"
    )
    assert file.read_bytes() == b"name\n'=1+1\n"
    run(
        "export",
        store,
        "customers",
        file,
        "--order",
        "name desc",
        "--fields",
        "name",
        "--profile",
        "interchange",
        "--mark",
    )
    assert file.read_bytes() == b"\xef\xbb\xbfname\nAcme\n=1+1\n"
    assert "customers" in run("export", store, "custmers", file, code=1)
    assert run("find", store, "customers", "--fields", "name", "--where", "sector = 'tech'", "--format", "csv") == (
        "name\n'=1+1\n"
    )


def test_commission_at_the_terminal(kept_url: Callable[[], str], tmp_path: Path) -> None:
    store, plan = kept_url(), tmp_path / "plan.json"
    shop = open_shop(store)
    with shop.session.work() as work:
        deal = work.opportunities.create(title="Big", amount="1000.00", owner=shop.seller.id)
        work.opportunities.win(deal, "2026-02-01", "price")
    shop.session.close()
    shop.store.close()
    plan.write_text(json.dumps(PLAN))
    assert "assigned to Company" in run("commission", "plan", store, plan, "--unit", "Company", "--from", "2026-01-01")
    assert "50.00 USD" in run("commission", "run", store, "2026-Q1")
    assert "0 changed" in run("commission", "run", store, "2026-Q1")
    assert "50.00" in run("commission", "statement", store, "李雷", "2026-Q1")
    assert "5 %" in run("commission", "explain", store, "李雷", "2026-Q1")
    assert "kith.trace/1" in run("commission", "explain", store, "李雷", "2026-Q1", "--line", 1, "--format", "json")
    assert "closed" in run("commission", "close", store, "2026-Q1")
    assert "closed" in run("commission", "run", store, "2026-Q1", code=1)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("find", "none.kith", "customers"), "none.kith"),
        (("report", "none.kith", "deals"), "none.kith"),
    ],
)
def test_what_is_not_there_is_told_in_one_line(arguments: tuple[str, ...], told: str, tmp_path: Path) -> None:
    text = run(arguments[0], tmp_path / arguments[1], *arguments[2:], code=1)
    assert told in text and len(text.strip().splitlines()) == 1


def test_a_server_that_refuses_is_told_in_one_line(server_url: str) -> None:
    absent = server_url.replace("@/postgres", "@/kith_absent")
    told = run("check", absent, code=1)
    assert "kith_absent" in told and "createdb" in told and len(told.strip().splitlines()) == 1
    mark = "&" if "?" in server_url else "?"
    told = run("check", f"{server_url}{mark}kith_schema=kith_nowhere", code=1)
    assert "kith_nowhere" in told and len(told.strip().splitlines()) == 1


def test_tenants_are_listed_and_one_is_removed_when_its_number_is_repeated(server_url: str) -> None:
    mark = "&" if "?" in server_url else "?"
    schema = f"{server_url}{mark}kith_schema=kith_tenants_{os.getpid()}"
    assert "kith_schema" in run("tenants", schema, code=1)
    for tenant, currency in ((3, "EUR"), (7, "JPY")):
        kith.open(f"{schema}&kith_tenant={tenant}", currency=currency).close()
    listed = run("tenants", schema, "--format", "csv").splitlines()
    assert listed[0] == "tenant,format,seq,recorded,currency"
    assert listed[1].startswith("3,") and listed[1].endswith(",EUR") and listed[2].startswith("7,")
    seven = f"{schema}&kith_tenant=7"
    assert "nothing was removed" in run("remove-tenant", seven, "--confirm", 3, code=1)
    assert "no tenant 9" in run("remove-tenant", f"{schema}&kith_tenant=9", "--confirm", 9, code=1)
    with pytest.raises(kith.errors.InvalidError, match="only a server has tenants"):
        kith.tenants("shop.kith")
    assert [row["tenant"] for row in kith.tenants(schema).to_dicts()] == [3, 7]
    assert "Removed tenant 7" in run("remove-tenant", seven, "--confirm", 7)
    assert [row["tenant"] for row in kith.tenants(schema).to_dicts()] == [3]
    with pytest.raises(kith.errors.NotFoundError):
        kith.open(seven, create=False)


def test_a_shard_plan_names_the_tables_in_order() -> None:
    plan = run("shard-plan", "--schema", "shop").splitlines()
    assert plan[0] == """SELECT create_reference_table('"shop"."kith_store"');"""
    assert plan[1] == """SELECT create_reference_table('"shop"."kith_migration"');"""
    assert all("create_distributed_table" in line and "'tenant_id'" in line for line in plan[2:])
    assert any('"opportunity_history"' in line for line in plan)


def test_a_list_for_people_shows_what_is_there(tmp_path: Path) -> None:
    store = str(tmp_path / "s.kith")
    shop = open_shop(store)
    with shop.session.work() as work:
        work.customers.create(name="宏达", country="CN")
        before = shop.session.seq
    with shop.session.work() as work:
        work.customers.create(name="Later")
    shop.store.close()
    shown = run("find", store, "customers", "--where", "name = :n", "-p", "n=宏达")
    assert "country" in shown and "Not shown: revision, seq" in shown and "phone" in shown.split("Not shown")[1]
    out = tmp_path / "c.csv"
    run("export", store, "customers", out, "--fields", "name", "--as-of", before + 1)
    assert "宏达" in out.read_text(encoding="utf-8") and "Later" not in out.read_text(encoding="utf-8")
    assert "'unique' is not NAME=VALUE" in run("define", store, "customers", "code", "-r", "unique", code=1)
    (tmp_path / "empty.kith").touch()
    assert "there is no store in" in run("check", tmp_path / "empty.kith", code=1)
    assert (tmp_path / "empty.kith").stat().st_size == 0


def test_a_password_is_never_shown() -> None:
    for url, shown in (
        ("postgresql://ann:top%secret@db/shop", "postgresql://ann:***@db/shop"),
        ("postgresql://ann:a@b@db:5432/shop?kith_tenant=2", "postgresql://ann:***@db:5432/shop?kith_tenant=2"),
        ("postgresql://db/shop?user=ann&password=secret&x=1", "postgresql://db/shop?user=ann&password=***&x=1"),
        ("postgresql://ann@db/shop", "postgresql://ann@db/shop"),
        ("C:/data/shop@home.kith", "C:/data/shop@home.kith"),
        ("数据 库/shop.kith", "数据 库/shop.kith"),
    ):
        assert without_password(url) == shown
