"""Numbers of hospitals, banks, courts and offices: positives and near misses per rule."""

import pytest

from pii_rules.recognizers import checksums

INSURANCE = [
    ("Health plan ID: HP-123456", "HP-123456"),
    ("health plan number 987654321", "987654321"),
    ("Medicaid ID 12345678A", "12345678A"),
    ("medicare number: 1234567890", "1234567890"),
    ("Group number: 0012345", "0012345"),
    ("insurance ID is XYZ123456789", "XYZ123456789"),
    ("insurance policy number: AB 123456", "AB 123456"),
    ("Subscriber ID W123456789", "W123456789"),
    ("Beneficiary number 55443322", "55443322"),
    ("Rx# 7712345", "7712345"),
    ("医保卡号：1234567890", "1234567890"),
    ("保险单号为PA2023001234", "PA2023001234"),
    # near misses
    ("health plan 2019", None),
    ("Medicaid in 1965", None),
    ("group 12345", None),
    ("insurance number unknown", None),
    ("plan number 12", None),
    ("the insurance of 123456 people", None),
    ("airplane number 12345678", None),
    ("Rx 2019", None),
    ("medicare id", None),
    ("保险公司2019", None),
]

SWIFT = [
    ("SWIFT: TULPFR0C", "TULPFR0C"),
    ("SWIFT code DEUTDEFF", "DEUTDEFF"),
    ("BIC: DEUTDEFF500", "DEUTDEFF500"),
    ("swift/bic: barcgb22", "barcgb22"),
    ("BIC is BNPAFRPP", "BNPAFRPP"),
    ("Swift Code: CHASUS33XXX.", "CHASUS33XXX"),
    ("BIC-Code COBADEFF", "COBADEFF"),
    ("SWIFT BOFAUS3N", "BOFAUS3N"),
    ("SWIFT代码：ICBKCNBJ", "ICBKCNBJ"),
    ("银行代码ABOCCNBJ", "ABOCCNBJ"),
    # near misses
    ("DEUTDEFF", None),
    ("SWIFT DEUTZZFF", None),
    ("SWIFT DEUTDEF", None),
    ("BIC DEUTDEFF50", None),
    ("a swift response", None),
    ("Taylor Swift in CONCERTS", None),
    ("the bank was ESTABLISHED", None),
    ("SWIFT code", None),
    ("BIC lighters", None),
    ("ARABIC: DEUTDEFFX", None),
]

CVV = [
    ("CVV: 123", "123"),
    ("cvv 1234", "1234"),
    ("CVC2=123", "123"),
    ("cvv2 is 321", "321"),
    ("security code 123.", "123"),
    ("Card security code: 4321", "4321"),
    ("card verification value 999", "999"),
    ("CVV code: 007", "007"),
    ("安全码：123", "123"),
    ("卡背面三位数123", "123"),
    # near misses
    ("123", None),
    ("CVV: 12", None),
    ("CVV: 12345", None),
    ("cvv pending", None),
    ("security code review 123", None),
    ("acid 123", None),
    ("code 123", None),
    ("CVV 1.5", None),
    ("CVX 123", None),
    ("安全123", None),
]

EXPIRY = [
    ("exp 12/26", "12/26"),
    ("Exp. 12/2026", "12/2026"),
    ("Expiry: 01/27", "01/27"),
    ("expires 3/28", "3/28"),
    ("expiration date: 11-2025", "11-2025"),
    ("valid thru 09/29", "09/29"),
    ("good thru 09/29", "09/29"),
    ("expiry date is 12 / 26", "12 / 26"),
    ("有效期至12/26", "12/26"),
    ("有效期：05/2028", "05/2028"),
    # near misses
    ("12/26", None),
    ("exp 13/26", None),
    ("exp 12/26/2024", None),
    ("expected 12/26", None),
    ("expires soon", None),
    ("exp 12/266", None),
    ("valid 12/26", None),
    ("experience 3/28", None),
    ("有效12/26", None),
    ("exp 00/26", None),
]

