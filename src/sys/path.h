// SPDX-License-Identifier: ISC
// Files by their names, and what files are: traced wrappers as in sys/socket.h.
#ifndef SOCKCTL_SYS_PATH_H
#define SOCKCTL_SYS_PATH_H

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/vfs.h>

int sys_stat(const char *path, struct stat *st);
int sys_lstat(const char *path, struct stat *st);
int sys_fstat(int fd, struct stat *st);
int sys_fstatfs(int fd, struct statfs *fs); // housekeeping
int sys_access(const char *path, int mode); // X_OK
int sys_chmod(const char *path, mode_t mode);
int sys_chgrp(int fd, gid_t group); // fchownat(2); of one that was opened with O_PATH, too
int sys_rename_new(const char *from, const char *to); // -EEXIST where TO is something
int sys_unlink(const char *path);
mode_t sys_umask(mode_t mask);
char *sys_realpath(const char *path); // to be freed; NULL with errno

// What follows looks into directories, and is housekeeping. PATH may be relative to DIR.
DIR *sys_opendir(const char *path); // NULL with errno
int sys_openat(int dir, const char *path, int flags);
DIR *sys_fdopendir(int fd); // takes FD over, unless it returns NULL with errno
struct dirent *sys_readdir(DIR *dir);
void sys_closedir(DIR *dir);
int sys_fstatat(int dir, const char *path, struct stat *st);
ssize_t sys_readlinkat(int dir, const char *path, char *buf, size_t size);

// Reads a file of lines, as getline(3) does.
FILE *sys_fopen(const char *path); // NULL with errno
ssize_t sys_getline(char **line, size_t *size, FILE *file);
void sys_fclose(FILE *file);

#endif
