/* SPDX-License-Identifier: MIT */
/*
 * Mutates sound files as what they are: chunks of WAV, RF64, AIFF, 8SVX, CAF and W64 are resized,
 * doubled, moved, dropped and added, the fields of a format get values that mean something, pages of
 * Ogg get their check sums back. libFuzzer's own mutations do the rest.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Of libFuzzer. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/* The choices before the file (file.c). */
#define CHOICES 4u

#define CHUNKS_MAX 32u

struct chunk {
    size_t begin, bytes; /* with its head, and what aligns the next one */
};

/* A file that is being mutated. */
struct file {
    uint8_t *bytes;
    size_t size, max_size;
    bool big_endian;
    size_t first, id_bytes, size_bytes; /* as in backends/file/file_promise.c; first 0: no chunks */
    struct chunk chunks[CHUNKS_MAX];
    unsigned count;
};

static uint64_t random_state;

static uint64_t
random_number(void)
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static size_t
below(size_t limit)
{
    return (size_t)(random_number() % limit);
}

/* ---- numbers ---- */

static uint64_t
get(const struct file *file, size_t at, size_t bytes)
{
    uint64_t value = 0;

    for (size_t i = 0; i < bytes; i++)
        value = value << 8 | file->bytes[at + (file->big_endian ? i : bytes - 1 - i)];
    return value;
}

static void
put(struct file *file, size_t at, size_t bytes, uint64_t value)
{
    if (at + bytes > file->size)
        return;
    for (size_t i = 0; i < bytes; i++, value >>= 8)
        file->bytes[at + (file->big_endian ? bytes - 1 - i : i)] = (uint8_t)value;
}

/* A size, or another number, that may be thought wrong. */
static uint64_t
wicked(uint64_t value)
{
    static const uint64_t special[] = {
        0,          1,          2,          3,          7,        8,          16,
        24,         32,         64,         256,        257,      0x7fff,     0x8000,
        0xffff,     8000,       44100,      48000,      1536001,  0x7fffffff, 0x80000000,
        0x7ffff000, 0xfffffffe, 0xffffffff, UINT64_MAX, INT64_MAX};

    switch (below(5)) {
    case 0:
        return special[below(sizeof special / sizeof special[0])];
    case 1:
        return value + below(9) - 4;
    case 2:
        return value ^ UINT64_C(1) << below(64);
    case 3:
        return value * (2 + below(3));
    default:
        return value / (2 + below(3));
    }
}

/* ---- chunks ---- */

static void
find_chunks(struct file *file)
{
    const size_t head_bytes = file->id_bytes + file->size_bytes;
    const size_t align = file->id_bytes == 16 ? 8 : file->size_bytes == 8 ? 1 : 2;
    size_t at = file->first;

    file->count = 0;
    while (file->first != 0 && file->count < CHUNKS_MAX && at + head_bytes <= file->size) {
        uint64_t bytes = get(file, at + file->id_bytes, file->size_bytes);

        if (file->id_bytes != 16)
            bytes += head_bytes;
        if (bytes < head_bytes || bytes > file->size - at)
            bytes = file->size - at;
        bytes = (bytes + align - 1) / align * align;
        if (bytes > file->size - at)
            bytes = file->size - at;
        file->chunks[file->count++] = (struct chunk){at, (size_t)bytes};
        at += (size_t)bytes;
    }
}

static void
recognise(struct file *file)
{
    const uint8_t *const bytes = file->bytes;

    file->first = 0;
    file->big_endian = false;
    file->id_bytes = 4;
    file->size_bytes = 4;
    if (file->size < 16)
        return;
    if (memcmp(bytes, "RIFF", 4) == 0 || memcmp(bytes, "RF64", 4) == 0)
        file->first = 12;
    if (memcmp(bytes, "RIFX", 4) == 0 || memcmp(bytes, "FORM", 4) == 0) {
        file->first = 12;
        file->big_endian = true;
    }
    if (memcmp(bytes, "caff", 4) == 0) {
        file->first = 8;
        file->size_bytes = 8;
        file->big_endian = true;
    }
    if (memcmp(bytes, "riff\x2e\x91\xcf\x11", 8) == 0) {
        file->first = 40;
        file->id_bytes = 16;
        file->size_bytes = 8;
    }
    if (memcmp(bytes, ".snd", 4) == 0)
        file->big_endian = true;
    find_chunks(file);
}

static void
erase(struct file *file, size_t at, size_t bytes)
{
    memmove(file->bytes + at, file->bytes + at + bytes, file->size - at - bytes);
    file->size -= bytes;
}

