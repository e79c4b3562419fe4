import pytest

from marketplace.core.seal import SealBroken, derived_key, seal, unseal


def test_a_seal_opens_for_its_own_purpose_only():
    sealed = seal(b"secret", "a")
    assert unseal(sealed, "a") == b"secret" and "secret" not in sealed
    assert seal(b"secret", "a") != sealed
    with pytest.raises(SealBroken):
        unseal(sealed, "b")
    assert derived_key("a") != derived_key("b")


@pytest.mark.parametrize("broken", ["", "x", "not base64 at all", "A" * 60, "é"])
def test_a_damaged_seal_is_refused(broken):
    with pytest.raises(SealBroken):
        unseal(broken, "a")
