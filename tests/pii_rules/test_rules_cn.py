"""Chinese identifiers: one table of positives and near misses per rule."""

import pytest

RESIDENT = [
    ("身份证号11010519491231002X。", "11010519491231002X"),
    ("身份证：11010519491231002x", "11010519491231002x"),
    ("他的证件110105194912310 02X", None),
    ("ID 440524188001010014 on file", "440524188001010014"),
    ("公民身份号码为44052418800101001４", "44052418800101001４"),
    ("编号[11010519491231002X]", "11010519491231002X"),
    ("resident 110105 19491231 002X", "110105 19491231 002X"),
    ("见11010519491231002X及附件", "11010519491231002X"),
    ("身份证号110105491231002", "110105491231002"),
    ("身份证号110105194912310021", "110105194912310021"),
    ("公民身份11010519491231002\u200bX", "11010519491231002\u200bX"),
    # near misses
    ("流水 110105194912310021", None),
    ("单据 110105491231002 已收", None),
    ("11010519491331002X", None),
    ("11010519490230002X", None),
    ("99010519491231002X", None),
    ("011010519491231002X", None),
    ("11010519491231002XY", None),
    ("A11010519491231002X", None),
    ("身份证复印件一份", None),
    ("11010518491231002X", None),
    ("订货数量 1101051949", None),
]

MOBILE = [
    ("手机13800138000", "13800138000"),
    ("138 0013 8000", "138 0013 8000"),
    ("138-0013-8000", "138-0013-8000"),
    ("+8613800138000", "+8613800138000"),
    ("+86 138 0013 8000", "+86 138 0013 8000"),
    ("0086 19912345678", "0086 19912345678"),
    ("致电13912345678，谢谢", "13912345678"),
    ("１３８００１３８０００", "１３８００１３８０００"),
    ("a,15012345678,b", "15012345678"),
    ("66,16612345678", "16612345678"),
    ("（17612345678）", "17612345678"),
    # near misses
    ("12800138000", None),
    ("1380013800", None),
    ("138001380001", None),
    ("X13800138000", None),
    ("13800138000a", None),
    ("3.13800138000", None),
    ("15412345678", None),
    ("共计 2380013800 元", None),
    ("1 3 8 0 0 1", None),
    ("19412345678 次", None),
]

PLATE = [
    ("车牌京A12345", "京A12345"),
    ("沪B·8K321", "沪B·8K321"),
    ("粤BD12345", "粤BD12345"),
    ("苏E 9Z8X7", "苏E 9Z8X7"),
    ("浙A1234警", "浙A1234警"),
    ("粤Z1234港", "粤Z1234港"),
    ("鲁BF00001停在", "鲁BF00001"),
    ("川A-12345", "川A-12345"),
    ("黑M0001学", "黑M0001学"),
    ("闽DAA123", "闽DAA123"),
    # near misses
    ("京A1234", None),
    ("京I12345", None),
    ("京A1234567", None),
    ("国A12345", None),
    ("京ABCDEF", None),
    ("京 12345", None),
    ("北京A座", None),
    ("晋A级景区", None),
    ("京12345", None),
    ("苏O12345", None),
]

CREDIT_CODE = [
    ("91350100M000100Y43", "91350100M000100Y43"),
    ("信用代码：91350100M000100Y43。", "91350100M000100Y43"),
    ("统一社会信用代码91310134YMDQLU9DGP，", "91310134YMDQLU9DGP"),
    ("(51100011FULF2BR2D8)", "51100011FULF2BR2D8"),
    ("code 91110197yx4wb314fq ok", "91110197yx4wb314fq"),
    ("９１３５０１００Ｍ０００１００Ｙ４３", "９１３５０１００Ｍ０００１００Ｙ４３"),
    ("121000993NL6LTJ89Q", "121000993NL6LTJ89Q"),
    ("甲方911101209DQDU31KKL乙方", "911101209DQDU31KKL"),
    ('"code":"92330106NJAHWX8G7K"', "92330106NJAHWX8G7K"),
    ("91370104023KH1Y6DY；", "91370104023KH1Y6DY"),
    # near misses
    ("12110000400000148Q", None),
    ("91350100M000100Y44", None),
    ("信用代码91350100M00010Y43", None),
    ("X91350100M000100Y43", None),
    ("91350100-M000100Y43", None),
    ("81350100M000100Y43", None),
    ("91350100M000100Y4", None),
    ("91350100M000100Y430", None),
    ("91350100I000100Y43", None),
    ("95350100M000100Y43", None),
    ("9135010AM000100Y43", None),
]

