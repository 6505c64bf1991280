/* SPDX-License-Identifier: MIT */
/*
 * What a TCP segment makes of a connection's state: a table by direction, kind of segment, and state before.
 *
 * The observer in the middle sees what one side sent before the other has it, may have missed some, and must neither be fooled
 * into closing a connection nor into keeping it. So two entries are not states: IG lets a packet pass that may make sense to
 * its receiver though not here (the answer will tell), IV is a packet that belongs to nothing.
 * States are named after the later of both ends (RFC 9293 s3.3.2), as Linux does; SS2 is a simultaneous open.
 */
#include "net/netfilter/conntrack_tcp.h"

#define NO  TCP_CONNTRACK_NONE
#define SS  TCP_CONNTRACK_SYN_SENT
#define SR  TCP_CONNTRACK_SYN_RECV
#define ES  TCP_CONNTRACK_ESTABLISHED
#define FW  TCP_CONNTRACK_FIN_WAIT
#define CW  TCP_CONNTRACK_CLOSE_WAIT
#define LA  TCP_CONNTRACK_LAST_ACK
#define TW  TCP_CONNTRACK_TIME_WAIT
#define CL  TCP_CONNTRACK_CLOSE
#define SS2 TCP_CONNTRACK_SYN_SENT2
#define IG  TCP_CT_IGNORE
#define IV  TCP_CT_INVALID

