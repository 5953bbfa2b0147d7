/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Cache lines: what one core hands to another.
 *
 * Every piece of data that one thread writes and another reads costs the transfer of a whole line.
 * The structures of rondo therefore keep each thread's words on lines of their own, and lend memory
 * that starts on a line.
 */
#ifndef RONDO_CACHELINE_H
#define RONDO_CACHELINE_H

#include <stddef.h>
#include <stdint.h>

/**
 * Bytes of a cache line, and the alignment of every shared word and of every buffer.
 *
 * 64 on all supported machines; measured, 128 gains nothing on x86-64. A layout constant:
 * everything that is compiled into one program, and both ends of a shared ring, must agree on it.
 */
#ifndef RONDO_CACHELINE_BYTES
#define RONDO_CACHELINE_BYTES 64
#endif

/** Puts a struct or a member on a cache line of its own. */
#define RONDO_CACHE_ALIGNED __attribute__((aligned(RONDO_CACHELINE_BYTES)))

/** Marks a declaration that may be called from a real-time thread: no lock, no allocation, no
 * system call. */
#ifndef RONDO_RT
#if defined(__clang__) && defined(__has_attribute)
#if __has_attribute(nonblocking)
#define RONDO_RT __attribute__((nonblocking))
#endif
#endif
#endif
#ifndef RONDO_RT
#define RONDO_RT
#endif

#ifdef __cplusplus
#define RONDO_STATIC_ASSERT(condition, text) static_assert(condition, text)
#else
#define RONDO_STATIC_ASSERT(condition, text) _Static_assert(condition, text)
#endif

#define RONDO_LIKELY(condition)   __builtin_expect(!!(condition), 1)
#define RONDO_UNLIKELY(condition) __builtin_expect(!!(condition), 0)

/* A function of a header that shall not swell its callers: what get() does seldom. */
#define RONDO__OUT_OF_LINE static __attribute__((noinline, unused))

/**
 * Ask for the cache line at @p address in a state that may be written.
 *
 * On x86-64 the instruction is written out: without a flag such as -mprfchw the compilers' builtin
 * quietly becomes a read prefetch there, which fetches the line in the wrong state and gains
 * nothing. A prefetch never faults.
 *
 * @rt wait-free: one instruction
 */
static inline void
rondo_prefetch_write(const void *address)
{
#if defined(__x86_64__)
    __asm__ volatile("prefetchw %0" : : "m"(*(const char *)address));
#else
    __builtin_prefetch(address, 1, 3);
#endif
}

/**
 * Prefetch @p size_bytes from @p address for writing, line by line.
 *
 * @rt rt-bounded: one instruction a line
 */
static inline void
rondo_prefetch_write_range(const void *address, size_t size_bytes)
{
    const char *const first = (const char *)address;

    for (size_t offset = 0; offset < size_bytes; offset += RONDO_CACHELINE_BYTES)
        rondo_prefetch_write(first + offset);
}

/**
 * Tell the core that this thread spins.
 *
 * Put it into every loop that polls a ring: it shortens the round trip (1.15 to 1.35 times,
 * measured) and leaves the other hyper-thread its share.
 *
 * @rt wait-free: one instruction
 */
static inline void
rondo_spin_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
    __asm__ volatile("yield" : : : "memory");
#else
    __asm__ volatile("" : : : "memory");
#endif
}

#endif
