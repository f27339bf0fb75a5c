"""What the slots of one document stand for.

Dates, phone layouts and name forms vary between documents; the person behind them does not.
"""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from redactory.demo_corpus import identifiers
from redactory.demo_corpus.identifiers import Region
from redactory.demo_corpus.markup import Fact
from redactory.demo_corpus.names import Name, Sex, draw_name
from redactory.demo_corpus.people import Person
from redactory.demo_corpus.places import draw_organisation

_DATE_FORMS: dict[Region, tuple[str, ...]] = {
    "us": ("{month} {d}, {y}", "{m}/{d}/{yy:02d}", "{m:02d}/{d:02d}/{y}", "{y}-{m:02d}-{d:02d}"),
    "uk": ("{d} {month} {y}", "{d:02d}/{m:02d}/{y}", "{d} {mon} {y}", "{y}-{m:02d}-{d:02d}"),
    "cn": ("{y}年{m}月{d}日", "{y}-{m:02d}-{d:02d}", "{y}/{m}/{d}"),
}
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August"),
    *("September", "October", "November", "December"),
)
_CURRENCY: dict[Region, str] = {"us": "${:,}", "uk": "£{:,}", "cn": "{:,}元"}
_WORDS: dict[Region, dict[Sex, dict[str, str]]] = {
    "us": {
        "f": {"he": "she", "his": "her", "him": "her", "himself": "herself", "title_word": "Ms"},
        "m": {"he": "he", "his": "his", "him": "him", "himself": "himself", "title_word": "Mr"},
    },
    "cn": {"f": {"he": "她", "title_word": "女士"}, "m": {"he": "他", "title_word": "先生"}},
}
_WORDS["uk"] = _WORDS["us"]


def document_facts(random: Random, person: Person, domain: str) -> dict[str, Fact]:
    """Every slot that a template of ``domain`` about ``person`` may name."""
    return {
        **_name_facts(person),
        **_contact_facts(person),
        **_id_facts(random, person, domain),
        **_staff_facts(random, person),
        **_date_facts(random, person),
        **_word_facts(random, person),
    }


def _name_facts(person: Person) -> dict[str, Fact]:
    name = person.name
    forms = {
        "name": name.full,
        "name_short": name.short,
        "name_reversed": name.reversed,
        "name_latin": name.latin,
        "given": name.given,
        "surname": name.family,
        "relative": person.relative.name.full,
    }
    return {slot: Fact(form, "PERSON") for slot, form in forms.items()}


def _contact_facts(person: Person) -> dict[str, Fact]:
    return {
        "phone": Fact(person.phone, "PHONE_NUMBER"),
        "relative_phone": Fact(person.relative.phone, "PHONE_NUMBER"),
        "email": Fact(person.email, "EMAIL_ADDRESS"),
        "address": Fact(person.home.address, "LOCATION"),
        "city": Fact(person.home.city, "LOCATION"),
        "employer": Fact(person.employer, "ORGANIZATION"),
    }


def _id_facts(random: Random, person: Person, domain: str) -> dict[str, Fact]:
    label, national_id = _national_id(person, domain)
    iban = Fact(person.iban, "IBAN_CODE")
    account = Fact(person.account, "ACCOUNT_ID")
    host = random.choice(("support.example.com", "www.example.org", "files.example.net"))
    return {
        "national_label": Fact(label),
        "national_id": national_id,
        "mrn": Fact(person.medical_record, "MEDICAL_RECORD_NUMBER"),
        "card": Fact(person.card, "CREDIT_CARD"),
        "iban": iban,
        "account": account,
        "own_account": iban if person.region == "uk" else account,
        "customer": Fact(person.customer, "ACCOUNT_ID"),
        "plate": Fact(person.plate, "LICENSE_PLATE"),
        "ip": Fact(identifiers.ip_address(random), "IP_ADDRESS"),
        "url": Fact(f"https://{host}/{domain}/{identifiers.digits(random, 6)}", "URL"),
    }


def _national_id(person: Person, domain: str) -> tuple[str, Fact]:
    if person.region == "cn":
        return "身份证号", Fact(person.resident_id, "CN_RESIDENT_ID")
    if person.region == "us":
        return "SSN", Fact(person.tax_number, "US_SSN")
    if domain == "clinical":
        return "NHS no.", Fact(person.health_number, "UK_NHS")
    return "NI number", Fact(person.tax_number, "UK_NINO")


def _staff_facts(random: Random, person: Person) -> dict[str, Fact]:
    def colleague() -> Name:
        sex: Sex = random.choice(("f", "m"))
        return draw_name(random, person.lang, sex)

    first, second, third = colleague(), colleague(), colleague()
    people = {
        "staff": first.full,
        "staff_given": first.given,
        "staff2": second.full,
        "staff3": third.full,
    }
    places = {
        kind: Fact(draw_organisation(random, person.region, kind), "ORGANIZATION")
        for kind in ("hospital", "bank", "council", "company")
    }
    phone = Fact(identifiers.office_phone(random, person.region), "PHONE_NUMBER")
    named = {slot: Fact(text, "PERSON") for slot, text in people.items()}
    return {**named, **places, "work_phone": phone}


def _date_facts(random: Random, person: Person) -> dict[str, Fact]:
    form = random.choice(_DATE_FORMS[person.region])
    written = date(2023, 1, 9) + timedelta(days=random.randrange(900))
    clock = f"{random.randrange(7, 21):02d}:{random.randrange(60):02d}"
    dates = {
        "date": _written(written, form),
        "event": _written(written - timedelta(days=random.randrange(4, 60)), form),
        "next": _written(written + timedelta(days=random.randrange(6, 30)), form),
        "stamp": f"{written.isoformat()} {clock}",
    }
    facts = {slot: Fact(text, "DATE_TIME") for slot, text in dates.items()}
    return {
        **facts,
        "dob": Fact(_written(person.born, form), "DATE_OF_BIRTH"),
        "clock": Fact(clock),
    }


def _written(day: date, form: str) -> str:
    month = _MONTHS[day.month - 1]
    return form.format(
        y=day.year, yy=day.year % 100, m=day.month, d=day.day, month=month, mon=month[:3]
    )


def _word_facts(random: Random, person: Person) -> dict[str, Fact]:
    words = dict(_WORDS[person.region][person.sex])
    words |= {slot.capitalize(): word.capitalize() for slot, word in words.items()}
    scale = 10 if person.region == "cn" else 1
    money = _CURRENCY[person.region]
    words["relation"] = person.relative.relation
    words["amount_small"] = money.format(random.randrange(12, 240) * scale)
    words["amount_large"] = money.format(random.randrange(21, 480) * 100 * scale)
    return {slot: Fact(word) for slot, word in words.items()}
