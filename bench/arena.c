/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "bench/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ARENA_BYTES ((size_t)64 << 20)
#define ALIGN_BYTES ((size_t)128)
/* Several pages: gaps below this decide over the slice of the last-level cache that a line belongs
 * to, and over the place in a page. */
#define GAP_BYTES ((size_t)16384)

static unsigned char *arena;
static size_t used;

/* Other addresses in each run: how far a line is from both cores, and whether source and target lie
 * at the same place in a page, makes more of a difference than many a technique. So each candidate
 * has all sorts of luck, and the median has none. */
static size_t
random_gap(void)
{
    static uint64_t state = 88172645463325252u;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (size_t)(state % (GAP_BYTES / ALIGN_BYTES)) * ALIGN_BYTES;
}

void *
bench_memory(size_t bytes)
{
    void *taken;

    if (arena == NULL) {
        arena = mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
        if (arena == MAP_FAILED) {
            perror("the bench's memory");
            exit(1);
        }
    }
    used += random_gap();
    if (used > ARENA_BYTES || bytes > ARENA_BYTES - used) {
        fprintf(stderr, "a run asks for more memory than the bench has (%zu bytes)\n", ARENA_BYTES);
        exit(1);
    }
    taken = arena + used;
    used += (bytes + ALIGN_BYTES - 1) / ALIGN_BYTES * ALIGN_BYTES;
    memset(taken, 0, bytes);
    return taken;
}

void
bench_memory_reset(void)
{
    used = 0;
}
