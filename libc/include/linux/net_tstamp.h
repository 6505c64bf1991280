/* SPDX-License-Identifier: MIT */
/* SO_TIMESTAMPING's flags. */
#pragma once

#include "net/net_tstamp.h"
