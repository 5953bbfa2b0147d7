/* SPDX-License-Identifier: MIT */
/*
 * Every call of ring.h and tap.h, both sides taking turns in one thread, against a model that knows
 * no memory, no laps and no wrap: only how many frames were written and read since the ring was
 * placed, and that the frame at a position carries that position.
 *
 * Where the contract leaves room (releases that are held back), the model has two bounds.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <rondo/memory.h>
#include <rondo/ring.h>
#include <rondo/tap.h>

#include "fuzz/check.h"
#include "fuzz/input.h"

#define MEMORY_BYTES_MAX 16384u
#define OPERATIONS_MAX   1024u
#define TAPS             2u

/* Rings of billions of frames: addresses for them, hardly any memory. Frames carry nothing there. */
#define HUGE_BYTES  (UINT64_C(1) << 32)
#define HUGE_COPIES 64u

/* Frames are counted from where the ring was placed last. */
struct tap_model {
    bool hangs;
    int64_t pos;
    uint32_t lent;
};

struct model {
    uint64_t base; /* the ring's position at 0 */
    uint32_t capacity, frame_bytes;
    bool is_mirrored, is_huge;
    enum rondo_ring_producer_kind kind;
    int64_t write, read;
    int64_t told;  /* the producer knows of at least this much of read */
    int64_t claim; /* announced: frames before claim - capacity may be overwritten */
    uint32_t write_lent, read_lent;
    struct tap_model taps[TAPS];
};

struct scene {
    struct rondo_ring ring;
    struct rondo_tap taps[TAPS];
    struct model model;
    struct rondo_memory mirrored;
    unsigned char *memory;
};

static struct scene scene;
static struct rondo_ring *const ring = &scene.ring;
static struct model *const model = &scene.model;

static int64_t
least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t
most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t
within(int64_t value, int64_t low, int64_t high)
{
    return most(low, least(value, high));
}

/* ---- frames that carry their position ---- */

static unsigned char
frame_byte(int64_t pos, uint32_t offset)
{
    const uint64_t hash = (model->base + (uint64_t)pos) * UINT64_C(0x9e3779b97f4a7c15);

    return (unsigned char)(hash >> (8 * (offset % 8)) ^ hash >> 56 ^ offset);
}

static void
fill_frames(void *data, int64_t pos, uint32_t frames)
{
    unsigned char *byte = data;

    if (model->is_huge)
        return;
    for (uint32_t frame = 0; frame < frames; frame++)
        for (uint32_t offset = 0; offset < model->frame_bytes; offset++)
            *byte++ = frame_byte(pos + frame, offset);
}

static void
check_frames(const void *data, int64_t pos, uint32_t frames)
{
    const unsigned char *byte = data;

    if (model->is_huge)
        return;
    for (uint32_t frame = 0; frame < frames; frame++)
        for (uint32_t offset = 0; offset < model->frame_bytes; offset++)
            FUZZ_CHECK_EQUAL(*byte++, frame_byte(pos + frame, offset));
}

/* ---- the model ---- */

/* Frames from a position on that lie in a row in memory. */
static int64_t
in_a_row(int64_t pos)
{
    return model->is_mirrored ? model->capacity : model->capacity - pos % model->capacity;
}

/* Frames that are free from a position on, if the producer knows of so much of what was read. */
static int64_t
room_from(int64_t write, int64_t read)
{
    if (model->kind == RONDO_PRODUCER_FREE_RUNS)
        return model->capacity;
    return least(model->capacity - (write - read), model->capacity);
}

static int64_t
room_if(int64_t read)
{
    return room_from(model->write, read);
}

/* What a copy takes, in at most two parts. A producer that is late finds room for each. */
static int64_t
copied_if(int64_t frames, int64_t read)
{
    const int64_t first = least(least(frames, room_if(read)), in_a_row(model->write));
    const int64_t second = model->write + first;

    return first + least(least(frames - first, room_from(second, read)), in_a_row(second));
}

static int64_t
fill_from(int64_t pos)
{
    return within(model->write - pos, 0, model->capacity);
}

static void
check_span(struct rondo_span span, int64_t pos)
{
    const size_t begin = (size_t)(pos % model->capacity);
    const size_t copy = begin + model->capacity; /* the same bytes, in the second mapping */

    if (span.frames == 0)
        FUZZ_CHECK(span.data == NULL);
    else if (model->is_mirrored && copy + span.frames <= 2 * (size_t)model->capacity)
        FUZZ_CHECK(span.data == scene.memory + begin * model->frame_bytes ||
                   span.data == scene.memory + copy * model->frame_bytes);
    else
        FUZZ_CHECK(span.data == scene.memory + begin * model->frame_bytes);
    FUZZ_CHECK((int64_t)span.frames <= in_a_row(pos));
}