/* Make room; false: there is none. */
static bool
insert(struct file *file, size_t at, size_t bytes)
{
    if (bytes > file->max_size - file->size)
        return false;
    memmove(file->bytes + at + bytes, file->bytes + at, file->size - at);
    file->size += bytes;
    return true;
}

static void
add_chunk(struct file *file)
{
    static const char *const names[] = {"fmt ", "data", "fact", "LIST", "PEAK", "cue ", "smpl",
                                        "bext", "JUNK", "ds64", "COMM", "SSND", "MARK", "INST",
                                        "FVER", "desc", "chan", "free", "kuki", "pakt", "strg",
                                        "info", "VHDR", "BODY", "NAME", "cart", "acid", "id3 "};
    /* What follows the four letters in W64's ids. */
    static const uint8_t w64_tail[12] = {0xf3, 0xac, 0xd3, 0x11, 0x8c, 0xd1,
                                         0x00, 0xc0, 0x4f, 0x8e, 0xdb, 0x8a};
    const size_t head_bytes = file->id_bytes + file->size_bytes;
    const size_t bytes = head_bytes + below(64) / 2 * 2;
    const size_t at = file->count == 0 ? file->size : file->chunks[below(file->count)].begin;

    if (file->first == 0 || !insert(file, at, bytes))
        return;
    memset(file->bytes + at, 0, bytes);
    memcpy(file->bytes + at, names[below(sizeof names / sizeof names[0])], 4);
    if (file->id_bytes == 16)
        memcpy(file->bytes + at + 4, w64_tail, sizeof w64_tail);
    put(file, at + file->id_bytes, file->size_bytes,
        file->id_bytes == 16 ? bytes : bytes - head_bytes);
    if (bytes > head_bytes)
        LLVMFuzzerMutate(file->bytes + at + head_bytes, bytes - head_bytes, bytes - head_bytes);
}

static void
mutate_chunk(struct file *file)
{
    const struct chunk chunk = file->chunks[below(file->count)];
    const struct chunk other = file->chunks[below(file->count)];
    const size_t head_bytes = file->id_bytes + file->size_bytes;
    const size_t size_at = chunk.begin + file->id_bytes;

    switch (below(6)) {
    case 0:
    case 1:
        put(file, size_at, file->size_bytes, wicked(get(file, size_at, file->size_bytes)));
        break;
    case 2: /* twice */
        if (insert(file, chunk.begin, chunk.bytes))
            memcpy(file->bytes + chunk.begin, file->bytes + chunk.begin + chunk.bytes, chunk.bytes);
        break;
    case 3: /* gone */
        erase(file, chunk.begin, chunk.bytes);
        break;
    case 4: /* a copy elsewhere */
        if (insert(file, other.begin, chunk.bytes)) {
            const size_t from = chunk.begin + (other.begin <= chunk.begin ? chunk.bytes : 0);

            memmove(file->bytes + other.begin, file->bytes + from, chunk.bytes);
        }
        break;
    default: /* its contents */
        if (chunk.bytes > head_bytes)
            LLVMFuzzerMutate(file->bytes + chunk.begin + head_bytes, chunk.bytes - head_bytes,
                             chunk.bytes - head_bytes);
        break;
    }
}

/* A field of the chunk that tells the format, or of the first bytes where there are no chunks. */
static void
mutate_format(struct file *file)
{
    static const uint16_t tags[] = {1,    2,    3,    6,    7,    0x11,   0x14,
                                    0x16, 0x31, 0x32, 0x40, 0x45, 0x50,   0x55,
                                    0x64, 0x65, 0x92, 0x11, 0x3,  0x674f, 0xfffe};
    size_t at = below(64);

    for (unsigned i = 0; i < file->count; i++) {
        const struct chunk *const chunk = &file->chunks[i];
        const uint8_t *const id = file->bytes + chunk->begin;
        const bool is_format = memcmp(id, "fmt ", 4) == 0 || memcmp(id, "COMM", 4) == 0 ||
                               memcmp(id, "desc", 4) == 0 || memcmp(id, "VHDR", 4) == 0;

        if (!is_format)
            continue;
        at = chunk->begin + file->id_bytes + file->size_bytes;
        if (below(4) == 0 && memcmp(id, "fmt ", 4) == 0) {
            put(file, at, 2, tags[below(sizeof tags / sizeof tags[0])]);
            return;
        }
        at += below(20) / 2 * 2;
        break;
    }
    if (at + 4 <= file->size) {
        const size_t bytes = below(2) == 0 ? 2 : 4;

        put(file, at, bytes, wicked(get(file, at, bytes)));
    }
}

