// SPDX-License-Identifier: ISC
// Files and TCP ports, by Landlock (landlock(7), Documentation/userspace-api/landlock.rst). The
// kernel that runs the program may know more or less of it than the headers it was built with.
#include "sys/sandbox/sandbox.h"

#include "base/mem.h"
#include "base/util.h"
#include "sys/path.h"
#include "sys/file.h"
#include "sys/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ABI_REFER 2
#define ABI_TRUNCATE 3
#define ABI_NETWORK 4
#define ABI_IOCTL 5
#define ABI_SCOPE 6

// Of files, by the versions that brought them.
#define FS_FIRST ((1ull << 13) - 1)
#define FS_EXECUTE (1ull << 0)
#define FS_WRITE_FILE (1ull << 1)
#define FS_READ_FILE (1ull << 2)
#define FS_READ_DIR (1ull << 3)
#define FS_REMOVE_FILE (1ull << 5)
#define FS_MAKE_REG (1ull << 8)
#define FS_REFER (1ull << 13)
#define FS_TRUNCATE (1ull << 14)
#define FS_IOCTL_DEV (1ull << 15)

#define NET_BIND_TCP (1ull << 0)
#define NET_CONNECT_TCP (1ull << 1)
#define SCOPE_ABSTRACT_UNIX_SOCKET (1ull << 0)
#define SCOPE_SIGNAL (1ull << 1)
#define RULE_NET_PORT 2

// struct landlock_ruleset_attr and landlock_net_port_attr as newer headers have them.
struct ruleset {
	uint64_t fs, net, scoped;
};

struct port_rule {
	uint64_t access, port;
};

static int create_ruleset(const struct ruleset *attr, size_t size, unsigned flags)
{
	TRACE_START();
	int ret = (int)SYS_RESULT(syscall(SYS_landlock_create_ruleset, attr, size, flags));
	char text[64] = "NULL";

	if (attr)
		snprintf(text, sizeof(text), "{%#jx, %#jx, %#jx}", (uintmax_t)attr->fs,
			(uintmax_t)attr->net, (uintmax_t)attr->scoped);
	TRACE("landlock_create_ruleset", ret, T_TEXT(text), T_UINT(size), T_UINT(flags));
	return ret;
}

static int add_rule(int ruleset, int type, const void *rule)
{
	TRACE_START();
	int ret = (int)SYS_RESULT(syscall(SYS_landlock_add_rule, ruleset, type, rule, 0));

	TRACE("landlock_add_rule", ret, T_FD(ruleset), T_INT(type), T_TEXT("{...}"), T_INT(0));
	return ret;
}

static int restrict_self(int ruleset)
{
	TRACE_START();
	int ret = (int)SYS_RESULT(syscall(SYS_landlock_restrict_self, ruleset, 0));

	TRACE("landlock_restrict_self", ret, T_FD(ruleset), T_INT(0));
	return ret;
}

int sandbox_landlock_abi(void)
{
	int abi = 0;

	if (SOCKCTL_SANDBOX)
		abi = create_ruleset(NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	return MAX(abi, 0);
}

// The more is named here the more is refused.
static struct ruleset ruleset_of(const struct sandbox *s, int abi)
{
	struct ruleset r = {.fs = FS_FIRST};

	if (abi >= ABI_REFER)
		r.fs |= FS_REFER;
	if (abi >= ABI_TRUNCATE)
		r.fs |= FS_TRUNCATE;
	if (abi >= ABI_IOCTL)
		r.fs |= FS_IOCTL_DEV;
	// One who dials may be told to bind first. Name servers may be anywhere.
	if (abi >= ABI_NETWORK && !(s->needs & SANDBOX_DIAL))
		r.net |= NET_BIND_TCP;
	if (abi >= ABI_NETWORK && !(s->needs & SANDBOX_NAMES) &&
		(s->port || !(s->needs & SANDBOX_DIAL)))
		r.net |= NET_CONNECT_TCP;
	if (abi >= ABI_SCOPE && !(s->needs & SANDBOX_SUSPEND))
		r.scoped |= SCOPE_SIGNAL;
	if (abi >= ABI_SCOPE &&
		!(s->needs & (SANDBOX_DIAL | SANDBOX_DATAGRAMS | SANDBOX_NAMES | SANDBOX_ABSTRACT)))
		r.scoped |= SCOPE_ABSTRACT_UNIX_SOCKET;
	return r;
}

// Earlier kernels take a shorter struct.
static size_t ruleset_size(int abi)
{
	if (abi >= ABI_SCOPE)
		return sizeof(struct ruleset);
	return abi >= ABI_NETWORK ? offsetof(struct ruleset, scoped)
				  : offsetof(struct ruleset, net);
}

static int allow_below(int ruleset, uint64_t access, int fd)
{
	struct landlock_path_beneath_attr rule = {.allowed_access = access, .parent_fd = fd};

	return add_rule(ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule);
}

// A place that does not exist needs no permission.
static int allow_path(int ruleset, uint64_t access, const char *path)
{
	int fd = sys_open(path, O_PATH | O_CLOEXEC, 0);
	int r;

	if (fd < 0)
		return fd == -ENOENT || fd == -EACCES ? 0 : fd;
	r = allow_below(ruleset, access, fd);
	sys_close(fd);
	return r;
}

// What the modules of the name service read: their configuration, databases, and themselves.
static int allow_names(int ruleset)
{
	static const char *const places[] = {"/etc", "/usr", "/lib", "/lib64", "/run", "/var/lib",
		"/var/run", "/var/db", "/var/yp", "/nix/store", "/gnu/store"};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(places) && r == 0; i++)
		r = allow_path(ruleset, FS_READ_FILE | FS_READ_DIR, places[i]);
	return r;
}

