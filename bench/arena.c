/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "bench/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ARENA_BYTES ((size_t)64 << 20)
#define PAGE_BYTES  ((size_t)4096)
#define ALIGN_BYTES ((size_t)128)

static unsigned char *arena;
static size_t used;

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
    if (bytes >= PAGE_BYTES)
        used = (used + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
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
