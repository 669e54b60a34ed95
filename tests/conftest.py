"""What all tests share: the engines, and five segments without measuring how many hold, which takes half a minute."""

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from hypothesis import settings

# Libraries read these when they are loaded. Tests run in as many processes as there are cores, and threads of one that
# spin for work keep the others from theirs: choosing the number of segments took twice as long.
os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
# Every test has few rows: 200 partitions of them and a compiler for long runs cost more than they save.
os.environ["PYSPARK_SUBMIT_ARGS"] = (
    "--conf spark.sql.shuffle.partitions=4"
    " --driver-java-options '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC' pyspark-shell"
)
os.environ |= {"FOOTFALL_K": "5", "FOOTFALL_RESAMPLES": "0"}

from footfall.engine import ENGINES, Engine, open_engine

settings.register_profile("any machine", deadline=None)  # no test measures time
settings.load_profile("any machine")


@pytest.fixture(scope="session")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Engine]]:
    """Opens an engine by its name. Spark is slow to start, so each is opened once."""
    engines: dict[str, Engine] = {}

    def by_name(name: str) -> Engine:
        if name == "spark" and shutil.which("java") is None:
            pytest.fail("Java 17 is needed for the Spark tests: apt-get install openjdk-17-jre-headless")
        if name == "spark" and name in engines and engines[name].native().sparkContext._jsc is None:
            del engines[name]  # A command that ran in this process has ended the session that they shared.
        if name not in engines:
            engines[name] = open_engine(name, temporary=tmp_path_factory.mktemp(name), memory="1GB", threads=2)
        return engines[name]

    yield by_name
    for engine in engines.values():
        engine.close()


@pytest.fixture(params=[pytest.param(name, marks=pytest.mark.spark if name == "spark" else ()) for name in ENGINES])
def engine(request: pytest.FixtureRequest, opened: Callable[[str], Engine]) -> Engine:
    """Every engine in turn."""
    return opened(request.param)