/* Both sides rest at a position that stands at the start of memory. */
static void
place(uint64_t base)
{
    model->base = base;
    model->write = model->read = model->told = model->claim = 0;
    model->write_lent = model->read_lent = 0;
    for (uint32_t i = 0; i < TAPS; i++)
        model->taps[i].hangs = false;
}

/* Where a reader at @p pos goes on that may have been overtaken, and what it is told to have lost. */
static int64_t
resume(int64_t pos)
{
    const int64_t oldest = model->claim - model->capacity;

    if (oldest <= pos)
        return pos;
    return least(model->write, most(oldest, model->write - model->capacity / 2));
}

/* How many of the first frames from @p pos on may have been overwritten. */
static uint32_t
overwritten(int64_t pos, uint32_t frames)
{
    return (uint32_t)within(model->claim - model->capacity - pos, 0, frames);
}

/* ---- operations: the producer ---- */

static void
do_get_write(struct fuzz_input *input)
{
    const uint32_t max = fuzz_count(input, model->capacity);
    const struct rondo_span span = rondo_ring_get_write(ring, max);
    const int64_t row = least(max, in_a_row(model->write));

    check_span(span, model->write);
    FUZZ_CHECK(span.frames >= least(row, room_if(model->told)));
    FUZZ_CHECK(span.frames <= least(row, room_if(model->read)));
    if (model->kind != RONDO_PRODUCER_WAITS)
        model->claim = most(model->claim, model->write + span.frames);
    model->write_lent = span.frames;
    fill_frames(span.data, model->write, span.frames);
}

static void
do_release_write(struct fuzz_input *input)
{
    const uint32_t frames =
        (uint32_t)least(fuzz_count(input, model->write_lent), model->write_lent);

    rondo_ring_release_write(ring, frames);
    model->write += frames;
    model->write_lent -= frames;
}

static void
do_write(struct fuzz_input *input)
{
    const uint32_t copies = model->is_huge ? HUGE_COPIES : 2 * model->capacity + 3;
    const uint32_t frames = fuzz_count(input, model->capacity) % (copies + 1);
    unsigned char *const from = malloc((size_t)frames * model->frame_bytes + 1);
    uint32_t written;

    FUZZ_CHECK(from != NULL);
    fill_frames(from, model->write, frames);
    written = rondo_ring_write(ring, from, frames);
    free(from);
    FUZZ_CHECK(written >= copied_if(frames, model->told));
    FUZZ_CHECK(written <= copied_if(frames, model->read));
    model->write += written;
    model->write_lent = 0;
    if (model->kind != RONDO_PRODUCER_WAITS)
        model->claim = most(model->claim, model->write);
}

static void
do_room(void)
{
    const int64_t room = rondo_ring_room(ring);

    FUZZ_CHECK(room >= room_if(model->told) && room <= room_if(model->read));
    /* It may only grow until this thread writes. */
    if (model->kind != RONDO_PRODUCER_FREE_RUNS)
        model->told = most(model->told, model->write + room - model->capacity);
}

static void
do_warm(struct fuzz_input *input)
{
    const uint32_t frames = fuzz_count(input, model->capacity);

    rondo_ring_warm_write(ring, model->is_huge ? frames % 4096 : frames);
}

static int64_t
late(void)
{
    return most(0, model->read - model->write);
}

static void
do_catch_up(void)
{
    const int64_t expected = late();

    FUZZ_CHECK_EQUAL(rondo_ring_late(ring), expected);
    rondo_ring_release_write(ring, 0); /* no span may be held */
    model->write_lent = 0;
    FUZZ_CHECK_EQUAL(rondo_ring_catch_up_write(ring), expected);
    if (expected == 0)
        return;
    model->write += expected;
    model->claim = model->write + model->capacity;
    FUZZ_CHECK_EQUAL(rondo_ring_catch_up_write(ring), 0);
}

/* ---- operations: the consumer ---- */

static void
do_get_read(struct fuzz_input *input)
{
    const uint32_t max = fuzz_count(input, model->capacity);
    const struct rondo_span span = rondo_ring_get_read(ring, max);
    int64_t expected = least(max, least(fill_from(model->read), in_a_row(model->read)));

    if (model->kind == RONDO_PRODUCER_FREE_RUNS) /* it could not tell whether they are whole */
        expected = 0;
    check_span(span, model->read);
    FUZZ_CHECK_EQUAL(span.frames, expected);
    check_frames(span.data, model->read, span.frames);
    model->read_lent = span.frames;
    if (max > 0 && span.frames == 0 && model->kind != RONDO_PRODUCER_FREE_RUNS)
        model->told = model->read;
}

