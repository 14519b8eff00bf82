"""The report: one HTML file that needs no network, no script and nothing beside it."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import jinja2
from markupsafe import Markup

from python_assets.report import (
    figure2_fgi,
    figure3_coverage,
    figure4_local_global,
    figure5_map,
    figure6_distances,
    figure7_norms,
    figure_gaps,
    tables,
)
from python_assets.report.answers import answers_context
from python_assets.report.clouds import Cloud, Distances, read_clouds, read_distances
from python_assets.report.data import ReportData, read_tables
from python_assets.report.details import details_context
from python_assets.report.formats import breakable, count, decimal, percent, with_code
from python_assets.report.glossary import GLOSSARY
from python_assets.report.style import Drawing
from python_assets.warehouse import Warehouse
from python_assets.warehouse.file_errors import WarehouseError
from python_assets.warehouse.layout import require_known_layout

HERE = Path(__file__).parent
CONTENTS = [
    ("answer", "The answer"),
    ("fidelity", "Fidelity"),
    ("instrument", "Instrument or personas"),
    ("space", "Where the personas lie"),
    ("metrics", "All metrics"),
    ("raters", "How the raters answered"),
    ("personas", "Example personas"),
    ("data", "Data"),
    ("provenance", "Provenance"),
    ("glossary", "Glossary"),
]


def build_report(warehouse: Warehouse, out: Path, *, map_epochs: int = figure5_map.EPOCHS) -> Path:
    """Write the report of the study that is in a warehouse.

    Args:
        warehouse: A warehouse whose ``results`` schema has been built.
        out: The HTML file to write; its folder is made. A folder gets ``report.html``.
        map_epochs: Optimisation epochs of the UMAP map.

    Returns:
        The file's path.

    Raises:
        WarehouseError: There is no warehouse, or it holds no results, or those of other code.
    """
    require_known_layout(warehouse)
    with warehouse.connect() as connection:
        try:
            data = read_tables(connection)
            clouds = read_clouds(connection, with_pairs=data.settings.get("metrics", {}).get("users") == "with_pairs")
            distances = read_distances(connection)
        except (duckdb.CatalogException, IndexError) as error:
            raise WarehouseError(
                f"{warehouse.address} holds no results yet: run `persona-fidelity run` to the end first."
            ) from error
        except duckdb.BinderException as error:
            raise WarehouseError(
                f"{warehouse.address} holds results of older code: `persona-fidelity run` brings them up to date."
            ) from error
    path = out / "report.html" if out.is_dir() else out
    path.parent.mkdir(parents=True, exist_ok=True)
    html = render(data, clouds, distances, map_epochs=map_epochs)
    # Written beside and moved, so that nobody opens half a page.
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_text(html, encoding="utf-8")
    partial.replace(path)
    return path


def render(
    data: ReportData, clouds: list[Cloud], distances: list[Distances], *, map_epochs: int = figure5_map.EPOCHS
) -> str:
    """The page's HTML.

    Args:
        data: The tables.
        clouds: Samples of embeddings for the map.
        distances: Paired distances.
        map_epochs: See ``build_report``.
    """
    template = _environment().get_template("page.html")
    return template.render(
        study=data.study,
        css=Markup((HERE / "style.css").read_text(encoding="utf-8")),
        contents=CONTENTS,
        made_at=f"{datetime.now(UTC):%Y-%m-%d %H:%M}",
        tables={
            "fidelity": tables.fidelity_table(data),
            "metrics": tables.metrics_table(data),
            "fgi": tables.fgi_table(data),
            "gaps": tables.gap_table(data),
        },
        figures={drawing.name: drawing for drawing in _figures(data, clouds, distances, map_epochs=map_epochs)},
        reliability=data.reliability,
        encoders=data.encoders,
        glossary=GLOSSARY,
        **answers_context(data),
        **details_context(data),
    )


def _figures(data: ReportData, clouds: list[Cloud], distances: list[Distances], *, map_epochs: int) -> list[Drawing]:
    return [
        figure2_fgi.draw(data),
        figure3_coverage.draw(data),
        figure4_local_global.draw(data),
        figure5_map.draw(data, clouds, epochs=map_epochs),
        figure6_distances.draw(data, distances),
        figure7_norms.draw(data),
        figure_gaps.draw(data),
    ]


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "breakable": breakable,
        "decimal": decimal,
        "percent": percent,
        "count_of": count,
        "with_code": with_code,
        "moment": lambda value: f"{value:%Y-%m-%d %H:%M}",
    }
    return environment
