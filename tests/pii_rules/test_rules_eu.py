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
    "bulgarian_egn": ("NATIONAL_ID", "ЕГН", False, ["7523169263", "8032056031", "7705119095"]),
    "czech_birth_number": ("NATIONAL_ID", "rodné číslo", True, ["710319/2745", "485203/5012"]),
    "czech_one_piece": ("NATIONAL_ID", "rodné číslo", False, ["7103192745", "4852035012"]),
    "danish_cpr": ("NATIONAL_ID", "CPR", False, ["211062-5629", "0101701234"]),
    "estonian": ("NATIONAL_ID", "isikukood", False, ["36805280109", "48806260018"]),
    "lithuanian": ("NATIONAL_ID", "asmens kodas", False, ["38703181745", "30602181084"]),
    "greek_amka": ("NATIONAL_ID", "AMKA", False, ["01013099997", "110453 85710"]),
    "greek_card": ("NATIONAL_ID", "ΑΔΤ", False, ["ΑΒ 123456", "ΧΕ-765432", "AK543210"]),
    "hungarian_personal": ("NATIONAL_ID", "személyi szám", False, ["1-850101-1231", "28501011232"]),
    "hungarian_insurance": ("NATIONAL_ID", "TAJ", False, ["037 687 210", "037687210"]),
    "hungarian_tax": ("TAX_ID", "adóazonosító", False, ["8071592153"]),
    "latvian_code": ("NATIONAL_ID", "personas kods", False, ["161175-19997", "328673-00679"]),
    "luxembourg_id": ("NATIONAL_ID", "matricule", True, ["1893120105732", "1893 12 01 057 32"]),
    "maltese_card": ("NATIONAL_ID", "karta tal-identità", False, ["0123456M", "0765432G"]),
    "romanian_cnp": ("NATIONAL_ID", "CNP", True, ["1630615123457", "2930101160123"]),
    "slovenian_emso": ("NATIONAL_ID", "EMŠO", True, ["0101006500006", "1302018703637"]),
    "vat_east": (
        "TAX_ID",
        "VAT",
        False,
        ["CZ25123891", "PL8567346215", "RO18547290", "SK2022749619", "HU12892312", "BG175074752"],
    ),
    "vat_north": (
        "TAX_ID",
        "VAT",
        False,
        [
            "DK13585628",
            "EE100931558",
            "FI20774740",
            "LT119511515",
            "LV40003521600",
            "SE556188840401",
        ],
    ),
    "vat_south": (
        "TAX_ID",
        "VAT",
        False,
        ["EL094259216", "ESB58378431", "HR33392005961", "MT11679112", "SI50223054", "CY10259033P"],
    ),
    "vat_west": (
        "TAX_ID",
        "VAT",
        False,
        [
            "GB 980 7806 84",
            "IE6433435F",
            "LU15027442",
            "NL004495445B01",
            "PT501964843",
            "CHE107787577",
        ],
    ),
}
# No check digit, or one that not every number has.
UNCHECKED = {"danish_cpr", "greek_card", "maltese_card"}
RECOGNIZERS = {
    "mod_11_10": "German tax id",
    "croatian_oib": "Croatian OIB",
    "french_nir": "French NIR",
    "spanish_dni": "Spanish DNI and NIE",
    "italian_codice_fiscale": "Italian codice fiscale",
    "dutch_bsn": "Dutch BSN",
    "belgian_register": "Belgian register number",
    "belgian_one_piece": "Belgian register number in one piece",
    "polish_pesel": "Polish PESEL",
    "portuguese_nif": "Portuguese NIF",
    "swedish_personal": "Swedish personal number",
    "finnish_hetu": "Finnish HETU",
    "norwegian_birth": "Norwegian birth number",
    "swiss_ahv": "Swiss AHV number",
    "austrian_insurance": "Austrian insurance number",
    "irish_pps": "Irish PPS number",
    "european_vat": "European VAT number",
    "bulgarian_egn": "Bulgarian EGN",
    "czech_birth_number": "Czech and Slovak birth number",
    "danish_cpr": "Danish CPR",
    "estonian": "Estonian and Lithuanian personal code",
    "greek_amka": "Greek AMKA",
    "greek_card": "Greek identity card",
    "hungarian_personal": "Hungarian personal identifier",
    "hungarian_insurance": "Hungarian insurance number",
    "hungarian_tax": "Hungarian tax identifier",
    "latvian_code": "Latvian personal code",
    "luxembourg_id": "Luxembourgish matricule",
    "maltese_card": "Maltese identity card",
    "romanian_cnp": "Romanian CNP",
    "slovenian_emso": "Slovenian EMŠO",
}
FRAMES = ["{} {}", "{}: {}.", "{} {}，", "({} {})", "{}={};", "{} is {}", "{} number {}"]
FRAMES += ["{}: [{}]", '"{}","{}"', "{}：{}。"]


def changed(number):
    """The number with a digit in its middle changed, so that its check digit no longer fits."""
    places = [i for i, c in enumerate(number) if c.isdigit()]
    place = places[len(places) // 2]
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
    for text in near_misses(rule):
        assert found_numbers(found, NUMBERS[rule][0], text, tag) == [], text


def near_misses(rule):
    """Texts that hold a number of the rule spoilt in one way."""
    _, label, alone, numbers = NUMBERS[rule]
    for number in numbers:
        yield from (f"{label} {wrong}" for wrong in (f"A{number}", f"00{number}"))
        if rule != "vat_east":  # a Bulgarian number of ten digits is a person's
            yield f"{label} {number}0"
        yield from (f"{label} {number[:-3]}", f"{label} 9-{number}", f"{label} {number}-77")
        yield from (f"{label} unknown", f"x{number}x", f"{number[:5]}#{number[5:]}")
        yield f"{label} {number[:2]}_{number[2:]}"
        yield f"x{number}" if alone else f"see {number}"
        if rule not in UNCHECKED:
            yield f"{label} {changed(number)}"


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


RULES = {
    name: [
        *((frame.format(NUMBERS[rule][1], n), n) for n in NUMBERS[rule][3] for frame in FRAMES),
        *((text, None) for text in near_misses(rule)),
    ]
    for rule, name in RECOGNIZERS.items()
} | {
    "European address": [(a, a) for a in ADDRESSES] + [(text, None) for text in NO_ADDRESSES],
}


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
