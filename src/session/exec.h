// SPDX-License-Identifier: ISC
// One connection joined to a program of its own.
#ifndef SOCKCTL_SESSION_EXEC_H
#define SOCKCTL_SESSION_EXEC_H

#include "session/connection.h"
#include "session/program.h"
#include "session/stream.h"
#include "io/child.h"
#include "io/closing.h"
#include "net/stream_socket.h"

struct exec;

// The program has ended, its output was delivered, and both have been reported. STATUS is that of
// the connection or, if that is 0, of the program. The callback may call exec_fini().
typedef void exec_fn(struct exec *s, int status);

// Where nobody must see the bytes, the program gets the socket itself and they cost nothing here.
// Otherwise a relay passes them on.
struct exec {
	const struct connection *connection; // the owner's
	const struct stream_config *config;
	const struct program *program;
	struct child *child;
	bool is_only; // as the options say
	bool is_private; // the options of the socket are ours, too
	bool is_direct;
	int program_status; // as waitpid(2) gives it
	int error; // of the connection, a negative errno
	exec_fn *done;
	void *data; // the owner's

	int fd; // the socket, or a duplicate where a relay has it
	struct file_id output; // of the program: the socket, or what leads to the relay
	struct watch watch; // for the end of the client
	struct timer gone; // it is over; SIGHUP comes in a moment

	struct timer look; // after the program has exited: whether its output has ended
	uint64_t look_ms;

	// While the program has the socket.
	struct stream_socket_counts counts; // once its output has ended
	bool is_counted; // which the kernel does for TCP
	struct closing *closing;

	// While a relay is in between.
	struct channel local;
	struct stream stream;
	bool stream_ended;
	bool was_ended; // on purpose, or with a failure that was reported
	int stream_status;
};

// What is joined to what. All but the channel stays the owner's.
struct exec_options {
	struct children *children;
	const struct connection *connection;
	const struct stream_config *config;
	const struct program *program;
	struct channel *channel; // of the connection; on the heap
	bool is_only; // the status of the program decides ours: say what is wrong with it
	bool sets_linger; // the user says how sockets are closed (SO_LINGER)
	exec_fn *done;
	void *data;
};

// Finds the program, and gets ready to wait for those that are started. Returns 0, or the status
// after a message.
int exec_prepare(struct app *app, const struct program_config *config, struct program *program,
	struct children *children);

// Starts the program. Returns 0, and then the session has taken over the channel; or a negative
// errno, and then it needs no exec_fini().
int exec_start(struct exec *s, const struct exec_options *options);

// Ends it at once. The program is hung up if it is still running.
void exec_fini(struct exec *s);

// Shows how far it has come, before a message that it was cut off.
void exec_report_totals(struct exec *s);

// Adds what is under way, for messages.
void exec_add_doing(const struct exec *s, struct str *doing);

#endif
