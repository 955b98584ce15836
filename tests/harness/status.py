"""What `invoke status` prints: the health of a database, what is worst first."""

from __future__ import annotations

import textwrap

import psycopg

WIDTH = 118


def report(conn: psycopg.Connection[tuple[str, str, str, str]]) -> tuple[str, bool]:
    """The health as text, and whether nothing is critical."""
    found = conn.execute("SELECT status, name, detail, description FROM agentry.v_health").fetchall()
    widths = [max((len(row[n]) for row in found), default=0) for n in (0, 1)]
    lines = []
    for status, name, detail, description in found:
        lines.append(f"{status:{widths[0]}}  {name:{widths[1]}}  {detail or ''}".rstrip())
        if status != "ok":
            indent = " " * (sum(widths) + 4)
            lines += textwrap.wrap(description, WIDTH, initial_indent=indent, subsequent_indent=indent)
    return "\n".join(lines), all(row[0] != "critical" for row in found)


def run(url: str) -> bool:
    """Prints the health of a database; False where something is critical, or agentry is not there."""
    try:
        with psycopg.connect(url, connect_timeout=10) as conn:
            text, good = report(conn)
    except psycopg.Error as error:
        print(f"critical  {type(error).__name__}: {str(error).strip()}")
        return False
    print(text)
    return good
