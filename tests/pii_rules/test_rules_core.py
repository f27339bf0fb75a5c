"""Rules for every language: one table of positives and near misses per rule."""

import pytest

EMAIL = [
    ("write to bob@example.com now", "bob@example.com"),
    ("邮箱wang.xm@example.com，电话", "wang.xm@example.com"),
    ("ｗａｎｇ＠example．com", "ｗａｎｇ＠example．com"),
    ("<o'neil+tag@mail.example.co.uk>", "o'neil+tag@mail.example.co.uk"),
    ("josé@example.com", "josé@example.com"),
    ("윤서.한37@gmail.com", "윤서.한37@gmail.com"),
    ("x@xn--80ak6aa92e.com", "x@xn--80ak6aa92e.com"),
    ("bob@host.internal", "bob@host.internal"),
    ("联系小明@example.com", "联系小明@example.com"),
    ("bob@exa\u200bmple.com.", "bob@exa\u200bmple.com"),
    # near misses
    ("bob@example", None),
    ("@example.com said", None),
    ("bob at example.com", None),
    ("bob@.com", None),
    ("bob@@example.com", None),
    ("bob@example.c", None),
    ("bob@127.0.0.1", None),
    ("5 @ 3.50 each", None),
    ("@handle", None),
    ("a@b", None),
]

CARD = [
    ("4111 1111 1111 1111", "4111 1111 1111 1111"),
    ("4111111111111111", "4111111111111111"),
    ("卡号4111111111111111元", "4111111111111111"),
    ("5500-0055-5555-5559", "5500-0055-5555-5559"),
    ("3782 822463 10005", "3782 822463 10005"),
    ("378282246310005", "378282246310005"),
    ("2223 0031 2200 3222", "2223 0031 2200 3222"),
    ("6222021234567890128", "6222021234567890128"),
    ("4111–1111–1111–1111", "4111–1111–1111–1111"),
    ("88,4111111111111111,12", "4111111111111111"),
    ("credit card 4111 1111 1111 1112", "4111 1111 1111 1112"),
    # near misses
    ("4111 1111 1111 1112", None),
    ("1111 1111 1111 1117", None),
    ("4111-1111 1111 1111", None),
    ("0.4111111111111111", None),
    ("A4111111111111111", None),
    ("4111111111111111B", None),
    ("4111 1111 1111", None),
    ("1700000000000", None),
    ("9111111111111111", None),
    ("4444444444444444", None),
]

IBAN = [
    ("GB82 WEST 1234 5698 7654 32", "GB82 WEST 1234 5698 7654 32"),
    ("GB82WEST12345698765432", "GB82WEST12345698765432"),
    ("in DE89370400440532013000 2 days", "DE89370400440532013000"),
    ("账号DE89370400440532013000。", "DE89370400440532013000"),
    ("FR14 2004 1010 0505 0001 3M02 606 AND MORE", "FR14 2004 1010 0505 0001 3M02 606"),
    ("NO9386011117947", "NO9386011117947"),
    ("de89-3704-0044-0532-0130-00", "de89-3704-0044-0532-0130-00"),
    ("BE68 5390 0754 7034", "BE68 5390 0754 7034"),
    ("IBAN GB83WEST12345698765432", "GB83WEST12345698765432"),
    ("IBAN: GB74ABCD60307604", "GB74ABCD60307604"),
    # near misses
    ("GB83 WEST 1234 5698 7654 32", None),
    ("GB82 WEST 1234 5698 7654", None),
    ("XGB82WEST12345698765432", None),
    ("GB82WEST123456987654321", None),
    ("QQ82WEST12345698765432", None),
    ("GB8WEST12345698765432", None),
    ("part AB12CDEF34567890", None),
    ("82GBWEST12345698765432", None),
    ("DE8937040044053201300", None),
    ("GB and DE", None),
    ("session ab66bd78808ca93565c45622902e3088 closed", None),  # right check digits, no country
]

PHONE = [
    ("(212) 555-0142", "(212) 555-0142"),
    ("212-555-0142", "212-555-0142"),
    ("+44 20 7946 0958", "+44 20 7946 0958"),
    ("电话+442079460958。", "+442079460958"),
    ("020 7946 0958", "020 7946 0958"),
    ("Tel.+1 212 555 0142 ext. 12", "+1 212 555 0142 ext. 12"),
    ("座机010-65551234", "010-65551234"),
    ("+49 (0)30 123456", "+49 (0)30 123456"),
    ("phone 555-0142", "555-0142"),
    ("522-72-1422,+1 (422) 954-6486,x", "+1 (422) 954-6486"),
    ("call 4839201", "4839201"),
    # near misses
    ("order 4839201", None),
    ("(1806-1843)", None),
    ("1939-1945", None),
    ("2024-03-12", None),
    ("3.1415926535", None),
    ("v1.2.3.4", None),
    ("pages 120-134", None),
    ("ABC2125550142", None),
    ("12,345,678.90", None),
    ("12345678901234567890", None),
]

