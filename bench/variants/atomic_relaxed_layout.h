/* SPDX-License-Identifier: MIT */
/*
 * The shipping atomics, as a replacement of themselves: with RONDO_ATOMIC_HEADER the core does not
 * insist on its layout, so that variants may put it off its cache lines.
 */
#undef RONDO_ATOMIC_H
#undef RONDO_ATOMIC_HEADER
#include <rondo/atomic.h>
#define RONDO_ATOMIC_HEADER "bench/variants/atomic_relaxed_layout.h"
