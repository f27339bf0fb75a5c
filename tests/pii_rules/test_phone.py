"""Phone numbers: what is passed over before libphonenumber parses it is valid nowhere."""

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pii_rules.recognizers.phone import REGIONS, _outline, _parsed

FORMS = (
    *("0#/##/####", "0##/##/####", "0#-##-####", "(###) ###-####", "###-###-####"),
    *("0## ### ####", "(0##) #### ####", "0#### ######", "0# ## ## ## ##", "(##) #####-####"),
    *("011 ## ### ####", "(011) ## #### ####", "01# ### ####", "1## #### ####", "0##########-#"),
)
NUMBERS = st.tuples(st.sampled_from(FORMS), st.lists(st.integers(0, 9), min_size=14, max_size=14))


def filled(form, figures):
    """The form with figures in place of its signs."""
    given_figures = iter(figures)
    return "".join(str(next(given_figures)) if sign == "#" else sign for sign in form)


def is_valid(number, region):
    parsed = _parsed(number, region)
    return parsed is not None and phonenumbers.is_valid_number(parsed)


@settings(deadline=None, max_examples=200)
@given(NUMBERS)
def test_a_valid_number_fits_the_outline_of_its_region(drawn):
    number = filled(*drawn)
    digits = "".join(filter(str.isdigit, number))
    for region in REGIONS:
        assert not is_valid(number, region) or _outline(region).fullmatch(digits)


@pytest.mark.parametrize("region", REGIONS)
def test_the_plans_own_examples_fit(region):
    for kind in phonenumbers.PhoneNumberType.values():
        example = phonenumbers.example_number_for_type(region, kind)
        if example is not None:
            form = phonenumbers.PhoneNumberFormat.NATIONAL
            digits = "".join(filter(str.isdigit, phonenumbers.format_number(example, form)))
            assert _outline(region).fullmatch(digits)


def test_a_date_is_not_parsed_as_an_american_number():
    assert _outline("US").fullmatch("07211946") is None
