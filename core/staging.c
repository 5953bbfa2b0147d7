/* SPDX-License-Identifier: MIT */
#include "core/staging.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include <rondo/memory.h>
#include <rondo/ring.h>

#include "core/device_call.h"
#include "core/thread.h"
#include "core/waitpoint.h"

/* Frames that the helper moves before it lets set_state in. */
#define CHUNK_FRAMES 4096u

struct rondo__staging {
    /* Capture: the helper produces, or who holds io; render: the device thread does. */
    struct rondo_ring ring;
    const struct rondo_backend_ops *ops;
    void *device;
    enum rondo_direction direction;
    struct rondo_memory memory;
    pthread_t thread;
    struct rondo__waitpoint work; /* the helper sleeps here */

    pthread_mutex_t io;       /* held while the device is used; the device thread never takes it */
    struct rondo_error error; /* under io */
    bool active;              /* under io: after STOPPED or RUNNING, until RESET */
    bool quit;                /* under io */
    RONDO_ATOMIC(uint32_t) ended;
    RONDO_ATOMIC(uint32_t) failed; /* the error's code, negated */
};

/* Whether there are frames to move; under io. */
static bool
has_work(const struct rondo__staging *staging)
{
    if (!staging->active || staging->error.code != 0)
        return false;
    if (staging->direction == RONDO_CAPTURE)
        /* relaxed: written under io. */
        return rondo_load_relaxed_u32(&staging->ended) == 0 && rondo_ring_room(&staging->ring) > 0;
    return rondo_ring_fill(&staging->ring) > 0;
}

/* Move one chunk; under io. */
static void
move_chunk(struct rondo__staging *staging)
{
    const bool captures = staging->direction == RONDO_CAPTURE;
    const struct rondo_span span = captures ? rondo_ring_get_write(&staging->ring, CHUNK_FRAMES)
                                            : rondo_ring_get_read(&staging->ring, CHUNK_FRAMES);
    const int32_t moved = rondo__device_transfer(staging->ops, staging->device, staging->direction,
                                                 span.data, span.frames, &staging->error);
    const uint32_t failed = (uint32_t)-staging->error.code;

    if (captures && moved > 0)
        rondo_ring_release_write(&staging->ring, (uint32_t)moved);
    else if (moved > 0)
        rondo_ring_release_read(&staging->ring, span.frames);
    if (failed != 0)
        rondo_store_release_u32(&staging->failed, failed); /* PAIR-STAGING-FAILED release: the last
                                                              frames are in the ring */
    else if (captures && (uint32_t)moved < span.frames)
        rondo_store_release_u32(&staging->ended,
                                1); /* PAIR-ENDED release: the last frames are in the ring */
}

static void *
helper_main(void *context)
{
    struct rondo__staging *const staging = (struct rondo__staging *)context;
    bool quit = false;

    while (!quit) {
        const uint32_t ticket = rondo__waitpoint_prepare(&staging->work);
        bool more;

        pthread_mutex_lock(&staging->io);
        quit = staging->quit;
        more = !quit && has_work(staging);
        if (more)
            move_chunk(staging);
        pthread_mutex_unlock(&staging->io);
        if (!quit && !more)
            rondo__waitpoint_sleep(&staging->work, ticket, UINT64_MAX);
        rondo__waitpoint_leave(&staging->work);
    }
    return NULL;
}

int
rondo__staging_create(struct rondo__staging **out, const struct rondo_backend_ops *ops,
                      void *device, enum rondo_direction direction, uint32_t frame_bytes,
                      uint32_t capacity_frames)
{
    struct rondo__staging *staging = NULL;
    int error;

    *out = NULL;
    if (posix_memalign((void **)&staging, RONDO_CACHELINE_BYTES, sizeof *staging) != 0)
        return -ENOMEM;
    memset((void *)staging, 0, sizeof *staging);
    staging->ops = ops;
    staging->device = device;
    staging->direction = direction;
    error = rondo_memory_create(&staging->memory, (size_t)capacity_frames * frame_bytes,
                                RONDO_MEMORY_PLAIN);
    if (error == 0)
        error = rondo_ring_init(&staging->ring, staging->memory.data, capacity_frames, frame_bytes);
    if (error != 0)
        goto fail;
    memset(staging->memory.data, 0,
           staging->memory.size_bytes); /* have every page before it is needed */
    pthread_mutex_init(&staging->io, NULL);
    error = rondo__thread_create(&staging->thread, "rondo-helper", helper_main, staging);
    if (error != 0) {
        pthread_mutex_destroy(&staging->io);
        goto fail;
    }
    *out = staging;
    return 0;

fail:
    rondo_memory_destroy(&staging->memory);
    free(staging);
    return error;
}

