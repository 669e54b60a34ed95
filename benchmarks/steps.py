"""Where Footfall's time goes: wall and CPU seconds by table that it writes, one table.

python benchmarks/steps.py FILE.csv.gz [--memory 4GB]
"""

import argparse
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from footfall.engine.duckdb import DuckDBEngine
from footfall.pipeline import cleaning
from footfall.pipeline.run import ingest_and_clean, run_features
from footfall.settings import load_settings


class Steps:
    """Seconds by step, in the order in which steps first ended."""

    def __init__(self) -> None:
        self.wall: dict[str, float] = defaultdict(float)
        self.cpu: dict[str, float] = defaultdict(float)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure what runs inside."""
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.wall[name] += time.perf_counter() - wall
        self.cpu[name] += time.process_time() - cpu

    def measured(self, work: Callable[..., Any], name: Callable[..., str]) -> Callable[..., Any]:
        """The same function, each call a step."""

        def run(*arguments: Any, **options: Any) -> Any:
            with self.step(name(*arguments)):
                return work(*arguments, **options)

        return run

    def table(self) -> list[str]:
        """Markdown; what is in no step is the last row."""
        lines = ["| step | seconds | CPU s | cores used |", "| --- | ---: | ---: | ---: |"]
        rest = [2 * found["all"] - sum(found.values()) for found in (self.wall, self.cpu)]
        rows = [(name, self.wall[name], self.cpu[name]) for name in self.wall if name != "all"]
        for name, wall, cpu in [*rows, ("all else", *rest), ("all", self.wall["all"], self.cpu["all"])]:
            lines.append(f"| {name} | {wall:.1f} | {cpu:.1f} | {cpu / wall:.2f} |" if wall > 0 else f"| {name} | | | |")
        return lines


def main() -> None:
    """Ingest a file and build features, once."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="a month of REES46, real or simulated")
    parser.add_argument("--memory", default="4GB", help="memory limit")
    options = parser.parse_args()
    steps = Steps()
    cleaning.land = steps.measured(cleaning.land, lambda *_: "landing")
    DuckDBEngine.write_parquet = steps.measured(  # type: ignore[method-assign]
        DuckDBEngine.write_parquet, lambda _engine, _rows, folder, *_: f"writing {folder.name.rpartition('-')[0]}"
    )
    DuckDBEngine.collect = steps.measured(DuckDBEngine.collect, lambda *_: "sums, ranks and reference prices")  # type: ignore[method-assign]
    with tempfile.TemporaryDirectory(prefix="footfall-steps-") as folder:
        settings = load_settings(lake=Path(folder) / "lake", key_file=Path(folder) / "key", memory=options.memory)
        with steps.step("all"):
            ingest_and_clean([str(options.file)], settings)
            run_features(settings)
    print("\n".join(steps.table()))


if __name__ == "__main__":
    main()
