/* SPDX-License-Identifier: MIT */
/**
 * @file
 * What the models share: frames that notice a missing order, objects on cache lines, and searches.
 *
 * A model is a relacy test suite: a few threads that use the shipping headers, with atomics
 * replaced by relacy_atomic.h. A search runs it over and over, another interleaving and other
 * loaded values each time, until all were seen (exhaustive, or exhaustive up to a number of forced
 * switches) or a number of random ones. Exhaustive searches let a load look back by one value,
 * random ones by two.
 *
 * Include this before any header of rondo.
 */
#ifndef RONDO_TESTS_MODEL_MODEL_H
#define RONDO_TESTS_MODEL_MODEL_H

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <new>
#include <string>

#include "relacy_atomic.h"
#include <rondo/span.h>

namespace model
{

/** Says that a thread can do nothing until another one has run. */
inline void
wait_for_others(RONDO_MODEL_CALLER)
{
    rl::yield(1, RONDO_MODEL_PLACE);
}

/** A frame whose accesses must be ordered by happens-before; anything else is a reported race. */
class checked_frame
{
  public:
    void
    put(uint64_t value, RONDO_MODEL_CALLER)
    {
        value_(RONDO_MODEL_PLACE).store(value);
    }

    uint64_t
    take(RONDO_MODEL_CALLER) const
    {
        return value_(RONDO_MODEL_PLACE).load();
    }

  private:
    rl::var<uint64_t> value_;
};

/** A frame that may be read while it is overwritten: the reader gets any value that it could get
 * from memory. */
class racing_frame
{
  public:
    racing_frame()
    {
        put(nothing);
    }

    void
    put(uint64_t value, RONDO_MODEL_CALLER)
    {
        value_.store(value, rl::mo_relaxed, RONDO_MODEL_PLACE);
    }

    uint64_t
    take(RONDO_MODEL_CALLER) const
    {
        return value_.load(rl::mo_relaxed, RONDO_MODEL_PLACE);
    }

    /** What is in a frame that was never written; no position of a model. */
    static constexpr uint64_t nothing = UINT64_C(0x5a5a5a5a5a5a5a5a);

  private:
    rl::atomic<uint64_t> value_;
};

template <typename frame>
frame &
frame_at(struct rondo_span span, uint32_t index)
{
    return static_cast<frame *>(span.data)[index];
}

/** memcpy() for checked frames. The copying calls of a header copy frames by it if memcpy is
 * defined so around the header's #include. */
inline void
copy_frames(void *to, const void *from, size_t bytes)
{
    for (size_t i = 0; i < bytes / sizeof(checked_frame); i++)
        static_cast<checked_frame *>(to)[i].put(static_cast<const checked_frame *>(from)[i].take());
}

/** Objects in a row from the start of a cache line on, wherever this is: relacy keeps models in
 * memory of malloc(). */
template <typename T, size_t count = 1> class on_line
{
  public:
    on_line()
    {
        for (size_t i = 0; i < count; i++)
            ::new (static_cast<void *>(get() + i)) T;
    }

    ~on_line()
    {
        for (size_t i = 0; i < count; i++)
            get()[i].~T();
    }

    on_line(const on_line &) = delete;
    on_line &operator=(const on_line &) = delete;

    T *
    get()
    {
        const uintptr_t misplaced = reinterpret_cast<uintptr_t>(bytes_) % RONDO_CACHELINE_BYTES;

        return reinterpret_cast<T *>(bytes_ + (RONDO_CACHELINE_BYTES - misplaced));
    }

    T &
    operator[](size_t index)
    {
        return get()[index];
    }

  private:
    unsigned char bytes_[count * sizeof(T) + RONDO_CACHELINE_BYTES];
};

/** The searches of one program: a line of output each. --long runs those that take minutes, too;
 * --first ends with the first failure. */
class session
{
  public:
    session(const char *subject, int argc, char **argv) : subject_(subject)
    {
        for (int i = 1; i < argc; i++) {
            is_long_ = is_long_ || std::string(argv[i]) == "--long";
            ends_early_ = ends_early_ || std::string(argv[i]) == "--first";
        }
    }

    /** Everything that can happen. */
    template <typename suite>
    void
    exhaust(const char *what)
    {
        rl::test_params params;

        search<suite, rl::full_search_scheduler<suite::params::thread_count>>(what, "exhaustive",
                                                                              params);
    }

    /** Everything that can happen with at most this many switches away from a thread that could go
     * on. */
    template <typename suite>
    void
    bound(const char *what, unsigned switches)
    {
        rl::test_params params;

        params.context_bound = switches;
        search<suite, rl::context_bound_scheduler<suite::params::thread_count>>(
            what, std::to_string(switches) + " switches", params);
    }

    /** Random interleavings: 20 times as many in the long form. */
    template <typename suite>
    void
    sample(const char *what, uint64_t count)
    {
        rl::test_params params;

        params.iteration_count = is_long_ ? 20 * count : count;
        params.search_type = rl::sched_random;
        search<suite, rl::random_scheduler<suite::params::thread_count>>(what, "random", params);
    }

    bool
    is_long() const
    {
        return is_long_;
    }

    /** Exit code. */
    int
    status() const
    {
        return failed_ ? 1 : 0;
    }

  private:
    /* As rl::simulate(), for one scheduler; what failed is run again to tell how. */
    template <typename suite, typename scheduler>
    void
    search(const char *what, const std::string &how, rl::test_params &params)
    {
        const auto begin = std::chrono::steady_clock::now();
        rl::ostringstream progress;
        rl::ostringstream state;

        params.progress_stream = &progress;
        params.execution_depth_limit = 500;
        const rl::test_result_e result = rl::run_test<suite, scheduler>(params, state, false);
        const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;

        std::printf("%-13s %-48s %-10s %10llu iterations %6.1f s  %s\n", subject_, what,
                    how.c_str(), static_cast<unsigned long long>(params.stop_iteration),
                    seconds.count(),
                    result == rl::test_result_success ? "ok" : rl::test_result_str(result));
        std::fflush(stdout);
        if (result != rl::test_result_success) {
            failed_ = true;
            if (ends_early_)
                std::exit(1);
            params.output_stream = &std::cout;
            params.initial_state = state.str();
            params.collect_history = true;
            rl::run_test<suite, scheduler>(params, state, true);
            std::cout.flush();
        }
    }

    const char *subject_;
    bool is_long_ = false;
    bool ends_early_ = false;
    bool failed_ = false;
};

} // namespace model

#endif
