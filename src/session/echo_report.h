// SPDX-License-Identifier: ISC
// What the measuring client of echo writes to stdout: as ping(8) does, or as JSON.
#ifndef SOCKCTL_SESSION_ECHO_REPORT_H
#define SOCKCTL_SESSION_ECHO_REPORT_H

#include "app.h"
#include "session/echo.h"
#include "net/echo/client.h"

struct echo_report {
	struct app *app;
	const struct echo_config *config;
	struct sockaddr_any remote;
	const char *protocol; // "tcp", "udp", "stream" or "datagram"
	bool has_failed; // stdout cannot be written to; from then on nothing is
};

// All return 0, or the status when stdout cannot be written to. The answer is what came back for
// the word, whatever it is.
int echo_report_begin(struct echo_report *r);
int echo_report_result(struct echo_report *r, const struct echo_client_result *result);
int echo_report_answer(
	struct echo_report *r, const struct str *answer, const struct echo_client *p);
int echo_report_summary(struct echo_report *r, const struct echo_client *p);

// True if there are few enough round trips for a line each: ten a second.
bool echo_report_shows_results(const struct echo_config *c);

#endif
