// SPDX-License-Identifier: ISC
// What the program says about its work: events and errors on stderr, as text or as one JSON object
// per line. Who reports never asks which.
//
// A message waits a second at most for who reads stderr and does not; then it is lost, and the next
// ones do not wait. How many were lost is said when somebody reads again.
#ifndef SOCKCTL_OUT_REPORT_H
#define SOCKCTL_OUT_REPORT_H

#include "out/events.h"

#include <stdbool.h>

struct reporter;

// Other words for what is reported. Each function adds the line without its end; what it leaves
// empty is not said. They return false to have it said as usual.
struct voice {
	bool (*add_event)(const struct voice *v, const struct event *e, const struct field *fields,
		size_t n, struct str *line);
	bool (*add_error)(const struct voice *v, int status, const struct sockaddr_any *remote,
		int error, struct str *line);
};

struct reporter {
	const struct voice *voice; // the owner's, or NULL
	const char *command;
	enum report_level level;
	bool json;
	int fd; // where lines go; stderr
	bool is_terminal; // that is what FD is
	bool is_coloured;
	bool has_progress; // a line stands there that the next one replaces
	int trace_fd;
	int trace_error; // a negative errno once a line of the trace could not be written

	bool (*is_ending)(void *data); // nothing must wait any more; any thread asks. NULL: never
	void *ending_data;
	unsigned lost; // lines that nobody was told of yet
	bool is_stuck; // the last line was lost
	bool is_torn; // a line was lost in its middle
};

// Reports to FD. Once in a process: it prepares for fork(2) among threads that report.
void report_init(struct reporter *r, int fd);

// Reports an event with its fields: report(r, &ev_connected, F_ADDR("remote", &peer)).
#define report(r, event, ...) \
	report_fields(r, event, (const struct field[]){__VA_ARGS__}, \
		sizeof((const struct field[]){__VA_ARGS__}) / sizeof(struct field))

void report_fields(struct reporter *r, const struct event *e, const struct field *fields, size_t n);

// Adds the line of an event of the level REPORT_RESULT.
#define report_line(r, event, line, ...) \
	report_line_fields(r, event, line, (const struct field[]){__VA_ARGS__}, \
		sizeof((const struct field[]){__VA_ARGS__}) / sizeof(struct field))

void report_line_fields(const struct reporter *r, const struct event *e, struct str *line,
	const struct field *fields, size_t n);

// True if the event would be reported: for callers who would have to find out its fields first.
bool report_wants(const struct reporter *r, const struct event *e);

// "sockctl: COMMAND: OBJECT: MESSAGE (ERRNO_NAME)". OBJECT may be NULL; it is escaped. ERROR is a
// negative errno or 0; with a NULL message the text is that of the error.
void report_error(
	struct reporter *r, int status, const char *object, const char *message, int error);

// The same about an address that could not be connected to.
void report_error_at(struct reporter *r, int status, const struct sockaddr_any *remote,
	const char *object, const char *message, int error);

// Draws LINE in place of the one before it. The last one stays; elsewhere than on a terminal it is
// the only one.
void report_progress(struct reporter *r, struct str *line, bool is_last);
void report_hide_progress(struct reporter *r);

// Writes a line of the trace and empties it. Any thread may call it. It waits for its reader.
void report_trace(struct reporter *r, struct str *line);

// Writes lines that were asked for, such as those of a hex dump, and empties them. It waits for
// their reader.
void report_dump(struct reporter *r, struct str *lines);

// The last words: how many messages were lost, if that was not said yet.
void report_lost(struct reporter *r);

#endif
