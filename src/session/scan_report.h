// SPDX-License-Identifier: ISC
// What is said about many ports at once.
#ifndef SOCKCTL_SESSION_SCAN_REPORT_H
#define SOCKCTL_SESSION_SCAN_REPORT_H

#include "app.h"
#include "net/scan/scan.h"

// Reports how many ports are open, and which, in their order.
void scan_report_summary(struct app *app, const char *host, const struct scan *s);

// Adds the ports that are not open, by reason: "81,90-99: Connection refused (ECONNREFUSED)".
void scan_report_closed(struct str *s, const struct scan *scan);

// The exit status that the scan deserves. One refusal is a definite answer where all ports are
// wanted, one silence an open question where any is.
int scan_report_status(const struct scan *s);

#endif
