/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Real-time silence: work that a real-time thread does, beside another thread, and that must not
 * enter the kernel, allocate or lock.
 *
 * Each case runs in a process of its own, forked for it, on a thread that has done nothing before:
 * so a function's first use, in the process and on the thread, is part of what is shown. From the
 * moment at which the thread has become real-time
 *
 *   - in a plain build a seccomp filter ends the process at any system call of that thread, and even
 *     the results are handed over through memory; the thread never ends, for that would be a call;
 *   - in a build with RealtimeSanitizer's runtime (the rtsan tests) malloc, free, locks and what
 *     else it knows end the process; it sees what needs no system call, too;
 *   - under other sanitizers, which call the system as they like, the same work is done all the
 *     same: they look at how the two threads work together.
 *
 * A process that ended is a failure that names the function in which it was ended.
 */
#ifndef RONDO_TESTS_RT_REALTIME_H
#define RONDO_TESTS_RT_REALTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a case's real-time thread is allowed besides. */
enum rt_allowance {
    RT_NOTHING = 0,
    /* To wake a device thread that sleeps: to write 8 bytes, once or more. Documented for the
     * offline clock, under which there is no real time. */
    RT_TO_WAKE = 1
};

/* One case. All calls get what set_up returned. */
struct rt_case {
    const char *name;
    void *(*set_up)(const void *parameter);
    const void *parameter; /* of set_up */
    /* On the real-time thread, before it becomes real-time. NULL: the thread needs nothing. */
    void (*prepare)(void *context);
    /* On the real-time thread, again and again: one turn, which ends soon. */
    void (*realtime)(void *context);
    /* On the other thread, again and again meanwhile. NULL: nothing. */
    void (*beside)(void *context);
    /* On the other thread: whether everything has been seen that should be. NULL: at once. */
    bool (*enough)(const void *context);
    /* After the last turn, on the other thread. NULL: nothing. */
    void (*tear_down)(void *context);
    enum rt_allowance allowance;
    bool reads_clock; /* the real one: left out where that enters the kernel */
};

/* How a case ended. */
enum rt_end {
    RT_PASSED,
    RT_SKIPPED,     /* this machine cannot */
    RT_FAILED,      /* RT_REQUIRE or RT_ASSERT */
    RT_SYSTEM_CALL, /* caught by the filter */
    RT_REPORTED,    /* by RealtimeSanitizer */
    RT_DIED,        /* in another way */
    RT_HUNG         /* the deadline came first */
};

/* What is known about it. */
struct rt_outcome {
    enum rt_end end;
    long system_call;     /* RT_SYSTEM_CALL: its number */
    const char *function; /* the last one that the real-time thread called; NULL: none */
    char text[4096];      /* what the process said, ends with a zero */
};

/* Run one case. */
void rt_try(const struct rt_case *one, struct rt_outcome *outcome);

/* Whether the filter, or RealtimeSanitizer, looks on. Neither does under other sanitizers. */
bool rt_has_filter(void);
bool rt_has_rtsan(void);

/* Run cases as tests, and at last one that sees that every RT_CALL() was made. Returns main's code.
 */
int rt_run(const struct rt_case *cases, size_t count);

/* ---- on the real-time thread ---- */

/* A place where it calls a function. */
struct rt_site {
    const char *function;
    uint64_t calls;
};

/* Where it says which function it calls: seen by the test even when the process is no more. */
extern const char *volatile *rt_current;

/*
 * Call a function on the real-time thread: RT_CALL(rondo_ring_get_write)(&ring, 64).
 *
 * check_complete looks for these, so that no function that is promised to real-time threads goes
 * untested; and rt_run() fails if one of them was never reached.
 */
#define RT_CALL(name)                                                                              \
    (*__extension__({                                                                              \
        static struct rt_site rt__site __attribute__((section("rt_sites"), used)) = {#name, 0};    \
        rt__site.calls++;                                                                          \
        *rt_current = #name;                                                                       \
        &(name);                                                                                   \
    }))

/* Whether the turn must end soon: for turns that wait for the other thread. */
bool rt_must_stop(void);

/* Fail the case, without a system call. */
void rt_fail(const char *what, int line);

/* Something that must hold, on the real-time thread. */
#define RT_REQUIRE(condition) ((condition) ? (void)0 : rt_fail(#condition, __LINE__))

/* ---- on the other thread ---- */

/* Something that must hold in set_up, beside and tear_down. */
#define RT_ASSERT(condition) ((condition) ? (void)0 : rt_give_up(#condition, __FILE__, __LINE__))

/* End the case's process, with words. */
void rt_give_up(const char *what, const char *file, int line) __attribute__((noreturn));

/* Zeroed memory on a cache line; stays until the process ends. */
void *rt_memory(size_t bytes);

/* Give the processor to the real-time thread for a moment. */
void rt_yield(void);

#endif
