/* SPDX-License-Identifier: MIT */
/**
 * @file
 * A DMA engine: a device reserved for one format, a cyclic buffer that it moves frames through, and
 * a position.
 *
 * Everything that plays or records here is a DMA engine, in hardware or in software, and goes
 * through the same states:
 *
 *     | call \ state                 | RESET, no buffer | RESET, buffer | STOPPED   | RUNNING     |
 *     | rondo_engine_set_format      | ok               | -EBADFD       | -EBADFD   | -EBADFD     |
 *     | rondo_engine_allocate_buffer | -> buffer        | -EBADFD       | -EBADFD   | -EBADFD     |
 *     | rondo_engine_free_buffer     | -EBADFD          | -> no buffer  | -EBADFD   | -EBADFD     |
 *     | rondo_engine_close           | ok               | -EBADFD       | -EBADFD   | -EBADFD     |
 *     | set_state(RESET)             | ok               | ok            | -> RESET  | -EBADFD     |
 *     | set_state(STOPPED)           | -EBADFD          | -> STOPPED    | ok        | -> STOPPED  |
 *     | set_state(RUNNING)           | -EBADFD          | -EBADFD       | -> RUNNING| ok          |
 *
 * STOPPED keeps the position and what is in the buffer; RUNNING goes on from there; RESET makes the
 * position 0 and empties the buffer. The rules stand in one table in core/, for every backend.
 *
 * Most programs want a stream (stream.h), which is an engine and an application's end of its
 * buffer.
 *
 * @source the state table of the HD Audio DDI, states Reset / Stop = Pause / Run
 */
#ifndef RONDO_ENGINE_H
#define RONDO_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rondo/clock.h>
#include <rondo/error.h>
#include <rondo/format.h>
#include <rondo/log.h>
#include <rondo/stats.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Which way the frames go. */
enum rondo_direction {
    RONDO_CAPTURE = 0, /**< from the device */
    RONDO_RENDER = 1   /**< to the device */
};

/** States of an engine. */
enum rondo_engine_state {
    RONDO_ENGINE_RESET = 0,
    RONDO_ENGINE_STOPPED = 1,
    RONDO_ENGINE_RUNNING = 2
};

/** What a capture does when the device has no more frames (a file at its end). */
enum rondo_at_end {
    RONDO_AT_END_STOP =
        0, /**< the stream ends: waiting returns -ENODATA when everything was taken */
    RONDO_AT_END_SILENCE =
        1 /**< silence follows at the same pace, as from a microphone in a silent room */
};

/** How a thread got to run (see rondo_stream_info). */
enum rondo_priority {
    RONDO_PRIORITY_NORMAL = 0,  /**< like any other thread */
    RONDO_PRIORITY_NICE = 1,    /**< raised by nice */
    RONDO_PRIORITY_REALTIME = 2 /**< SCHED_FIFO */
};

/** What is asked of an engine. Zero-initialised except for size, everything is the default. */
struct rondo_engine_config {
    uint32_t size;                  /**< sizeof this struct, by RONDO_ENGINE_CONFIG_INIT */
    enum rondo_direction direction; /**< 0: capture */
    struct rondo_format format;     /**< each field 0: the device's own */
    /** NULL: what the device string says ("clock=offline"), else real */
    struct rondo_clock *clock;
    enum rondo_at_end at_end; /**< 0: RONDO_AT_END_STOP */
    /** SCHED_FIFO priority of the device thread, [1, 99]; 0: 60; below 0: none */
    int32_t realtime_priority;
    struct rondo_log log;      /**< zero: no log */
    struct rondo_error *error; /**< receives what was wrong when opening fails; NULL: nothing */
};

/** Initialiser of struct rondo_engine_config. */
#ifdef __cplusplus
#define RONDO_ENGINE_CONFIG_INIT rondo__engine_config_init()
extern "C++" inline rondo_engine_config
rondo__engine_config_init()
{
    rondo_engine_config config{};
    config.size = sizeof config;
    return config;
}
#else
#define RONDO_ENGINE_CONFIG_INIT                                                                   \
    {                                                                                              \
        .size = sizeof(struct rondo_engine_config)                                                 \
    }
