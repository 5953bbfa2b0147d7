/* SPDX-License-Identifier: MIT */
/*
 * Every call of double_buffer.h, both sides taking turns in one thread, against a model that is
 * nothing but the order of periods: the n-th one handed over is the n-th one got.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <rondo/double_buffer.h>

#include "fuzz/check.h"
#include "fuzz/input.h"

#define MEMORY_BYTES_MAX 8192u
#define OPERATIONS_MAX   1024u

static struct {
    struct rondo_double_buffer buffer;
    unsigned char *memory;
    uint32_t period_frames, frame_bytes;
    size_t period_bytes;
    /* Periods, counted from the first: got by the producer >= handed over >= got by the consumer >=
     * given back. */
    uint64_t begun, full, taken, empty;
} scene;

static unsigned char
period_byte(uint64_t period, size_t offset)
{
    return (unsigned char)(((period + 1) * UINT64_C(0x9e3779b97f4a7c15) + offset * 251) >> 13);
}

static void
fill(unsigned char *data, uint64_t period)
{
    for (size_t i = 0; i < scene.period_bytes; i++)
        data[i] = period_byte(period, i);
}

static void
check(const unsigned char *data, uint64_t period)
{
    for (size_t i = 0; i < scene.period_bytes; i++)
        FUZZ_CHECK_EQUAL(data[i], period_byte(period, i));
}

static unsigned char *
place_of(uint64_t period)
{
    return scene.memory + period % 2 * scene.period_bytes;
}

static void
check_span(struct rondo_span span, bool is_lent, uint64_t period)
{
    FUZZ_CHECK_EQUAL(span.frames, is_lent ? scene.period_frames : 0);
    FUZZ_CHECK(span.data == (is_lent ? place_of(period) : NULL));
}

static void
do_get_empty(void)
{
    const bool is_lent = scene.begun - scene.empty < 2;
    const struct rondo_span span = rondo_double_buffer_get_empty(&scene.buffer);

    check_span(span, is_lent, scene.begun);
    if (is_lent)
        fill(span.data, scene.begun++);
}

static void
do_release_full(void)
{
    rondo_double_buffer_release_full(&scene.buffer);
    if (scene.full < scene.begun)
        scene.full++;
}

static void
do_get_full(void)
{
    const bool is_lent = scene.taken < scene.full;
    const struct rondo_span span = rondo_double_buffer_get_full(&scene.buffer);

    check_span(span, is_lent, scene.taken);
    if (is_lent)
        check(span.data, scene.taken++);
}

static void
do_release_empty(void)
{
    if (scene.empty < scene.taken) /* nobody has touched it while it was held */
        check(place_of(scene.empty), scene.empty);
    rondo_double_buffer_release_empty(&scene.buffer);
    if (scene.empty < scene.taken)
        scene.empty++;
}

static void
do_bad_init(struct fuzz_input *input)
{
    const struct rondo_double_buffer before = scene.buffer;
    const uint32_t above = fuzz_count(input, 0);
    struct rondo_double_buffer *const buffer = &scene.buffer;
    void *const memory = scene.memory;

    switch (fuzz_below(input, 7)) {
    case 0:
        FUZZ_CHECK_EQUAL(rondo_double_buffer_init(NULL, memory, 1, 1), -EINVAL);
        break;
    case 1:
        FUZZ_CHECK_EQUAL(rondo_double_buffer_init(buffer, NULL, 1, 1), -EINVAL);
        break;
    case 2:
        FUZZ_CHECK_EQUAL(rondo_double_buffer_init(buffer, memory, 0, above), -EINVAL);
        break;
    case 3:
        FUZZ_CHECK_EQUAL(rondo_double_buffer_init(buffer, memory, above, 0), -EINVAL);
        break;
    case 4:
        FUZZ_CHECK_EQUAL(
            rondo_double_buffer_init(buffer, (unsigned char *)memory + 1 + above % 63, 1, 1),
            -EINVAL);
        break;
    case 5:
        FUZZ_CHECK_EQUAL(rondo_double_buffer_init(
                             buffer, memory, RONDO_CAPACITY_FRAMES_MAX + 1 + above % 0x7fffffff, 1),
                         -EOVERFLOW);
        break;
    default:
        FUZZ_CHECK_EQUAL(rondo_double_buffer_init(buffer, memory, 1,
                                                  RONDO_FRAME_BYTES_MAX + 1 + above % 0x7fffffff),
                         -EOVERFLOW);
        break;
    }
    FUZZ_CHECK(memcmp((const void *)&before, (const void *)buffer, sizeof before) == 0);
}

static void
init(void)
{
    FUZZ_CHECK_EQUAL(rondo_double_buffer_init(&scene.buffer, scene.memory, scene.period_frames,
                                              scene.frame_bytes),
                     0);
    scene.begun = scene.full = scene.taken = scene.empty = 0;
}

static void
set_up(struct fuzz_input *input)
{
    const uint8_t shape = fuzz_byte(input);
    void *memory = NULL;

    scene.period_frames = 1 + (shape & 1 ? fuzz_below(input, 1024) : fuzz_below(input, 16));
    scene.frame_bytes = 1 + (shape & 2 ? fuzz_below(input, 4096) : fuzz_below(input, 16));
    while (scene.period_frames > 1 && scene.period_frames * scene.frame_bytes > MEMORY_BYTES_MAX)
        scene.period_frames /= 2;
    scene.period_bytes = (size_t)scene.period_frames * scene.frame_bytes;
    FUZZ_CHECK(posix_memalign(&memory, RONDO_CACHELINE_BYTES, 2 * scene.period_bytes) == 0);
    scene.memory = memory;
    init();
    if (shape & 4) { /* so many periods that the sides' own counts wrap soon */
        const uint32_t periods = UINT32_MAX - fuzz_below(input, 16);

        scene.buffer.producer.got = scene.buffer.producer.released = periods;
        scene.buffer.consumer.got = scene.buffer.consumer.released = periods;
        scene.begun = scene.full = scene.taken = scene.empty = periods;
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};

    set_up(&input);
    for (unsigned i = 0; i < OPERATIONS_MAX && fuzz_has_more(&input); i++) {
        switch (fuzz_byte(&input) % 16) {
        case 0:
        case 1:
        case 2:
            do_get_empty();
            break;
        case 3:
        case 4:
        case 5:
            do_release_full();
            break;
        case 6:
        case 7:
        case 8:
            do_get_full();
            break;
        case 9:
        case 10:
        case 11:
            do_release_empty();
            break;
        case 12:
        case 13:
            rondo_double_buffer_warm(&scene.buffer);
            break;
        case 14:
            init();
            break;
        default:
            do_bad_init(&input);
            break;
        }
        FUZZ_CHECK_EQUAL(rondo_double_buffer_held(&scene.buffer), scene.taken - scene.empty);
    }
    free(scene.memory);
    return 0;
}
