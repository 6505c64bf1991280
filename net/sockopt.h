/* SPDX-License-Identifier: MIT */
/*
 * Numbers of the socket interface: families, types, options, flags. Names and values are those of Linux's
 * ABI (x86_64), so that programs, the host's tools and the stack speak of the same things. libc/include
 * takes them from here. In a hosted program the C library's own headers give the same definitions.
 */
#pragma once

#if __STDC_HOSTED__ && defined(__linux__)

#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#else

#define AF_UNSPEC 0
#define AF_UNIX   1
#define AF_LOCAL  1
#define AF_INET   2
#define AF_INET6  10
#define AF_PACKET 17

#define PF_UNSPEC AF_UNSPEC
#define PF_UNIX   AF_UNIX
#define PF_LOCAL  AF_LOCAL
#define PF_INET   AF_INET
#define PF_INET6  AF_INET6
#define PF_PACKET AF_PACKET

#define SOCK_STREAM    1
#define SOCK_DGRAM     2
#define SOCK_RAW       3
#define SOCK_RDM       4
#define SOCK_SEQPACKET 5
#define SOCK_NONBLOCK  0x800 /* in the type of socket() and accept4() */
#define SOCK_CLOEXEC   0x80000

#define SOMAXCONN 4096

#define IPPROTO_IP      0
#define IPPROTO_ICMP    1
#define IPPROTO_IGMP    2
#define IPPROTO_IPIP    4
#define IPPROTO_TCP     6
#define IPPROTO_UDP     17
#define IPPROTO_DCCP    33
#define IPPROTO_IPV6    41
#define IPPROTO_GRE     47
#define IPPROTO_ESP     50
#define IPPROTO_AH      51
#define IPPROTO_SCTP    132
#define IPPROTO_UDPLITE 136
#define IPPROTO_RAW     255

#define SOL_SOCKET 1

#define SO_DEBUG            1
#define SO_REUSEADDR        2
#define SO_TYPE             3
#define SO_ERROR            4
#define SO_DONTROUTE        5
#define SO_BROADCAST        6
#define SO_SNDBUF           7
#define SO_RCVBUF           8
#define SO_KEEPALIVE        9
#define SO_OOBINLINE        10
#define SO_NO_CHECK         11
#define SO_PRIORITY         12
#define SO_LINGER           13
#define SO_REUSEPORT        15
#define SO_RCVLOWAT         18
#define SO_SNDLOWAT         19
#define SO_RCVTIMEO         20
#define SO_SNDTIMEO         21
#define SO_BINDTODEVICE     25
#define SO_ATTACH_FILTER    26
#define SO_DETACH_FILTER    27
#define SO_GET_FILTER       SO_ATTACH_FILTER
#define SO_TIMESTAMP        29
#define SO_ACCEPTCONN       30
#define SO_SNDBUFFORCE      32
#define SO_RCVBUFFORCE      33
#define SO_TIMESTAMPNS      35
#define SO_MARK             36
#define SO_TIMESTAMPING     37
#define SO_PROTOCOL         38
#define SO_DOMAIN           39
#define SO_RXQ_OVFL         40
#define SO_PEEK_OFF         42
#define SO_LOCK_FILTER      44
#define SO_SELECT_ERR_QUEUE 45
#define SO_INCOMING_CPU     49

#define SO_ATTACH_REUSEPORT_CBPF 51
#define SO_DETACH_REUSEPORT_BPF  68

#define SO_MEMINFO          55
#define SO_INCOMING_NAPI_ID 56
#define SO_COOKIE           57
#define SO_BINDTOIFINDEX    62
#define SO_RCVTIMEO_NEW     66
#define SO_SNDTIMEO_NEW     67

#define SCM_TIMESTAMP    SO_TIMESTAMP
#define SCM_TIMESTAMPNS  SO_TIMESTAMPNS
#define SCM_TIMESTAMPING SO_TIMESTAMPING

#define SOL_IP IPPROTO_IP

#define IP_TOS             1
#define IP_TTL             2
#define IP_HDRINCL         3
#define IP_OPTIONS         4
#define IP_ROUTER_ALERT    5
#define IP_RECVOPTS        6
#define IP_RETOPTS         7
#define IP_PKTINFO         8
#define IP_MTU_DISCOVER    10
#define IP_RECVERR         11
#define IP_RECVTTL         12
#define IP_RECVTOS         13
#define IP_MTU             14
#define IP_FREEBIND        15
#define IP_TRANSPARENT     19
#define IP_ORIGDSTADDR     20
#define IP_RECVORIGDSTADDR IP_ORIGDSTADDR
#define IP_MINTTL          21
#define IP_NODEFRAG        22
#define IP_CHECKSUM        23

