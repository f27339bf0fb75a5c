"""The table of Chinese ids: every id in every way of writing it that Chinese text knows.

Recall must be 1: each value, glued to Han text, labelled, full-width, in groups, in English,
is found with its type and nothing less than its characters. (False findings are counted on
text without ids in test_false_ids.py; near misses are in test_rules_cn.py.)
The numbers are made up, with right check digits.
"""

import pytest

FULL_WIDTH = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")


def full_width(values):
    return [value.translate(FULL_WIDTH) for value in values]


def grouped(values, *sizes, by=" "):
    """Values cut into groups of the sizes given, the rest last."""
    texts = []
    for value in values:
        parts, rest = [], value
        for size in sizes:
            parts.append(rest[:size])
            rest = rest[size:]
        texts.append(by.join([*parts, rest]).strip(by))
    return texts


RESIDENTS = [
    "110105197010181349",
    "310115198710166419",
    "440305201402200146",
    "510107200005182402",
    "330106196412165547",
    "420111201008136556",
    "610113195904211569",
    "230103200607240160",
    "810000194305166108",
    "830000199407248215",
    "11010519491231002X",
]
OLD_RESIDENTS = ["110105491231002", "310115871016641", "440305641220014"]
CREDIT_CODES = [
    "91110197YX4WB314FQ",
    "91310134YMDQLU9DGP",
    "91440369BHJDJ7WAMN",
    "91510104KMN5NUAYHA",
    "121000993NL6LTJ89Q",
    "51100011FULF2BR2D8",
    "92330106NJAHWX8G7K",
    "91350100M000100Y43",
]
CARDS = [
    "6222024942055526676",
    "6217008698198463462",
    "6228484848506950698",
    "6259659205755943",
    "6225887090054749",
    "623058109248343526",
]
MOBILES = ["13800138000", "15912345678", "18612345678", "19912345678", "17712345678", "14712345678"]
LANDLINES = ["010-65551234", "0571-87654321", "(021)54321098", "0755 26543210", "400-820-8820"]
LANDLINES += ["021 5432 1098", "０１０－６５５５１２３４", "010-65551234转801", "+86 21 5432 1098"]
PLATES = ["京A12345", "沪B8K321", "粤BD12345", "粤B12345D", "苏E·9Z8X7", "浙A1234警", "川A·F12345"]
PASSPORTS = ["E12345678", "EA1234567", "G12345678", "EK7654321"]
PERMITS = ["H12345678", "M87654321", "C12345678", "CA1234567", "H1234567801"]
ACCOUNTS = ["12345678901", "6217000012345678", "1001244319300123456", "0921378652728450847"]
WECHATS = ["zhang_san88", "wxid_a1b2c3d4e5", "lisi-2020", "Wang5566"]
QQS = ["10001234", "123456789", "2863451234"]
DATES = [
    "1984年3月12日",
    "1984年03月12日",
    "1984年3月",
    "3月12日",
    "一九八四年三月",
    "一九八四年三月十二日",
    "二〇二四年十一月二十日",
    "二零零八年八月八日",
    "2024年12月31号",
    "三月十二日",
]
ADDRESSES = [
    "北京市朝阳区建国路88号",
    "上海市浦东新区世纪大道100号环球金融中心25楼",
    "广东省深圳市南山区科技园路1号",
    "浙江省杭州市西湖区文三路478号3幢2单元501室",
    "四川省成都市武侯区人民南路四段12号",
    "内蒙古自治区呼和浩特市新城区中山东路3号",
    "新疆维吾尔自治区乌鲁木齐市天山区解放北路21号",
    "重庆市渝中区解放碑街道民权路28号",
    "江苏省苏州市昆山市花桥镇徐公桥路2号",
    "陕西省西安市雁塔区小寨东路11号",
    "湖北省武汉市洪山区珞喻路1037号",
    "天津市南开区卫津路94号",
]

