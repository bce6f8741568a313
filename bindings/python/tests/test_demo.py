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
