/* SPDX-License-Identifier: MIT */
/**
 * @file
 * The only file that names memory orders.
 *
 * Atomics are plain integers behind RONDO_ATOMIC(T), accessed by the compilers' `__atomic`
 * builtins: one type and one layout in C and in C++, fit for shared memory. What each order is for
 * stands at each use, with the label of its partner (PAIR-...); docs/MEMORY_MODEL.md tells the
 * whole story.
 *
 * Define RONDO_ATOMIC_HEADER to a quoted file name to replace everything below by types and
 * functions of the same names: so a model checker runs the shipping headers and not a copy of them.
 */
#ifndef RONDO_ATOMIC_H
#define RONDO_ATOMIC_H

#include <stdint.h>

#include <rondo/cacheline.h>

#ifdef RONDO_ATOMIC_HEADER
#include RONDO_ATOMIC_HEADER
#else

/** An integer that threads share. Access it by the functions of this file alone. */
#define RONDO_ATOMIC(type) type

RONDO_STATIC_ASSERT(__GCC_ATOMIC_LLONG_LOCK_FREE == 2, "rondo needs lock-free 64-bit atomics");

/** Load a word that only this thread writes, or that nothing depends on. @rt wait-free */
static inline RONDO_RT uint64_t
rondo_load_relaxed(const RONDO_ATOMIC(uint64_t) * word)
{
    return __atomic_load_n(word, __ATOMIC_RELAXED);
}

/** Load a word; what its writer did before the matching release is visible afterwards. @rt
 * wait-free */
static inline RONDO_RT uint64_t
rondo_load_acquire(const RONDO_ATOMIC(uint64_t) * word)
{
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

/** Store a word that carries no message beyond itself. @rt wait-free */
static inline RONDO_RT void
rondo_store_relaxed(RONDO_ATOMIC(uint64_t) * word, uint64_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELAXED);
}

/** Store a word; all this thread did before is visible to who acquires it. @rt wait-free */
static inline RONDO_RT void
rondo_store_release(RONDO_ATOMIC(uint64_t) * word, uint64_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

/** rondo_load_relaxed() for 32 bits. @rt wait-free */
static inline RONDO_RT uint32_t
rondo_load_relaxed_u32(const RONDO_ATOMIC(uint32_t) * word)
{
    return __atomic_load_n(word, __ATOMIC_RELAXED);
}

/** rondo_load_acquire() for 32 bits. @rt wait-free */
static inline RONDO_RT uint32_t
rondo_load_acquire_u32(const RONDO_ATOMIC(uint32_t) * word)
{
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

/** rondo_store_relaxed() for 32 bits. @rt wait-free */
static inline RONDO_RT void
rondo_store_relaxed_u32(RONDO_ATOMIC(uint32_t) * word, uint32_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELAXED);
}

/** rondo_store_release() for 32 bits. @rt wait-free */
static inline RONDO_RT void
rondo_store_release_u32(RONDO_ATOMIC(uint32_t) * word, uint32_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

/** Swap a word: acquires what its last writer released, releases what this thread did. @rt
 * wait-free */
static inline RONDO_RT uint32_t
rondo_exchange_acq_rel_u32(RONDO_ATOMIC(uint32_t) * word, uint32_t value)
{
    return __atomic_exchange_n(word, value, __ATOMIC_ACQ_REL);
}

/**
 * Add to a word and get its old value: acquires what its last writer released, releases what this
 * thread did.
 *
 * Not for the path of the frames: a locked instruction. Two threads that both use it on one word,
 * each between its own store and its load of the other's, cannot both miss the other
 * (core/waitpoint.h). @rt wait-free
 */
static inline RONDO_RT uint32_t
rondo_fetch_add_acq_rel_u32(RONDO_ATOMIC(uint32_t) * word, uint32_t value)
{
    return __atomic_fetch_add(word, value, __ATOMIC_ACQ_REL);
}

/**
 * Replace a word if it still is @p expected, which otherwise receives what it is. @return whether
 * it was replaced Acquires and releases as the exchange above. @rt wait-free
 */
static inline RONDO_RT int
rondo_compare_exchange_acq_rel_u32(RONDO_ATOMIC(uint32_t) * word, uint32_t *expected,
                                   uint32_t desired)
{
    return __atomic_compare_exchange_n(word, expected, desired, 0, __ATOMIC_ACQ_REL,
                                       __ATOMIC_ACQUIRE);
}

/** Add to a counter that several threads count in and that carries no message. @rt wait-free */
static inline RONDO_RT void
rondo_add_relaxed(RONDO_ATOMIC(uint64_t) * word, uint64_t value)
{
    __atomic_fetch_add(word, value, __ATOMIC_RELAXED);
}

/*
 * Two fences, for the one case that no load or store of a position can order: frames that are
 * overwritten while they are being read (ring.h, PAIR-CLAIM). On x86-64 both are no instruction.
 * ThreadSanitizer does not model fences and GCC warns of them in such a build; there the barrier
 * instruction itself stands in.
 */
#if defined(__SANITIZE_THREAD__)
#define RONDO__FENCE_IS_INSTRUCTION 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define RONDO__FENCE_IS_INSTRUCTION 1
#endif
#endif

/** Loads of this thread before the fence are done before its loads and stores after it. @rt
 * wait-free */
static inline RONDO_RT void
rondo_fence_acquire(void)
{
#if defined(RONDO__FENCE_IS_INSTRUCTION) && defined(__aarch64__)
    __asm__ volatile("dmb ishld" : : : "memory");
#elif defined(RONDO__FENCE_IS_INSTRUCTION)
    __asm__ volatile("" : : : "memory");
#else
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
#endif
}

/** Loads and stores of this thread before the fence are done before its stores after it. @rt
 * wait-free */
static inline RONDO_RT void
rondo_fence_release(void)
{
#if defined(RONDO__FENCE_IS_INSTRUCTION) && defined(__aarch64__)
    __asm__ volatile("dmb ish" : : : "memory");
#elif defined(RONDO__FENCE_IS_INSTRUCTION)
    __asm__ volatile("" : : : "memory");
#else
    __atomic_thread_fence(__ATOMIC_RELEASE);
#endif
}

#endif /* RONDO_ATOMIC_HEADER */
#endif
