"""The README in other languages: each says all that the English one says."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ENGLISH = ROOT / "README.md"
OTHERS = [ROOT / "README.zh-CN.md", ROOT / "README.ja.md"]
LANGUAGES = {page.name for page in (ENGLISH, *OTHERS)}

other_languages = pytest.mark.parametrize("page", OTHERS, ids=lambda page: page.name)


def prose(page: Path) -> str:
    return re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)


def headings(page: Path) -> list[int]:
    """Their levels."""
    return [len(marks) for marks in re.findall(r"^(#+) ", prose(page), re.MULTILINE)]


def code_blocks(page: Path) -> list[tuple[str, str]]:
    """Language and code, without comments, which are words."""
    blocks = re.findall(r"^```(\w+)\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
    return [(language, re.sub(r"\s*# .*$", "", code, flags=re.MULTILINE)) for language, code in blocks]


def tables(page: Path) -> list[list[list[str]]]:
    """Tables of rows of cells."""
    blocks = re.findall(r"(?:^\|.*\|\n)+", prose(page), re.MULTILINE)
    return [[row.strip("|").split("|") for row in block.splitlines()] for block in blocks]


def what_is_the_same_in_every_language(text: str) -> set[str]:
    """Code, numbers, and addresses but those inside the page."""
    addresses = {link for link in re.findall(r"\]\(([^)]+)\)", text) if not link.startswith("#")}
    words = re.sub(r"\]\([^)]+\)", "]", text)
    return addresses | set(re.findall(r"`[^`]+`", words)) | set(re.findall(r"\d+(?:\.\d+)*", words))


def contents(page: Path) -> list[str]:
    return re.findall(r"\]\(#([^)]+)\)", page.read_text())


@other_languages
def test_a_translation_has_the_same_sections_and_as_many_paragraphs(page: Path) -> None:
    assert headings(page) == headings(ENGLISH)
    # One paragraph more tells that the documents behind the links are in English.
    assert len(prose(page).split("\n\n")) == len(prose(ENGLISH).split("\n\n")) + 1


@other_languages
def test_a_translation_has_the_same_commands(page: Path) -> None:
    assert code_blocks(page) == code_blocks(ENGLISH)
    assert len(code_blocks(ENGLISH)) >= 5


@other_languages
def test_a_translation_has_the_same_tables(page: Path) -> None:
    theirs, ours = tables(page), tables(ENGLISH)
    assert [[len(row) for row in table] for table in theirs] == [[len(row) for row in table] for table in ours]
    for there, here in zip(theirs, ours, strict=True):
        for translated, row in zip(there, here, strict=True):
            assert what_is_the_same_in_every_language("|".join(row)) <= what_is_the_same_in_every_language(
                "|".join(translated)
            ), row
    assert [row[0] for row in theirs[2]][2:] == [row[0] for row in ours[2]][2:], "names of models are no words"


@other_languages
def test_a_translation_names_the_same_files_fields_headers_and_figures(page: Path) -> None:
    there, here = (what_is_the_same_in_every_language(prose(page)) for page in (page, ENGLISH))
    # Small numbers are words in one language and figures in another.
    assert {word for word in there ^ here if word not in LANGUAGES and not re.fullmatch(r"\d", word)} == set()


@pytest.mark.parametrize("page", [ENGLISH, *OTHERS], ids=lambda page: page.name)
def test_the_table_of_contents_names_every_section_in_order(page: Path) -> None:
    sections = re.findall(r"^## (.+)$", prose(page), re.MULTILINE)
    assert contents(page) == [re.sub(r"[^\w -]", "", section.lower()).replace(" ", "-") for section in sections]


@pytest.mark.parametrize("page", [ENGLISH, *OTHERS], ids=lambda page: page.name)
def test_each_readme_leads_to_the_others(page: Path) -> None:
    links = set(re.findall(r"\]\((README[^)]*)\)", page.read_text()))
    assert links == LANGUAGES - {page.name}
