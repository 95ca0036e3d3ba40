// SPDX-License-Identifier: ISC
// What a word that is to be shown in all its forms stands for.
#ifndef SOCKCTL_REFERENCE_SUBJECT_H
#define SOCKCTL_REFERENCE_SUBJECT_H

#include "net/addr/ip.h"

enum subject_kind {
	SUBJECT_NUMBER,
	SUBJECT_IP, // ADDRESS, ADDRESS:PORT
	SUBJECT_PREFIX, // ADDRESS/LENGTH
	SUBJECT_UNIX,
};

struct subject {
	enum subject_kind kind;
	const char *word; // borrowed
	uint32_t number;
	struct sockaddr_any address; // of SUBJECT_IP and SUBJECT_UNIX
	bool has_port;
	struct ip_prefix prefix; // of SUBJECT_IP, all its bits, and SUBJECT_PREFIX
};

// Returns 0, or -EINVAL with the reason in ERR.
int subject_parse(struct subject *s, char *word, struct str *err);

#endif
