/* SPDX-License-Identifier: MIT */
/*
 * The device thread: follows the control threads' commands, moves frames when they are due, tells
 * how far it got.
 *
 * Real and virtual time: whole periods, each when its last frame is due. Offline: as much as the
 * ring has room or frames.
 */
#include <string.h>

#include "core/device_call.h"
#include "core/engine_private.h"
#include "core/thread.h"

/* ---- counting ---- */

/* Add to a counter that only this thread writes. */
static void
count(RONDO_ATOMIC(uint64_t) * counter, uint64_t by)
{
    rondo_store_relaxed(counter, rondo_load_relaxed(counter) +
                                     by); /* relaxed: a number, it orders nothing */
}

static void
count_wakeup(struct rondo_engine *engine, uint64_t late_ns)
{
    uint32_t bucket = 0;

    for (uint64_t us = late_ns / 1000; us > 0 && bucket < RONDO_WAKE_BUCKETS - 1; us /= 2)
        bucket++;
    count(&engine->counters.wakeups, 1);
    count(&engine->counters.wake_late[bucket], 1);
    if (late_ns > rondo_load_relaxed(&engine->counters.wake_late_ns_max)) /* relaxed: ours */
        rondo_store_relaxed(&engine->counters.wake_late_ns_max, late_ns);
}

/* The engine's time at a position; RONDO__NEVER behind the end of time. */
static uint64_t
time_of(const struct rondo_engine *engine, const struct rondo__command *command, uint64_t pos)
{
    const uint32_t rate_hz = engine->device_info.format.rate_hz;
    uint64_t run_ns;

    if (engine->clock_kind == RONDO_CLOCK_OFFLINE)
        return rondo_frames_to_ns(pos, rate_hz);
    if (pos < command->base_pos) /* frames before a stop, of an earlier run */
        return command->base_time_ns;
    run_ns = rondo_frames_to_ns(pos - command->base_pos, rate_hz);
    return run_ns < RONDO__NEVER - command->base_time_ns ? command->base_time_ns + run_ns
                                                         : RONDO__NEVER;
}

static void
tell_xrun(struct rondo_engine *engine, enum rondo_xrun_kind kind, enum rondo_xrun_cause cause,
          uint64_t pos, uint64_t frames)
{
    const struct rondo_xrun xrun = {
        .kind = kind,
        .cause = cause,
        .position = pos,
        .time_ns = engine->clock_kind == RONDO_CLOCK_OFFLINE
                       ? rondo_frames_to_ns(engine->pos, engine->device_info.format.rate_hz)
                       : rondo_clock_now_ns(engine->clock),
        .frames = frames,
    };

    rondo__engine_count_xrun(engine, &xrun);
    if (engine->client.xrun != NULL)
        engine->client.xrun(engine->client.context, &xrun);
}

/* Silence in a row is one xrun: it is told when it ends. */
static void
end_underrun(struct rondo_engine *engine)
{
    if (engine->underrun_frames == 0)
        return;
    tell_xrun(engine, RONDO_XRUN_LOST, engine->underrun_cause, engine->underrun_pos,
              engine->underrun_frames);
    engine->underrun_frames = 0;
}

static void
add_underrun(struct rondo_engine *engine, uint32_t frames, enum rondo_xrun_cause cause)
{
    if (engine->underrun_frames > 0 && engine->underrun_cause != cause)
        end_underrun(engine);
    if (engine->underrun_frames == 0) {
        engine->underrun_pos = engine->pos;
        engine->underrun_cause = cause;
    }
    engine->underrun_frames += frames;
}

/* ---- the device ---- */

static void
fail(struct rondo_engine *engine, const struct rondo_error *error)
{
    pthread_mutex_lock(&engine->lock);
    rondo__engine_fail(engine, error);
    pthread_mutex_unlock(&engine->lock);
}

/* Silence in place of what the device did not give. */
static void
fill_up(const struct rondo_engine *engine, void *data, uint32_t done, uint32_t frames)
{
    memset((unsigned char *)data + (size_t)done * engine->frame_bytes, 0,
           (size_t)(frames - done) * engine->frame_bytes);
}

/* What the device captures, at most @p frames; fewer: it has no more (*ended), or it failed. */
static uint32_t
capture_frames(struct rondo_engine *engine, void *data, uint32_t frames, bool *ended,
               struct rondo_error *error)
{
    uint32_t done;

