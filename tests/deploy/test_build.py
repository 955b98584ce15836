"""The build holds every source once, and one version is written everywhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.deploy.conftest import Checkout
from tests.harness import paths
from tests.harness.servers import extension_files

try:
    import tomllib
except ImportError:  # Python 3.10
    import tomli as tomllib  # type: ignore[no-redef]


def source_files() -> list[str]:
    """Every SQL file that belongs into a build."""
    root = paths.BUILD.parent
    folders = ("sql", "functions", "triggers", "views")
    found = [p.relative_to(root) for folder in folders for p in (root / folder).rglob("*.sql")]
    return sorted(str(p) for p in found if not {"upgrades", "released"} & set(p.parts))


def built(pattern: str) -> str:
    return "".join(path.read_text() for path in sorted(paths.BUILD.glob(pattern)))


@pytest.mark.parametrize("kind", ["agentry*--*.sql", "plain/agentry_all-*.sql"])
def test_every_source_file_is_built_exactly_once(kind: str) -> None:
    text = built(kind)
    wrong = {}
    for path in source_files():
        if path == "sql/roles.sql":
            continue
        as_code = len(re.findall(rf"^-- file: {re.escape(path)}$", text, re.MULTILINE))
        in_install = text.count(f"/* {path} */")
        is_trigger = path.startswith("triggers/")
        has_install = not is_trigger or "\n-- install\n" in (paths.BUILD.parent / path).read_text()
        expected = (1, 1 if has_install else 0) if is_trigger else (1, 0) if path.startswith("functions/") else (0, 1)
        if (as_code, in_install) != expected:
            wrong[path] = (as_code, in_install)
    assert wrong == {}


def test_nothing_is_built_that_has_no_source() -> None:
    named = set(re.findall(r"^-- file: (.*)$|/\* (\S+\.sql) \*/", built("*.sql") + built("plain/*.sql"), re.MULTILINE))
    files = {a or b for a, b in named if not a.startswith("generated")}
    assert files == set(source_files())


def test_a_file_that_goes_leaves_the_build(checkout: Checkout) -> None:
    """make has to notice a file that is no longer there."""
    checkout.write("functions/core/extra.sql", "-- nothing\n")
    paths.make_build(checkout.root)
    assert "functions/core/extra.sql" in (checkout.build_dir / f"agentry--{paths.version()}.sql").read_text()
    (checkout.root / "functions/core/extra.sql").unlink()
    paths.make_build(checkout.root)
    assert "functions/core/extra.sql" not in (checkout.build_dir / f"agentry--{paths.version()}.sql").read_text()


def test_the_checksum_changes_with_the_source_and_only_then(checkout: Checkout) -> None:
    first = paths.checksums(checkout.build())
    assert paths.checksums(checkout.build()) == first == paths.checksums()
    name = sorted(p.name for p in (checkout.root / "functions/core").glob("*.sql"))[0]
    path = f"functions/core/{name}"
    checkout.write(path, (checkout.root / path).read_text() + "\n-- changed\n")
    second = paths.checksums(checkout.build())
    assert {m for m in first if first[m] != second[m]} == {"core"}


def test_one_version_is_written_everywhere() -> None:
    version = paths.version()
    project = tomllib.loads((paths.ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == version
    controls = sorted(paths.BUILD.glob("*.control"))
    assert [c.stem for c in controls] == sorted([*map(paths.schema_of, paths.checksums()), "agentry_all"])
    for control in controls:
        text = control.read_text()
        assert f"default_version = '{version}'" in text
        assert "superuser = false" in text
        assert "trusted = false" in text
        assert (control.parent / f"{control.stem}--{version}.sql").exists()


def test_the_empty_extension_requires_all_modules() -> None:
    required = re.search(r"requires = '(.*)'", (paths.BUILD / "agentry_all.control").read_text())
    assert required
    assert required.group(1).split(", ") == [paths.schema_of(m) for m in paths.checksums()]


def test_an_extension_script_cannot_be_run_by_psql() -> None:
    for file in extension_files(paths.BUILD):
        if file.suffix == ".sql":
            assert Path(file).read_text().startswith(r"\echo Use ")
