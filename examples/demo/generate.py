# SPDX-License-Identifier: Apache-2.0
"""Makes a small company's books: four CSV files laid out like the public maven_crm set, of the same size and with the
same sorts of defects (aliases, blanks, misspellings), and with Chinese and accented names. The same seed gives the
same bytes on every machine: only integers are drawn.

    python generate.py FOLDER [--seed 7] [--deals 8800]
"""

from __future__ import annotations

import argparse
import csv
import datetime
import pathlib
import random

REGIONS = {
    "Central": ["Dustin Brinkmann", "王芳"],
    "East": ["Cara Lösch", "Rocco Neubert"],
    "West": ["Célia Rouche", "夏美 鈴木"],
}
GIVEN = [
    "Anna",
    "Moses",
    "Zoë",
    "José",
    "Mei-Mei",
    "Boris",
    "Natalya",
    "Kári",
    "Élise",
    "Marty",
    "Inés",
    "Jürgen",
    "Violet",
]
FAMILY = [
    "Snelling",
    "Frase",
    "Köhler",
    "Núñez",
    "Johns",
    "Faz",
    "Ivanova",
    "Sørensen",
    "Glück",
    "Freudenburg",
    "Muñoz",
]
CHINESE_AGENTS = ["李雷", "韩梅梅", "张伟", "陈静"]
PRODUCTS = [
    ("GTX Basic", "GTX", 550),
    ("GTX Pro", "GTX", 4821),
    ("MG Special", "MG", 55),
    ("MG Advanced", "MG", 3393),
    ("GTX Plus Pro", "GTX", 5482),
    ("GTX Plus Basic", "GTX", 1096),
    ("GTK 500", "GTK", 26768),
]
SECTORS = [
    "technology",
    "medical",
    "retail",
    "software",
    "entertainment",
    "marketing",
    "telecommunications",
    "finance",
    "employment",
    "services",
]
COUNTRIES = [
    "United States",
    "Kenya",
    "Philippines",
    "Japan",
    "Italy",
    "Norway",
    "Korea",
    "Jordan",
    "Brazil",
    "Germany",
    "Panama",
    "Belgium",
    "Romania",
    "Poland",
    "China",
]
FIRST = [
    "Acme",
    "Beta",
    "Bio",
    "Café",
    "Dom",
    "Fase",
    "Gold",
    "Hat",
    "宏达",
    "Kan",
    "Lexi",
    "Nam",
    "Ole",
    "Plex",
    "Rän",
    "Scot",
    "Stan",
    "华信",
    "Zot",
    "Åre",
]
LAST = ["soloin", "tech", "holding", "plex", "zim", " Corporation", "机械", "city", " & Söhne", "code", "dax", " Group"]
WRONG_SECTOR = {"technology": "technolgy"}
WRONG_COUNTRY = {"Philippines": "Philipines"}
WRONG_PRODUCT = {"GTX Pro": "GTXPro"}
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
FIRST_ENGAGED = datetime.date(2016, 10, 20)
FIRST_CLOSED = datetime.date(2017, 3, 1)
LAST_CLOSED = datetime.date(2017, 12, 31)


def write(path: pathlib.Path, header: list[str], rows: list[tuple]) -> None:
    """One file, UTF-8, LF."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def make_agents(rng: random.Random) -> list[tuple[str, str, str]]:
    """35 agents below 6 managers in 3 regions."""
    names: list[str] = list(CHINESE_AGENTS)
    while len(names) < 35:
        name = f"{rng.choice(GIVEN)} {rng.choice(FAMILY)}"
        if name not in names:
            names.append(name)
    rng.shuffle(names)
    managers = [(manager, region) for region, both in REGIONS.items() for manager in both]
    return [(name, *managers[index % len(managers)]) for index, name in enumerate(names)]


def make_accounts(rng: random.Random) -> list[tuple]:
    """85 customers, some of them subsidiaries of earlier ones."""
    names: list[str] = []
    while len(names) < 85:
        name = rng.choice(FIRST) + rng.choice(LAST)
        if name not in names:
            names.append(name)
    rows = []
    for index, name in enumerate(sorted(names)):
        sector = rng.choice(SECTORS)
        country = rng.choice(COUNTRIES) if rng.randrange(5) == 0 else "United States"
        parent = sorted(names)[rng.randrange(index)] if index > 3 and rng.randrange(6) == 0 else ""
        revenue = rng.randrange(4_00, 12_000_00)
        rows.append(
            (
                name,
                WRONG_SECTOR.get(sector, sector),
                rng.randrange(1979, 2018),
                f"{revenue // 100}.{revenue % 100:02d}",
                rng.randrange(9, 35_000),
                WRONG_COUNTRY.get(country, country),
                parent,
            )
        )
    return rows


def make_key(rng: random.Random, used: set[str]) -> str:
    while True:
        key = "".join(rng.choice(ALPHABET) for _ in range(8))
        if key not in used:
            used.add(key)
            return key


def make_deal(rng: random.Random, key: str, agents: list[tuple], accounts: list[tuple]) -> tuple:
    """One row; about 48 % won, 28 % lost, 18 % engaging, 6 % prospecting."""
    product, _, price = PRODUCTS[min(rng.randrange(len(PRODUCTS) + 4), 10) % len(PRODUCTS)]
    agent = agents[min(rng.randrange(len(agents)), rng.randrange(len(agents)))][0]
    account = rng.choice(accounts)[0]
    dice = rng.randrange(1000)
    days = (LAST_CLOSED - FIRST_CLOSED).days
    closed = FIRST_CLOSED + datetime.timedelta(days=rng.randrange(days + 1))
    engaged = max(FIRST_ENGAGED, closed - datetime.timedelta(days=rng.randrange(1, 139)))
    shown = WRONG_PRODUCT.get(product, product)
    if dice < 482:
        value = max(1, price * rng.randrange(70, 131) // 100)
        return key, agent, shown, account, "Won", engaged.isoformat(), closed.isoformat(), value
    if dice < 763:
        return key, agent, shown, account, "Lost", engaged.isoformat(), closed.isoformat(), 0
    account = "" if rng.randrange(100) < 68 else account  # most open deals do not say yet for whom
    if dice < 943:
        return key, agent, shown, account, "Engaging", engaged.isoformat(), "", ""
    return key, agent, shown, account, "Prospecting", "", "", ""


def generate(folder: pathlib.Path, seed: int = 7, deals: int = 8800) -> None:
    """Writes accounts.csv, products.csv, sales_teams.csv and sales_pipeline.csv."""
    rng = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    agents = make_agents(rng)
    accounts = make_accounts(rng)
    write(folder / "products.csv", ["product", "series", "sales_price"], PRODUCTS)
    write(folder / "sales_teams.csv", ["sales_agent", "manager", "regional_office"], agents)
    write(
        folder / "accounts.csv",
        ["account", "sector", "year_established", "revenue", "employees", "office_location", "subsidiary_of"],
        accounts,
    )
    used: set[str] = set()
    rows = [make_deal(rng, make_key(rng, used), agents, accounts) for _ in range(deals)]
    write(
        folder / "sales_pipeline.csv",
        [
            "opportunity_id",
            "sales_agent",
            "product",
            "account",
            "deal_stage",
            "engage_date",
            "close_date",
            "close_value",
        ],
        rows,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--deals", type=int, default=8800)
    arguments = parser.parse_args()
    generate(arguments.folder, arguments.seed, arguments.deals)


if __name__ == "__main__":
    main()
