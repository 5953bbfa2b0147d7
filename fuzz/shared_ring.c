/* SPDX-License-Identifier: MIT */
/*
 * Every call of shared_ring.h, both endpoints in one process taking turns, against a model that only
 * counts frames; endpoints come and go, and what must be refused is refused and gives everything
 * back.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <rondo/shared_ring.h>

#include "fuzz/check.h"
#include "fuzz/input.h"
#include "fuzz/surroundings.h"

#define MEMORY_BYTES_MAX 16384u
#define OPERATIONS_MAX   1024u

enum side {
    PRODUCER,
    CONSUMER
};

static struct {
    struct rondo_shared_ring ends[2];
    bool is_there[2];
    uint32_t lent[2];
    uint64_t base; /* position at 0 */
    int64_t write, read;
    uint32_t capacity, frame_bytes;
    int fd; /* our own, so that both endpoints may go */
} scene;

static int64_t
least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static enum rondo_shared_role
role_of(enum side side)
{
    return side == PRODUCER ? RONDO_SHARED_PRODUCER : RONDO_SHARED_CONSUMER;
}

static unsigned char
frame_byte(int64_t pos, uint32_t offset)
{
    const uint64_t hash = (scene.base + (uint64_t)pos) * UINT64_C(0x9e3779b97f4a7c15);

    return (unsigned char)(hash >> (8 * (offset % 8)) ^ hash >> 56 ^ offset);
}

static void
fill_frames(void *data, int64_t pos, uint32_t frames)
{
    unsigned char *byte = data;

    for (uint32_t frame = 0; frame < frames; frame++)
        for (uint32_t offset = 0; offset < scene.frame_bytes; offset++)
            *byte++ = frame_byte(pos + frame, offset);
}

static void
check_frames(const void *data, int64_t pos, uint32_t frames)
{
    const unsigned char *byte = data;

    for (uint32_t frame = 0; frame < frames; frame++)
        for (uint32_t offset = 0; offset < scene.frame_bytes; offset++)
            FUZZ_CHECK_EQUAL(*byte++, frame_byte(pos + frame, offset));
}

/* Frames that a side can have now. */
static int64_t
available(enum side side)
{
    const int64_t fill = scene.write - scene.read;

    return side == PRODUCER ? scene.capacity - fill : fill;
}

static int64_t
position(enum side side)
{
    return side == PRODUCER ? scene.write : scene.read;
}

/* ---- moving frames ---- */

static void
do_get(struct fuzz_input *input, enum side side)
{
    struct rondo_shared_ring *const end = &scene.ends[side];
    const uint32_t max = fuzz_count(input, scene.capacity);
    const int64_t pos = position(side);
    const int64_t row = scene.capacity - pos % scene.capacity;
    const struct rondo_span span = side == PRODUCER ? rondo_shared_ring_get_write(end, max)
                                                    : rondo_shared_ring_get_read(end, max);

    FUZZ_CHECK_EQUAL(span.frames, least(max, least(row, available(side))));
    FUZZ_CHECK((span.frames == 0) == (span.data == NULL));
    if (side == PRODUCER)
        fill_frames(span.data, pos, span.frames);
    else
        check_frames(span.data, pos, span.frames);
    scene.lent[side] = span.frames;
}

static void
advance(enum side side, uint32_t frames)
{
    if (side == PRODUCER)
        scene.write += frames;
    else
        scene.read += frames;
}

static void
do_release(struct fuzz_input *input, enum side side)
{
    struct rondo_shared_ring *const end = &scene.ends[side];
    const uint32_t frames = (uint32_t)least(fuzz_count(input, scene.lent[side]), scene.lent[side]);

    if (side == PRODUCER)
        rondo_shared_ring_release_write(end, frames);
    else
        rondo_shared_ring_release_read(end, frames);
    advance(side, frames);
    scene.lent[side] -= frames;
}

static void
do_copy(struct fuzz_input *input, enum side side)
{
    struct rondo_shared_ring *const end = &scene.ends[side];
    const uint32_t frames = fuzz_count(input, scene.capacity) % (2 * scene.capacity + 4);
    unsigned char *const block = malloc((size_t)frames * scene.frame_bytes + 1);
    uint32_t done;

    FUZZ_CHECK(block != NULL);
    if (side == PRODUCER) {
        fill_frames(block, scene.write, frames);
        done = rondo_shared_ring_write(end, block, frames);
    } else {
        done = rondo_shared_ring_read(end, block, frames);
        check_frames(block, scene.read, done);
    }
    free(block);
    FUZZ_CHECK_EQUAL(done, least(frames, available(side)));
    advance(side, done);
    scene.lent[side] = 0;
}

