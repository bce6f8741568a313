# SPDX-License-Identifier: Apache-2.0
"""The demo on the public data set: its known truths to the unit, and commission that equals an independent sum."""

import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import kith
import pytest

ROOT = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("KITH_REAL_DATA", ROOT.parent / "shared" / "data")) / "maven_crm"
QUARTERS = ("2017-Q1", "2017-Q2", "2017-Q3", "2017-Q4")


@pytest.mark.skipif(not DATA.is_dir(), reason=f"the public data set is not at {DATA}; set KITH_REAL_DATA")
def test_the_demo_on_the_public_data_set(tmp_path: Path) -> None:
    sys.path.insert(0, str(ROOT / "examples" / "demo"))
    from recount import Books

    out = tmp_path / "out"
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / "demo" / "demo.py", "--data", DATA, "--out", out],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "120"},
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    for truth in ("10,005,534.00", "1,153,214.00", "3,568,647.00", "3,346,293.00", "3,090,594.00", "3,086,111.00"):
        assert truth in done.stdout, truth
    books = Books(DATA)
    with kith.open(out / "demo.kith", create=False) as store, store.session() as session:
        deals = session.report("deals")[0]
        assert (deals.deals, deals.won, deals.lost, deals.open) == (8800, 4238, 2473, 1589 + 500)
        second = session.report("win_rate", by="quarter")[1]
        assert (second.group, second.won, second.lost) == ("2017-Q2", 1254, 778)
        statements = session.report("statements")
        assert len(statements) == 35 * len(QUARTERS)
        paid = sum((row.total.amount for row in statements), Decimal(0))
        assert paid == sum((books.commission(quarter) for quarter in QUARTERS), Decimal(0))
        assert f"{paid:,f}" in done.stdout
        for row in statements:
            assert len(kith.check_trace(session.explain(row.statement, format="json"))) == 0
        assert len(session.check()) == 0
    page = (out / "cockpit.html").read_text(encoding="utf-8")
    assert "Darcel Schlecht" in page and 'renderer:"svg"' in page
    assert 'src="http' not in page and "<link" not in page, "the page must open offline"


def run_demo(*arguments: object, code: int = 1) -> str:
    """What the demo prints; refusals are one line without a traceback."""
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / "demo" / "demo.py", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code and "Traceback" not in done.stderr, done.stdout[-2000:] + done.stderr
    return done.stdout + done.stderr


TEAMS = "sales_agent,manager,regional_office\n李雷,王芳,East\n"
DEALS = (
    "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value\n"
    "A,李雷,P,宏达,Won,2017-01-02,2017-02-01,80000.50\nB,李雷,P,宏达,Lost,2017-01-02,2017-02-03,0\n"
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "products.csv").write_text("product,series,sales_price\nP,S,100\n", encoding="utf-8")
    (folder / "accounts.csv").write_text(
        "account,sector,year_established,revenue,employees,office_location,subsidiary_of\n"
        "宏达,retail,1990,1.5,10,China,\n",
        encoding="utf-8",
    )
    (folder / "sales_teams.csv").write_text(TEAMS, encoding="gb18030")
    (folder / "sales_pipeline.csv").write_text(DEALS, encoding="utf-8")
    return folder


def test_the_demo_touches_only_its_own_files(data: Path, tmp_path: Path) -> None:
    precious, out = tmp_path / "precious", tmp_path / "out"
    precious.mkdir()
    (precious / "thesis.txt").write_text("years")
    assert "precious holds thesis.txt" in run_demo("--data", data, "--out", precious)
    assert [file.name for file in precious.iterdir()] == ["thesis.txt"]
    assert "choose another --out" in run_demo("--data", data, "--out", data)
    before = {file.name: file.read_bytes() for file in data.iterdir()}
    for _ in range(2):  # what it wrote itself it replaces
        assert "80,000.50" in run_demo("--data", data, "--out", out, code=0)
    assert {file.name: file.read_bytes() for file in data.iterdir()} == before
    (out / "data").mkdir()
    for name, told in before.items():
        (out / "data" / name).write_bytes(told)
    run_demo("--data", out / "data", "--out", out, code=0)
    assert {file.name: file.read_bytes() for file in (out / "data").iterdir()} == before
    store = (out / "demo.kith").read_bytes()
    assert "out holds data/accounts.csv" in run_demo("--out", out)
    (out / "data" / "sales_pipeline.csv").unlink()
    assert "lacks sales_pipeline.csv" in run_demo("--data", out / "data", "--out", out)
    assert (out / "demo.kith").read_bytes() == store


def test_generated_data_that_somebody_changed_stays(tmp_path: Path) -> None:
    out = tmp_path / "out"
    sys.path.insert(0, str(ROOT / "examples" / "demo"))
    import owned

    (out / "data").mkdir(parents=True)
    file = out / "data" / "accounts.csv"
    owned.begin(out, ["data/accounts.csv", "demo.kith"])
    file.write_text("account\n")
    owned.keep_digests(out, [file])
    owned.check(out, None)
    file.write_text("account\nmine\n")
    assert "was changed since" in run_demo("--out", out)
    assert file.read_text() == "account\nmine\n"


@pytest.mark.parametrize(
    ("file", "before", "after", "told"),
    [
        ("sales_pipeline.csv", "80000.50", "abc", "sales_pipeline.csv line 2, close_value 'abc' is no amount"),
        ("sales_pipeline.csv", "2017-02-01", "1.2.2017", "line 2, close_date '1.2.2017' is no day"),
        ("sales_pipeline.csv", "B,李雷", "B,Bob", "line 3, sales_agent 'Bob' is not in sales_teams.csv"),
        ("sales_pipeline.csv", "Lost", "Lots", "line 3, deal_stage 'Lots' is no stage; write one of Won"),
        ("sales_pipeline.csv", "B,李雷", "A,李雷", "line 3, opportunity_id 'A' is that of line 2, too"),
        ("sales_pipeline.csv", "Won", "Lost", "no row has the deal_stage Won"),
        ("sales_pipeline.csv", "close_value", "value", "line 1 lacks the column close_value"),
        ("accounts.csv", "account,sector", "account,branch", "accounts.csv line 1 lacks the column sector"),
    ],
)
def test_a_fault_of_the_data_is_told_with_its_place(
    data: Path, tmp_path: Path, file: str, before: str, after: str, told: str
) -> None:
    text = (data / file).read_text(encoding="utf-8")
    assert before in text
    (data / file).write_text(text.replace(before, after), encoding="utf-8")
    assert told in run_demo("--data", data, "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()
