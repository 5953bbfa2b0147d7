/* SPDX-License-Identifier: MIT */
/*
 * What the calls of a real-time thread cost, when there is what they ask for:
 *
 *     call_stream_pair  rondo_stream_get() and release() of a frame
 *     call_stream_wait  rondo_stream_wait()
 *     call_ml_pair      MLAudioGetInputBuffer() and MLAudioReleaseInputBuffer()
 *     call_handle       rondo_handle_enter(), find() and leave()
 *
 * Beside them the bare ring or double buffer, whose calls are inlined. Streams run under a virtual
 * clock: it does everything that the real one does, and seconds pass at once. The first two and the
 * last repeat the call, with all it needs in the cache. A buffer of the ML API has to be filled first,
 * by a thread on the other CPU: its pair pays for the lines that come from there, as in programs.
 */
#include <rondo/compat/ml_audio.h>
#include <rondo/double_buffer.h>
#include <rondo/handle.h>
#include <rondo/ml.h>
#include <rondo/ring.h>
#include <rondo/stream.h>

#include "bench/arena.h"
#include "bench/bench.h"
#include "bench/pair.h"
#include "bench/system/place.h"

/* The buffer holds a time that the clock can be turned by exactly. */
#define RATE_HZ         65536u
#define PERIOD_FRAMES   4096u
#define CAPACITY_FRAMES (16u * RATE_HZ)
#define FILL_FRAMES     (8u * RATE_HZ)
#define FILL_NS         UINT64_C(8000000000)
#define FRAME_BYTES     2u /* S16, mono */
#define PAIRS           500000u

RONDO_STATIC_ASSERT(PAIRS + PERIOD_FRAMES <= FILL_FRAMES, "a period is left");

static void
nothing(struct pair_side *side, void *context)
{
    (void)side;
    (void)context;
}

/* ---- a stream with frames in it ---- */

struct filled {
    struct rondo_clock *clock;
    struct rondo_stream *stream;
    uint64_t operations;
};

static const char *
fill_stream(struct filled *filled)
{
    struct rondo_stream_config config = RONDO_STREAM_CONFIG_INIT;

    if (rondo_clock_virtual_create(&filled->clock) != 0)
        return "calls: no clock";
    config.format.sample = RONDO_S16;
    config.format.channels = 1;
    config.format.rate_hz = RATE_HZ;
    config.period_frames = PERIOD_FRAMES;
    config.buffer_frames = CAPACITY_FRAMES;
    config.clock = filled->clock;
    if (rondo_stream_open(&filled->stream, "null:", &config) != 0 ||
        rondo_stream_start(filled->stream) != 0)
        return "calls: a stream cannot be opened or started";
    rondo_clock_advance(filled->clock, FILL_NS);
    return rondo_stream_wait(filled->stream, 0) == (int)FILL_FRAMES
               ? NULL
               : "calls: the stream has not what was captured";
}

static const char *
empty_stream(struct filled *filled, const char *what)
{
    rondo_stream_close(filled->stream);
    if (rondo_clock_destroy(filled->clock) != 0 && what == NULL)
        what = "calls: the clock is still used";
    return what;
}

/* Fill a stream, and do something with it as a side of a pair: what happens before and after is not
 * looked at then. */
static const char *
run_on_stream(pair_function *function, uint64_t operations, uint32_t left_frames,
              struct bench_measure *measure)
{
    struct filled filled = {.operations = operations};
    const char *what = place_threads();

    if (what == NULL)
        what = fill_stream(&filled);
    if (what == NULL)
        what = pair_run(function, nothing, &filled, &measure->ns);
    measure->operations = operations;
    if (what == NULL && rondo_stream_wait(filled.stream, 0) != (int)left_frames)
        what = "calls: the stream has not what must be left";
    return empty_stream(&filled, what);
}

static void
take_frames(struct pair_side *side, void *context)
{
    const struct filled filled = *(const struct filled *)context;

    for (uint64_t i = 0; i < filled.operations; i++) {
        const struct rondo_span span = rondo_stream_get(filled.stream, 1);

        if (span.frames != 1 || rondo_stream_release(filled.stream, 1) != 0) {
            pair_fail(side, "call_stream_pair: no frame, or an overwritten one");
            return;
        }
    }
}

