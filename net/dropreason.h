/* SPDX-License-Identifier: MIT */
/*
 * Why packets end. One line per reason: its enum name and what `nstat`, the trace and the console
 * print. Each has a counter. Names follow Linux's skb drop reasons where Linux has one.
 */
#pragma once

#define SKB_DROP_REASONS(X)                                                                        \
	X(NOT_SPECIFIED, "NotSpecified")                                                           \
	X(NOMEM, "NoMem")                                                                          \
	X(SKB_LIMIT, "SkbLimit") /* the pool of skbs is at its limit */                            \
	/* device and Ethernet */                                                                  \
	X(DEV_NOT_UP, "DevNotUp")                                                                  \
	X(FRAME_TOO_SHORT, "FrameTooShort")                                                        \
	X(FRAME_TOO_LONG, "FrameTooLong")                                                          \
	X(OTHERHOST, "OtherHost")                                                                  \
	X(UNHANDLED_PROTO, "UnhandledProto") /* no packet_type for the EtherType */                \
	X(DEV_HDR, "DevHdr")                 /* the device's words about a frame cannot be true */ \
	X(SKB_CSUM, "SkbCsum")               /* a checksum that cannot be completed */             \
	X(SKB_GSO_SEG, "SkbGsoSeg")          /* several segments that cannot be cut */             \
	X(TX_RING_FULL, "TxRingFull")                                                              \
	X(BACKLOG_FULL, "BacklogFull")                                                             \
	/* ARP */                                                                                  \
	X(ARP_INVALID, "ArpInvalid")                                                               \
	X(ARP_IGNORED, "ArpIgnored") /* valid, and not ours to answer */                           \
	X(NEIGH_QUEUEFULL, "NeighQueueFull")                                                       \
	X(NEIGH_FAILED, "NeighFailed")                                                             \
	X(NEIGH_TABLE_FULL, "NeighTableFull")                                                      \
	/* IPv4 */                                                                                 \
	X(PKT_TOO_SMALL, "PktTooSmall")                                                            \
	X(IP_INHDR, "IpInHdr")                                                                     \
	X(IP_CSUM, "IpCsum")                                                                       \
	X(IP_INADDRERRORS, "IpInAddrErrors")                                                       \
	X(IP_INVALID_SOURCE, "IpInvalidSource") /* a martian */                                    \
	X(MC_NOT_MEMBER, "McNotMember")         /* of the group, on this device */                 \
	X(MC_FILTERED, "McFiltered")            /* nobody listens to this source */                \
	X(IP_INNOROUTES, "IpInNoRoutes")                                                           \
	X(IP_OUTNOROUTES, "IpOutNoRoutes")                                                         \
	X(IP_RPFILTER, "IpRpFilter")                                                               \
	X(IP_OPTIONS, "IpOptions")                                                                 \
	X(IP_NOFORWARD, "IpNoForward")                                                             \
	X(IP_TTL, "IpTtl")                                                                         \
	X(IP_FRAG, "IpFrag") /* a fragment, and reassembly does not take it */                     \
	X(FRAG_REASM_TIMEOUT, "FragReasmTimeout")                                                  \
	X(FRAG_LIMIT, "FragLimit")    /* reassembly is at its limit */                             \
	X(DUP_FRAG, "DupFrag")        /* a fragment that is there already */                       \
	X(FRAG_TOO_FAR, "FragTooFar") /* ipfrag_max_dist */                                        \
	X(IP_NOPROTO, "IpNoProto")                                                                 \
	X(PKT_TOO_BIG, "PktTooBig")                                                                \
	X(UNICAST_IN_L2_MULTICAST, "UnicastInL2Multicast")                                         \
	X(NETFILTER_DROP, "NetfilterDrop")                                                         \
	X(NF_QUEUE_FULL, "NfQueueFull")                                                            \
	X(NF_QUEUE_NONE, "NfQueueNone")       /* nobody listens to it */                           \
	X(NF_QUEUE_GONE, "NfQueueGone")       /* queue, device or rule, meanwhile */               \
	X(NF_QUEUE_VERDICT, "NfQueueVerdict") /* the program said so */                            \
	X(NF_CONNTRACK_FULL, "NfConntrackFull")                                                    \
	X(NF_CONNTRACK_CLASH, "NfConntrackClash") /* another has its tuple */                      \
	X(NF_CONNTRACK_GONE, "NfConntrackGone")   /* its connection, meanwhile */                  \
	X(NF_NAT, "NfNat")                        /* cannot be translated */                       \
	/* ICMP, UDP, sockets */                                                                   \
	X(ICMP_CSUM, "IcmpCsum")                                                                   \
	X(ICMP_INVALID, "IcmpInvalid")                                                             \
	X(ICMP_UNKNOWN, "IcmpUnknown") /* a type that asks for nothing */                          \
	X(ICMP_BROADCAST, "IcmpBroadcast")                                                         \
	X(IGMP_CSUM, "IgmpCsum")                                                                   \
	X(IGMP_INVALID, "IgmpInvalid")                                                             \
	X(UDP_CSUM, "UdpCsum")                                                                     \
	X(UDP_INVALID, "UdpInvalid")                                                               \
	X(TCP_CSUM, "TcpCsum")                                                                     \
	X(TCP_INVALID, "TcpInvalid")                                                               \
	X(TCP_FLAGS, "TcpFlags")                                                                   \
	X(TCP_RESET, "TcpReset")                                                                   \
	X(TCP_PAWS, "TcpPaws")                                                                     \
	X(TCP_INVALID_SEQUENCE, "TcpInvalidSequence")                                              \
	X(TCP_INVALID_SYN, "TcpInvalidSyn")                                                        \
	X(TCP_INVALID_ACK_SEQUENCE, "TcpInvalidAckSequence")                                       \
	X(TCP_OLD_DATA, "TcpOldData")                                                              \
	X(TCP_ZEROWINDOW, "TcpZeroWindow")                                                         \
	X(TCP_OFOMERGE, "TcpOfoMerge")                                                             \
	X(TCP_OFO_DROP, "TcpOfoDrop")                                                              \
	X(TCP_OFO_QUEUE_PRUNE, "TcpOfoQueuePrune")                                                 \
	X(TCP_LISTEN_FULL, "TcpListenFull")                                                        \
	X(TCP_TIME_WAIT, "TcpTimeWait")                                                            \
	X(TCP_MINTTL, "TcpMinTtl")                                                                 \
	X(TCP_NOT_FOR_US, "TcpNotForUs")                                                           \
	X(NO_SOCKET, "NoSocket")                                                                   \
	X(SOCKET_RCVBUFF, "SocketRcvbuff")                                                         \
	X(SOCKET_CLOSED, "SocketClosed")                                                           \
	X(SOCKET_FILTER, "SocketFilter") /* its program did not want it */                         \
	X(DEV_UNREGISTERED, "DevUnregistered")

enum skb_drop_reason {
#define SKB_DROP_ENUM(name, text) SKB_DROP_REASON_##name,
	SKB_DROP_REASONS(SKB_DROP_ENUM)
#undef SKB_DROP_ENUM
		SKB_DROP_REASON_NR
};

/* "UdpCsum". Never NULL. */
const char *skb_drop_reason_name(enum skb_drop_reason reason);
