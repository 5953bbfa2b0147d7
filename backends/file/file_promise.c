/* SPDX-License-Identifier: MIT */
#include "backends/file/file_promise.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

/* A header that wants more chunks than this to be passed is up to no good. */
#define CHUNKS_MAX 10000

/* An Ogg page is no longer than this; one that ends the file begins within it. */
#define OGG_PAGE_BYTES (27 + 255 + 255 * 255)

/* How a kind of file is made of chunks. */
struct chunks {
    uint64_t first;      /* offset of the first chunk */
    size_t id_bytes;     /* they begin with an id, */
    size_t size_bytes;   /* and a size, */
    bool big_endian;     /* in this order, */
    bool size_with_head; /* which may count the head too */
    unsigned align;      /* the next chunk begins at a multiple of this from the chunk's begin */
    const char *data;    /* the id of the one with the samples */
};

static uint64_t
number(const unsigned char *bytes, size_t count, bool big_endian)
{
    uint64_t value = 0;

    for (size_t i = 0; i < count; i++)
        value = value << 8 | bytes[big_endian ? i : count - 1 - i];
    return value;
}

/* As much as there is, perhaps less than asked for; negative errno. */
static ssize_t
read_at(int fd, void *bytes, size_t count, uint64_t offset)
{
    size_t done = 0;

    while (done < count) {
        const ssize_t got = pread(fd, (char *)bytes + done, count - done, (off_t)(offset + done));

        if (got < 0 && errno != EINTR)
            return -errno;
        if (got == 0)
            break;
        done += got > 0 ? (size_t)got : 0;
    }
    return (ssize_t)done;
}

static int
check_end(uint64_t offset, uint64_t size, uint64_t length_bytes, uint64_t *missing)
{
    if (offset <= length_bytes && size <= length_bytes - offset)
        return 0;
    *missing = size - (offset <= length_bytes ? length_bytes - offset : 0);
    return -EBADMSG;
}

/* Programs write these which cannot come back to fill in the true size. They round down to whole
 * frames. */
bool
rondo__file_size_is_unknown(uint64_t bytes)
{
    const uint64_t frame = 4096;

    return (bytes <= 0x7ffff000 && bytes > 0x7ffff000 - frame) ||
           (bytes <= 0x80000000 && bytes > 0x80000000 - frame) ||
           (bytes <= UINT32_MAX && bytes > UINT32_MAX - frame);
}

static bool
is_unknown_size(uint64_t size, size_t size_bytes)
{
    return size_bytes == 8 ? size == UINT64_MAX : rondo__file_size_is_unknown(size);
}

static int
walk_chunks(int fd, uint64_t length_bytes, const struct chunks *kind, uint64_t *missing)
{
    const size_t head_bytes = kind->id_bytes + kind->size_bytes;
    unsigned char head[24 + 8];
    uint64_t long_size = 0; /* RF64: what stands in place of a size of 32 bits */
    uint64_t offset = kind->first;

    for (int i = 0; i < CHUNKS_MAX; i++) {
        const ssize_t got = read_at(fd, head, sizeof(head), offset);
        uint64_t size = 0;

        if (got < 0)
            return (int)got;
        if (got == 0)
            return 0; /* no samples at all: libsndfile says so */
        if ((size_t)got < head_bytes)
            return -EBADMSG;
        size = number(head + kind->id_bytes, kind->size_bytes, kind->big_endian);
        if (memcmp(head, "ds64", 4) == 0 && got >= 24)
            long_size = number(head + 16, 8, false);
        if (kind->size_with_head)
            size -= size < head_bytes ? size : head_bytes;
        if (memcmp(head, kind->data, 4) == 0) {
            if (long_size != 0 && size == UINT32_MAX)
                size = long_size;
            else if (is_unknown_size(size, kind->size_bytes))
                return 0;
            return check_end(offset + head_bytes, size, length_bytes, missing);
        }
        if (check_end(offset + head_bytes, size, length_bytes, missing) < 0)
            return -EBADMSG;
        size += head_bytes;
        offset += (size + kind->align - 1) / kind->align * kind->align;
    }
    return 0;
}

/* The last page must be whole and say that it is the last. */
static int
check_ogg(int fd, uint64_t length_bytes)
{
    static const size_t window_bytes = 2048;
    unsigned char window[2048 + 27];
    unsigned char segments[255];
    uint64_t end = length_bytes;

    while (end > 0 && length_bytes - end < OGG_PAGE_BYTES) {
        const uint64_t from = end > window_bytes ? end - window_bytes : 0;
        const ssize_t got = read_at(fd, window, (size_t)(end - from) + 3, from);

        if (got < 0)
            return (int)got;
        for (ssize_t at = got - 4; at >= 0; at--) {
            unsigned char head[27];
            uint64_t page_end = from + (uint64_t)at + sizeof(head);

            if (memcmp(window + at, "OggS", 4) != 0)
                continue;
            if (read_at(fd, head, sizeof(head), from + (uint64_t)at) != sizeof(head) ||
                read_at(fd, segments, head[26], page_end) != head[26])
                return -EBADMSG;
            page_end += head[26];
            for (size_t i = 0; i < head[26]; i++)
                page_end += segments[i];
            /* Bit 2: the last page of its stream. */
            return page_end <= length_bytes && (head[5] & 4) != 0 ? 0 : -EBADMSG;
        }
        end = from;
    }
    return 0;
}

int
rondo__file_promise(int fd, uint64_t length_bytes, uint64_t *missing)
{
    static const struct chunks riff = {12, 4, 4, false, false, 2, "data"};
    static const struct chunks rifx = {12, 4, 4, true, false, 2, "data"};
    static const struct chunks aiff = {12, 4, 4, true, false, 2, "SSND"};
    static const struct chunks svx = {12, 4, 4, true, false, 2, "BODY"};
    static const struct chunks caf = {8, 4, 8, true, false, 1, "data"};
    static const struct chunks w64 = {40, 16, 8, false, true, 8, "data"};
    unsigned char head[16] = {0};
    const ssize_t got = read_at(fd, head, sizeof(head), 0);

    *missing = 0;
    if (got < 0)
        return (int)got;
    if (memcmp(head, "RIFF", 4) == 0 || memcmp(head, "RF64", 4) == 0)
        return walk_chunks(fd, length_bytes, &riff, missing);
    if (memcmp(head, "RIFX", 4) == 0)
        return walk_chunks(fd, length_bytes, &rifx, missing);
    if (memcmp(head, "FORM", 4) == 0)
        return walk_chunks(fd, length_bytes, memcmp(head + 8, "AIF", 3) == 0 ? &aiff : &svx,
                           missing);
    if (memcmp(head, "caff", 4) == 0)
        return walk_chunks(fd, length_bytes, &caf, missing);
    if (memcmp(head, "riff\x2e\x91\xcf\x11", 8) == 0)
        return walk_chunks(fd, length_bytes, &w64, missing);
    if (memcmp(head, ".snd", 4) == 0 || memcmp(head, "dns.", 4) == 0) {
        const bool big_endian = head[0] == '.';
        const uint64_t size = number(head + 8, 4, big_endian);

        if (is_unknown_size(size, 4))
            return 0;
        return check_end(number(head + 4, 4, big_endian), size, length_bytes, missing);
    }
    return memcmp(head, "OggS", 4) == 0 ? check_ogg(fd, length_bytes) : 0;
}
