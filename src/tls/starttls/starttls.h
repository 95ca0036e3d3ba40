// SPDX-License-Identifier: ISC
// The plain words before TLS (STARTTLS): a machine that is given what the server said and gives
// what to say. It moves no bytes itself.
//
// Nothing that came in plain after the server's go-ahead may be taken for what came protected: such
// bytes are refused. MySQL has no go-ahead: we change after our own request.
#ifndef SOCKCTL_TLS_STARTTLS_STARTTLS_H
#define SOCKCTL_TLS_STARTTLS_STARTTLS_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

#define STARTTLS_MAX (size_t)(16 * 1024) // bytes of one answer

enum starttls_protocol {
	STARTTLS_NONE,
	STARTTLS_SMTP, // RFC 3207
	STARTTLS_LMTP, // RFC 2033, RFC 3207
	STARTTLS_IMAP, // RFC 9051, section 6.2.1
	STARTTLS_POP3, // RFC 2595
	STARTTLS_FTP, // RFC 4217
	STARTTLS_LDAP, // RFC 4511, section 4.14
	STARTTLS_XMPP, // RFC 6120, section 5
	STARTTLS_POSTGRES, // PostgreSQL, Frontend/Backend Protocol, SSL Session Encryption
	STARTTLS_MYSQL, // MySQL, Client/Server Protocol, Protocol::SSLRequest
};

// The words of --starttls in the order of the enum, from smtp on.
#define STARTTLS_WORDS "smtp lmtp imap pop3 ftp ldap xmpp postgres mysql"

enum starttls_state {
	STARTTLS_GOES_ON, // something is to be said, or more to be heard
	STARTTLS_READY, // TLS begins once all of the output has been sent
	STARTTLS_FAILED,
};

struct starttls {
	enum starttls_protocol protocol;
	size_t step; // of its script
	bool has_offer; // the server said that it can do this
	struct str name; // of the server, as XMPP asks for it
	struct str heard; // the beginning of an answer
	struct str say; // what is to be sent
	struct str failure; // one line, fit for a terminal
};

// NAME is the server's, or NULL.
void starttls_init(struct starttls *s, enum starttls_protocol protocol, const char *name);
void starttls_fini(struct starttls *s);

// Takes what the server said. What is to be sent then is in s->say; the caller empties it.
enum starttls_state starttls_hear(struct starttls *s, const void *data, size_t len);

#endif
