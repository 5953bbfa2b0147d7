/* SPDX-License-Identifier: MIT */
/*
 * Random sequences of all calls of a stream, against a model that knows nothing of rings, threads
 * and commands: only where the device is at each moment, where the application is, and what that
 * makes of each frame.
 *
 * Seeds are fixed, but for one: RONDO_TEST_SEED, or the time; it is printed when something is wrong.
 * RONDO_STRESS_SECONDS says how long the test may take.
 */
#include "support/stress.h"

#include <errno.h>
#include <unistd.h>

#include <rondo/stream.h>

#include "support/probe_backend.h"

#define DEADLINE_NS     INT64_C(20000000000)
#define FIXED_SEQUENCES 4000u
#define STEPS           60u

/* What must be true. */
struct model {
    bool captures, calls_back, probes;
    uint32_t rate_hz, period, buffer;
    bool running, ended;
    uint64_t end_at; /* capture: frames there are */
    /* time */
    uint64_t now_ns, base_ns;
    uint64_t base_pos;
    uint64_t pos;   /* the device */
    uint64_t claim; /* where it has been about to write */
    uint64_t told;  /* what position() says */
    uint64_t app;   /* the application */
    /* sums since open */
    uint64_t frames, periods, lost, lost_events;
    uint64_t silent_pos; /* render: silence since */
    bool silent;
};

struct sequence {
    struct rondo_stream *stream;
    struct rondo_clock *clock;
    struct model model;
    uint64_t random;
    uint64_t told_lost, told_events; /* by next_xrun */
    /* the callback's */
    uint32_t calls;
    uint64_t callback_random;
    uint64_t call_pos;
    const char *wrong;
};

static uint64_t seed_now;

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fail_msg("seed %llu: line %d: %s", (unsigned long long)seed_now, __LINE__,             \
                     #condition);                                                                  \
    } while (0)

