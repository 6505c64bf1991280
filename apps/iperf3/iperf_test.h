/* SPDX-License-Identifier: MIT */
/*
 * One test between an iperf3 client and server: what both sides share.
 *
 * Overview: a TCP connection carries control: the client's cookie, then states (one byte each, mostly the server's) and JSON
 * messages (a length of 4 bytes in front). Streams are connections of their own to the same port.
 *   client                      server
 *   cookie ------------------->
 *          <------------------- PARAM_EXCHANGE
 *   parameters --------------->
 *          <------------------- CREATE_STREAMS
 *   streams, each with cookie ->
 *          <------------------- TEST_START, TEST_RUNNING
 *   (data, one way or the other)
 *   TEST_END ----------------->
 *          <------------------- EXCHANGE_RESULTS
 *   results ------------------>
 *          <------------------- results, DISPLAY_RESULTS
 *   IPERF_DONE --------------->
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define IPERF_PORT        5201
#define IPERF_COOKIE      37 /* 36 characters and a 0 */
#define IPERF_STREAMS_MAX 128
#define IPERF_LEN_MAX     (1 << 20)
#define IPERF_UDP_LEN_MAX 65507
#define IPERF_PATIENCE    10 /* s, for the peer's part of the conversation */

enum iperf_state {
	ACCESS_DENIED = -1,
	SERVER_ERROR = -2,
	TEST_START = 1,
	TEST_RUNNING = 2,
	TEST_END = 4,
	PARAM_EXCHANGE = 9,
	CREATE_STREAMS = 10,
	SERVER_TERMINATE = 11,
	CLIENT_TERMINATE = 12,
	EXCHANGE_RESULTS = 13,
	DISPLAY_RESULTS = 14,
	IPERF_DONE = 16
};

struct iperf_params {
	int udp, reverse, wide_counters; /* 64-bit counters in datagrams */
	unsigned int streams, len;
	unsigned int seconds; /* 0: by bytes */
	uint64_t bytes;       /* of all streams; 0: by time */
	double rate;          /* bit/s of each stream; 0: as fast as it goes */
	int no_delay;
};

struct iperf_stream {
	int fd, id, ended;
	uint64_t bytes, seen; /* all, and when the last interval ended */
	/* of datagrams; when the last interval ended */
	uint64_t packets, errors, disorder, seen_packets, seen_errors;
	double jitter, transit; /* s */
	size_t at;              /* TCP: of the block being sent */
};

/* What the other side says about a stream. */
struct iperf_result {
	uint64_t bytes, packets, errors;
	double jitter;
};

struct iperf_test {
	struct iperf_params p;
	int control, server, sender; /* sender: our data goes to the peer */
	char cookie[IPERF_COOKIE];
	unsigned int nr_streams;
	double started, ended, interval, next_report, last_report;
	char *block; /* p.len bytes */
	char *text;  /* of a JSON message */
	struct iperf_stream stream[IPERF_STREAMS_MAX];
	struct iperf_result peer[IPERF_STREAMS_MAX];
};

double iperf_now(void); /* s */

/* NULL: no memory. */
struct iperf_test *iperf_test_create(void);
/* Closes and frees all. */
void iperf_test_free(struct iperf_test *t);

/* "iperf3: error - TEXT" on standard error. Returns -1. */
int iperf_complain(const char *text, ...) __attribute__((format(printf, 1, 2)));

/* ---- control: 0 or -1, it was told why */

int iperf_write(int fd, const void *data, size_t len);
int iperf_read(int fd, void *data, size_t len);
int iperf_send_state(const struct iperf_test *t, int state);
/* A state that is one of the peer's complaints is told, too. */
int iperf_expect_state(const struct iperf_test *t, int state);
int iperf_send_params(struct iperf_test *t);
int iperf_take_params(struct iperf_test *t);
int iperf_send_results(struct iperf_test *t);
int iperf_take_results(struct iperf_test *t);

/* The server refuses: the client tells its user what iperf3's error of this number means. */
void iperf_send_error(const struct iperf_test *t, int error);

/* ---- data */

/* Adds a stream on fd, which it owns. */
void iperf_add_stream(struct iperf_test *t, int fd);

/* Moves data until the client's end condition holds, or the client ends it. 0, or -1: told why. */
int iperf_run(struct iperf_test *t);

/* ---- what people read */

void iperf_print_header(const struct iperf_test *t);
void iperf_print_interval(struct iperf_test *t, double from, double to);
void iperf_print_summary(const struct iperf_test *t);

int iperf_serve(unsigned int port, int once, double interval);
int iperf_call(const char *host, unsigned int port, const struct iperf_params *p, double interval);
