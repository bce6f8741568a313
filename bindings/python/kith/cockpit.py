# SPDX-License-Identifier: Apache-2.0
"""The cockpit: the tables at the top of a sales leader's day, and one self-contained HTML page that opens offline.

All tiles come from one snapshot. Charts are Vega-Lite; the page needs the extra `kith[charts]`, which carries the
libraries that are written into it.
"""

from __future__ import annotations

import json
import os
import pathlib
from datetime import date
from decimal import Decimal
from html import escape
from typing import Any

from ._store import Session
from ._table import Table
from ._values import Money

_STYLE = """
:root { color-scheme: light dark; --ink: #1d2330; --quiet: #5b6472; --card: #fff; --page: #f2f4f7; --line: #dfe3e8; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8eaee; --quiet: #a2abb8; --card: #1c2129; --page: #12161c; --line: #303743; }
}
body { font: 15px/1.45 system-ui, "Noto Sans CJK SC", sans-serif; margin: 0; }
body { background: var(--page); color: var(--ink); }
main { max-width: 1180px; margin: 0 auto; padding: 24px 16px 48px; }
h1 { font-size: 24px; margin: 0 0 4px; } h2 { font-size: 16px; margin: 0 0 12px; }
.quiet { color: var(--quiet); margin: 0 0 20px; }
.tiles, .cards { display: grid; gap: 16px; margin-bottom: 16px; }
.tiles { grid-template-columns: repeat(auto-fit, minmax(152px, 1fr)); gap: 12px; }
.cards { grid-template-columns: repeat(auto-fit, minmax(min(480px, 100%), 1fr)); align-items: start; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 16px; overflow-x: auto; }
.wide { grid-column: 1 / -1; }
.tile { padding: 14px 10px; }
.tile b { display: block; font-size: 16px; white-space: nowrap; font-variant-numeric: tabular-nums; }
.tile span { color: var(--quiet); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: 4px 8px; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; } th { color: var(--quiet); font-weight: 500; }
.depth1 { padding-left: 20px } .depth2 { padding-left: 36px } .depth3 { padding-left: 52px }
"""
_BLUE, _GREEN, _GREY = "#2f6fdb", "#2a9d6f", "#7f8a99"


def show(value: Any) -> str:
    """A cell for people: 1,234.50 for money and decimals, an empty text for nothing."""
    if value is None:
        return ""
    if isinstance(value, Money):
        return f"{value.amount:,f}"
    if isinstance(value, Decimal):
        return f"{value:,f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,d}"
    return str(value)


def _plain(value: Any) -> Any:
    """A value for a chart. Charts draw pixels, so here, and only here, an amount may become a float."""
    if isinstance(value, Money):
        return float(value.amount)
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date):
        return value.isoformat()
    return value


def summary(session: Session, period: str) -> list[tuple[str, Table]]:
    """The cockpit's tables, each with its title, from one snapshot."""
    with session.reader() as reader:
        return [
            ("At a glance", reader.report("deals")),
            ("Open pipeline by stage", reader.report("pipeline")),
            ("Win rate by region", reader.report("win_rate", by="region")),
            (f"Attainment {period}", reader.report("attainment", period=period)),
            ("Ranking of agents", reader.report("ranking", by="owner")),
            ("Bookings by month", reader.report("bookings", grain="month")),
        ]


def _chart(
    title: str, table: Table, mark: dict[str, Any], encoding: dict[str, Any], height: int = 260
) -> dict[str, Any]:
    rows = [{name: _plain(value) for name, value in zip(table.columns, row, strict=True)} for row in table.rows()]
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "title": title,
        "width": "container",
        "height": height,
        "data": {"values": rows},
        "mark": {"tooltip": True, **mark},
        "encoding": encoding,
        "background": "transparent",
        # One grey that reads on white and on black.
        "config": {
            "view": {"stroke": None},
            "axis": {"labelLimit": 160, "labelColor": _GREY, "titleColor": _GREY, "gridOpacity": 0.3},
        },
    }


def _field(name: str, kind: str, title: str | None, **more: Any) -> dict[str, Any]:
    return {"field": name, "type": kind, "title": title, **more}


