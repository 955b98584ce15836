"""psql sessions printed in the documentation: they are run, and what psql says is what is printed.

A session is a fenced block of kind `psql`.  All blocks of a document are one session, in a database after the demo.
After a change:

    .venv/bin/python -m tests.docs.transcript README.md ...     runs them and writes the output into the document
"""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

FENCE = re.compile(r"^```psql\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROMPT = re.compile(r"^\w+=[*!]?[#>] ?(.*)$")
MORE = re.compile(r"^\w+[-('\"][*!]?[#>] ?(.*)$")
LINK = re.compile(r"\]\(([^)\s#][^)\s]*)\)")
MARK = "=== end of statement ==="
DEMO_ROLES = ("nova", "newhart", "coder")


@dataclass
class Statement:
    """What is typed, with its prompts, and what psql answers."""

    typed: list[str]
    lines: list[str]
    answer: list[str] = field(default_factory=list)


def statements(block: str) -> list[Statement]:
    """The statements of a block with the answers that are printed there."""
    found: list[Statement] = []
    for line in block.splitlines():
        if start := PROMPT.match(line):
            found.append(Statement([line], [start.group(1)]))
        elif (more := MORE.match(line)) and found and not found[-1].answer:
            found[-1].typed.append(line)
            found[-1].lines.append(more.group(1))
        elif found:
            found[-1].answer.append(line)
    for statement in found:
        while statement.answer and not statement.answer[-1].strip():
            statement.answer.pop()
    return found


def created_roles(text: str) -> set[str]:
    return set(re.findall(r"CREATE ROLE (\w+)", text))


def with_roles(text: str, prefix: str) -> str:
    """The text with its login roles called by names of this database; roles are the server's."""
    for name in created_roles(text):
        text = re.sub(rf"\b{name}\b", prefix + name, text)
    return re.sub(rf"\bROLE ({'|'.join(DEMO_ROLES)})\b", rf"ROLE {prefix}\1", text)


def run(psql: Path, url: str, blocks: list[list[Statement]], prefix: str = "") -> list[list[list[str]]]:
    """What psql answers to each statement of each block."""
    script = "".join(
        "\n".join(statement.lines) + f"\n\\echo '{MARK}'\n" for block in blocks for statement in block
    )
    done = subprocess.run(
        [str(psql), "-X", "-P", "pager=off", url],
        input=with_roles(script, prefix), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )
    answers = done.stdout.replace(prefix, "").split(MARK + "\n") if prefix else done.stdout.split(MARK + "\n")
    wanted = sum(len(block) for block in blocks)
    if len(answers) != wanted + 1 or answers[-1]:
        raise RuntimeError(f"psql answered {len(answers) - 1} of {wanted} statements:\n{done.stdout}")
    each = iter(answers)
    return [[next(each).rstrip("\n").split("\n") for _ in block] for block in blocks]


SHAPES = (
    # what install() says of an older pgvector
    (r"WARNING: +pgvector \S+ can corrupt an index|HINT: +\S+ does not: install it on .* UPDATE;", ""),
    (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "<uuid>"),
    (r"\b(ak|as)_[0-9a-f]{8,}", r"<\1>"),
    (r"agent_chat_[0-9a-f]{40}", "<channel>"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?\+\d\d", "<time>"),
    (r"\b\d\d:\d\d:\d\d\.\d+", "<interval>"),
    (r"PID \d+", "PID <n>"),
    (r"-{3,}", "-"),
    (r" *\| *", "|"),
    (r"\s+", " "),
)


def essence(lines: list[str]) -> list[str]:
    """Lines without what differs from run to run: ids, times, keys, and the widths that follow from them."""
    found = []
    for line in lines:
        text = line.strip()
        for shape, instead in SHAPES:
            text = re.sub(shape, instead, text)
        if text.strip("-+ "):
            found.append(text)
    return found


def blocks_of(document: str) -> list[list[Statement]]:
    return [statements(block) for block in FENCE.findall(document)]


def refreshed(document: str, answers: list[list[list[str]]]) -> str:
    """The document with these answers in its blocks."""
    each = iter(zip(blocks_of(document), answers, strict=True))

    def block(_: re.Match[str]) -> str:
        lines: list[str] = []
        for statement, answer in zip(*next(each), strict=True):
            lines += [*statement.typed, *(line.rstrip() for line in answer if line.strip()), ""]
        return "```psql\n" + re.sub(r"\n(\n\w+=[^\n]*\n)(?=\n)", r"\1", "\n".join(lines)).rstrip("\n") + "\n```"

    return FENCE.sub(block, document)


def main(names: list[str]) -> None:
    import psycopg

    from tests.harness import demo
    from tests.harness.deploy import deploy
    from tests.harness.paths import BUILD
    from tests.harness.servers import WheelServer

    server = WheelServer(18)
    try:
        server.start()
        server.install_files(BUILD)
        for number, name in enumerate(names):
            with psycopg.connect(server.url(), autocommit=True) as conn:
                conn.execute(f"CREATE DATABASE agentry{number or ''}".encode())
            url = server.url(f"agentry{number or ''}")
            deploy(url, search_path=True)
            demo.run(url, role_prefix=f"r{number}_")
            path = Path(name)
            text = path.read_text()
            path.write_text(refreshed(text, run(server.psql, url, blocks_of(text), f"r{number}_")))
            print(f"{path}: {sum(map(len, blocks_of(text)))} statements")
    finally:
        server.stop()


if __name__ == "__main__":
    main(sys.argv[1:])