static const char *
run_stream_pair(const struct bench_candidate *self, uint64_t operations,
                struct bench_measure *measure)
{
    (void)self;
    return run_on_stream(take_frames, operations, FILL_FRAMES - (uint32_t)operations, measure);
}

static void
wait_for_frames(struct pair_side *side, void *context)
{
    const struct filled filled = *(const struct filled *)context;

    for (uint64_t i = 0; i < filled.operations; i++) {
        if (rondo_stream_wait(filled.stream, 1000000000) != (int)FILL_FRAMES) {
            pair_fail(side, "call_stream_wait: another number of frames");
            return;
        }
    }
}

static const char *
run_stream_wait(const struct bench_candidate *self, uint64_t operations,
                struct bench_measure *measure)
{
    (void)self;
    return run_on_stream(wait_for_frames, operations, FILL_FRAMES, measure);
}

/* ---- a ring with frames in it ---- */

static struct rondo_ring *
fill_ring(void)
{
    struct rondo_ring *const ring = bench_memory(sizeof *ring);

    if (rondo_ring_init(ring, bench_memory((size_t)CAPACITY_FRAMES * FRAME_BYTES), CAPACITY_FRAMES,
                        FRAME_BYTES) != 0 ||
        rondo_ring_set_producer(ring, RONDO_PRODUCER_FREE_RUNS) != 0 ||
        rondo_ring_get_write(ring, FILL_FRAMES).frames != FILL_FRAMES)
        return NULL;
    rondo_ring_release_write(ring, FILL_FRAMES);
    return ring;
}

static const char *
run_ring_pair(const struct bench_candidate *self, uint64_t operations,
              struct bench_measure *measure)
{
    struct rondo_ring *const ring = fill_ring();
    uint64_t begin_ns;

    (void)self;
    if (ring == NULL)
        return "call_stream_pair: a ring cannot be filled";
    begin_ns = bench_clock_ns();
    for (uint64_t i = 0; i < operations; i++) {
        uint64_t lost_frames;
        const struct rondo_span span = rondo_ring_get_read_checked(ring, 1, &lost_frames);

        if (span.frames != 1 || rondo_ring_release_read_checked(ring, 1) != 0)
            return "call_stream_pair: the ring has no frame, or an overwritten one";
        __asm__ volatile("" : : : "memory"); /* the next call knows nothing of this one */
    }
    measure->ns = bench_clock_ns() - begin_ns;
    measure->operations = operations;
    return rondo_ring_fill(ring) == FILL_FRAMES - operations
               ? NULL
               : "call_stream_pair: the ring has not what must be left";
}

static const char *
run_ring_fill(const struct bench_candidate *self, uint64_t operations,
              struct bench_measure *measure)
{
    struct rondo_ring *const ring = fill_ring();
    uint64_t begin_ns;

    (void)self;
    if (ring == NULL)
        return "call_stream_wait: a ring cannot be filled";
    begin_ns = bench_clock_ns();
    for (uint64_t i = 0; i < operations; i++) {
        if (rondo_ring_fill(ring) != FILL_FRAMES)
            return "call_stream_wait: the ring has another number of frames";
        __asm__ volatile("" : : : "memory");
    }
    measure->ns = bench_clock_ns() - begin_ns;
    measure->operations = operations;
    return NULL;
}

/* ---- call_ml_pair ---- */

#define ML_CHANNELS 2u
#define ML_RATE_HZ  48000u

/* What two stamps with nothing in between cost. */
static uint64_t
stamp_ticks(void)
{
    uint64_t best = UINT64_MAX;

    for (int i = 0; i < 1000; i++) {
        const uint64_t begin = bench_ticks_fenced();
        const uint64_t ticks = bench_ticks_fenced() - begin;

        best = ticks < best ? ticks : best;
    }
    return best;
}

/* Time of buffers that were got and given back. */
struct taken {
    uint64_t ticks;
    uint64_t stamp; /* ticks that a measurement itself takes */
};

static void
count_ticks(struct taken *taken, uint64_t ticks)
{
    taken->ticks += ticks > taken->stamp ? ticks - taken->stamp : 0;
}