def _charts(reader: Any, period: str) -> list[dict[str, Any]]:
    money = {"axis": {"format": "~s"}}
    top = reader.report("ranking", by="owner")
    return [
        _chart(
            "Open pipeline: potential by stage",
            reader.report("pipeline"),
            {"type": "bar", "color": _BLUE},
            {
                "x": _field("potential", "quantitative", "potential at list prices", **money),
                "y": _field("stage", "nominal", None, sort=None),
            },
            120,
        ),
        _chart(
            "Win rate by region, % of closed deals",
            reader.report("win_rate", by="region"),
            {"type": "bar", "color": _GREEN},
            {
                "x": _field("win_rate", "quantitative", "% won", scale={"domain": [0, 100]}),
                "y": _field("group", "nominal", None),
            },
            120,
        ),
        _chart(
            "Bookings by week",
            reader.report("bookings", grain="week"),
            {"type": "bar", "color": _BLUE},
            {"x": _field("from", "temporal", "week beginning"), "y": _field("amount", "quantitative", "won", **money)},
        ),
        _chart(
            "Agents by won amount",
            top,
            {"type": "bar", "color": _BLUE},
            {"x": _field("amount", "quantitative", "won", **money), "y": _field("name", "nominal", None, sort="-x")},
            16 * max(4, len(top)),
        ),
        _chart(
            f"Attainment {period}, % of quota",
            reader.report("attainment", period=period),
            {"type": "bar"},
            {
                "x": _field("attainment", "quantitative", "% of quota"),
                "y": _field("name", "nominal", None, sort=None),
                "color": {"condition": {"test": "datum.attainment >= 100", "value": _GREEN}, "value": _GREY},
            },
            14 * max(4, len(reader.report("attainment", period=period))),
        ),
    ]


def _tiles(table: Table) -> str:
    row = table[0].to_dict()
    return "".join(
        f'<div class="card tile"><span>{escape(name.replace("_", " "))}</span><b>{escape(show(value))}'
        f"{' %' if name == 'win_rate' and value is not None else ''}</b></div>"
        for name, value in row.items()
    )


def _html_table(title: str, table: Table, hidden: tuple[str, ...] = ()) -> str:
    """A table without its empty columns; a column `depth` indents the names instead of being shown."""
    empty = [name for name in table.columns if len(table) and all(cell in (None, "") for cell in table.column(name))]
    names = [name for name in table.columns if name not in (*hidden, *empty, "depth")]
    head = "".join(f"<th>{escape(name.replace('_', ' '))}</th>" for name in names)
    body = []
    for record in table:
        depth = record.to_dict().get("depth", 0)
        cells = "".join(
            f'<td class="depth{depth}">{escape(show(record[name]))}</td>'
            if index == 0
            else f"<td>{escape(show(record[name]))}</td>"
            for index, name in enumerate(names)
        )
        body.append(f"<tr>{cells}</tr>")
    return (
        f'<div class="card wide"><h2>{escape(title)}</h2><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


def _scripts(charts: list[dict[str, Any]]) -> str:
    """The libraries and the calls, written into the page."""
    try:
        import vl_convert
    except ImportError as missing:
        raise ImportError("the cockpit page needs the extra: pip install 'kith[charts]'") from missing
    # "</" would end the script element; in JSON "<\/" is the same text.
    specs = json.dumps(charts, ensure_ascii=False).replace("</", "<\\/")
    # The snippet runs inside the bundle, where vegaEmbed is known.
    calls = (
        "JSON.parse(document.getElementById('charts').textContent).forEach((spec, i) => "
        "vegaEmbed('#chart' + i, spec, {actions: false, renderer: 'svg'}));"
    )
    bundle = vl_convert.javascript_bundle(calls).replace("</script", "<\\/script")
    return f'<script type="application/json" id="charts">{specs}</script><script type="module">{bundle}</script>'


def write_page(
    session: Session, path: str | os.PathLike[str], *, title: str = "Sales cockpit", period: str
) -> pathlib.Path:
    """Writes the page for a quota period such as "2017-Q4" and returns its path. Needs `kith[charts]`."""
    with session.reader() as reader:
        charts = _charts(reader, period)
        bare = [{name: part for name, part in chart.items() if name != "title"} for chart in charts]
        cards = "".join(
            f'<div class="card{" wide" if chart["title"].startswith("Bookings") else ""}">'
            f'<h2>{escape(chart["title"])}</h2><div id="chart{index}" style="width:100%"></div></div>'
            for index, chart in enumerate(charts)
        )
        tables = _html_table(
            f"Attainment {period}", reader.report("attainment", period=period), ("period", "kind")
        ) + _html_table(
            f"Commission {period}", reader.report("statements", period=period), ("period", "statement", "adjusted")
        )
        page = (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
            f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>'
            f"<body><main><h1>{escape(title)}</h1><p class='quiet'>State after work {reader.seq}, amounts in "
            f"{escape(reader.currency)}</p><div class='tiles'>{_tiles(reader.report('deals'))}</div>"
            f"<div class='cards'>{cards}</div><div class='cards'>{tables}</div></main>{_scripts(bare)}</body></html>"
        )
    target = pathlib.Path(path)
    target.write_text(page, encoding="utf-8")
    return target
