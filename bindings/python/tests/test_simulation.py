# SPDX-License-Identifier: Apache-2.0
"""A company that never was, from Python and from the command line."""

import json
import subprocess
import sys
from datetime import date

import kith
import pytest


def test_a_company_is_made(tmp_path):
    store = tmp_path / "company.kith"
    calls = []
    written = kith.generate(store, records=500, seed=4, progress=lambda done, total: calls.append((done, total)))
    assert written["customers"] == 150
    assert written["deals"] == 200
    assert written["events"] > written["won"]
    assert calls[-1] == (350, 350)
    with kith.open(store, create=False) as opened, opened.session() as session:
        assert len(session.customers.find()) == 150
        assert len(session.check()) == 0
        posted = session.events.find()
        assert len(posted) == written["events"]
        assert {row["type"] for row in posted} == {"booking", "invoice", "payment", "return"}
        first = session.digest()
        with opened.session("s1") as seller:
            assert 0 < len(seller.customers.find()) < 150
    kith.generate(tmp_path / "again.kith", records=500, seed=4)
    with kith.open(tmp_path / "again.kith", create=False) as again:
        assert again.session().digest() == first


def test_its_events_are_inputs_of_a_plan():
    inputs = kith.generate_inputs(records=500, seed=4)
    types = {event["type"] for event in inputs["events"]}
    assert {"booking", "invoice", "payment"} <= types
    assert inputs == kith.generate_inputs(records=500, seed=4)


def test_what_is_refused(tmp_path):
    with pytest.raises(kith.InvalidError, match="100 to 10000000"):
        kith.generate(tmp_path / "a.kith", records=5)
    with pytest.raises(kith.InvalidError, match="8 weeks"):
        kith.generate(tmp_path / "b.kith", start=date(2024, 1, 1), end=date(2024, 1, 9))
    kith.generate(tmp_path / "c.kith", records=200)
    with pytest.raises(kith.StateError, match="new one"):
        kith.generate(tmp_path / "c.kith", records=200)
    with pytest.raises(kith.CancelledError):
        kith.generate(tmp_path / "d.kith", records=500, progress=lambda done, total: False)


def test_the_command_line(tmp_path):
    command = [sys.executable, "-m", "kith.cli", "generate", str(tmp_path / "c.kith"), "--records", "300"]
    command += ["--format", "json", "--inputs", str(tmp_path / "inputs.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["customers"] == 90
    assert json.loads((tmp_path / "inputs.json").read_text(encoding="utf-8"))["events"]
