# SPDX-License-Identifier: ISC
"""A small authority, made anew for each run by the openssl command: no key is kept anywhere."""

import subprocess
from pathlib import Path

CONFIG = """\
[req]
distinguished_name = name
[name]
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
"""


class Identity:
    """A certificate and its key, as files: cert, key, and both (with the chain) in one."""

    def __init__(self, folder, name):
        self.cert = folder / f"{name}.crt"
        self.key = folder / f"{name}.key"
        self.both = folder / f"{name}.pem"

    def write_both(self, *chain):
        parts = [self.key, self.cert, *(other.cert for other in chain)]
        self.both.write_text("".join(part.read_text() for part in parts))
        self.both.chmod(0o600)

    def pin(self):
        """sha256: and the hash of the public key, as openssl finds it."""
        key = openssl("x509", "-in", self.cert, "-noout", "-pubkey")
        der = openssl("pkey", "-pubin", "-outform", "DER", input=key)
        digest = openssl("dgst", "-sha256", "-r", input=der).split()[0].decode()
        return f"sha256:{digest}"


def openssl(*words, input=b""):
    return subprocess.run(
        ["openssl", *map(str, words)], input=input, check=True, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ).stdout


class Authority:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.config = self.folder / "openssl.cnf"
        self.config.write_text(CONFIG)
        self.root = self.issue("root", "Test Root", is_ca=True)
        self.middle = self.issue("middle", "Test Intermediate", by=self.root, is_ca=True)
        self.server = self.issue("server", "server", by=self.middle,
                                 names="DNS:localhost,IP:127.0.0.1,IP:::1")
        self.server.write_both(self.middle)
        self.client = self.issue("client", "client", by=self.root, uses="clientAuth")
        self.client.write_both()

    def issue(self, name, cn, by=None, names=None, uses=None, is_ca=False, days=30):
        """A certificate for CN, signed by itself or BY another. Negative DAYS: it has expired."""
        made = Identity(self.folder, name)
        request = self.folder / f"{name}.csr"
        extensions = self.folder / f"{name}.ext"
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", made.key, "-out", request, "-subj", f"/CN={cn}",
                "-config", self.config)
        made.key.chmod(0o600)
        lines = ["basicConstraints = critical, CA:TRUE"] if is_ca else []
        lines += [f"subjectAltName = {names}"] if names else []
        lines += [f"extendedKeyUsage = {uses}"] if uses else []
        extensions.write_text("\n".join(lines) + "\n")
        signer = ["-CA", by.cert, "-CAkey", by.key, "-CAcreateserial"] if by \
            else ["-signkey", made.key]
        openssl("x509", "-req", "-in", request, "-out", made.cert, "-days", days,
                "-extfile", extensions, *signer)
        return made
