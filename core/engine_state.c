/* SPDX-License-Identifier: MIT */
/*
 * The states of an engine: what is allowed where, and how the device thread is made to follow.
 */
#include <errno.h>
#include <time.h>

#include "core/device_call.h"
#include "core/engine_private.h"
#include "core/waitpoint.h"

/* What is allowed where: the one place that knows. Columns: RESET without buffer, RESET with
 * buffer, STOPPED, RUNNING. */
enum column {
    NO_BUFFER,
    BUFFER,
    STOPPED,
    RUNNING
};

static const bool allowed[][4] = {
    /*                    no buffer  buffer  stopped  running */
    [RONDO__SET_FORMAT] = {true, false, false, false},
    [RONDO__ALLOCATE_BUFFER] = {true, false, false, false},
    [RONDO__FREE_BUFFER] = {false, true, false, false},
    [RONDO__CLOSE] = {true, false, false, false},
    [RONDO__TO_RESET] = {true, true, true, false},
    [RONDO__TO_STOPPED] = {false, true, true, true},
    [RONDO__TO_RUNNING] = {false, false, true, true},
};

/* 0, or -EBADFD; under the lock. */
int
rondo__engine_check(const struct rondo_engine *engine, enum rondo__engine_call call)
{
    enum column column = NO_BUFFER;

    switch (rondo_engine_state(engine)) {
    case RONDO_ENGINE_RESET:
        column = engine->memory.data == NULL ? NO_BUFFER : BUFFER;
        break;
    case RONDO_ENGINE_STOPPED:
        column = STOPPED;
        break;
    case RONDO_ENGINE_RUNNING:
        column = RUNNING;
        break;
    }
    return allowed[call][column] ? 0 : -EBADFD;
}

enum rondo_engine_state
rondo_engine_state(const struct rondo_engine *engine)
{
    /* PAIR-STATE acquire: what the change did is visible. */
    return (enum rondo_engine_state)rondo_load_acquire_u32(&engine->state);
}

static void
store_state(struct rondo_engine *engine, enum rondo_engine_state state)
{
    rondo_store_release_u32(&engine->state, (uint32_t)state); /* PAIR-STATE release */
}

/* ---- the device thread, seen from control ---- */

/* Publish the command; under the lock. */
void
rondo__engine_send_command(struct rondo_engine *engine)
{
    /* relaxed: written under the lock only. PAIR-COMMAND release: a hint to look; the lock orders
     * the command itself. */
    rondo_store_release_u32(&engine->command_seq, rondo_load_relaxed_u32(&engine->command_seq) + 1);
    rondo__waiter_wake(&engine->waiter);
}

bool
rondo__engine_is_device_thread(const struct rondo_engine *engine)
{
    return pthread_equal(pthread_self(), engine->thread) != 0;
}

/* Wait until the device thread has followed every command; under the lock, which is released
 * meanwhile. */
void
rondo__engine_wait_followed(struct rondo_engine *engine)
{
    if (rondo__engine_is_device_thread(engine))
        return;
    /* relaxed: written under the lock only. */
    while (engine->followed_seq != rondo_load_relaxed_u32(&engine->command_seq))
        pthread_cond_wait(&engine->followed, &engine->lock);
}

/* Tell the device its state, wherever it is used; the device thread rests, or is the caller. */
static int
tell_device(struct rondo_engine *engine, enum rondo_engine_state state, struct rondo_error *error)
{
    int result = 0;

    if (engine->staging != NULL)
        result = rondo__staging_set_state(engine->staging, state, error);
    else if (engine->ops->set_state != NULL)
        result = rondo__device_result(engine->ops,
                                      engine->ops->set_state(engine->device, state, error), error);
    if (result == 0 || state != RONDO_ENGINE_RUNNING)
        engine->device_state = state;
    return result;
}

/* Tell the device of a stop that it was not told of: somebody else's, or the end of a drain that
 * nobody waited for. */
static int
tell_stopped(struct rondo_engine *engine, struct rondo_error *error)
{
    int result;

    if (engine->device_state != RONDO_ENGINE_RUNNING)
        return 0;
    result = tell_device(engine, RONDO_ENGINE_STOPPED, error);
    if (result != 0)
        rondo__engine_fail(engine, error);
    return result;
}

void
rondo__engine_fail(struct rondo_engine *engine, const struct rondo_error *error)
{
    engine->error = *error;
    rondo_store_release_u32(&engine->failed, (uint32_t)-error->code); /* PAIR-FAILED release */
    pthread_cond_broadcast(&engine->followed);                        /* who drains */
}

/* Everything back to position 0; the device thread rests. Under the lock. */
static int
reset_position(struct rondo_engine *engine, struct rondo_error *error)
{
    const int result = tell_device(engine, RONDO_ENGINE_RESET, error);

    rondo_ring_reset(&engine->ring, 0);
    rondo__timestamp_write(&engine->stamp, 0, rondo_clock_now_ns(engine->clock));
    engine->pos = 0;
    engine->at_silent_end = false;
    engine->underrun_frames = 0;
    engine->command.stop_pos = 0;
    engine->error.code = 0;
    rondo_store_release_u32(&engine->failed, 0);      /* PAIR-FAILED release */
    rondo_store_release_u32(&engine->ended, 0);       /* PAIR-END release */
    rondo_store_relaxed(&engine->thread_late_pos, 0); /* relaxed: only attributes causes */
    if (engine->client.reset != NULL)
        engine->client.reset(engine->client.context);
    return result;
}

