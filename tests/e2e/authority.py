# SPDX-License-Identifier: ISC
"""A small authority, made anew for each run by the openssl command: no key is kept anywhere."""

import subprocess
import time
from pathlib import Path

CONFIG = """\
[req]
distinguished_name = name
string_mask = utf8only
[name]
[ca]
default_ca = authority
[authority]
database = {index}
serial = {folder}/serial
new_certs_dir = {folder}
unique_subject = no
policy = any
[any]
commonName = optional
"""
CA = "critical, CA:TRUE"
KEYS = {"ec": ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], "rsa": ["rsa:2048"],
        "short": ["rsa:1024"]}


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

    def serial(self):
        """As hexadecimal digits."""
        text = openssl("x509", "-in", self.cert, "-noout", "-serial").decode()
        return text.strip().partition("=")[2]


def openssl(*words, input=b""):
    return subprocess.run(
        ["openssl", *map(str, words)], input=input, check=True, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ).stdout


def date(days):
    """So many days from now, as ASN.1 writes it."""
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + days * 86400))


class Authority:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.config = self.write_config("issued", "")
        self.root = self.issue("root", "Test Root", constraints=CA)
        self.middle = self.issue("middle", "Test Intermediate", by=self.root, constraints=CA)
        self.server = self.issue("server", "server", by=self.middle,
                                 names="DNS:localhost,IP:127.0.0.1,IP:::1")
        self.server.write_both(self.middle)
        self.client = self.issue("client", "client", by=self.root, uses="clientAuth")
        self.client.write_both()

    def write_config(self, name, entries):
        """The configuration of an authority that has issued ENTRIES."""
        index = self.folder / f"{name}.index"
        config = self.folder / f"{name}.cnf"
        index.write_text(entries)
        config.write_text(CONFIG.format(folder=self.folder, index=index))
        return config

    def issue(self, name, cn, by=None, names=None, uses=None, constraints=None, days=30, start=-1,
              key="ec", digest="sha256", extensions=()):
        """A certificate for CN, signed by itself or BY another, good from START to DAYS from now.

        NAMES, USES and CONSTRAINTS are extensions in the words of x509v3_config(5), and EXTENSIONS
        lines of it.
        """
        made = Identity(self.folder, name)
        request = self.folder / f"{name}.csr"
        lines = self.folder / f"{name}.ext"
        openssl("req", "-new", "-newkey", *KEYS[key], "-nodes", "-keyout", made.key,
                "-out", request, "-subj", f"/CN={cn}" if cn else "/", "-config", self.config)
        made.key.chmod(0o600)
        given = {"basicConstraints": constraints, "subjectAltName": names, "extendedKeyUsage": uses}
        lines.write_text("".join([f"{name} = {value}\n" for name, value in given.items() if value]
                                 + [f"{line}\n" for line in extensions]))
        signer = ["-cert", by.cert, "-keyfile", by.key] if by else ["-selfsign", "-keyfile", made.key]
        openssl("ca", "-batch", "-notext", "-config", self.config, "-in", request,
                "-out", made.cert, "-startdate", date(start), "-enddate", date(days),
                "-extfile", lines, "-md", digest, "-rand_serial", "-preserveDN", *signer)
        return made

    def server_with(self, name, *chain, cn="server", names="DNS:localhost", by=None, **how):
        """A server's certificate, by the root unless said otherwise, shown with CHAIN."""
        made = self.issue(name, cn, by=by or self.root, names=names, **how)
        made.write_both(*chain)
        return made

    def revocations(self, name, by, *revoked, days=30):
        """A list that BY has signed, good until DAYS from now, as a path."""
        path = self.folder / f"{name}.crl"
        entries = [f"R\t{date(9)[2:]}\t{date(-1)[2:]},keyCompromise\t{each.serial()}\tunknown\t/CN=x\n"
                   for each in revoked]
        openssl("ca", "-gencrl", "-config", self.write_config(name, "".join(entries)),
                "-cert", by.cert, "-keyfile", by.key, "-md", "sha256", "-out", path,
                "-crl_lastupdate", date(-60), "-crl_nextupdate", date(days))
        return path
