/* SPDX-License-Identifier: MIT */
/**
 * @file
 * A stream: a device's cyclic buffer, and the application's end of it.
 *
 *     struct rondo_stream *stream;
 *     struct rondo_stream_config config = RONDO_STREAM_CONFIG_INIT;   // all defaults: capture
 *     if (rondo_stream_open(&stream, "file:take.wav", &config) == 0 &&
 *         rondo_stream_start(stream) == 0)
 *         while (rondo_stream_wait(stream, 1000000000) > 0) {
 *             struct rondo_span span = rondo_stream_get(stream, UINT32_MAX);
 *             use(span.data, span.frames);                            // the device's own memory
 *             rondo_stream_release(stream, span.frames);
 *         }
 *     rondo_stream_close(stream);
 *
 * The device never waits for the application (but under the offline clock): positions are time. A
 * capture that is not read in time loses its oldest frames, a render that is not fed in time plays
 * silence; both are counted and told.
 *
 * Who may call what beside whom:
 *
 *     | calls                           | by                                 | beside          |
 *     | get, release, wait, next_xrun   | one application thread at a time;  | everything else |
 *     |                                 | where there is a callback, nobody  | but reset,close |
 *     | start, stop, drain, fd, kick,   | any thread                         | everything else |
 *     |   position, delay, query_*,     |                                    | but close       |
 *     |   describe, error               |                                    |                 |
 *     | reset                           | one thread, no span held           | as above        |
 *     | close                           | one thread                         | nothing         |
 *
 * From the callback itself start and stop may be called; reset, drain and close may not.
 */
#ifndef RONDO_STREAM_H
#define RONDO_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rondo/engine.h>
#include <rondo/span.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rondo_stream;

/**
 * Processes frames on the device thread, once a period.
 *
 * Must not block, allocate or call anything that is not marked real-time; if it takes longer than a
 * period, the stream is late (RONDO_CAUSE_THREAD).
 *
 * @param span  capture: captured frames, render: room to be filled; contiguous, one period; shorter
 * at the end of a capture, and where the buffer wraps after the callback took less
 * @return frames that it took or filled, [0, span.frames]. Capture: the rest is offered again,
 * together with the next period or after rondo_stream_kick(). Render: the rest is an underrun,
 * unless it comes before it is due.
 */
typedef uint32_t (*rondo_stream_callback)(struct rondo_stream *stream, struct rondo_span span,
                                          void *context);

/** What is asked of a stream. Zero-initialised except for size, everything is the default. */
struct rondo_stream_config {
    uint32_t size;                  /**< sizeof this struct, by RONDO_STREAM_CONFIG_INIT */
    enum rondo_direction direction; /**< 0: capture */
    struct rondo_format format;     /**< each field 0: the device's own */
    uint32_t period_frames;         /**< frames between two wake-ups; 0: 10 ms */
    uint32_t buffer_frames;         /**< 0: 4 periods; rounded up to whole periods, at least 2 */
    rondo_stream_callback callback; /**< NULL: the application calls get and release */
    void *callback_context;         /**< handed to the callback */
    /** NULL: what the device string says ("clock=offline"), else real */
    struct rondo_clock *clock;
    enum rondo_at_end at_end; /**< 0: RONDO_AT_END_STOP */
    /** SCHED_FIFO priority of the device thread, [1, 99]; 0: 60; below 0: none */
    int32_t realtime_priority;
    struct rondo_log log;      /**< zero: no log */
    struct rondo_error *error; /**< receives what was wrong when opening fails; NULL: nothing */
};

/** Initialiser of struct rondo_stream_config. */
#ifdef __cplusplus
#define RONDO_STREAM_CONFIG_INIT rondo__stream_config_init()
extern "C++" inline rondo_stream_config
rondo__stream_config_init()
{
    rondo_stream_config config{};
    config.size = sizeof config;
    return config;
}
#else
#define RONDO_STREAM_CONFIG_INIT                                                                   \
    {                                                                                              \
        .size = sizeof(struct rondo_stream_config)                                                 \
    }
#endif

/** What was asked and what was granted. */
struct rondo_stream_info {
    const char *device; /**< as opened; lives as long as the stream */
    enum rondo_direction direction;
    struct rondo_stream_config asked; /**< its error pointer is NULL */
    struct rondo_engine_info granted;
};

/**
 * Open a device and get its buffer. Nothing moves yet; a render may already be filled.
 *
 * @param out     receives the stream; NULL on error
 * @param device  "backend:address?key=value&...", such as "file:take.wav", "file:take.wav?loop=1",
 * "null:"
 * @param config  NULL: all defaults
 * @return 0, or what rondo_engine_open() and rondo_engine_allocate_buffer() return; config->error
 * tells in words
 * @rt not-rt
 */
int rondo_stream_open(struct rondo_stream **out, const char *device,
                      const struct rondo_stream_config *config);

/**
 * Start, or go on from where stop left it. No effect on a running stream.
 *
 * @return 0; -ENODEV: the device is gone; -ECANCELED: called from the callback while another thread
 * stops the stream; what the backend says
 * @rt not-rt
 */
int rondo_stream_start(struct rondo_stream *stream);

/**
 * Stop the device where it is; what is in the buffer stays, and start goes on from there. No effect
 * on a stopped stream.
 *
 * After it returned no callback runs (except from inside the callback itself, which is finished
 * first).
 *
 * @return 0; what the backend says, such as -ENOSPC when a file could not be written: the stream is
 * stopped all the same
 * @rt not-rt
 */
int rondo_stream_stop(struct rondo_stream *stream);

