// SPDX-License-Identifier: ISC
#include "sys/path.h"

#include "sys/trace.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *file_type(mode_t mode)
{
	return S_ISSOCK(mode)   ? "S_IFSOCK"
	       : S_ISREG(mode)  ? "S_IFREG"
	       : S_ISDIR(mode)  ? "S_IFDIR"
	       : S_ISFIFO(mode) ? "S_IFIFO"
	       : S_ISCHR(mode)  ? "S_IFCHR"
				: "?";
}

static void tell_stat(bool is_housekeeping, const char *name, uint64_t trace_start_, int ret,
	struct trace_arg file, const struct stat *st)
{
	struct str text = {0};

	if (ret == 0)
		str_addf(&text, "{st_mode=%s|%#o, st_size=%lld}", file_type(st->st_mode),
			(unsigned)st->st_mode & 07777, (long long)st->st_size);
	else
		str_add(&text, "{}");
	TRACE_HOUSEKEEPING(
		is_housekeeping, name, ret, file, T_C(str_c(&text), "&(struct stat){0}"));
	str_fini(&text);
}

int sys_stat(const char *path, struct stat *st)
{
	TRACE_START();
	int ret = SYS_RESULT(stat(path, st));

	if (unlikely(trace_sink))
		tell_stat(true, "stat", trace_start_, ret, (struct trace_arg)T_STR(path), st);
	return ret;
}

int sys_lstat(const char *path, struct stat *st)
{
	TRACE_START();
	int ret = SYS_RESULT(lstat(path, st));

	if (unlikely(trace_sink))
		tell_stat(false, "lstat", trace_start_, ret, (struct trace_arg)T_STR(path), st);
	return ret;
}

int sys_fstat(int fd, struct stat *st)
{
	TRACE_START();
	int ret = SYS_RESULT(fstat(fd, st));

	if (unlikely(trace_sink))
		tell_stat(false, "fstat", trace_start_, ret, (struct trace_arg)T_FD(fd), st);
	return ret;
}

int sys_fstatfs(int fd, struct statfs *fs)
{
	TRACE_START();
	int ret = SYS_RESULT(fstatfs(fd, fs));

	TRACE_HOUSEKEEPING(true, "fstatfs", ret, T_FD(fd), T_TEXT("{...}"));
	return ret;
}

int sys_access(const char *path, int mode)
{
	TRACE_START();
	int ret = SYS_RESULT(access(path, mode));

	TRACE_HOUSEKEEPING(
		true, "access", ret, T_STR(path), T_TEXT(mode == X_OK ? "X_OK" : "F_OK"));
	return ret;
}

int sys_chmod(const char *path, mode_t mode)
{
	TRACE_START();
	int ret = SYS_RESULT(chmod(path, mode));

	TRACE("chmod", ret, T_STR(path), T_OCTAL(mode));
	return ret;
}

int sys_chgrp(int fd, gid_t group)
{
	TRACE_START();
	int ret = SYS_RESULT(fchownat(fd, "", (uid_t)-1, group, AT_EMPTY_PATH));

	TRACE("fchownat", ret, T_FD(fd), T_TEXT("\"\""), T_INT(-1), T_UINT(group),
		T_TEXT("AT_EMPTY_PATH"));
	return ret;
}

int sys_rename_new(const char *from, const char *to)
{
	TRACE_START();
	int ret = SYS_RESULT(renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE));

	TRACE("renameat2", ret, T_TEXT("AT_FDCWD"), T_STR(from), T_TEXT("AT_FDCWD"), T_STR(to),
		T_TEXT("RENAME_NOREPLACE"));
	return ret;
}

int sys_unlink(const char *path)
{
	TRACE_START();
	int ret = SYS_RESULT(unlink(path));

	TRACE("unlink", ret, T_STR(path));
	return ret;
}

mode_t sys_umask(mode_t mask)
{
	TRACE_START();
	mode_t ret = umask(mask);

	TRACE("umask", ret, T_OCTAL(mask));
	return ret;
}

// A pointer is told as what it stands for, or as NULL and the error.
#define TELL_POINTER(name_, ret_, text_, ...) \
	TRACE_CALL(true, name_, 0, (ret_) ? NULL : strerrorname_np(errno), \
		(ret_) ? (text_) : "NULL", __VA_ARGS__)

char *sys_realpath(const char *path)
{
	TRACE_START();
	char *ret = realpath(path, NULL);

	TELL_POINTER("realpath", ret, ret, T_STR(path), T_TEXT("NULL"));
	return ret;
}

DIR *sys_opendir(const char *path)
{
	TRACE_START();
	DIR *ret = opendir(path);

	TELL_POINTER("opendir", ret, "{...}", T_STR(path));
	return ret;
}

int sys_openat(int dir, const char *path, int flags)
{
	TRACE_START();
	int ret = SYS_RESULT(openat(dir, path, flags));

	TRACE_HOUSEKEEPING(true, "openat", ret, T_FD(dir), T_STR(path), T_FLAGS(names_open, flags));
	return ret;
}

DIR *sys_fdopendir(int fd)
{
	TRACE_START();
	DIR *ret = fdopendir(fd);

	TELL_POINTER("fdopendir", ret, "{...}", T_FD(fd));
	return ret;
}

struct dirent *sys_readdir(DIR *dir)
{
	TRACE_START();
	struct dirent *ret = readdir(dir);
	int error = errno; // which tells the end from a failure

	TRACE_CALL(true, "readdir", 0, NULL, ret ? ret->d_name : "NULL", T_TEXT("{...}"));
	errno = error;
	return ret;
}

void sys_closedir(DIR *dir)
{
	TRACE_START();
	int ret = SYS_RESULT(closedir(dir));

	TRACE_HOUSEKEEPING(true, "closedir", ret, T_TEXT("{...}"));
}

int sys_fstatat(int dir, const char *path, struct stat *st)
{
	TRACE_START();
	int ret = SYS_RESULT(fstatat(dir, path, st, 0));

	TRACE_HOUSEKEEPING(true, "fstatat", ret, T_FD(dir), T_STR(path), T_TEXT("{...}"), T_INT(0));
	return ret;
}

ssize_t sys_readlinkat(int dir, const char *path, char *buf, size_t size)
{
	TRACE_START();
	ssize_t ret = SYS_RESULT(readlinkat(dir, path, buf, size));

	TRACE_HOUSEKEEPING(true, "readlinkat", ret, T_FD(dir), T_STR(path),
		T_DATA_OUT(buf, ret < 0 ? 0 : (size_t)ret), T_UINT(size));
	return ret;
}

FILE *sys_fopen(const char *path)
{
	TRACE_START();
	FILE *ret = fopen(path, "re");

	TELL_POINTER("fopen", ret, "{...}", T_STR(path), T_TEXT("\"re\""));
	return ret;
}

ssize_t sys_getline(char **line, size_t *size, FILE *file)
{
	TRACE_START();
	ssize_t ret = getline(line, size, file);

	TRACE_HOUSEKEEPING(true, "getline", ret < 0 ? -1 : ret,
		T_DATA_OUT(*line, ret < 0 ? 0 : (size_t)ret), T_UINT(*size), T_TEXT("{...}"));
	return ret;
}

void sys_fclose(FILE *file)
{
	TRACE_START();
	int ret = SYS_RESULT(fclose(file));

	TRACE_HOUSEKEEPING(true, "fclose", ret, T_TEXT("{...}"));
}
