/* SPDX-License-Identifier: MIT */
/**
 * @file
 * What every backend must do, whatever it moves frames to: one suite, through the public stream
 * API.
 */
#ifndef RONDO_TESTS_BACKEND_CONFORMANCE_H
#define RONDO_TESTS_BACKEND_CONFORMANCE_H

#include <stdbool.h>
#include <stdint.h>

#include <rondo/stream.h>

/** The device under test. */
struct conformance_subject {
    const char *device; /**< without a clock */
    enum rondo_direction direction;
    struct rondo_format format;  /**< asked for */
    struct rondo_format granted; /**< to be granted for it */
    /** Capture: frames that there are, at least 20 buffers of 4 periods of 100; 0: endless, and so
     * is length_frames. */
    uint64_t length_frames;
    /** Capture: whether these frames stand at this position since reset. */
    bool (*is_right)(uint64_t position, const void *data, uint32_t frames);
    /** Render: frames to be written from this position on. */
    void (*make)(uint64_t position, void *data, uint32_t frames);
    /** Render: what has reached the device since the last reset, after this many frames; called
     * when the stream was reset. May be NULL. */
    void (*check)(uint64_t frames);
};

/**
 * Run the suite as a cmocka group.
 *
 * @return failed tests
 */
int conformance_run(const struct conformance_subject *subject);

#endif
