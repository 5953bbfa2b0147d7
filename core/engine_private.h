/* SPDX-License-Identifier: MIT */
/**
 * @file
 * The inside of an engine: what engine.c (set-up), engine_state.c (states), device_thread.c (the
 * thread that follows them) and stream.c (the application's end of the ring) share.
 *
 * Three kinds of threads meet here: control threads, which hold `lock`; the device thread, which
 * takes the lock only when the command has changed; and the application's thread, which takes none.
 */
#ifndef RONDO_CORE_ENGINE_PRIVATE_H
#define RONDO_CORE_ENGINE_PRIVATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <rondo/backend.h>
#include <rondo/engine.h>
#include <rondo/memory.h>
#include <rondo/ring.h>

#include "core/clock_private.h"
#include "core/device_string.h"
#include "core/staging.h"
#include "core/timestamp.h"

/** Who uses the engine: called on the device thread, each may be NULL. Must not block. */
struct rondo__engine_client {
    void (*reset)(void *context); /**< position 0 again; on the thread that resets, others rest */
    void (*before_run)(void *context); /**< the engine is about to run */
    void (*frames)(
        void *context); /**< a period is complete, or the last frames of a capture are there */
    void (*wake)(void *context); /**< positions or state have changed */
    void (*xrun)(void *context, const struct rondo_xrun *xrun);
    void *context;
};

/** What the control threads want of the device thread. Under the engine's lock. */
struct rondo__command {
    bool run;
    bool drain; /**< run: stop when everything queued is played */
    bool quit;
    uint32_t run_id;       /**< another one at each start */
    uint64_t base_time_ns; /**< run: the moment at which it began */
    uint64_t base_pos;     /**< run: the position then, filled in by the device thread */
    uint64_t stop_pos;     /**< not run: go on to this position first */
};

/** Counters; each has one writer or is only added to. */
struct rondo__counters {
    RONDO_ATOMIC(uint64_t) frames;
    RONDO_ATOMIC(uint64_t) periods;
    RONDO_ATOMIC(uint64_t) wakeups;
    RONDO_ATOMIC(uint64_t) xruns_lost;
    RONDO_ATOMIC(uint64_t) xruns_recovered;
    RONDO_ATOMIC(uint64_t) frames_lost;
    RONDO_ATOMIC(uint64_t) wake_late_ns_max;
    RONDO_ATOMIC(uint64_t) wake_late[RONDO_WAKE_BUCKETS];
};

struct rondo_engine {
    struct rondo_ring
        ring; /* the cyclic buffer: capture: the device thread produces; render: it consumes */
    struct rondo__timestamp stamp;

    /* constant after open */
    const struct rondo_backend_ops *ops;
    struct rondo__device_string string;
    struct rondo_engine_config config;
    struct rondo_clock *clock;
    enum rondo_clock_kind clock_kind;
    struct rondo__engine_client client;
    pthread_t thread;
    struct rondo__waiter waiter;

    /* set up while the device thread rests */
    void *device;
    struct rondo_device_info device_info;
    uint32_t frame_bytes;
    struct rondo_memory memory;
    bool memory_locked;
    uint32_t period_frames;
    uint32_t buffer_frames;
    struct rondo__staging *staging;
    void *silence; /* a period */

    /* control */
    pthread_mutex_t lock;
    pthread_cond_t followed; /* the device thread has followed, or drained */
    struct rondo__command command;
    uint32_t followed_seq;
    uint32_t stop_seq; /* the last stop that did not come from inside a callback */
    uint32_t drained;  /* how often everything queued was played */
    enum rondo_engine_state device_state; /* what the device was told last */
    struct rondo_error error;             /* what ended the engine */
    struct rondo_error control_error;     /* why the device refused the last change of state */
    enum rondo_priority priority;
    RONDO_ATOMIC(uint32_t) state;       /* enum rondo_engine_state; written under lock */
    RONDO_ATOMIC(uint32_t) command_seq; /* written under lock */
    RONDO_ATOMIC(uint32_t) failed;      /* the error's code, negated */
    RONDO_ATOMIC(uint32_t) ended;       /* the capture has no more frames */

    /* offline: the application wakes the device thread */
    RONDO_ATOMIC(uint32_t) kicks;
    RONDO_ATOMIC(uint32_t) sleeping;

    struct rondo__counters counters;
    /* Position up to which the device thread was itself too late: frames lost before it are not the
     * application's fault. */
    RONDO_ATOMIC(uint64_t) thread_late_pos;

    /* the device thread's own */
    uint32_t seen_seq;
    uint64_t pos;
    bool at_silent_end;
    uint64_t underrun_frames; /* silence in a row, not yet told */
    uint64_t underrun_pos;
    enum rondo_xrun_cause underrun_cause;
};

/** rondo_engine_open() with a client. */
int rondo__engine_open(struct rondo_engine **out, const char *device,
                       const struct rondo_engine_config *config,
                       const struct rondo__engine_client *client);

/** Calls that the state decides about. */
enum rondo__engine_call {
    RONDO__SET_FORMAT,
    RONDO__ALLOCATE_BUFFER,
    RONDO__FREE_BUFFER,
    RONDO__CLOSE,
    RONDO__TO_RESET,
    RONDO__TO_STOPPED,
    RONDO__TO_RUNNING
};

/** 0, or -EBADFD: not in this state. Under the lock. */
int rondo__engine_check(const struct rondo_engine *engine, enum rondo__engine_call call);

/** Publish engine->command. Under the lock. */
void rondo__engine_send_command(struct rondo_engine *engine);

/**
 * Wait until the device thread has followed every command; the device thread itself does not wait.
 * Under the lock, which is released meanwhile.
 */
void rondo__engine_wait_followed(struct rondo_engine *engine);

/** The engine is of no more use until it is reset. Under the lock. */
void rondo__engine_fail(struct rondo_engine *engine, const struct rondo_error *error);

/** rondo_engine_set_state(); @param error receives in words what the backend says */
int rondo__engine_set_state(struct rondo_engine *engine, enum rondo_engine_state state,
                            struct rondo_error *error);

/** Be RUNNING, from RESET too, in one step. As rondo_stream_start(). */
int rondo__engine_start(struct rondo_engine *engine);

/** Render: play what is queued, then be STOPPED. As rondo_stream_drain(). */
int rondo__engine_drain(struct rondo_engine *engine, int64_t timeout_ns);

/** Have the device thread look again at what there is to do. Any thread. */
void rondo__engine_kick(struct rondo_engine *engine);

/** Whether the caller is the device thread, that is: inside a callback. */
bool rondo__engine_is_device_thread(const struct rondo_engine *engine);

/** Device thread: whether there is a command that it has not seen yet, a callback's for one. */
bool rondo__engine_has_new_command(const struct rondo_engine *engine);

/** Count an xrun and tell nobody. Any thread. */
void rondo__engine_count_xrun(struct rondo_engine *engine, const struct rondo_xrun *xrun) RONDO_RT;

/**
 * What ended the engine; with @p error, otherwise why the device refused the last change
 * of state.
 *
 * @param error  receives it in words; NULL: not wanted, and wait-free
 * @return 0, or the code
 */
int rondo__engine_error(struct rondo_engine *engine, struct rondo_error *error);

/** Main function of the device thread. */
void *rondo__device_thread_main(void *engine);

#endif
