/* SPDX-License-Identifier: MIT */
/**
 * @file
 * What a model is compiled with in place of rondo's own atomics: RONDO_ATOMIC_HEADER.
 *
 * Each function has the name and the order of its original in rondo/atomic.h, and runs under
 * relacy: there every atomic operation is a place where the scheduler may switch threads, and every
 * load may get an older value than the last one, as far as its order allows. What relacy says of
 * a failure names the line of the header that called.
 *
 * The exchanges below with one order or none are for tests/model/weaken.
 */
#ifndef RONDO_TESTS_MODEL_RELACY_ATOMIC_H
#define RONDO_TESTS_MODEL_RELACY_ATOMIC_H

#include <cassert>
#include <cerrno>
#include <cstdint>
#include <cstdlib>

/* relacy renames parts of the language and of the C library for whoever includes it; rondo keeps
 * the real ones. */
#pragma push_macro("errno")
#include <relacy/relacy.hpp>
#undef new
#undef delete
#undef malloc
#undef calloc
#undef realloc
#undef free
#undef memory_order_relaxed
#undef memory_order_consume
#undef memory_order_acquire
#undef memory_order_release
#undef memory_order_acq_rel
#undef memory_order_seq_cst
#pragma pop_macro("errno")

#define RONDO_ATOMIC(type) rl::atomic<type>

/* The caller's place, as last parameters. */
#define RONDO_MODEL_CALLER                                                                         \
    const char *function = __builtin_FUNCTION(), const char *file = __builtin_FILE(),              \
               unsigned line = __builtin_LINE()
#define RONDO_MODEL_PLACE                                                                          \
    rl::debug_info                                                                                 \
    {                                                                                              \
        function, file, line                                                                       \
    }

inline uint64_t
rondo_load_relaxed(const RONDO_ATOMIC(uint64_t) * word, RONDO_MODEL_CALLER)
{
    return word->load(rl::mo_relaxed, RONDO_MODEL_PLACE);
}

inline uint64_t
rondo_load_acquire(const RONDO_ATOMIC(uint64_t) * word, RONDO_MODEL_CALLER)
{
    return word->load(rl::mo_acquire, RONDO_MODEL_PLACE);
}

inline void
rondo_store_relaxed(RONDO_ATOMIC(uint64_t) * word, uint64_t value, RONDO_MODEL_CALLER)
{
    word->store(value, rl::mo_relaxed, RONDO_MODEL_PLACE);
}

inline void
rondo_store_release(RONDO_ATOMIC(uint64_t) * word, uint64_t value, RONDO_MODEL_CALLER)
{
    word->store(value, rl::mo_release, RONDO_MODEL_PLACE);
}

inline uint32_t
rondo_load_relaxed_u32(const RONDO_ATOMIC(uint32_t) * word, RONDO_MODEL_CALLER)
{
    return word->load(rl::mo_relaxed, RONDO_MODEL_PLACE);
}

inline uint32_t
rondo_load_acquire_u32(const RONDO_ATOMIC(uint32_t) * word, RONDO_MODEL_CALLER)
{
    return word->load(rl::mo_acquire, RONDO_MODEL_PLACE);
}

inline void
rondo_store_relaxed_u32(RONDO_ATOMIC(uint32_t) * word, uint32_t value, RONDO_MODEL_CALLER)
{
    word->store(value, rl::mo_relaxed, RONDO_MODEL_PLACE);
}

inline void
rondo_store_release_u32(RONDO_ATOMIC(uint32_t) * word, uint32_t value, RONDO_MODEL_CALLER)
{
    word->store(value, rl::mo_release, RONDO_MODEL_PLACE);
}

inline uint32_t
rondo_exchange_acq_rel_u32(RONDO_ATOMIC(uint32_t) * word, uint32_t value, RONDO_MODEL_CALLER)
{
    return word->exchange(value, rl::mo_acq_rel, RONDO_MODEL_PLACE);
}

inline uint32_t
rondo_exchange_acquire_u32(RONDO_ATOMIC(uint32_t) * word, uint32_t value, RONDO_MODEL_CALLER)
{
    return word->exchange(value, rl::mo_acquire, RONDO_MODEL_PLACE);
}

inline uint32_t
rondo_exchange_release_u32(RONDO_ATOMIC(uint32_t) * word, uint32_t value, RONDO_MODEL_CALLER)
{
    return word->exchange(value, rl::mo_release, RONDO_MODEL_PLACE);
}

inline uint32_t
rondo_exchange_relaxed_u32(RONDO_ATOMIC(uint32_t) * word, uint32_t value, RONDO_MODEL_CALLER)
{
    return word->exchange(value, rl::mo_relaxed, RONDO_MODEL_PLACE);
}

inline uint32_t
rondo_fetch_add_acq_rel_u32(RONDO_ATOMIC(uint32_t) * word, uint32_t value, RONDO_MODEL_CALLER)
{
    return word->fetch_add(value, rl::mo_acq_rel, RONDO_MODEL_PLACE);
}

inline int
rondo_compare_exchange_acq_rel_u32(RONDO_ATOMIC(uint32_t) * word, uint32_t *expected,
                                   uint32_t desired, RONDO_MODEL_CALLER)
{
    return word->compare_exchange_strong(*expected, desired, rl::mo_acq_rel, RONDO_MODEL_PLACE,
                                         rl::mo_acquire, RONDO_MODEL_PLACE)
               ? 1
               : 0;
}

inline void
rondo_add_relaxed(RONDO_ATOMIC(uint64_t) * word, uint64_t value, RONDO_MODEL_CALLER)
{
    word->fetch_add(value, rl::mo_relaxed, RONDO_MODEL_PLACE);
}

inline void
rondo_fence_acquire(RONDO_MODEL_CALLER)
{
    rl::atomic_thread_fence(rl::mo_acquire, RONDO_MODEL_PLACE);
}

inline void
rondo_fence_release(RONDO_MODEL_CALLER)
{
    rl::atomic_thread_fence(rl::mo_release, RONDO_MODEL_PLACE);
}

#endif
