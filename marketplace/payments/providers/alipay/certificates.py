"""The names of certificates that a request carries, where an app signs with certificates: transfers ask for that."""

import hashlib
from typing import Final

from cryptography import x509

from marketplace.core.config import ConfigError, variable
from marketplace.payments.providers import keys

RSA_SIGNATURES: Final = "1.2.840.113549.1.1."


def named(app: str, root: str) -> dict[str, str]:
    """The parameters that name our certificate and the roots of Alipay's; none where neither is set. Raises ConfigError."""
    if not app and not root:
        return {}
    ours, roots = _load(app, "alipay_app_certificate"), _load(root, "alipay_root_certificate")
    trusted = [one for one in roots if one.signature_algorithm_oid.dotted_string.startswith(RSA_SIGNATURES)]
    return {"app_cert_sn": _name(ours[0]), "alipay_root_cert_sn": "_".join(_name(one) for one in trusted)}


def _name(certificate: x509.Certificate) -> str:
    issuer = certificate.issuer.rfc4514_string()
    return hashlib.md5(f"{issuer}{certificate.serial_number}".encode(), usedforsecurity=False).hexdigest()


def _load(text: str, setting: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(keys.contents(text, setting))
    except ValueError as error:
        raise ConfigError(f"{variable(setting)} holds no certificate in PEM") from error