static void
do_get_read_checked(struct fuzz_input *input)
{
    const uint32_t max = fuzz_count(input, model->capacity);
    const int64_t pos = resume(model->read);
    uint64_t lost = 12345;
    const struct rondo_span span = rondo_ring_get_read_checked(ring, max, &lost);

    FUZZ_CHECK_EQUAL(lost, pos - model->read);
    model->read = pos;
    check_span(span, pos);
    FUZZ_CHECK_EQUAL(span.frames, least(max, least(fill_from(pos), in_a_row(pos))));
    check_frames(span.data, pos, span.frames);
    model->read_lent = span.frames;
    if (max > 0 && span.frames == 0)
        model->told = model->read;
}

enum release {
    AT_ONCE,
    LAZILY,
    CHECKED
};

static void
do_release_read(struct fuzz_input *input, enum release how)
{
    const uint32_t frames = (uint32_t)least(fuzz_count(input, model->read_lent), model->read_lent);
    const uint32_t spoilt = overwritten(model->read, frames);
    const int64_t held_back_max = (model->capacity + 3) / 4 - 1;

    /* While they were held, nobody has touched those that were not announced. */
    if (frames > 0)
        check_frames(
            scene.memory + (size_t)((model->read + spoilt) % model->capacity) * model->frame_bytes,
            model->read + spoilt, (uint32_t)least(frames - spoilt, in_a_row(model->read + spoilt)));
    switch (how) {
    case AT_ONCE:
        rondo_ring_release_read(ring, frames);
        break;
    case LAZILY:
        rondo_ring_release_read_lazy(ring, frames);
        break;
    case CHECKED:
        FUZZ_CHECK_EQUAL(rondo_ring_release_read_checked(ring, frames), spoilt);
        break;
    }
    model->read += frames;
    model->read_lent -= frames;
    model->told = most(model->told, model->read - (how == LAZILY ? held_back_max : 0));
}

static void
do_read(struct fuzz_input *input)
{
    const uint32_t copies = model->is_huge ? HUGE_COPIES : 2 * model->capacity + 3;
    const uint32_t frames = fuzz_count(input, model->capacity) % (copies + 1);
    unsigned char *const to = calloc((size_t)frames + 1, model->frame_bytes);
    int64_t expected = least(frames, fill_from(model->read));
    uint32_t read;

    FUZZ_CHECK(to != NULL);
    if (model->kind == RONDO_PRODUCER_FREE_RUNS)
        expected = 0;
    read = rondo_ring_read(ring, to, frames);
    FUZZ_CHECK_EQUAL(read, expected);
    check_frames(to, model->read, read);
    free(to);
    model->read += read;
    model->read_lent = 0;
    if (read > 0 || (frames > 0 && model->kind != RONDO_PRODUCER_FREE_RUNS))
        model->told = model->read;
}

static void
do_skip(struct fuzz_input *input)
{
    const uint32_t frames = fuzz_count(input, model->capacity);

    if (model->kind == RONDO_PRODUCER_FREE_RUNS)
        return;
    rondo_ring_release_read(ring, 0); /* no span may be held */
    rondo_ring_skip_read(ring, frames);
    model->read_lent = 0;
    model->read += frames;
    model->told = model->read;
}

/* ---- operations: taps ---- */

static void
do_tap(struct fuzz_input *input)
{
    const uint8_t choice = fuzz_byte(input);
    struct rondo_tap *const tap = &scene.taps[choice & 1];
    struct tap_model *const own = &model->taps[choice & 1];
    uint64_t lost = 12345;

    if (!own->hangs || choice >= 224) {
        const bool may_hang = model->kind != RONDO_PRODUCER_WAITS;

        FUZZ_CHECK_EQUAL(rondo_tap_init(tap, ring), may_hang ? 0 : -ENOTSUP);
        FUZZ_CHECK_EQUAL(rondo_tap_init(NULL, ring), -EINVAL);
        FUZZ_CHECK_EQUAL(rondo_tap_init(tap, NULL), -EINVAL);
        *own = (struct tap_model){may_hang, model->write, 0};
    } else if (choice < 128) {
        const uint32_t max = fuzz_count(input, model->capacity);
        const struct rondo_span span = rondo_tap_get(tap, max, &lost);
        const int64_t pos = resume(own->pos);

        FUZZ_CHECK_EQUAL(lost, pos - own->pos);
        own->pos = pos;
        check_span(span, pos);
        FUZZ_CHECK_EQUAL(span.frames, least(max, least(fill_from(pos), in_a_row(pos))));
        check_frames(span.data, pos, span.frames);
        own->lent = span.frames;
    } else {
        const uint32_t frames = (uint32_t)least(fuzz_count(input, own->lent), own->lent);

        FUZZ_CHECK_EQUAL(rondo_tap_release(tap, frames), overwritten(own->pos, frames));
        own->pos += frames;
        own->lent -= frames;
    }
    if (own->hangs)
        FUZZ_CHECK(rondo_tap_position(tap) == model->base + (uint64_t)own->pos);
}

