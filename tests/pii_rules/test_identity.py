"""Who is who: one person, one fake, in every record; two people never become one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pii_rules.identity import People
from pii_rules.identity_map import Entry, restored
from pii_rules.surrogates.lists import given_names, initials, words
from pii_rules.surrogates.names import NameMap, plain_letters
from pii_rules.surrogates.prf import Draws, permutation
from redactory.errors import IntegrityError

KEY = bytes(range(32))
FORMS = [
    "John Smith",
    "J. Smith",
    "Mr Smith",
    "SMITH, JOHN",
    "john smith",
    "Smith",
    "John",
    "Dr. John R. Smith",
]


def fakes(*names, key=KEY):
    people = People(key, names)
    return [people.fake(name) for name in names]


def test_all_forms_of_a_name_are_one_person():
    full, short, titled, turned, small, surname, given_name, long = fakes(*FORMS)
    first, last = full.split()
    assert short == f"{first[0]}. {last}"
    assert titled == f"Mr {last}"
    assert turned == f"{last.upper()}, {first.upper()}"
    assert small == full.lower()
    assert (surname, given_name) == (last, first)
    assert long.startswith(f"Dr. {first} ")
    assert long.endswith(f" {last}")
    assert "John" not in f"{full}{short}{titled}"


@given(st.permutations(FORMS), st.integers(1, len(FORMS)))
def test_a_form_has_the_same_fake_whatever_else_the_record_names(order, count):
    alone = fakes("John Smith")[0]
    some = [*order[:count], "John Smith"]
    assert fakes(*some)[-1] == alone


def test_an_initial_agrees_with_the_full_name_though_they_never_meet():
    assert fakes("J. Smith")[0][0] == fakes("John Smith")[0][0]
    assert fakes("J. Smith")[0].split()[-1] == fakes("John Smith")[0].split()[-1]


@pytest.mark.parametrize(
    ("names", "shared"),
    [
        (["王小明", "王先生", "小王", "王小明"], 0),
        (["欧阳娜娜", "欧阳女士"], slice(0, 2)),
    ],
)
def test_chinese_short_forms_keep_the_surname(names, shared):
    made = fakes(*names)
    surname = made[0][shared]
    assert all(surname in each for each in made)
    assert names[0][shared] not in "".join(made)


def test_a_given_name_alone_is_known_from_the_full_name():
    full, alone = fakes("王小明", "小明")
    assert full.endswith(alone)
    full, alone = fakes("Marisol Xuq", "Xuq")
    assert full.endswith(alone)


@pytest.mark.parametrize("name", ["John", "Amy", "Kathleen", "Mohammed"])
def test_a_common_given_name_alone_is_one_whatever_the_record(name):
    """Though it is a surname too, or short: "SMITH, JOHN" may be found as two names."""
    given, surname = fakes(f"{name} Smith")[0].split()
    assert fakes(name) == [given]
    assert fakes("SMITH", name.upper()) == [surname.upper(), given.upper()]


@pytest.mark.parametrize("spelled", ["王小明\n", " 王小明", "王 小明", "王小明 "])
def test_white_space_in_a_chinese_name_changes_nobody(spelled):
    alone = fakes("王小明")[0]
    assert "".join(fakes(spelled)[0].split()) == alone
    assert [c.isspace() for c in fakes(spelled)[0]] == [c.isspace() for c in spelled]


def test_what_stands_around_the_words_stays():
    assert fakes("Dr. Ana María O'Neil-Jones, Jr.")[0].startswith("Dr. ")
    assert fakes("Dr. Ana María O'Neil-Jones, Jr.")[0].endswith(", Jr.")
    assert " van der " in fakes("Piet van der Berg")[0]
    assert fakes("@jsmith")[0].startswith("@")


@pytest.mark.parametrize("name", ["Иван Петров", "Γιώργος Παπάς", "محمد علي", "김민준", "さくら"])
def test_other_scripts_stay_in_their_script(name):
    made = fakes(name)[0]
    assert made != name
    assert len(made) == len(name)
    assert not any("a" <= c.lower() <= "z" for c in made)


LISTED = [
    (g, n) for g in ("male", "female") for c in "".join(initials()) for n in given_names(g, c)
]


def test_listed_names_never_meet():
    name_map = NameMap(KEY)
    for kind in ("male", "female"):
        names = [name for gender, name in LISTED if gender == kind]
        assert len({name_map.given(name) for name in names}) == len(names)
        assert all(name_map.given(name) != name for name in names)
    surnames = words("en", "surnames")
    assert len({name_map.surname(name) for name in surnames}) == len(surnames)
    for kind in ("surnames", "compound_surnames"):
        han = words("zh", kind)
        assert len({name_map.han_surname(name) for name in han}) == len(han)


@given(
    st.lists(
        st.sampled_from([n for _, n in LISTED]) | st.from_regex("[A-Z][a-z]{2,7}", fullmatch=True),
        min_size=2,
        max_size=8,
        unique_by=plain_letters,
    ),
    st.lists(st.sampled_from(["Smith", "Xu", "Zzyzx", "Vanburen"]), min_size=1, max_size=3),
)
def test_two_people_whom_the_text_tells_apart_never_collapse(given_names_, surnames):
    names = [f"{g} {surnames[n % len(surnames)]}" for n, g in enumerate(given_names_)]
    made = fakes(*names)
    assert len(set(made)) == len(set(names))
    assert not set(made) & set(names)


def test_collisions_are_counted_and_mended():
    names = [f"Z{letter}b Doe" for letter in "bcdfghjklmnp"]  # a class with five names a letter
    names += [f"王{letter}" for letter in "鑫鎏鎔鑪鑭钃鎡鏖鏗鑾" * 8]
    people = People(KEY, names)
    made = [people.fake(name) for name in names]
    assert len(set(made)) == len(set(names))
    assert people.collisions > 0
    assert [People(KEY, names).fake(name) for name in names] == made


def test_another_key_gives_other_people():
    assert fakes("John Smith") != fakes("John Smith", key=b"k" * 32)


def test_a_permutation_is_one_cycle_and_keyed():
    order = permutation(KEY, "x", 100)
    assert sorted(order) == list(range(100))
    assert all(order[n] != n for n in range(100))
    assert order != permutation(KEY, "y", 100)


def test_draws_frame_their_parts():
    assert Draws(KEY, "ab", "c").digits(20) != Draws(KEY, "a", "bc").digits(20)
    assert Draws(KEY, "a").digits(20) == Draws(KEY, "a").digits(20)


@given(st.text(max_size=10))
def test_any_name_has_a_fake(name):
    assert isinstance(fakes(name)[0], str)


@pytest.mark.parametrize(
    "entries",
    [
        [Entry("text", 0, 9, "A", "token", "x")],
        [Entry("text", 0, 3, "A", "token", "x"), Entry("text", 2, 4, "A", "token", "y")],
        [Entry("other", 0, 0, "A", "redact", "x")],
        [Entry("text", 3, 2, "A", "token", "x")],
    ],
)
def test_a_map_that_does_not_fit_is_refused_without_its_values(entries):
    with pytest.raises(IntegrityError, match="does not fit"):
        restored({"text": "abcd", "other": None}, entries)
