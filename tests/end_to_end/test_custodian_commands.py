"""`redactory keys split` and `combine`, as custodians use them."""

import json

import pytest


@pytest.fixture
def shares(cli, tmp_path):
    folder = tmp_path / "shares"
    done = cli("keys", "split", "quarantine", "--shares", "4", "--threshold", "2", "-o", folder)
    assert done.returncode == 0, done.stderr
    assert "any 2 of these 4 shares" in done.stderr
    return folder


def remove(home):
    private = home / "keys" / "quarantine.pem"
    private.unlink()
    return private


def test_files_rebuild_the_key(cli, shares, home):
    private = remove(home)
    files = [shares / f"quarantine-share-{n}.json" for n in (4, 2)]
    done = cli("keys", "combine", *files, "--name", "quarantine")
    assert done.returncode == 0, done.stderr
    assert private.exists()
    assert {path.stat().st_mode & 0o777 for path in shares.iterdir()} == {0o600}


def test_words_rebuild_the_key(cli, shares, home):
    private = remove(home)
    sheets = [shares / f"quarantine-share-{n}.txt" for n in (1, 3)]
    done = cli("keys", "combine", *sheets, "--name", "quarantine")
    assert done.returncode == 5
    assert "--custody" in done.stderr
    custody = shares / "quarantine-custody.json"
    done = cli("keys", "combine", *sheets, "--custody", custody, "--name", "quarantine")
    assert done.returncode == 0, done.stderr
    assert private.exists()


def test_qr_codes_instead_of_words(cli, home, tmp_path):
    done = cli("keys", "split", "quarantine", "--form", "qr", "-o", tmp_path / "qr", "--json")
    assert done.returncode == 0, done.stderr
    made = sorted(path.name for path in (tmp_path / "qr").iterdir())
    sheets = [f"quarantine-share-{n}.png" for n in range(1, 6)]
    assert made == ["quarantine-custody.json", *sheets]
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "qr").iterdir()} == {0o600}


def test_removed_once_it_is_split(cli, home, tmp_path):
    done = cli("keys", "split", "quarantine", "--remove", "-o", tmp_path / "out", "--json")
    assert done.returncode == 0, done.stderr
    assert not (home / "keys" / "quarantine.pem").exists()
    assert "elsewhere" in cli("keys", "list").stdout


def test_what_is_wrong_is_said_in_one_line(cli, shares, home, tmp_path):
    remove(home)
    one, two = (shares / f"quarantine-share-{n}.txt" for n in (1, 2))
    custody = shares / "quarantine-custody.json"

    def refused(*files):
        done = cli("keys", "combine", *files, "--custody", custody, "--name", "quarantine")
        assert done.returncode == 5
        assert done.stderr.count("\n") == 1
        return done.stderr

    assert "2 shares are needed, 1 are here" in refused(one)
    assert "is the same share as" in refused(one, one)
    typed = tmp_path / "typed.txt"
    lines = two.read_text().splitlines()
    typed.write_text(lines[-1] + "\n" + "\n".join(lines[-3:-1]))
    assert "typed.txt: the words do not fit together" in refused(one, typed)
    typed.write_text(two.read_text().replace(lines[-1][:5], "lucky", 1))
    assert "was mistyped" in refused(one, typed)
    cli("keys", "split", "reader", "-o", tmp_path / "other")
    assert "another key" in refused(one, tmp_path / "other" / "reader-share-2.txt")
    assert not (home / "keys" / "quarantine.pem").exists()


def test_a_hybrid_key_from_the_command_line(cli, home):
    done = cli("keys", "create", "ml-team", "--hybrid")
    assert done.returncode == 0, done.stderr
    (key,) = (k for k in json.loads(cli("keys", "list", "--json").stdout) if k["name"] == "ml-team")
    assert key["algorithm"] == "RSA-3072 + ML-KEM-768"
    assert cli("keys", "create", "weak", "--bits", "2048").returncode == 5
