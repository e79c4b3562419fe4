from hashlib import blake2b

from msgspec import Struct


class Found(Struct, frozen=True, kw_only=True):
    """Something that does not agree. `rule` says what should have, `ours` and `theirs` what each side says."""

    rule: str
    provider: str = ""
    subject: str = ""
    subject_id: str = ""
    ours: str = ""
    theirs: str = ""

    @property
    def fingerprint(self) -> str:
        """The same break found again has the same one, whatever the figures have become."""
        said = "\n".join((self.rule, self.provider, self.subject, self.subject_id))
        return blake2b(said.encode(), digest_size=32).hexdigest()

    def __str__(self) -> str:
        where = " ".join(part for part in (self.provider, self.subject, self.subject_id) if part)
        sides = f" (ours: {self.ours or 'nothing'}; theirs: {self.theirs or 'nothing'})" if self.provider else ""
        return f"{self.rule}: {where}{sides}"


class Compared(Struct, kw_only=True):
    """What a comparison came to. `unheard` things could not be compared, because their provider did not answer."""

    checked: int = 0
    unheard: int = 0
    found: list[Found] = []