    if (engine->at_silent_end) {
        fill_up(engine, data, 0, frames);
        return frames;
    }
    if (engine->staging != NULL) {
        /* Looked at first: what was read before the failure is still delivered. */
        const int code = rondo__staging_error(engine->staging, NULL);

        done = rondo__staging_read(engine->staging, data, frames, ended);
        if (done < frames && code != 0) {
            rondo__staging_error(engine->staging, error);
        } else if (done < frames && !*ended) {
            /* The file is late: its frames come later, nothing of it is lost. */
            fill_up(engine, data, done, frames);
            tell_xrun(engine, RONDO_XRUN_LOST, RONDO_CAUSE_STORAGE, engine->pos + done,
                      frames - done);
            done = frames;
        }
    } else {
        const int32_t moved =
            rondo__device_transfer(engine->ops, engine->device, RONDO_CAPTURE, data, frames, error);

        done = moved < 0 ? 0 : (uint32_t)moved;
        *ended = error->code == 0 && done < frames;
    }
    if (*ended && engine->config.at_end == RONDO_AT_END_SILENCE) {
        engine->at_silent_end = true;
        fill_up(engine, data, done, frames);
        *ended = false;
        done = frames;
    }
    return done;
}

/* Play frames. Returns false when the device failed. */
static bool
render_frames(struct rondo_engine *engine, void *data, uint32_t frames)
{
    struct rondo_error error;

    error.code = 0;
    error.text[0] = '\0';
    if (engine->staging != NULL) {
        const uint32_t done = rondo__staging_write(engine->staging, data, frames);

        if (rondo__staging_error(engine->staging, NULL) != 0)
            rondo__staging_error(engine->staging, &error);
        else if (done < frames)
            tell_xrun(engine, RONDO_XRUN_LOST, RONDO_CAUSE_STORAGE, engine->pos + done,
                      frames - done);
    } else {
        rondo__device_transfer(engine->ops, engine->device, RONDO_RENDER, data, frames, &error);
    }
    if (error.code != 0)
        fail(engine, &error);
    return error.code == 0;
}

/* ---- moving frames ---- */

static bool
is_dead(const struct rondo_engine *engine)
{
    /* relaxed: while the thread runs, it is written by this thread only. */
    return rondo_load_relaxed_u32(&engine->failed) != 0 ||
           rondo_load_relaxed_u32(&engine->ended) != 0;
}

static uint32_t
frames_to_period_end(const struct rondo_engine *engine)
{
    return engine->period_frames - (uint32_t)(engine->pos % engine->period_frames);
}

/* Tell how far the device got. */
static void
stamp(struct rondo_engine *engine, const struct rondo__command *command, uint64_t pos)
{
    rondo__timestamp_write(&engine->stamp, pos, time_of(engine, command, pos));
}

/* One step towards a target. Returns frames moved; 0: nothing can be. */
static uint32_t
step_capture(struct rondo_engine *engine, const struct rondo__command *command, uint32_t max_frames)
{
    const struct rondo_span span = rondo_ring_get_write(&engine->ring, max_frames);
    struct rondo_error error;
    bool ended = false;
    uint32_t frames;

    if (span.frames == 0)
        return 0;
    /* Not the whole of it, which is long. */
    error.code = 0;
    error.text[0] = '\0';
    frames = capture_frames(engine, span.data, span.frames, &ended, &error);
    rondo_ring_release_write(&engine->ring, frames);
    /* After the last frames and their position, so that who sees the end sees them. */
    if (error.code != 0 || ended)
        stamp(engine, command, engine->pos + frames);
    if (error.code != 0)
        fail(engine, &error);
    else if (ended)
        rondo_store_release_u32(&engine->ended, 1); /* PAIR-END release */
    return frames;
}

static uint32_t
step_render(struct rondo_engine *engine, uint32_t max_frames, bool may_underrun,
            enum rondo_xrun_cause cause)
{
    const struct rondo_span span = rondo_ring_get_read(&engine->ring, max_frames);

    if (span.frames > 0) {
        end_underrun(engine);
        if (!render_frames(engine, span.data, span.frames))
            return 0;
        rondo_ring_release_read(&engine->ring, span.frames);
        return span.frames;
    }
    if (!may_underrun || !render_frames(engine, engine->silence, max_frames))
        return 0;
    add_underrun(engine, max_frames, cause);
    rondo_ring_skip_read(&engine->ring, max_frames);
    return max_frames;
}

bool
rondo__engine_has_new_command(const struct rondo_engine *engine)
{
    /* PAIR-COMMAND acquire: a hint only; the command is read under the lock. */
    return rondo_load_acquire_u32(&engine->command_seq) != engine->seen_seq;
}

/* Let the client take frames or give some. A render that is to play what was given, and then stop,
 * is not given more. */
