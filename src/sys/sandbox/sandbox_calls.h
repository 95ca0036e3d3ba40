// SPDX-License-Identifier: ISC
// Which system calls a sandbox leaves.
#ifndef SOCKCTL_SYS_SANDBOX_SANDBOX_CALLS_H
#define SOCKCTL_SYS_SANDBOX_SANDBOX_CALLS_H

#include "sys/sandbox/sandbox.h"

#include <linux/audit.h>

// Where the lists hold.
#if defined(__x86_64__) && defined(__LP64__)
#define SANDBOX_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define SANDBOX_ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define SANDBOX_ARCH AUDIT_ARCH_RISCV64
#endif

#define SANDBOX_NEWEST_CALL 450 // that the lists have taken into account (Linux 6.0)

// What becomes of a call.
enum fate {
	REFUSED,
	ALLOWED,
	ABSENT, // as if the kernel did not have it: the C library then takes another way
	FOR_THREADS, // allowed for what follows
	WITHOUT_CODE,
	ON_ITSELF,
	ON_CALLER,
	ON_JOB,
	IOCTL,
	FCNTL,
	SOCKET,
	OPEN,
	OPENAT,
};

// Puts the fate of each call that is not REFUSED, by its number.
void sandbox_choose_fates(uint8_t fates[SANDBOX_NEWEST_CALL + 1], const struct sandbox *s);

#endif