ETHER = "0x" + "ab" * 20
LITECOIN = "LVg2kJoFNg45Nbpy53h7Fe1wKyeXVRhMH9"
TRON = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"
DOGE = "DH5yaieqoZN36fDVciNyRueRGvGLR3mr7L"
MONERO = "4" + "A" + "9" * 93
ETHEREUM = [
    (ETHER, ETHER),
    ("钱包0x" + "AB" * 20, "0x" + "AB" * 20),
    (f"eth:{ETHER}.", ETHER),
    (f"send to {ETHER}, please", ETHER),
    (f"({ETHER})", ETHER),
    (f"地址：{ETHER}。", ETHER),
    (f'"{ETHER}"', ETHER),
    (f"ethereum:{ETHER}@1", ETHER),
    ("0x52908400098527886E0F7030069857D2E4169EE7",) * 2,
    (
        "to 0xde709f2102306220921060314715629080e2fb77 now",
        "0xde709f2102306220921060314715629080e2fb77",
    ),
    # near misses
    ("0x" + "ab" * 19, None),
    ("0x" + "ag" * 20, None),
    ("x0x" + "ab" * 20, None),
    ("0x" + "ab" * 32, None),
    ("0xdeadbeef", None),
    ("ab" * 20, None),
    ("0y" + "ab" * 20, None),
    (ETHER + "z", None),
    (ETHER[:-1] + "_0", None),
    ("0 x" + "ab" * 20, None),
]
WALLET = [
    (LITECOIN, LITECOIN),
    (f"ltc: {LITECOIN}.", LITECOIN),
    (TRON, TRON),
    (f"转到{TRON}，", TRON),
    (DOGE, DOGE),
    (f"({DOGE})", DOGE),
    (f"tron:{TRON}?amount=5", TRON),
    (f'"{LITECOIN}"', LITECOIN),
    (MONERO, MONERO),
    (f"monero {MONERO} ok", MONERO),
    # near misses
    (LITECOIN[:-1] + "8", None),
    (TRON[:-1] + "u", None),
    (DOGE[:-1], None),
    (f"X{TRON}", None),
    (MONERO[:-1], None),
    (f"{DOGE}9", None),
    (LITECOIN.replace("V", "W"), None),
    (TRON.lower(), None),
    ("T" + "a" * 33, None),
    ("D" * 34, None),
    ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", None),
]

ACCOUNT = [
    ("bank account 1234567890", "1234567890"),
    ("checking account number: 000123456789", "000123456789"),
    ("savings acct no. 12345678", "12345678"),
    ("beneficiary account # 1234-5678-90", "1234-5678-90"),
    ("deposit account is 9876543210", "9876543210"),
    ("银行账号 12345678901", "12345678901"),
    ("收款账户为0921 3786 5272 8450 847，", "0921 3786 5272 8450 847"),
    ("银行卡号：1234567890123456", "1234567890123456"),
    ("开户行账号62170000123456", "62170000123456"),
    ("工资卡号 1234567890123", "1234567890123"),
    # near misses
    ("1234567890", None),
    ("bank account closed", None),
    ("bank accounts 12345678", None),
    ("bank account 123", None),
    ("bank account in 2019", None),
    ("账号已注销", None),
    ("river bank 12345678", None),
    ("银行1234567890", None),
    ("bank account 1234567890123456789012345", None),
    ("bank account A1234567890", None),
]

CASE = [
    ("Case No. 1:20-cv-01234-ABC", "1:20-cv-01234-ABC"),
    ("in 20-cr-00123", "20-cr-00123"),
    ("see 3:19-md-02843-VC.", "3:19-md-02843-VC"),
    ("Docket No. 19-1392", "19-1392"),
    ("case number: CR2019-001234", "CR2019-001234"),
    ("civil action no. 2021-CA-004567", "2021-CA-004567"),
    ("Index No. 652382/2014", "652382/2014"),
    ("Cause # 2018-54321", "2018-54321"),
    ("（2023）京0105民初12345号", "（2023）京0105民初12345号"),
    ("(2019)最高法民终123号", "(2019)最高法民终123号"),
    ("见(2021)沪01执456号之一", "(2021)沪01执456号之一"),
    # near misses
    ("in case 12 people", None),
    ("case number unknown", None),
    ("docket 19", None),
    ("1:20 cv 01234", None),
    ("20-xx-00123", None),
    ("the index number 5", None),
    ("lowercase no. 2018-54321", None),
    ("because # 2018-54321", None),
    ("（2023）第5号", None),
    ("2023年第12345号", None),
]