/* The sizes that contain others are right again. */
static void
repair_sizes(struct file *file)
{
    if (file->first == 12)
        put(file, 4, 4, file->size - 8);
    if (file->first == 40)
        put(file, 16, 8, file->size);
    if (file->count > 0) {
        const struct chunk *const last = &file->chunks[file->count - 1];
        const size_t head_bytes = file->id_bytes + file->size_bytes;

        put(file, last->begin + file->id_bytes, file->size_bytes,
            file->size - last->begin - (file->id_bytes == 16 ? 0 : head_bytes));
    }
}

/* ---- Ogg ---- */

static uint32_t
ogg_sum(const uint8_t *bytes, size_t count)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < count; i++) {
        sum ^= (uint32_t)bytes[i] << 24;
        for (int bit = 0; bit < 8; bit++)
            sum = sum << 1 ^ (sum & 0x80000000 ? 0x04c11db7 : 0);
    }
    return sum;
}

static void
repair_ogg(struct file *file)
{
    for (size_t at = 0; at + 27 <= file->size; at++) {
        size_t bytes = 27;

        if (memcmp(file->bytes + at, "OggS", 4) != 0)
            continue;
        bytes += file->bytes[at + 26];
        if (bytes > file->size - at)
            return;
        for (size_t i = 0; i < file->bytes[at + 26]; i++)
            bytes += file->bytes[at + 27 + i];
        if (bytes > file->size - at)
            return;
        memset(file->bytes + at + 22, 0, 4);
        put(file, at + 22, 4, ogg_sum(file->bytes + at, bytes));
        at += bytes - 1;
    }
}

/* A page of an Ogg file: its flags, its position, its table of segments; or it is gone, or twice. */
static void
mutate_page(struct file *file)
{
    size_t pages[CHUNKS_MAX];
    size_t count = 0;
    size_t at;
    size_t next;

    for (size_t i = 0; i + 27 <= file->size && count < CHUNKS_MAX; i++)
        if (memcmp(file->bytes + i, "OggS", 4) == 0)
            pages[count++] = i;
    if (count == 0)
        return;
    next = below(count);
    at = pages[next];
    next = next + 1 < count ? pages[next + 1] : file->size;
    switch (below(7)) {
    case 0:
        file->bytes[at + 5] ^= (uint8_t)(1u << below(4));
        break;
    case 1:
        put(file, at + 6, 8, wicked(get(file, at + 6, 8)));
        break;
    case 2:
        put(file, at + 14, 4, wicked(get(file, at + 14, 4)));
        break;
    case 3:
        file->bytes[at + 26] = (uint8_t)(below(2) ? 255 - below(8) : below(256));
        break;
    case 4:
        if (next > at + 27)
            file->bytes[at + 27 + below(next - at - 27)] = (uint8_t)(below(2) ? 255 : below(256));
        break;
    case 5:
        erase(file, at, next - at);
        break;
    default:
        if (insert(file, at, next - at))
            memcpy(file->bytes + at, file->bytes + next, next - at);
        break;
    }
}

/* ---- all of it ---- */

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    struct file file = {.size = 0};

    random_state = seed;
    if (size < CHOICES || below(16) == 0)
        return LLVMFuzzerMutate(data, size, max_size);
    if (below(12) == 0) {
        data[below(CHOICES)] = (uint8_t)random_number();
        return size;
    }
    file.bytes = data + CHOICES;
    file.size = size - CHOICES;
    file.max_size = max_size - CHOICES;
    recognise(&file);
    switch (below(8)) {
    case 0:
    case 1:
        mutate_format(&file);
        break;
    case 2:
    case 3:
    case 4:
        if (file.count > 0)
            mutate_chunk(&file);
        else if (file.size > 4 && memcmp(file.bytes, "OggS", 4) == 0)
            mutate_page(&file);
        else
            file.size = LLVMFuzzerMutate(file.bytes, file.size, file.max_size);
        break;
    case 5:
        add_chunk(&file);
        break;
    case 6:
        if (file.size > 0) /* cut off */
            file.size -= below(file.size < 64 ? file.size : 64);
        break;
    default:
        file.size = LLVMFuzzerMutate(file.bytes, file.size, file.max_size);
        break;
    }
    if (below(3) == 0) {
        recognise(&file);
        repair_sizes(&file);
    }
    if (below(8) != 0)
        repair_ogg(&file);
    return file.size + CHOICES;
}
