// SPDX-License-Identifier: ISC
// What a service manager and its services tell each other: sockets that are open before the service
// starts, and that it is ready. See sd_listen_fds(3) and sd_notify(3).
#ifndef SOCKCTL_NET_ACTIVATION_H
#define SOCKCTL_NET_ACTIVATION_H

#include <stdbool.h>

#define ACTIVATION_FIRST 3 // the descriptors follow each other from here

// How many descriptors were passed to this process (LISTEN_FDS, LISTEN_PID); 0 without any, or a
// negative errno if what the environment says makes no sense.
int activation_count(void);

// Keeps the first COUNT of them from the programs that this one starts.
void activation_close_on_exec(int count);

// Tells the manager the new STATE, such as "READY=1", if there is one that wants to know
// (NOTIFY_SOCKET). Returns 0 or a negative errno.
int activation_notify(const char *state);

#endif