PASSPORT_MRZ = (
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"
)
PASSPORT = [
    ("Passport No: AB1234567", "AB1234567"),
    ("passport number is X12345678", "X12345678"),
    ("passport # C01X00T47", "C01X00T47"),
    ("passport ID: P1234567A", "P1234567A"),
    ("Passport no. YA1234567.", "YA1234567"),
    ("passport number ZE000509", "ZE000509"),
    ("护照编号：AB1234567", "AB1234567"),
    ("护照号码为K0123456", "K0123456"),
    (PASSPORT_MRZ, PASSPORT_MRZ),
    ("scan:\n" + PASSPORT_MRZ + "\nend", PASSPORT_MRZ),
    ("Passport number: AAB123456", "AAB123456"),
    ("PASSPORT NO. LX1234567", "LX1234567"),
    # near misses
    ("passport to Pimlico 1949", None),
    ("AB1234567", None),
    ("passport number unknown", None),
    ("passport number 12", None),
    ("passports no. AB1234567", None),
    ("passport AB1234567", None),
    ("护照AB1234567", None),
    ("passport office 1234567", None),
    (PASSPORT_MRZ[:44], None),
    ("passport number ABCDEFGH", None),
]

NATIONAL = [
    ("National ID: 123456789", "123456789"),
    ("national ID number: 12-345-678", "12-345-678"),
    ("identity card number: AX12345678", "AX12345678"),
    ("ID card: 1234567", "1234567"),
    ("voter ID: ABC1234567", "ABC1234567"),
    ("voter registration #12345678", "12345678"),
    ("Aadhaar: 2345 6789 0123", "2345 6789 0123"),
    ("alien number A123456789", "A123456789"),
    ("A-number: 012345678", "012345678"),
    ("USCIS # 123-456-789", "123-456-789"),
    ("green card no. A012345678", "A012345678"),
    ("national identification number: X1234567L", "X1234567L"),
    # near misses
    ("national ID", None),
    ("123456789", None),
    ("national 123456789", None),
    ("identity crisis 1234567", None),
    ("ID card required", None),
    ("alien 1979", None),
    ("alien number unknown", None),
    ("international ID: abcdefgh", None),
    ("voter 12345678", None),
    ("green card 2019", None),
]

PARTY = [
    ("In Wade v. Jacobs, the court", "Wade"),
    ("(Lynch v. Overholser)", "Overholser"),
    ("looking at Green versus United States", "Green"),
    ("See O'Neill v. Dunn.", "O'Neill"),
    ("as Müller v. Weiß held", "Weiß"),
    ("Kennedy versus Washington, decided", "Kennedy"),
    ("United States v. Morrison held", "Morrison"),
    ("Smith, et al., v. Brown", "Smith"),
    ("Smith-Jones v. Carter;", "Smith-Jones"),
    ("State v. Okafor (1999)", "Okafor"),
    ("Chen v. Board of Education", "Chen"),
    ("the rule of Marbury v. Madison", "Marbury"),
    ("Okonkwo v. Department of Labor", "Okonkwo"),
    # near misses
    ("United States v. State of Ohio", None),
    ("Liverpool v Porto", None),
    ("Liverpool vs. Porto", None),
    ("man versus machine", None),
    ("Good versus evil", None),
    ("see v. 2.1 of the tool", None),
    ("v. The", None),
    ("volume five v. ten", None),
    ("United v. City", None),
    ("acme.v. Brown", None),
    ("People v. Board", None),
]

RULES = {
    "Party of a case": PARTY,
    "Insurance number": INSURANCE,
    "Swift code": SWIFT,
    "Card security code": CVV,
    "Card expiry": EXPIRY,
    "Ethereum address": ETHEREUM,
    "Base58 address": WALLET,
    "Bank account": ACCOUNT,
    "Case number": CASE,
    "Passport": PASSPORT,
    "Identity number": NATIONAL,
}
TABLES = {
    "INSURANCE_NUMBER": INSURANCE,
    "SWIFT_CODE": SWIFT,
    "CARD_SECURITY_CODE": CVV,
    "CARD_EXPIRY": EXPIRY,
    "CRYPTO": ETHEREUM + WALLET,
    "BANK_ACCOUNT": ACCOUNT,
    "CASE_NUMBER": CASE,
    "PASSPORT": PASSPORT,
    "NATIONAL_ID": NATIONAL,
}


@pytest.mark.parametrize(
    ("kind", "text", "surface"), [(kind, *case) for kind, table in TABLES.items() for case in table]
)
@pytest.mark.parametrize("tag", ["en", "zh"])
def test_office(found, kind, text, surface, tag):
    got = [s for t, s in found(text, tag) if t == kind]
    assert got == ([] if surface is None else [surface])


def test_base58check_catches_a_changed_character():
    address = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"
    assert checksums.base58check(address)
    for place in range(1, len(address)):
        wrong = "1" if address[place] != "1" else "2"
        assert not checksums.base58check(address[:place] + wrong + address[place + 1 :])