static void
offer(struct rondo_engine *engine, const struct rondo__command *command)
{
    const bool ends =
        command->drain || (!command->run && engine->clock_kind == RONDO_CLOCK_OFFLINE);

    if (engine->client.frames != NULL && !ends)
        engine->client.frames(engine->client.context);
}

/*
 * Move frames up to a target position. Returns whether anything moved.
 *
 * Period by period, but offline a capture takes all that there is room for: fewer calls of the
 * device. In between it looks for a new command: a callback that stops the stream stops it here.
 */
static bool
move_frames(struct rondo_engine *engine, const struct rondo__command *command, uint64_t target)
{
    const bool captures = engine->config.direction == RONDO_CAPTURE;
    const bool is_offline = engine->clock_kind == RONDO_CLOCK_OFFLINE;
    const bool may_underrun = !command->drain && !is_offline;
    const enum rondo_xrun_cause cause =
        command->run && !is_offline && target - engine->pos > engine->buffer_frames
            ? RONDO_CAUSE_THREAD
            : RONDO_CAUSE_APPLICATION;
    bool moved = false;

    while (engine->pos < target && !is_dead(engine) &&
           (!command->run || !rondo__engine_has_new_command(engine))) {
        const uint64_t left = target - engine->pos;
        const uint32_t to_period_end = frames_to_period_end(engine);
        uint32_t frames = captures && is_offline ? engine->buffer_frames : to_period_end;
        bool period_ends;

        if (left < frames)
            frames = (uint32_t)left;
        frames = captures ? step_capture(engine, command, frames)
                          : step_render(engine, frames, may_underrun, cause);
        if (frames == 0 && !is_dead(engine))
            break;
        moved = true;
        engine->pos += frames;
        count(&engine->counters.frames, frames);
        period_ends = frames >= to_period_end;
        if (period_ends)
            count(&engine->counters.periods, 1 + (frames - to_period_end) / engine->period_frames);
        if (period_ends || is_dead(engine)) {
            stamp(engine, command, engine->pos);
            offer(engine, command);
        }
    }
    return moved;
}

/* Tell how far it got, and wake who waits for it. */
static void
publish(struct rondo_engine *engine, const struct rondo__command *command)
{
    stamp(engine, command, engine->pos);
    if (engine->client.wake != NULL)
        engine->client.wake(engine->client.context);
}

/* Render: everything queued has been played: be stopped, unless another command came first. */
static void
finish_drain(struct rondo_engine *engine)
{
    pthread_mutex_lock(&engine->lock);
    if (!rondo__engine_has_new_command(engine)) {
        engine->command.run = false;
        engine->command.drain = false;
        engine->command.stop_pos = engine->pos;
        engine->drained++;
        rondo_store_release_u32(&engine->state, RONDO_ENGINE_STOPPED); /* PAIR-STATE release */
        rondo_store_release_u32(&engine->command_seq,
                                engine->seen_seq + 1); /* PAIR-COMMAND release: for this thread */
    }
    pthread_mutex_unlock(&engine->lock);
}

static bool
is_drained(const struct rondo_engine *engine, const struct rondo__command *command)
{
    return command->drain && rondo_ring_fill(&engine->ring) == 0;
}

/* ---- time ---- */

/* Real and virtual time: do what is due. Returns when to come back. */
static uint64_t
run_timed(struct rondo_engine *engine, const struct rondo__command *command, uint64_t due_ns)
{
    const uint64_t now_ns = rondo_clock_now_ns(engine->clock);
    const uint64_t device_pos =
        command->base_pos +
        rondo_ns_to_frames(now_ns - command->base_time_ns, engine->device_info.format.rate_hz);
    uint64_t target = device_pos - device_pos % engine->period_frames;
    const uint64_t begin = engine->pos;
    const uint64_t lost_before =
        rondo_load_relaxed(&engine->counters.xruns_lost); /* relaxed: a number */

    if (command->drain) { /* no silence behind the last frame */
        const uint64_t end = engine->pos + rondo_ring_fill(&engine->ring);

        target = device_pos < end ? target : end;
    }
    if (is_dead(engine)) /* time goes on without it, and nobody is late */
        target = begin;
    if (due_ns != RONDO__NEVER && now_ns >= due_ns)
        count_wakeup(engine, now_ns - due_ns);
    if (target > begin && target - begin > engine->buffer_frames)
        rondo_store_relaxed(&engine->thread_late_pos, target); /* relaxed: only attributes causes */

    if ((target <= begin || !move_frames(engine, command, target)) &&
        !rondo__engine_has_new_command(engine))
        offer(engine, command); /* kicked: offer again what a callback left */
    publish(engine, command);

    if (target > begin && target - begin > engine->buffer_frames && engine->pos >= target &&
        engine->underrun_frames == 0 &&
        lost_before == rondo_load_relaxed(&engine->counters.xruns_lost) &&
        (engine->client.frames != NULL || engine->config.direction == RONDO_RENDER))
        tell_xrun(engine, RONDO_XRUN_RECOVERED, RONDO_CAUSE_THREAD, begin,
                  target - begin - engine->buffer_frames);

    if (is_dead(engine) || rondo__engine_has_new_command(engine))
        return RONDO__NEVER;
    if (is_drained(engine, command)) {
        finish_drain(engine);
        publish(engine, command);
        return RONDO__NEVER;
    }
    {
        uint64_t next = engine->pos + frames_to_period_end(engine);

        if (command->drain && next > engine->pos + rondo_ring_fill(&engine->ring))
            next = engine->pos + rondo_ring_fill(&engine->ring);
        return time_of(engine, command, next);
    }
}