// Terminals and named pipes. Pipes without a name are not restricted, as they have no place in the
// file system (EBADFD).
static int allow_stdio(int ruleset, uint64_t handled)
{
	uint64_t access = handled & (FS_READ_FILE | FS_WRITE_FILE | FS_TRUNCATE | FS_IOCTL_DEV);

	for (int fd = STDIN_FILENO; fd <= STDOUT_FILENO; fd++) {
		struct stat st;
		int r;

		if (sys_fstat(fd, &st) < 0 || !(S_ISCHR(st.st_mode) || S_ISFIFO(st.st_mode)))
			continue;
		r = allow_below(ruleset, access, fd);
		if (r < 0 && r != -EBADFD)
			return r;
	}
	return 0;
}

// A rule for a file has no part in reading folders (EINVAL).
static int allow_reading(int ruleset, const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return 0;
	return allow_path(
		ruleset, S_ISDIR(st.st_mode) ? FS_READ_FILE | FS_READ_DIR : FS_READ_FILE, path);
}

static int allow_in_folder(int ruleset, uint64_t access, const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash ? xstrdup(path) : NULL;
	int r;

	if (folder)
		folder[MAX(slash - path, 1)] = '\0'; // "/name" is in "/"
	r = allow_path(ruleset, access, folder ? folder : ".");
	free(folder);
	return r;
}

// Another file may stand where PATH is, and where a link has led to.
static int allow_rotation(int ruleset, uint64_t handled, const char *path)
{
	uint64_t access = handled & (FS_WRITE_FILE | FS_MAKE_REG | FS_TRUNCATE);
	char *real = sys_realpath(path);
	int r = allow_in_folder(ruleset, access, path);

	if (r == 0 && real)
		r = allow_in_folder(ruleset, access, real);
	free(real);
	return r;
}

static int allow_port(int ruleset, uint16_t port)
{
	struct port_rule rule = {.access = NET_CONNECT_TCP, .port = port};

	return add_rule(ruleset, RULE_NET_PORT, &rule);
}

static int add_rules(const struct sandbox *s, const struct ruleset *attr, int ruleset)
{
	int r = 0;

	if (s->needs & SANDBOX_NAMES)
		r = allow_names(ruleset);
	if (r == 0 && s->needs & SANDBOX_STDIO)
		r = allow_stdio(ruleset, attr->fs);
	for (size_t i = 0; s->readable && i < s->readable->count && r == 0; i++)
		r = allow_reading(ruleset, s->readable->items[i]);
	for (size_t i = 0; r == 0 && i < s->unlink.count; i++)
		r = allow_in_folder(ruleset, FS_REMOVE_FILE, s->unlink.items[i]);
	for (size_t i = 0; r == 0 && i < s->rotate.count; i++)
		r = allow_rotation(ruleset, attr->fs, s->rotate.items[i]);
	if (r == 0 && s->port && attr->net & NET_CONNECT_TCP)
		r = allow_port(ruleset, s->port);
	return r;
}

int sandbox_restrict_files(const struct sandbox *s, int abi)
{
	struct ruleset attr = ruleset_of(s, abi);
	int ruleset = create_ruleset(&attr, ruleset_size(abi), 0);
	int r;

	if (ruleset < 0)
		return ruleset;
	r = add_rules(s, &attr, ruleset);
	if (r == 0)
		r = restrict_self(ruleset);
	sys_close(ruleset);
	return r;
}