/* Both buffers of an input are full: get and release them. */
static const char *
take_both(MLHandle input, uint32_t bytes, struct taken *taken)
{
    MLAudioBuffer buffer[2];
    MLResult result[4];
    const uint64_t begin = bench_ticks_fenced();

    for (int i = 0; i < 2; i++) {
        result[2 * i] = MLAudioGetInputBuffer(input, &buffer[i]);
        result[2 * i + 1] = MLAudioReleaseInputBuffer(input);
    }
    count_ticks(taken, bench_ticks_fenced() - begin);
    for (int i = 0; i < 4; i++)
        if (result[i] != MLResult_Ok)
            return "call_ml_pair: a full buffer cannot be had, or not given back";
    if (buffer[0].size != bytes || buffer[1].size != bytes || buffer[0].ptr == buffer[1].ptr)
        return "call_ml_pair: not the two buffers";
    return MLAudioGetInputBuffer(input, &buffer[0]) == MLAudioResult_BufferNotReady
               ? NULL
               : "call_ml_pair: a third buffer";
}

/* The same for a bare double buffer, which is filled on the other CPU. */
struct bare {
    struct rondo_double_buffer *buffer;
    uint64_t *filled; /* how often both buffers were */
    uint64_t rounds;
    struct taken taken;
};

#define BARE_FRAMES 480u

static void
fill_both(struct pair_side *side, void *context)
{
    const struct bare bare = *(const struct bare *)context;

    for (uint64_t i = 0; i < bare.rounds; i++) {
        for (int k = 0; k < 2; k++) {
            while (rondo_double_buffer_get_empty(bare.buffer).frames == 0) {
                if (pair_wait(side))
                    return;
            }
            rondo_double_buffer_release_full(bare.buffer);
        }
        __atomic_store_n(bare.filled, i + 1, __ATOMIC_RELEASE);
    }
}

static void
take_both_bare(struct pair_side *side, void *context)
{
    struct bare *const bare = context;

    for (uint64_t i = 0; i < bare->rounds; i++) {
        struct rondo_span span[2];
        uint64_t begin;

        while (__atomic_load_n(bare->filled, __ATOMIC_ACQUIRE) != i + 1) {
            if (pair_wait(side))
                return;
        }
        begin = bench_ticks_fenced();
        for (int k = 0; k < 2; k++) {
            span[k] = rondo_double_buffer_get_full(bare->buffer);
            rondo_double_buffer_release_empty(bare->buffer);
        }
        count_ticks(&bare->taken, bench_ticks_fenced() - begin);
        if (span[0].frames != BARE_FRAMES || span[1].frames != BARE_FRAMES ||
            span[0].data == span[1].data)
            pair_fail(side, "call_ml_pair: not the two buffers");
    }
}

static const char *
run_double_buffer(const struct bench_candidate *self, uint64_t operations,
                  struct bench_measure *measure)
{
    struct bare bare = {.buffer = bench_memory(sizeof *bare.buffer),
                        .filled = bench_memory(sizeof *bare.filled),
                        .rounds = operations / 2,
                        .taken.stamp = stamp_ticks()};
    const char *what;

    (void)self;
    if (rondo_double_buffer_init(bare.buffer, bench_memory((size_t)2 * BARE_FRAMES * FRAME_BYTES),
                                 BARE_FRAMES, FRAME_BYTES) != 0)
        return "call_ml_pair: no double buffer";
    what = pair_run(take_both_bare, fill_both, &bare, NULL);
    measure->ns = bench_ticks_to_ns(bare.taken.ticks);
    measure->operations = bare.rounds * 2;
    pair_lost_ns(); /* only a small part of the pair's time is measured */
    return what;
}

