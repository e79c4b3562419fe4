"""The use cases of the shop, one function each."""
