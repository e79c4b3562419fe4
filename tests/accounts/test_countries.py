import pytest

from marketplace.accounts.countries import country_code, postal_code
from marketplace.accounts.taxids import check_tax_id
from marketplace.core.errors import ValidationFailed


@pytest.mark.parametrize(
    ("written", "code"),
    [("USA", "US"), ("us", "US"), ("United States", "US"), ("china", "CN"), ("中国", "CN"), ("DEU", "DE"), ("UK", "GB"), (" Hong Kong ", "HK")],
)  # fmt: skip
def test_a_country_goes_by_many_names(written, code):
    assert country_code(written) == code


@pytest.mark.parametrize("written", ["", "EU", "XX", "Atlantis", "ZZ", "001"])
def test_what_is_no_country(written):
    with pytest.raises(ValidationFailed) as refused:
        country_code(written)
    assert list(refused.value.fields) == ["country"]


@pytest.mark.parametrize(
    ("written", "country", "code"),
    [("10001", "US", "10001"), ("90001-1234", "US", "90001-1234"), ("d02 x285", "IE", "D02 X285"), ("", "HK", ""), ("100000", "CN", "100000")],
)  # fmt: skip
def test_postal_codes_in_the_countrys_form(written, country, code):
    assert postal_code(written, country) == code


@pytest.mark.parametrize(("written", "country"), [("1", "US"), ("", "US"), ("ABCDE", "DE"), ("12\x00", "AE")])
def test_what_is_no_postal_code(written, country):
    with pytest.raises(ValidationFailed):
        postal_code(written, country)


@pytest.mark.parametrize(
    ("written", "country", "found"),
    [
        ("DE 136 695 976", "DE", ("136695976", "vat")), ("91-1144442", "US", ("911144442", "ein")),
        ("91110000600037341L", "CN", ("91110000600037341L", "uscc")), ("anything", "TV", ("anything", "")), ("", "DE", ("", "")),
    ],
)  # fmt: skip
def test_a_tax_number_is_checked_where_its_rule_is_known(written, country, found):
    assert check_tax_id(written, country) == found


@pytest.mark.parametrize(("written", "country"), [("DE136695977", "DE"), ("1", "US"), ("١٢٣", "FR"), ("a\x00", "TV")])
def test_a_wrong_tax_number_is_refused(written, country):
    with pytest.raises(ValidationFailed) as refused:
        check_tax_id(written, country)
    assert list(refused.value.fields) == ["tax_id"]