static const char *
take_buffers(struct rondo_clock *clock, uint64_t operations, struct bench_measure *measure)
{
    struct taken taken = {.stamp = stamp_ticks()};
    MLHandle input = ML_INVALID_HANDLE;
    MLAudioBufferFormat format;
    uint32_t bytes = 0;
    uint64_t both_ns;
    const char *what = NULL;

    if (MLAudioGetBufferedInputDefaults(ML_CHANNELS, ML_RATE_HZ, &format, NULL, &bytes) !=
            MLResult_Ok ||
        MLAudioCreateInputFromMicCapture(MLAudioMicCaptureType_WorldCapture, &format, bytes, NULL,
                                         NULL, &input) != MLResult_Ok)
        return "call_ml_pair: no input";
    if (MLAudioStartInput(input) != MLResult_Ok)
        what = "call_ml_pair: the input cannot be started";
    if (what == NULL)
        what = place_caller();
    /* Both buffers, and two periods of the device more. */
    both_ns = UINT64_C(1000000000) * (2 * bytes / (ML_CHANNELS * 2u)) / ML_RATE_HZ + 20000000;
    while (what == NULL && measure->operations < operations) {
        rondo_clock_advance(clock, both_ns);
        what = take_both(input, bytes, &taken);
        measure->operations += 2;
    }
    measure->ns = bench_ticks_to_ns(taken.ticks);
    if (MLAudioDestroyInput(input) != MLResult_Ok && what == NULL)
        what = "call_ml_pair: the input cannot be destroyed";
    return what;
}

static const char *
run_ml_pair(const struct bench_candidate *self, uint64_t operations, struct bench_measure *measure)
{
    struct rondo_ml_config config = RONDO_ML_CONFIG_INIT;
    struct rondo_clock *clock = NULL;
    const char *what = place_threads();

    (void)self;
    if (what != NULL)
        return what;
    if (rondo_clock_virtual_create(&clock) != 0)
        return "call_ml_pair: no clock";
    config.mic = "null:";
    config.clock = clock;
    what = rondo_ml_configure(&config) == 0 ? take_buffers(clock, operations, measure)
                                            : "call_ml_pair: it cannot be configured";
    rondo_ml_configure(NULL);
    if (rondo_clock_destroy(clock) != 0 && what == NULL)
        what = "call_ml_pair: the clock is still used";
    pair_lost_ns(); /* the caller has waited for the device on purpose */
    return what;
}

/* ---- call_handle ---- */

static const char *
run_handle(const struct bench_candidate *self, uint64_t operations, struct bench_measure *measure)
{
    const char *what = NULL;
    int object = 0;
    void *removed = NULL;
    uint64_t handle;
    uint64_t begin_ns;

    (void)self;
    if (rondo_handle_insert(&handle, RONDO_HANDLE_USER, &object) != 0)
        return "call_handle: no handle can be made";
    rondo_handle_prepare_thread();
    begin_ns = bench_clock_ns();
    for (uint64_t i = 0; i < operations; i++) {
        rondo_handle_enter();
        if (rondo_handle_find(handle, RONDO_HANDLE_USER) != &object)
            what = "call_handle: not the object of the handle";
        rondo_handle_leave();
    }
    measure->ns = bench_clock_ns() - begin_ns;
    measure->operations = operations;
    if (rondo_handle_remove(handle, RONDO_HANDLE_USER, &removed) != 0 || removed != &object)
        what = "call_handle: the object does not come back";
    return what;
}

/* ---- candidates ---- */

#define CALL(case_name, name, role, operations, run)                                               \
    {                                                                                              \
        case_name, name, role, BENCH_NS_PER_OPERATION, operations, run, NULL, 0, 1                 \
    }

static const struct bench_candidate candidates[] = {
    CALL("call_stream_pair", "rondo", BENCH_OURS, PAIRS, run_stream_pair),
    CALL("call_stream_pair", "bare ring", BENCH_BOUND, PAIRS, run_ring_pair),
    CALL("call_stream_wait", "rondo", BENCH_OURS, PAIRS, run_stream_wait),
    CALL("call_stream_wait", "bare ring", BENCH_BOUND, PAIRS, run_ring_fill),
    CALL("call_ml_pair", "rondo", BENCH_OURS, 1000, run_ml_pair),
    CALL("call_ml_pair", "bare double buffer", BENCH_BOUND, 1000, run_double_buffer),
    CALL("call_handle", "rondo", BENCH_OURS, PAIRS, run_handle),
};

__attribute__((constructor)) static void
add_candidates(void)
{
    for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++)
        bench_add(&candidates[i]);
}
