/* SPDX-License-Identifier: MIT */
/*
 * The stack's counters, RFC 4293/4113/... as Linux names and counts them: what `nstat` prints.
 * One line each; the order is that of /proc/net/snmp and /proc/net/netstat.
 */
#pragma once

#include "lib/types.h"

struct net;

#define SNMP_MIB(X)                                                         \
	X(IPSTATS_MIB_INPKTS, "IpInReceives")                               \
	X(IPSTATS_MIB_INHDRERRORS, "IpInHdrErrors")                         \
	X(IPSTATS_MIB_INADDRERRORS, "IpInAddrErrors")                       \
	X(IPSTATS_MIB_OUTFORWDATAGRAMS, "IpForwDatagrams")                  \
	X(IPSTATS_MIB_INUNKNOWNPROTOS, "IpInUnknownProtos")                 \
	X(IPSTATS_MIB_INDISCARDS, "IpInDiscards")                           \
	X(IPSTATS_MIB_INDELIVERS, "IpInDelivers")                           \
	X(IPSTATS_MIB_OUTREQUESTS, "IpOutRequests")                         \
	X(IPSTATS_MIB_OUTDISCARDS, "IpOutDiscards")                         \
	X(IPSTATS_MIB_OUTNOROUTES, "IpOutNoRoutes")                         \
	X(IPSTATS_MIB_REASMTIMEOUT, "IpReasmTimeout")                       \
	X(IPSTATS_MIB_REASMREQDS, "IpReasmReqds")                           \
	X(IPSTATS_MIB_REASMOKS, "IpReasmOKs")                               \
	X(IPSTATS_MIB_REASMFAILS, "IpReasmFails")                           \
	X(IPSTATS_MIB_FRAGOKS, "IpFragOKs")                                 \
	X(IPSTATS_MIB_FRAGFAILS, "IpFragFails")                             \
	X(IPSTATS_MIB_FRAGCREATES, "IpFragCreates")                         \
	X(IPSTATS_MIB_OUTPKTS, "IpOutTransmits")                            \
	X(ICMP_MIB_INMSGS, "IcmpInMsgs")                                    \
	X(ICMP_MIB_INERRORS, "IcmpInErrors")                                \
	X(ICMP_MIB_CSUMERRORS, "IcmpInCsumErrors")                          \
	X(ICMP_MIB_INDESTUNREACHS, "IcmpInDestUnreachs")                    \
	X(ICMP_MIB_INTIMEEXCDS, "IcmpInTimeExcds")                          \
	X(ICMP_MIB_INPARMPROBS, "IcmpInParmProbs")                          \
	X(ICMP_MIB_INSRCQUENCHS, "IcmpInSrcQuenchs")                        \
	X(ICMP_MIB_INREDIRECTS, "IcmpInRedirects")                          \
	X(ICMP_MIB_INECHOS, "IcmpInEchos")                                  \
	X(ICMP_MIB_INECHOREPS, "IcmpInEchoReps")                            \
	X(ICMP_MIB_INTIMESTAMPS, "IcmpInTimestamps")                        \
	X(ICMP_MIB_INTIMESTAMPREPS, "IcmpInTimestampReps")                  \
	X(ICMP_MIB_INADDRMASKS, "IcmpInAddrMasks")                          \
	X(ICMP_MIB_INADDRMASKREPS, "IcmpInAddrMaskReps")                    \
	X(ICMP_MIB_OUTMSGS, "IcmpOutMsgs")                                  \
	X(ICMP_MIB_OUTERRORS, "IcmpOutErrors")                              \
	X(ICMP_MIB_RATELIMITGLOBAL, "IcmpOutRateLimitGlobal")               \
	X(ICMP_MIB_RATELIMITHOST, "IcmpOutRateLimitHost")                   \
	X(ICMP_MIB_OUTDESTUNREACHS, "IcmpOutDestUnreachs")                  \
	X(ICMP_MIB_OUTTIMEEXCDS, "IcmpOutTimeExcds")                        \
	X(ICMP_MIB_OUTPARMPROBS, "IcmpOutParmProbs")                        \
	X(ICMP_MIB_OUTSRCQUENCHS, "IcmpOutSrcQuenchs")                      \
	X(ICMP_MIB_OUTREDIRECTS, "IcmpOutRedirects")                        \
	X(ICMP_MIB_OUTECHOS, "IcmpOutEchos")                                \
	X(ICMP_MIB_OUTECHOREPS, "IcmpOutEchoReps")                          \
	X(ICMP_MIB_OUTTIMESTAMPS, "IcmpOutTimestamps")                      \
	X(ICMP_MIB_OUTTIMESTAMPREPS, "IcmpOutTimestampReps")                \
	X(ICMP_MIB_OUTADDRMASKS, "IcmpOutAddrMasks")                        \
	X(ICMP_MIB_OUTADDRMASKREPS, "IcmpOutAddrMaskReps")                  \
	X(TCP_MIB_ACTIVEOPENS, "TcpActiveOpens")                            \
	X(TCP_MIB_PASSIVEOPENS, "TcpPassiveOpens")                          \
	X(TCP_MIB_ATTEMPTFAILS, "TcpAttemptFails")                          \
	X(TCP_MIB_ESTABRESETS, "TcpEstabResets")                            \
	X(TCP_MIB_INSEGS, "TcpInSegs")                                      \
	X(TCP_MIB_OUTSEGS, "TcpOutSegs")                                    \
	X(TCP_MIB_RETRANSSEGS, "TcpRetransSegs")                            \
	X(TCP_MIB_INERRS, "TcpInErrs")                                      \
	X(TCP_MIB_OUTRSTS, "TcpOutRsts")                                    \
	X(TCP_MIB_CSUMERRORS, "TcpInCsumErrors")                            \
	X(UDP_MIB_INDATAGRAMS, "UdpInDatagrams")                            \
	X(UDP_MIB_NOPORTS, "UdpNoPorts")                                    \
	X(UDP_MIB_INERRORS, "UdpInErrors")                                  \
	X(UDP_MIB_OUTDATAGRAMS, "UdpOutDatagrams")                          \
	X(UDP_MIB_RCVBUFERRORS, "UdpRcvbufErrors")                          \
	X(UDP_MIB_SNDBUFERRORS, "UdpSndbufErrors")                          \
	X(UDP_MIB_CSUMERRORS, "UdpInCsumErrors")                            \
	X(UDP_MIB_IGNOREDMULTI, "UdpIgnoredMulti")                          \
	X(UDP_MIB_MEMERRORS, "UdpMemErrors")                                \
	X(LINUX_MIB_EMBRYONICRSTS, "TcpExtEmbryonicRsts")                   \
	X(LINUX_MIB_OUTOFWINDOWICMPS, "TcpExtOutOfWindowIcmps")             \
	X(LINUX_MIB_TIMEWAITED, "TcpExtTW")                                 \
	X(LINUX_MIB_PAWSESTABREJECTED, "TcpExtPAWSEstab")                   \
	X(LINUX_MIB_DELAYEDACKS, "TcpExtDelayedACKs")                       \
	X(LINUX_MIB_DELAYEDACKLOST, "TcpExtDelayedACKLost")                 \
	X(LINUX_MIB_LISTENOVERFLOWS, "TcpExtListenOverflows")               \
	X(LINUX_MIB_LISTENDROPS, "TcpExtListenDrops")                       \
	X(LINUX_MIB_TCPRENORECOVERY, "TcpExtTCPRenoRecovery")               \
	X(LINUX_MIB_TCPSACKRECOVERY, "TcpExtTCPSackRecovery")               \
	X(LINUX_MIB_TCPSACKRENEGING, "TcpExtTCPSACKReneging")               \
	X(LINUX_MIB_TCPSACKREORDER, "TcpExtTCPSACKReorder")                 \
	X(LINUX_MIB_TCPRENOREORDER, "TcpExtTCPRenoReorder")                 \
	X(LINUX_MIB_TCPFULLUNDO, "TcpExtTCPFullUndo")                       \
	X(LINUX_MIB_TCPPARTIALUNDO, "TcpExtTCPPartialUndo")                 \
	X(LINUX_MIB_TCPDSACKUNDO, "TcpExtTCPDSACKUndo")                     \
	X(LINUX_MIB_TCPLOSSUNDO, "TcpExtTCPLossUndo")                       \
	X(LINUX_MIB_TCPLOSTRETRANSMIT, "TcpExtTCPLostRetransmit")           \
	X(LINUX_MIB_TCPRENOFAILURES, "TcpExtTCPRenoFailures")               \
	X(LINUX_MIB_TCPSACKFAILURES, "TcpExtTCPSackFailures")               \
	X(LINUX_MIB_TCPLOSSFAILURES, "TcpExtTCPLossFailures")               \
	X(LINUX_MIB_TCPSACKDISCARD, "TcpExtTCPSACKDiscard")                 \
	X(LINUX_MIB_TCPFASTRETRANS, "TcpExtTCPFastRetrans")                 \
	X(LINUX_MIB_TCPSLOWSTARTRETRANS, "TcpExtTCPSlowStartRetrans")       \
	X(LINUX_MIB_TCPTIMEOUTS, "TcpExtTCPTimeouts")                       \
	X(LINUX_MIB_TCPLOSSPROBES, "TcpExtTCPLossProbes")                   \
	X(LINUX_MIB_TCPLOSSPROBERECOVERY, "TcpExtTCPLossProbeRecovery")     \
	X(LINUX_MIB_TCPRENORECOVERYFAIL, "TcpExtTCPRenoRecoveryFail")       \
	X(LINUX_MIB_TCPSACKRECOVERYFAIL, "TcpExtTCPSackRecoveryFail")       \
	X(LINUX_MIB_TCPMINTTLDROP, "TcpExtTCPMinTTLDrop")                   \
	X(LINUX_MIB_TCPDEFERACCEPTDROP, "TcpExtTCPDeferAcceptDrop")         \
	X(LINUX_MIB_TIMEWAITRECYCLED, "TcpExtTWRecycled")                   \
	X(LINUX_MIB_PRUNECALLED, "TcpExtPruneCalled")                       \
	X(LINUX_MIB_RCVPRUNED, "TcpExtRcvPruned")                           \
	X(LINUX_MIB_TCPMEMORYPRESSURES, "TcpExtTCPMemoryPressures")         \
	X(LINUX_MIB_TCPOFOMERGE, "TcpExtTCPOFOMerge")                       \
	X(LINUX_MIB_OFOPRUNED, "TcpExtOfoPruned")                           \
	X(LINUX_MIB_TCPDSACKOLDSENT, "TcpExtTCPDSACKOldSent")               \
	X(LINUX_MIB_TCPDSACKOFOSENT, "TcpExtTCPDSACKOfoSent")               \
	X(LINUX_MIB_TCPDSACKRECV, "TcpExtTCPDSACKRecv")                     \
	X(LINUX_MIB_TCPDSACKOFORECV, "TcpExtTCPDSACKOfoRecv")               \
	X(LINUX_MIB_TCPDSACKRECVSEGS, "TcpExtTCPDSACKRecvSegs")             \
	X(LINUX_MIB_TCPDSACKIGNOREDDUBIOUS, "TcpExtTCPDSACKIgnoredDubious") \
	X(LINUX_MIB_TCPSPURIOUSRTOS, "TcpExtTCPSpuriousRTOs")               \
	X(LINUX_MIB_TCPABORTONDATA, "TcpExtTCPAbortOnData")                 \
	X(LINUX_MIB_TCPABORTONCLOSE, "TcpExtTCPAbortOnClose")               \
	X(LINUX_MIB_TCPABORTONMEMORY, "TcpExtTCPAbortOnMemory")             \
	X(LINUX_MIB_TCPABORTONTIMEOUT, "TcpExtTCPAbortOnTimeout")           \
	X(LINUX_MIB_TCPABORTONLINGER, "TcpExtTCPAbortOnLinger")             \
	X(LINUX_MIB_TCPRCVCOALESCE, "TcpExtTCPRcvCoalesce")                 \
	X(LINUX_MIB_TCPOFOQUEUE, "TcpExtTCPOFOQueue")                       \
	X(LINUX_MIB_TCPOFODROP, "TcpExtTCPOFODrop")                         \
	X(LINUX_MIB_TCPCHALLENGEACK, "TcpExtTCPChallengeACK")               \
	X(LINUX_MIB_TCPSYNCHALLENGE, "TcpExtTCPSYNChallenge")               \
	X(LINUX_MIB_TCPRCVQDROP, "TcpExtTCPRcvQDrop")                       \
	X(LINUX_MIB_TCPTIMEWAITOVERFLOW, "TcpExtTCPTimeWaitOverflow")       \
	X(LINUX_MIB_SYNCOOKIESSENT, "TcpExtSyncookiesSent")                 \
	X(LINUX_MIB_SYNCOOKIESRECV, "TcpExtSyncookiesRecv")                 \
	X(LINUX_MIB_SYNCOOKIESFAILED, "TcpExtSyncookiesFailed")             \
	X(LINUX_MIB_TCPREQQFULLDOCOOKIES, "TcpExtTCPReqQFullDoCookies")     \
	X(LINUX_MIB_TCPREQQFULLDROP, "TcpExtTCPReqQFullDrop")               \
	X(LINUX_MIB_TCPSYNRETRANS, "TcpExtTCPSynRetrans")                   \
	X(LINUX_MIB_TCPACKSKIPPEDSYNRECV, "TcpExtTCPACKSkippedSynRecv")     \
	X(LINUX_MIB_TCPACKSKIPPEDTIMEWAIT, "TcpExtTCPACKSkippedTimeWait")   \
	X(LINUX_MIB_TCPACKSKIPPEDFINWAIT2, "TcpExtTCPACKSkippedFinWait2")   \
	X(LINUX_MIB_TCPACKSKIPPEDPAWS, "TcpExtTCPACKSkippedPAWS")           \
	X(LINUX_MIB_TCPACKSKIPPEDSEQ, "TcpExtTCPACKSkippedSeq")             \
	X(LINUX_MIB_TCPACKSKIPPEDCHALLENGE, "TcpExtTCPACKSkippedChallenge") \
	X(LINUX_MIB_TCPFROMZEROWINDOWADV, "TcpExtTCPFromZeroWindowAdv")     \
	X(LINUX_MIB_TCPTOZEROWINDOWADV, "TcpExtTCPToZeroWindowAdv")         \
	X(LINUX_MIB_TCPWANTZEROWINDOWADV, "TcpExtTCPWantZeroWindowAdv")     \
	X(LINUX_MIB_TCPRETRANSFAIL, "TcpExtTCPRetransFail")                 \
	X(LINUX_MIB_TCPORIGDATASENT, "TcpExtTCPOrigDataSent")               \
	X(LINUX_MIB_TCPWINPROBE, "TcpExtTCPWinProbe")                       \
	X(LINUX_MIB_TCPKEEPALIVE, "TcpExtTCPKeepAlive")                     \
	X(LINUX_MIB_TCPZEROWINDOWDROP, "TcpExtTCPZeroWindowDrop")           \
	X(LINUX_MIB_TCPHYSTARTTRAINDETECT, "TcpExtTCPHystartTrainDetect")   \
	X(LINUX_MIB_TCPHYSTARTTRAINCWND, "TcpExtTCPHystartTrainCwnd")       \
	X(LINUX_MIB_TCPHYSTARTDELAYDETECT, "TcpExtTCPHystartDelayDetect")   \
	X(LINUX_MIB_TCPHYSTARTDELAYCWND, "TcpExtTCPHystartDelayCwnd")       \
	X(LINUX_MIB_TCPDELIVERED, "TcpExtTCPDelivered")                     \
	X(LINUX_MIB_TCPDELIVEREDCE, "TcpExtTCPDeliveredCE")                 \
	X(LINUX_MIB_IPRPFILTER, "TcpExtIPReversePathFilter")                \
	X(LINUX_MIB_ARPFILTER, "TcpExtArpFilter")                           \
	X(IPSTATS_MIB_INNOROUTES, "IpExtInNoRoutes")                        \
	X(IPSTATS_MIB_INTRUNCATEDPKTS, "IpExtInTruncatedPkts")              \
	X(IPSTATS_MIB_INMCASTPKTS, "IpExtInMcastPkts")                      \
	X(IPSTATS_MIB_OUTMCASTPKTS, "IpExtOutMcastPkts")                    \
	X(IPSTATS_MIB_INBCASTPKTS, "IpExtInBcastPkts")                      \
	X(IPSTATS_MIB_OUTBCASTPKTS, "IpExtOutBcastPkts")                    \
	X(IPSTATS_MIB_INOCTETS, "IpExtInOctets")                            \
	X(IPSTATS_MIB_OUTOCTETS, "IpExtOutOctets")                          \
	X(IPSTATS_MIB_INMCASTOCTETS, "IpExtInMcastOctets")                  \
	X(IPSTATS_MIB_OUTMCASTOCTETS, "IpExtOutMcastOctets")                \
	X(IPSTATS_MIB_INBCASTOCTETS, "IpExtInBcastOctets")                  \
	X(IPSTATS_MIB_OUTBCASTOCTETS, "IpExtOutBcastOctets")                \
	X(IPSTATS_MIB_CSUMERRORS, "IpExtInCsumErrors")                      \
	X(IPSTATS_MIB_NOECTPKTS, "IpExtInNoECTPkts")                        \
	X(IPSTATS_MIB_ECT1PKTS, "IpExtInECT1Pkts")                          \
	X(IPSTATS_MIB_ECT0PKTS, "IpExtInECT0Pkts")                          \
	X(IPSTATS_MIB_CEPKTS, "IpExtInCEPkts")                              \
	X(IPSTATS_MIB_REASM_OVERLAPS, "IpExtReasmOverlaps")

enum snmp_mib {
#define SNMP_ENUM(name, text) name,
	SNMP_MIB(SNMP_ENUM)
#undef SNMP_ENUM
		SNMP_MIB_NR
};

/* The n-th counter's name and value; false after the last. IcmpMsg*Type* and the drop reasons ("Drop" + name) come behind. Softirq. */
bool snmp_nth(const struct net *net, unsigned int n, const char **name, u64 *value);