/**
 * Stop, drop what is in the buffer, and go back to position 0.
 *
 * A `file:` capture begins at its first frame again; a `file:` render finishes its file, and the
 * next start replaces it. No span may be held.
 *
 * @return 0; -EBADFD: called from the callback; what the backend says, such as -ENOSPC when a file
 *         could not be finished; render: what ended it before, for what was played is not whole.
 *         The stream is reset all the same.
 * @rt not-rt
 */
int rondo_stream_reset(struct rondo_stream *stream);

/**
 * Render: play what is queued, then stop. All of it is in the file of a `file:` render then, which
 * reset or close finish. A callback is not asked for more.
 *
 * @param timeout_ns  real time; below 0: no limit
 * @return 0; -ENOTSUP: a capture; -EBADFD: frames are queued, but the stream is not running, or
 * another thread has stopped it meanwhile; or called from the callback; -ETIMEDOUT: not all of it
 * was played yet, the stream goes on draining; an error of the device
 * @rt not-rt
 */
int rondo_stream_drain(struct rondo_stream *stream, int64_t timeout_ns);

/** Stop and give everything back; queued frames are dropped. Allows NULL. @rt not-rt */
void rondo_stream_close(struct rondo_stream *stream);

/**
 * Borrow captured frames, or room for frames to render: the device's own memory, no copy.
 *
 * @param max_frames  [0, UINT32_MAX]; contiguous frames up to this
 * @return frames 0 (data NULL): nothing now. After an xrun it goes on with the frames that are next
 * in time; see rondo_stream_next_xrun().
 * @thread   the application's
 * @rt       wait-free
 * @lifetime until the release. A capture's frames may be overwritten while they are held: the
 * release tells.
 */
struct rondo_span rondo_stream_get(struct rondo_stream *stream, uint32_t max_frames) RONDO_RT;

/**
 * Give the first @p frames frames of the span back to the device.
 *
 * @param frames  [0, frames lent by the last get]
 * @return 0; -EPIPE: capture: the device overwrote some of them while they were held, use none of
 * them; render: the device had passed some of them already. They are released all the same.
 * -EINVAL: more than were lent, nothing happened.
 * @thread the application's
 * @rt     wait-free; under the offline clock it may wake the device
 */
int rondo_stream_release(struct rondo_stream *stream, uint32_t frames) RONDO_RT;

/**
 * Wait until a period can be got (at the end of a capture: until anything can).
 *
 * @param timeout_ns  real time, whatever the stream's clock; 0: only look; below 0: no limit
 * @return frames that can be got now, above 0; -ETIMEDOUT: less than a period; -ENODATA: the
 * capture has ended and everything was taken; -EBADFD: the stream is not running and nothing can be
 * got; -ENODEV, -EIO, ...: the device is gone
 * @thread the application's
 * @rt     not-rt: may enter the kernel
 */
int rondo_stream_wait(struct rondo_stream *stream, int64_t timeout_ns);

/**
 * A descriptor that becomes readable when rondo_stream_wait() may have something to say: for poll
 * and epoll.
 *
 * When it is readable call rondo_stream_wait(stream, 0), which makes it unreadable again, then get
 * until there is nothing.
 *
 * @return a descriptor that belongs to the stream; negative errno: none could be made
 * @rt not-rt
 */
int rondo_stream_fd(struct rondo_stream *stream);

/**
 * Have the device thread offer again what the callback left. From any thread; rarely needed outside
 * the offline clock.
 *
 * @rt not-rt: wakes the device thread if it sleeps
 */
void rondo_stream_kick(struct rondo_stream *stream);

/**
 * How far the device has got: frames since reset, and when. @p time_ns may be NULL.
 *
 * @thread any
 * @rt     rt-bounded
 */
uint64_t rondo_stream_position(const struct rondo_stream *stream, uint64_t *time_ns) RONDO_RT;

/**
 * Frames now between the application and the converter: capture: captured and not yet taken;
 * render: given and not yet played; each with the device's own latency.
 *
 * @thread any
 * @rt     rt-bounded
 */
uint64_t rondo_stream_delay(const struct rondo_stream *stream) RONDO_RT;

/**
 * The next xrun that nobody asked for yet.
 *
 * @return 1: *xrun is filled in; 0: none
 * @thread the application's
 * @rt     wait-free
 */
int rondo_stream_next_xrun(struct rondo_stream *stream, struct rondo_xrun *xrun) RONDO_RT;

/** Counters, also while running. @thread any @rt wait-free */
void rondo_stream_query_stats(const struct rondo_stream *stream, struct rondo_stats *stats)
    RONDO_RT;

/** What was asked and what was granted. @thread any @rt not-rt: takes a lock */
void rondo_stream_query_info(struct rondo_stream *stream, struct rondo_stream_info *info);

/**
 * Print asked and granted configuration in a few lines of text.
 *
 * @param text        receives it; ends with a zero; may be NULL when text_bytes is 0
 * @param text_bytes  size of @p text
 * @return bytes of the whole text without the zero, as snprintf
 * @rt not-rt
 */
int rondo_stream_describe(struct rondo_stream *stream, char *text, size_t text_bytes);

/**
 * What ended the stream; if nothing did, why the device refused the last start, stop or reset.
 *
 * @param error  receives it, in words; may be NULL
 * @return 0: nothing did, and it did not refuse; otherwise the error's code
 * @thread any
 * @rt     not-rt: takes a lock
 */
int rondo_stream_error(struct rondo_stream *stream, struct rondo_error *error);

#ifdef __cplusplus
}
#endif
#endif