/* Whether a thread other than the device thread waits for its stop to be followed. */
static bool
is_being_stopped(const struct rondo_engine *engine)
{
    return (int32_t)(engine->followed_seq - engine->stop_seq) < 0;
}

static int
to_running(struct rondo_engine *engine, struct rondo_error *error)
{
    int result;

    if (is_being_stopped(engine)) /* we are a callback: who stops wins */
        return -ECANCELED;
    result = tell_stopped(engine, error);
    if (result != 0)
        return result;
    if (rondo__engine_error(engine, NULL) != 0) {
        *error = engine->error;
        return engine->error.code;
    }
    result = tell_device(engine, RONDO_ENGINE_RUNNING, error);
    if (result != 0)
        return result;
    engine->command.run = true;
    engine->command.run_id++;
    engine->command.drain = false;
    engine->command.base_time_ns = rondo_clock_now_ns(engine->clock);
    store_state(engine, RONDO_ENGINE_RUNNING);
    rondo__engine_send_command(engine);
    rondo__engine_wait_followed(engine);
    return 0;
}

static int
to_stopped(struct rondo_engine *engine, struct rondo_error *error)
{
    const bool is_callback = rondo__engine_is_device_thread(engine);

    if (rondo_engine_state(engine) == RONDO_ENGINE_RESET) {
        /* The position is 0; a render may have been filled already. */
        int result = tell_device(engine, RONDO_ENGINE_RESET, error);

        if (result == 0)
            result = tell_device(engine, RONDO_ENGINE_STOPPED, error);
        if (result == 0) {
            rondo__timestamp_write(&engine->stamp, 0, rondo_clock_now_ns(engine->clock));
            store_state(engine, RONDO_ENGINE_STOPPED);
        }
        return result;
    }
    /* Where the device is at this moment. Offline: it plays what it was given, and captures no
     * more. */
    if (is_callback)
        engine->command.stop_pos = engine->pos;
    else if (engine->clock_kind != RONDO_CLOCK_OFFLINE)
        engine->command.stop_pos =
            engine->command.base_pos +
            rondo_ns_to_frames(rondo_clock_now_ns(engine->clock) - engine->command.base_time_ns,
                               engine->device_info.format.rate_hz);
    else
        engine->command.stop_pos = engine->config.direction == RONDO_RENDER ? UINT64_MAX : 0;
    engine->command.run = false;
    engine->command.drain = false;
    store_state(engine, RONDO_ENGINE_STOPPED);
    rondo__engine_send_command(engine);
    if (!is_callback) {
        /* relaxed: written under the lock only. */
        engine->stop_seq = rondo_load_relaxed_u32(&engine->command_seq);
        rondo__engine_wait_followed(engine);
        if (rondo_engine_state(engine) != RONDO_ENGINE_STOPPED)
            return 0; /* another thread has gone on already, and told the device */
    }
    return tell_stopped(engine, error);
}

/* From STOPPED to RESET; the device thread rests. The first error counts. */
static int
to_reset(struct rondo_engine *engine, struct rondo_error *error)
{
    struct rondo_error later = {0, ""};
    int result = tell_stopped(engine, error);
    int reset;

    /* What a render could not play is missing for ever; what a capture could not is history. */
    if (result == 0 && engine->config.direction == RONDO_RENDER &&
        rondo__engine_error(engine, NULL) != 0) {
        *error = engine->error;
        result = error->code;
    }
    reset = reset_position(engine, result == 0 ? error : &later);
    store_state(engine, RONDO_ENGINE_RESET);
    return result != 0 ? result : reset;
}

/* Keep what the device said for who asks; under the lock. A call that the state forbids says nothing
 * about the device. */
static void
keep_outcome(struct rondo_engine *engine, int result, const struct rondo_error *error)
{
    if (result == 0 || error->code != 0)
        engine->control_error = *error;
}

static void
log_error(const struct rondo_engine *engine, const struct rondo_error *error)
{
    if (error->code != 0 && engine->config.log.callback != NULL)
        engine->config.log.callback(RONDO_LOG_ERROR, error->text, engine->config.log.context);
}

int
rondo__engine_set_state(struct rondo_engine *engine, enum rondo_engine_state state,
                        struct rondo_error *error)
{
    int result = -EINVAL;

