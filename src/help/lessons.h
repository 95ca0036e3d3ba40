// SPDX-License-Identifier: ISC
// The topics of "sockctl help" that teach: lines of at most 80 columns. Tests run what they show.
#ifndef SOCKCTL_HELP_LESSONS_H
#define SOCKCTL_HELP_LESSONS_H

extern const char lesson_servers[]; // three kinds of servers, each with its trace
extern const char lesson_byte_order[]; // numbers on the wire and in memory

#endif
