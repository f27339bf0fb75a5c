"""Durable publishing: all or nothing, first come first served, and repeatable after a crash."""

import multiprocessing
import os
import signal
import stat
import time
from itertools import count
from pathlib import Path

import pytest

from redactory.durable import is_temporary, open_folder
from redactory.errors import InputError

NUMBERS = count()
SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture(params=["local", "memory"])
def folder(request, tmp_path):
    if request.param == "local":
        return open_folder(tmp_path / "root")
    return open_folder(f"memory://durable-{next(NUMBERS)}")


def test_every_operation(folder):
    assert list(folder.names()) == []
    folder.create("b/two", b"2")
    folder.create("a", b"1")
    folder.replace("a", b"one")
    folder.replace("c/new", b"3")
    assert list(folder.names()) == ["a", "b/two", "c/new"]
    assert list(folder.names("b")) == ["b/two"]
    assert list(folder.names("absent")) == []
    assert (folder.read("a"), folder.size("a")) == (b"one", 3)
    assert folder.exists("b/two")
    assert not folder.exists("b/three")
    with folder.open("a") as file:
        file.seek(1)
        assert file.read() == b"ne"
    folder.move_all([("a", "d/a"), ("b/two", "d/b")])
    assert list(folder.names()) == ["c/new", "d/a", "d/b"]
    folder.move_over("d/a", "c/new")
    assert folder.read("c/new") == b"one"
    folder.delete("c/new")
    folder.delete("c/new")
    folder.delete_tree("d")
    folder.delete_tree("d")
    assert list(folder.names()) == []


def test_create_never_overwrites(folder):
    folder.create("a", b"first")
    with pytest.raises(FileExistsError):
        folder.create("a", b"second")
    assert folder.read("a") == b"first"
    assert list(folder.names()) == ["a"]


def test_a_folder_is_there_too(folder):
    folder.create("a/b", b"")
    assert folder.exists("a/b")
    assert folder.exists("a")


def test_reading_what_is_absent(folder):
    for attempt in (folder.read, folder.size, folder.open):
        with pytest.raises(FileNotFoundError):
            attempt("absent")


def test_streaming_is_all_or_nothing(folder):
    with folder.writing("s/a") as file:
        file.write(b"x" * 10)
    assert folder.read("s/a") == b"x" * 10
    half = folder.writing("s/b")
    half.__enter__().write(b"half")
    assert not half.__exit__(RuntimeError, RuntimeError(), None), "the error goes on"
    assert list(folder.names()) == ["s/a"]


def test_streaming_to_a_taken_name_leaves_what_is_there(folder):
    folder.create("a", b"somebody else's")
    with pytest.raises(FileExistsError), folder.writing("a") as file:
        file.write(b"mine")
    assert folder.read("a") == b"somebody else's"


def test_a_batch_does_what_single_steps_do(folder):
    folder.replace("a/one", b"1")
    with folder.batch() as batch:
        batch.replace("a/two", b"2")
        batch.move_over("a/two", "a/one")
        with batch.writing("b/new") as file:
            file.write(b"3")
        batch.create("c/new", b"4")
        batch.delete("c/new")
        assert folder.read("a/one") == b"2"
    assert list(folder.names()) == ["a/one", "b/new"]


def test_names_of_a_batch_are_durable_at_its_end(tmp_path, monkeypatch):
    """Files are synced one by one, and each folder once, after the last of them."""
    folder, synced, sync = open_folder(tmp_path / "root"), [], os.fsync

    def noting(descriptor):
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", noting)
    with folder.batch() as batch:
        for number in range(5):
            batch.replace(f"a/{number}", b"x")
            with batch.writing(f"b/{number}") as file:
                file.write(b"y")
        assert len(synced) == 10
        batch.move_over("b/4", "a/4")
        batch.delete("b/3")
    assert synced[10:] == [tmp_path, tmp_path / "root", *(tmp_path / "root" / x for x in "ab")]


@pytest.mark.parametrize(
    "name", ["", ".", "/etc/x", "a//b", "a/", "..", "../x", "a/../../x", "a/..", "./.."]
)
def test_names_that_lead_out_are_refused(folder, name):
    folder.create("a/b", b"")
    attempts = [
        lambda: folder.path(name),
        lambda: folder.read(name),
        lambda: folder.open(name),
        lambda: folder.size(name),
        lambda: folder.exists(name),
        lambda: folder.create(name, b""),
        lambda: folder.replace(name, b""),
        lambda: folder.delete(name),
        lambda: folder.delete_tree(name),
        lambda: folder.move_all([("a/b", name)]),
        lambda: folder.move_all([(name, "c")]),
        lambda: folder.move_over("a/b", name),
        lambda: folder.move_over(name, "c"),
        lambda: folder.writing(name).__enter__(),
        lambda: list(folder.names(name)) if name else folder.path(name),
    ]
    for attempt in attempts:
        with pytest.raises(InputError, match="leads out"):
            attempt()
    assert list(folder.names()) == ["a/b"]


