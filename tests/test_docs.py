"""What the pages say that can be checked: links, flags and the length of lines."""

import importlib
import json
import re
import runpy
from functools import cache
from pathlib import Path

import pytest

from deeplab_cv.cli import COMMANDS, build_parser
from deeplab_cv.commands.bench import PARTS

ROOT = Path(__file__).parent.parent
FOLDERS = (".", ".github", "docs", "models", "samples", "examples", "benchmarks/peers")
PAGES = sorted(page for folder in FOLDERS for page in (ROOT / folder).glob("*.md"))
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
LINK = re.compile(r"\]\(([^)\s]+)\)")
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]*")
LINE = 120


@cache
def flags_of(command):
    module = importlib.import_module(f"deeplab_cv.commands.{command}")
    parser = build_parser(command, module.__doc__ or "")
    module.add_arguments(parser)
    return set(FLAG.findall(parser.format_help()))


def prose(page):
    """The lines of a page that are neither code nor table."""
    fenced = False
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.strip().startswith("```"):
            fenced = not fenced
        elif not fenced and not line.strip().startswith("|"):
            yield line


def without_code(text):
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


def commands_in(page):
    """Every `app.py ...` of a page: in blocks of code, and between backticks."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    blocks = re.findall(r"```\w*\n(.*?)```", text, flags=re.DOTALL)
    lines = [line.split(" # ")[0] for block in blocks for line in block.splitlines()]
    spans = [
        span.replace("\n", " ") for span in re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    ]
    for line in lines + spans:
        yield from re.findall(r"(?:^|[\s/])app\.py\s+(.*)", line)


def anchors_of(page):
    """The anchors of a page's headings, as GitHub makes them."""
    headings = [line.lstrip("#").strip() for line in prose(page) if line.startswith("#")]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_relative_link_leads_somewhere(page):
    broken = []
    for link in LINK.findall(without_code(page.read_text(encoding="utf-8"))):
        path, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", link):
            continue
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors_of(target)):
            broken.append(link)

    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_flag_in_a_command_is_one_of_that_command(page):
    unknown = []
    for words in commands_in(page):
        first = words.split()[0]
        command = first if first in COMMANDS else "run"
        unknown += [f"{command} {flag}" for flag in FLAG.findall(words) if flag not in flags_of(command)]

    assert unknown == []


@pytest.mark.parametrize("name", ["docs/usage.md", "docs/troubleshooting.md"])
def test_every_flag_named_to_users_is_known(name):
    known = set().union(*(flags_of(command) for command in COMMANDS)) | {"--demo", "--tests"}
    spans = re.findall(r"`(--[^`]+)`", (ROOT / name).read_text(encoding="utf-8"))

    assert [span for span in spans if not set(FLAG.findall(span)) <= known] == []
    assert spans


@pytest.mark.parametrize("name", sorted({*NAMES} - {"CHANGELOG.md"}))
def test_no_line_of_prose_is_longer_than_a_line_of_code(name):
    assert [line for line in prose(ROOT / name) if len(line) > LINE and "](http" not in line] == []


@pytest.fixture(scope="module")
def performance():
    return runpy.run_path(str(ROOT / "benchmarks" / "performance.py"))


def test_every_part_of_the_bench_has_one_place_in_the_pages(performance):
    text = "".join((ROOT / "docs" / page).read_text(encoding="utf-8") for page in performance["PAGES"])
    tables = sorted({*PARTS} - {"engines"} | {"targets", "machine"})

    assert sorted(re.findall(r"<!-- ([a-z-]+) -->\n", text)) == tables
    assert sorted(re.findall(r"<!-- /([a-z-]+) -->\n", text)) == tables
    assert json.loads((ROOT / "docs" / "engines.json").read_text(encoding="utf-8"))["rows"]


def test_a_page_takes_the_sections_that_it_has_a_place_for(performance):
    page = "before\n<!-- stages -->\nold\n<!-- /stages -->\nafter\n"

    assert performance["filled"](page, {"stages": "new", "labels": "elsewhere"}) == page.replace("old", "new")


def test_the_map_names_every_room_and_no_other():
    rooms = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("## Run the checks")[0]
    named = set(re.findall(r"^\| `deeplab_cv/(\w+)/`", rooms, flags=re.MULTILINE))

    assert named == {path.parent.name for path in (ROOT / "deeplab_cv").glob("*/__init__.py")}


def test_every_file_and_test_named_in_the_pages_for_contributors_is_there():
    text = "".join((ROOT / name).read_text(encoding="utf-8") for name in ("CONTRIBUTING.md", "docs/architecture.md"))
    named = re.findall(r"`((?:\w+/)+(?:\w+\.py)?)`", text)
    places = [ROOT, ROOT / "deeplab_cv"]

    assert [name for name in named if not any((place / name).exists() for place in places)] == []
    assert "engines/candidates.py" in named
