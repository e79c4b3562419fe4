import pytest

from marketplace.core import i18n
from marketplace.core.money import Money


@pytest.mark.parametrize(
    ("tag", "language"),
    [("en", "en"), ("zh", "zh"), ("zh-CN", "zh"), ("zh_Hans_CN", "zh"), ("zh-Hant-TW", "zh"), ("ZH", "zh"),
     ("en-GB", "en"), ("fr", "en"), ("", "en"), (None, "en"), ("../../etc", "en"), ("zh-x-\r\n", "zh"), ("zhx", "en")],
)  # fmt: skip
def test_a_tag_finds_its_language(tag, language):
    assert i18n.language_of(tag) == language


@pytest.mark.parametrize(
    ("header", "language"),
    [("zh-CN,zh;q=0.9,en;q=0.8", "zh"), ("en;q=0.5, zh;q=0.9", "zh"), ("fr, zh;q=0.1", "zh"), ("fr", "en"),
     ("", "en"), (None, "en"), ("*", "en"), ("zh;q=0", "en"), ("zh;q=bad", "en"), ("zh;q=nan", "en"), ("," * 9999, "en")],
)  # fmt: skip
def test_the_header_chooses_the_language(header, language):
    assert i18n.negotiate(header) == language


def test_amounts_are_said_in_the_readers_language():
    assert i18n.say_money(Money(123450, "USD"), "en") == "$1,234.50"
    assert i18n.say_money(Money(123450, "USD"), "zh") == "US$1,234.50"
    assert i18n.say_money(Money(2500, "JPY"), "en") == "¥2,500"
