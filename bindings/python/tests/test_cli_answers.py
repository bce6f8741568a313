# SPDX-License-Identifier: Apache-2.0
"""What the command line answers to slips of the hand, in one line, and where there is nothing to tell."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import kith
import pytest
from conftest import open_shop
from kith import cli
from kith._grid import print_grid
from rich.console import Console
from test_arguments import MAPPING
from test_surface import PLAN

Run = Callable[..., str]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `kith ...` here, which is quicker than a process each; gives what it printed."""

    def kith_(*arguments: object, code: int = 0) -> str:
        monkeypatch.setattr("sys.argv", ["kith", *map(str, arguments)])
        monkeypatch.setenv("COLUMNS", "200")
        with pytest.raises(SystemExit) as end:
            cli.main()
        told = capsys.readouterr()
        assert (end.value.code or 0) == code, told.out + told.err
        return told.out + told.err

    return kith_


@pytest.fixture
def store(tmp_path: Path) -> Path:
    shop = open_shop(str(tmp_path / "shop.kith"))
    shop.session.close()
    shop.store.close()
    return tmp_path / "shop.kith"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("find", "customers", "--as-of", "yesterday"), "--as-of 'yesterday'"),
        (("find", "customers", "--as-of", "2026-01-01"), "--on YYYY-MM-DD"),
        (("find", "customers", "--on", "2026-02-30"), "--on '2026-02-30' is no day; write it as YYYY-MM-DD"),
        (("find", "customers", "-p", "d=2026-02-30"), "--param d '2026-02-30' is no day"),
        (("morning", "Anna", "--day", "x"), "--day 'x' is no day"),
        (("commission", "assign", "p", "--role", "x", "--from", "1.1.2026"), "--from '1.1.2026' is no day"),
        (("find", "produkts"), "there are no 'produkts'; did you mean products?"),
        (("history", "custmer", "1"), "did you mean customer "),
        (("morning", "Bob"), "there is no employee 'Bob'; see `kith find STORE employees --fields name`"),
        (("commission", "statement", "李磊", "2026-Q1"), "there is no employee '李磊'; did you mean 李雷?"),
        (("commission", "assign", "p", "--unit", "Team"), "there is no plan 'p'"),
    ],
)
def test_a_slip_is_told_in_one_line(run: Run, store: Path, arguments: tuple[str, ...], told: str) -> None:
    group = 2 if arguments[0] == "commission" else 1
    answer = run(*arguments[:group], store, *arguments[group:], code=1)
    assert told in answer and len(answer.strip().splitlines()) == 1


def test_limits_are_not_negative_and_the_version_is_told(run: Run, store: Path) -> None:
    assert "--limit" in run("find", store, "customers", "--limit", "-1", code=2)
    assert "--limit" in run("works", store, "--limit", "-1", code=2)
    assert run("--version").strip() == f"kith {kith.__version__}"


