/* SPDX-License-Identifier: MIT */
/* What MSG_ERRQUEUE tells, by Linux's names: ip(7), IP_RECVERR. */
#pragma once

#include <netinet/in.h>
#include <time.h>

#include "net/net_tstamp.h"

struct sock_extended_err {
	uint32_t ee_errno;
	uint8_t ee_origin;
	uint8_t ee_type;
	uint8_t ee_code;
	uint8_t ee_pad;
	uint32_t ee_info;
	uint32_t ee_data;
};

#define SO_EE_ORIGIN_NONE         0
#define SO_EE_ORIGIN_LOCAL        1
#define SO_EE_ORIGIN_ICMP         2
#define SO_EE_ORIGIN_TIMESTAMPING 4

/* SCM_TIMESTAMPING: by software, and two that need hardware. */
struct scm_timestamping {
	struct timespec ts[3];
};

/* The struct sockaddr of whoever sent the error. */
#define SO_EE_OFFENDER(ee) ((struct sockaddr *)((ee) + 1))
