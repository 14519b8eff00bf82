"""A process that starts dbt as a run or as a shell does, says dbt's process number, and waits for it.

python -m tests.lake.dbt_parent run|shell TARGET_FOLDER
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from dagster_defs.dbt_cli import DbtCli
from tests.sql.support import PROJECT


def main(starter: str, target: str) -> None:
    """Do it; the warehouse is the environment's."""
    folder, dbt = str(PROJECT / "dbt_project"), str(Path(sys.executable).with_name("dbt"))
    command = ["build", "--select", "core_members"]
    if starter == "run":
        cli = DbtCli(project_dir=folder, profiles_dir=folder, dbt_executable=dbt)
        process = cli.cli(command, target_path=Path(target)).process
    else:
        options = ["--project-dir", folder, "--profiles-dir", folder, "--target-path", target, "--log-path", target]
        process = subprocess.Popen([dbt, *command, *options], stdout=subprocess.DEVNULL)
    print(process.pid, flush=True)
    process.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
