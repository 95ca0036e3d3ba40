// SPDX-License-Identifier: ISC
/*
 * The yardstick of the benchmark of starting: programs that do what is asked for, and nothing else.
 *
 *   least nothing
 *   least check PORT	connects to 127.0.0.1
 *   least greeting PORT	and shows what comes first
 *   least service NAME	asks for it as it is, and for udp
 *   least protocol NAME
 *   least address NAME
 */
#include <arpa/inet.h>
#include <err.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void show(const char *line)
{
	size_t len = strlen(line);

	if (write(STDOUT_FILENO, line, len) != (ssize_t)len)
		err(1, "write");
}

static int connect_to(const char *port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		err(1, "connect");
	return fd;
}

static void show_greeting(int fd)
{
	char data[4096];
	ssize_t n;

	while ((n = recv(fd, data, sizeof(data), 0)) > 0)
		if (write(STDOUT_FILENO, data, (size_t)n) != n)
			err(1, "write");
	if (n < 0)
		err(1, "recv");
}

static void show_service(const char *name)
{
	const struct servent *e = getservbyname(name, NULL);

	if (!e)
		errx(1, "no service");
	show(e->s_proto);
	e = getservbyname(name, "udp");
	if (e)
		show(e->s_proto);
}

static void show_protocol(const char *name)
{
	const struct protoent *e = getprotobyname(name);

	if (!e)
		errx(1, "no protocol");
	show(e->p_name);
}

static void show_addresses(const char *name)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *list;
	char text[INET6_ADDRSTRLEN];

	if (getaddrinfo(name, NULL, &hints, &list) != 0)
		errx(1, "no address");
	for (const struct addrinfo *a = list; a; a = a->ai_next)
		if (getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof(text), NULL, 0,
			    NI_NUMERICHOST) == 0)
			show(text);
	freeaddrinfo(list);
}

int main(int argc, char **argv)
{
	const char *job = argc > 1 ? argv[1] : "";
	const char *word = argc > 2 ? argv[2] : "";

	if (strcmp(job, "check") == 0)
		close(connect_to(word));
	else if (strcmp(job, "greeting") == 0)
		show_greeting(connect_to(word));
	else if (strcmp(job, "service") == 0)
		show_service(word);
	else if (strcmp(job, "protocol") == 0)
		show_protocol(word);
	else if (strcmp(job, "address") == 0)
		show_addresses(word);
	else if (strcmp(job, "nothing") != 0)
		errx(2, "usage: least nothing | check PORT | greeting PORT | service NAME | "
			"protocol NAME | address NAME");
	return 0;
}