/* clang-format off */
const u8 tcp_conntracks[IP_CT_DIR_MAX][TCP_SET_NR][TCP_CONNTRACK_MAX] = {
	[IP_CT_DIR_ORIGINAL] = {
		[TCP_SYN_SET] = {
			[NO]  = SS,  /* a connection begins */
			[SS]  = SS,  /* nobody has answered: again */
			[SR]  = IG,  /* sent before the answer came, or late */
			[ES]  = IG,  /* one end may have restarted; a challenge ACK or a reset will tell */
			[FW]  = IG,  /* as above */
			[CW]  = IG,  /* as above */
			[LA]  = IG,  /* as above; the challenge ACK then is not the last one */
			[TW]  = SS,  /* the same ports again: a new connection */
			[CL]  = SS,  /* a new connection after a reset */
			[SS2] = SS2, /* our SYN of a simultaneous open, again */
		},
		[TCP_SYNACK_SET] = {
			[NO]  = IV,  /* the SYN has not been seen: whose answer is it? */
			[SS]  = IV,  /* who asked does not answer */
			[SR]  = SR,  /* a simultaneous open's, again */
			[ES]  = IV,  /* who asked does not answer */
			[FW]  = IV,
			[CW]  = IV,
			[LA]  = IV,
			[TW]  = IV,
			[CL]  = IV,
			[SS2] = SR,  /* each has the other's SYN now */
		},
		[TCP_FIN_SET] = {
			[NO]  = IV,  /* too late to learn anything of it */
			[SS]  = IV,  /* not before the other has answered */
			[SR]  = FW,  /* closes before its ACK has passed here */
			[ES]  = FW,  /* the first end closes */
			[FW]  = LA,  /* the other's turn, or the first's again */
			[CW]  = LA,  /* the second end closes */
			[LA]  = LA,  /* again */
			[TW]  = TW,  /* again, its ACK was lost */
			[CL]  = CL,  /* sent before the reset arrived */
			[SS2] = IV,
		},
		[TCP_ACK_SET] = {
			[NO]  = ES,  /* a connection older than this table (if tcp_loose) */
			[SS]  = IV,  /* acknowledges what has not been sent */
			[SR]  = ES,  /* the third step */
			[ES]  = ES,
			[FW]  = CW,  /* the FIN is acknowledged */
			[CW]  = CW,
			[LA]  = TW,  /* the second FIN is acknowledged */
			[TW]  = TW,  /* again */
			[CL]  = CL,
			[SS2] = IV,
		},
		[TCP_RST_SET] = {
			[NO]  = IV,
			[SS]  = CL,
			[SR]  = CL,
			[ES]  = CL,
			[FW]  = CL,
			[CW]  = CL,
			[LA]  = CL,
			[TW]  = CL,  /* RFC 1337 is for the ends */
			[CL]  = CL,
			[SS2] = CL,
		},
		[TCP_NONE_SET] = { IV, IV, IV, IV, IV, IV, IV, IV, IV, IV }, /* no such segment (RFC 9293 s3.10.7) */
	},
	[IP_CT_DIR_REPLY] = {
		[TCP_SYN_SET] = {
			[NO]  = IV,  /* a connection begins in the other direction */
			[SS]  = SS2, /* both open at once (RFC 9293 s3.5) */
			[SR]  = IV,  /* who has answered does not ask */
			[ES]  = IV,
			[FW]  = IV,
			[CW]  = IV,
			[LA]  = IV,
			[TW]  = SS,  /* the same ports again, roles may have changed */
			[CL]  = IV,
			[SS2] = SS2, /* again */
		},
		[TCP_SYNACK_SET] = {
			[NO]  = IV,
			[SS]  = SR,  /* the second step */
			[SR]  = IG,  /* again */
			[ES]  = IG,  /* again; or the answer to a SYN that was ignored */
			[FW]  = IG,
			[CW]  = IG,
			[LA]  = IG,
			[TW]  = IG,
			[CL]  = IG,
			[SS2] = SR,  /* each has the other's SYN now */
		},
		[TCP_FIN_SET] = {
			[NO]  = IV,
			[SS]  = IV,  /* closes what it has not accepted */
			[SR]  = FW,  /* accepts and closes at once */
			[ES]  = FW,
			[FW]  = LA,
			[CW]  = LA,
			[LA]  = LA,
			[TW]  = TW,
			[CL]  = CL,
			[SS2] = IV,
		},
		[TCP_ACK_SET] = {
			[NO]  = IV,
			[SS]  = IG,  /* may be a challenge: the other end still has the connection before */
			[SR]  = SR,  /* the answerer speaks before its handshake is over */
			[ES]  = ES,
			[FW]  = CW,
			[CW]  = CW,
			[LA]  = TW,
			[TW]  = TW,
			[CL]  = CL,
			[SS2] = IG,
		},
		[TCP_RST_SET] = {
			[NO]  = IV,
			[SS]  = CL,  /* refused */
			[SR]  = CL,
			[ES]  = CL,
			[FW]  = CL,
			[CW]  = CL,
			[LA]  = CL,
			[TW]  = CL,
			[CL]  = CL,
			[SS2] = CL,
		},
		[TCP_NONE_SET] = { IV, IV, IV, IV, IV, IV, IV, IV, IV, IV },
	},
};
/* clang-format on */

/* By the flags, without ECE, CWR and PSH: what an honest end may send. */
static const bool valid_flags[64] = {
	[TCP_SYN] = true,
	[TCP_SYN | TCP_URG] = true,
	[TCP_SYN | TCP_ACK] = true,
	[TCP_RST] = true,
	[TCP_RST | TCP_ACK] = true,
	[TCP_FIN | TCP_ACK] = true,
	[TCP_FIN | TCP_ACK | TCP_URG] = true,
	[TCP_ACK] = true,
	[TCP_ACK | TCP_URG] = true,
};

bool tcp_ct_flags_valid(u8 flags)
{
	return valid_flags[flags & ~(TCP_ECE | TCP_CWR | TCP_PSH)];
}

const char *nf_ct_tcp_state_name(u8 state)
{
	static const char *const names[TCP_CONNTRACK_MAX] = {
		"NONE",       "SYN_SENT", "SYN_RECV",  "ESTABLISHED", "FIN_WAIT",
		"CLOSE_WAIT", "LAST_ACK", "TIME_WAIT", "CLOSE",       "SYN_SENT2"};

	return state < TCP_CONNTRACK_MAX ? names[state] : "UNKNOWN";
}
