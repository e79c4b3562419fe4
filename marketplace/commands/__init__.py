"""The commands of `python3 -m marketplace`, one module each. They print; nothing below them does."""
