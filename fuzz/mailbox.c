/* SPDX-License-Identifier: MIT */
/*
 * Every call of mailbox.h, both sides taking turns in one thread, against a model that is nothing but
 * the newest value and whether it was looked at.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <rondo/mailbox.h>

#include "fuzz/check.h"
#include "fuzz/input.h"

#define VALUE_BYTES_MAX 4096u
#define OPERATIONS_MAX  1024u

static struct {
    struct rondo_mailbox mailbox;
    unsigned char *memory;
    uint32_t value_bytes;
    uint64_t written;    /* values begun; the last one published is `newest` */
    uint64_t newest;     /* 0: nothing was ever published */
    uint64_t seen;       /* what the reader looked at last; 0: nothing */
    const void *looking; /* where that is; NULL: it was copied, or never looked at */
} scene;

static unsigned char
value_byte(uint64_t value, size_t offset)
{
    return (unsigned char)((value * UINT64_C(0x9e3779b97f4a7c15) + offset * 251) >> 13);
}

static void
fill(void *data, uint64_t value)
{
    for (size_t i = 0; i < scene.value_bytes; i++)
        ((unsigned char *)data)[i] = value_byte(value, i);
}

static void
check(const void *data, uint64_t value)
{
    for (size_t i = 0; i < scene.value_bytes; i++)
        FUZZ_CHECK_EQUAL(((const unsigned char *)data)[i], value_byte(value, i));
}

static void
do_write_in_place(struct fuzz_input *input)
{
    void *const slot = rondo_mailbox_get_write(&scene.mailbox);

    FUZZ_CHECK((uintptr_t)slot % RONDO_CACHELINE_BYTES == 0);
    fill(slot, ++scene.written);
    if (fuzz_bool(input))
        return; /* begun, and not published */
    rondo_mailbox_release_write(&scene.mailbox);
    scene.newest = scene.written;
}

static void
do_write(void)
{
    unsigned char *const value = malloc(scene.value_bytes);

    FUZZ_CHECK(value != NULL);
    fill(value, ++scene.written);
    rondo_mailbox_write(&scene.mailbox, value);
    free(value);
    scene.newest = scene.written;
}

static void
do_look(struct fuzz_input *input)
{
    const bool is_fresh = scene.seen != scene.newest;
    const bool asks = fuzz_bool(input);
    bool fresh = !is_fresh;

    scene.looking = rondo_mailbox_get_read(&scene.mailbox, asks ? &fresh : NULL);
    FUZZ_CHECK(!asks || fresh == is_fresh);
    FUZZ_CHECK((scene.looking == NULL) == (scene.newest == 0));
    scene.seen = scene.newest;
    if (scene.looking != NULL)
        check(scene.looking, scene.seen);
}

static void
do_read(void)
{
    const bool is_fresh = scene.seen != scene.newest;
    unsigned char *const value = malloc(scene.value_bytes);

    FUZZ_CHECK(value != NULL);
    fill(value, 0); /* untouched as long as nothing was ever published */
    FUZZ_CHECK(rondo_mailbox_read(&scene.mailbox, value) == is_fresh);
    check(value, scene.newest);
    free(value);
    scene.seen = scene.newest;
    scene.looking = NULL;
}

static void
do_bad_init(struct fuzz_input *input)
{
    const struct rondo_mailbox before = scene.mailbox;
    const uint32_t above = fuzz_count(input, 0);

    switch (fuzz_below(input, 5)) {
    case 0:
        FUZZ_CHECK_EQUAL(rondo_mailbox_init(NULL, scene.memory, 8), -EINVAL);
        break;
    case 1:
        FUZZ_CHECK_EQUAL(rondo_mailbox_init(&scene.mailbox, NULL, above), -EINVAL);
        break;
    case 2:
        FUZZ_CHECK_EQUAL(rondo_mailbox_init(&scene.mailbox, scene.memory, 0), -EINVAL);
        break;
    case 3:
        FUZZ_CHECK_EQUAL(rondo_mailbox_init(&scene.mailbox, scene.memory + 1 + above % 63, 8),
                         -EINVAL);
        break;
    default:
        FUZZ_CHECK_EQUAL(rondo_mailbox_init(&scene.mailbox, scene.memory,
                                            RONDO_MAILBOX_VALUE_BYTES_MAX + 1 + above % 0xe0000000),
                         -EOVERFLOW);
        break;
    }
    FUZZ_CHECK(memcmp((const void *)&before, (const void *)&scene.mailbox, sizeof before) == 0);
}

static void
init(void)
{
    FUZZ_CHECK_EQUAL(rondo_mailbox_init(&scene.mailbox, scene.memory, scene.value_bytes), 0);
    scene.newest = scene.seen = 0;
    scene.looking = NULL;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    void *memory = NULL;

    memset((void *)&scene, 0, sizeof scene);
    scene.value_bytes = 1 + fuzz_count(&input, 64) % VALUE_BYTES_MAX;
    FUZZ_CHECK(posix_memalign(&memory, RONDO_CACHELINE_BYTES,
                              RONDO_MAILBOX_BYTES(scene.value_bytes)) == 0);
    scene.memory = memory;
    init();
    for (unsigned i = 0; i < OPERATIONS_MAX && fuzz_has_more(&input); i++) {
        switch (fuzz_byte(&input) % 16) {
        case 0:
        case 1:
        case 2:
        case 3:
            do_write_in_place(&input);
            break;
        case 4:
        case 5:
        case 6:
            do_write();
            break;
        case 7:
        case 8:
        case 9:
        case 10:
            do_look(&input);
            break;
        case 11:
        case 12:
        case 13:
            do_read();
            break;
        case 14:
            init();
            break;
        default:
            do_bad_init(&input);
            break;
        }
        /* Unchanged until the reader's next call, whatever the writer does. */
        if (scene.looking != NULL)
            check(scene.looking, scene.seen);
    }
    free(scene.memory);
    return 0;
}
