"""The cast: each subject keeps one identity through all the documents about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from redactory.demo_corpus import identifiers
from redactory.demo_corpus.identifiers import Region
from redactory.demo_corpus.names import Lang, Name, Sex, draw_name
from redactory.demo_corpus.places import Home, draw_home, draw_organisation

_RELATIONS: dict[Lang, dict[Sex, tuple[str, ...]]] = {
    "en": {"f": ("sister", "cousin", "aunt"), "m": ("brother", "cousin", "uncle")},
    "zh": {"f": ("姐姐", "妹妹", "表姐"), "m": ("哥哥", "弟弟", "表弟")},
}
_SPOUSES: dict[Lang, dict[Sex, str]] = {
    "en": {"f": "wife", "m": "husband"},
    "zh": {"f": "妻子", "m": "丈夫"},
}


@dataclass(frozen=True)
class Relative:
    """The one family member who turns up in a subject's documents."""

    name: Name
    relation: str
    phone: str


@dataclass(frozen=True)
class Person:
    """A subject and everything that identifies them."""

    subject: str
    region: Region
    lang: Lang
    sex: Sex
    name: Name
    born: date
    home: Home
    phone: str
    email: str
    employer: str
    relative: Relative
    card: str
    iban: str
    account: str
    customer: str
    medical_record: str
    resident_id: str
    health_number: str
    tax_number: str
    plate: str


def draw_person(random: Random, number: int, region: Region) -> Person:
    """Draw subject ``P-<number>`` living in ``region``."""
    lang: Lang = "zh" if region == "cn" else "en"
    sex: Sex = random.choice(("f", "m"))
    name = draw_name(random, lang, sex)
    born = date(1942, 1, 1) + timedelta(days=random.randrange(60 * 365))
    return Person(
        subject=f"P-{number:04d}",
        region=region,
        lang=lang,
        sex=sex,
        name=name,
        born=born,
        home=draw_home(random, region),
        phone=identifiers.personal_phone(random, region),
        email=_draw_email(random, name),
        employer=draw_organisation(random, region, "employer"),
        relative=_draw_relative(random, region, lang, sex),
        card=identifiers.credit_card(random, region),
        iban=identifiers.iban(random),
        account=_draw_account(random, region),
        customer=f"{random.choice(('C', 'CU', 'K'))}-{identifiers.digits(random, 7)}",
        medical_record=f"{random.choice('HMR')}{identifiers.digits(random, 7)}",
        resident_id=identifiers.resident_id(random, born, female=sex == "f"),
        health_number=identifiers.nhs_number(random),
        tax_number=identifiers.social_security_number(random)
        if region == "us"
        else identifiers.national_insurance_number(random),
        plate=identifiers.license_plate(random, region),
    )


def _draw_email(random: Random, name: Name) -> str:
    given, family = name.mailbox
    local = random.choice(
        (f"{given}.{family}", f"{given[0]}{family}", f"{family}_{given}", f"{given}{family}7")
    )
    return f"{local}@{random.choice(('example.com', 'example.org', 'mail.example.net'))}"


def _draw_relative(random: Random, region: Region, lang: Lang, sex: Sex) -> Relative:
    other: Sex = random.choice(("f", "m"))
    choices = _RELATIONS[lang][other]
    if other != sex:
        choices = (*choices, _SPOUSES[lang][other], _SPOUSES[lang][other])
    name = draw_name(random, lang, other)
    return Relative(name, random.choice(choices), identifiers.personal_phone(random, region))


def _draw_account(random: Random, region: Region) -> str:
    if region == "cn":
        return identifiers.grouped("0" + identifiers.digits(random, 18), 4, 4, 4, 4, 3)
    return identifiers.digits(random, 10 if region == "us" else 8)
