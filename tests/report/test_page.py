"""The whole page over a world with two instruments, one persona population and two controls."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from python_assets.report import build_report
from python_assets.warehouse import Warehouse
from python_assets.warehouse.file_errors import WarehouseError
from tests.report.html_checks import Page
from tests.report.support import fill
from tests.report.world import World

EPOCHS = 20


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("report")
    path = build_report(fill(folder / "demo.duckdb", World()), folder / "deep" / "report.html", map_epochs=EPOCHS)
    assert path == folder / "deep" / "report.html"
    assert [file.name for file in path.parent.iterdir()] == ["report.html"]
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def test_the_answer_comes_from_the_instrument_that_passes_its_checks(page: Page) -> None:
    assert "In short: not faithful." in page.text
    assert (
        "Of 126 real users drawn at a time 9% have one of these personas close by, against 95% with other real users"
        in page.text
    )
    assert "the instrument accounts for 1 and the personas for 85" in page.text
    assert "With instrument paper: cannot tell" in page.text


def test_names_in_tables_may_go_on_in_the_next_line(html: str) -> None:
    rows = re.findall(r'<th scope="row">(?:<span[^>]*></span>)?grounded_(<wbr>)?smollm2', html)
    assert len(rows) > 5
    assert all(rows)


def test_colours_that_say_something_are_printed(html: str) -> None:
    style = html.partition("<style>")[2].partition("</style>")[0]
    (printed,) = re.findall(r"([^{}]*)\{ -webkit-print-color-adjust: exact; print-color-adjust: exact; \}", style)
    assert {".scale span", ".key i", ".dot"} <= {selector.strip() for selector in printed.split("*/")[1].split(",")}


@pytest.mark.parametrize("words", ["“no scale”", "“not apart”", "“no place”", "“too few”"])
def test_the_words_that_stand_in_a_figure_are_explained_there(html: str, words: str) -> None:
    (caption,) = re.findall(r'<figure id="figure2">.*?<figcaption>(.*?)</figcaption>', html, re.DOTALL)
    assert words in caption.lower()


def test_settings_are_set_as_code(page: Page, html: str) -> None:
    assert "<code>mixture_lr</code>" in html
    assert "`" not in page.text


def test_both_instruments_are_described(page: Page) -> None:
    assert "Instrument calibrated: faithful." in page.text
    assert "Instrument paper: compresses and not repeatable." in page.text
    assert (
        "stand-ins that answer exactly as their real user would cover 36% of the real users drawn at a time, other real users 95%"
        in page.text
    )


@pytest.mark.parametrize(
    "number", ["0.050", "0.090", "0.940", "−0.022", "0.740", "2.98", "[268, 328]", "2,600", "5,800"]
)
def test_numbers_of_the_tables_appear(page: Page, number: str) -> None:
    assert number in page.text


def test_the_gap_parts_are_printed_with_worse_as_positive(page: Page) -> None:
    assert re.search(r"grounded_smollm2 0\.950 0\.590 0\.310 0\.900", page.text)


@pytest.mark.parametrize("name", [*(f"figure{n}" for n in range(2, 8)), "gaps"])
def test_every_figure_is_drawn_captioned_and_described(html: str, name: str) -> None:
    (figure,) = re.findall(rf'<figure id="{name}">.*?</figure>', html, flags=re.S)
    assert re.search(r'<svg class="plot"[^>]* role="img" aria-label="[^"]{20,}"', figure)
    assert "<figcaption>" in figure
    assert 'class="seen"' in figure


def test_the_page_loads_nothing_and_runs_nothing(html: str, page: Page) -> None:
    assert "http" not in html
    assert not {tag for tag, _ in page.tags} & {"script", "link", "img", "iframe", "object", "image"}
    assert not re.search(r"@import|url\((?!#)", html)
    links = [attributes.get("href") or "" for tag, attributes in page.tags if tag in ("a", "use")]
    assert links
    assert all(link.startswith("#") for link in links)


def test_every_link_and_reference_has_a_target_and_ids_are_unique(html: str, page: Page) -> None:
    assert len(page.ids) == len(set(page.ids))
    targets = set(re.findall(r'(?:href="|url\()#([^")]+)', html))
    assert targets <= set(page.ids)


def test_it_can_be_read_without_seeing_it(page: Page) -> None:
    assert page.all("html")[0]["lang"] == "en"
    assert len(page.all("h1")) == 1
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(cell.get("scope") for cell in page.all("th"))
    assert all(svg.get("aria-label") for svg in page.all("svg"))
    assert all(region.get("aria-label") for region in page.all("div") if region.get("role") == "region")


def test_raters_personas_data_and_provenance_are_there(page: Page) -> None:
    assert "It answers 3 to everything. All of its 60 personas give every probe one and the same rating." in page.text
    assert "I never spend more than $20 on a brush." in page.text
    assert "the text hit the token cap" in page.text
    assert "rating is no number (12)" in page.text
    assert "140 / 40 / 20" in page.text
    assert "5 / 2 / 1" in page.text
    assert "2 / 4 / 4" in page.text
    assert "abcdef0123456789" in page.text
    assert "smollm2-135m-instruct" in page.text


def test_server_addresses_stay_at_home(html: str) -> None:
    assert "llm.internal" not in html


def test_a_warehouse_without_results_says_what_to_run(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "empty.duckdb")
    warehouse.prepare()
    with pytest.raises(WarehouseError, match="persona-fidelity run"):
        build_report(warehouse, tmp_path / "report.html")
    assert not (tmp_path / "report.html").exists()


def test_a_folder_gets_a_file(tmp_path: Path) -> None:
    warehouse = fill(tmp_path / "small.duckdb", World(n_users=5))
    assert build_report(warehouse, tmp_path, map_epochs=EPOCHS) == tmp_path / "report.html"
