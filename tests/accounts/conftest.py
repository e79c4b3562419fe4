import pytest

from marketplace.core import mail


@pytest.fixture
def mailbox():
    """An empty mail folder."""
    for path in mail.folder().glob("*.eml"):
        path.unlink()
