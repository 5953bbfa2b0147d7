/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Memory for one run of one candidate.
 *
 * All candidates take from the same pages, present and zeroed, on cache lines of their own, at
 * addresses that are drawn anew for each run: none has luck with them in all its runs. What was
 * taken is given back when the run is over.
 */
#ifndef RONDO_BENCH_ARENA_H
#define RONDO_BENCH_ARENA_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Take @p bytes on a boundary of 128 bytes, zeroed. Ends the program if the arena is exhausted. */
void *bench_memory(size_t bytes);

/** Give everything back. Called between runs. */
void bench_memory_reset(void);

#ifdef __cplusplus
}
#endif
#endif