/* Calls of the other role lend nothing and release nothing. */
static void
do_wrong_role(struct fuzz_input *input, enum side side)
{
    struct rondo_shared_ring *const end = &scene.ends[side];
    const uint32_t frames = fuzz_count(input, scene.capacity);
    unsigned char byte = 0;

    if (side == PRODUCER) {
        FUZZ_CHECK_EQUAL(rondo_shared_ring_get_read(end, frames).frames, 0);
        rondo_shared_ring_release_read(end, frames);
        FUZZ_CHECK_EQUAL(rondo_shared_ring_read(end, &byte, frames), 0);
    } else {
        FUZZ_CHECK_EQUAL(rondo_shared_ring_get_write(end, frames).frames, 0);
        rondo_shared_ring_release_write(end, frames);
        FUZZ_CHECK_EQUAL(rondo_shared_ring_write(end, &byte, frames), 0);
    }
}

/* ---- coming and going ---- */

static void
leave(enum side side)
{
    rondo_shared_ring_destroy(&scene.ends[side]);
    FUZZ_CHECK_EQUAL(rondo_shared_ring_fd(&scene.ends[side]), -1);
    scene.is_there[side] = false;
    scene.lent[side] = 0;
}

static void
attach(enum side side)
{
    FUZZ_CHECK_EQUAL(rondo_shared_ring_attach(&scene.ends[side], scene.fd, role_of(side)), 0);
    scene.is_there[side] = true;
}

/* What cannot be a ring, or must not be used as one. */
static void
do_bad_attach(struct fuzz_input *input)
{
    static struct rondo_shared_ring end;
    const uint32_t role = fuzz_bool(input) ? RONDO_SHARED_PRODUCER : RONDO_SHARED_CONSUMER;
    const struct fuzz_census before = fuzz_census();
    struct rondo_shared_ring *misplaced;
    char path[64];
    int fd = -1;
    int result = 0;
    int expected = 0;

    switch (fuzz_below(input, 8)) {
    case 0:
        expected = -EINVAL;
        result = rondo_shared_ring_attach(NULL, scene.fd, (enum rondo_shared_role)role);
        break;
    case 1:
        expected = -EINVAL;
        misplaced = (struct rondo_shared_ring *)(void *)((unsigned char *)&end + 8);
        result = rondo_shared_ring_attach(misplaced, scene.fd, (enum rondo_shared_role)role);
        break;
    case 2:
        expected = -EINVAL;
        result = rondo_shared_ring_attach(
            &end, scene.fd, (enum rondo_shared_role)(3 + fuzz_count(input, 0) % 0x7ffffff0));
        break;
    case 3:
        expected = -EBADF;
        result = rondo_shared_ring_attach(&end, fuzz_bool(input) ? -1 : 1000000,
                                          (enum rondo_shared_role)role);
        break;
    case 4: /* not a memfd */
        expected = -EBADMSG;
        fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
        result = rondo_shared_ring_attach(&end, fd, (enum rondo_shared_role)role);
        break;
    case 5: /* the other side could take it away */
        expected = -EPERM;
        fd = memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        FUZZ_CHECK(ftruncate(fd, (off_t)fuzz_number(input, 2)) == 0);
        result = rondo_shared_ring_attach(&end, fd, (enum rondo_shared_role)role);
        break;
    case 6: /* too small, or nothing in it */
        expected = -EBADMSG;
        fd = memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        FUZZ_CHECK(ftruncate(fd, (off_t)fuzz_number(input, 2)) == 0);
        FUZZ_CHECK(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) == 0);
        result = rondo_shared_ring_attach(&end, fd, (enum rondo_shared_role)role);
        break;
    default: /* to be read only */
        expected = -EACCES;
        snprintf(path, sizeof path, "/proc/self/fd/%d", scene.fd);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        result = rondo_shared_ring_attach(&end, fd, (enum rondo_shared_role)role);
        break;
    }
    if (fd >= 0)
        close(fd);
    FUZZ_CHECK_EQUAL(result, expected);
    fuzz_census_check(&before);
}

