// SPDX-License-Identifier: ISC
// What the command line says about TLS for one side: as client, or as server. All words are
// borrowed. A zeroed struct is a client that verifies with the system's authorities.
#ifndef SOCKCTL_TLS_SETTINGS_H
#define SOCKCTL_TLS_SETTINGS_H

#include "base/strlist.h"

#include <stdbool.h>

struct tls_settings {
	bool is_server;
	bool is_proxy; // the server is a proxy, for which options have names of their own
	bool is_confined; // handshakes happen in the sandbox: no file can be read then

	// Whom to trust.
	struct strlist authorities; // files, directories, "system"; none: the system's
	struct strlist pins; // "sha256:HASH" of public keys
	struct strlist revocations; // files with CRLs
	struct strlist allowed; // names of clients; none: every client of the authorities
	bool is_insecure; // verify, but only to report it

	// Who we are: certificates[i] goes with keys[i], or holds its key itself.
	struct strlist certificates, keys;
	bool is_self_signed; // a certificate is made for these names instead
	struct strlist self_names;
	const char *key_password; // a file or "fd:N" with the passphrase; NULL: ask the terminal

	// What is spoken.
	const char *protocols; // ALPN, separated by commas, or NULL
	int min_version, max_version; // 0x0303 is TLS 1.2; 0: 1.2 and the newest
	struct strlist parameters; // "NAME=VALUE" of SSL_CONF_cmd(3)
	bool takes_any_end; // an end without close_notify is an end, too

	const char *keylog; // the file for secrets, or NULL: SSLKEYLOGFILE says
};

#endif
