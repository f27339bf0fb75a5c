"""American identifiers and English addresses: positives and near misses per rule."""

import pytest

STREET = [
    ("lives at 229 Main Street, Springfield, IL.", "229 Main Street, Springfield, IL"),
    ("2928 Cherry Ln, Bristol, TN 16592\nBank", "2928 Cherry Ln, Bristol, TN 16592"),
    ('",7358 Hawthorn Circle, Salem, NC 37058"', "7358 Hawthorn Circle, Salem, NC 37058"),
    (
        "1600 Pennsylvania Avenue NW, Washington, DC 20500",
        "1600 Pennsylvania Avenue NW, Washington, DC 20500",
    ),
    ("221B Baker Street, London NW1 6XE", "221B Baker Street, London NW1 6XE"),
    ("12 N. Oak Blvd. Apt 4B, Reno, NV 89501-1234", "12 N. Oak Blvd. Apt 4B, Reno, NV 89501-1234"),
    ("350 5th Ave #12, New York NY 10118", "350 5th Ave #12, New York NY 10118"),
    ("Flat 3, 10 Downing Close", "Flat 3, 10 Downing Close"),
    (
        "123 MARTIN LUTHER KING DRIVE\nATLANTA, GA 30310",
        "123 MARTIN LUTHER KING DRIVE\nATLANTA, GA 30310",
    ),
    ("at 1681 Broadway", "1681 Broadway"),
    ("地址：12 High Street，电话", "12 High Street"),
    ("her address is 44 elm street", "44 elm street"),
    ("1 St. John's Road, Cambridge CB2 1TP", "1 St. John's Road, Cambridge CB2 1TP"),
    # near misses
    ("5 people on the street", None),
    ("2 miles down the road", None),
    ("took 3 Way Tests", None),
    ("the 44 bus street", None),
    ("Main Street is busy", None),
    ("$100 Main Street gift", None),
    ("version 1.2 Main Street", None),
    ("12 drummers drumming", None),
    ("1984 was a Good Year", None),
    ("10 Downing", None),
]

ZIP = [
    ("Springfield, IL 62704", "Springfield, IL 62704"),
    ("in New York, NY 10001-1234.", "New York, NY 10001-1234"),
    ("Salt Lake City UT 84101", "Salt Lake City UT 84101"),
    ("St. Louis, MO 63101", "St. Louis, MO 63101"),
    ("Winston-Salem, NC, 27101", "Winston-Salem, NC, 27101"),
    ("ZIP code: 90210", "90210"),
    ("zip 90210-1234", "90210-1234"),
    ("postal code is 90210", "90210"),
    ("邮编：100081", "100081"),
    ("邮政编码 200000", "200000"),
    # near misses
    ("62704", None),
    ("IL 62704", None),
    ("Springfield, XX 62704", None),
    ("Springfield, IL 6270", None),
    ("Springfield, IL 627041", None),
    ("zip file 2.0", None),
    ("zip: none", None),
    ("unzip 90210", None),
    ("springfield, il 62704 x", None),
    ("邮编不详", None),
]

BOX = [
    ("P.O. Box 1234", "P.O. Box 1234"),
    ("PO Box 12, Reno, NV 89501", "PO Box 12, Reno, NV 89501"),
    ("po box #99", "po box #99"),
    ("P. O. Box 7", "P. O. Box 7"),
    ("Post Office Box 55", "Post Office Box 55"),
    ("POBox 4321.", "POBox 4321"),
    ("PO Box No. 77", "PO Box No. 77"),
    ("send to P.O.Box 88", "P.O.Box 88"),
    ("邮政信箱123号", "邮政信箱123号"),
    ("北京2345信箱", "2345信箱"),
    # near misses
    ("PO Box", None),
    ("Xbox 360", None),
    ("box 12", None),
    ("the post office boxes 12", None),
    ("hippo box 12", None),
    ("PO-12", None),
    ("P.O. 1234", None),
    ("PO boxing 12", None),
    ("信箱已满", None),
    ("电子信箱", None),
]

EMPLOYER = [
    ("EIN: 95-1976149", "95-1976149"),
    ("FEIN 12-3456789", "12-3456789"),
    ("employer id number 12-3456789", "12-3456789"),
    ("tax id 12-3456789", "12-3456789"),
    ("IRS no. 12-3456789", "12-3456789"),
    ("EIN is 00-1234567", "00-1234567"),
    ("federal id: 20-1234567.", "20-1234567"),
    ("EIN=83-7654321;", "83-7654321"),
    ("taxpayer 47-1122334", "47-1122334"),
    ("雇主税号12-3456789，", "12-3456789"),
    # near misses
    ("12-3456789", None),
    ("IRS 12-345678", None),
    ("part 12-34567890", None),
    ("112-3456789", None),
    ("IRS 1-23456789", None),
    ("EIN pending", None),
    ("IRS 12-3456789-0", None),
    ("IRS A12-3456789", None),
    ("their 12-3456789", None),
    ("IRS 2019", None),
]

