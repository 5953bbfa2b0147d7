/* SPDX-License-Identifier: MIT */
/*
 * shared_ring.h beside another process that writes what it likes into the whole shared memory. What
 * it writes, and when, is the input.
 *
 * Whatever it does: the endpoint lends the frames at its own position and no others, as many as the
 * last sound position of the other side allows, and counts each impossible one that it meets. What
 * is attached to is consistent, or refused with a code that is documented. Pages that cannot be
 * touched stand around each mapping.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rondo/shared_ring.h>

#include "fuzz/check.h"
#include "fuzz/input.h"
#include "fuzz/surroundings.h"

#define MEMORY_BYTES_MAX 16384u
#define OPERATIONS_MAX   512u

/* One endpoint, and what it is known to know. */
struct side {
    struct rondo_shared_ring end;
    bool is_there, produces;
    uint32_t capacity, frame_bytes;
    uint64_t pos;      /* nobody but itself can change it */
    uint64_t peer_pos; /* the last sound one */
    uint64_t offset;   /* of pos in memory, in frames */
    uint64_t corruptions;
    uint32_t lent;
};

static struct side sides[2];
static int fd;
static uint64_t file_bytes;
static unsigned char *hostile; /* the other process's view of the file; NULL: empty */
static size_t hostile_bytes;
static volatile unsigned char sink;

static uint32_t
least(uint64_t a, uint64_t b)
{
    return (uint32_t)(a < b ? a : b);
}

/* ---- the hostile side ---- */

static uint64_t
word_at(size_t offset)
{
    uint64_t word = 0;

    if (offset + sizeof word <= hostile_bytes)
        memcpy(&word, hostile + offset, sizeof word);
    return word;
}

static void
put_word(size_t offset, uint64_t word, size_t bytes)
{
    if (offset + bytes <= hostile_bytes)
        memcpy(hostile + offset, &word, bytes);
}

/* A value near something that is right now. */
static uint64_t
wicked(struct fuzz_input *input)
{
    const struct side *const side = &sides[fuzz_byte(input) & 1];

    switch (fuzz_below(input, 4)) {
    case 0:
        return fuzz_edge(input, side->pos);
    case 1:
        return fuzz_edge(input, side->pos + side->capacity);
    case 2:
        return fuzz_edge(input, side->pos - side->capacity);
    default:
        return fuzz_edge(input, side->peer_pos);
    }
}

static void
write_wickedly(struct fuzz_input *input)
{
    static const uint8_t fields[][2] = {
        /* offset and bytes of what the header has */
        {offsetof(struct rondo__shared_header, magic), 8},
        {offsetof(struct rondo__shared_header, version), 4},
        {offsetof(struct rondo__shared_header, cacheline_bytes), 4},
        {offsetof(struct rondo__shared_header, capacity_frames), 4},
        {offsetof(struct rondo__shared_header, frame_bytes), 4},
        {offsetof(struct rondo__shared_header, frames_offset_bytes), 8},
        {offsetof(struct rondo__shared_header, origin_pos), 8},
        {offsetof(struct rondo__shared_header, write_pos), 8},
        {offsetof(struct rondo__shared_header, read_pos), 8},
    };
    const size_t write_pos = offsetof(struct rondo__shared_header, write_pos);
    const size_t read_pos = offsetof(struct rondo__shared_header, read_pos);
    const uint8_t choice = fuzz_byte(input);

    switch (choice % 8) {
    case 0:
    case 1:
    case 2:
        put_word(choice & 8 ? write_pos : read_pos, wicked(input), 8);
        break;
    case 3: /* a sound one: it goes on */
        put_word(write_pos, sides[0].pos, 8);
        put_word(read_pos, sides[1].pos, 8);
        break;
    case 4: {
        const uint8_t *const field = FUZZ_PICK(input, fields);

        put_word(field[0], fuzz_edge(input, word_at(field[0])), field[1]);
        break;
    }
    case 5: /* anywhere */
        put_word(fuzz_count(input, 4096), fuzz_number(input, 8), 8);
        break;
    case 6: /* everywhere */
        if (hostile_bytes > 0)
            memset(hostile, fuzz_byte(input),
                   choice & 8 ? hostile_bytes : least(hostile_bytes, 192));
        break;
    default: /* one position is the other's */
        put_word(write_pos, word_at(read_pos), 8);
        break;
    }
}

static void
make_file(uint64_t bytes, bool is_sealed)
{
    fd = memfd_create("hostile", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    FUZZ_CHECK(fd >= 0 && ftruncate(fd, (off_t)bytes) == 0);
    file_bytes = bytes;
    if (is_sealed)
        FUZZ_CHECK(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) == 0);
}

