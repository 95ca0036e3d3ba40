// SPDX-License-Identifier: ISC
#include "net/inspect/owner.h"

#include "base/mem.h"
#include "base/value.h"
#include "sys/file.h"
#include "sys/path.h"
#include "sys/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char prefix[] = "socket:[";

void owner_list_fini(struct owner_list *l)
{
	free(l->items);
	*l = (struct owner_list){0};
}

static struct owner *add_owner(struct owner_list *l)
{
	if (l->count == l->size) {
		l->size = l->size ? 2 * l->size : 256;
		l->items = xrealloc(l->items, l->size * sizeof(*l->items));
	}
	return &l->items[l->count++];
}

// The inode of the socket behind a link such as "socket:[12345]", or 0.
static uint32_t read_inode(int dir, const char *link)
{
	char target[64];
	ssize_t len = sys_readlinkat(dir, link, target, sizeof(target) - 1);
	uint64_t inode;

	if (len < (ssize_t)sizeof(prefix) || memcmp(target, prefix, sizeof(prefix) - 1) != 0)
		return 0;
	target[len - 1] = '\0'; // the closing bracket
	return parse_uint(target + sizeof(prefix) - 1, &inode) == 0 && inode <= UINT32_MAX
		       ? (uint32_t)inode
		       : 0;
}

static void read_name(int process, char name[PROCESS_NAME])
{
	int fd = sys_openat(process, "comm", O_RDONLY | O_CLOEXEC);
	ssize_t len = 0;

	if (fd >= 0) {
		trace_housekeeping(true);
		len = sys_read(fd, name, PROCESS_NAME - 1);
		sys_close(fd);
		trace_housekeeping(false);
	}
	if (len < 0)
		len = 0;
	name[len] = '\0';
	name[strcspn(name, "\n")] = '\0';
}

// Returns 0 or a negative errno.
static int read_descriptors(struct owner_list *l, int folder, struct process *p, DIR *fds)
{
	struct dirent *entry;

	for (errno = 0; (entry = sys_readdir(fds)); errno = 0) {
		uint32_t inode;
		uint64_t fd;

		if (parse_uint(entry->d_name, &fd) < 0)
			continue;
		inode = read_inode(dirfd(fds), entry->d_name);
		if (!inode)
			continue;
		if (!*p->name)
			read_name(folder, p->name);
		struct owner *o = add_owner(l);
		*o = (struct owner){.inode = inode, .pid = p->pid, .fd = (int)fd};
		memcpy(o->name, p->name, sizeof(o->name));
	}
	return -errno;
}

static int read_folder(struct owner_list *l, int folder, struct process *p)
{
	int fd = sys_openat(folder, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *fds = fd < 0 ? NULL : sys_fdopendir(fd);
	int r = fds ? read_descriptors(l, folder, p, fds) : -errno;

	p->is_open = r == 0;
	if (fds)
		sys_closedir(fds);
	else if (fd >= 0)
		sys_close_internal(fd);
	return r;
}

// What may not be looked at, or has ended meanwhile, is left out. Returns 0 or a negative errno.
static int read_process(
	struct owner_list *l, int proc, const char *name, struct process *p, bool wants_name)
{
	int folder = sys_openat(proc, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = folder < 0 ? -errno : read_folder(l, folder, p);

	if (wants_name && folder >= 0 && !*p->name)
		read_name(folder, p->name);
	if (folder >= 0)
		sys_close_internal(folder);
	return r == -EACCES || r == -EPERM || r == -ENOENT || r == -ESRCH ? 0 : r;
}

static int compare(const void *a, const void *b)
{
	const struct owner *x = a;
	const struct owner *y = b;

	if (x->inode != y->inode)
		return x->inode < y->inode ? -1 : 1;
	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return x->fd - y->fd;
}

int owner_list_read(struct owner_list *l, process_fn *fn, void *arg)
{
	DIR *proc = sys_opendir("/proc");
	struct dirent *entry;
	int r = 0;

	if (!proc)
		return -errno;
	for (errno = 0; r == 0 && (entry = sys_readdir(proc)); errno = 0) {
		uint64_t pid;

		if (parse_uint(entry->d_name, &pid) < 0 || pid > INT32_MAX)
			continue;
		struct process p = {.pid = (pid_t)pid};
		r = read_process(l, dirfd(proc), entry->d_name, &p, fn);
		if (fn && r == 0)
			fn(arg, &p);
	}
	if (r == 0)
		r = -errno;
	sys_closedir(proc);
	if (l->count)
		qsort(l->items, l->count, sizeof(*l->items), compare);
	return r;
}

const struct owner *owner_find(const struct owner_list *l, uint32_t inode, size_t *count)
{
	size_t low = 0;
	size_t high = l->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (l->items[middle].inode < inode)
			low = middle + 1;
		else
			high = middle;
	}
	for (*count = 0; low + *count < l->count && l->items[low + *count].inode == inode;)
		++*count;
	return *count ? &l->items[low] : NULL;
}
