// SPDX-License-Identifier: ISC
/*
 * sockctl: every call of the sockets API within reach of a shell.
 *
 * The map of the sources. Includes point downwards only, and a test holds them to it.
 *
 *   main.c        finds the command, parses its options, runs it, exits
 *   cmd/          one file per command, holding only wiring; table.c lists them; guide: what the
 *                 program says about itself; words, word_kinds: what
 *                 completes a command line
 *   app.[ch]      what one run owns: loop, reporter, tracer, signals, deadline, exit status
 *   cli/          opt: the option table and its parser; help: --help, completion words
 *   relay/        relay: two one-way flows and the one function that decides when they end;
 *                 flow: the state machine of one direction; engine_copy, engine_splice: how bytes
 *                 move; filter: CRLF and telnet; hub: many clients on one stdin and stdout;
 *                 broker, chat: many clients among themselves; audience: one stream for many
 *   net/          place: words that name an channel; lookup: names, in a thread; dial: connecting
 *                 (RFC 8305); outgoing: the sockets for that; ports, target, prober, scan:
 *                 checking many ports; bound: sockets on every address of a place; listener:
 *                 accepting; datagram: a socket that sends them; transmit, splitter, sender: from
 *                 an input to the kernel in batches; receiver: from the kernel; multicast; ends:
 *                 of a socket; sockopt: --set and --get; database: services, protocols, networks,
 *                 hosts; query: the calls of the name service; query_queue: many of them;
 *                 preference, policy: what orders addresses (RFC 6724); local: our own; errors;
 *                 ip, convert, layout: addresses as numbers; echo_server: what comes is sent back,
 *                 by echo_workers with their echo_streams and echo_datagrams; echo_client: the
 * client that measures one, with its peers and the echo_payload; tcp_stats io/           watch:
 * readiness of one descriptor; pollset: of thousands; signal_watch; timer; task: blocking work in a
 * thread; pacer: a rate; stdio; output: writing in the background; channel: socket and stdio behind
 * one interface; urgent: what overtakes a stream; terminal: what is shown in place; terminal_mode:
 * how keys come, and the way back out/          colour; report: events and errors as text or JSON;
 * rows: tables; field: the values of both; datagram: as stdout shows them; histogram; hexdump;
 * progress sys/          a traced wrapper for each call on sockets, files and databases; names and
 *                 addresses as text. Nothing else calls the sockets API. sandbox: giving up what
 *                 is not needed any more
 *   base/         strings, lists, memory, UTF-8, suggestions; value: durations, sizes, numbers;
 *                 lines; hex; histogram; ipv4: the header of a packet
 */

#include "app.h"
#include "base/mem.h"
#include "opts/confine.h"
#include "help/guide.h"
#include "cmd/table.h"
#include "help/words.h"
#include "out/colour.h"

#include <fcntl.h>
#include <gnu/libc-version.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// libuv gives up by abort() when the kernel refuses it something; say so instead of dumping core.
static void on_abort(int number)
{
	static const char text[] = "sockctl: the event loop got no resources from the kernel\n";

	(void)number;
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(STATUS_LOCAL);
	_exit(STATUS_LOCAL);
}

// Opens descriptors 0 to 2 if they are closed, so that no socket takes their place. What stands in
// for stdin reads as empty; what stands in for stdout refuses to be written to, so that nothing
// gets lost in silence.
static void open_standard_descriptors(void)
{
	static const int modes[] = {O_RDONLY, O_RDONLY, O_WRONLY};

	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", modes[fd]) < 0)
			_exit(STATUS_LOCAL);
}

// Prints what a function has to say, and frees it.
static int print(struct app *app, struct str *text)
{
	int status = app_output(app, text);

	str_fini(text);
	return status;
}

// The same for help, whose headings stand out on a terminal.
static int print_help(struct app *app, struct str *text)
{
	struct str shown = {0};

	if (!colour_is_wanted(STDOUT_FILENO))
		return print(app, text);
	str_add_headings(&shown, str_c(text));
	str_fini(text);
	return print(app, &shown);
}

static int print_version(struct app *app)
{
	struct sandbox_state sandbox = sandbox_available();
	struct str text = {0};

	str_addf(&text, "sockctl %s\n", SOCKCTL_VERSION);
	str_addf(&text, "libraries: libuv %s, jansson %s, glibc %s\n", uv_version_string(),
		jansson_version_str(), gnu_get_libc_version());
	str_add(&text, "features: " SOCKCTL_FEATURES "\n");
	str_add(&text, "sandbox: ");
	str_add_sandbox(&text, &sandbox);
	str_addc(&text, '\n');
	return print(app, &text);
}