AFTER_WORDS = ["{}", "见{}及附件", "（{}）", "[{}]", "，{}。", "“{}”", "编号：{}；", "{}\n下一行"]
RESIDENT = [
    "身份证号{}。",
    "身份证号码为{}，",
    "公民身份号码：{}",
    "证件号：{}已核",
    "resident ID {} ok",
]
PHONE = ["电话{}。", "手机：{}，", "联系人李四{}转告", "请致电{}谢谢", "Tel: {} (mobile)"]
CARD = ["卡号{}。", "银行卡：{}，", "尾款打到{}即可", "银联卡号为{}！", "card {} please"]
PLATE = ["车牌{}的轿车", "{}停在路边", "车辆（{}）", "肇事车为{}。", "plate {} seen"]
PASSPORT = ["护照{}。", "护照号：{}，", "护照号码为{}的旅客", "持护照（{}）入境", "passport {} ok"]
PERMIT = ["通行证{}。", "通行证号：{}，", "持回乡证{}入境", "港澳居民来往内地通行证号码为{}"]
ACCOUNT = [
    "银行账号{}。",
    "收款账户：{}，",
    "开户行账号为{}！",
    "银行账户: {} 户名",
    "对公账号是{}",
]
WECHAT = ["微信{}，", "微信号：{}。", "加我微信 {} 吧", "微信号是{}", "wechat: {} ok"]
QQ = ["QQ{}，", "QQ号：{}。", "QQ: {} 联系", "QQ号码为{}", "加QQ {}吧"]
CREDIT = ["统一社会信用代码{}。", "信用代码：{}，", "credit code {} ok", *AFTER_WORDS]
DATE = ["于{}签订", "日期：{}。", "{}出院", "自{}起", "（{}）"]
ADDRESS = ["地址：{}。", "住在{}，", "寄到{}收", "户籍地为{}。", "现住{}", "{}"]

TABLE = [
    ("CN_RESIDENT_ID", RESIDENTS + full_width(RESIDENTS), RESIDENT + AFTER_WORDS),
    ("CN_RESIDENT_ID", grouped(RESIDENTS, 6, 8) + OLD_RESIDENTS, RESIDENT[:4]),
    ("CN_RESIDENT_ID", grouped(RESIDENTS, 4, 4, 4, 4) + grouped(RESIDENTS, 6, 4, 4), RESIDENT[:4]),
    ("CN_RESIDENT_ID", grouped(RESIDENTS, 6, 8, by="-"), RESIDENT[:4]),
    ("CN_RESIDENT_ID", [value.lower() for value in RESIDENTS], RESIDENT),
    ("CN_SOCIAL_CREDIT_CODE", CREDIT_CODES, CREDIT),
    ("CREDIT_CARD", CARDS + full_width(CARDS), CARD + AFTER_WORDS),
    ("CREDIT_CARD", grouped(CARDS, 4, 4, 4, 4) + grouped(CARDS, 4, 4, 4, 4, by="-"), CARD),
    ("PHONE_NUMBER", MOBILES + full_width(MOBILES), PHONE + AFTER_WORDS),
    ("PHONE_NUMBER", grouped(MOBILES, 3, 4) + grouped(MOBILES, 3, 4, by="-"), PHONE + AFTER_WORDS),
    ("PHONE_NUMBER", [f"+86{n}" for n in MOBILES] + [f"+86 {n}" for n in MOBILES], PHONE),
    ("PHONE_NUMBER", [f"0086{n}" for n in MOBILES] + [f"0086-{n}" for n in MOBILES], PHONE),
    ("PHONE_NUMBER", [f"+86 {n}" for n in grouped(MOBILES, 3, 4)], PHONE),
    ("PHONE_NUMBER", LANDLINES, PHONE),
    ("LICENSE_PLATE", PLATES, PLATE + AFTER_WORDS),
    ("CN_PASSPORT", PASSPORTS, PASSPORT),
    ("CN_TRAVEL_PERMIT", PERMITS, PERMIT),
    ("BANK_ACCOUNT", ACCOUNTS, ACCOUNT),
    ("MESSENGER_ID", WECHATS, WECHAT),
    ("MESSENGER_ID", QQS, QQ),
    ("DATE_TIME", DATES, DATE),
    ("LOCATION", ADDRESSES, ADDRESS),
]


@pytest.mark.parametrize(
    ("kind", "value", "contexts"),
    [(kind, value, contexts) for kind, values, contexts in TABLE for value in values],
)
def test_every_chinese_id_is_found(found, kind, value, contexts):
    for context in contexts:
        text = context.format(value)
        for tag in ("zh", None):
            spans = found(text, tag)
            assert any(k == kind and value in surface for k, surface in spans), (text, spans)


def test_birth_dates_and_their_spans(found):
    for value in DATES[:3] + DATES[4:6]:
        for context in ("出生日期：{}", "生于{}。"):
            spans = found(context.format(value), "zh")
            assert {kind for kind, _ in spans} <= {"DATE_OF_BIRTH", "DATE_TIME"}
            assert spans[0][1] == value