void
rondo__staging_destroy(struct rondo__staging *staging)
{
    if (staging == NULL)
        return;
    pthread_mutex_lock(&staging->io);
    staging->quit = true;
    pthread_mutex_unlock(&staging->io);
    rondo__waitpoint_wake(&staging->work);
    pthread_join(staging->thread, NULL);
    pthread_mutex_destroy(&staging->io);
    rondo_memory_destroy(&staging->memory);
    free(staging);
}

/* Do all that the helper could do now; under io. To let it do that chunk by chunk, and sleep
 * meanwhile, takes five times as long. */
static void
settle(struct rondo__staging *staging)
{
    while (has_work(staging))
        move_chunk(staging);
}

int
rondo__staging_set_state(struct rondo__staging *staging, enum rondo_engine_state state,
                         struct rondo_error *error)
{
    const bool captures = staging->direction == RONDO_CAPTURE;
    int result = 0;

    pthread_mutex_lock(&staging->io);
    /* Capture: read ahead before it runs. Render: written to the end before it rests. */
    if (captures == (state == RONDO_ENGINE_RUNNING))
        settle(staging);
    /* What a capture could not read ahead is of interest only to who wants to go on. */
    if (staging->error.code != 0 && state != RONDO_ENGINE_RESET &&
        (!captures || state == RONDO_ENGINE_RUNNING))
        result = staging->error.code;
    if (staging->ops->set_state != NULL && (result == 0 || state != RONDO_ENGINE_RUNNING)) {
        const int told = rondo__device_result(
            staging->ops, staging->ops->set_state(staging->device, state, error), error);

        result = result == 0 ? told : result;
    }
    if (staging->error.code != 0 && result == staging->error.code)
        *error = staging->error;
    if (state == RONDO_ENGINE_RESET) {
        staging->active = false;
        staging->error.code = 0;
        staging->error.text[0] = 0;
        rondo_ring_reset(&staging->ring, 0);
        rondo_store_release_u32(&staging->ended, 0);  /* PAIR-ENDED release */
        rondo_store_release_u32(&staging->failed, 0); /* PAIR-STAGING-FAILED release */
    } else if (result == 0) {
        staging->active = true;
    }
    pthread_mutex_unlock(&staging->io);
    return result;
}

uint32_t
rondo__staging_read(struct rondo__staging *staging, void *frames, uint32_t count, bool *ended)
{
    /* PAIR-ENDED acquire: before the ring is looked at, so that the last frames are seen. */
    const bool is_last = rondo_load_acquire_u32(&staging->ended) != 0;
    const uint32_t done = rondo_ring_read(&staging->ring, frames, count);

    *ended = is_last && done < count;
    rondo__waitpoint_wake(&staging->work);
    return done;
}

uint32_t
rondo__staging_write(struct rondo__staging *staging, const void *frames, uint32_t count)
{
    const uint32_t done = rondo_ring_write(&staging->ring, frames, count);

    rondo__waitpoint_wake(&staging->work);
    return done;
}

int
rondo__staging_error(struct rondo__staging *staging, struct rondo_error *error)
{
    /* PAIR-STAGING-FAILED acquire: the error in words is complete. */
    const int code = -(int)rondo_load_acquire_u32(&staging->failed);

    if (code != 0 && error != NULL) {
        pthread_mutex_lock(&staging->io);
        *error = staging->error;
        pthread_mutex_unlock(&staging->io);
    }
    return code;
}
