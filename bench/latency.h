/* SPDX-License-Identifier: MIT */
/**
 * @file
 * A histogram of latencies (bench.h: struct bench_latency).
 */
#ifndef RONDO_BENCH_LATENCY_H
#define RONDO_BENCH_LATENCY_H

#include "bench/bench.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Bins there are; bin i counts latencies around bench_latency_bin_ns(i). */
unsigned bench_latency_bins(void);

/** An empty histogram; NULL: no memory. */
struct bench_latency *bench_latency_create(void);
void bench_latency_destroy(struct bench_latency *latency);

/** Forget everything. */
void bench_latency_clear(struct bench_latency *latency);

/** Add all that @p from counted. */
void bench_latency_merge(struct bench_latency *into, const struct bench_latency *from);

/** How many were counted. */
uint64_t bench_latency_count(const struct bench_latency *latency);

/** The longest one, exactly. */
uint64_t bench_latency_max(const struct bench_latency *latency);

/** The latency that @p quantile [0, 1] of them do not exceed; 0 if there are none. */
uint64_t bench_latency_quantile(const struct bench_latency *latency, double quantile);

/** How many fell into bin @p bin. */
uint64_t bench_latency_bin(const struct bench_latency *latency, unsigned bin);

/** The middle of bin @p bin in nanoseconds. */
uint64_t bench_latency_bin_ns(unsigned bin);

#ifdef __cplusplus
}
#endif
#endif
