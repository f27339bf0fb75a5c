"""British identifiers and postcodes: positives and near misses per rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pii_rules.recognizers import checksums

POSTCODE = [
    ("SW1A 1AA", "SW1A 1AA"),
    ("in Leeds LS1 4DY.", "LS1 4DY"),
    ("M1 1AE", "M1 1AE"),
    ("Cambridge, CB2 1TP,", "CB2 1TP"),
    ("EC1A 1BB", "EC1A 1BB"),
    ("W1A 0AX", "W1A 0AX"),
    ("postcode SW1A1AA", "SW1A1AA"),
    ("postcode: b33 8th", "b33 8th"),
    ("address, cr2 6xh", "cr2 6xh"),
    ("邮编SW1A 1AA", "SW1A 1AA"),
    # near misses
    ("SW1A1AA", None),
    ("b33 8th", None),
    ("SW1A 1A", None),
    ("SW1A 1AAA", None),
    ("XSW1A 1AA", None),
    ("QX1 1AA", None),
    ("SW1A 1CA", None),
    ("SW 1AA", None),
    ("postcode unknown", None),
    ("A4 2B", None),
]

UTR = [
    ("UTR 1955839661", "1955839661"),
    ("UTR: 19558 39661", "19558 39661"),
    ("unique taxpayer reference 1955839661", "1955839661"),
    ("tax reference 195 583 9661", "195 583 9661"),
    ("HMRC gave 1955839661", "1955839661"),
    ("self assessment 1955839661K", "1955839661K"),
    ("utr=1955839661;", "1955839661"),
    ("UTR １９５５８３９６６１", "１９５５８３９６６１"),
    ("taxpayer 1955839661", "1955839661"),
    ("税号1955839661", "1955839661"),
    # near misses
    ("1955839661", None),
    ("UTR 2955839661", None),
    ("UTR 195583966", None),
    ("UTR 19558396611", None),
    ("UTR A1955839661", None),
    ("UTR pending", None),
    ("route 1955839661", None),
    ("UTR 1955839671", None),
    ("UTR 195-583-9661-1", None),
    ("HMRC 2019", None),
]

SORT_CODE = [
    ("sort code 12-34-56", "12-34-56"),
    ("Sort Code: 123456", "123456"),
    ("sortcode 12 34 56", "12 34 56"),
    ("s/c 12-34-56", "12-34-56"),
    ("Sort code is 40-47-84.", "40-47-84"),
    ("sort code no. 40-47-84", "40-47-84"),
    ("sort code number: 404784", "404784"),
    ("40-47-84 12345678 (s/c and account)", "40-47-84"),
    ("acc: 40-47-84 / 12345678 sort", "40-47-84"),
    ("SORT CODE #40-47-84", "40-47-84"),
    # near misses
    ("12-34-56", None),
    ("sort code unknown", None),
    ("sort code 12-34", None),
    ("sort code 12-34-567", None),
    ("sort of 12-34-56", None),
    ("resort code 12-34-56", None),
    ("12-34-56 1234567", None),
    ("sort code 1234567", None),
    ("sorted 123456", None),
    ("sort code AB-34-56", None),
]

ACCOUNT = [
    ("sort code 12-34-56, account 31926819", "31926819"),
    ("sort code 12-34-56 31926819", "31926819"),
    ("s/c 123456 a/c 31926819", "31926819"),
    ("s/c 12-34-56 / 31926819", "31926819"),
    ("a/c: 31926819", "31926819"),
    ("bank account: 31926819", "31926819"),
    ("savings account no.: 31926819", "31926819"),
    ("current account number is: 31926819", "31926819"),
    ("Acct #31926819", "31926819"),
    ("acc: 31926819", "31926819"),
    # near misses
    ("31926819", None),
    ("account 12", None),
    ("a/c unit 31926819", None),
    ("acc: 3192681", None),
    ("acc: 319268190", None),
    ("vacc: 31926819", None),
    ("bank account closed", None),
    ("acc: A31926819", None),
    ("according to 31926819", None),
    ("accident: 31926819", None),
]

LICENCE = [
    (text, surface)
    for surface in ["MORGA657054SM9IJ", "FARME101165AB5DE", "LI999802195A99BC"]
    for text in [surface, f"licence {surface}.", f"号码{surface}，"]
] + [
    ("MORGA 657054 SM9IJ", "MORGA 657054 SM9IJ"),
    ("morga657054sm9ij", "morga657054sm9ij"),
    # near misses
    ("MORGA657054SM9I", None),
    ("MORGA657054SM9IJK", None),
    ("MORGA677054SM9IJ", None),
    ("MORGA657994SM9IJ", None),
    ("MORG657054SM9IJ", None),
    ("9ORGA657054SM9IJ", None),
    ("M9RGA657054SM9IJ", None),
    ("MORGA657054S19IJ", None),
    ("MORGA65705SM9IJ", None),
    ("XMORGA657054SM9IJ", None),
]

PLATE = [
    ("HK72 CKH", "HK72 CKH"),
    ("my car, AB51 ABC.", "AB51 ABC"),
    ("VRN: LD68XYZ", "LD68XYZ"),
    ("(BD51 SMR)", "BD51 SMR"),
    ("车牌GX15 OGJ，", "GX15 OGJ"),
    ("registration YD70 KLM", "YD70 KLM"),
    ("a van SN08 TYU stolen", "SN08 TYU"),
    ('"WR04NPD"', "WR04NPD"),
    ("plate=KE59 FGH;", "KE59 FGH"),
    ("CA11 BCD and CA12 BCD", "CA11 BCD"),
    # near misses
    ("IK72 CKH", None),
    ("HK92 CKH", None),
    ("JH21 was", None),
    ("HK72 CKHA", None),
    ("hk72 ckh", None),
    ("HK72 CIH", None),
    ("HK00 CKH", None),
    ("XHK72 CKH", None),
    ("HK72-CKH", None),
    ("H72 CKH", None),
    ("HKK2 CKH", None),
]

RULES = {
    "Postcode": POSTCODE,
    "Unique taxpayer reference": UTR,
    "Sort code": SORT_CODE,
    "British account number": ACCOUNT,
    "British driving licence": LICENCE,
    "British licence plate": PLATE,
}

TABLES = {
    "LICENSE_PLATE": PLATE[:9] + PLATE[10:],
    "LOCATION": POSTCODE,
    "TAX_ID": UTR,
    "UK_SORT_CODE": SORT_CODE,
    "BANK_ACCOUNT": ACCOUNT,
    "UK_DRIVING_LICENCE": LICENCE,
}


@pytest.mark.parametrize(
    ("kind", "text", "surface"), [(kind, *case) for kind, table in TABLES.items() for case in table]
)
@pytest.mark.parametrize("tag", ["en", "zh"])
def test_british(found, kind, text, surface, tag):
    got = [s for t, s in found(text, tag) if t == kind]
    assert got == ([] if surface is None else [surface])


@given(st.text("0123456789", min_size=9, max_size=9))
def test_taxpayer_reference_has_one_check_digit(body):
    assert sum(checksums.uk_utr(check + body) for check in "0123456789") == 1
