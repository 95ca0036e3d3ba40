// SPDX-License-Identifier: ISC
// The client's side of SOCKS: version 4 (SOCKS4.protocol by Ying-Da Lee), its extension 4A, and
// version 5 (RFC 1928) with user names and passwords (RFC 1929).
#ifndef SOCKCTL_PROXY_SOCKS_H
#define SOCKCTL_PROXY_SOCKS_H

#include "proxy/dialogue.h"

enum socks_state {
	SOCKS_4_REPLY,
	SOCKS_5_METHOD, // which way of authentication the proxy has chosen
	SOCKS_5_AUTH, // whether it takes the credentials
	SOCKS_5_REPLY,
};

#define SOCKS_MAX_REPLY (4 + 1 + 255 + 2) // bytes: its longest address is a name

struct socks {
	struct dialogue dialogue;

	// Private.
	enum socks_state state;
	struct proxy_target target;
	struct credentials credentials;
	unsigned char reply[SOCKS_MAX_REPLY];
	size_t len; // bytes of it that were read
};

// Begin a dialogue that leads to TARGET, with the first bytes to send; what they are given is
// copied, and CREDENTIALS may be none. Return DIALOGUE_MORE, or DIALOGUE_FAILED for what the
// version cannot express: an IPv6 address or a password in version 4, an endless password in
// version 5. dialogue_fini() frees what is in it, also after a failure.
enum dialogue_step socks4_init(struct socks *s, const struct proxy_target *target,
	const struct credentials *credentials, struct str *notes);
enum dialogue_step socks5_init(struct socks *s, const struct proxy_target *target,
	const struct credentials *credentials, struct str *notes);

#endif
