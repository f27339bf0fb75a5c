"""Addresses and institutions: real cities, invented streets and organisations."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from redactory.demo_corpus.identifiers import Region

_CITIES: dict[Region, tuple[str, ...]] = {
    "us": ("Columbus, OH 432", "Chicago, IL 606", "Albany, NY 122", "Fresno, CA 937"),
    "uk": ("Leeds", "Bristol", "Manchester", "Norwich", "Dundee", "Cardiff"),
    "cn": (
        "杭州市西湖区",
        "上海市徐汇区",
        "南京市鼓楼区",
        "成都市武侯区",
        "广州市天河区",
        "武汉市江岸区",
    ),
}
_STREETS: dict[Region, tuple[str, ...]] = {
    "us": ("Juniper Hollow Rd", "Kestrel Ave", "Old Quarry Ln", "W Tamarind St", "Marlowe Blvd"),
    "uk": ("Alder Row", "Kingfisher Mews", "Saltbox Lane", "St Odran's Terrace", "Quince Close"),
    "cn": ("文澜路", "青禾街", "望溪东路", "银杏巷", "松鹤路", "朝晖北路"),
}
_ORGANISATIONS: dict[Region, dict[str, tuple[str, ...]]] = {
    "us": {
        "hospital": ("Riverbend Medical Center", "Cedar Gate Clinic", "Mercy Hollow Hospital"),
        "bank": ("First Tamarack Bank", "Prairie Lantern Credit Union", "Harbor & Pine Bank"),
        "council": ("Office of Public Works", "Cedar County Clerk", "Bureau of City Services"),
        "company": ("Norwind Telecom", "Bluefinch Cloud", "Pocketlight Inc."),
        "employer": ("Okapi Logistics", "Tern & Sons", "Maple Street Bakery", "Lumen Robotics"),
    },
    "uk": {
        "hospital": ("St Brannoc's Hospital", "Calder Vale Infirmary", "Moorside Surgery"),
        "bank": ("Harrowgate & Lyle Bank", "Pennine Mutual", "Wharfside Building Society"),
        "council": ("Calder Vale Council", "Eastmere Borough Council", "Fenwick District Council"),
        "company": ("Norwind Telecom", "Bluefinch Cloud", "Kettle & Wire Ltd"),
        "employer": ("Tern & Sons", "Okapi Logistics", "Saltmarsh Ceramics", "Hollin Bus Company"),
    },
    "cn": {
        "hospital": ("东湾市中心医院", "云岭人民医院", "青禾社区卫生服务中心"),
        "bank": ("海岳银行", "云岭农商银行", "东湾储蓄银行"),
        "council": ("东湾区市民服务中心", "云岭街道办事处", "青禾区城市管理局"),
        "company": ("云帆通信", "蓝雀云科技", "口袋灯网络公司"),
        "employer": ("启明机械厂", "白鹭物流", "望溪中学", "松果软件公司"),
    },
}


@dataclass(frozen=True)
class Home:
    """Where a person lives: one line as on an envelope, and the city alone."""

    address: str
    city: str


def draw_home(random: Random, region: Region) -> Home:
    """Draw an address whose street does not exist in its city."""
    city, street = random.choice(_CITIES[region]), random.choice(_STREETS[region])
    number = random.randrange(2, 240)
    if region == "us":
        zip_code = f"{city}{random.randrange(10, 99)}"
        return Home(f"{number} {street}, {zip_code}", city.partition(",")[0])
    if region == "uk":
        # ZZ99 is the pseudo postcode district of the health service: no letter box has it.
        postcode = f"ZZ99 {random.randrange(1, 9)}{''.join(random.sample('ABDEFGHJ', 2))}"
        return Home(f"{number} {street}, {city} {postcode}", city)
    door = f"{random.randrange(1, 30)}幢{random.randrange(1, 9)}0{random.randrange(1, 5)}室"
    return Home(
        f"{city}{street}{number}号{random.choice((door, ''))}", city[: city.index("市") + 1]
    )


def draw_organisation(random: Random, region: Region, kind: str) -> str:
    """Draw the name of a hospital, bank, council, company or employer."""
    return random.choice(_ORGANISATIONS[region][kind])