TAX = [
    ("Tax ID: 123456789", "123456789"),
    ("taxpayer identification number is 123456789", "123456789"),
    ("TIN: 123-45-678A", "123-45-678A"),
    ("税号：91350100M000100Y4", "91350100M000100Y4"),
    ("tax reference number: AB1234567", "AB1234567"),
    ("tax file number 123 456 782", "123 456 782"),
    ("Tax No. 12/345", None),
    ("TIN 123454321.", "123454321"),
    ("tax payer id GB1234567", "GB1234567"),
    ("纳税人识别号为110105600012345，", "110105600012345"),
    ("tax code: RSSM85", None),
    ("tax number: 12345678X", "12345678X"),
    ("TIN#4455667788", "4455667788"),
    # near misses
    ("EIN 123", None),
    ("tax identification", None),
    ("tax 123456789", None),
    ("taxi number 123456", None),
    ("税务局2019", None),
    ("tax code of 1986", None),
    ("tin roof 123456", None),
    ("tax id unknown", None),
    ("税号不详", None),
    ("a satin 123456789", None),
]

DRIVER = [
    ("Driver's license: D1234567", "D1234567"),
    ("driver license no. S530-4601-2345", "S530-4601-2345"),
    ("DL# A1234567", "A1234567"),
    ("driving licence F255-921-50-094-0", "F255-921-50-094-0"),
    ("DL number: 12345678", "12345678"),
    ("drivers license 123-456-789", "123-456-789"),
    ("the driver showed W12345678901234", "W12345678901234"),
    ("driver: ID B1234567", "B1234567"),
    ("DMV record RS123456", "RS123456"),
    ("驾驶证号 A12345678", "A12345678"),
    # near misses
    ("D1234567", None),
    ("driver's license expired", None),
    ("DLX A1234567", None),
    ("the driver arrived at 10", None),
    ("driver version X-99", None),
    ("S530-4601-2345", None),
    ("DL 123", None),
    ("A123456789012345678", None),
    ("handler D1234567", None),
    ("驾照过期", None),
]

PLATE = [
    ("license plate 7ABC123", "7ABC123"),
    ("License plate: ABC-1234", "ABC-1234"),
    ("plate no. ABC 123", "ABC 123"),
    ("Plate #: 8XYZ99", "8XYZ99"),
    ("number plate is AB12 CDE", "AB12 CDE"),
    ("vehicle registration ABC123D", "ABC123D"),
    ("licence plate number 123 ABC", "123 ABC"),
    ("Vehicle registration: XYZ 987", "XYZ 987"),
    ("plate number: 6TRJ244", "6TRJ244"),
    ("车牌号：ABC1234", "ABC1234"),
    # near misses
    ("license plate unknown", None),
    ("plate 7", None),
    ("a plate of 12 oysters", None),
    ("license plates 123", None),
    ("registration 2019", None),
    ("plateau no. 123", None),
    ("license plate was stolen", None),
    ("ABC-1234", None),
    ("template: AB123", None),
    ("车牌丢失", None),
]

BAR = [
    ("Bar No. 123456", "123456"),
    ("State Bar #: 234567", "234567"),
    ("SBN 345678", "345678"),
    ("bar number is 24012345", "24012345"),
    ("Attorney No. 0012345", "0012345"),
    ("attorney registration number 4567890", "4567890"),
    ("Bar ID: NY-56789", "NY-56789"),
    ("state bar card number 24087654", "24087654"),
    ("执业证号：11101200010123456", "11101200010123456"),
    ("律师执业证编号13101199910456789", "13101199910456789"),
    # near misses
    ("bar 123456", None),
    ("the bar opened in 1999", None),
    ("bar none", None),
    ("Bar No. 12", None),
    ("attorney at law 1999", None),
    ("crowbar no. 123456", None),
    ("ISBN 1234567", None),
    ("Bar number unknown", None),
    ("律师1999年", None),
    ("attorneys no. 123456", None),
]

LABELLED_SSN = [
    ("SSN: 918-13-7455", "918-13-7455"),
    ("ssn 918137455", "918137455"),
    ("<ssn>915-15-9915</ssn>", "915-15-9915"),
    ('"ssn": "949-49-9049"', "949-49-9049"),
    ("SSN=928-20-2726;", "928-20-2726"),
    ("Social Security number: 971-93-6955", "971-93-6955"),
    ("social security no. 988 45 7219", "988 45 7219"),
    ("his SSN is 000-12-3456.", "000-12-3456"),
    ("used and SSN 936-36-9936 was", "936-36-9936"),
    ("社会安全号码：918-13-7455", "918-13-7455"),
    # near misses
    ("SSN: 918-13-745", None),
    ("SSN: 918-13-74556", None),
    ("SSN 918137455A", None),
    ("SSN 918-13-7455-1", None),
    ("lessn 918-13-7455", None),
    ("SSN: 91-813-7455", None),
    ("social security 2019", None),
    ("SSN unknown, call 5551234", None),
    ("the SSN of 1234567890", None),
    ("social insurance 918-13-7455", None),
]

RULES = {
    "Street address": STREET,
    "City, state and ZIP": ZIP,
    "Post office box": BOX,
    "Employer identification number": EMPLOYER,
    "Tax number": TAX,
    "Driver licence": DRIVER,
    "Labelled social security number": LABELLED_SSN,
    "American licence plate": PLATE,
    "Bar number": BAR,
}

TABLES = {
    "LOCATION": STREET + ZIP + BOX,
    "TAX_ID": EMPLOYER + TAX,
    "US_DRIVER_LICENSE": DRIVER,
    "LICENSE_PLATE": PLATE,
    "BAR_NUMBER": BAR,
}


@pytest.mark.parametrize(
    ("kind", "text", "surface"), [(kind, *case) for kind, table in TABLES.items() for case in table]
)
@pytest.mark.parametrize("tag", ["en", "zh"])
def test_american(found, kind, text, surface, tag):
    got = [s for t, s in found(text, tag) if t == kind]
    assert got == ([] if surface is None else [surface])
