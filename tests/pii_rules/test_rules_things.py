"""Devices, vehicles, user names, coordinates, ages and dates in words: positives, near misses."""

import pytest

from pii_rules.recognizers import checksums

IMEI = [
    ("IMEI 490154203237518", "490154203237518"),
    ("IMEI: 49-015420-323751-8", "49-015420-323751-8"),
    ("imei 49 015420 323751 8.", "49 015420 323751 8"),
    ("device 356938035643809", "356938035643809"),
    ("handset no. 356938035643809", "356938035643809"),
    ("serial number 356938035643809", "356938035643809"),
    ("IMEI=356938035643809;", "356938035643809"),
    ("imei：４９０１５４２０３２３７５１８", "４９０１５４２０３２３７５１８"),
    ("设备号356938035643809", "356938035643809"),
    ("手机串号：490154203237518", "490154203237518"),
    # near misses
    ("490154203237518", None),
    ("IMEI 490154203237519", None),
    ("IMEI 49015420323751", None),
    ("IMEI 4901542032375180", None),
    ("IMEI A490154203237518", None),
    ("IMEI 490154203237518B", None),
    ("IMEI 49-015420 323751-8", None),
    ("IMEI 49.015420.323751.8", None),
    ("IMEI 12-49-015420-323751-8", None),
    ("IMEI unknown", None),
    ("IMEI 000000000000000", None),
]

VIN = [
    ("1M8GDM9AXKP042788", "1M8GDM9AXKP042788"),
    ("VIN 1HGCM82633A004352.", "1HGCM82633A004352"),
    ("vin: 1hgcm82633a004352", "1hgcm82633a004352"),
    ("车架号1HGCM82633A004352", "1HGCM82633A004352"),
    ("(1M8GDM9AXKP042788)", "1M8GDM9AXKP042788"),
    ("VIN=1M8GDM9AXKP042788,", "1M8GDM9AXKP042788"),
    ("chassis WVWZZZ1JZXW000001", "WVWZZZ1JZXW000001"),
    ("vehicle id WVWZZZ1JZXW000001", "WVWZZZ1JZXW000001"),
    ("车辆识别代号：LSVAA49J132047371", "LSVAA49J132047371"),
    ("VIN#WVWZZZ1JZXW000001", "WVWZZZ1JZXW000001"),
    # near misses
    ("WVWZZZ1JZXW000001", None),
    ("1HGCM82634A004352", None),
    ("VIN 1HGCM82633A00435", None),
    ("VIN 1HGCM82633A0043521", None),
    ("VIN 1HGCI82633A004352", None),
    ("VIN 1HGCO82633A004352", None),
    ("VIN 11111111111111111", None),
    ("x-1HGCM82633A004352", None),
    ("VIN 1HGCM82633AABCDE", None),
    ("VIN pending", None),
]

USERNAME = [
    ("username: jdoe42", "jdoe42"),
    ("Username=jane.doe;", "jane.doe"),
    ("user name: bob_smith", "bob_smith"),
    ("login: alice", "alice"),
    ("user_id=x-ray9", "x-ray9"),
    ('"user": "bob1984"', None),
    ("user:bob1984", "bob1984"),
    ("handle: @jane_d", "@jane_d"),
    ("her handle is @jane_d", "@jane_d"),
    ("my username is cat99", "cat99"),
    ("screen name: Foo-Bar", "Foo-Bar"),
    ("用户名：xiaoming88", "xiaoming88"),
    ("用户名为li_lei", "li_lei"),
    ("昵称: Lily", "Lily"),
    # near misses
    ("username: none", None),
    ("the username is required", None),
    ("login failed", None),
    ("login: 输入", None),
    ("the user is happy", None),
    ("users: many", None),
    ("a handle is broken", None),
    ("username:", None),
    ("superuser name x9", None),
    ("昵称是什么", None),
    ("username: a", None),
]

COORDINATES = [
    ("51.5007, -0.1246", "51.5007, -0.1246"),
    ("at 40.71278,-74.00594.", "40.71278,-74.00594"),
    ("GPS: 31.230416; 121.473701", "31.230416; 121.473701"),
    ("lat 51.500 and", "51.500"),
    ("longitude: -0.1246", "-0.1246"),
    ("coordinates 51.50, -0.12", "51.50, -0.12"),
    ("坐标39.9042，116.4074", "39.9042，116.4074"),
    ("纬度39.9042", "39.9042"),
    ("51°30'26\"N 0°7'39\"W", "51°30'26\"N 0°7'39\"W"),
    ("51° 30′ 26″ N, 0° 7′ 39″ W", "51° 30′ 26″ N, 0° 7′ 39″ W"),
    ("51.5007° N, 0.1246° W", "51.5007° N, 0.1246° W"),
    # near misses
    ("91.5007, -0.1246", None),
    ("51.5007, 181.1246", None),
    ("51.50, -0.12", None),
    ("1.2345, 2.3456, 3.4567", None),
    ("51.5007", None),
    ("v51.5007, 0.1246", None),
    ("12.5, 13.5", None),
    ("100.1234.5, 3.4567", None),
    ("a late 51.500", None),
    ("90°", None),
]

