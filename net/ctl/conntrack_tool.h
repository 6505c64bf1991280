/* SPDX-License-Identifier: MIT */
/* conntrack(8): what it is asked, and connections as lines. */
#pragma once

#include "net/ctl/tool.h"
#include "net/nf_conntrack.h"

#define CT_TOOL "conntrack v1.4.7 (conntrack-tools): "

/* How connections are printed: -o. */
enum {
	CT_SHOW_EXTENDED = 1,
	CT_SHOW_ID = 2,
	CT_SHOW_SAVE = 4,
	CT_SHOW_KTIMESTAMP = 8,
	CT_SHOW_TIMESTAMP = 16,
	CT_SHOW_USERSPACE = 32, /* as without it */
	CT_SHOW_DELETED = 64,   /* it has been deleted: for CT_SHOW_SAVE */
};

/* Options that were given; bits of ct_query.given. */
enum {
	Q_ORIG_SRC = BIT(0),
	Q_ORIG_DST = BIT(1),
	Q_REPLY_SRC = BIT(2),
	Q_REPLY_DST = BIT(3),
	Q_PROTO = BIT(4),
	Q_STATUS = BIT(5),
	Q_MARK = BIT(6),
	Q_SRC_NAT = BIT(7),
	Q_DST_NAT = BIT(8),
	Q_ANY_NAT = BIT(9),
	Q_SPORT = BIT(10),
	Q_DPORT = BIT(11),
	Q_REPLY_SPORT = BIT(12),
	Q_REPLY_DPORT = BIT(13),
	Q_STATE = BIT(14),
	Q_ICMP_TYPE = BIT(15),
	Q_ICMP_CODE = BIT(16),
	Q_ICMP_ID = BIT(17),
	Q_OUTPUT = BIT(18),
	Q_FAMILY = BIT(19),
	Q_ZERO = BIT(20),
	Q_TIMEOUT = BIT(21),
	Q_EVENTS = BIT(22),
	Q_BUFFER = BIT(23),
	Q_MASK_SRC = BIT(24), /* an address with /LEN */
	Q_MASK_DST = BIT(25),
	Q_ORIG = Q_ORIG_SRC | Q_ORIG_DST,
	Q_REPLY = Q_REPLY_SRC | Q_REPLY_DST,
	Q_L4 = Q_SPORT | Q_DPORT | Q_REPLY_SPORT | Q_REPLY_DPORT | Q_STATE | Q_ICMP_TYPE |
	       Q_ICMP_CODE | Q_ICMP_ID,
	Q_NOT_FILTERS = Q_OUTPUT | Q_FAMILY | Q_ZERO,
};

/* What was asked. */
struct ct_query {
	char command;
	u32 given, how;
	be32 addr[4], mask[4]; /* by Q_ORIG_SRC.. */
	struct {
		be32 addr; /* 0: any */
		u16 port;  /* 0: any */
	} nat[3];          /* by Q_SRC_NAT.. */
	u8 proto, state;
	bool unreplied, none; /* none: a family that has no connections here */
	u16 status;
	u32 mark, mark_mask;
	u32 timeout;
	u32 events;  /* CT_EVENT_* */
	u32 buffer;  /* bytes */
	u16 port[4]; /* by Q_SPORT.. */
	u16 icmp[3]; /* by Q_ICMP_TYPE.. */
};

enum { CT_EVENT_NEW = 1, CT_EVENT_UPDATES = 2, CT_EVENT_DESTROY = 4, CT_EVENT_ALL = 7 };

/* Reads the words; 0, or complained, with the status in c->status. */
int conntrack_words(struct ctl *c, struct ct_query *q, int argc, char *const argv[]);

/* Whether a connection is one of those asked for. Softirqs disabled. */
bool conntrack_fits(const struct ct_query *q, const struct nf_conn *ct);

/* A connection as it was. */
struct ct_row {
	struct nf_conn ct;
	u32 expires, id, use;
	u32 events; /* IPCT_*, of one that is told of; else 0 */
	bool acct;
	u64 began; /* ns of plat_wall(), 0: not known */
	u64 age;   /* s */
};

/* Copies ct. Softirqs disabled. */
void conntrack_row(struct net *net, struct ct_row *row, const struct nf_conn *ct);
/* Whether packets are counted. */
bool conntrack_counts(struct net *net);

void conntrack_show_row(struct ctl *c, const struct ct_row *row, u32 how);

/* "tcp"; NULL: none that conntrack(8) knows. */
const char *conntrack_proto_name(u8 protonum);

/* -I and -A, -U, -E: the exit status. */
int conntrack_create(struct ctl *c, const struct ct_query *q);
int conntrack_update(struct ctl *c, const struct ct_query *q);
int conntrack_follow(struct ctl *c, const struct ct_query *q);
