"""What things that are sent back are worth. Pure."""


def worth(total_minor: int, bought: int, before: int, sent_back: int) -> int:
    """Of a line of `bought` things at `total_minor`, so many, when `before` of them came back already.

    Cut from the running sum: whatever the parts, together they are the line's total to the last minor unit.
    """
    return total_minor * (before + sent_back) // bought - total_minor * before // bought