/* ---- operations: set-up ---- */

static void
do_set_producer(struct fuzz_input *input)
{
    const unsigned kind = fuzz_below(input, 4);

    if (kind > RONDO_PRODUCER_FREE_RUNS) {
        const struct rondo_ring before = *ring;

        FUZZ_CHECK_EQUAL(
            rondo_ring_set_producer(
                ring, (enum rondo_ring_producer_kind)(kind + fuzz_count(input, 0) % 0x7fffffff)),
            -EINVAL);
        FUZZ_CHECK(memcmp((const void *)&before, (const void *)ring, sizeof before) == 0);
        return;
    }
    model->kind = (enum rondo_ring_producer_kind)kind;
    FUZZ_CHECK_EQUAL(rondo_ring_set_producer(ring, model->kind), 0);
    place(rondo_ring_write_position(ring));
}

static void
do_reset(struct fuzz_input *input)
{
    const uint64_t pos = fuzz_edge(input, model->base);

    rondo_ring_reset(ring, pos);
    place(pos);
}

static void
do_bad_init(struct fuzz_input *input)
{
    const struct rondo_ring before = *ring;
    const uint32_t capacity = model->capacity;
    const uint32_t frame_bytes = model->frame_bytes;
    const uint32_t above = fuzz_count(input, 0);
    int (*const init)(struct rondo_ring *, void *, uint32_t, uint32_t) =
        fuzz_bool(input) ? rondo_ring_init : rondo_ring_init_mirrored;

    switch (fuzz_below(input, 7)) {
    case 0:
        FUZZ_CHECK_EQUAL(init(NULL, scene.memory, capacity, frame_bytes), -EINVAL);
        break;
    case 1:
        FUZZ_CHECK_EQUAL(init(ring, NULL, capacity, frame_bytes), -EINVAL);
        break;
    case 2:
        FUZZ_CHECK_EQUAL(init(ring, scene.memory + 1 + above % 63, capacity, frame_bytes), -EINVAL);
        break;
    case 3:
        FUZZ_CHECK_EQUAL(init(ring, scene.memory, 0, above), -EINVAL);
        break;
    case 4:
        FUZZ_CHECK_EQUAL(init(ring, scene.memory, above == 0 ? 1 : above, 0), -EINVAL);
        break;
    case 5:
        FUZZ_CHECK_EQUAL(init(ring, scene.memory,
                              RONDO_CAPACITY_FRAMES_MAX + 1 + above % RONDO_CAPACITY_FRAMES_MAX / 2,
                              frame_bytes),
                         -EOVERFLOW);
        break;
    default:
        FUZZ_CHECK_EQUAL(
            init(ring, scene.memory, capacity, RONDO_FRAME_BYTES_MAX + 1 + above % 0x7fffffff),
            -EOVERFLOW);
        break;
    }
    FUZZ_CHECK(memcmp((const void *)&before, (const void *)ring, sizeof before) == 0);
}

/* ---- a run ---- */

