/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Where threads run: the measuring thread on the first CPU of the pair, those that rondo makes on
 * the second. Left to itself, the system puts both on one CPU in some runs and not in others.
 */
#ifndef RONDO_BENCH_SYSTEM_PLACE_H
#define RONDO_BENCH_SYSTEM_PLACE_H

/** Threads made from now on run on the second CPU, and so does the caller. @return NULL, or what went
 * wrong */
const char *place_threads(void);

/** The caller runs on the first CPU again. @return NULL, or what went wrong */
const char *place_caller(void);

#endif