AGE = [
    ("a 93-year-old man", "93"),
    ("93 years old", "93"),
    ("she is 101 years of age", "101"),
    ("aged 95", "95"),
    ("died at the age of 92.", "92"),
    ("Age: 90", "90"),
    ("94 y/o female", "94"),
    ("96 yo m", "96"),
    ("患者，93岁", "93"),
    ("年龄：91", "91"),
    ("享年九十三岁", "九十三"),
    ("一百零二岁", "一百零二"),
    # near misses
    ("89 years old", None),
    ("aged 45", None),
    ("126 years old", None),
    ("93 years ago", None),
    ("193 years old", None),
    ("93-year contract", None),
    ("page 95", None),
    ("age 95%", None),
    ("packaged 95", None),
    ("89岁", None),
    ("八十三岁", None),
    ("九十三天", None),
]

DATES = [
    ("on March 12, 1984", "March 12, 1984"),
    ("on Monday, March 12th, 1984", "Monday, March 12th, 1984"),
    ("12 March 1984", "12 March 1984"),
    ("the 12th of March", "12th of March"),
    ("on May 5", "May 5"),
    ("in June 2021", "June 2021"),
    ("5 Sept. 2020", "5 Sept. 2020"),
    ("the third of March", "the third of March"),
    ("twenty-first of june, 1999", "twenty-first of june, 1999"),
    ("MARCH 12, 1984", "MARCH 12, 1984"),
    ("march 12, 1984", "march 12, 1984"),
    ("1st day of July, 2003", "1st day of July, 2003"),
    ("2024年3月12日", "2024年3月12日"),
    ("3月12日下午", "3月12日"),
    ("二〇二四年三月十二日", "二〇二四年三月十二日"),
    ("三月十二日", "三月十二日"),
    # near misses
    ("they may 5", None),
    ("march 12 miles", None),
    ("March 45", None),
    ("in march", None),
    ("May I", None),
    ("Mar 5", None),
    ("Sept", None),
    ("the second of many", None),
    ("2024年13月1日", None),
    ("三月份", None),
    ("May 5%", None),
    ("12 months", None),
]

BIRTH = [
    ("DOB: 12/03/1984", "12/03/1984"),
    ("d.o.b. 12.03.84", "12.03.84"),
    ("born on 12 March 1984", "12 March 1984"),
    ("born March 12th, 1984", "March 12th, 1984"),
    ("date of birth is 1984-03-12", "1984-03-12"),
    ('"birth_date": "1984-03-12"', "1984-03-12"),
    ("birthday: 12-Mar-1984", "12-Mar-1984"),
    ("DOB 19840312", "19840312"),
    ("出生日期：1984年3月12日", "1984年3月12日"),
    ("生于1984年3月", "1984年3月"),
    ("王某，1984年3月12日出生", "1984年3月12日"),
    # near misses
    ("born to run", None),
    ("born in 12 houses", None),
    ("seen 12/03/1984", None),
    ("birthday party", None),
    ("newborn 12/03", None),
    ("1984年3月12日生产", None),
    ("DOB unknown", None),
    ("DOB: 1984", None),
    ("stubborn 12/03/1984", None),
    ("出生地北京", None),
]

TABLES = {
    "IMEI": IMEI,
    "VIN": VIN,
    "USERNAME": USERNAME,
    "GEO_COORDINATES": COORDINATES,
    "AGE": AGE,
    "DATE_TIME": DATES,
    "DATE_OF_BIRTH": BIRTH,
}

RULES = {
    "Imei": IMEI,
    "Vin": VIN,
    "Username": USERNAME,
    "Coordinates": COORDINATES,
    "Age over 89": AGE,
    "Date in words": DATES,
    "Date of birth": BIRTH,
}


@pytest.mark.parametrize(
    ("kind", "text", "surface"), [(kind, *case) for kind, table in TABLES.items() for case in table]
)
@pytest.mark.parametrize("tag", ["en", "zh"])
def test_thing(found, kind, text, surface, tag):
    got = [s for t, s in found(text, tag) if t == kind]
    assert got == ([] if surface is None else [surface])


@pytest.mark.parametrize("code", ["1M8GDM9AXKP042788", "1HGCM82633A004352"])
def test_vin_check_digit_detects_changes(code):
    assert checksums.vin(code) is True
    for place in (0, 5, 12, 16):
        wrong = "1" if code[place] != "1" else "2"
        assert checksums.vin(code[:place] + wrong + code[place + 1 :]) is None
