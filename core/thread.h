/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Threads of the library: no signals, a name, and the best priority that can be had.
 */
#ifndef RONDO_CORE_THREAD_H
#define RONDO_CORE_THREAD_H

#include <pthread.h>
#include <stdint.h>

#include <rondo/engine.h>

/** Start a thread that takes no signals. @param name at most 15 characters @return 0; negative
 * errno */
int rondo__thread_create(pthread_t *thread, const char *name, void *(*main)(void *), void *context);

/**
 * Raise the calling thread: SCHED_FIFO, otherwise nice, otherwise nothing.
 *
 * @param realtime_priority  as in struct rondo_engine_config
 * @return what was granted
 */
enum rondo_priority rondo__thread_raise(int32_t realtime_priority);

#endif
