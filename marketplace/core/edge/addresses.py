"""The address a caller is counted by."""

from ipaddress import IPv6Address, IPv6Network

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
