import os
import zipfile

import fsspec
import pytest

from redactory.errors import InputError
from redactory.sources import ReadOptions, columns_not_carried, list_sources, read


@pytest.fixture
def tree(tmp_path):
    names = ["b.txt", "a.JSONL.gz", "sub/c.csv.zst", "sub/deep/d.parquet", "e.tsv", "README.md"]
    for name in [*names, ".hidden.txt", ".git/f.txt", "sub/.g/h.txt", "[x].txt", "noise"]:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"12345")
    return tmp_path


def names(root, uris):
    return [uri.removeprefix(f"{root}/") for uri in uris]


@pytest.mark.parametrize("given", ["no/such", "no/such/*.txt", "memory://no/such", "s4://x/y"])
def test_nothing_there_is_refused(given):
    with pytest.raises(InputError) as error:
        list_sources(given)
    assert error.value.exit_code == 2
    assert given in str(error.value)


def test_a_path_below_a_file_and_a_pipe_are_refused(tree):
    os.mkfifo(tree / "pipe")
    for given in ("b.txt/x", "pipe"):
        with pytest.raises(InputError):
            list_sources(str(tree / given))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_refused(tree):
    (tree / "b.txt").chmod(0)
    with pytest.raises(InputError, match="may not be read"):
        list_sources(str(tree))


def test_a_file_name_that_is_no_text_is_refused(tree):
    descriptor = os.open(os.fsencode(tree) + b"/\xff.txt", os.O_CREAT)
    os.close(descriptor)
    with pytest.raises(InputError, match="not UTF-8") as error:
        list_sources(str(tree))
    assert str(error.value).encode()


def test_a_folder_without_readable_files_is_refused(tmp_path):
    (tmp_path / "x.md").write_text("x")
    with pytest.raises(InputError, match=r"no readable file.*1 files of unknown suffix"):
        list_sources(str(tmp_path))
    with pytest.raises(InputError, match="no such format"):
        list_sources(str(tmp_path), format="xml")
    assert list_sources(str(tmp_path), format="txt").sources[0].format == "txt"


def test_a_folder_gives_its_files_sorted_and_tells_the_rest(tree):
    listing = list_sources(str(tree))
    assert names(tree, [s.uri for s in listing.sources]) == [
        "[x].txt",
        "a.JSONL.gz",
        "b.txt",
        "e.tsv",
        "sub/c.csv.zst",
        "sub/deep/d.parquet",
    ]
    assert [(s.format, s.compression) for s in listing.sources] == [
        ("txt", None),
        ("jsonl", "gz"),
        ("txt", None),
        ("tsv", None),
        ("csv", "zst"),
        ("parquet", None),
    ]
    assert {s.size for s in listing.sources} == {5}
    assert names(tree, listing.skipped) == [
        ".git/f.txt",
        ".hidden.txt",
        "README.md",
        "noise",
        "sub/.g/h.txt",
    ]


def test_a_linked_folder_is_told_not_entered(tree):
    (tree / "sub" / "loop").symlink_to(tree)
    (tree / "broken.txt").symlink_to(tree / "nowhere")
    skipped = names(tree, list_sources(str(tree)).skipped)
    assert {"sub/loop", "broken.txt"} <= set(skipped)


def test_a_named_file_of_unknown_suffix_is_json_lines(tree):
    for given in ("noise", "README.md", ".hidden.txt"):
        (source,) = list_sources(str(tree / given)).sources
        assert source.format == ("txt" if given.endswith("txt") else "jsonl")


def test_globs_find_files_and_folders_but_nothing_hidden(tree):
    listing = list_sources(f"{tree}/*")
    assert names(tree, [s.uri for s in listing.sources])[:3] == ["[x].txt", "a.JSONL.gz", "b.txt"]
    assert not any("/." in uri for uri in names(tree, [s.uri for s in listing.sources]))
    deep = list_sources(f"{tree}/**/*.csv.zst").sources
    assert names(tree, [s.uri for s in deep]) == ["sub/c.csv.zst"]
    assert len(list_sources(f"{tree}/[x].txt").sources) == 1


def test_a_file_named_in_many_ways_is_read_once(tree, monkeypatch):
    monkeypatch.chdir(tree)
    ways = ["b.txt", "./sub/../b.txt", f"file://{tree}/b.txt", f"{tree}/b*"]
    assert [s.uri for s in list_sources(ways).sources] == [f"{tree}/b.txt"]


def test_any_fsspec_url_is_listed_and_read():
    memory = fsspec.filesystem("memory")
    memory.pipe("/in/a.jsonl", b'{"id": 1, "text": "x", "more": 2}')
    memory.pipe("/in/b.csv", b"id,text,other\n2,y,z\n")
    memory.pipe("/in/notes.md", b"#")
    listing = list_sources("memory://in")
    assert [s.uri for s in listing.sources] == ["memory:///in/a.jsonl", "memory:///in/b.csv"]
    assert listing.skipped == ["memory:///in/notes.md"]
    options = ReadOptions()
    found = [
        (b.records["record_id"].to_pylist(), b.records["text"].to_pylist())
        for s in listing.sources
        for b in read(s, options, source_id="s")
    ]
    assert found == [(["1"], ["x"]), (["2"], ["y"])]
    assert [columns_not_carried(s, options) for s in listing.sources] == [["more"], ["other"]]
    memory.rm("/in/a.jsonl")
    with pytest.raises(InputError, match="cannot be opened"):
        list(read(listing.sources[0], options, source_id="s"))


def test_parts_of_a_container_are_listed_and_read(tmp_path):
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as container:
        container.writestr("in/a.jsonl", '{"text": "x"}')
    (source,) = list_sources(f"zip://in::{tmp_path}/z.zip").sources
    assert source.uri == f"zip://in/a.jsonl::{tmp_path}/z.zip"
    (batch,) = read(source, ReadOptions(), source_id="s")
    assert batch.records["text"].to_pylist() == ["x"]


def test_a_storage_that_fails_is_one_clear_refusal(tmp_path):
    (tmp_path / "z.zip").write_bytes(b"no zip file")
    with pytest.raises(InputError) as error:
        list_sources(f"zip://in::{tmp_path}/z.zip")
    assert error.value.exit_code == 2
