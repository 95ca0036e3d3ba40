// SPDX-License-Identifier: ISC
#include "net/names/hosts_file.h"

#include "base/strlist.h"
#include "sys/inet.h"
#include "sys/path.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t\r\n"

// Calls back if LINE, which is taken apart, is one with an IPv6 address and a name.
static bool read_line(char *line, host_fn *fn, void *arg)
{
	char *rest = line;
	struct strlist names = {0};
	struct in6_addr address;
	const char *word;

	line[strcspn(line, "#")] = '\0';
	word = strsep(&rest, BLANKS);
	bool is_wanted = strchr(word, ':') && sys_inet_pton(AF_INET6, word, &address) == 1 &&
			 !IN6_IS_ADDR_V4MAPPED(&address);
	while (is_wanted && (word = strsep(&rest, BLANKS)))
		if (*word)
			strlist_add(&names, word);
	is_wanted = names.count;
	if (is_wanted) {
		strlist_add(&names, NULL);
		fn(arg, &(struct hostent){.h_name = (char *)names.items[0],
				.h_aliases = (char **)names.items + 1,
				.h_addrtype = AF_INET6,
				.h_length = sizeof(address),
				.h_addr_list = (char *[]){(char *)&address, NULL}});
	}
	strlist_fini(&names);
	return is_wanted;
}

int hosts_file_list(const char *path, host_fn *fn, void *arg)
{
	FILE *f = sys_fopen(path);
	char *line = NULL;
	size_t size = 0;
	int count = 0;
	int r;

	if (!f)
		return errno == ENOENT ? 0 : -errno;
	errno = 0;
	while (sys_getline(&line, &size, f) >= 0)
		count += read_line(line + strspn(line, BLANKS), fn, arg);
	r = feof(f) ? count : -errno;
	free(line);
	sys_fclose(f);
	return r;
}