PASSPORT = [
    ("护照E12345678", "E12345678"),
    ("护照：EB7654321", "EB7654321"),
    ("护照为G87654321，", "G87654321"),
    ("持护照（E12345678）", "E12345678"),
    ("外交护照DE1234567", "DE1234567"),
    ("公务护照SE7654321", "SE7654321"),
    ("passport no E12345678.", "E12345678"),
    ("his passport, ec1234567", "ec1234567"),
    ("护照 P1234567", "P1234567"),
    ("护照Ｅ１２３４５６７８", "Ｅ１２３４５６７８"),
    # near misses
    ("E12345678", None),
    ("型号 G12345678", None),
    ("护照XE12345678", None),
    ("护照E123456", None),
    ("护照E1234567890", None),
    ("护照E12345678A", None),
    ("护照Q12345678", None),
    ("护照2019年", None),
    ("护照E-12345678", None),
    ("报告EA1234567", None),
]

PERMIT = [
    ("通行证H12345678", "H12345678"),
    ("回乡证 M1234567801", "M1234567801"),
    ("往来港澳通行证C12345678", "C12345678"),
    ("台胞证号码：12345678", "12345678"),
    ("通行证：CA1234567", "CA1234567"),
    ("台湾居民通行证12345678。", "12345678"),
    ("travel permit H12345678", "H12345678"),
    ("exit permit W12345678.", "W12345678"),
    ("返乡证h12345678", "h12345678"),
    ("通行证（M87654321）", "M87654321"),
    # near misses
    ("通行证H1234567", None),
    ("零件 M1234567801", None),
    ("编组 12345678 台", None),
    ("H12345678", None),
    ("通行证H123456789", None),
    ("通行证XH12345678", None),
    ("通行证Q12345678", None),
    ("通行证H12345678A", None),
    ("通行证1234567", None),
    ("通行证已过期", None),
]

MESSENGER = [
    ("微信号：zhang_san88", "zhang_san88"),
    ("微信 lisi2020", "lisi2020"),
    ("wechat id: wang-5566", "wang-5566"),
    ("QQ 123456789", "123456789"),
    ("QQ号：10001234", "10001234"),
    ("QQ群5566778", "5566778"),
    ("VX: abc_12345", "abc_12345"),
    ("V信号li2020_x", "li2020_x"),
    ("微信ID为wxid_a1b2c3", "wxid_a1b2c3"),
    ("weixin account Lee-2024", "Lee-2024"),
    # near misses
    ("微信支付", None),
    ("微信 hello", None),
    ("微信号", None),
    ("QQ 0123456", None),
    ("QQ 123", None),
    ("wechat is great", None),
    ("IQQ 1234567", None),
    ("VxWorks-7 release", None),
    ("微信2019年", None),
    ("QQ1234567890123", None),
]


ADDRESS = [
    ("住在北京市朝阳区建国路88号。", "北京市朝阳区建国路88号"),
    (
        "地址：浙江省杭州市西湖区文三路478号3幢2单元501室",
        "浙江省杭州市西湖区文三路478号3幢2单元501室",
    ),
    (
        "现住上海市浦东新区世纪大道100号环球金融中心25楼",
        "上海市浦东新区世纪大道100号环球金融中心25楼",
    ),
    ("寄到广东省深圳市南山区科技园路1号", "广东省深圳市南山区科技园路1号"),
    ("我家在西湖区文三路478号", "西湖区文三路478号"),
    ("他住文三路478号", "文三路478号"),
    ("位于内蒙古自治区呼和浩特市新城区中山东路3号", "内蒙古自治区呼和浩特市新城区中山东路3号"),
    ("送到阳光花园12栋3单元402室", "阳光花园12栋3单元402室"),
    ("四川省成都市武侯区人民南路四段12号", "四川省成都市武侯区人民南路四段12号"),
    ("户籍：湖南省长沙县黄花镇", "湖南省长沙县黄花镇"),
    ("address 上海市徐汇区淮海中路999号, China", "上海市徐汇区淮海中路999号"),
    ("重庆市渝中区解放碑街道民权路28号", "重庆市渝中区解放碑街道民权路28号"),
    # near misses
    ("一路走好", None),
    ("在路上走了3公里", None),
    ("问题出在12号线", None),
    ("这是第88号文件", None),
    ("北京队赢了", None),
    ("市场部3号员工", None),
    ("高速公路建设2019", None),
    ("道路千万条", None),
    ("小区很安静", None),
    ("北京地铁10号线", None),
    ("台湾糖业铁路", None),
    ("第3单元练习", None),
]

LANDLINE = [
    ("电话010-65551234", "010-65551234"),
    ("座机 0571-87654321", "0571-87654321"),
    ("(021) 54321098", "(021) 54321098"),
    ("传真：0755-26543210", "0755-26543210"),
    ("010-65551234转801", "010-65551234转801"),
    ("+86 010-65551234", "+86 010-65551234"),
    ("客服400-820-8820", "400-820-8820"),
    ("热线400-1234-567，", "400-1234-567"),
    ("800-820-8820", "800-820-8820"),
    ("020 87654321", "020 87654321"),
    # near misses
    ("010-123", None),
    ("010-065551234567", None),
    ("A010-65551234", None),
    ("2010-65551234", None),
    ("编号 01065551234567890", None),
    ("400-82", None),
    ("1400-820-88200", None),
    ("010-6555", None),
    ("0-10-65551", None),
    ("数量400至820", None),
]

