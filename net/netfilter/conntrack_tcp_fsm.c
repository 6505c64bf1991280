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
			[FW]  = IV,  /* nor when one end closes */
			[CW]  = IV,  /* nor when that is known to the other */
			[LA]  = IV,  /* nor when both close */
			[TW]  = IV,  /* nor when all is over */
			[CL]  = IV,  /* nor after a reset */
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
			[SS2] = IV,  /* not before it has the other's answer */
		},
		[TCP_ACK_SET] = {
			[NO]  = ES,  /* a connection older than this table (if tcp_loose) */
			[SS]  = IV,  /* acknowledges what has not been sent */
			[SR]  = ES,  /* the third step */
			[ES]  = ES,  /* data, or that they came */
			[FW]  = CW,  /* the FIN is acknowledged */
			[CW]  = CW,  /* one end still speaks */
			[LA]  = TW,  /* the second FIN is acknowledged */
			[TW]  = TW,  /* again */
			[CL]  = CL,  /* sent before the reset arrived */
			[SS2] = IV,  /* each owes the other a SYN-ACK first */
		},
		[TCP_RST_SET] = {
			[NO]  = IV,  /* there is nothing to reset */
			[SS]  = CL,  /* gives up */
			[SR]  = CL,  /* did not ask for this answer */
			[ES]  = CL,  /* breaks off */
			[FW]  = CL,  /* as above, when one end closes */
			[CW]  = CL,  /* as above */
			[LA]  = CL,  /* as above, when both do */
			[TW]  = CL,  /* RFC 1337 is for the ends */
			[CL]  = CL,  /* again */
			[SS2] = CL,  /* gives up */
		},
		[TCP_NONE_SET] = {
			[NO ... SS2] = IV, /* whatever the state, there is no such segment (RFC 9293 s3.10.7) */
		},
	},
	[IP_CT_DIR_REPLY] = {
		[TCP_SYN_SET] = {
			[NO]  = IV,  /* a connection begins in the other direction */
			[SS]  = SS2, /* both open at once (RFC 9293 s3.5) */
			[SR]  = IV,  /* who has answered does not ask */
			[ES]  = IV,  /* nor does it later */
			[FW]  = IV,  /* nor when one end closes */
			[CW]  = IV,  /* nor when that is known to the other */
			[LA]  = IV,  /* nor when both close */
			[TW]  = SS,  /* the same ports again, roles may have changed */
			[CL]  = IV,  /* who was asked and refused does not ask */
			[SS2] = SS2, /* again */
		},
		[TCP_SYNACK_SET] = {
			[NO]  = IV,  /* a connection begins in the other direction */
			[SS]  = SR,  /* the second step */
			[SR]  = IG,  /* again */
			[ES]  = IG,  /* again; or the answer to a SYN that was ignored */
			[FW]  = IG,  /* as above */
			[CW]  = IG,  /* as above */
			[LA]  = IG,  /* as above */
			[TW]  = IG,  /* as above */
			[CL]  = IG,  /* as above */
			[SS2] = SR,  /* each has the other's SYN now */
		},
		[TCP_FIN_SET] = {
			[NO]  = IV,  /* a connection begins in the other direction */
			[SS]  = IV,  /* closes what it has not accepted */
			[SR]  = FW,  /* accepts and closes at once */
			[ES]  = FW,  /* the first end closes */
			[FW]  = LA,  /* the other's turn, or the first's again */
			[CW]  = LA,  /* the second end closes */
			[LA]  = LA,  /* again */
			[TW]  = TW,  /* again, its ACK was lost */
			[CL]  = CL,  /* sent before the reset arrived */
			[SS2] = IV,  /* not before it has the other's answer */
		},
		[TCP_ACK_SET] = {
			[NO]  = IV,  /* a connection begins in the other direction */
			[SS]  = IG,  /* may be a challenge: the other end still has the connection before */
			[SR]  = SR,  /* the answerer speaks before its handshake is over */
			[ES]  = ES,  /* data, or that they came */
			[FW]  = CW,  /* the FIN is acknowledged */
			[CW]  = CW,  /* one end still speaks */
			[LA]  = TW,  /* the second FIN is acknowledged */
			[TW]  = TW,  /* again */
			[CL]  = CL,  /* sent before the reset arrived */
			[SS2] = IG,  /* may be a challenge, as above */
		},
		[TCP_RST_SET] = {
			[NO]  = IV,  /* there is nothing to reset */
			[SS]  = CL,  /* refused */
			[SR]  = CL,  /* takes its answer back */
			[ES]  = CL,  /* breaks off */
			[FW]  = CL,  /* as above, when one end closes */
			[CW]  = CL,  /* as above */
			[LA]  = CL,  /* as above, when both do */
			[TW]  = CL,  /* RFC 1337 is for the ends */
			[CL]  = CL,  /* again */
			[SS2] = CL,  /* gives up */
		},
		[TCP_NONE_SET] = {
			[NO ... SS2] = IV, /* there is no such segment */
		},
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