@pytest.mark.parametrize("linked", range(3))
@pytest.mark.parametrize("removed", range(3))
def test_moves_may_be_repeated_after_a_crash_at_any_point(folder, linked, removed):
    """Targets appear one after the other, then sources vanish; a crash may stop either."""
    moves = [("from/a", "to/a"), ("from/b", "to/b")]
    for source, target in moves[: linked if removed == 0 else 2]:
        if hasattr(folder, "root"):
            (folder.root / "from").mkdir(parents=True, exist_ok=True)
            (folder.root / "to").mkdir(exist_ok=True)
            (folder.root / source).write_bytes(source.encode())
            (folder.root / target).hardlink_to(folder.root / source)
        else:
            folder.create(source, source.encode())
            folder.create(target, source.encode())
    for source, _ in moves[linked if removed == 0 else 2 :]:
        folder.create(source, source.encode())
    for source, _ in moves[:removed]:
        folder.delete(source)
    for _ in range(2):
        folder.move_all(moves)
        assert list(folder.names()) == ["to/a", "to/b"]
        assert [folder.read(target) for _, target in moves] == [b"from/a", b"from/b"]


@pytest.mark.parametrize("content", [b"theirs", b"mine!!"])
def test_moves_never_overwrite_another_file(folder, content):
    folder.create("from", b"mine!?")
    folder.create("to", content)
    with pytest.raises(FileExistsError):
        folder.move_all([("from", "to")])
    assert (folder.read("from"), folder.read("to")) == (b"mine!?", content)


def test_moving_what_is_nowhere_fails(folder):
    with pytest.raises(FileNotFoundError):
        folder.move_all([("absent", "to")])


def test_a_folder_below_a_file_is_not_taken_for_a_lost_race(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    for root in (tmp_path / "file", tmp_path / "file" / "deeper"):
        with pytest.raises(NotADirectoryError):
            open_folder(root).create("a", b"")


def test_temporary_names_are_known():
    assert is_temporary("shards/.tmp-00")
    assert not is_temporary("shards/a.tmp-")


def test_files_are_not_world_writable(tmp_path):
    open_folder(tmp_path).create("a", b"")
    assert not stat.S_IMODE((tmp_path / "a").stat().st_mode) & stat.S_IWOTH


def _race(root: str, number: int, start) -> None:
    folder = open_folder(root)
    start.wait()
    try:
        folder.create("prize", str(number).encode() * 1000)
    except FileExistsError:
        os._exit(3)
    os._exit(0)


def test_of_eight_racing_creators_exactly_one_wins(tmp_path):
    start = SPAWN.Barrier(8)
    racers = [SPAWN.Process(target=_race, args=(str(tmp_path), n, start)) for n in range(8)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(30)
    codes = [racer.exitcode for racer in racers]
    assert sorted(codes) == [0] + [3] * 7
    assert (tmp_path / "prize").read_bytes() == str(codes.index(0)).encode() * 1000
    assert list(tmp_path.iterdir()) == [tmp_path / "prize"]


def _replace_forever(root: str) -> None:
    folder = open_folder(root)
    for number in count():
        folder.replace("a", bytes([number % 256]) * 200_000)


def test_kill_in_the_middle_leaves_the_old_or_the_new(tmp_path):
    folder = open_folder(tmp_path)
    folder.replace("a", b"\0" * 200_000)
    for delay in (0.0, 0.003, 0.007, 0.013):
        writer = SPAWN.Process(target=_replace_forever, args=(str(tmp_path),))
        writer.start()
        before = (tmp_path / "a").stat().st_ino
        while (tmp_path / "a").stat().st_ino == before:
            time.sleep(0.001)
        deadline = time.monotonic() + delay
        while time.monotonic() < deadline:
            raw = folder.read("a")
            assert raw == raw[:1] * 200_000, "a reader beside the writer sees a whole file"
        os.kill(writer.pid, signal.SIGKILL)
        writer.join()
        raw = folder.read("a")
        assert raw == raw[:1] * 200_000
    assert all(name == "a" or is_temporary(name) for name in folder.names())


def test_a_root_may_be_relative(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = open_folder("here")
    monkeypatch.chdir("/")
    folder.create("a", b"")
    assert Path(folder.path("a")) == tmp_path / "here" / "a"
