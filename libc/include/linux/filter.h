/* SPDX-License-Identifier: MIT */
/* Classic BPF by Linux's names, for SO_ATTACH_FILTER and SO_ATTACH_REUSEPORT_CBPF: socket(7). */
#pragma once

#include "net/sock_filter.h"
