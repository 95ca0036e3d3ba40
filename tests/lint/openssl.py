# SPDX-License-Identifier: ISC
"""OpenSSL is used by src/tls alone, through the table of src/tls/library.c, over a BIO of ours.

Usage: openssl.py SOURCE_ROOT NM ARCHIVE
"""

import re
import subprocess
import sys
from pathlib import Path

from tree import Findings, c_files, code_only

INCLUDE = re.compile(r"#\s*include\s*<openssl/")
# Calls that would use a socket or a file of the network past src/sys, or send what cannot be seen.
BANNED = re.compile(
    r"\b(SSL_set_r?w?fd|BIO_s_(socket|connect|accept|datagram)|BIO_new_(socket|connect|accept|dgram)"
    r"|SSL_sendfile|OSSL_HTTP_\w+|X509_load_http|X509_CRL_load_http|SSL_read_early_data)\b"
)
SYMBOL = re.compile(r"\t(?:X)\((\w+)\)")
PREFIX = re.compile(r"(SSL|TLS|BIO|ERR|EVP|X509|X509V3|PEM|PKCS12|ASN1|OBJ|OPENSSL|CRYPTO)_\w+$")


def main():
    root, nm, archive = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    findings = Findings()
    uses = ""
    for path in c_files(root, "src"):
        text = (root / path).read_text()
        findings.checked += 1
        for number, line in enumerate(text.splitlines(), 1):
            if INCLUDE.match(line) and str(path) != "src/tls/library.h":
                findings.add(path, number, "OpenSSL is included by tls/library.h")
            if BANNED.search(line):
                findings.add(path, number, f"{BANNED.search(line).group()} is not for use")
        if path.parts[1] == "tls":
            uses += code_only(text)
    for name in SYMBOL.findall((root / "src/tls/symbols.h").read_text()):
        if not re.search(rf"\bossl\.{name}\b", uses):
            findings.add("src/tls/symbols.h", 1, f"{name} is listed and not used")
    output = subprocess.run(
        [nm, "--print-file-name", "--undefined-only", archive],
        check=True, stdout=subprocess.PIPE, text=True,
    ).stdout
    for line in output.splitlines():
        where, _, symbol = line.rpartition(" ")
        # A static program has the table filled by the linker.
        if PREFIX.match(symbol) and "tls_library" not in where:
            findings.add(archive, 0, f"{symbol} is called past the table")
    findings.finish()


main()
