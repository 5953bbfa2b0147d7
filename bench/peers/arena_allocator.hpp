/* SPDX-License-Identifier: MIT */
/*
 * A standard allocator over the bench's memory: storage on cache lines for peers that allocate it.
 */
#ifndef RONDO_BENCH_ARENA_ALLOCATOR_HPP
#define RONDO_BENCH_ARENA_ALLOCATOR_HPP

#include <cstddef>

#include "bench/arena.h"

template <typename T> struct arena_allocator {
    using value_type = T;
    arena_allocator() = default;
    template <typename U> arena_allocator(const arena_allocator<U> &)
    {
    }
    T *
    allocate(std::size_t n)
    {
        return static_cast<T *>(bench_memory(n * sizeof(T)));
    }
    void
    deallocate(T *, std::size_t)
    {
    }
    template <typename U> struct rebind {
        using other = arena_allocator<U>;
    };
};

#endif
