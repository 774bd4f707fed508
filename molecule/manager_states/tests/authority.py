"""Certificates as a test needs them: of the lab's authority or of a strange one, valid or not any more."""

import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

DAY = datetime.timedelta(days=1)


def _key():
    """RSA as the lab's: OpenSSL keeps one certificate for each kind of key, and would go on to show an elder one of another kind."""
    return rsa.generate_private_key(65537, 2048)


def _pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


class Authority:
    """Signs certificates with a key of its own, or with that of ``folder``, the lab's."""

    def __init__(self, name=None, folder=None, days=1):
        if folder:
            self.key = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), None)
            self.certificate = x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes())
        else:
            self.key = _key()
            subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
            self.certificate = self._sign(subject, subject, self.key.public_key(), days, True)
        self.pem = _pem(self.certificate)

    def issue(self, name, days=1, organization="ovs-lab"):
        """A key and its certificate in one PEM text, valid until ``days`` from now, which may be past."""
        key = _key()
        subject = x509.Name([x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, organization), x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
        return private + _pem(self._sign(subject, self.certificate.subject, key.public_key(), days, False))

    def _sign(self, subject, issuer, key, days, is_authority):
        end = datetime.datetime.now(datetime.timezone.utc) + days * DAY
        builder = x509.CertificateBuilder(issuer, subject, key, x509.random_serial_number(), end - 30 * DAY, end)
        return builder.add_extension(x509.BasicConstraints(is_authority, None), critical=True).sign(self.key, hashes.SHA256())
