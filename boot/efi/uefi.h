/* SPDX-License-Identifier: MIT */
/* GNU-EFI's declarations beside ours: both have an ALIGN, and ours counts. */
#pragma once

#include <efi.h>

#undef ALIGN

#include "lib/types.h"
