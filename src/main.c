// SPDX-License-Identifier: ISC
/*
 * sockctl: every call of the sockets API within reach of a shell.
 *
 * The map of the sources: each room with its files. What a room includes stands below it, and tests
 * hold the map complete and in order (tests/lint/map.py, tests/lint/rooms.py).
 *
 *   main.c                    finds the command, parses its options, runs it, exits
 *
 *   help/                     what the program says about itself
 *     event_list.[ch]         the catalogue of events: "sockctl help events"
 *     guide.[ch]              the overview of the program and the topics of "sockctl help"
 *     lessons.[ch]            the topics that teach: servers, byte order
 *     translations.[ch]       command lines of other tools, and those that do the same here
 *     version.[ch]            the version, the libraries and the features of this build
 *     word_kinds.[ch]         kinds of words for completion: hosts, services, socket options ...
 *     words.[ch]              the words that complete a command line
 *
 *   compat/                   the command lines of other programs, which become ours
 *     busybox.c               the options of the nc of BusyBox
 *     cmdline.[ch]            a command line in the making, and as a shell understands it
 *     ncat.c                  the options of ncat
 *     netcat.h                what all netcats are told, and what sets them apart
 *     netcat_access.c         whom they serve
 *     netcat_opts.c           the options of ncat that all of them take
 *     netcat_plan.c           from what they are told to our command line
 *     netcat_ports.c          the ports that they are given
 *     netcat_proxy.c          their proxies
 *     netcat_settings.c       the socket options that they set
 *     netcat_transfer.c       what they do with the bytes
 *     openbsd.c               the options of the nc of OpenBSD
 *     programs.[ch]           which program is meant
 *     proxy_words.[ch]        a proxy that is told of in several words, as a URL
 *     traditional.c           the options of the first netcat
 *     translate.[ch]          what a command line comes to, and how that is spoken of
 *     turns.[ch]              a command line that is run for each of several ports
 *     voice.c                 what they say on stderr
 *
 *   compat/socat/             socat, whose command line is two addresses
 *     local.c                 descriptors, files and programs
 *     net.c                   sockets
 *     options.c               the options of addresses
 *     plan.c                  which of our commands two addresses are
 *     planning.[ch]           what addresses are asked for on the way
 *     search.[ch]             a name in the tables
 *     socat.[ch]              its own options, and from its command line to ours
 *     types.c                 the types of addresses
 *     word.c                  from words to addresses
 *
 *   cmd/                      one file for each command, holding only wiring
 *     address.c               addresses and numbers in all their forms
 *     connect.c               a connection joined to stdin and stdout or to a program; --check
 *     descriptor.c            what the calls of any descriptor do on a socket
 *     echo.c                  an echo server, and the client that measures one
 *     errors.c                the errors of the system, the resolver and WinSock
 *     hosts.c                 the database of hosts
 *     listen.c                connections from others: served once, many, by programs, forwarded
 *     networks.c              the database of networks
 *     options.c               the socket options and their values
 *     protocols.c             the database of protocols
 *     raw_recv.c              IP packets to stdout
 *     raw_send.c              messages or stdin as IP packets
 *     resolve.c               addresses of names, names of addresses
 *     services.c              the database of services
 *     sockets.c               the live sockets of this machine
 *     table.[ch]              the list of all commands
 *     udp_recv.c              datagrams to stdout
 *     udp_send.c              messages or stdin as datagrams
 *
 *   session/                  what a connected socket is joined to, and how a server serves
 *     arriving.[ch]           clients on whose connections something has to happen first
 *     check.[ch]              connect --check: one port by dialling, many by a scan
 *     check_dial.[ch]         connect --check with TLS or through proxies: each port dialled
 *     connection.[ch]         one connection in events and messages: number, peer, how it ended
 *     console.[ch]            the person at the terminal: its mode, and the key that leads out
 *     echo.h                  the config that both sides of echo share
 *     echo_client.c           echo --client: a word sent and shown, or a measurement
 *     echo_report.[ch]        what the measurement writes, as ping(8) or as JSON
 *     echo_serve.c            the echo server
 *     exec.[ch]               a connection joined to a program of its own
 *     program.[ch]            --exec, --exec-file: the program and its environment
 *     scan_report.[ch]        what is said about many ports
 *     serve.h                 the list of the ways to serve
 *     serve_broker.c          clients joined to each other
 *     serve_exec.c            each client joined to a program
 *     serve_forward.c         each client joined to another endpoint
 *     serve_many.c            many clients on one stdin and stdout
 *     serve_one.c             one client on stdin and stdout
 *     server.[ch]             what all of them share: listening, whom and how many, when it is over
 *     server_open.c           the sockets that the server listens on
 *     stats.[ch]              TCP measurements and totals as events
 *     stream.[ch]             one connection, its relay and the options for both
 *     stream_calls.[ch]       flags of send and recv, urgent data, peeking, resets
 *     tls_setup.[ch]           the options of TLS made ready for the connection of a command
 *
 *   session/forward/          connections joined to another endpoint
 *     second.[ch]             connect --forward: the second connection
 *     torn.[ch]               what becomes of one side when the other has broken
 *
 *   datagram/                 what the commands for datagrams do between input, kernel and output
 *     answers.[ch]            replies to a batch of datagrams
 *     datagram_opts.[ch]      options and statistics that all of them share
 *     groups.[ch]             multicast groups of --join
 *     printer.[ch]            received datagrams to stdout
 *     receiving.h             one run of udp-recv or raw-recv
 *     recv.[ch]               udp-recv and raw-recv
 *     recv_open.c             their sockets
 *     recv_opts.c             their options
 *     send.[ch]               udp-send and raw-send
 *     send_failure.c          what the socket meets: the next address of a name, or a message
 *     send_open.c             their socket
 *     send_opts.c             their options
 *     sending.h               one run of udp-send or raw-send
 *
 *   reference/                what the commands that look things up share
 *     entries.[ch]            a database whole, or the entries of some words
 *     process_choice.[ch]     the processes whose sockets are listed
 *     resolve_plan.[ch]       from the options and words of resolve to queries
 *     resolve_rows.[ch]       from answers to rows
 *     sockets_rows.[ch]       live sockets as rows
 *     subject.[ch]            a word that is an address, a prefix or a number
 *     table.[ch]              tables on stdout
 *
 *   opts/                     groups of options that commands share, and what they stand for
 *     also.[ch]               --also
 *     approach.[ch]           what happens on a connection before it is joined to anything
 *     confine.[ch]            --sandbox
 *     connecting.[ch]         every command that connects: options, and what a failure is called
 *     count.[ch]              --count
 *     endpoint_open.[ch]      what an endpoint stands for, for whoever does not dial
 *     given.[ch]              connections that were made by others: fd:N
 *     listening.[ch]          every command that listens: whom it serves, how many, backlog
 *     msg_flags.[ch]          flags of send(2) and recv(2) by name
 *     open_failure.[ch]       the messages for sockets that cannot be made or bound
 *     pass_fd.[ch]            --pass-fd
 *     progress_line.[ch]      --progress
 *     proxy.[ch]            --proxy and its group
 *     proxy_header.[ch]       --send-proxy and --accept-proxy
 *     record.[ch]             --record, --record-hex, --hex
 *     rotation.[ch]           files that are opened anew at SIGHUP
 *     socket_options.[ch]     --set and --get
 *     source.[ch]             --bind and --source-port
 *     stream_files.[ch]       --input and --output
 *     udp.[ch]                --udp of the commands that join
 *     unix_group.[ch]         --group of the file of a Unix socket
 *     user.[ch]               --user
 *
 *   opts/ends/                what the two ends of a connection are made with
 *     mptcp.[ch]              --mptcp
 *     seqpacket.[ch]          what does not go with seqpacket:PATH
 *
 *   opts/tls/                 TLS, of what connects and of what listens
 *     tls.[ch]                the options of TLS for what is connected to
 *     tls_report.c            what is said of a connection with TLS, and of certificates
 *     tls_server.[ch]         the options of TLS for what listens
 *     tls_serving.[ch]        what they come to: a context, files that are read again
 *
 *   app.[ch]                  what one run owns: loop, reporter, tracer, signals, deadline, status
 *
 *   tracing.[ch]              what --trace shows
 *
 *   relay/                    moving bytes between channels
 *     answer.[ch]             how far an answer of HTTP/1 has come
 *     broker.[ch]             many relays that talk to each other
 *     chat.[ch]               lines with the name of who says them
 *     chat_output.[ch]        stdout as one who hears a chat
 *     engine_copy.c           bytes through a buffer
 *     engine_datagram.c       datagrams with their boundaries, many at a time
 *     engine_splice.c         bytes inside the kernel: sendfile(2), splice(2)
 *     fanout.[ch]             one stream for many readers, each at its own pace
 *     filter.[ch]             what changes bytes on their way: CRLF, telnet
 *     flow.[ch]               one direction, a state machine
 *     head.[ch]               the head of a message of HTTP/1
 *     hold.[ch]               the end of the input, held back until the peer has answered
 *     hub.[ch]                many relays on one stdin and stdout
 *     interval.[ch]           lines with a pause between them
 *     limit.[ch]              a rate that a flow keeps to
 *     lowat.[ch]              receiving in large pieces (SO_RCVLOWAT)
 *     pending.[ch]            bytes that the destination has not taken yet
 *     relay.[ch]              two flows, and the one function that decides when they end
 *     request.[ch]            whether what was sent is one request of HTTP/1
 *
 *   proxy/                    the protocols of proxies
 *     bypass.[ch]           NO_PROXY: targets that are reached without a proxy
 *     carry.[ch]            a dialogue over a socket
 *     chain.[ch]            the proxies of a connection, from the command line and the environment
 *     credentials.[ch]      user names and passwords
 *     dialogue.[ch]         what is said to a proxy: bytes in, bytes out
 *     failure.[ch]          what a proxy did not do
 *     header.h                the header of the PROXY protocol
 *     header_build.c          writing it
 *     header_read.c           reading it, from bytes that come in pieces
 *     header_upgrade.[ch]     sending and taking it as a step on a connection
 *     header_wire.h           its form in version 2
 *     hop.[ch]              a proxy as a step of a connection
 *     http.[ch]             CONNECT
 *     http_head.[ch]        the head of an answer in HTTP
 *     socks.[ch]            SOCKS 4, 4A and 5
 *     tlv.[ch]                its extensions
 *     url.[ch]              URLs that name proxies
 *
 *   tls/                      TLS, the only user of OpenSSL
 *     allow.[ch]              the names of clients that are admitted
 *     certificate.[ch]        what is shown of a certificate
 *     channel.[ch]            the channel of a TLS connection
 *     context.c               what the command line said, made into what OpenSSL wants
 *     describe.c              what a connection has agreed on, and its certificates
 *     failure.[ch]            why a connection failed, in one line with what helps
 *     handshake.[ch]          from a connected socket to TLS, step by step
 *     identity.[ch]           our certificate and key, from PEM or PKCS#12
 *     internal.h              the insides of contexts and connections
 *     keylog.[ch]             the file for secrets
 *     library.[ch]            libssl and libcrypto, opened on demand
 *     name.[ch]               names of servers
 *     none.c                  what stands for TLS in a build without it
 *     pin.[ch]                public keys that a peer must have
 *     self_signed.[ch]        a certificate that a server makes for itself
 *     serving.[ch]            what the context of a server has besides
 *     settings.h              what the command line says
 *     symbols.h               the functions of OpenSSL that are used
 *     tls.[ch]                one connection: handshake, bytes, ends
 *     trust.[ch]              authorities and what they have revoked
 *     upgrade.[ch]            TLS as a step on the way to a connection
 *     verify.c                whether the peer is who it should be
 *     verify_error.c          a line for each way in which a certificate can be wrong
 *     wire.[ch]               the socket below, as a BIO
 *
 *   tls/starttls/             the plain words before TLS
 *     starttls.[ch]           protocols whose words are lines, and all of them by name
 *     starttls_binary.[ch]    those whose words are none
 *
 *   net/echo/                 an echo server, and a client that measures one
 *     client.[ch]             the client: requests, counts, times
 *     client_datagram.c       its datagrams
 *     client_peer.[ch]        one connection of it
 *     client_stream.c         its streams
 *     echo_datagram.[ch]      the server's datagrams
 *     echo_payload.[ch]       bytes by which each answer can be checked
 *     echo_server.[ch]        the server, on one loop or several
 *     echo_stream.[ch]        the server's streams
 *     echo_worker.[ch]        one loop of the server
 *
 *   net/scan/                 which of many ports are open
 *     prober.[ch]             very many attempts to connect, few sockets
 *     scan.[ch]               the ports of a host
 *     target.[ch]             the addresses and numbers that words stand for
 *
 *   net/inspect/              what the kernel tells about sockets
 *     defaults.[ch]           untouched sockets of each kind
 *     diag.[ch]               the live sockets (sock_diag(7))
 *     diag_filter.[ch]        which of them are wanted
 *     fd_survey.[ch]          what the calls of any descriptor do
 *     owner.[ch]              the processes that have a socket open
 *     pair.[ch]               two sockets connected to each other
 *     tcp_stats.[ch]          the figures of TCP_INFO that matter
 *
 *   net/dgram/                datagrams in batches
 *     batch.[ch]              buffers that all channels of datagrams share
 *     dgram_channel.[ch]      the channel of a connected socket
 *     dgram_socket.[ch]       the socket that sends
 *     error_queue.[ch]        what comes back of datagrams that were sent (IP_RECVERR)
 *     fallback.[ch]           the next address of a name, after one that refuses
 *     icmp_filter.[ch]        which ICMP messages may be answers (ICMP_FILTER)
 *     multicast.[ch]          groups: joining them, and how far datagrams go
 *     peer.[ch]               one of them: its channel, what waits for it
 *     peers.[ch]              who sends to bound sockets, each as a channel
 *     receiver.[ch]           recvmmsg(2), UDP_GRO
 *     reflection.[ch]         what is never answered, or the answers would never end
 *     rest.[ch]               a socket that has nothing to hand out is left alone for a moment
 *     send_share.[ch]         what a peer may use of a send buffer that all share
 *     sender.[ch]             sendmmsg(2), UDP_SEGMENT
 *     splitter.[ch]           from a stream of bytes to datagrams
 *     transmit.[ch]           from an input to the kernel, at a rate
 *
 *   net/                      connecting and listening
 *     access.[ch]             who may connect, and how often at once
 *     activation.[ch]         sockets from a service manager, and telling it
 *     attempt.[ch]            one attempt to connect
 *     bind.[ch]               sockets on every address of an endpoint
 *     dial.[ch]               connecting to an endpoint (RFC 8305), with retries
 *     listener.[ch]           accepting in batches
 *     loan.[ch]               options of an inherited socket, which are given back
 *     sockopt.[ch]            lists of NAME[=VALUE] applied to a socket
 *     step.[ch]               what can fail until a socket is of use, in words
 *     stream_socket.[ch]      what every stream socket of ours has: keepalive, counts, resets
 *     turns.[ch]              long work, a few pieces in each turn of the loop
 *     unix_path.[ch]          socket files: made, replaced, removed
 *     upgrade.[ch]            what happens on a connection before it is joined: a chain of steps
 *
 *   net/names/                names, numbers and the databases behind them
 *     addrsel.[ch]            why an address comes first (RFC 6724)
 *     database.[ch]           services, protocols, networks, hosts
 *     error_table.[ch]        errno, EAI_*, WinSock
 *     gai_policy.[ch]         the policy table of RFC 6724 and gai.conf(5)
 *     hosts_file.[ch]         lines of /etc/hosts that gethostent(3) does not tell
 *     interleave.[ch]         the order in which addresses are tried (RFC 8305)
 *     kept.[ch]               entries of a database in memory, for many look-ups
 *     lookup.[ch]             getaddrinfo(3) beside the loop
 *     port_names.[ch]         the names of many ports
 *     query.[ch]              one question by any of the four calls
 *     query_queue.[ch]        many questions, answers in order
 *     suggestion.[ch]         the name that was probably meant
 *
 *   net/addr/                 addresses and the words for them
 *     convert.[ch]            a number in all forms of the API
 *     endpoint.[ch]           ENDPOINT: HOST PORT, unix:PATH, fd:N ...
 *     ifaddrs.[ch]            the addresses of this machine
 *     interfaces.[ch]         its network interfaces, for messages about one that is none
 *     ip.[ch]                 addresses as numbers: prefixes, classes, reverse names
 *     layout.[ch]             struct sockaddr_*, field by field
 *     ports.[ch]              ports and sets of them: http, 22,80,8000-8100
 *
 *   io/                       descriptors on the event loop
 *     channel.[ch]            one party of a relay, whatever bytes come from and go to
 *     channel_socket.c        the kinds for connections and for programs
 *     channel_stdio.c         the kinds for stdin and stdout, and for files
 *     child.[ch]              programs that are started, and seen to their end
 *     closing.[ch]            the end of a channel, once all has arrived
 *     defer.[ch]              a callback in the next turn
 *     fd.[ch]                 what a descriptor is; one of our own for a shared one
 *     fd_pass.[ch]            a descriptor for another process, over a Unix socket
 *     group.[ch]              the processes of a group, from /proc
 *     output.[ch]             writing to stdout in the background
 *     pacer.[ch]              a rate, to the microsecond
 *     pollset.[ch]            readiness of thousands of descriptors
 *     pool.[ch]               what the relays of a loop share: a buffer, pipes for splice
 *     secret.[ch]             files and passphrases, read once and wiped
 *     signal_watch.[ch]       signals as callbacks
 *     stdio.[ch]              stdin and stdout without blocking or changing them
 *     task.[ch]               blocking work in a thread
 *     terminal.[ch]           a terminal that something is drawn on
 *     terminal_mode.[ch]      how keys come, and the way back
 *     timer.[ch]              a timer that may be freed at once
 *     urgent.[ch]             urgent data and its mark (RFC 6093)
 *     watch.[ch]              readiness of one descriptor
 *
 *   sys/sandbox/              giving up what is not needed any more
 *     sandbox.[ch]            what a process still needs, and entering the sandbox
 *     sandbox_calls.[ch]      the system calls that are left
 *     sandbox_filter.c        the filter (seccomp(2))
 *     sandbox_landlock.c      files and TCP ports (landlock(7))
 *
 *   sys/                      a traced wrapper for each call; nothing else calls the sockets API
 *     accounts.[ch]           users and groups
 *     fd_calls.[ch]           calls of any descriptor
 *     file.[ch]               open, read, write, splice ...
 *     inet.[ch]               conversions of addresses and byte order
 *     interrupt.[ch]          files that wait for somebody else, until the program has to end
 *     loop.[ch]               what event loops are made of, that of libuv too
 *     message.[ch]            datagrams with control data, one or many
 *     names.[ch]              the constants of the API by name
 *     netdb.[ch]              the databases
 *     path.[ch]               files by their names
 *     process.[ch]            starting programs, and what a process is
 *     resolver.[ch]           getaddrinfo(3), getnameinfo(3), interfaces
 *     signals.[ch]            signals
 *     socket.[ch]             the calls on sockets
 *     tcp_info.[ch]           struct tcp_info, field by field
 *     trace.[ch]              each call told to a sink
 *     trace_message.[ch]      messages as text
 *     trace_secret.[ch]     credentials that no trace shows
 *     trace_text.[ch]         the trace as text
 *     tty.[ch]                terminals
 *
 *   sys/sockopt/              the table of socket options and their values
 *     sockopt_address.c       values that are addresses, interfaces, groups
 *     sockopt_codec.h         the parts of sockopt_value
 *     sockopt_filter.c        values that are BPF programs
 *     sockopt_format.c        other values to words
 *     sockopt_parse.c         words to other values
 *     sockopt_value.[ch]      a value as a word and in memory
 *     sockopts.[ch]           the table
 *     sockopts_ip.c           its rows: IPv4 and IPv6
 *     sockopts_rows.h         how rows are written
 *     sockopts_socket.c       its rows: SOL_SOCKET
 *     sockopts_transport.c    its rows: TCP and UDP
 *
 *   sys/trace_c/              the trace as a program in C
 *     c_known.[ch]            what calls before have opened, learnt and received
 *     c_lookup.[ch]           statements that look up and convert
 *     c_marks.[ch]            what is known only later: shared variables, killed children, ports
 *     c_parts.[ch]            what stands before main()
 *     c_program.[ch]          statements and what stands before them, of all processes
 *     c_socket.[ch]           statements that set sockets up
 *     c_statement.[ch]        what most statements consist of
 *     c_transfer.[ch]         statements that move bytes
 *     c_words.[ch]            bytes, addresses and options in C
 *     trace_c.[ch]            a statement for each call
 *
 *   out/                      what the program writes
 *     colour.[ch]             colours on terminals
 *     datagram_text.[ch]      datagrams on stdout
 *     events.[ch]             the catalogue of events, which is events.def
 *     field.[ch]              named values in texts and in JSON
 *     fit.[ch]                texts that fit a terminal
 *     hexdump.[ch]            bytes on the wire
 *     histogram_text.[ch]     a histogram with bars
 *     progress.[ch]           the line of --progress
 *     report.[ch]             events and errors on stderr
 *     rows.[ch]               tables on stdout
 *     write.[ch]              writing to what others share and may have stopped reading
 *
 *   cli/                      command lines
 *     habits.[ch]             what users of other tools type, and what to type here
 *     habits_find.c           finding the row for a word
 *     help.c                  --help and a dump from the option table
 *     opt.[ch]                the option table and its parser
 *     opt_files.c             no file is written that is also read
 *     opt_refuse.c            options that are known and never taken, negative numbers
 *     opt_sets.c              options that stand for socket options, beside --set
 *     opt_table.c             finding options in the table, and faults of it
 *     opt_with.c              which options go together
 *
 *   base/                     what every room may use
 *     base64.[ch]           bytes as base64
 *     crc32c.[ch]             a checksum (RFC 3720)
 *     datagram.h              a datagram and what is known about it
 *     deadline_queue.h        things that are due the same time after they came
 *     fifo.[ch]               bytes that wait to be taken
 *     hex.[ch]                hexadecimal text, written and read
 *     histogram.[ch]          how a measure is distributed
 *     iovecs.[ch]             pieces of memory to be written
 *     ipv4.[ch]               the header of an IPv4 packet
 *     lines.[ch]              lines from bytes that come in pieces
 *     list.h                  a doubly linked list
 *     mem.[ch]                allocation that cannot fail
 *     nearest.[ch]            the name that was probably meant
 *     packets.[ch]            datagrams that wait to be taken
 *     root.[ch]               roots without the library of mathematics
 *     sockaddr.[ch]           socket addresses of any family
 *     str.[ch]                a string that grows
 *     strlist.[ch]            a list of borrowed strings
 *     utf8.[ch]               decoding UTF-8
 *     util.h                  small macros
 *     value.[ch]              numbers, durations, sizes, ports from words
 *     wordlist.h              lists of words in one text
 */

