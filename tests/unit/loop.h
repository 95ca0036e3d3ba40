// SPDX-License-Identifier: ISC
// An event loop for tests: what is waited for comes, or the test fails.
#ifndef SOCKCTL_TESTS_UNIT_LOOP_H
#define SOCKCTL_TESTS_UNIT_LOOP_H

#include "io/pool.h"

#include <stdbool.h>
#include <uv.h>

extern uv_loop_t loop;
extern struct pool pool; // of it

#define loop_test(f) cmocka_unit_test_setup_teardown(f, loop_setup, loop_teardown)

// The latter fails if something is left on the loop.
int loop_setup(void **state);
int loop_teardown(void **state);

// Runs until *FLAG is set; fails after ten seconds.
void loop_until(const bool *flag);

// Runs for MS milliseconds. Returns how many times the loop woke up.
unsigned loop_for(unsigned ms);

// Two ends of a TCP connection on loopback, blocking.
void tcp_pair(int fds[2]);

#endif
