// SPDX-License-Identifier: ISC
// What the command lines of other programs become: one of ours, and how its run is spoken of.
#ifndef SOCKCTL_COMPAT_TRANSLATE_H
#define SOCKCTL_COMPAT_TRANSLATE_H

#include "compat/cmdline.h"
#include "compat/netcat.h"
#include "out/report.h"

struct heard;

// The messages of a netcat, and what they are about.
struct netcat_voice {
	struct voice voice;
	void (*say)(const struct netcat_voice *v, const struct heard *h, struct str *line);
	const char *host, *port; // as they were given, or NULL
	uint64_t idle_ms; // after which it gives up, or 0
	bool is_numeric, is_verbose, is_udp, listens, serves_many, checks;
};

struct translation {
	struct cmdline line; // of ours
	struct netcat_voice spoken;
	const char *warning; // to be said before anything is done, or NULL
	int (*status_of)(int status); // the exit status of that program; NULL: ours
	bool is_to_explain;
};

void translation_fini(struct translation *t);

// Translates for the netcat that CMD is of. Returns 0, or -EINVAL with the reason in ERR.
int translate_netcat(const struct cmd *cmd, void *config, int argc, char **argv,
	struct translation *t, struct str *err);

// The statuses of the originals: 0 and 1; 0, 1 for the network and 2 for the rest.
int netcat_status(int status);
int ncat_status(int status);

// The lines of the originals.
extern const struct netcat_voice voice_openbsd, voice_traditional, voice_busybox, voice_ncat;

#endif
