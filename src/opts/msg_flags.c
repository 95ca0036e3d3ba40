// SPDX-License-Identifier: ISC
#include "opts/msg_flags.h"

#include "base/nearest.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#define SENDING (MSG_SEND_STREAM | MSG_SEND_DATAGRAM | MSG_SEND_ANSWER)
#define RECEIVING (MSG_RECV_STREAM | MSG_RECV_DATAGRAM)

struct msg_flag {
	const char *name;
	int value;
	unsigned uses; // enum msg_use
};

// All that send(2) and recv(2) document.
static const struct msg_flag table[] = {
	{"MSG_OOB", MSG_OOB, SENDING | RECEIVING},
	{"MSG_DONTROUTE", MSG_DONTROUTE, SENDING},
	{"MSG_EOR", MSG_EOR, SENDING},
	{"MSG_CONFIRM", MSG_CONFIRM, SENDING},
	{"MSG_NOSIGNAL", MSG_NOSIGNAL, SENDING},
	{"MSG_MORE", MSG_MORE, MSG_SEND_STREAM | MSG_SEND_DATAGRAM}, // of one receiver
	{"MSG_PEEK", MSG_PEEK, RECEIVING},
	{"MSG_TRUNC", MSG_TRUNC, RECEIVING},
	{"MSG_WAITALL", MSG_WAITALL, RECEIVING},
	{"MSG_CMSG_CLOEXEC", MSG_CMSG_CLOEXEC, RECEIVING},
	{"MSG_DONTWAIT", MSG_DONTWAIT, SENDING | RECEIVING},
	{"MSG_ERRQUEUE", MSG_ERRQUEUE, MSG_RECV_DATAGRAM},
	{0},
};

static const struct msg_flag *find(enum msg_use use, const char *word)
{
	for (const struct msg_flag *f = table; f->name; f++) {
		if (!(f->uses & use))
			continue;
		if (strcasecmp(f->name, word) == 0 ||
			strcasecmp(f->name + strlen("MSG_"), word) == 0)
			return f;
	}
	return NULL;
}

static int unknown(enum msg_use use, const char *word, struct str *err)
{
	const char *comma = "";
	struct nearest near;

	nearest_init(&near, word, strlen(word));
	for (const struct msg_flag *f = table; f->name; f++)
		if (f->uses & use)
			nearest_offer(&near, f->name);
	str_addf(err, "--%s-flag: '", use & SENDING ? "send" : "recv");
	str_add_word(err, word, strlen(word));
	if (near.best) {
		str_addf(err, "' is no flag for this; did you mean '%s'?", near.best);
		return -EINVAL;
	}
	str_add(err, "' is none of ");
	for (const struct msg_flag *f = table; f->name; f++) {
		if (!(f->uses & use))
			continue;
		str_addf(err, "%s%s", comma, f->name);
		comma = ", ";
	}
	return -EINVAL;
}

const char *msg_flag_name(enum msg_use use, size_t i)
{
	const struct msg_flag *f = table;

	for (;; f++)
		if (!f->name || (f->uses & use && i-- == 0))
			return f->name;
}

int msg_flags_parse(enum msg_use use, const struct strlist *words, int *flags, struct str *err)
{
	for (size_t i = 0; i < words->count; i++) {
		const struct msg_flag *f = find(use, words->items[i]);

		if (!f)
			return unknown(use, words->items[i], err);
		*flags |= f->value;
	}
	return 0;
}
