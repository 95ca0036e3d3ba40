// SPDX-License-Identifier: ISC
// stdin and stdout, or what stands in for them: used without ever blocking the event loop and
// without changing the mode that others who share them rely on.
#ifndef SOCKCTL_IO_STDIO_H
#define SOCKCTL_IO_STDIO_H

#include "io/fd.h"
#include "io/watch.h"

#include <sys/types.h>
#include <sys/uio.h>
#include <uv.h>

struct stdio {
	int given; // the descriptor as it was inherited
	int fd; // the one to use: opened anew where that is possible
	struct fd_info info;
	struct watch watch;
};

// MODE is O_RDONLY or O_WRONLY. CB gets DATA in watch->data. Returns 0 or a negative errno.
int stdio_init(struct stdio *s, uv_loop_t *loop, int given, int mode, watch_fn *cb, void *data);

// Leaves what was inherited open. Does nothing on a zeroed one.
void stdio_fini(struct stdio *s);

// Both return how many bytes went, -EAGAIN, or another negative errno; reading 0 at the end.
ssize_t stdio_read(struct stdio *s, void *buf, size_t len);
ssize_t stdio_writev(struct stdio *s, const struct iovec *pieces, size_t count);

// The same for those who keep the parts on their own, and who set the callback of the watch.
// Opening *FD, which is what was inherited, may put another in its place.
int stdio_open_fd(int *fd, struct fd_info *info, struct watch *w, uv_loop_t *loop, int mode);
ssize_t stdio_read_fd(
	int fd, const struct fd_info *info, const struct watch *w, void *buf, size_t len);
ssize_t stdio_write_fd(
	int fd, const struct fd_info *info, const struct watch *w, const void *buf, size_t len);

#endif
