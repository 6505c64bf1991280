/* SPDX-License-Identifier: MIT */
/*
 * Frames of the control channel (docs/CONTROL-CHANNEL.md): what the guest's server and the host's
 * weirctl say to each other over a line that may lose, repeat or invent bytes.
 *
 *      0        3      4     6     8       12
 *      | F5 w c | type | tag | len | CRC-32 | payload: len bytes |      numbers: big endian
 *
 * The CRC (IEEE 802.3) is over type, tag, len and payload. A receiver that meets anything else
 * moves on by one byte and looks again, so whole frames behind garbage are always found.
 */
#pragma once

#include "lib/types.h"

#define CTL_FRAME_HEADER  12
#define CTL_FRAME_PAYLOAD 1024
#define CTL_FRAME_MAX     (CTL_FRAME_HEADER + CTL_FRAME_PAYLOAD)

/* So many zeros in front of the first frame end any frame that a former sender left half sent. */
#define CTL_FRAME_PREAMBLE CTL_FRAME_MAX

#define CTL_ARGS_MAX      8192  /* bytes of a request's words */
#define CTL_OUTPUT_WINDOW 16384 /* most bytes of output frames ahead of the host's credit */

enum ctl_frame_type {
	/* host to guest */
	CTL_HELLO = 1,     /* a new session: whatever ran for the last one is ended */
	CTL_ARGS = 2,      /* words of the next request, each with its 0; may be cut anywhere */
	CTL_RUN = 3,       /* run them */
	CTL_INPUT = 4,     /* standard input, no more than the credit given */
	CTL_INPUT_END = 5, /* its end */
	CTL_INTERRUPT = 6, /* as control-C */
	/* both ways */
	/* u32: so many more bytes of OUT and ERR frames, or of INPUT payload, may be sent */
	CTL_CREDIT = 7,
	/* guest to host */
	CTL_WELCOME = 16, /* answers HELLO; the payload says who is there */
	CTL_OUT = 17,     /* standard output */
	CTL_ERR = 18,     /* standard error */
	CTL_EXIT = 19,    /* u8: exit status; the request is done */
};

struct ctl_frame {
	u8 type;
	u16 tag; /* the session's, chosen by the host */
	u16 len;
	u8 data[CTL_FRAME_PAYLOAD];
};

/* Writes a frame into buf (CTL_FRAME_MAX bytes); len <= CTL_FRAME_PAYLOAD. Returns its length. */
size_t ctl_frame_build(u8 *buf, enum ctl_frame_type type, u16 tag, const void *data, size_t len);

struct ctl_parser {
	u32 have;
	u64 skipped; /* bytes that were no part of a frame */
	u8 buf[CTL_FRAME_MAX];
};

void ctl_parser_init(struct ctl_parser *p);

/*
 * Takes bytes from *data (moving it on) until a frame is complete: true, and *frame is it. False:
 * all are taken, more are needed. Call it again until it is false.
 */
bool ctl_parser_feed(struct ctl_parser *p, const u8 **data, size_t *len, struct ctl_frame *frame);
