"""One use case a function, one transaction each. Every one locks what is reviewed first: its rating moves with it."""