    pthread_mutex_lock(&engine->lock);
    rondo__engine_wait_followed(engine); /* what other threads have begun is finished first */
    switch (state) {
    case RONDO_ENGINE_RESET:
        result = rondo__engine_is_device_thread(engine)
                     ? -EBADFD
                     : rondo__engine_check(engine, RONDO__TO_RESET);
        if (result == 0 && rondo_engine_state(engine) != RONDO_ENGINE_RESET)
            result = to_reset(engine, error);
        break;
    case RONDO_ENGINE_STOPPED:
        result = rondo__engine_check(engine, RONDO__TO_STOPPED);
        if (result == 0)
            result = rondo_engine_state(engine) == RONDO_ENGINE_STOPPED
                         ? tell_stopped(engine, error)
                         : to_stopped(engine, error);
        break;
    case RONDO_ENGINE_RUNNING:
        result = rondo__engine_check(engine, RONDO__TO_RUNNING);
        if (result == 0 && rondo_engine_state(engine) != RONDO_ENGINE_RUNNING)
            result = to_running(engine, error);
        break;
    }
    keep_outcome(engine, result, error);
    pthread_mutex_unlock(&engine->lock);
    log_error(engine, error);
    return result;
}

int
rondo_engine_set_state(struct rondo_engine *engine, enum rondo_engine_state state)
{
    struct rondo_error error = {0, ""};

    return engine == NULL ? -EINVAL : rondo__engine_set_state(engine, state, &error);
}

int
rondo__engine_start(struct rondo_engine *engine)
{
    struct rondo_error error = {0, ""};
    int result = 0;

    pthread_mutex_lock(&engine->lock);
    rondo__engine_wait_followed(engine);
    if (rondo_engine_state(engine) == RONDO_ENGINE_RESET)
        result = to_stopped(engine, &error);
    if (result == 0 && rondo_engine_state(engine) != RONDO_ENGINE_RUNNING)
        result = to_running(engine, &error);
    keep_outcome(engine, result, &error);
    pthread_mutex_unlock(&engine->lock);
    log_error(engine, &error);
    return result;
}

/* Render: whether there are frames to be played; any thread. */
static bool
is_queued(const struct rondo_engine *engine)
{
    return !rondo_ring_is_empty(&engine->ring);
}

int
rondo__engine_drain(struct rondo_engine *engine, int64_t timeout_ns)
{
    const uint64_t deadline_ns = rondo__deadline_ns(timeout_ns);
    const struct timespec deadline = {(time_t)(deadline_ns / 1000000000u),
                                      (long)(deadline_ns % 1000000000u)};
    struct rondo_error error = {0, ""};
    int result = 0;

    if (engine->config.direction != RONDO_RENDER)
        return -ENOTSUP;
    if (rondo__engine_is_device_thread(engine))
        return -EBADFD;
    pthread_mutex_lock(&engine->lock);
    rondo__engine_wait_followed(engine);
    if (rondo_engine_state(engine) == RONDO_ENGINE_RUNNING) {
        const uint32_t drained = engine->drained;

        engine->command.drain = true;
        rondo__engine_send_command(engine);
        while (result == 0 && engine->command.drain && rondo__engine_error(engine, NULL) == 0) {
            const int waited = deadline_ns == UINT64_MAX
                                   ? pthread_cond_wait(&engine->followed, &engine->lock)
                                   : pthread_cond_clockwait(&engine->followed, &engine->lock,
                                                            CLOCK_MONOTONIC, &deadline);

            if (waited == ETIMEDOUT && engine->command.drain)
                result = -ETIMEDOUT;
        }
        if (result == 0)
            rondo__engine_wait_followed(engine);
        if (result == 0)
            result = rondo__engine_error(engine, NULL);
        /* Stopped by somebody else. An offline stop has played everything, too. */
        if (result == 0 && engine->drained == drained &&
            (rondo_engine_state(engine) != RONDO_ENGINE_STOPPED || is_queued(engine)))
            result = -EBADFD;
    } else if (is_queued(engine)) {
        result = -EBADFD;
    }
    if (result == 0)
        result = rondo__engine_error(engine, NULL);
    /* Told again so that a device behind a staging ring has written everything. */
    if (result == 0 && rondo_engine_state(engine) == RONDO_ENGINE_STOPPED)
        result = tell_device(engine, RONDO_ENGINE_STOPPED, &error);
    if (error.code != 0)
        rondo__engine_fail(engine, &error);
    pthread_mutex_unlock(&engine->lock);
    return result;
}

void
rondo__engine_kick(struct rondo_engine *engine)
{
    /* PAIR-KICK release: what we did before; acquire: that the device thread sleeps (as PAIR-WAKE
     * in waitpoint.h). */
    rondo_fetch_add_acq_rel_u32(&engine->kicks, 1);
    /* relaxed: ordered by the addition. */
    if (rondo_load_relaxed_u32(&engine->sleeping) != 0)
        rondo__waiter_wake(&engine->waiter);
}

int
rondo__engine_error(struct rondo_engine *engine, struct rondo_error *error)
{
    /* PAIR-FAILED acquire: the error in words is complete. */
    int code = -(int)rondo_load_acquire_u32(&engine->failed);

    if (error != NULL) {
        pthread_mutex_lock(&engine->lock);
        *error = rondo_load_relaxed_u32(&engine->failed) != 0 /* relaxed: written under the lock */
                     ? engine->error
                     : engine->control_error;
        pthread_mutex_unlock(&engine->lock);
        code = error->code;
    }
    return code;
}
