"""The front door of the simulator: from a size and a seed to files with their truth."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory

from footfall.errors import SettingInvalid, StorageFailed
from footfall.simulate.dirt import DIRTY_KINDS
from footfall.simulate.month_files import WrittenMonth, write_months
from footfall.simulate.period import parse_period
from footfall.simulate.shop import Shop, open_shop
from footfall.simulate.truth import write_truth

# REES46's user ids have nine digits, which leaves room for about this many users and those who follow them.
MOST_USERS = 20_000_000
TRUTH = "truth"


@dataclass(frozen=True)
class SimulatedShop:
    """The files of a simulated shop.

    Attributes:
        months: the months' files, in order.
        truth: the folder with what is true of the shop, as Parquet tables.
        rows: by file name, how many rows it has, bad ones included and the header not.
        dirty_rows: by kind of defect, how many rows have it in all files.
    """

    months: tuple[Path, ...]
    truth: Path
    rows: dict[str, int]
    dirty_rows: dict[str, int]


def simulate(
    out: Path,
    *,
    users: int,
    months: int = 1,
    seed: int = 0,
    start: str = "2019-10",
    progress: Callable[[int, int], None] | None = None,
) -> SimulatedShop:
    """Write the event log of a made-up shop, month by month in REES46's format, and the truth about it.

    The same arguments give the same bytes. Files with the same names are replaced once all are complete; a run that is
    killed leaves them as they were.

    Args:
        out: the folder to write into; it is made if absent.
        users: about how many users are active in the first month; each makes about 14 events.
        months: how many months, one file each.
        seed: another seed is another shop.
        start: the first month, as in "2019-10".
        progress: is told how many days are written, of how many.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     shop = simulate(Path(folder), users=50)
        ...     print([path.name for path in shop.months], shop.dirty_rows["duplicate"])
        ['2019-Oct.csv.gz'] 1

    Raises:
        SettingInvalid: an argument cannot be used.
        StorageFailed: the folder cannot be written to.
    """
    _check(out, users, seed)
    period = parse_period(start, months)
    shop = open_shop(users, period, seed)
    try:
        out.mkdir(parents=True, exist_ok=True)
        return _write(shop, out, progress or _ignored)
    except OSError as error:
        raise StorageFailed(
            f"{out}: the months could not be written ({error}); free or choose another place"
        ) from error


def _check(out: Path, users: int, seed: int) -> None:
    if not 1 <= users <= MOST_USERS:
        raise SettingInvalid(f"users is {users} and must be between 1 and {MOST_USERS:,}")
    if seed < 0:
        raise SettingInvalid(f"seed is {seed} and must be 0 or more")
    if out.exists() and not out.is_dir():
        raise SettingInvalid(f"{out} is a file; the simulated months need a folder, so name another path")


def _ignored(done: int, total: int) -> None:
    """Progress that nobody asked for."""


def _write(shop: Shop, out: Path, progress: Callable[[int, int], None]) -> SimulatedShop:
    with TemporaryDirectory(prefix=".simulating-", dir=out) as unfinished:
        folder = Path(unfinished)
        months, seen = write_months(shop, folder, progress)
        write_truth(shop, months, seen, folder / TRUTH)
        _put_into_place(folder, out, months)
    return SimulatedShop(
        months=tuple(out / month.file_name for month in months),
        truth=out / TRUTH,
        rows={month.file_name: month.rows for month in months},
        dirty_rows=_dirty_rows(months),
    )


def _put_into_place(unfinished: Path, out: Path, months: tuple[WrittenMonth, ...]) -> None:
    """Every file appears under its name at once and complete; the truth of an earlier run goes first."""
    if (out / TRUTH).exists():
        rmtree(out / TRUTH)
    for month in months:
        (unfinished / month.file_name).replace(out / month.file_name)
    (unfinished / TRUTH).replace(out / TRUTH)


def _dirty_rows(months: tuple[WrittenMonth, ...]) -> dict[str, int]:
    found = Counter(int(kind) for month in months for kind in month.dirty_kind)
    return {name: found[kind] for kind, name in enumerate(DIRTY_KINDS)}