#define IP_BIND_ADDRESS_NO_PORT   24
#define IP_MULTICAST_IF           32
#define IP_MULTICAST_TTL          33
#define IP_MULTICAST_LOOP         34
#define IP_ADD_MEMBERSHIP         35
#define IP_DROP_MEMBERSHIP        36
#define IP_UNBLOCK_SOURCE         37
#define IP_BLOCK_SOURCE           38
#define IP_ADD_SOURCE_MEMBERSHIP  39
#define IP_DROP_SOURCE_MEMBERSHIP 40
#define IP_MSFILTER               41
#define MCAST_JOIN_GROUP          42
#define MCAST_BLOCK_SOURCE        43
#define MCAST_UNBLOCK_SOURCE      44
#define MCAST_LEAVE_GROUP         45
#define MCAST_JOIN_SOURCE_GROUP   46
#define MCAST_LEAVE_SOURCE_GROUP  47
#define MCAST_MSFILTER            48
#define IP_MULTICAST_ALL          49
#define IP_UNICAST_IF             50
#define IP_LOCAL_PORT_RANGE       51
#define IP_PROTOCOL               52

#define MCAST_EXCLUDE 0
#define MCAST_INCLUDE 1

#define IP_PMTUDISC_DONT      0
#define IP_PMTUDISC_WANT      1
#define IP_PMTUDISC_DO        2
#define IP_PMTUDISC_PROBE     3
#define IP_PMTUDISC_INTERFACE 4
#define IP_PMTUDISC_OMIT      5

#define MSG_OOB       0x1
#define MSG_PEEK      0x2
#define MSG_DONTROUTE 0x4
#define MSG_CTRUNC    0x8
#define MSG_TRUNC     0x20
#define MSG_DONTWAIT  0x40
#define MSG_EOR       0x80
#define MSG_WAITALL   0x100
#define MSG_CONFIRM   0x800
#define MSG_ERRQUEUE  0x2000
#define MSG_NOSIGNAL  0x4000
#define MSG_MORE      0x8000

#define SHUT_RD   0
#define SHUT_WR   1
#define SHUT_RDWR 2

#define POLLIN     0x1
#define POLLPRI    0x2
#define POLLOUT    0x4
#define POLLERR    0x8
#define POLLHUP    0x10
#define POLLNVAL   0x20
#define POLLRDNORM 0x40
#define POLLRDBAND 0x80
#define POLLWRNORM 0x100
#define POLLWRBAND 0x200

#define TIOCOUTQ               0x5411
#define FIONREAD               0x541b
#define FIONBIO                0x5421

/* In host byte order. */
#define INADDR_ANY             ((unsigned int)0)
#define INADDR_BROADCAST       ((unsigned int)0xffffffff)
#define INADDR_NONE            ((unsigned int)0xffffffff)
#define INADDR_LOOPBACK        ((unsigned int)0x7f000001)
#define INADDR_UNSPEC_GROUP    ((unsigned int)0xe0000000)
#define INADDR_ALLHOSTS_GROUP  ((unsigned int)0xe0000001)
#define INADDR_ALLRTRS_GROUP   ((unsigned int)0xe0000002)
#define INADDR_MAX_LOCAL_GROUP ((unsigned int)0xe00000ff)

#endif

/* What a hosted C library keeps in headers that would also bring in other things, or behind feature macros. */
#ifndef POLLRDHUP
#define POLLRDHUP 0x2000
#endif
#ifndef POLLWRBAND
#define POLLWRBAND 0x200
#endif
/* Of newer kernels than the library's headers. */
#ifndef SO_BUF_LOCK
#define SO_BUF_LOCK 72
#endif
#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE 51
#endif
#ifndef IP_PROTOCOL
#define IP_PROTOCOL 52
#endif
#ifndef SIOCINQ
#define SIOCINQ  FIONREAD
#define SIOCOUTQ TIOCOUTQ
#endif
#ifndef SIOCATMARK
#define SIOCATMARK 0x8905
#endif
#ifndef SOL_UDP
#define SOL_UDP 17
#endif
#ifndef UDP_CORK
#define UDP_CORK 1 /* at SOL_UDP */
#endif
#ifndef SOL_TCP
#define SOL_TCP 6
#endif
#ifndef SOL_RAW
#define SOL_RAW 255
#endif
#define ICMP_FILTER 1 /* at SOL_RAW: a bit per ICMP type not wanted */

/* At SOL_TCP. */
#define TCP_NODELAY       1
#define TCP_MAXSEG        2
#define TCP_CORK          3
#define TCP_KEEPIDLE      4
#define TCP_KEEPINTVL     5
#define TCP_KEEPCNT       6
#define TCP_SYNCNT        7
#define TCP_LINGER2       8
#define TCP_DEFER_ACCEPT  9
#define TCP_WINDOW_CLAMP  10
#define TCP_INFO          11
#define TCP_QUICKACK      12
#define TCP_CONGESTION    13
#define TCP_USER_TIMEOUT  18
#define TCP_NOTSENT_LOWAT 25
#define TCP_CC_INFO       26
#define TCP_INQ           36
#define TCP_CM_INQ        TCP_INQ
