/* SPDX-License-Identifier: MIT */
/*
 * Threads that run a program's callbacks.
 */
#ifndef RONDO_FACADES_ML_THREAD_H
#define RONDO_FACADES_ML_THREAD_H

#include <pthread.h>

/*
 * Start a thread that leaves all signals to the program's own threads, under a name of at most 15
 * characters. Returns 0 or a negative errno.
 */
int rondo__ml_thread_create(pthread_t *thread, const char *name, void *(*run)(void *),
                            void *context);

#endif
