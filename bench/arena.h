/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Memory for one run of one candidate.
 *
 * All candidates get the same pages, present and zeroed lines apart, so that none of them has luck
 * with its addresses. What was taken is given back when the run is over.
 */
#ifndef RONDO_BENCH_ARENA_H
#define RONDO_BENCH_ARENA_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Take @p bytes on a boundary of 128 bytes (of a page, from 4096 bytes on), zeroed. Ends the program
 * if the arena is exhausted. */
void *bench_memory(size_t bytes);

/** Give everything back. Called between runs. */
void bench_memory_reset(void);

#ifdef __cplusplus
}
#endif
#endif
