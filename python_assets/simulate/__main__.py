"""``python -m python_assets.simulate SETTINGS.yaml FOLDER [--overwrite]``: how the bundled demo was made."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from python_assets.simulate import SimulationError, load_settings, simulate


def main() -> int:
    """Run the simulation that a settings file describes."""
    parser = argparse.ArgumentParser(prog="python -m python_assets.simulate", description=__doc__)
    parser.add_argument("settings", type=Path, help="YAML file with SimulationSettings")
    parser.add_argument("folder", type=Path, help="folder to write to")
    parser.add_argument("--overwrite", action="store_true", help="replace files of the same name")
    arguments = parser.parse_args()
    try:
        report = simulate(
            load_settings(arguments.settings), arguments.folder, progress=True, overwrite=arguments.overwrite
        )
    except SimulationError as error:
        print(error, file=sys.stderr)
        return 1
    print(report)
    return 0


if __name__ == "__main__":
    sys.exit(main())
