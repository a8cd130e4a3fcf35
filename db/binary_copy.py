"""PostgreSQL's COPY in its binary format: the bytes of large objects as they are.

In a statement the driver writes bytes as hexadecimal text, which the server reads back: ten times the time.
"""

import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import psycopg2
from sqlalchemy import exc
from sqlalchemy.orm import Session

_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + struct.pack("!ii", 0, 0)
_END = struct.pack("!h", -1)
_CHUNK = 2**20


def copy_in(s: Session, table: str, rows: Sequence[Mapping[str, int | str | bytes]]) -> None:
    """Add rows, each with the same columns, in the session's transaction.

    Raises
    ------
    sqlalchemy.exc.DBAPIError
        As a statement would.
    """
    columns = ", ".join(rows[0])
    data = BytesIO(_SIGNATURE + b"".join(map(_tuple, rows)) + _END)
    with _cursor(s) as cursor:
        cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN (FORMAT binary)", data, _CHUNK)


def copy_out(s: Session, table: str, column: str, ids: Sequence[int]) -> dict[int, bytes]:
    """The bytes of a column, by id; raises as `copy_in` does."""
    wanted = ", ".join(str(int(one)) for one in ids)
    query = f"SELECT id, {column} FROM {table} WHERE id IN ({wanted})"  # noqa: S608 (names of ours, and numbers)
    data = BytesIO()
    with _cursor(s) as cursor:
        cursor.copy_expert(f"COPY ({query}) TO STDOUT (FORMAT binary)", data, _CHUNK)
    return dict(_rows(data.getbuffer()))


@contextmanager
def _cursor(s: Session) -> Iterator[Any]:
    """The driver's cursor on the session's connection; its errors as SQLAlchemy's."""
    connection = s.connection()
    cursor = connection.connection.cursor()
    try:
        yield cursor
    except psycopg2.Error as error:
        lost = connection.dialect.is_disconnect(error, connection.connection, cursor)
        raise exc.DBAPIError.instance(
            "COPY", None, error, psycopg2.Error, hide_parameters=True, connection_invalidated=lost
        ) from error
    finally:
        cursor.close()


def _tuple(row: Mapping[str, int | str | bytes]) -> bytes:
    fields = [struct.pack("!h", len(row))]
    for value in row.values():
        data = struct.pack("!q", value) if isinstance(value, int) else value
        data = data.encode() if isinstance(data, str) else data
        fields += [struct.pack("!i", len(data)), data]
    return b"".join(fields)


def _rows(data: memoryview) -> Iterator[tuple[int, bytes]]:
    place = len(_SIGNATURE)
    while data[place : place + 2] != _END:
        # a count of fields (2), then the length (4) and the value of each: the id (8), the bytes
        number, length = struct.unpack_from("!qi", data, place + 6)
        begin = place + 18
        yield number, bytes(data[begin : begin + length])
        place = begin + length
