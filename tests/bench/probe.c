// SPDX-License-Identifier: ISC
/*
 * The ends that the stream benchmarks put around a contestant, cheap and the same for all of them.
 *
 *   probe echo			sends back what each client sends, one client after the other
 *   probe greet SIZE		sends each client SIZE bytes and closes
 *   probe drain		counts the bytes of stdin
 *   probe ping COUNT WORD...	runs a command joined to an echo server; the time of each round trip
 *   probe start COUNT WORD...	runs a command COUNT times; the time until its first byte, and its
 *				end
 *   probe ask COUNT FILE WORD...	the same, with the file as its input
 *
 * The servers listen on 127.0.0.1 and print their port. Times are printed in nanoseconds, one
 * sample per line, then, on the last line, the processor time that the commands used in all.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	BLOCK = 128 << 10,
	PING = 64, // bytes of one ping-pong message
};

extern char **environ;

struct child {
	pid_t pid;
	int in, out; // our ends of its stdin (-1: it has a file) and stdout
};

static char block[BLOCK];

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static size_t read_some(int fd, size_t size)
{
	ssize_t n = read(fd, block, size);

	if (n < 0 && errno != ECONNRESET)
		err(1, "read");
	return n < 0 ? 0 : (size_t)n;
}

// A peer that leaves early has failed, so this process fails as well; a server serves one
// contestant.
static void write_all(int fd, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = write(fd, block + done, size - done);

		if (n < 0)
			err(1, "write");
		done += (size_t)n;
	}
}

static int listen_anywhere(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (listener < 0 || bind(listener, (struct sockaddr *)&address, length) ||
		listen(listener, SOMAXCONN) ||
		getsockname(listener, (struct sockaddr *)&address, &length))
		err(1, "listen");
	printf("%d\n", ntohs(address.sin_port));
	fflush(stdout);
	return listener;
}

// Serves until killed: greets with SIZE bytes, or echoes if SIZE is negative.
static void serve(long size)
{
	int listener = listen_anywhere(), on = 1;

	for (;;) {
		int sock = accept(listener, NULL, NULL);

		if (sock < 0)
			err(1, "accept");
		setsockopt(sock, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		if (size >= 0) {
			write_all(sock, (size_t)size);
		} else {
			for (size_t n; (n = read_some(sock, BLOCK)) > 0;)
				write_all(sock, n);
		}
		close(sock);
	}
}

static void drain(void)
{
	unsigned long long total = 0;

	for (size_t n; (n = read_some(STDIN_FILENO, BLOCK)) > 0;)
		total += n;
	printf("%llu\n", total);
}

// The input is a pipe, unless there is a file for it.
static struct child start_child(char **words, const char *file)
{
	posix_spawn_file_actions_t actions;
	struct child child = {.in = -1};
	int in[2] = {-1, -1}, out[2], status;

	posix_spawn_file_actions_init(&actions);
	if (pipe2(out, O_CLOEXEC) || (!file && pipe2(in, O_CLOEXEC)))
		err(1, "pipe");
	if (file)
		posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, file, O_RDONLY, 0);
	else
		posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
	status = posix_spawnp(&child.pid, words[0], &actions, NULL, words, environ);
	if (status)
		errx(1, "%s: %s", words[0], strerror(status));
	posix_spawn_file_actions_destroy(&actions);
	close(out[1]);
	child.out = out[0];
	if (!file) {
		close(in[0]);
		child.in = in[1];
	}
	return child;
}

static void end_child(struct child *child, const char *name)
{
	int status;

	if (child->in >= 0)
		close(child->in);
	while (read_some(child->out, BLOCK) > 0)
		continue;
	close(child->out);
	if (waitpid(child->pid, &status, 0) < 0)
		err(1, "waitpid");
	if (status)
		errx(1, "%s: wait status %#x", name, (unsigned)status);
}

static void ping(long count, char **words)
{
	struct child child = start_child(words, NULL);

	for (long i = 0; i < count; i++) {
		int64_t begin = now();

		memset(block, (int)i, PING);
		write_all(child.in, PING);
		for (size_t got = 0, n; got < PING; got += n)
			if ((n = read_some(child.out, PING - got)) == 0)
				errx(1, "%s: ended after %ld round trips", words[0], i);
		if (block[0] != (char)i)
			errx(1, "%s: a wrong answer", words[0]);
		printf("%lld\n", (long long)(now() - begin));
	}
	end_child(&child, words[0]);
}

static void start(long count, const char *file, char **words)
{
	for (long i = 0; i < count; i++) {
		int64_t begin = now(), first;
		struct child child = start_child(words, file);

		read_some(child.out, BLOCK);
		first = now() - begin;
		end_child(&child, words[0]);
		printf("%lld %lld\n", (long long)first, (long long)(now() - begin));
	}
}

static void print_processor_time(void)
{
	struct rusage usage;

	getrusage(RUSAGE_CHILDREN, &usage);
	printf("%lld\n", (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000LL +
				 (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000LL);
}

int main(int argc, char **argv)
{
	const char *job = argc > 1 ? argv[1] : "";

	prctl(PR_SET_PDEATHSIG, SIGKILL); // a driver that is killed leaves no server behind
	if (argc == 2 && !strcmp(job, "echo")) {
		serve(-1);
	} else if (argc == 3 && !strcmp(job, "greet")) {
		serve(strtol(argv[2], NULL, 10));
	} else if (argc == 2 && !strcmp(job, "drain")) {
		drain();
	} else if (argc > 3 && !strcmp(job, "ping")) {
		ping(strtol(argv[2], NULL, 10), argv + 3);
		print_processor_time();
	} else if (argc > 3 && !strcmp(job, "start")) {
		start(strtol(argv[2], NULL, 10), "/dev/null", argv + 3);
		print_processor_time();
	} else if (argc > 4 && !strcmp(job, "ask")) {
		start(strtol(argv[2], NULL, 10), argv[3], argv + 4);
		print_processor_time();
	} else {
		errx(2, "usage: probe echo | greet SIZE | drain | ping COUNT WORD... | start COUNT "
			"WORD... | ask COUNT FILE WORD...");
	}
	return 0;
}
