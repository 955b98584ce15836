"""How many tokens a text is, about."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.core.support import one

Connection = psycopg.Connection[Any]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0), ("a", 1), ("four", 1), ("fives", 2), ("x" * 400, 100),
        ("\u00e9\u00e9\u00e9", 2),  # six bytes
        ("\u6771\u4eac", 2), ("\u6771\u4eac tower", 4), ("\u30c6\u30b9\u30c8", 3), ("\ud55c\uad6d\uc5b4", 3),
        ("\U00020000", 1), ("\U0001f600", 1), ("\uff76\uff85", 2), (None, None),
    ],
)  # fmt: skip
def test_a_token_is_four_bytes_or_one_character_of_chinese_japanese_korean(
    tx: Connection, text: str | None, tokens: int | None
) -> None:
    assert one(tx, "SELECT agentry.estimate_tokens(%s)", text) == tokens
