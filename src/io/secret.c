// SPDX-License-Identifier: ISC
#include "io/secret.h"

#include "base/mem.h"
#include "base/value.h"
#include "sys/file.h"
#include "sys/interrupt.h"
#include "sys/path.h"
#include "sys/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>

#define FILE_MAX (size_t)(64 * 1024 * 1024)
#define FIRST_SIZE (size_t)(16 * 1024)

#define KEY_INTERRUPT 3 // Ctrl-C
#define KEY_END 4 // Ctrl-D
#define KEY_BACKSPACE 8
#define KEY_DELETE 127

static bool may_wait = true;

void secret_never_wait(void)
{
	may_wait = false;
}

void secret_fini(struct secret *s)
{
	if (s->data)
		explicit_bzero(s->data, s->size);
	free(s->data);
	*s = (struct secret){0};
}

// Makes room for one more byte and the NUL. The old copy is wiped, which realloc() would not do.
static void make_room(struct secret *s)
{
	size_t size = MAX(s->size * 2, FIRST_SIZE);
	char *data;

	if (s->len + 1 < s->size)
		return;
	data = xmalloc(size);
	if (s->data) {
		memcpy(data, s->data, s->len);
		explicit_bzero(s->data, s->size);
		free(s->data);
	}
	s->data = data;
	s->size = size;
	s->data[s->len] = '\0';
}

// Reads to the end of the file.
static int read_all(struct secret *s, int fd)
{
	struct stat st;
	ssize_t n;
	int r = sys_fstat(fd, &st);

	if (r < 0)
		return r;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!may_wait && !S_ISREG(st.st_mode))
		return -EINVAL;
	s->mode = st.st_mode;
	do {
		make_room(s);
		n = interrupt_read(fd, s->data + s->len, s->size - 1 - s->len);
		if (n > 0)
			s->len += (size_t)n;
	} while (n > 0 && s->len <= FILE_MAX);
	s->data[s->len] = '\0';
	if (n < 0)
		return (int)n;
	return s->len > FILE_MAX ? -EFBIG : 0;
}

// The number in "fd:N"; -1 if the word has another form.
static int inherited_fd(const char *path)
{
	uint64_t number;

	if (strncmp(path, "fd:", 3) != 0 || parse_uint(path + 3, &number) < 0 || number > 65535)
		return -1;
	return (int)number;
}

bool secret_is_inherited(const char *path)
{
	return inherited_fd(path) >= 0;
}

int secret_read(struct secret *s, const char *path)
{
	int fd = inherited_fd(path);
	bool is_ours = fd < 0;
	int r;

	if (is_ours)
		fd = sys_open_file(
			path, O_RDONLY | O_CLOEXEC | O_NOCTTY | (may_wait ? 0 : O_NONBLOCK), 0);
	if (fd < 0)
		return fd;
	r = read_all(s, fd);
	if (is_ours)
		sys_close(fd);
	if (r < 0)
		secret_fini(s);
	return r;
}

// Reads keys up to the end of the line. What would send signals is a key here, so that the terminal
// is never left as it is during this.
static int read_keys(struct secret *s, int fd)
{
	for (;;) {
		char key;
		ssize_t n = interrupt_read(fd, &key, 1);

		if (n < 0)
			return (int)n;
		if (n == 0 || key == KEY_INTERRUPT || (key == KEY_END && !s->len))
			return -EINTR;
		if (key == '\n' || key == '\r')
			return 0;
		make_room(s);
		if (key != KEY_BACKSPACE && key != KEY_DELETE)
			s->data[s->len++] = key;
		else if (s->len)
			s->len--;
		s->data[s->len] = '\0';
	}
}

static void say(int fd, const char *text)
{
	// A terminal that takes no prompt will give no answer either, which is noticed there.
	if (sys_write(fd, text, strlen(text)) < 0)
		return;
}

static int ask(struct secret *s, const char *object)
{
	int fd = sys_open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY, 0);
	struct termios before, unseen;
	struct str prompt = {0};
	int r;

	if (fd < 0)
		return -ENXIO;
	if (sys_tcgetattr(fd, &before) < 0) {
		sys_close(fd);
		return -ENXIO;
	}
	str_add(&prompt, "passphrase for ");
	str_add_escaped(&prompt, object, strlen(object));
	str_add(&prompt, ": ");
	unseen = before;
	unseen.c_lflag &= ~(tcflag_t)(ECHO | ICANON | ISIG);
	make_room(s);
	sys_tcsetattr(fd, TCSAFLUSH, &unseen);
	say(fd, str_c(&prompt));
	r = read_keys(s, fd);
	say(fd, "\n");
	sys_tcsetattr(fd, TCSAFLUSH, &before);
	sys_close(fd);
	str_fini(&prompt);
	return r;
}

static int read_password(struct secret *s, const char *path, const char *object)
{
	int r = path ? secret_read(s, path) : may_wait ? ask(s, object) : -ENXIO;

	if (r < 0) {
		secret_fini(s);
		return r;
	}
	s->len = strcspn(s->data, "\r\n");
	s->data[s->len] = '\0';
	return 0;
}

// A descriptor gives it only once, and there may be more keys, which may be read again.
int secret_read_password(struct secret *s, const char *path, const char *object)
{
	static struct secret kept;
	static const char *kept_of;
	bool keeps = path && secret_is_inherited(path);
	int r;

	if (!keeps)
		return read_password(s, path, object);
	if (!kept_of || strcmp(kept_of, path) != 0) {
		kept_of = NULL;
		secret_fini(&kept);
		r = read_password(&kept, path, object);
		if (r < 0)
			return r;
		kept_of = path;
	}
	*s = kept;
	s->data = xmalloc(s->size);
	memcpy(s->data, kept.data, s->len + 1);
	return 0;
}
