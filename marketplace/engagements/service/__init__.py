"""One use case a function, one transaction each."""
