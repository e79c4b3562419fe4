import pytest

from marketplace.accounts.contact import normal_email, normal_phone
from marketplace.core import mail
from marketplace.core.errors import ValidationFailed


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Ada@Example.COM ", "ada@example.com"),
        ("first.last+tag@sub.example.co.uk", "first.last+tag@sub.example.co.uk"),
        ("ada@BÜCHER.example", "ada@xn--bcher-kva.example"),
        ("ada@例子.中国", "ada@xn--fsqu00a.xn--fiqs8s"),
        ("o'hara@example.com", "o'hara@example.com"),
    ],
)
def test_an_address_is_kept_in_one_form_that_mail_can_be_sent_to(typed, kept):
    assert normal_email(typed) == kept == mail.check_address(kept)


@pytest.mark.parametrize(
    "typed",
    [
        "", "@", "ada", "ada@", "@example.com", "ada@example", "a b@example.com", "a@b@example.com", "ada@exa mple.com", "ada@-x.com",
        "ada@example..com", "ada@.com", ".ada@example.com", "ada.@example.com", "a..b@example.com", "ada@[127.0.0.1]", "ada@127.0.0.1",
        '"ada"@example.com', "ada@example.com.", "a\u200bb@example.com", "ada\x00@example.com", "ada@example.com\r\nBcc: x@y.com",
        "ada,bob@example.com", "<ada@example.com>", f"{'a' * 65}@example.com", f"a@{'b.' * 130}com", "ada@exa_mple.com", "用户@example.com",
    ],
)  # fmt: skip
def test_what_is_no_plain_address_is_refused(typed):
    with pytest.raises(ValidationFailed) as refused:
        normal_email(typed, "email")
    assert list(refused.value.fields) == ["email"]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("", ""), (" ", ""), ("+1234567890", "+1234567890"), ("+44 20 7946 0958", "+442079460958"), ("+86 138-1234-5678", "+8613812345678")],
)  # fmt: skip
def test_a_number_is_kept_in_e164(typed, kept):
    assert normal_phone(typed) == kept


@pytest.mark.parametrize("typed", ["12", "02079460958", "+12", "+1 234 567 890 123 456 7", "call me", "+44\x00"])
def test_a_number_needs_its_country_code(typed):
    with pytest.raises(ValidationFailed):
        normal_phone(typed)
