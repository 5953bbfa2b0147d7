/* SPDX-License-Identifier: MIT */
/*
 * An input: a capture stream, two buffers that the stream's device thread fills, and a thread that
 * tells the program.
 *
 *     | thread                        | does                                                      |
 *     | the stream's device thread    | fills buffers; never blocks, never waits for the program  |
 *     | the program's, get / release  | takes full buffers; inside rondo_handle_enter() / leave() |
 *     | the program's, other calls    | start, stop, destroy: one at a time, under `control`      |
 *     | the input's announcer, if     | calls the program back, once for each full buffer         |
 *     |   there is a callback         |                                                           |
 *
 * A run is what lies between a start and the next: its own double buffer in its own memory. Two
 * runs take turns. A start prepares the one that nobody can see, publishes it, and waits until
 * nobody is left in the other; so get and release never meet a double buffer that is being emptied,
 * and a buffer that was lent in the last run stays readable until the next start.
 *
 * Synchronization:
 *   PAIR-RUN       release in start  ->  acquire in get, release, announcer, device thread:
 *                  a run is ready before it is seen; nobody is in the other after the grace period
 *   PAIR-OVER      release in stop  ->  acquire in get, release, announcer: the run is over
 *   PAIR-ANNOUNCE  release after a buffer was filled  ->  acquire in the announcer: a callback
 * finds its buffer PAIR-CONSUMER  release when get or release is done  ->  acquire when the next
 * one begins: the program may call from one thread now and from another one later PAIR-QUIT release
 * in destroy  ->  acquire in the announcer
 */
#ifndef RONDO_FACADES_ML_INPUT_H
#define RONDO_FACADES_ML_INPUT_H

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>

#include <rondo/atomic.h>
#include <rondo/convert.h>
#include <rondo/double_buffer.h>
#include <rondo/log.h>
#include <rondo/memory.h>
#include <rondo/ml.h>
#include <rondo/stream.h>

#include "facades/ml/config.h"
#include "facades/ml/flavour.h"
#include "ml_audio.h"

/* Inputs that can exist at once. */
#define RONDO__ML_INPUTS_MAX 16u

/* Output frames of one conversion whose result is thrown away. */
#define RONDO__ML_WASTE_FRAMES 256u

/* From a start to the next. */
struct rondo__ml_run {
    struct rondo_double_buffer buffers;
    uint64_t serial;                 /* 1 for the first start; written while nobody sees the run */
    RONDO_ATOMIC(uint32_t) over;     /* it was stopped */
    RONDO_ATOMIC(uint32_t) consumer; /* 1: somebody gets or releases */

    /* The device thread's. */
    struct rondo_span room RONDO_CACHE_ALIGNED; /* the buffer that is being filled */
    uint32_t room_filled;                       /* frames of it */
    RONDO_ATOMIC(uint64_t) filled;              /* buffers; written by the device thread only */
};

/* An input. */
struct rondo__ml_input {
    struct rondo__ml_run runs[2];
    RONDO_ATOMIC(uint64_t) run;     /* the current one, a pointer; 0: never started */
    RONDO_ATOMIC(uint32_t) playing; /* the state */

    /* Does not change while the input lives. */
    MLHandle handle;
    MLAudioBufferCallback callback;
    void *context;
    struct rondo_stream *stream;
    struct rondo_converter *converter; /* NULL: the device has our format */
    struct rondo_format format;        /* of the buffers */
    uint32_t frame_bytes;
    uint32_t buffer_frames; /* of each buffer */
    struct rondo_format device_format;
    uint32_t device_frame_bytes;
    uint64_t device_length_frames; /* 0: unknown or endless */
    uint32_t device_frames_max;    /* of one conversion */
    bool offline;                  /* the device waits for us */
    float latency_ms;
    struct rondo_log log;
    struct rondo_memory memory; /* of both runs */
    unsigned char *waste;       /* where converted frames go that find no room */

    /* Written by the device thread only. */
    RONDO_ATOMIC(uint64_t) buffers_filled RONDO_CACHE_ALIGNED;
    RONDO_ATOMIC(uint64_t) frames_dropped;

    /* The announcer. */
    pthread_t announcer;
    sem_t wake;
    RONDO_ATOMIC(uint32_t) quit;

    /* Start, stop and destroy. */
    pthread_mutex_t control;
    bool destroyed;  /* under control */
    uint64_t starts; /* under control */
    uint32_t users;  /* who may still touch this; under a lock of input.c */
};

/*
 * Make a stopped input and its handle.
 *
 * Returns MLResult_Ok, MLResult_AllocFailed or MLAudioResult_InternalConfigError.
 */
MLResult rondo__ml_input_create(const struct rondo__ml_source *source,
                                const struct rondo__ml_flavour *flavour, uint32_t buffer_frames,
                                MLAudioBufferCallback callback, void *context, MLHandle *handle);

/* Kill the handle, stop, wait for a running callback of another thread. False: no such input. */
bool rondo__ml_input_destroy(MLHandle handle);

/*
 * The input of a handle, for calls that may sleep: it stays in memory until put, though it may be
 * destroyed meanwhile (see destroyed). NULL: no such input.
 */
struct rondo__ml_input *rondo__ml_input_use(MLHandle handle);
void rondo__ml_input_put(struct rondo__ml_input *input);

/* The input of a handle, between rondo_handle_enter() and rondo_handle_leave(). NULL: none. */
struct rondo__ml_input *rondo__ml_input_find(MLHandle handle) RONDO_RT;

/* The current run of an input, in the same section. NULL: never started. */
struct rondo__ml_run *rondo__ml_input_run(struct rondo__ml_input *input) RONDO_RT;

/* fill.c: make a run empty, as after create; nobody may see it. */
void rondo__ml_run_init(struct rondo__ml_input *input, struct rondo__ml_run *run);

/* fill.c: the stream's callback, on the device thread; context is the input. */
uint32_t rondo__ml_fill(struct rondo_stream *stream, struct rondo_span span, void *context)
    RONDO_RT;

/* announcer.c: start the announcer's thread, which is one of the input's users. Negative errno. */
int rondo__ml_announcer_start(struct rondo__ml_input *input);

/* announcer.c: end it; returns when no callback runs, or at once from inside a callback. */
void rondo__ml_announcer_quit(struct rondo__ml_input *input);

#endif