URL = [
    ("see https://example.com/a?b=1.", "https://example.com/a?b=1"),
    ("网址http://example.com/用户", "http://example.com/"),
    ("www.example.org", "www.example.org"),
    ("go to example.com/jane", "example.com/jane"),
    ("ftp://files.example.net/x", "ftp://files.example.net/x"),
    ("(https://example.com)", "https://example.com"),
    ("HTTPS://EXAMPLE.COM", "HTTPS://EXAMPLE.COM"),
    ("sub.domain.example.co.uk", "sub.domain.example.co.uk"),
    ("http://192.0.2.1:8080/x", "http://192.0.2.1:8080/x"),
    ("example.cn，谢谢", "example.cn"),
    # near misses
    ("e.g. this", None),
    ("end.Next sentence", None),
    ("file.py", None),
    ("version 1.2.3", None),
    ("https:// nothing", None),
    ("www.", None),
    ("a.b.c", None),
    ("St.John", None),
    ("U.S. com", None),
    ("dot.commas", None),
]

RECORD_NUMBER = [
    ("MRN: 48392011", "48392011"),
    ("MRN 48392011.", "48392011"),
    ("mrn#A-48392011", "A-48392011"),
    ("Medical record number: 1234567", "1234567"),
    ("病历号：00123456", "00123456"),
    ("住院号为20240012，", "20240012"),
    ("门诊号A1234567", "A1234567"),
    ("ref MRN-1014437 seen", "MRN-1014437"),
    ("Patient ID 99-123456", "99-123456"),
    ("hospital number is 445566", "445566"),
    # near misses
    ("48392011", None),
    ("MRN pending", None),
    ("MRN 123", None),
    ("chart shows 12 beats", None),
    ("病历一份", None),
    ("住院30天", None),
    ("门诊 8 点", None),
    ("MRNA 48392011", None),
    ("charter 48392011", None),
    ("medical records 2019", None),
]

IPV4 = [
    ("192.0.2.1", "192.0.2.1"),
    ("IP192.0.2.1，", "192.0.2.1"),
    ("登录地址：198.51.100.7。", "198.51.100.7"),
    ("from 203.0.113.255.", "203.0.113.255"),
    ("服务器10.0.0.1上", "10.0.0.1"),
    ("10.0.0.0/8", "10.0.0.0/8"),
    ("ssh://192.0.2.9:22", "192.0.2.9"),
    ("[192.0.2.10]", "192.0.2.10"),
    ("ip=198.51.100.20;", "198.51.100.20"),
    ("１９２．０．２．１", "１９２．０．２．１"),
    # near misses
    ("192.0.2.256", None),
    ("192.0.2.", None),
    ("192.0..2.1", None),
    ("192,0,2,1", None),
    ("300.1.1.1", None),
    ("192.0.2", None),
    ("1.192.0.2.1", None),
    ("192.0.2.1.5", None),
    ("192.0.2.1234", None),
    ("10:30:15", None),
]

ACCOUNT_ID = [
    ("customer no. 10443322", "10443322"),
    ("客户编号：C-884213", "C-884213"),
    ("EMP-37964", "EMP-37964"),
    ("employee id: E12345", "E12345"),
    ("member number is 00123456", "00123456"),
    ("Policy #: PA-4455667", "PA-4455667"),
    ("invoice no INV2024001", "INV2024001"),
    ("claim number 77-123456", "77-123456"),
    ("Ann Lee (K-5117499), today", "K-5117499"),
    ("保单号：P12345678", "P12345678"),
    ("订单号为20240312001，", "20240312001"),
    ("ticket #48291", "48291"),
    # near misses
    ("customer number unknown", None),
    ("part K-51174", None),
    ("ABCD-5117499", None),
    ("order of 12345", None),
    ("ticket #3791", None),
    ("case no. 12", None),
    ("the members 20240312", None),
    ("0921 3786 5272 8450 847", None),
    ("policy of 2024", None),
    ("订单已取消", None),
    ("客户2024年", None),
]