#include "app.h"
#include "base/mem.h"
#include "cli/habits.h"
#include "compat/programs.h"
#include "compat/translate.h"
#include "compat/turns.h"
#include "help/event_list.h"
#include "help/guide.h"
#include "help/version.h"
#include "cmd/table.h"
#include "help/words.h"
#include "io/terminal.h"
#include "out/colour.h"
#include "out/fit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// libuv gives up by abort() when the kernel refuses it something; say so instead of dumping core.
static void on_abort(int number)
{
	(void)number;
	end_in_need("sockctl: the event loop got no resources from the kernel, or the program has "
		    "a fault\n");
}

// What the parent blocks or ignores is inherited. Blocked signals would end nothing; nor would an
// ignored SIGTERM, while SIGHUP, SIGINT and SIGQUIT are ignored on purpose where they are.
static void own_signals(void)
{
	sigset_t none;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); // writing tells EFBIG instead
	signal(SIGABRT, on_abort);
	signal(SIGTERM, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

// Opens descriptors 0 to 2 if they are closed, so that no socket takes their place. What stands in
// for stdin reads as empty; what stands in for stdout refuses to be written to, so that nothing
// gets lost in silence.
static void open_standard_descriptors(void)
{
	static const int modes[] = {O_RDONLY, O_RDONLY, O_WRONLY};
	struct pollfd fds[] = {{.fd = 0}, {.fd = 1}, {.fd = 2}};

	if (poll(fds, 3, 0) <= 0)
		return;
	for (int fd = 0; fd <= 2; fd++)
		if (fds[fd].revents & POLLNVAL && open("/dev/null", modes[fd]) < 0)
			_exit(STATUS_LOCAL);
}

// Prints what a function has to say, and frees it.
static int print(struct app *app, struct str *text)
{
	int status = app_output(app, text);

	str_fini(text);
	return status;
}

// The same for help, which fits a narrow terminal, and whose headings stand out on one.
static int print_help(struct app *app, struct str *text)
{
	struct str fitted = {0};
	struct str shown = {0};

	str_add_narrow_help(&fitted, str_c(text), terminal_columns(STDOUT_FILENO));
	str_fini(text);
	if (!colour_is_wanted(isatty(STDOUT_FILENO)))
		return print(app, &fitted);
	str_add_headings(&shown, str_c(&fitted));
	str_fini(&fitted);
	return print(app, &shown);
}

static int print_version(struct app *app, const char *form)
{
	struct str text = {0};

	if (form && strcmp(form, "--json") == 0)
		str_add_version_json(&text);
	else if (form)
		return app_failf(
			app, STATUS_USAGE, NULL, "--version takes --json and nothing else");
	else
		str_add_version(&text);
	return print(app, &text);
}

static int unknown_command(struct app *app, const char *name)
{
	struct str quoted = {0};
	struct str advice = {0};
	const char *near = cmd_nearest(name);

	str_add_word(&quoted, name, strlen(name));
	if (habit_add_advice(&advice, "", name, strlen(name)))
		app_failf(app, STATUS_USAGE, NULL, "no %s '%s'%s",
			name[0] == '-' ? "option" : "command", str_c(&quoted), str_c(&advice));
	else if (name[0] == '-')
		app_failf(app, STATUS_USAGE, NULL,
			"no option '%s' before the command; 'sockctl help' lists the commands",
			str_c(&quoted));
	else if (guide_has_topic(name))
		app_failf(app, STATUS_USAGE, NULL,
			"'%s' is a help topic, not a command; use 'sockctl help %s'", name, name);
	else if (near)
		app_failf(app, STATUS_USAGE, NULL, "no command '%s'; did you mean '%s'?",
			str_c(&quoted), near);
	else
		app_failf(app, STATUS_USAGE, NULL, "no command '%s'; 'sockctl help' lists them",
			str_c(&quoted));
	str_fini(&quoted);
	str_fini(&advice);
	return STATUS_USAGE;
}

static int unknown_option(struct app *app, const struct cmd *cmd, const char *word)
{
	const char *name = word + strspn(word, "-");
	const char *near = opt_nearest(cmd, name, strlen(name));
	struct str quoted = {0};
	struct str text = {0};

	str_add_word(&quoted, word, strlen(word));
	app->out.command = cmd->name;
	str_addf(&text, "no option or group of options '%s'; ", str_c(&quoted));
	if (near)
		str_addf(&text, "did you mean '--%s'?", near);
	else
		str_addf(&text, "'sockctl help %s all' lists them", cmd->name);
	app_failf(app, STATUS_USAGE, NULL, "%s", str_c(&text));
	str_fini(&text);
	str_fini(&quoted);
	return STATUS_USAGE;
}

// The help of CMD, or what it says about an option or a group of them. WORD may be NULL.
static int help_on(struct app *app, const struct cmd *cmd, const char *word)
{
	struct str text = {0};

	if (!word)
		opt_help(cmd, &text);
	else if (!opt_help_on(cmd, word, &text))
		return unknown_option(app, cmd, word);
	return print_help(app, &text);
}

static int unknown_event(struct app *app, const char *word)
{
	struct str quoted = {0};

	str_add_word(&quoted, word, strlen(word));
	app_failf(app, STATUS_USAGE, NULL, "no event '%s'; 'sockctl help events' lists them",
		str_c(&quoted));
	str_fini(&quoted);
	return STATUS_USAGE;
}

// The milliseconds of --timeout, which count from the start; 0 without it.
static uint64_t timeout_of(const struct cmd *cmd, const void *config)
{
	uint64_t ms = 0;

	opt_for_each_group (g, cmd)
		opt_for_each (o, g)
			if (o->type == OPT_DURATION && strcmp(o->name, "timeout") == 0)
				memcpy(&ms, (const char *)config + g->base + o->offset, sizeof(ms));
	return ms;
}

static int redirect(struct app *app, const struct cmdline *line)
{
	struct str object = {0};
	int error = cmdline_apply_redirections(line, &object);
	int status = error ? app_fail(app, STATUS_LOCAL, str_c(&object), error) : 0;

	str_fini(&object);
	return status;
}

static int run_command(struct app *app, const struct cmd *cmd, int argc, char **argv);

static int run_line(struct app *app, const struct cmdline *line)
{
	return run_command(app, cmd_find(line->words[0]), line->count, line->words);
}

// One of several runs, each of which has a process of its own.
struct turn {
	struct app *app;
	struct translation *translation;
};

static void run_turn(void *data, const char *port)
{
	struct turn *turn = data;
	struct app *app = turn->app;

	app->pid = getpid();
	app->status_of = NULL;
	turn->translation->spoken.port = port;
	run_line(app, &turn->translation->line);
	app_exit(app);
}

static int run_in_turn(struct app *app, struct translation *t)
{
	struct turn turn = {app, t};
	int status = turns_run(&t->line, run_turn, &turn);

	return status < 0 ? app_fail(app, STATUS_LOCAL, NULL, status)
			  : app_fail_quietly(app, status);
}

// Runs what the command line of another program comes to, or shows it.
static int run_translated(struct app *app, struct translation *t)
{
	struct str text = {0};

	if (t->is_to_explain) {
		str_add_cmdline(&text, &t->line);
		str_addc(&text, '\n');
		return print(app, &text);
	}
	if (t->warning)
		report(&app->out, &ev_warning, F_STR("text", t->warning));
	if (t->spoken.voice.add_event)
		app->out.voice = &t->spoken.voice;
	if (app->status_of)
		app->status_of = t->status_of;
	if (redirect(app, &t->line))
		return app->status;
	return t->line.port_count ? run_in_turn(app, t) : run_line(app, &t->line);
}

// The translation must outlive the run: what is said at its end is in the words of the original.
static int translate(struct app *app, const struct cmd *cmd, void *config, int argc, char **argv)
{
	static struct translation t;
	struct str err = {0};
	int status = cmd->translate(cmd, config, argc, argv, &t, &err) < 0
			     ? app_failf(app, STATUS_USAGE, NULL, "%s", str_c(&err))
			     : run_translated(app, &t);

	translation_fini(&t);
	str_fini(&err);
	return status;
}

// With SOCKCTL_STATUS=native the status is ours whatever the program is called.
static void choose_statuses(struct app *app, const struct cmd *cmd)
{
	const char *which = getenv("SOCKCTL_STATUS");

	if (cmd->status_of && !(which && strcmp(which, "native") == 0))
		app->status_of = cmd->status_of;
}

static int run_command(struct app *app, const struct cmd *cmd, int argc, char **argv)
{
	struct str err = {0};
	void *config = xcalloc(1, cmd->config_size);
	int first;
	int status;

	app->out.command = cmd->name;
	choose_statuses(app, cmd);
	switch (opt_parse(cmd, config, argc, argv, &first, &err)) {
	case OPT_HELP:
		status = help_on(app, cmd, err.len ? str_c(&err) : NULL);
		break;
	case OPT_BAD:
		status = app_failf(app, STATUS_USAGE, NULL, "%s", str_c(&err));
		break;
	default:
		if (cmd->translate) {
			status = translate(app, cmd, config, argc - first, argv + first);
			break;
		}
		app_configure(app, config);
		app_expect_end(app, timeout_of(cmd, config));
		if (opt_check_files(cmd, config, &err) < 0)
			status = app_failf(app, STATUS_USAGE, NULL, "%s", str_c(&err));
		else
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
// and "sockctl help --dump events" for checks.
static int run_help_for_programs(struct app *app, int argc, char **argv)
{
	struct str text = {0};

	if (strcmp(argv[0], "--words") == 0) {
		cmd_words(argc - 1, argv + 1, &text);
		return print(app, &text);
	}

	const struct cmd *cmd = argc > 1 ? cmd_find_typed(argv[1]) : NULL;
	bool is_events = argc > 1 && strcmp(argv[1], "events") == 0;

	if (strcmp(argv[0], "--dump") != 0 || (!cmd && !is_events))
		return unknown_command(app, argc > 1 ? argv[1] : argv[0]);
	if (cmd)
		opt_dump(cmd, &text);
	else
		event_list_dump(&text);
	return print(app, &text);
}

static bool asks_for_help(const char *word)
{
	return strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

// "sockctl help [COMMAND [OPTION | GROUP | all] | events [NAME] | TOPIC]", without the first word.
static int run_help(struct app *app, int argc, char **argv)
{
	if (argc == 1 && asks_for_help(argv[0]))
		argc = 0;

	const struct cmd *cmd = argc ? cmd_find(argv[0]) : NULL;
	struct str text = {0};

	if (argc && argv[0][0] == '-')
		return run_help_for_programs(app, argc, argv);
	bool is_event = argc > 1 && strcmp(argv[0], "events") == 0;
	int most = cmd || is_event ? 2 : 1;

	if (argc > most)
		return app_failf(app, STATUS_USAGE, argv[most], "one word too many after '%s'",
			cmd ? cmd->name : "help");
	if (cmd)
		return help_on(app, cmd, argv[1]);
	if (is_event && !event_list_of(argv[1], &text))
		return unknown_event(app, argv[1]);
	if (!argc)
		guide_contents(&text);
	else if (!is_event && !guide_topic(argv[0], &text))
		return unknown_command(app, argv[0]);
	return print_help(app, &text);
}

// The command line of a netcat, by its name or as a command. Returns false if it is none.
static bool run_netcat(struct app *app, int argc, char **argv)
{
	struct str err = {0};
	const struct cmd *cmd = compat_find(&argc, &argv, &err);

	if (cmd)
		run_command(app, cmd, argc, argv);
	if (err.len) {
		choose_statuses(app, cmd_find_typed("nc"));
		app_failf(app, STATUS_USAGE, NULL, "%s", str_c(&err));
	}
	str_fini(&err);
	return cmd || app->status;
}

static int dispatch(struct app *app, int argc, char **argv)
{
	struct str text = {0};

	if (argc > 1 && strcmp(argv[1], "--version") == 0)
		return print_version(app, argv[2]);
	own_signals();
	if (run_netcat(app, argc, argv))
		return app->status;
	if (argc < 2) {
		guide_overview(&text);
		return print_help(app, &text);
	}
	if (asks_for_help(argv[1]))
		return run_help(app, argc - 2, argv + 2);

	const struct cmd *cmd = cmd_find(argv[1]);

	return cmd ? run_command(app, cmd, argc - 1, argv + 1) : unknown_command(app, argv[1]);
}

int main(int argc, char **argv)
{
	struct app app;

	open_standard_descriptors();
	app_init(&app);
	int status = dispatch(&app, argc, argv);
	if (status)
		app_fail_quietly(&app, status);
	app_exit(&app);
}
