// SPDX-License-Identifier: ISC
#include "io/terminal.h"

#include "sys/process.h"
#include "sys/tty.h"

#include <string.h>

#define DEFAULT_LINES 24

#define CLEAR "\x1b[2J"
#define HOME "\x1b[H"
#define CLEAR_LINE "\x1b[K"
#define CLEAR_BELOW "\x1b[J"
#define WRAP_OFF "\x1b[?7l"
#define WRAP_ON "\x1b[?7h"

bool terminal_is(int fd)
{
	return sys_isatty(fd);
}

bool terminal_is_ours(int fd)
{
	pid_t owner = sys_tcgetpgrp(fd);

	return owner <= 0 || owner == sys_getpgid(0);
}

unsigned terminal_columns(int fd)
{
	unsigned lines = 0;
	unsigned columns = 0;

	if (sys_isatty(fd))
		sys_window_size(fd, &lines, &columns);
	return columns;
}

static unsigned count_lines(const char *p)
{
	unsigned lines = 0;

	for (; *p; p++)
		lines += *p == '\n';
	return lines;
}

void terminal_add_frame(struct str *out, int fd, const struct str *text, bool first)
{
	const char *p = str_c(text);
	unsigned lines = count_lines(p);
	unsigned room = DEFAULT_LINES;
	unsigned columns = 0;

	sys_window_size(fd, &room, &columns);
	room = MAX(room, 2U) - 1; // the last line holds the cursor
	str_add(out, first ? CLEAR HOME WRAP_OFF : HOME WRAP_OFF);
	for (unsigned i = 0; i < lines; i++) {
		size_t len = strcspn(p, "\n");

		if (i + 1 == room && lines > room) {
			str_addf(out, "... and %u more" CLEAR_LINE "\n", lines - i);
			break;
		}
		str_addn(out, p, len);
		str_add(out, CLEAR_LINE "\n");
		p += len + 1;
	}
	str_add(out, CLEAR_BELOW WRAP_ON);
}