/* Addresses for a huge ring, made once. */
static unsigned char *
huge_memory(void)
{
    static unsigned char *memory;

    if (memory == NULL) {
        memory = mmap(NULL, HUGE_BYTES, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        FUZZ_CHECK(memory != MAP_FAILED);
    }
    return memory;
}

static void
set_up(struct fuzz_input *input)
{
    static const uint32_t audio[] = {1, 2, 3, 441, 480, 1024};
    static const uint32_t frames[] = {1, 2, 4, 6, 8, 12, 16, 64};
    const uint8_t shape = fuzz_byte(input);
    uint32_t capacity = 1 + (shape & 8 ? fuzz_below(input, 256) : fuzz_below(input, 16));
    int error;

    memset((void *)&scene, 0, sizeof scene);
    model->is_mirrored = (shape & 1) != 0;
    model->is_huge = (shape & 6) == 6 && sizeof(void *) == 8;
    model->frame_bytes = shape & 16 ? 1 + fuzz_below(input, 300) : FUZZ_PICK(input, frames);
    if (shape & 32)
        capacity = FUZZ_PICK(input, audio);
    while ((uint64_t)capacity * model->frame_bytes > MEMORY_BYTES_MAX)
        capacity = (capacity + 1) / 2;

    if (model->is_huge) {
        capacity = RONDO_CAPACITY_FRAMES_MAX -
                   (shape & 8 ? fuzz_count(input, 0x40000000) : fuzz_below(input, 3));
        capacity = capacity == 0 || capacity > RONDO_CAPACITY_FRAMES_MAX ? 1u << 30 : capacity;
        model->frame_bytes = 1;
        scene.memory = huge_memory();
    } else if (model->is_mirrored) {
        capacity = rondo_mirrored_capacity(capacity, model->frame_bytes);
        FUZZ_CHECK(capacity > 0);
        FUZZ_CHECK_EQUAL(rondo_memory_create(&scene.mirrored, (size_t)capacity * model->frame_bytes,
                                             RONDO_MEMORY_MIRRORED),
                         0);
        scene.memory = scene.mirrored.data;
    } else {
        void *memory = NULL;

        FUZZ_CHECK(posix_memalign(&memory, RONDO_CACHELINE_BYTES,
                                  (size_t)capacity * model->frame_bytes) == 0);
        scene.memory = memory;
    }
    model->capacity = capacity;
    error = model->is_mirrored
                ? rondo_ring_init_mirrored(ring, scene.memory, capacity, model->frame_bytes)
                : rondo_ring_init(ring, scene.memory, capacity, model->frame_bytes);
    FUZZ_CHECK_EQUAL(error, 0);
    FUZZ_CHECK_EQUAL(rondo_ring_write_position(ring), 0);
    FUZZ_CHECK_EQUAL(rondo_ring_read_position(ring), 0);
    place(0);
    if (shape & 64)
        do_set_producer(input);
    if (shape & 128)
        do_reset(input);
}

static void
tear_down(void)
{
    if (model->is_mirrored && !model->is_huge)
        rondo_memory_destroy(&scene.mirrored);
    else if (!model->is_huge)
        free(scene.memory);
}

static void
operate(struct fuzz_input *input)
{
    switch (fuzz_byte(input) % 32) {
    case 0:
    case 1:
    case 2:
    case 3:
        do_get_write(input);
        break;
    case 4:
    case 5:
    case 6:
    case 7:
        do_release_write(input);
        break;
    case 8:
    case 9:
        do_write(input);
        break;
    case 10:
        do_room();
        break;
    case 11:
        do_warm(input);
        break;
    case 12:
        do_catch_up();
        break;
    case 13:
    case 14:
    case 15:
        do_get_read(input);
        break;
    case 16:
    case 17:
        do_get_read_checked(input);
        break;
    case 18:
    case 19:
        do_release_read(input, AT_ONCE);
        break;
    case 20:
    case 21:
        do_release_read(input, LAZILY);
        break;
    case 22:
    case 23:
        do_release_read(input, CHECKED);
        break;
    case 24:
    case 25:
        do_read(input);
        break;
    case 26:
        do_skip(input);
        break;
    case 27:
    case 28:
    case 29:
        do_tap(input);
        break;
    case 30:
        if (fuzz_bool(input))
            do_reset(input);
        else
            do_set_producer(input);
        break;
    default:
        do_bad_init(input);
        break;
    }
    FUZZ_CHECK(rondo_ring_write_position(ring) == model->base + (uint64_t)model->write);
    FUZZ_CHECK(rondo_ring_read_position(ring) == model->base + (uint64_t)model->read);
    FUZZ_CHECK_EQUAL(rondo_ring_fill(ring), fill_from(model->read));
    FUZZ_CHECK_EQUAL(rondo_ring_late(ring), late());
    if (model->write <= model->told) /* what is held back still waits, or not */
        FUZZ_CHECK(rondo_ring_is_empty(ring));
    if (model->write > model->read)
        FUZZ_CHECK(!rondo_ring_is_empty(ring));
    FUZZ_CHECK_EQUAL(rondo_ring_capacity(ring), model->capacity);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};

    set_up(&input);
    for (unsigned i = 0; i < OPERATIONS_MAX && fuzz_has_more(&input); i++)
        operate(&input);
    tear_down();
    return 0;
}
