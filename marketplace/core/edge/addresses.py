"""The address a caller is counted by, and the one they call from."""

from ipaddress import IPv6Address, IPv6Network, ip_address

from litestar.types import Scope


def caller(scope: Scope) -> str:
    """Who calls, as far as the network tells. An IPv6 client owns its whole /64, so that is one caller.

    Behind a proxy the server has put the client's own address here, if the settings trust that proxy.
    """
    client = scope.get("client")
    text = client[0] if client else "unknown"
    if ":" in text:
        try:
            address = IPv6Address(text.partition("%")[0])
        except ValueError:
            return text
        return str(address.ipv4_mapped or IPv6Network((address, 64), strict=False).network_address)
    return text


def exact(scope: Scope) -> str:
    """The very address, as others may want to be told it: a payment provider. Empty where there is none."""
    client = scope.get("client")
    try:
        address = ip_address(client[0].partition("%")[0] if client else "")
    except ValueError:
        return ""
    return str(getattr(address, "ipv4_mapped", None) or address)