static void
open_eyes(void)
{
    hostile_bytes = file_bytes;
    if (hostile_bytes == 0)
        return;
    hostile = mmap(NULL, hostile_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    FUZZ_CHECK(hostile != MAP_FAILED);
}

/* A header as create makes it, for the hostile side to spoil. */
static void
write_header(uint32_t capacity, uint32_t frame_bytes, uint64_t origin, uint64_t fill)
{
    struct rondo__shared_header header;

    memset((void *)&header, 0, sizeof header);
    header.magic = RONDO__SHARED_MAGIC;
    header.version = RONDO__SHARED_VERSION;
    header.cacheline_bytes = RONDO_CACHELINE_BYTES;
    header.capacity_frames = capacity;
    header.frame_bytes = frame_bytes;
    header.frames_offset_bytes = rondo_page_bytes();
    header.origin_pos = origin;
    header.read_pos = origin;
    header.write_pos = origin + fill;
    if (hostile_bytes > 0)
        memcpy(hostile, (void *)&header, least(hostile_bytes, sizeof header));
}

/* ---- our side ---- */

/* What a get must lend, by what the other side has published now. */
static uint32_t
expected_frames(struct side *side, uint32_t max)
{
    const uint64_t own = side->pos;
    uint64_t ahead = side->produces ? own - side->peer_pos : side->peer_pos - own;
    uint64_t known = side->produces ? side->capacity - ahead : ahead;

    if (known < max) {
        const uint64_t peer =
            word_at(side->produces ? offsetof(struct rondo__shared_header, read_pos)
                                   : offsetof(struct rondo__shared_header, write_pos));

        ahead = side->produces ? own - peer : peer - own;
        if (ahead > side->capacity || (int64_t)(peer - side->peer_pos) < 0) {
            side->corruptions++;
            known = 0;
        } else {
            side->peer_pos = peer;
            known = side->produces ? side->capacity - ahead : ahead;
        }
    }
    return least(max, least(known, side->capacity - side->offset));
}

static unsigned char *
frames_of(const struct side *side)
{
    return (unsigned char *)side->end.mapping + rondo_page_bytes();
}

static void
advance(struct side *side, uint32_t frames)
{
    side->pos += frames;
    side->offset = (side->offset + frames) % side->capacity;
}

static void
do_get(struct fuzz_input *input, struct side *side)
{
    const uint32_t max = fuzz_count(input, side->capacity);
    const uint32_t expected = expected_frames(side, max);
    const struct rondo_span span = side->produces ? rondo_shared_ring_get_write(&side->end, max)
                                                  : rondo_shared_ring_get_read(&side->end, max);
    unsigned char *const data = span.data;

    FUZZ_CHECK_EQUAL(span.frames, expected);
    if (expected == 0)
        FUZZ_CHECK(data == NULL);
    else
        FUZZ_CHECK(data == frames_of(side) + side->offset * side->frame_bytes);
    for (size_t i = 0; i < (size_t)span.frames * side->frame_bytes; i++) {
        if (side->produces)
            data[i] = (unsigned char)i;
        else
            sink = data[i];
    }
    side->lent = span.frames;
}

static void
do_release(struct fuzz_input *input, struct side *side)
{
    const uint32_t frames = least(fuzz_count(input, side->lent), side->lent);

    if (side->produces)
        rondo_shared_ring_release_write(&side->end, frames);
    else
        rondo_shared_ring_release_read(&side->end, frames);
    side->lent -= frames;
    advance(side, frames);
}

static void
do_copy(struct fuzz_input *input, struct side *side)
{
    const uint32_t frames = fuzz_count(input, side->capacity) % (2 * side->capacity + 4);
    unsigned char *const block = calloc((size_t)frames + 1, side->frame_bytes);
    uint32_t expected = 0;
    uint32_t done;

    FUZZ_CHECK(block != NULL);
    for (int part = 0; part < 2 && expected < frames; part++) {
        const uint32_t some = expected_frames(side, frames - expected);

        if (some == 0)
            break;
        advance(side, some);
        expected += some;
    }
    done = side->produces ? rondo_shared_ring_write(&side->end, block, frames)
                          : rondo_shared_ring_read(&side->end, block, frames);
    free(block);
    FUZZ_CHECK_EQUAL(done, expected);
    side->lent = 0;
}

static void
do_attach(struct side *side)
{
    const enum rondo_shared_role role =
        side->produces ? RONDO_SHARED_PRODUCER : RONDO_SHARED_CONSUMER;
    const int result = rondo_shared_ring_attach(&side->end, fd, role);
    uint64_t write_pos;
    uint64_t read_pos;
    uint64_t origin;

    FUZZ_CHECK_ONE_OF(result, -EBADMSG, -EPROTO, -EPERM);
    side->is_there = result == 0;
    if (result != 0) {
        FUZZ_CHECK(side->end.mapping == NULL && side->end.fd == -1);
        return;
    }
    /* Nobody writes now: what it has checked is what is there. */
    side->capacity = rondo_shared_ring_capacity(&side->end);
    side->frame_bytes = side->end.frame_bytes;
    FUZZ_CHECK(side->capacity > 0 && side->frame_bytes > 0);
    FUZZ_CHECK(rondo_page_bytes() + (uint64_t)side->capacity * side->frame_bytes == file_bytes);
    write_pos = word_at(offsetof(struct rondo__shared_header, write_pos));
    read_pos = word_at(offsetof(struct rondo__shared_header, read_pos));
    origin = word_at(offsetof(struct rondo__shared_header, origin_pos));
    FUZZ_CHECK(write_pos - read_pos <= side->capacity);
    side->pos = side->produces ? write_pos : read_pos;
    side->peer_pos = side->produces ? read_pos : write_pos;
    side->offset = (side->pos - origin) % side->capacity;
    side->corruptions = 0;
    side->lent = 0;
}

static void
do_leave(struct side *side)
{
    rondo_shared_ring_destroy(&side->end);
    side->is_there = false;
    side->lent = 0;
}

/* ---- a run ---- */

static void
set_up(struct fuzz_input *input)
{
    const uint8_t shape = fuzz_byte(input);
    const size_t page = rondo_page_bytes();
    uint32_t capacity = 1 + (shape & 1 ? fuzz_below(input, 1024) : fuzz_below(input, 16));
    const uint32_t frame_bytes = 1 + (shape & 2 ? fuzz_below(input, 300) : fuzz_below(input, 16));
    const uint64_t origin = shape & 4 ? fuzz_edge(input, 0) : 0;

    memset((void *)sides, 0, sizeof sides);
    sides[0].produces = true;
    hostile = NULL;
    while (capacity * frame_bytes > MEMORY_BYTES_MAX)
        capacity = (capacity + 1) / 2;
    if (shape & 8) { /* ours, and trusted until somebody else comes */
        struct side *const side = &sides[shape >> 4 & 1];

        FUZZ_CHECK_EQUAL(rondo_shared_ring_create(&side->end, capacity, frame_bytes,
                                                  side->produces ? RONDO_SHARED_PRODUCER
                                                                 : RONDO_SHARED_CONSUMER),
                         0);
        rondo_shared_ring_start_at(&side->end, origin);
        side->is_there = true;
        side->capacity = capacity;
        side->frame_bytes = frame_bytes;
        side->pos = side->peer_pos = origin;
        fd = fcntl(side->end.fd, F_DUPFD_CLOEXEC, 0);
        FUZZ_CHECK(fd >= 0);
        file_bytes = page + (uint64_t)capacity * frame_bytes;
        open_eyes();
        return;
    }
    make_file(shape & 32 ? fuzz_number(input, 2) : page + (uint64_t)capacity * frame_bytes,
              (shape & 0xc0) != 0xc0);
    open_eyes();
    write_header(capacity, frame_bytes, origin, shape & 16 ? capacity : 0);
}

static void
operate(struct fuzz_input *input)
{
    const uint8_t choice = fuzz_byte(input);
    struct side *const side = &sides[choice & 1];

    if (choice / 2 % 16 < 8) {
        write_wickedly(input);
        return;
    }
    if (!side->is_there) {
        do_attach(side);
        return;
    }
    switch (choice / 2 % 16) {
    case 8:
    case 9:
    case 10:
        do_get(input, side);
        break;
    case 11:
    case 12:
        do_release(input, side);
        break;
    case 13:
    case 14:
        do_copy(input, side);
        break;
    default:
        do_leave(side);
        break;
    }
    if (!side->is_there)
        return;
    FUZZ_CHECK_EQUAL(rondo_shared_ring_corruptions(&side->end), side->corruptions);
    FUZZ_CHECK_EQUAL(rondo_shared_ring_capacity(&side->end), side->capacity);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    const struct fuzz_census before = fuzz_census();

    fuzz_guard_mappings(true);
    set_up(&input);
    for (unsigned i = 0; i < OPERATIONS_MAX && fuzz_has_more(&input); i++)
        operate(&input);
    do_leave(&sides[0]);
    do_leave(&sides[1]);
    if (hostile != NULL)
        munmap(hostile, hostile_bytes);
    close(fd);
    fuzz_guard_mappings(false);
    fuzz_census_check(&before);
    return 0;
}