def test_documents_that_are_not_utf8_are_named(run: Run, store: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_bytes('{"name": "宏达"}'.encode("gb18030"))
    table = tmp_path / "c.csv"
    table.write_text("name\nA\n")
    for arguments in (("plan", "lint", bad), ("commission", "plan", store, bad), ("import", store, table, bad)):
        answer = run(*arguments, code=1)
        assert f"'{bad}' is not UTF-8" in answer and "save it as UTF-8" in answer


def test_all_or_nothing_says_that_nothing_was_kept(run: Run, store: Path, tmp_path: Path) -> None:
    table, mapping = tmp_path / "c.csv", tmp_path / "m.json"
    mapping.write_text(json.dumps(MAPPING))
    table.write_text("name\nNew\n,\n")
    assert "Nothing was kept" in run("import", store, table, mapping, "--all-or-nothing", code=1)
    assert "New" not in run("find", store, "customers")
    assert "Nothing was kept" not in run("import", store, table, mapping, code=1)
    assert "New" in run("find", store, "customers")
    run("import", store, tmp_path / "nope.csv", mapping, code=1)
    assert not (tmp_path / "nope.rejects.csv").exists()


def test_a_store_is_generated_only_where_its_inputs_can_be_written(run: Run, tmp_path: Path) -> None:
    made = tmp_path / "made.kith"
    assert "nowhere" in run("generate", made, "--inputs", tmp_path / "nowhere" / "in.json", code=1)
    assert not made.exists()


def test_a_plan_is_assigned_from_its_own_first_day_also_later(run: Run, store: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps(PLAN))
    assert "no plan" in run("commission", "run", store, "2026-Q1", code=1)
    run("commission", "plan", store, plan, "--from", "2026-01-01", code=1)
    assert "assigned to Team from 2026-01-01" in run("commission", "plan", store, plan, "--unit", "Team")
    assert "assigned to Anna from 2026-01-01" in run("commission", "assign", store, "p", "--employee", "Anna")
    run("commission", "assign", store, "p", "--employee", "Anna", "--role", "x", code=1)
    assert "2 statements" in run("commission", "run", store, "2026-Q1")


def test_nothing_is_told_as_that(run: Run, store: Path) -> None:
    assert "None is set" in run("retention", store)
    assert "30 days" in run("retention", store, "30")
    assert "no plan" in run("commission", "accrue", store, "2026-Q1")


def test_tables_fit_a_narrow_terminal(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, plan = tmp_path / "shop.kith", tmp_path / "plan.json"
    shop = open_shop(str(path))
    with shop.session.work() as work:
        deal = work.opportunities.create(title="Big", amount="1000.00", owner=shop.seller.id)
        work.opportunities.win(deal, "2026-02-01", "price")
    shop.session.close()
    shop.store.close()
    plan.write_text(json.dumps(PLAN))
    run("commission", "plan", path, plan, "--unit", "Company", "--from", "2026-01-01")
    run("commission", "run", path, "2026-Q1")
    monkeypatch.setattr(cli.out, "width", 80)
    told = run("commission", "statement", path, "李雷", "2026-Q1")
    assert "…" not in told and "component" in told and "50.00 USD" in told and "revision" not in told
    assert "revision" in run("commission", "statement", path, "李雷", "2026-Q1", "--format", "csv")


def test_figures_stay_whole_at_any_width(run: Run, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with kith.open(store) as opened, opened.session() as session, session.work("quotas") as work:
        work.set_quota("2026-Q1", "4810000.00", unit=work.units.find_one("name = 'Company'"))
    for width in (30, 80, 120, 200):
        monkeypatch.setattr(cli.out, "width", width)
        told = run("report", store, "attainment", "-p", "period=2026-Q1")
        assert "4,810,000.00 USD" in told and "attainment" in told and "…" not in told
        assert "Empty, not shown: " in told and ("━" in told) == (width == 200)
    monkeypatch.setattr(cli.out, "width", 200)
    assert "Empty" not in run("report", store, "attainment", "-p", "period=2026-Q1", "--format", "csv")


def test_a_pipe_gets_a_table_as_wide_as_it_is() -> None:
    written = io.StringIO()
    console = Console(file=written, width=20)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("COLUMNS", raising=False)
        print_grid(console, ["name", "amount"], [True, False], [["A name of some length", "4,810,000.00 USD"]] * 2)
    assert "│ A name of some length │ 4,810,000.00 USD │" in written.getvalue()


def test_rows_that_a_limit_leaves_out_are_counted(run: Run, store: Path) -> None:
    with kith.open(store) as opened, opened.session() as session, session.work() as work:
        for number in range(5):
            work.products.create(name=f"P{number}")
    assert "and 3 more rows" in run("find", store, "products", "--limit", "2")
    assert "more rows" not in run("find", store, "products", "--limit", "5")


def test_a_missing_store_names_the_command_that_makes_one(run: Run, tmp_path: Path) -> None:
    for arguments in (
        ("report", tmp_path / "no.kith", "deals"),
        ("report", tmp_path / "no.kith"),
        ("doctor", "no.kith"),
    ):
        answer = run(*arguments, code=1)
        assert "`kith init " in answer and "allow to create" not in answer


def test_works_name_who_acted(run: Run, store: Path) -> None:
    assert "local" in run("works", store)


def test_an_import_of_another_encoding_ends_with_all_its_bytes(run: Run, store: Path, tmp_path: Path) -> None:
    table, mapping = tmp_path / "c.csv", tmp_path / "m.json"
    mapping.write_text(json.dumps(MAPPING))
    table.write_bytes("name\n上海宏达贸易有限公司\n".encode("gb18030"))
    size = table.stat().st_size
    told = run("import", store, table, mapping)
    assert f"{size}/{size} bytes" in told and "gb18030" in told
    told = run("import", store, table, mapping, "--encoding", "utf-8", code=1)
    assert "leave the encoding out or give the file's own, such as gb18030" in told.replace("\n", " ")
    assert "0/100" not in run("import", store, tmp_path / "none.csv", mapping, code=1)
