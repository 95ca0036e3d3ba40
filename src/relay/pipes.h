// SPDX-License-Identifier: ISC
// Pipes between descriptors of which neither is one, kept for the next who needs one: a flow holds
// a pipe only while bytes are in it, so idle connections hold none.
#ifndef SOCKCTL_RELAY_PIPES_H
#define SOCKCTL_RELAY_PIPES_H

// Makes a pipe hold 1 MiB, where the limits of the user allow it.
void pipes_widen(int fd);

// Finds an empty non-blocking pipe. Returns 0 or a negative errno.
int pipes_take(int fds[2]);

// Gives back an empty pipe and makes the descriptors -1. Does nothing if they are.
void pipes_give(int fds[2]);

#endif
