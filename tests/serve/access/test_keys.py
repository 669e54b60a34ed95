"""A key opens what it was made for until it is revoked, and nothing else opens anything."""

import os
import re
import stat
import string
from pathlib import Path

import pytest
from crowd import crowd, said
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st

from footfall.errors import LakeBusy, LakeInvalid, SettingInvalid, StorageFailed, UserError
from footfall.serve.access import Caller, KeyStore, keys


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "access"


@pytest.fixture
def store(folder: Path) -> KeyStore:
    return KeyStore(folder)


def test_a_key_opens_what_it_was_made_for(store: KeyStore) -> None:
    key = store.create("newsletter", ["marketing", "dpo", "marketing"])
    (known,) = store.keys()
    assert store.check(key) == Caller("newsletter", ("marketing", "dpo"), known.id)
    assert re.fullmatch(rf"ff_{known.id}_[A-Za-z0-9_-]{{43}}", key)


def test_no_two_keys_share_a_secret(store: KeyStore) -> None:
    made = [store.create(f"key-{number}", ["dpo"]) for number in range(20)]
    assert len({key.partition("_")[2].partition("_")[2] for key in made}) == 20
    known = store.keys()
    assert len({key.id for key in known}) == 20
    callers = [store.check(key) for key in made]
    assert [caller and caller.name for caller in callers] == [f"key-{number}" for number in range(20)]


def test_the_file_does_not_hold_the_key_and_is_for_its_owner_only(folder: Path, store: KeyStore) -> None:
    mask = os.umask(0)
    try:
        key = store.create("newsletter", ["marketing"])
    finally:
        os.umask(mask)
    assert key.rpartition("_")[2] not in (folder / "keys.json").read_text()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}


def test_without_a_file_there_are_no_keys(folder: Path, store: KeyStore) -> None:
    assert store.keys() == []
    assert store.check("ff_00000000_" + "a" * 43) is None
    assert not folder.exists()


@pytest.fixture(scope="module")
def one_key(tmp_path_factory: pytest.TempPathFactory) -> tuple[KeyStore, str]:
    store = KeyStore(tmp_path_factory.mktemp("one") / "access")
    return store, store.create("newsletter", ["marketing"])


_LETTERS = string.ascii_letters + string.digits + "_-"


@given(text=st.text() | st.text(_LETTERS, min_size=43, max_size=43).map(lambda secret: f"ff_00000000_{secret}"))
def test_what_is_no_key_opens_nothing(one_key: tuple[KeyStore, str], text: str) -> None:
    assert one_key[0].check(text) is None


@given(place=st.integers(0, 54), letter=st.sampled_from(_LETTERS) | st.characters())
def test_a_key_with_another_letter_opens_nothing(one_key: tuple[KeyStore, str], place: int, letter: str) -> None:
    store, key = one_key
    other = key[:place] + letter + key[place + 1 :]
    assert (store.check(other) is None) == (other != key)


@pytest.mark.parametrize("change", [lambda key: key + "\n", lambda key: key[:-1], lambda key: f" {key}", str.upper])
def test_a_key_is_taken_as_a_whole(one_key: tuple[KeyStore, str], change: object) -> None:
    assert callable(change)
    assert one_key[0].check(change(one_key[1])) is None


@pytest.mark.parametrize("by", ["name", "id"])
def test_a_key_that_is_revoked_opens_nothing_and_is_still_listed(store: KeyStore, by: str) -> None:
    lost, kept = store.create("lost", ["dpo"]), store.create("kept", ["dpo"])
    revoked = store.revoke(str(getattr(store.keys()[0], by)))
    assert (revoked.name, revoked.in_force) == ("lost", False)
    assert store.check(lost) is None
    assert store.check(kept) is not None
    known = store.keys()
    assert [(key.name, key.in_force) for key in known] == [("lost", False), ("kept", True)]


def test_a_name_belongs_to_one_key_at_a_time(store: KeyStore) -> None:
    first = store.create("newsletter", ["marketing"])
    with pytest.raises(SettingInvalid, match=r"newsletter.*exists"):
        store.create("newsletter", ["dpo"])
    store.revoke("newsletter")
    second = store.create("newsletter", ["dpo"])
    assert store.check(first) is None
    caller = store.check(second)
    assert caller is not None
    assert caller.roles == ("dpo",)
    store.revoke("newsletter")
    assert store.check(second) is None


def test_what_is_not_in_force_cannot_be_revoked(store: KeyStore) -> None:
    store.create("lost", ["dpo"])
    revoked = store.revoke("lost")
    for which in ("lost", revoked.id, "never"):
        with pytest.raises(UserError, match=rf'"{which}".*footfall keys list'):
            store.revoke(which)
    assert store.keys() == [revoked]


@pytest.mark.parametrize(
    "name", ["", " ", "a b", "two\nlines", "=cmd()", "-x", "@x", "anyone", "x" * 65, "a/b", "[red]", "x\0"]
)
def test_a_name_that_cannot_be_told_in_a_log_is_refused(folder: Path, store: KeyStore, name: str) -> None:
    with pytest.raises(SettingInvalid, match="cannot be called so"):
        store.create(name, ["dpo"])
    assert not folder.exists()


@pytest.mark.parametrize("name", ["jane.doe", "jane@example.org", "Élodie", "0", "x" * 64, "A-1_b"])
def test_usual_names_are_taken(store: KeyStore, name: str) -> None:
    caller = store.check(store.create(name, ["dpo"]))
    assert caller is not None
    assert caller.name == name


