/* SPDX-License-Identifier: MIT */
/* What the compilers' builtin makes of a write prefetch at plain -O2 on x86-64: one for reading. */
#include <rondo/cacheline.h>

static inline void
prefetch_read_range(const void *address, size_t size_bytes)
{
    for (size_t offset = 0; offset < size_bytes; offset += RONDO_CACHELINE_BYTES)
        __builtin_prefetch((const char *)address + offset, 0, 3);
}

#define rondo_prefetch_write_range prefetch_read_range
#define RING_NAME                  "rondo, read prefetch"
#define RING_ROLE                  BENCH_VARIANT
#define RING_QUICK                 0
#include "bench/cases/rondo_ops.h"

#include "bench/cases/ring_cases.h"
