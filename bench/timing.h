/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Time stamps of a few nanoseconds' cost.
 *
 * On x86-64 the time stamp counter, calibrated once against CLOCK_MONOTONIC; elsewhere
 * CLOCK_MONOTONIC itself. Three forms, for a core executes ahead and out of order:
 *
 *     bench_ticks()         no fence: costs least, may be taken some instructions early or late
 *     bench_ticks_after()   not before all earlier loads have their values (rdtscp)
 *     bench_ticks_fenced()  after all earlier instructions, before all later ones (lfence, both)
 */
#ifndef RONDO_BENCH_TIMING_H
#define RONDO_BENCH_TIMING_H

#include <stdint.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

/** CLOCK_MONOTONIC in nanoseconds. */
static inline uint64_t
bench_clock_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static inline uint64_t
bench_ticks(void)
{
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#else
    return bench_clock_ns();
#endif
}

static inline uint64_t
bench_ticks_after(void)
{
#if defined(__x86_64__)
    unsigned cpu;

    return __builtin_ia32_rdtscp(&cpu);
#else
    return bench_clock_ns();
#endif
}

static inline uint64_t
bench_ticks_fenced(void)
{
#if defined(__x86_64__)
    uint64_t ticks;

    __asm__ volatile("lfence" : : : "memory");
    ticks = __builtin_ia32_rdtsc();
    __asm__ volatile("lfence" : : : "memory");
    return ticks;
#else
    return bench_clock_ns();
#endif
}

/** Nanoseconds of one tick. The first call measures it, for 50 ms. */
double bench_ns_per_tick(void);

/** A difference of ticks in nanoseconds, rounded. A negative one (two cores' counters) is 0. */
static inline uint64_t
bench_ticks_to_ns(uint64_t ticks)
{
    return (int64_t)ticks <= 0 ? 0 : (uint64_t)((double)ticks * bench_ns_per_tick() + 0.5);
}

/** @p ns in ticks. */
static inline uint64_t
bench_ns_to_ticks(uint64_t ns)
{
    return (uint64_t)((double)ns / bench_ns_per_tick() + 0.5);
}

/** What the ticks are, for the report: "tsc, 2000.0 MHz". */
const char *bench_clock_name(void);

/** Fetch the line at @p address for writing. */
static inline void
bench_prefetch_write(const void *address)
{
#if defined(__x86_64__)
    __asm__ volatile("prefetchw %0" : : "m"(*(const char *)address));
#else
    __builtin_prefetch(address, 1, 3);
#endif
}

/** Tell the core that this thread spins. */
static inline void
bench_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield" : : : "memory");
#else
    __asm__ volatile("" : : : "memory");
#endif
}

#ifdef __cplusplus
}
#endif
#endif
