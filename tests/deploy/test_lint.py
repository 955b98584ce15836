"""The lint finds what it is there to find."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("pglast")

from tests.harness import lint

FUNCTION = """-- f() -> integer
-- Nothing.
CREATE OR REPLACE FUNCTION agentry.f()
RETURNS integer
LANGUAGE {language}
SET search_path = pg_catalog, pg_temp
AS $f$
{body}
$f$;
"""


def findings(text: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(lint, "ROOT", folder)
    path = folder / "f.sql"
    path.write_text(text)
    return list(lint.parse(path))


@pytest.mark.parametrize(
    ("language", "body"),
    [
        ("plpgsql", "BEGIN\n    RETURN 1;\nEND;"),
        ("sql", "SELECT 1"),
        ("plpgsql", "DECLARE\n    v text := 'naïve';\nBEGIN\n    RETURN length(v);\nEND;"),
    ],
)
def test_a_sound_file_parses(language: str, body: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert findings(FUNCTION.format(language=language, body=body), tmp_path, monkeypatch) == []


@pytest.mark.parametrize(
    ("language", "body", "expected"),
    [
        ("plpgsql", "BEGIN\n    RETRUN 1;\nEND;", "f.sql:7: in the body that starts here"),
        ("plpgsql", "BEGIN\n    IF true THEN\n        RETURN 1;\nEND;", "f.sql:7: in the body that starts here"),
        ("sql", "SELECT 1\nFORM x", "f.sql:9: "),
    ],
)
def test_a_broken_body_is_found(
    language: str, body: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = findings(FUNCTION.format(language=language, body=body), tmp_path, monkeypatch)
    assert len(found) == 1
    assert found[0].startswith(expected)


def test_a_broken_statement_is_found_with_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = findings("CREATE TABLE agentry.t (id integer);\n\nCREATE INDX ON agentry.t (id);\n", tmp_path, monkeypatch)
    assert [line.split(" ")[0] for line in found] == ["f.sql:3:"]


def test_an_unpinned_search_path_is_found_with_its_file() -> None:
    script = "CREATE SCHEMA agentry;\n-- file: functions/core/f.sql\n" + FUNCTION.format(
        language="plpgsql", body="BEGIN\n    RETURN length('x') + 1;\nEND;"
    ).replace("SET search_path = pg_catalog, pg_temp\n", "SECURITY DEFINER\n")
    found = list(lint._spot(script))
    assert any(line.startswith("functions/core/f.sql:") and "PS003" in line for line in found), found
