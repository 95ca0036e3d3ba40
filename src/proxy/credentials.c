// SPDX-License-Identifier: ISC
#include "proxy/credentials.h"

#include "base/mem.h"
#include "sys/file.h"
#include "sys/interrupt.h"
#include "sys/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILE 4096 // bytes; the line of any proxy is shorter

static int fail(struct str *err, int error, const char *why)
{
	str_add(err, why);
	return error;
}

static int fail_file(struct str *err, int error)
{
	str_add_error(err, error);
	return error;
}

static void wipe(char *s)
{
	if (s)
		explicit_bzero(s, strlen(s));
	free(s);
}

void credentials_fini(struct credentials *c)
{
	wipe(c->user);
	wipe(c->password);
	*c = (struct credentials){0};
}

bool credentials_given(const struct credentials *c)
{
	return c->user;
}

void credentials_copy(struct credentials *to, const struct credentials *from)
{
	to->user = from->user ? xstrdup(from->user) : NULL;
	to->password = from->password ? xstrdup(from->password) : NULL;
}

int credentials_parse(struct credentials *c, const char *text, size_t len, struct str *err)
{
	const char *colon = memchr(text, ':', len);

	credentials_fini(c);
	if (memchr(text, '\0', len))
		return fail(err, -EINVAL, "credentials contain a NUL byte");
	if (!colon)
		return fail(err, -EINVAL, "credentials are not USER:PASSWORD");
	c->user = xstrndup(text, (size_t)(colon - text));
	c->password = xstrndup(colon + 1, len - (size_t)(colon + 1 - text));
	return 0;
}

// The one line of a file, without its end.
static int parse_line(struct credentials *c, const char *text, size_t len, struct str *err)
{
	if (len && text[len - 1] == '\n')
		len--;
	if (len && text[len - 1] == '\r')
		len--;
	if (len == 0)
		return fail(err, -EINVAL, "is empty; write USER:PASSWORD in it");
	if (memchr(text, '\n', len))
		return fail(err, -EINVAL, "has more than the one line USER:PASSWORD");
	if (!memchr(text, ':', len) || memchr(text, '\0', len))
		return fail(err, -EINVAL, "does not hold the one line USER:PASSWORD");
	return credentials_parse(c, text, len, err);
}

// Refuses what others than the owner can read. A pipe, as of a shell's <(...), has no such others.
static int check_mode(int fd, struct str *err)
{
	struct stat st;
	int r = sys_fstat(fd, &st);

	if (r < 0)
		return fail_file(err, r);
	if (S_ISDIR(st.st_mode))
		return fail_file(err, -EISDIR);
	if (S_ISREG(st.st_mode) && (st.st_mode & (S_IRWXG | S_IRWXO)))
		return fail(err, -EACCES, "is open to others than its owner; use chmod 600 on it");
	return 0;
}

int credentials_load(struct credentials *c, const char *path, struct str *err)
{
	char buf[MAX_FILE];
	size_t len = 0;
	ssize_t n = 0;
	int fd = sys_open_file(path, O_RDONLY | O_CLOEXEC | O_NOCTTY, 0);
	int r;

	if (fd < 0)
		return fail_file(err, fd);
	r = check_mode(fd, err);
	while (r == 0 && len < sizeof(buf) &&
		(n = interrupt_read(fd, buf + len, sizeof(buf) - len)) > 0)
		len += (size_t)n;
	if (r == 0 && n < 0)
		r = fail_file(err, (int)n);
	sys_close(fd);
	if (r == 0 && len == sizeof(buf))
		r = fail(err, -EINVAL, "is too long; it holds one line USER:PASSWORD");
	if (r == 0)
		r = parse_line(c, buf, len, err);
	explicit_bzero(buf, sizeof(buf));
	return r;
}
