"""Invariant 1: planted personal data is nowhere but in what is sealed.

Canaries are planted wherever data comes in: in text, ids, subjects, carried columns, malformed
lines, over-long records, file and folder names. Then every file that the product wrote is
searched, encodings and hexadecimal and base64 forms included, and so is all that it printed.
"""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

CANARIES = {
    "mail": "zebra.quokka@example.com",
    "card": "4242 4242 4242 4242",
    "phone": "+44 7700 900987",
    "resident": "11010519491231002X",
    "id": "canary-id-7731",
    "subject": "canary-subject-8812",
    "broken": "canary-broken-9923",
    "long": "canary-long-1187",
    "file": "canary-file-4410",
    "folder": "canary-folder-5521",
    "memo": "ocelot.yak@example.org",
}


@pytest.fixture
def planted(tmp_path, lines) -> Path:
    folder = tmp_path / CANARIES["folder"]
    good = [{"id": f"r{n}", "text": f"plain record {n}", "who": "s", "memo": "m"} for n in range(3)]
    lines(
        folder / f"{CANARIES['file']}.jsonl",
        [
            {
                "id": CANARIES["id"],
                "text": f"{CANARIES['mail']}, {CANARIES['card']}, 电话{CANARIES['phone']}，"
                f"身份证{CANARIES['resident']}。",
                "who": CANARIES["subject"],
                "memo": CANARIES["memo"],
            },
            *good,
        ],
    )
    with (folder / f"{CANARIES['file']}.jsonl").open("a") as file:
        file.write(f'{{"id": "x", "text": "{CANARIES["broken"]}\n')
        file.write(json.dumps({"id": "y", "text": CANARIES["long"] + "x" * 5000}) + "\n")
    return folder


def forms(value: str) -> Iterator[bytes]:
    """The ways in which a value could stand in a file."""
    for text in (value, value.upper(), value.lower(), value.replace(" ", "")):
        raw = text.encode()
        yield raw
        yield raw.hex().encode()
        yield text.encode("utf-16-le")
        for shift in range(3):
            encoded = base64.b64encode(b"\0" * shift + raw)
            yield encoded[4:-4]


def search(places: list[Path], printed: list[str], names: set[str]) -> list[str]:
    blobs = {f"printed {n}": text.encode() for n, text in enumerate(printed)}
    for place in places:
        for path in place.rglob("*"):
            blobs[f"name of {path.name}"] = str(path.relative_to(place)).encode()
            if path.is_file():
                blobs[str(path)] = path.read_bytes()
    return [
        f"{name} in {where}"
        for name in names
        for form in forms(CANARIES[name])
        for where, blob in blobs.items()
        if len(form) > 7 and form in blob
    ]


def test_no_canary_outside_of_what_is_sealed(cli, home, planted, tmp_path, rows):
    dataset = tmp_path / "out"
    options = ["--subject", "who", "--carry", "memo", "--max-record-bytes", "2000"]
    refused = cli("run", planted, "-o", dataset, *options)
    assert refused.returncode == 4, refused.stderr
    done = cli("run", planted, "-o", dataset, *options, "--max-quarantine-share", "0.9")
    assert done.returncode == 0, done.stderr
    again = cli("run", planted, "-o", dataset, *options, "--max-quarantine-share", "0.9", "--json")
    looks = [
        cli("dataset", "show", dataset),
        cli("ledger", "show", dataset, "--json"),
        cli("dataset", "verify", dataset, "--json"),
        cli("dataset", "read", dataset),
    ]
    assert all(look.returncode == 0 for look in looks)
    printed = [p.stdout + p.stderr for p in (refused, done, again, *looks)]
    # The operator's own terminal may name the path that they typed, nothing else may.
    typed = {"folder", "file"}
    assert search([dataset, home], [], set(CANARIES)) == []
    assert search([], printed, set(CANARIES) - typed) == []
    # And nothing was lost: the withheld records are in the quarantine, whole.
    withheld = b"".join(row["raw"] for row in rows(dataset, area="quarantine"))
    assert CANARIES["broken"].encode() in withheld
    assert CANARIES["long"].encode() in withheld
    assert CANARIES["file"] in rows(dataset, area="sources")[0]["uri"]


def test_the_state_of_a_run_under_way_names_no_file(home, planted, tmp_path, monkeypatch):
    """What lies in ``.runs`` while a run goes on is searched too."""
    from redactory.config import RunConfig
    from redactory.keys import KeyStore
    from redactory.pipeline import list_batches, seal_batch

    config = RunConfig(input=(str(planted),), output=str(tmp_path / "out"), max_record_bytes=2000)
    for batch in list_batches(config, "r1", keys=KeyStore(home)):
        seal_batch(config, "r1", batch, keys=KeyStore(home))
    assert any((tmp_path / "out" / ".runs").rglob("*.parquet"))
    assert search([tmp_path / "out"], [], set(CANARIES)) == []


def test_no_canary_in_the_message_of_any_failure(cli, planted, tmp_path):
    bad = tmp_path / "bad"
    bad.mkdir()
    (bad / "a.csv").write_text(f"{CANARIES['mail']},x\n1,2\n")
    (bad / "b.jsonl").write_text(f'["{CANARIES["broken"]}"]\n')
    (bad / "p.toml").write_text(f'name = "{CANARIES["mail"]}"\n')
    attempts = [
        cli("run", bad / "a.csv", "-o", tmp_path / "o1"),
        cli("run", bad / "b.jsonl", "-o", tmp_path / "o2"),
        cli("run", planted, "-o", tmp_path / "o3", "-p", bad / "p.toml"),
        cli("run", planted, "-o", tmp_path / "o4", "--label", "memo"),
        cli("redact", planted, "-o", tmp_path / "o5"),
    ]
    assert all(attempt.returncode in (2, 4) for attempt in attempts)
    printed = [a.stdout + a.stderr for a in attempts]
    assert search([], printed, set(CANARIES) - {"folder", "file"}) == []