static void
do_bad_create(struct fuzz_input *input)
{
    static struct rondo_shared_ring end;
    const uint32_t capacity = 1 + fuzz_below(input, 1000);
    const uint32_t above = fuzz_count(input, 0) % 0x40000000;

    switch (fuzz_below(input, 6)) {
    case 0:
        FUZZ_CHECK_EQUAL(rondo_shared_ring_create(NULL, capacity, 4, RONDO_SHARED_PRODUCER),
                         -EINVAL);
        return;
    case 1:
        FUZZ_CHECK_EQUAL(rondo_shared_ring_create(&end, 0, 4, RONDO_SHARED_PRODUCER), -EINVAL);
        break;
    case 2:
        FUZZ_CHECK_EQUAL(rondo_shared_ring_create(&end, capacity, 0, RONDO_SHARED_CONSUMER),
                         -EINVAL);
        break;
    case 3:
        FUZZ_CHECK_EQUAL(
            rondo_shared_ring_create(&end, capacity, 4, (enum rondo_shared_role)(3 + above)),
            -EINVAL);
        break;
    case 4:
        FUZZ_CHECK_EQUAL(rondo_shared_ring_create(&end, RONDO_CAPACITY_FRAMES_MAX + 1 + above, 4,
                                                  RONDO_SHARED_CONSUMER),
                         -EOVERFLOW);
        break;
    default:
        FUZZ_CHECK_EQUAL(rondo_shared_ring_create(&end, capacity, RONDO_FRAME_BYTES_MAX + 1 + above,
                                                  RONDO_SHARED_PRODUCER),
                         -EOVERFLOW);
        break;
    }
    FUZZ_CHECK(end.mapping == NULL && end.fd == -1);
}

/* ---- a run ---- */

static void
set_up(struct fuzz_input *input)
{
    static const uint32_t frames[] = {1, 2, 4, 6, 8, 12, 16, 64};
    const uint8_t shape = fuzz_byte(input);
    const enum side side = shape & 1 ? CONSUMER : PRODUCER;

    memset((void *)&scene, 0, sizeof scene);
    scene.capacity = 1 + (shape & 2 ? fuzz_below(input, 1024) : fuzz_below(input, 16));
    scene.frame_bytes = shape & 4 ? 1 + fuzz_below(input, 300) : FUZZ_PICK(input, frames);
    while (scene.capacity * scene.frame_bytes > MEMORY_BYTES_MAX)
        scene.capacity = (scene.capacity + 1) / 2;
    FUZZ_CHECK_EQUAL(rondo_shared_ring_create(&scene.ends[side], scene.capacity, scene.frame_bytes,
                                              role_of(side)),
                     0);
    scene.is_there[side] = true;
    if (shape & 8) {
        scene.base = fuzz_edge(input, 0);
        rondo_shared_ring_start_at(&scene.ends[side], scene.base);
    }
    scene.fd = fcntl(rondo_shared_ring_fd(&scene.ends[side]), F_DUPFD_CLOEXEC, 0);
    FUZZ_CHECK(scene.fd >= 0);
}

static void
operate(struct fuzz_input *input)
{
    const uint8_t choice = fuzz_byte(input);
    const enum side side = choice & 1 ? CONSUMER : PRODUCER;

    if (choice / 2 % 16 < 13 && !scene.is_there[side]) {
        attach(side);
        return;
    }
    switch (choice / 2 % 16) {
    case 0:
    case 1:
    case 2:
    case 3:
        do_get(input, side);
        break;
    case 4:
    case 5:
    case 6:
    case 7:
        do_release(input, side);
        break;
    case 8:
    case 9:
    case 10:
        do_copy(input, side);
        break;
    case 11:
        do_wrong_role(input, side);
        break;
    case 12:
        leave(side);
        break;
    case 13:
        if (scene.is_there[side])
            leave(side);
        leave(side); /* again: nothing to leave */
        break;
    case 14:
        do_bad_attach(input);
        break;
    default:
        do_bad_create(input);
        break;
    }
}

static void
check_ends(void)
{
    for (int side = PRODUCER; side <= CONSUMER; side++) {
        if (!scene.is_there[side])
            continue;
        FUZZ_CHECK_EQUAL(rondo_shared_ring_capacity(&scene.ends[side]), scene.capacity);
        FUZZ_CHECK_EQUAL(rondo_shared_ring_corruptions(&scene.ends[side]), 0);
        FUZZ_CHECK(rondo_shared_ring_fd(&scene.ends[side]) >= 0);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    const struct fuzz_census before = fuzz_census();

    fuzz_guard_mappings(true);
    set_up(&input);
    for (unsigned i = 0; i < OPERATIONS_MAX && fuzz_has_more(&input); i++) {
        operate(&input);
        check_ends();
    }
    rondo_shared_ring_destroy(&scene.ends[PRODUCER]);
    rondo_shared_ring_destroy(&scene.ends[CONSUMER]);
    rondo_shared_ring_destroy(NULL);
    close(scene.fd);
    fuzz_guard_mappings(false);
    fuzz_census_check(&before);
    return 0;
}