#endif

/** What was granted. */
struct rondo_engine_info {
    struct rondo_format format;
    uint64_t length_frames;  /**< frames that a capture device has in all; 0: unknown or endless */
    uint32_t latency_frames; /**< between the buffer and the converter, beyond the buffer itself */
    uint32_t buffer_frames;  /**< 0: no buffer */
    uint32_t period_frames;  /**< 0: no buffer */
    enum rondo_clock_kind clock;
    enum rondo_priority priority; /**< of the device thread */
    bool memory_locked;           /**< the buffer's pages stay in RAM */
};

struct rondo_engine;

/**
 * Reserve a device for a format: state RESET, no buffer.
 *
 * @param out     receives the engine; NULL on error
 * @param device  "backend:address", with parameters "?key=value&..." behind the last '?'; see
 * rondo_backend_list()
 * @param config  NULL: all defaults
 * @return 0; -EINVAL: NULL, a bad device string or configuration; -ENOENT: no such backend or
 * device; -ENOTSUP: the device has no such direction or format; what the backend says; -ENOMEM,
 * -EAGAIN, -EMFILE
 * @rt not-rt
 */
int rondo_engine_open(struct rondo_engine **out, const char *device,
                      const struct rondo_engine_config *config);

/**
 * Change the format. The device may grant another one: see rondo_engine_query_info().
 *
 * @return 0; -EBADFD; -ENOTSUP: the device cannot change it; what the backend says: the old format
 * stays
 * @rt not-rt
 */
int rondo_engine_set_format(struct rondo_engine *engine, const struct rondo_format *format);

/**
 * Get the cyclic buffer. The sizes are rounded: a period to at least 1 frame, the buffer up to
 * whole periods, at least 2.
 *
 * @param period_frames  frames between two notifications; 0: 10 ms
 * @param buffer_frames  0: 4 periods
 * @return 0, and rondo_engine_query_info() tells the sizes granted; -EBADFD; -EOVERFLOW: too large;
 * -ENOMEM; -EAGAIN, -EMFILE, -ENFILE: no thread or descriptor to make it with
 * @rt not-rt
 */
int rondo_engine_allocate_buffer(struct rondo_engine *engine, uint32_t period_frames,
                                 uint32_t buffer_frames);

/** Give the buffer back. @return 0; -EBADFD @rt not-rt */
int rondo_engine_free_buffer(struct rondo_engine *engine);

/**
 * Change the state, by the table above.
 *
 * When the call has returned, the device thread has followed: after STOPPED no period is being
 * processed. From inside a callback of the engine the state changes, but the running period is
 * finished first.
 *
 * @return 0; -EINVAL: no such state; -EBADFD: not from here; -ENODEV: the device is gone (STOPPED
 * and RESET still work); -ECANCELED: RUNNING, from inside a callback, while another thread stops;
 * what the backend says
 * @thread any
 * @rt     not-rt
 */
int rondo_engine_set_state(struct rondo_engine *engine, enum rondo_engine_state state);

/** The state. @thread any @rt wait-free */
enum rondo_engine_state rondo_engine_state(const struct rondo_engine *engine) RONDO_RT;

/**
 * How far the device has got: frames since reset, and when.
 *
 * @param time_ns  receives the moment at which the device was there, by the engine's clock; NULL:
 * not wanted
 * @thread any
 * @rt     rt-bounded
 */
uint64_t rondo_engine_position(const struct rondo_engine *engine, uint64_t *time_ns) RONDO_RT;

/** What was granted. @thread any @rt not-rt: takes a lock */
void rondo_engine_query_info(struct rondo_engine *engine, struct rondo_engine_info *info);

/**
 * Give the device back. Allows NULL.
 *
 * @return 0: the engine is gone; -EBADFD: there is still a buffer, nothing happened
 * @rt not-rt
 */
int rondo_engine_close(struct rondo_engine *engine);

#ifdef __cplusplus
}
#endif
#endif