#define CHECK_EQUAL(is, should)                                                                    \
    do {                                                                                           \
        const long long is_ = (long long)(is);                                                     \
        const long long should_ = (long long)(should);                                             \
        if (is_ != should_)                                                                        \
            fail_msg("seed %llu: line %d: %s is %lld, not %lld", (unsigned long long)seed_now,     \
                     __LINE__, #is, is_, should_);                                                 \
    } while (0)

/* ---- the model ---- */

/* The device goes to a position; render: frames that were given are played, then silence. */
static void
model_go(struct model *model, uint64_t target)
{
    if (target <= model->pos || model->ended)
        return;
    model->claim = target;
    if (model->captures && model->end_at != 0 && target > model->end_at) {
        /* The step in which it ends had room for a period. */
        const uint64_t step_end = (model->end_at / model->period + 1) * model->period;

        model->claim = target < step_end ? target : step_end;
        model->ended = true;
        target = model->end_at;
    }
    if (!model->captures && target > model->app) {
        if (!model->silent) {
            model->silent = true;
            model->silent_pos = model->app > model->pos ? model->app : model->pos;
        }
    }
    model->frames += target - model->pos;
    model->periods += target / model->period - model->pos / model->period;
    model->pos = target;
}

/* Silence in a row is one xrun, which is told when it ends. */
static void
model_end_silence(struct model *model, uint64_t pos)
{
    if (!model->silent)
        return;
    model->lost += pos - model->silent_pos;
    model->lost_events++;
    model->silent = false;
}

static uint64_t
model_due(const struct model *model)
{
    return model->base_pos + rondo_ns_to_frames(model->now_ns - model->base_ns, model->rate_hz);
}

static void
model_advance(struct model *model, uint64_t ns)
{
    uint64_t due;

    model->now_ns += ns;
    if (!model->running)
        return;
    due = model_due(model);
    due -= due % model->period;
    /* What was given behind silence ends it as soon as it is played. */
    if (!model->captures && model->silent && model->app > model->pos && due > model->pos)
        model_end_silence(model, model->pos);
    model_go(model, due);
    model->told = model->pos;
}

static void
model_stop(struct model *model)
{
    if (!model->running)
        return;
    if (!model->captures && model->silent && model->app > model->pos &&
        model_due(model) > model->pos)
        model_end_silence(model, model->pos);
    model_go(model, model_due(model));
    model_end_silence(model, model->pos);
    model->told = model->pos;
    model->running = false;
}

/* ---- virtual time, the application takes and gives ---- */

static void
take(struct sequence *sequence, uint32_t most, uint32_t hold_periods)
{
    struct model *const model = &sequence->model;
    struct rondo_span span = rondo_stream_get(sequence->stream, most);
    uint64_t lost_before = 0;
    uint32_t release;
    int result;

    if (model->claim > model->app + model->buffer) {
        /* Overwritten: on with what is half a buffer old, if that is still there. */
        uint64_t resume = model->pos - model->buffer / 2;

        if (resume < model->claim - model->buffer)
            resume = model->claim - model->buffer;
        lost_before = resume - model->app;
        model->app = resume;
        model->lost += lost_before;
        model->lost_events++;
    }
    CHECK(span.frames <= most);
    CHECK(span.frames <= model->pos - model->app);
    CHECK(most == 0 || model->pos == model->app || span.frames > 0);
    if (model->probes)
        for (uint32_t frame = 0; frame < span.frames; frame++)
            CHECK_EQUAL(((int32_t *)span.data)[frame], model->app + frame + 1);
    if (hold_periods > 0) {
        const uint64_t ns =
            rondo_frames_to_ns((uint64_t)hold_periods * model->period, model->rate_hz);

        rondo_clock_advance(sequence->clock, ns);
        model_advance(model, ns);
    }
    release = span.frames == 0 ? 0 : test_random_below(&sequence->random, span.frames + 1);
    CHECK_EQUAL(rondo_stream_release(sequence->stream, span.frames + 1), -EINVAL);
    result = rondo_stream_release(sequence->stream, release);
    if (release > 0 && model->claim > model->app + model->buffer) {
        CHECK_EQUAL(result, -EPIPE);
        model->lost += release;
        model->lost_events++;
    } else {
        CHECK_EQUAL(result, 0);
    }
    model->app += release;
}

static void
give(struct sequence *sequence, uint32_t most, uint32_t hold_periods)
{
    struct model *const model = &sequence->model;
    struct rondo_span span = rondo_stream_get(sequence->stream, most);
    uint32_t release;
    int result;

    if (model->app < model->pos)
        model->app = model->pos;
    CHECK(span.frames <= most);
    CHECK(span.frames <= model->buffer - (model->app - model->pos));
    CHECK(most == 0 || model->app - model->pos == model->buffer || span.frames > 0);
    if (span.frames > 0 && model->probes)
        for (uint32_t frame = 0; frame < span.frames; frame++)
            ((int32_t *)span.data)[frame] = (int32_t)(model->app + frame + 1);
    if (hold_periods > 0) {
        const uint64_t ns =
            rondo_frames_to_ns((uint64_t)hold_periods * model->period, model->rate_hz);

        rondo_clock_advance(sequence->clock, ns);
        model_advance(model, ns);
    }
    release = span.frames == 0 ? 0 : test_random_below(&sequence->random, span.frames + 1);
    CHECK_EQUAL(rondo_stream_release(sequence->stream, span.frames + 1), -EINVAL);
    result = rondo_stream_release(sequence->stream, release);
    CHECK_EQUAL(result, release > 0 && model->pos > model->app ? -EPIPE : 0);
    model->app += release;
}

static void
ask(struct sequence *sequence)
{
    const struct model *const model = &sequence->model;
    struct rondo_stats stats;
    struct rondo_xrun xrun;
    uint64_t last_ns = 0;
    uint64_t late;

    CHECK_EQUAL(rondo_stream_position(sequence->stream, NULL), model->told);
    rondo_stream_query_stats(sequence->stream, &stats);
    CHECK_EQUAL(stats.frames, model->frames);
    CHECK_EQUAL(stats.periods, model->periods);
    CHECK_EQUAL(stats.xruns_lost, model->lost_events);
    CHECK_EQUAL(stats.frames_lost, model->lost);
    CHECK_EQUAL(stats.xruns_recovered, 0);
    CHECK_EQUAL(stats.wake_late_ns_max, 0);
    while (rondo_stream_next_xrun(sequence->stream, &xrun) == 1) {
        CHECK_EQUAL(xrun.kind, RONDO_XRUN_LOST);
        CHECK_EQUAL(xrun.cause, RONDO_CAUSE_APPLICATION);
        CHECK(xrun.frames > 0);
        CHECK(xrun.time_ns >= last_ns && xrun.time_ns <= model->now_ns);
        last_ns = xrun.time_ns;
        sequence->told_lost += xrun.frames;
        sequence->told_events++;
    }
    CHECK_EQUAL(sequence->told_events + stats.xruns_untold, stats.xruns_lost);
    if (stats.xruns_untold == 0)
        CHECK_EQUAL(sequence->told_lost, stats.frames_lost);
    late = model->captures ? model->told - model->app : model->app - model->told;
    CHECK_EQUAL(rondo_stream_delay(sequence->stream),
                ((int64_t)late > 0 ? late : 0) + (model->probes ? 7 : 0));
}

static void
look(struct sequence *sequence)
{
    const struct model *const model = &sequence->model;
    uint64_t ready = model->captures ? model->pos - model->app : model->buffer;
    const int result = rondo_stream_wait(sequence->stream, 0);

    if (!model->captures && model->app > model->pos)
        ready -= model->app - model->pos;
    if (ready > model->buffer)
        ready = model->buffer;
    if (ready >= model->period || (ready > 0 && (model->ended || !model->running)))
        CHECK_EQUAL(result, ready);
    else if (model->ended)
        CHECK_EQUAL(result, -ENODATA);
    else
        CHECK_EQUAL(result, model->running ? -ETIMEDOUT : -EBADFD);
}

static void
drain(struct sequence *sequence)
{
    struct model *const model = &sequence->model;
    const bool queued = model->app > model->pos;
    uint64_t end_ns;

    if (model->captures) {
        CHECK_EQUAL(rondo_stream_drain(sequence->stream, 0), -ENOTSUP);
        return;
    }
    if (!model->running) {
        CHECK_EQUAL(rondo_stream_drain(sequence->stream, 0), queued ? -EBADFD : 0);
        return;
    }
    if (!queued) { /* nothing to play: at once */
        CHECK_EQUAL(rondo_stream_drain(sequence->stream, DEADLINE_NS), 0);
        model_end_silence(model, model->pos);
        model->running = false;
        return;
    }
    if (model->app <= model_due(model)) { /* all of it is due: at once, too */
        CHECK_EQUAL(rondo_stream_drain(sequence->stream, DEADLINE_NS), 0);
        model_end_silence(model, model->pos);
        model_go(model, model->app);
        model->told = model->pos;
        model->running = false;
        return;
    }
    CHECK_EQUAL(rondo_stream_drain(sequence->stream, 1), -ETIMEDOUT);
    if (test_random_below(&sequence->random, 4) == 0) { /* a stop ends it */
        CHECK_EQUAL(rondo_stream_stop(sequence->stream), 0);
        if (model->silent && model_due(model) > model->pos)
            model_end_silence(model, model->pos);
        model_go(model, model_due(model) < model->app ? model_due(model) : model->app);
        model_end_silence(model, model->pos);
        model->told = model->pos;
        model->running = false;
        return;
    }
    end_ns = model->base_ns + rondo_frames_to_ns(model->app - model->base_pos, model->rate_hz);
    if (end_ns < model->now_ns)
        end_ns = model->now_ns;
    rondo_clock_advance(sequence->clock, end_ns - model->now_ns + 12345);
    model->now_ns = end_ns + 12345;
    model_end_silence(model, model->pos);
    model_go(model, model->app);
    model->told = model->pos;
    model->running = false;
    CHECK_EQUAL(rondo_stream_drain(sequence->stream, DEADLINE_NS), 0);
}

static void
step(struct sequence *sequence)
{
    struct model *const model = &sequence->model;
    const uint32_t most = test_random_below(&sequence->random, 8) == 0
                              ? UINT32_MAX
                              : test_random_below(&sequence->random, 2 * model->period + 1);
    const uint32_t hold =
        test_random_below(&sequence->random, 16) == 0 ? test_random_below(&sequence->random, 7) : 0;

    switch (test_random_below(&sequence->random, 24)) {
    case 0:
    case 1:
        CHECK_EQUAL(rondo_stream_start(sequence->stream), 0);
        if (!model->running) {
            model->running = true;
            model->base_ns = model->now_ns;
            model->base_pos = model->pos;
        }
        break;
    case 2:
        CHECK_EQUAL(rondo_stream_stop(sequence->stream), 0);
        model_stop(model);
        break;
    case 3:
        if (test_random_below(&sequence->random, 3) != 0)
            break;
        CHECK_EQUAL(rondo_stream_reset(sequence->stream), 0);
        model_stop(model);
        model->pos = model->told = model->app = model->claim = 0;
        model->ended = false;
        break;
    case 4:
        drain(sequence);
        break;
    case 5:
        rondo_stream_kick(sequence->stream);
        break;
    case 6:
    case 7:
        look(sequence);
        break;
    case 8:
    case 9:
    case 10:
    case 11:
    case 12:
    case 13: {
        const uint64_t ns = test_random_below(
            &sequence->random,
            1 + (uint32_t)rondo_frames_to_ns(3 * (uint64_t)model->period, model->rate_hz));

        rondo_clock_advance(sequence->clock, ns);
        model_advance(model, ns);
        break;
    }
    default:
        if (model->captures)
            take(sequence, most, hold);
        else
            give(sequence, most, hold);
        break;
    }
    rondo_clock_advance(sequence->clock, 0); /* a start has been followed, a kick heard */
    ask(sequence);
}

static struct sequence
begin(uint64_t seed, struct rondo_clock *clock, rondo_stream_callback callback,
      struct sequence *context)
{
    static const char *const devices[2][3] = {{"probe:", "probe-blocking:", "null:"},
                                              {"probe-sink:", "probe-sink-blocking:", "null:"}};
    static const uint32_t rates[] = {8000, 44100, 48000, 1536000, 11025, 50};
    struct sequence sequence = {.clock = clock, .random = seed};
    struct model *const model = &sequence.model;
    struct rondo_stream_config config = RONDO_STREAM_CONFIG_INIT;
    struct rondo_stream_info info;
    uint32_t kind;

    seed_now = seed;
    probe_reset();
    config.direction = test_random_below(&sequence.random, 2) ? RONDO_RENDER : RONDO_CAPTURE;
    config.format.rate_hz = rates[test_random_below(&sequence.random, 6)];
    config.period_frames = test_random_below(&sequence.random, 4) == 0
                               ? 0
                               : 1 + test_random_below(&sequence.random, 600);
    config.buffer_frames =
        test_random_below(&sequence.random, 4) == 0 ? 0 : test_random_below(&sequence.random, 3000);
    config.clock = clock;
    config.callback = callback;
    config.callback_context = context;
    kind = test_random_below(&sequence.random, 3);
    if (callback == NULL && kind != 2 && test_random_below(&sequence.random, 3) == 0)
        probe.end_at = 1 + test_random_below(&sequence.random, 20000);
    model->end_at = probe.end_at;
    CHECK_EQUAL(rondo_stream_open(&sequence.stream, devices[config.direction][kind], &config), 0);
    rondo_stream_query_info(sequence.stream, &info);
    model->captures = config.direction == RONDO_CAPTURE;
    model->probes = kind != 2;
    model->calls_back = callback != NULL;
    model->rate_hz = info.granted.format.rate_hz;
    model->period = info.granted.period_frames;
    model->buffer = info.granted.buffer_frames;
    CHECK_EQUAL(model->rate_hz, config.format.rate_hz);
    CHECK_EQUAL(model->buffer % model->period, 0);
    CHECK(model->buffer >= 2 * model->period && model->buffer >= config.buffer_frames);
    return sequence;
}

/* What was rendered since reset: frames where they belong, or silence. */
static void
finish(struct sequence *sequence)
{
    const struct model *const model = &sequence->model;
    int32_t last = 0;

    rondo_stream_close(sequence->stream);
    CHECK_EQUAL(probe.overlapped, 0);
    CHECK_EQUAL(probe.opens, probe.closes);
    if (model->captures || !model->probes)
        return;
    /* Positions begin anew at a reset: looked at where there was none but at open and close. */
    if (probe.rendered_frames > PROBE_RENDERED_MAX || probe.resets > 2)
        return;
    for (uint64_t frame = 0; frame < probe.rendered_frames; frame++) {
        const int32_t value = probe.rendered[frame];

        CHECK(value == 0 || value > last);
        /* A callback counts what it gave, all else counts positions. */
        CHECK(value == 0 || model->calls_back || value == (int32_t)frame + 1);
        last = value == 0 ? last : value;
    }
}

static void
virtual_time_follows_the_model(void **unused)
{
    const int64_t deadline_ns = stress_now_ns() + stress_length_ns(8);
    const char *const given = getenv("RONDO_TEST_SEED");
    struct rondo_clock *clock;
    uint32_t done = 0;

    (void)unused;
    for (; done < FIXED_SEQUENCES && (done < 200 || stress_now_ns() < deadline_ns); done++) {
        const uint64_t seed =
            done == 0 ? given != NULL ? strtoull(given, NULL, 0) : (uint64_t)stress_now_ns() : done;
        struct sequence sequence;

        CHECK_EQUAL(rondo_clock_virtual_create(&clock), 0);
        sequence = begin(seed, clock, NULL, NULL);
        for (uint32_t i = 0; i < STEPS; i++)
            step(&sequence);
        finish(&sequence);
        rondo_clock_destroy(clock);
    }
    print_message("%u sequences\n", done);
}

/* ---- a callback that takes, gives, stops and starts at random ---- */

static uint32_t
on_period(struct rondo_stream *stream, struct rondo_span span, void *context)
{
    struct sequence *const sequence = (struct sequence *)context;
    const uint32_t frames = test_random_below(&sequence->callback_random, 3) == 0
                                ? test_random_below(&sequence->callback_random, span.frames + 1)
                                : span.frames;
    const uint32_t what = test_random_below(&sequence->callback_random, 40);
    int result = 0;

    sequence->calls++;
    if (span.frames == 0 || span.frames > sequence->model.period)
        sequence->wrong = "a span that is no period";
    if (sequence->model.probes && sequence->model.captures)
        for (uint32_t frame = 0; frame < span.frames; frame++) {
            /* In order; gaps are counted as lost. */
            const int32_t value = ((const int32_t *)span.data)[frame];

            if (frame == 0 && (uint64_t)value > sequence->call_pos + 1)
                sequence->call_pos = (uint64_t)value - 1;
            if ((uint64_t)value != sequence->call_pos + frame + 1)
                sequence->wrong = "a frame out of order";
        }
    else if (sequence->model.probes)
        for (uint32_t frame = 0; frame < span.frames; frame++)
            ((int32_t *)span.data)[frame] = (int32_t)(sequence->call_pos + frame + 1);
    sequence->call_pos += frames;
    if (what == 0 || what == 1)
        result = rondo_stream_stop(stream);
    if (what == 1 || what == 2)
        result = rondo_stream_start(stream);
    if (result != 0 && result != -ECANCELED)
        sequence->wrong = "start or stop";
    if (what == 3 && rondo_stream_reset(stream) != -EBADFD)
        sequence->wrong = "reset";
    if (what == 4)
        rondo_stream_kick(stream);
    return frames;
}

/* Positions, sums and order hold whatever the callback does. */
static void
run_callbacks(struct rondo_clock *clock, uint64_t seed)
{
    static struct sequence sequence;
    uint64_t last_pos = 0;

    sequence = begin(seed, clock, on_period, &sequence);
    sequence.callback_random = ~seed;
    for (uint32_t i = 0; i < STEPS && sequence.wrong == NULL; i++) {
        struct rondo_stats stats;
        struct rondo_xrun xrun;
        uint64_t pos;

        switch (test_random_below(&sequence.random, 12)) {
        case 0:
        case 1:
        case 2:
            CHECK_EQUAL(rondo_stream_start(sequence.stream), 0);
            break;
        case 3: {
            uint32_t calls;

            CHECK_EQUAL(rondo_stream_stop(sequence.stream), 0);
            calls = sequence.calls;
            rondo_stream_kick(sequence.stream);
            rondo_clock_advance(clock, 1000000);
            CHECK_EQUAL(sequence.calls, calls);
            break;
        }
        case 4:
            if (sequence.model.captures) {
                CHECK_EQUAL(rondo_stream_drain(sequence.stream, 0), -ENOTSUP);
            } else if (rondo_clock_kind(clock) == RONDO_CLOCK_OFFLINE) {
                const int drained = rondo_stream_drain(sequence.stream, DEADLINE_NS);

                CHECK(drained == 0 || drained == -EBADFD); /* the callback may have stopped it */
            } else {
                const int drained = rondo_stream_drain(sequence.stream, 0);

                CHECK(drained == 0 || drained == -EBADFD || drained == -ETIMEDOUT);
            }
            break;
        case 5:
            if (test_random_below(&sequence.random, 3) != 0)
                break;
            CHECK_EQUAL(rondo_stream_reset(sequence.stream), 0);
            CHECK_EQUAL(rondo_stream_position(sequence.stream, NULL), 0);
            last_pos = 0;
            sequence.call_pos = 0;
            break;
        case 6:
            rondo_stream_kick(sequence.stream);
            break;
        default:
            rondo_clock_advance(
                clock,
                test_random_below(&sequence.random, 1 + (uint32_t)rondo_frames_to_ns(
                                                            3 * (uint64_t)sequence.model.period,
                                                            sequence.model.rate_hz)));
            break;
        }
        pos = rondo_stream_position(sequence.stream, NULL);
        CHECK(pos >= last_pos);
        last_pos = pos;
        rondo_stream_query_stats(sequence.stream, &stats);
        while (rondo_stream_next_xrun(sequence.stream, &xrun) == 1) {
            CHECK(xrun.frames > 0);
            sequence.told_lost += xrun.frames;
            sequence.told_events++;
        }
        CHECK_EQUAL(rondo_stream_error(sequence.stream, NULL), 0);
    }
    CHECK_EQUAL(rondo_stream_stop(sequence.stream), 0);
    {
        struct rondo_stats stats;
        struct rondo_xrun xrun;

        while (rondo_stream_next_xrun(sequence.stream, &xrun) == 1) {
            sequence.told_lost += xrun.frames;
            sequence.told_events++;
        }
        rondo_stream_query_stats(sequence.stream, &stats);
        CHECK_EQUAL(sequence.told_events + stats.xruns_untold, stats.xruns_lost);
        if (stats.xruns_untold == 0)
            CHECK_EQUAL(sequence.told_lost, stats.frames_lost);
        if (rondo_clock_kind(clock) == RONDO_CLOCK_OFFLINE)
            CHECK_EQUAL(stats.xruns_lost, 0);
    }
    if (sequence.wrong != NULL)
        fail_msg("seed %llu: %s", (unsigned long long)seed, sequence.wrong);
    finish(&sequence);
}

static void
callbacks_may_do_what_they_like(void **unused)
{
    const int64_t deadline_ns = stress_now_ns() + stress_length_ns(5);
    uint32_t done = 0;

    (void)unused;
    for (; done < FIXED_SEQUENCES && (done < 200 || stress_now_ns() < deadline_ns); done++) {
        struct rondo_clock *clock;

        CHECK_EQUAL(rondo_clock_virtual_create(&clock), 0);
        run_callbacks(clock, done == 0 ? (uint64_t)stress_now_ns() : done);
        rondo_clock_destroy(clock);
    }
    print_message("%u sequences\n", done);
}

static void
offline_callbacks_may_do_what_they_like(void **unused)
{
    const int64_t deadline_ns = stress_now_ns() + stress_length_ns(3);
    uint32_t done = 0;

    (void)unused;
    for (; done < FIXED_SEQUENCES && (done < 100 || stress_now_ns() < deadline_ns); done++)
        run_callbacks(rondo_clock_offline(), done == 0 ? (uint64_t)stress_now_ns() : done);
    print_message("%u sequences\n", done);
}

/* ---- control calls beside one another ---- */

struct control {
    struct rondo_stream *stream;
    uint64_t random;
    atomic_bool *done;
    uint32_t calls;
    int wrong;
};

static void *
control_main(void *context)
{
    struct control *const control = (struct control *)context;

    while (!atomic_load(control->done) && control->wrong == 0) {
        int result = 0;

        switch (test_random_below(&control->random, 6)) {
        case 0:
        case 1:
            result = rondo_stream_start(control->stream);
            break;
        case 2:
            result = rondo_stream_stop(control->stream);
            break;
        case 3:
            result =
                rondo_stream_drain(control->stream, test_random_below(&control->random, 2000000));
            if (result == -EBADFD || result == -ETIMEDOUT || result == -ENOTSUP)
                result = 0;
            break;
        case 4:
            rondo_stream_kick(control->stream);
            break;
        default:
            rondo_stream_position(control->stream, NULL);
            rondo_stream_delay(control->stream);
            result = rondo_stream_error(control->stream, NULL);
            break;
        }
        control->wrong = result;
        control->calls++;
    }
    return NULL;
}

static void
control_calls_of_many_threads_never_meet_in_the_device(void **unused)
{
    static const char *const devices[] = {
        "probe:", "probe-sink:", "probe-blocking:", "probe-sink-blocking:"};

    (void)unused;
    for (uint32_t round = 0; round < 8; round++) {
        const int64_t deadline_ns = stress_now_ns() + stress_length_ns(4) / 8;
        struct rondo_stream_config config = RONDO_STREAM_CONFIG_INIT;
        struct control controls[3];
        struct sequence sequence = {.callback_random = round, .model = {.period = UINT32_MAX}};
        struct rondo_stream *stream;
        pthread_t threads[3];
        atomic_bool done = false;
        uint32_t calls = 0;

        seed_now = round;
        probe_reset();
        config.direction = round % 2 ? RONDO_RENDER : RONDO_CAPTURE;
        config.period_frames = 48;
        config.realtime_priority = -1;
        config.clock = round == 4 || round == 5 ? rondo_clock_offline() : NULL;
        if (round >= 4) {
            config.callback = on_period;
            config.callback_context = &sequence;
        }
        CHECK_EQUAL(rondo_stream_open(&stream, devices[round % 4], &config), 0);
        for (uint32_t i = 0; i < 3; i++) {
            controls[i] =
                (struct control){.stream = stream, .random = round * 3 + i, .done = &done};
            CHECK_EQUAL(pthread_create(&threads[i], NULL, control_main, &controls[i]), 0);
        }
        while (stress_now_ns() < deadline_ns) {
            if (config.callback == NULL) {
                rondo_stream_wait(stream, 1000000);
                rondo_stream_release(stream, rondo_stream_get(stream, UINT32_MAX).frames);
            } else {
                CHECK_EQUAL(rondo_stream_reset(stream), 0);
            }
        }
        atomic_store(&done, true);
        for (uint32_t i = 0; i < 3; i++) {
            pthread_join(threads[i], NULL);
            CHECK_EQUAL(controls[i].wrong, 0);
            calls += controls[i].calls;
        }
        rondo_stream_close(stream);
        CHECK_EQUAL(probe.overlapped, 0);
        CHECK_EQUAL(probe.opens, probe.closes);
        if (sequence.wrong != NULL)
            fail_msg("%s", sequence.wrong);
        print_message("%s %u calls\n", devices[round % 4], calls);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(virtual_time_follows_the_model),
        cmocka_unit_test(callbacks_may_do_what_they_like),
        cmocka_unit_test(offline_callbacks_may_do_what_they_like),
        cmocka_unit_test(control_calls_of_many_threads_never_meet_in_the_device),
    };

    alarm(280); /* a call that never returns ends here */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
