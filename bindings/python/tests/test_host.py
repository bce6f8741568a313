# SPDX-License-Identifier: Apache-2.0
"""A store on the host's own PostgreSQL connection."""

from __future__ import annotations

import ctypes
import gc
import os
import sqlite3
from collections.abc import Iterator

import kith
import pytest

OK = {1, 2}  # PGRES_COMMAND_OK, PGRES_TUPLES_OK


class Connection:
    """What a driver has: a connection of the system's libpq, and its address."""

    def __init__(self, url: str) -> None:
        self.libpq = ctypes.CDLL("libpq.so.5")
        self.libpq.PQconnectdb.restype = ctypes.c_void_p
        self.libpq.PQexec.restype = ctypes.c_void_p
        self.libpq.PQgetvalue.restype = ctypes.c_char_p
        self.pgconn_ptr = self.libpq.PQconnectdb(url.encode())

    def execute(self, sql: str) -> str:
        result = ctypes.c_void_p(self.libpq.PQexec(ctypes.c_void_p(self.pgconn_ptr), sql.encode()))
        status = self.libpq.PQresultStatus(result)
        value = self.libpq.PQgetvalue(result, 0, 0) if status == max(OK) else b""
        self.libpq.PQclear(result)
        assert status in OK, sql
        return (value or b"").decode()

    def close(self) -> None:
        self.libpq.PQfinish(ctypes.c_void_p(self.pgconn_ptr))


@pytest.fixture
def schema(server_url: str) -> Iterator[str]:
    name = f"kith_host_{os.getpid()}"
    kith.open(f"{server_url}{'&' if '?' in server_url else '?'}kith_schema={name}&kith_tenant=3").close()
    yield name
    host = Connection(server_url)
    host.execute(f"DROP SCHEMA {name} CASCADE")
    host.close()


def add(store: kith.Store, name: str) -> None:
    with store.session() as session, session.work("on the host's connection") as work:
        work.customers.create(name=name)


def test_one_transaction_for_both(server_url: str, schema: str) -> None:
    host = Connection(server_url)
    host.execute("CREATE TEMP TABLE erp_order (id bigint)")
    for end, kept in (("ROLLBACK", "0"), ("COMMIT", "1")):
        host.execute("BEGIN")
        with kith.open_on(host, schema=schema, tenant=3) as store:
            add(store, "Acme 宏达")
            host.execute("INSERT INTO erp_order VALUES (1)")
            with pytest.raises(kith.InvalidError):
                add(store, "")
            with store.session() as session, session.reader() as reader:
                assert [customer.name for customer in reader.customers.find()] == ["Acme 宏达"]
        host.execute(end)
        assert host.execute("SELECT count(*) FROM erp_order") == kept
        assert host.execute(f"SELECT count(*) FROM {schema}.customer WHERE tenant_id = 3") == kept
    with pytest.raises(kith.MisuseError, match="begin one first"):
        kith.open_on(host, schema=schema, tenant=3)
    host.close()


def test_a_host_that_ends_its_transaction_early_is_told(server_url: str, schema: str) -> None:
    host = Connection(server_url)
    kept = f"SELECT count(*) FROM {schema}.customer"
    host.execute("BEGIN")
    with kith.open_on(host, schema=schema, tenant=3) as store, store.session() as session:
        work = session.work("cut off")
        work.customers.create(name="cut off")
        host.execute("ROLLBACK")
        host.execute("BEGIN")
        with pytest.raises(kith.MisuseError, match="nothing of the Work is kept"):
            work.customers.create(name="late")
        work.rollback()
        reader = session.reader()
        assert len(reader.customers.find()) == 0
        host.execute("COMMIT")
        host.execute("BEGIN")
        with pytest.raises(kith.MisuseError, match="while a Reader was open"):
            reader.customers.find()
        reader.close()
        assert host.execute(kept) == "0", "its next transaction is neither written into nor broken"
        work = session.work("half")
        work.customers.create(name="half")
        with pytest.raises(AssertionError, match="COMMIT"):
            host.execute("COMMIT")
        with pytest.raises(kith.MisuseError, match=r"or tried to commit it, .* nothing of the Work is kept"):
            work.commit()
    assert host.execute(kept) == "0"
    host.close()


def test_a_host_that_closes_its_connection_is_told(server_url: str, schema: str) -> None:
    host = Connection(server_url)
    host.execute("BEGIN")
    store = kith.open_on(host, schema=schema, tenant=3)
    session = store.session()
    reader = session.reader()
    work = session.work("left open")
    work.customers.create(name="left open")
    host.close()
    # The next ones get its memory, and with it mostly its address.
    others = [Connection(server_url) for _ in range(3)]
    for other in others:
        other.execute("BEGIN")
    for call in (lambda: work.customers.create(name="late"), reader.customers.find, session.reader):
        with pytest.raises(kith.MisuseError, match="closed its connection"):
            call()
    work.rollback()
    reader.close()
    session.close()
    store.close()
    for other in others:
        other.execute("COMMIT")
        assert other.execute(f"SELECT count(*) FROM {schema}.customer") == "0"
        other.close()


def test_psycopg_is_kept_alive_and_left_alone_in_a_pipeline(server_url: str, schema: str) -> None:
    psycopg = pytest.importorskip("psycopg")
    if psycopg.pq.__impl__ == "binary":
        pytest.skip("psycopg[binary] brings a libpq of its own")
    host = psycopg.connect(server_url)
    host.execute("SELECT 1")
    with kith.open_on(host, schema=schema, tenant=3) as store, store.session() as session:
        with host.pipeline():
            with pytest.raises(kith.MisuseError, match="pipeline mode"):
                session.customers.find()
            with pytest.raises(kith.MisuseError, match="pipeline mode"):
                kith.open_on(host, schema=schema, tenant=3)
        del host
        gc.collect()
        assert len(session.customers.find()) == 0


def test_psycopg(server_url: str, schema: str) -> None:
    psycopg = pytest.importorskip("psycopg")
    if psycopg.pq.__impl__ == "binary":
        pytest.skip("psycopg[binary] brings a libpq of its own")
    with psycopg.connect(server_url) as host:
        with host.transaction(), kith.open_on(host, schema=schema, tenant=3) as store:
            add(store, "Beta")
        assert host.execute(f"SELECT count(*) FROM {schema}.customer").fetchone() == (1,)


def test_what_cannot_be_lent() -> None:
    with pytest.raises(kith.MisuseError, match="open the file by its path"):
        kith.open_on(sqlite3.connect(":memory:"))
    with pytest.raises(kith.MisuseError, match="psycopg"):
        kith.open_on(object())