/* Offline: go as far as the ring allows. Returns whether to come back at once. */
static bool
run_offline(struct rondo_engine *engine, const struct rondo__command *command)
{
    bool moved = move_frames(engine, command, UINT64_MAX);

    if (!rondo__engine_has_new_command(engine)) {
        offer(engine, command); /* again what a callback left */
        moved = move_frames(engine, command, UINT64_MAX) || moved;
    }
    publish(engine, command);
    if (is_drained(engine, command) && !is_dead(engine))
        finish_drain(engine);
    return moved;
}

/* Sleep until a moment, a command, or a kick since @p kicks were seen. */
static void
sleep_until(struct rondo_engine *engine, uint32_t kicks, uint64_t due_ns)
{
    rondo_store_relaxed_u32(&engine->sleeping, 1); /* relaxed: ordered by the addition */
    /* PAIR-KICK release: that we sleep; acquire: kicks before, for which nobody wakes us. */
    if (rondo_fetch_add_acq_rel_u32(&engine->kicks, 0) == kicks &&
        !rondo__engine_has_new_command(engine))
        rondo__waiter_wait(&engine->waiter, due_ns);
    rondo_store_relaxed_u32(&engine->sleeping, 0); /* relaxed: at worst one wake too many */
}

/* ---- commands ---- */

static void
take_command(struct rondo_engine *engine, struct rondo__command *command)
{
    pthread_mutex_lock(&engine->lock);
    engine->seen_seq =
        rondo_load_relaxed_u32(&engine->command_seq); /* relaxed: written under the lock only */
    if (engine->command.run && engine->command.run_id != command->run_id)
        engine->command.base_pos = engine->pos;
    *command = engine->command;
    pthread_mutex_unlock(&engine->lock);
}

static void
tell_followed(struct rondo_engine *engine)
{
    pthread_mutex_lock(&engine->lock);
    engine->followed_seq = engine->seen_seq;
    pthread_cond_broadcast(&engine->followed);
    pthread_mutex_unlock(&engine->lock);
}

void *
rondo__device_thread_main(void *context)
{
    struct rondo_engine *const engine = (struct rondo_engine *)context;
    struct rondo__command command = {.run = false};
    uint64_t due_ns = RONDO__NEVER;

    pthread_mutex_lock(&engine->lock);
    if (engine->clock_kind == RONDO_CLOCK_REAL) /* without time there is nothing to be early for */
        engine->priority = rondo__thread_raise(engine->config.realtime_priority);
    pthread_mutex_unlock(&engine->lock);

    for (;;) {
        /* PAIR-KICK acquire: what the application did before it kicked. */
        const uint32_t kicks = rondo_fetch_add_acq_rel_u32(&engine->kicks, 0);

        if (rondo__engine_has_new_command(engine)) {
            const struct rondo__command before = command;

            take_command(engine, &command);
            if (command.quit)
                break;
            due_ns = RONDO__NEVER;
            if (command.run && command.run_id != before.run_id && engine->client.before_run != NULL)
                engine->client.before_run(engine->client.context);
            if (!command.run && before.run) {
                command.drain = before.drain; /* still no silence behind the last frame */
                move_frames(engine, &command, command.stop_pos);
                end_underrun(engine);
                publish(engine, &command);
            }
            tell_followed(engine);
            continue; /* a callback may have given another one */
        }
        if (command.run && engine->clock_kind != RONDO_CLOCK_OFFLINE)
            due_ns = run_timed(engine, &command, due_ns);
        else if (command.run && run_offline(engine, &command))
            continue;
        sleep_until(engine, kicks, due_ns);
    }
    return NULL;
}
