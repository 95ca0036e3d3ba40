// SPDX-License-Identifier: ISC
// What an echo client sends, so that every byte that comes back can be told to be the right one:
// each request begins with its number and that of its connection, as far as its size allows, and
// goes on with bytes that differ from request to request. Nothing has to be kept for that: any
// part of any request can be made again.
#ifndef SOCKCTL_NET_ECHO_ECHO_PAYLOAD_H
#define SOCKCTL_NET_ECHO_ECHO_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ECHO_PAYLOAD_HEADER 8 // bytes: the number, then the connection

struct echo_payload {
	size_t size; // of a request; may be 0
	bool is_text; // the same text each time, without a number
	char *body;
};

void echo_payload_init(struct echo_payload *p, size_t size);

// Every request is TEXT.
void echo_payload_init_text(struct echo_payload *p, const char *text);
void echo_payload_fini(struct echo_payload *p);

// Writes LEN bytes, beginning at OFFSET, of request NUMBER of CONNECTION.
void echo_payload_write(const struct echo_payload *p, unsigned connection, uint64_t number,
	size_t offset, char *data, size_t len);

// True if DATA are those bytes.
bool echo_payload_matches(const struct echo_payload *p, unsigned connection, uint64_t number,
	size_t offset, const char *data, size_t len);

// The number of a request that came back whole: as DATA tells it, which may be of fewer bits than
// the number has, taken for one not before FIRST.
uint64_t echo_payload_number(const struct echo_payload *p, const char *data, uint64_t first);

#endif