static int unknown_command(struct app *app, const char *name)
{
	struct str quoted = {0};
	const char *near = cmd_nearest(name);

	str_add_escaped(&quoted, name, strlen(name));
	if (name[0] == '-')
		app_failf(app, STATUS_USAGE, NULL, "no option '%s' before the command",
			str_c(&quoted));
	else if (near)
		app_failf(app, STATUS_USAGE, NULL, "no command '%s'; did you mean '%s'?",
			str_c(&quoted), near);
	else
		app_failf(app, STATUS_USAGE, NULL, "no command '%s'; 'sockctl help' lists them",
			str_c(&quoted));
	str_fini(&quoted);
	return STATUS_USAGE;
}

static int unknown_option(struct app *app, const struct cmd *cmd, const char *word)
{
	struct str quoted = {0};

	str_add_escaped(&quoted, word, strlen(word));
	app_failf(app, STATUS_USAGE, NULL,
		"%s has no option or group of options '%s'; 'sockctl help %s' lists them",
		cmd->name, str_c(&quoted), cmd->name);
	str_fini(&quoted);
	return STATUS_USAGE;
}

static int run_command(struct app *app, const struct cmd *cmd, int argc, char **argv)
{
	struct str err = {0};
	struct str text = {0};
	void *config = xcalloc(1, cmd->config_size);
	int first;
	int status;

	app->out.command = cmd->name;
	switch (opt_parse(cmd, config, argc, argv, &first, &err)) {
	case OPT_HELP:
		opt_help(cmd, &text);
		status = print_help(app, &text);
		break;
	case OPT_BAD:
		status = app_failf(app, STATUS_USAGE, NULL, "%s", str_c(&err));
		break;
	default:
		app_configure(app, config);
		status = app_start_trace(app, config);
		if (!status && opt_check(cmd, config, argc, argv, first, &err) < 0)
			status = app_failf(app, STATUS_USAGE, NULL, "%s", str_c(&err));
		if (status)
			break;
		status = cmd->run(app, config, argc - first, argv + first);
	}
	opt_fini(cmd, config);
	free(config);
	str_fini(&err);
	return status;
}

// "sockctl help --words [COMMAND [OPTION]]" for the completions, and "sockctl help --dump COMMAND"
// for checks of the manual.
static int run_help_for_programs(struct app *app, int argc, char **argv)
{
	struct str text = {0};

	if (strcmp(argv[0], "--words") == 0) {
		cmd_words(argc - 1, argv + 1, &text);
		return print(app, &text);
	}

	const struct cmd *cmd = argc > 1 ? cmd_find(argv[1]) : NULL;

	if (strcmp(argv[0], "--dump") != 0 || !cmd)
		return unknown_command(app, argc > 1 ? argv[1] : argv[0]);
	opt_dump(cmd, &text);
	return print(app, &text);
}

// "sockctl help [COMMAND [OPTION] | TOPIC]", without the first word.
static int run_help(struct app *app, int argc, char **argv)
{
	const struct cmd *cmd = argc ? cmd_find(argv[0]) : NULL;
	struct str text = {0};

	if (argc && argv[0][0] == '-')
		return run_help_for_programs(app, argc, argv);
	if (argc > (cmd ? 2 : 1))
		return app_failf(app, STATUS_USAGE, argv[cmd ? 2 : 1],
			"one word too many after '%s'", cmd ? cmd->name : "help");
	if (!argc)
		guide_contents(&text);
	else if (cmd && argc == 1)
		opt_help(cmd, &text);
	else if (cmd && !opt_help_on(cmd, argv[1], &text))
		return unknown_option(app, cmd, argv[1]);
	else if (!cmd && !guide_topic(argv[0], &text))
		return unknown_command(app, argv[0]);
	return print_help(app, &text);
}

static int dispatch(struct app *app, int argc, char **argv)
{
	struct str text = {0};

	if (argc < 2) {
		guide_overview(&text);
		return print_help(app, &text);
	}
	if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 ||
		strcmp(argv[1], "-h") == 0)
		return run_help(app, argc - 2, argv + 2);
	if (strcmp(argv[1], "--version") == 0)
		return print_version(app);

	const struct cmd *cmd = cmd_find(argv[1]);

	return cmd ? run_command(app, cmd, argc - 1, argv + 1) : unknown_command(app, argv[1]);
}

int main(int argc, char **argv)
{
	struct app app;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); // writing tells EFBIG instead
	signal(SIGABRT, on_abort);
	open_standard_descriptors();
	app_init(&app);
	int status = dispatch(&app, argc, argv);
	if (status)
		app_fail_quietly(&app, status);
	app_exit(&app);
}
