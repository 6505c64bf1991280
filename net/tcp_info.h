/* SPDX-License-Identifier: MIT */
/* What getsockopt(TCP_INFO) and `ss -i` tell of a connection: Linux's layout (6.18), units as tcp(7). Times in us unless said. */
#pragma once

enum {
	TCPI_OPT_TIMESTAMPS = 1,
	TCPI_OPT_SACK = 2,
	TCPI_OPT_WSCALE = 4,
	TCPI_OPT_ECN = 8,
	TCPI_OPT_ECN_SEEN = 16
};

struct tcp_info {
	__UINT8_TYPE__ tcpi_state;
	__UINT8_TYPE__ tcpi_ca_state; /* 0 open, 1 disorder, 2 cwr, 3 recovery, 4 loss */
	__UINT8_TYPE__ tcpi_retransmits;
	__UINT8_TYPE__ tcpi_probes;
	__UINT8_TYPE__ tcpi_backoff;
	__UINT8_TYPE__ tcpi_options;
	__UINT8_TYPE__ tcpi_snd_wscale : 4, tcpi_rcv_wscale : 4;
	__UINT8_TYPE__ tcpi_delivery_rate_app_limited : 1, tcpi_fastopen_client_fail : 2;
	__UINT32_TYPE__ tcpi_rto, tcpi_ato;
	__UINT32_TYPE__ tcpi_snd_mss, tcpi_rcv_mss;
	__UINT32_TYPE__ tcpi_unacked, tcpi_sacked, tcpi_lost, tcpi_retrans,
		tcpi_fackets; /* segments */
	__UINT32_TYPE__ tcpi_last_data_sent, tcpi_last_ack_sent, tcpi_last_data_recv,
		tcpi_last_ack_recv; /* ms ago */
	__UINT32_TYPE__ tcpi_pmtu, tcpi_rcv_ssthresh, tcpi_rtt, tcpi_rttvar;
	__UINT32_TYPE__ tcpi_snd_ssthresh, tcpi_snd_cwnd, tcpi_advmss, tcpi_reordering;
	__UINT32_TYPE__ tcpi_rcv_rtt, tcpi_rcv_space, tcpi_total_retrans;
	__UINT64_TYPE__ tcpi_pacing_rate, tcpi_max_pacing_rate, tcpi_bytes_acked,
		tcpi_bytes_received;
	__UINT32_TYPE__ tcpi_segs_out, tcpi_segs_in, tcpi_notsent_bytes, tcpi_min_rtt;
	__UINT32_TYPE__ tcpi_data_segs_in, tcpi_data_segs_out;
	__UINT64_TYPE__ tcpi_delivery_rate, tcpi_busy_time, tcpi_rwnd_limited, tcpi_sndbuf_limited;
	__UINT32_TYPE__ tcpi_delivered, tcpi_delivered_ce;
	__UINT64_TYPE__ tcpi_bytes_sent, tcpi_bytes_retrans;
	__UINT32_TYPE__ tcpi_dsack_dups, tcpi_reord_seen, tcpi_rcv_ooopack, tcpi_snd_wnd;
	__UINT32_TYPE__ tcpi_rcv_wnd, tcpi_rehash;
	__UINT16_TYPE__ tcpi_total_rto, tcpi_total_rto_recoveries;
	__UINT32_TYPE__ tcpi_total_rto_time; /* ms */
	__UINT32_TYPE__
	tcpi_received_ce; /* segments; what follows counts bytes of data, by ECN's marks */
	__UINT32_TYPE__ tcpi_delivered_e1_bytes, tcpi_delivered_e0_bytes, tcpi_delivered_ce_bytes;
	__UINT32_TYPE__ tcpi_received_e1_bytes, tcpi_received_e0_bytes, tcpi_received_ce_bytes;
	__UINT16_TYPE__ tcpi_accecn_fail_mode, tcpi_accecn_opt_seen;
};
