# SPDX-License-Identifier: Apache-2.0
"""The published JSON Schemas against the readers: what a reader accepts, its schema accepts; what a shape can refuse,
both refuse. Every golden plan, and inputs with every key, are read, then damaged at every place in every way below."""

import copy
import json
from pathlib import Path

import jsonschema
import kith
import pytest

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = json.loads((ROOT / "docs/plan.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())
INPUTS = jsonschema.Draft202012Validator(
    json.loads((ROOT / "docs/inputs.schema.json").read_text()), format_checker=jsonschema.FormatChecker()
)

# What no shape can say: the reader refuses it, the schema need not.
MEANING = (
    "named",  # names that refer to each other
    "sum to",
    "at character",  # expressions
    "a number or money; expected",
    "expected a comparison",
    "expected money",
    "Rows ascend",
    "Bounds ascend",
    "There is a gap",
    "Rows overlap",
    "begins at 0",
    "reaches back",
    "needs a goal",
    "needs a measure with accumulate",
    "Expected a list of",
    "lists, one for each bound",
    "multiple of the smallest",
    "is no attribute of type decimal",
    "is no attribute that holds a number",
    "Every event has a field",
    "ends before it begins",
    "before it begins",
    "has no",
    "is no currency",
    "Unknown currency",
    "not a currency",
    "nothing is assumed.; ",
    "name is blank",
    "lies between",
    "The plan ends",
    "stands before this one",
    "Statements are capped",
    "is not a date",
    "is 0 or more",
    "stands twice",
    "A modifier",
    "of a modifier",
    "is counted in unit",
    "Only marginal rows",
    "applies to the result",
)


def patch(target, change):
    for key, value in change.items():
        if isinstance(target, list):
            place = int(key)
            if place == len(target):
                target.append({})
            target[place] = patched(target[place], value)
        elif value is None:
            target.pop(key, None)
        else:
            target[key] = patched(target.get(key), value)


def patched(old, change):
    if not isinstance(change, dict):
        return change
    target = old if isinstance(old, dict | list) else {}
    patch(target, change)
    return target


def golden():
    """Every distinct plan of the golden cases."""
    seen = {}
    for path in sorted((ROOT / "tests/incentive/general").glob("*.json")):
        data = json.loads(path.read_text())
        for case in data["cases"]:
            plan = copy.deepcopy(data["plan"])
            patch(plan, case.get("plan", {}))
            seen.setdefault(json.dumps(plan, sort_keys=True), (case["id"], plan))
    return list(seen.values())


def places(node, path=()):
    yield path, node
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield from places(value, (*path, key))


def at(plan, path):
    for key in path:
        plan = plan[key]
    return plan


OTHERS = (
    ("a number", 7),
    ("nothing", None),
    ("a list", []),
    ("an object", {}),
    ("no choice", "nope"),
    ("a broken number", "1.2.3"),
    ("a flag", True),
)


def damages(plan):
    """(what was done, the damaged plan), each place once in each way."""
    for path, node in list(places(plan)):
        if not path:
            continue
        *above, last = path
        for what, value in OTHERS:
            if value == node:
                continue
            damaged = copy.deepcopy(plan)
            at(damaged, above)[last] = value
            yield f"{path} is {what}", damaged
        if isinstance(last, str):
            damaged = copy.deepcopy(plan)
            del at(damaged, above)[last]
            yield f"{path} is left out", damaged
        if isinstance(node, dict):
            damaged = copy.deepcopy(plan)
            at(damaged, path)["surplus"] = "1"
            yield f"{path} has a surplus member", damaged


def refusals(plan):
    try:
        kith.plan(plan)
    except kith.Error as error:
        return str(error)
    return ""


PLANS = golden()


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert len(PLANS) > 100


def undescribed(node, path=""):
    """Properties without a description of one line; what only restricts others needs none."""
    if isinstance(node, list):
        node = dict(enumerate(node))
    for key, value in node.items() if isinstance(node, dict) else ():
        if key in ("allOf", "if", "then", "else", "not"):
            continue
        if key == "properties":
            for name, said in value.items():
                told = "-" if said is False else said.get("description", "")
                if not told or "\n" in told or len(told) > 120:
                    yield f"{path}.{name}"
        yield from undescribed(value, f"{path}.{key}")


def test_every_property_says_what_it_is():
    assert list(undescribed(SCHEMA)) == list(undescribed(INPUTS.schema)) == []


def test_both_accept_every_golden_plan():
    for name, plan in PLANS:
        told = refusals(plan)
        if told:
            assert any(word in told for word in MEANING) or not VALIDATOR.is_valid(plan), (name, told)
        else:
            assert VALIDATOR.is_valid(plan), (name, [error.message for error in VALIDATOR.iter_errors(plan)])


@pytest.mark.parametrize("part", range(8))
def test_both_refuse_the_same_damage(part):
    """Plans of one shape are damaged once: their paths are what the schema sees."""
    shapes = {}
    for name, plan in PLANS:
        if not refusals(plan):
            paths = {str([key for key in path if isinstance(key, str)]) for path, _ in places(plan)}
            shapes.setdefault(str(sorted(paths)), (name, plan))
    chosen = list(shapes.values())[part::8]
    assert chosen
    refused = 0
    for name, plan in chosen:
        for what, damaged in damages(plan):
            told = refusals(damaged)
            valid = VALIDATOR.is_valid(damaged)
            if told:
                refused += 1
                assert not valid or any(word in told for word in MEANING), f"{name}: {what}: the reader says {told}"
            else:
                assert valid, f"{name}: {what}: {[error.message for error in VALIDATOR.iter_errors(damaged)]}"
    assert refused > 100


DAYS = {"from": "2025-01-01", "to": "2025-07-01"}
WHOLE = {
    "format": "kith.inputs/1",
    "events": [
        {
            "source": "shop",
            "id": "1",
            "version": 2,
            "type": "order",
            "date": "2025-01-07",
            "sequence": 3,
            "currency": "USD",
            "amount": "1200.00",
            "cost": "700.00",
            "quantity": "2.5",
            "reverses": "shop:0",
            "cancelled": False,
            "attributes": {"region": "华东"},
            "splits": [{"person": "ann", "role": "primary", "share": "1/3"}],
        }
    ],
    "values": [
        {"name": "quota", "value": "10", "person": "ann", "period": "2025-01"},
        {"name": "q", "value": "1", **DAYS},
    ],
    "hierarchy": [{"person": "ann", "manager": "bob", **DAYS}],
    "people": [{"person": "ann", **DAYS}],
    "members": [{"person": "ann", **DAYS}],
    "rates": [{"currency": "EUR", "kind": "transaction", "on": "2025-01-01", "to": "2025-02-01", "rate": "1.1"}],
    "periods": ["2025-02"],
    "closed": ["2025-01"],
    "open": "2025-02",
    "posted": [{"person": "ann", "component": "base", "period": "2025-01", "minor": "-100", "posted": "2025-02"}],
    "brought": [
        {"person": "ann", "period": "2025-01", "adjusted": "1", "held": "1", "released": "1", "carried": "-1"},
        {"person": "ann", "period": "2025-02", "balance": "1", "term_earned": "1", "term_guaranteed": "1"},
        {"person": "ann", "period": "2025-03", "term_given": "1"},
    ],
    "holidays": ["2025-01-01"],
}


def input_refusals(inputs):
    try:
        kith._kith.RawInputs(json.dumps(inputs))
    except kith.Error as error:
        return str(error)
    return ""


def test_the_schema_of_inputs_knows_what_the_reader_knows():
    assert input_refusals(WHOLE) == ""
    assert INPUTS.is_valid(WHOLE), [error.message for error in INPUTS.iter_errors(WHOLE)]
    assert INPUTS.is_valid({"format": "kith.inputs/1", **kith.generate_inputs(records=200)})
    refused = 0
    for what, damaged in damages(WHOLE):
        told = input_refusals(damaged)
        valid = INPUTS.is_valid(damaged)
        # Words of the plan and of its periods are read where the plan is at hand.
        assert bool(told) != valid or "kind" in what, (what, told, valid)
        refused += bool(told)
    assert refused > 300
    assert set(INPUTS.schema["properties"]) == set(WHOLE)
    page = (ROOT / "docs/inputs.md").read_text()
    assert all(f"`{key}`" in page for _, node in places(WHOLE) for key in keys_of(node))


def keys_of(node):
    return [key for key in node if key != "region"] if isinstance(node, dict) else []