OTHERS = [
    ("DOB: 12/03/1984", ("DATE_OF_BIRTH", "12/03/1984")),
    ("born on 12 March 1984", ("DATE_OF_BIRTH", "12 March 1984")),
    ("出生日期：1984年3月12日", ("DATE_OF_BIRTH", "1984年3月12日")),
    ("March 12, 1984", ("DATE_TIME", "March 12, 1984")),
    ("2024年3月12日就诊", ("DATE_TIME", "2024年3月12日")),
    ("2024-03-12T10:11:12Z", ("DATE_TIME", "2024-03-12T10:11:12Z")),
    ("customer no. 10443322", ("ACCOUNT_ID", "10443322")),
    ("客户编号：C-884213", ("ACCOUNT_ID", "C-884213")),
    ("EMP-37964", ("ACCOUNT_ID", "EMP-37964")),
    ("Driver's license: D1234567", ("US_DRIVER_LICENSE", "D1234567")),
    ("驾驶证号 A12345678", ("US_DRIVER_LICENSE", "A12345678")),
    ("password: hunter22!", ("PASSWORD", "hunter22!")),
    ("密码是Hunter22", ("PASSWORD", "Hunter22")),
    ("AKIAIOSFODNN7EXAMPLE", ("API_KEY", "AKIAIOSFODNN7EXAMPLE")),
    ("0x" + "ab" * 20, ("CRYPTO", "0x" + "ab" * 20)),
    ("219-09-9999", ("US_SSN", "219-09-9999")),
    ("ssn 219099999", ("US_SSN", "219099999")),
    ("NHS number 943 476 5919", ("UK_NHS", "943 476 5919")),
    ("3e:5d:9b:d9:55:93", ("MAC_ADDRESS", "3e:5d:9b:d9:55:93")),
    ("银行账号 12345678901", ("BANK_ACCOUNT", "12345678901")),
    ("收款账户为0921 3786 5272 8450 847，", ("BANK_ACCOUNT", "0921 3786 5272 8450 847")),
    ("Ann Lee (K-5117499), today", ("ACCOUNT_ID", "K-5117499")),
    ("the record R0248240.", ("MEDICAL_RECORD_NUMBER", "R0248240")),
    ("My own car, HK72 CKH, st", ("LICENSE_PLATE", "HK72 CKH")),
    # near misses
    ("born to run", None),
    ("March 45, 1984", None),
    ("2024年13月1日", None),
    ("customer number unknown", None),
    ("account of 12 days", None),
    ("driver's license expired", None),
    ("the password policy", None),
    ("sk-short", None),
    ("0x" + "ab" * 19, None),
    ("A1234567", None),
    ("X99", None),
    ("0921 3786 5272 8450 847", None),
    ("part K-51174", None),
    ("ABCD-5117499", None),
    ("R0248240", None),
    ("IK72 CKH", None),
    ("HK92 CKH", None),
    ("JH21 was", None),
    ("HK72 CKHA", None),
    ("000-12-3456", None),
    ("12345678901", None),
]

RULES = {
    "Email": EMAIL,
    "Card": CARD,
    "Iban": IBAN,
    "Phone": PHONE,
    "Url": URL,
    "IPv4": IPV4,
    "Account id": ACCOUNT_ID,
    "Medical record number": RECORD_NUMBER,
}


def check(found, kind, text, surface, tag=None):
    got = [s for t, s in found(text, tag) if t == kind]
    assert got == ([] if surface is None else [surface])


@pytest.mark.parametrize(("text", "surface"), EMAIL)
@pytest.mark.parametrize("tag", ["en", "zh"])
def test_email(found, text, surface, tag):
    check(found, "EMAIL_ADDRESS", text, surface, tag)


@pytest.mark.parametrize(("text", "surface"), CARD)
@pytest.mark.parametrize("tag", ["en", "zh"])
def test_card(found, text, surface, tag):
    check(found, "CREDIT_CARD", text, surface, tag)


@pytest.mark.parametrize(("text", "surface"), IBAN)
def test_iban(found, text, surface):
    check(found, "IBAN_CODE", text, surface)


@pytest.mark.parametrize(("text", "surface"), PHONE)
def test_phone(found, text, surface):
    check(found, "PHONE_NUMBER", text, surface)


@pytest.mark.parametrize(("text", "surface"), URL)
def test_url(found, text, surface):
    check(found, "URL", text, surface)


@pytest.mark.parametrize(("text", "surface"), RECORD_NUMBER)
def test_medical_record_number(found, text, surface):
    check(found, "MEDICAL_RECORD_NUMBER", text, surface)


@pytest.mark.parametrize(("text", "surface"), IPV4)
def test_ip_address(found, text, surface):
    check(found, "IP_ADDRESS", text, surface)


@pytest.mark.parametrize(("text", "surface"), ACCOUNT_ID)
@pytest.mark.parametrize("tag", ["en", "zh"])
def test_account_id(found, text, surface, tag):
    check(found, "ACCOUNT_ID", text, surface, tag)


@pytest.mark.parametrize(("text", "wanted"), OTHERS)
def test_other_types(found, text, wanted):
    assert found(text) == ([] if wanted is None else [wanted])