@pytest.mark.parametrize(("roles", "told"), [([], "needs a role"), (["dpo", "root"], '"root" is unknown')])
def test_roles_are_those_that_there_are(folder: Path, store: KeyStore, roles: list[str], told: str) -> None:
    with pytest.raises(SettingInvalid, match=rf"{told}.*marketing, data_science, operations or dpo"):
        store.create("someone", roles)
    assert not folder.exists()


def test_another_processs_changes_are_known_after_a_second(folder: Path, store: KeyStore) -> None:
    clock = Clock()
    server = KeyStore(folder, clock)
    key = store.create("newsletter", ["marketing"])
    assert server.check(key) is not None
    store.revoke("newsletter")
    clock.now = 0.99
    assert server.check(key) is not None
    clock.now = 1.0
    assert server.check(key) is None
    again = store.create("newsletter", ["dpo"])
    clock.now = 1.99
    assert server.check(again) is None
    clock.now = 2.0
    assert server.check(again) is not None


def test_a_file_that_is_the_same_is_not_read_again(folder: Path) -> None:
    clock = Clock()
    store = KeyStore(folder, clock)
    key = store.create("newsletter", ["marketing"])
    assert store.check(key) is not None
    file = folder / "keys.json"
    before = file.stat()
    with file.open("r+b") as stream:
        stream.write(b"damage")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    clock.now = 5.0
    assert store.check(key) is not None
    os.utime(file)
    clock.now = 10.0
    with pytest.raises(LakeInvalid):
        store.check(key)


def test_keys_that_are_deleted_open_nothing(folder: Path) -> None:
    clock = Clock()
    store = KeyStore(folder, clock)
    key = store.create("newsletter", ["marketing"])
    assert store.check(key) is not None
    (folder / "keys.json").unlink()
    clock.now = 1.0
    assert store.check(key) is None


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "file"),
        ("[{", "file"),
        ("\0" * 100, "file"),
        ('{"keys": []}', "file"),
        ('[{"id": "00000000", "name": "x", "roles": ["root"], "created_at": "2026-01-01", "sha256": ""}]', "0.roles.0"),
        ('[{"id": "00000000", "name": "x", "roles": ["dpo"], "created_at": "2026-01-01"}]', "0.sha256"),
    ],
)
def test_a_damaged_file_opens_nothing_and_is_told_with_its_remedy(
    folder: Path, store: KeyStore, text: str, where: str
) -> None:
    folder.mkdir()
    file = folder / "keys.json"
    file.write_text(text)
    for use in (
        lambda: store.check("ff_00000000_" + "a" * 43),
        store.keys,
        lambda: store.create("someone", ["dpo"]),
        lambda: store.revoke("someone"),
    ):
        with pytest.raises(LakeInvalid, match=rf"{re.escape(str(file))}: {where}: .*restore it from a backup"):
            use()
    assert file.read_text() == text


def test_a_file_that_cannot_be_read_is_told(folder: Path, store: KeyStore) -> None:
    (folder / "keys.json").mkdir(parents=True)
    for use in (store.keys, lambda: store.check("ff_00000000_" + "a" * 43)):
        with pytest.raises(LakeInvalid, match=r"keys\.json: cannot be read"):
            use()


def test_a_lake_that_is_gone_is_not_made_again(tmp_path: Path) -> None:
    with pytest.raises(StorageFailed, match=r"keys\.json: cannot be written"):
        KeyStore(tmp_path / "lake" / "access").create("someone", ["dpo"])
    assert not list(tmp_path.iterdir())


def test_what_a_killed_process_left_is_no_hindrance(folder: Path, store: KeyStore) -> None:
    folder.mkdir()
    (folder / "keys.unfinished").write_text("half of a file, and longer than what is written next" * 100)
    key = store.create("newsletter", ["marketing"])
    assert store.check(key) is not None
    assert len(KeyStore(folder).keys()) == 1


def test_who_waits_too_long_for_another_process_is_told(
    folder: Path, store: KeyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "_PATIENCE_SECONDS", 0)
    folder.mkdir()
    with FileLock(folder / "keys.lock"), pytest.raises(LakeBusy, match="another process is changing the keys"):
        store.create("newsletter", ["marketing"])


_MAKES_KEYS = """
import sys
from pathlib import Path
from footfall.serve.access import KeyStore
store = KeyStore(Path(sys.argv[2]))
print("ready", flush=True)
sys.stdin.readline()
for number in range(15):
    print(store.create(f"{sys.argv[1]}-{number}", ["dpo"]))
"""


def test_processes_do_not_lose_each_others_keys_and_readers_see_whole_files(folder: Path) -> None:
    own = KeyStore(folder).create("reader", ["dpo"])
    with crowd(_MAKES_KEYS, folder, size=3) as processes:
        counts = [1]
        while any(process.poll() is None for process in processes):
            fresh = KeyStore(folder)
            assert fresh.check(own) is not None
            counts.append(len(fresh.keys()))
        made = [key for process in processes for key in said(process)]
    assert counts == sorted(counts)
    store = KeyStore(folder)
    callers = [store.check(key) for key in made]
    assert {caller and caller.name for caller in callers} == {f"{one}-{two}" for one in range(3) for two in range(15)}
