/* SPDX-License-Identifier: MIT */
/* What fuzz targets see of the kernel's stand-ins (kernel_shims.c). */
#pragma once

#include "lib/types.h"

/* Page runs and fragments that drivers hold. */
extern long shim_pages, shim_frags;

/* So many page_frag_alloc() from now fail. */
extern unsigned int shim_fail_frags;
