"""European identity and tax numbers, and addresses: positives and near misses per rule.

The numbers are the examples that the offices publish. Positives stand in several frames;
negatives change a digit, cut, lengthen or glue the number, or leave its label out.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pii_rules.recognizers import checksums_eu

# rule: type, label, whether the number counts without its label, examples
NUMBERS = {
    "mod_11_10": ("TAX_ID", "Steuer-ID", False, ["36574261809", "86 095 742 719"]),
    "croatian_oib": ("NATIONAL_ID", "OIB", False, ["33392005961"]),
    "french_nir": ("NATIONAL_ID", "NIR", True, ["2 95 10 99 126 111 93", "255081416802538"]),
    "spanish_dni": ("NATIONAL_ID", "DNI", True, ["54362315-K", "X2482300W", "12345678Z"]),
    "italian_codice_fiscale": ("NATIONAL_ID", "codice fiscale", True, ["RSSMRA85T10A562S"]),
    "dutch_bsn": ("NATIONAL_ID", "BSN", False, ["111222333", "1234.56.782"]),
    "belgian_register": ("NATIONAL_ID", "Rijksregister", True, ["85.07.30-033.28"]),
    "belgian_one_piece": ("NATIONAL_ID", "INSZ", False, ["85073003328"]),
    "polish_pesel": ("NATIONAL_ID", "PESEL", False, ["44051401359", "44051401458"]),
    "portuguese_nif": ("TAX_ID", "contribuinte", False, ["501964843", "501 964 843"]),
    "swedish_personal": ("NATIONAL_ID", "personnummer", False, ["880320-0016", "811228-9874"]),
    "finnish_hetu": ("NATIONAL_ID", "HETU", True, ["131052-308T", "131052A308T"]),
    "norwegian_birth": ("NATIONAL_ID", "norway", True, ["15108695088", "010101 23476"]),
    "swiss_ahv": ("NATIONAL_ID", "AHV", True, ["756.9217.0769.85", "7561234567897"]),
    "austrian_insurance": ("NATIONAL_ID", "SVNR", False, ["1237 010180", "1237010180"]),
    "irish_pps": ("NATIONAL_ID", "PPSN", False, ["6433435F", "1234567FA"]),
    "european_vat": (
        "TAX_ID",
        "VAT",
        False,
        ["DE136695976", "BE0428.759.497", "IT00743110157", "FR40303265045", "ATU13585627"],
    ),
}
FRAMES = ["{} {}", "{}: {}.", "{} {}，", "({} {})", "{}={};", "{} is {}", "{} number {}"]
FRAMES += ["{}: [{}]", '"{}","{}"', "{}：{}。"]


def changed(number):
    """The number with one digit changed, so that its check digit no longer fits."""
    place = max(i for i, c in enumerate(number[:-1]) if c.isdigit())
    return number[:place] + str((int(number[place]) + 1) % 10) + number[place + 1 :]


def found_numbers(found, kind, text, tag):
    return [surface for name, surface in found(text, tag) if name == kind]


@pytest.mark.parametrize("rule", NUMBERS)
@pytest.mark.parametrize("tag", ["en", "zh"])
def test_numbers_are_found_in_every_frame(found, rule, tag):
    kind, label, alone, numbers = NUMBERS[rule]
    for number in numbers:
        for frame in FRAMES:
            text = frame.format(label, number)
            assert found_numbers(found, kind, text, tag) == [number], text
        if alone:
            assert found_numbers(found, kind, f"see {number}", tag) == [number]


@pytest.mark.parametrize("rule", NUMBERS)
@pytest.mark.parametrize("tag", ["en", "zh"])
def test_near_misses_are_not_numbers(found, rule, tag):
    kind, label, alone, numbers = NUMBERS[rule]
    for number in numbers:
        near = [f"{label} {wrong}" for wrong in (f"A{number}", f"{number}0", f"00{number}")]
        near += [f"{label} {number[:-3]}", f"{label} 9-{number}", f"{label} {number}-77"]
        near += [f"{label} unknown", f"x{number}x", f"{number[:5]}#{number[5:]}"]
        if not alone:
            near.append(f"see {number}")
        if not number.startswith("ATU"):
            near.append(f"{label} {changed(number)}")
        for text in near:
            assert found_numbers(found, kind, text, tag) == [], text


ADDRESSES = [
    "Hauptstraße 12, 10115 Berlin",
    "Berliner Allee 5",
    "Lange Straße 7a, 70173 Stuttgart",
    "Goethestr. 3",
    "Prinsengracht 263, 1016 GV Amsterdam",
    "12 rue de la Paix, 75002 Paris",
    "5 bis, avenue Victor Hugo, 69003 Lyon",
    "Calle Mayor 10, 28013 Madrid",
    "Via Roma, 25, 20121 Milano",
    "ul. Marszałkowska 10, 00-590 Warszawa",
    "Rua Augusta 100, 1100-053 Lisboa",
    "Plaza de España 3",
]
NO_ADDRESSES = [
    "der Weg ist das Ziel",
    "Straße 12",
    "the Ring of 3",
    "2 rue",
    "la rue de 12 personnes",
    "via email 12",
    "Via 12",
    "calle mayor",
    "Platz 3",
    "ein langer Weg von 12 km",
    "al. 12",
    "Spring 12",
    "the Monitoring 12",
]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("frame", ["{}", "lives at {}.", "地址：{}，", "({})"])
def test_european_address(found, address, frame):
    spans = found(frame.format(address))
    assert ("LOCATION", address) in [(kind, surface.rstrip(".")) for kind, surface in spans]


@pytest.mark.parametrize("text", NO_ADDRESSES)
def test_no_european_address(found, text):
    assert found(text) == []


@pytest.mark.parametrize(
    ("check", "digits"),
    [(checksums_eu.mod_11_10, 10), (checksums_eu.polish_pesel, 10), (checksums_eu.swiss_ahv, 12)],
)
@given(data=st.data())
def test_every_body_has_one_check_digit(check, digits, data):
    body = data.draw(st.text("0123456789", min_size=digits, max_size=digits))
    assert sum(check(body + last) for last in "0123456789") == 1
