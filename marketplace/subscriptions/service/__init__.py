"""One use case a function, one transaction each; a provider is called between two."""