HONG_KONG = [
    ("A123456(3)", "A123456(3)"),
    ("香港身份证A123456(3)。", "A123456(3)"),
    ("HKID: A123456（3）", "A123456（3）"),
    ("a123456(3)", "a123456(3)"),
    ("G123456(A)", "G123456(A)"),
    ("(A123456(3))", "A123456(3)"),
    ("A123456 (3) on file", "A123456 (3)"),
    ("证件Ａ１２３４５６（３）", "Ａ１２３４５６（３）"),
    ("持A123456(3)入境", "A123456(3)"),
    ('"G123456(A)"', "G123456(A)"),
    # near misses
    ("A123456(4)", None),
    ("A12345(3)", None),
    ("ABC123456(3)", None),
    ("A123456[3]", None),
    ("型号B123456(4)", None),
    ("A1234567(3)", None),
    ("1A123456(3)", None),
    ("A123456(B)", None),
    ("A123456 3", None),
    ("函数f123456(x)", None),
]

TAIWAN = [
    ("身份证号A123456789", "A123456789"),
    ("identity card A123456789", "A123456789"),
    ("台湾身分證：A123456789", "A123456789"),
    ("national id a123456789", "a123456789"),
    ("证件A123456789，", "A123456789"),
    ("台湾居民A123456789", "A123456789"),
    ("身份证（A123456789）", "A123456789"),
    ("身分证：Ａ１２３４５６７８９", "Ａ１２３４５６７８９"),
    ("Taiwan ID card A123456789.", "A123456789"),
    ("identity: F131104093", "F131104093"),
    # near misses
    ("A123456789", None),
    ("身份证号A123456788", None),
    ("身份证号A323456789", None),
    ("身份证号AA23456789", None),
    ("身份证号A1234567890", None),
    ("型号A123456789", None),
    ("身份证号A12345678", None),
    ("身份证号1A123456789", None),
    ("身份证号A123456789B", None),
    ("身份证号A623456789", None),
]

RULES = {
    "Resident identity number": RESIDENT,
    "Mobile": MOBILE,
    "Chinese passport": PASSPORT,
    "Travel permit": PERMIT,
    "Social credit code": CREDIT_CODE,
    "Licence plate": PLATE,
    "Messenger id": MESSENGER,
    "Chinese address": ADDRESS,
    "Landline": LANDLINE,
    "Hong Kong identity card": HONG_KONG,
    "Taiwan identity card": TAIWAN,
}


@pytest.mark.parametrize(("text", "surface"), RESIDENT)
def test_resident_id(found, text, surface):
    got = [s for t, s in found(text, "zh") if t == "CN_RESIDENT_ID"]
    assert got == ([] if surface is None else [surface])


@pytest.mark.parametrize(("text", "surface"), MOBILE)
@pytest.mark.parametrize("tag", ["zh", "en"])
def test_mobile(found, text, surface, tag):
    got = [s for t, s in found(text, tag) if t == "PHONE_NUMBER"]
    assert got == ([] if surface is None else [surface])


@pytest.mark.parametrize(("text", "surface"), PLATE)
def test_licence_plate(found, text, surface):
    got = [s for t, s in found(text, "zh") if t == "LICENSE_PLATE"]
    assert got == ([] if surface is None else [surface])


@pytest.mark.parametrize(("text", "surface"), CREDIT_CODE)
def test_social_credit_code(found, text, surface):
    got = [s for t, s in found(text, "zh") if t == "CN_SOCIAL_CREDIT_CODE"]
    assert got == ([] if surface is None else [surface])


@pytest.mark.parametrize(("text", "surface"), MESSENGER)
def test_messenger_id(found, text, surface):
    got = [s for t, s in found(text, "zh") if t == "MESSENGER_ID"]
    assert got == ([] if surface is None else [surface])


@pytest.mark.parametrize(
    ("kind", "text", "surface"),
    [
        (kind, *case)
        for kind, table in [
            ("LOCATION", ADDRESS),
            ("PHONE_NUMBER", LANDLINE),
            ("NATIONAL_ID", HONG_KONG + TAIWAN),
            ("CN_PASSPORT", PASSPORT),
            ("CN_TRAVEL_PERMIT", PERMIT),
        ]
        for case in table
    ],
)
@pytest.mark.parametrize("tag", ["zh", "en"])
def test_addresses_landlines_and_papers(found, kind, text, surface, tag):
    got = [s for t, s in found(text, tag) if t == kind]
    assert got == ([] if surface is None else [surface])
