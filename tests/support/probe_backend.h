/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Backends for tests: "probe:" captures numbered frames, "probe-sink:" keeps what is rendered, the
 * same with "-blocking" say that they may block; all fail
 * on demand. Frames are one channel of S32; the number is the position since reset, plus 1.
 */
#ifndef TESTS_SUPPORT_PROBE_BACKEND_H
#define TESTS_SUPPORT_PROBE_BACKEND_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <rondo/backend.h>

#define PROBE_RENDERED_MAX (1u << 20)

/** What the device does and saw. Set it up before opening; one device at a time. */
struct probe {
    uint64_t end_at;          /**< capture: frames that there are; 0: endless */
    _Atomic uint64_t fail_at; /**< transfer fails at this position; 0: never */
    _Atomic int fail_code;    /**< with this code */
    bool fail_short;          /**< capture: having moved the frames before it */
    int open_code;            /**< open fails with this code; 0: it does not */
    int reset_code;           /**< set_state(RESET) returns it */
    atomic_bool blocked;      /**< transfer waits until this is false */

    uint64_t pos;
    int32_t rendered[PROBE_RENDERED_MAX];
    uint64_t rendered_frames;
    atomic_uint opens, closes, resets, stops, runs;
    atomic_uint inside;     /**< calls running now */
    atomic_uint overlapped; /**< calls that found another one running: must stay 0 */
};

extern struct probe probe;

/** Forget everything, and register the backends (once). */
void probe_reset(void);

#endif
