/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Fuzz bytes, read as numbers and choices. When they are used up, everything is 0.
 *
 * Each reader takes from the front, and as few bytes as it needs: so a mutation of one byte changes
 * one decision and leaves those behind it where they are.
 */
#ifndef RONDO_FUZZ_INPUT_H
#define RONDO_FUZZ_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** What is left of an input. */
struct fuzz_input {
    const uint8_t *at;
    size_t left;
};

/** Whether there is anything left. */
static inline bool
fuzz_has_more(const struct fuzz_input *input)
{
    return input->left > 0;
}

static inline uint8_t
fuzz_byte(struct fuzz_input *input)
{
    if (input->left == 0)
        return 0;
    input->left--;
    return *input->at++;
}

/** A number of @p bytes bytes, [1, 8]. */
static inline uint64_t
fuzz_number(struct fuzz_input *input, unsigned bytes)
{
    uint64_t number = 0;

    for (unsigned i = 0; i < bytes; i++)
        number |= (uint64_t)fuzz_byte(input) << (8 * i);
    return number;
}

/** [0, limit), limit at least 1. */
static inline uint32_t
fuzz_below(struct fuzz_input *input, uint32_t limit)
{
    const unsigned bytes = limit <= 0x100 ? 1 : limit <= 0x10000 ? 2 : 4;

    return (uint32_t)(fuzz_number(input, bytes) % limit);
}

static inline bool
fuzz_bool(struct fuzz_input *input)
{
    return (fuzz_byte(input) & 1) != 0;
}

/**
 * A number at which arithmetic may go wrong: a few more or less than @p near, than a power of two,
 * than the largest; or any.
 */
static inline uint64_t
fuzz_edge(struct fuzz_input *input, uint64_t near)
{
    const uint8_t choice = fuzz_byte(input);
    const uint64_t little = (uint64_t)(choice >> 3) - 16; /* -16 to 15 */

    switch (choice & 7) {
    case 0:
    case 1:
        return near + little;
    case 2:
        return little;
    case 3:
        return (UINT64_C(1) << fuzz_below(input, 64)) + little;
    case 4:
        return near + (UINT64_C(1) << fuzz_below(input, 64)) + little;
    case 5:
        return near - (UINT64_C(1) << fuzz_below(input, 64)) + little;
    case 6:
        return near + fuzz_number(input, 2);
    default:
        return fuzz_number(input, 8);
    }
}

/** fuzz_edge() for sizes: mostly small, sometimes about @p near, sometimes absurd. */
static inline uint32_t
fuzz_count(struct fuzz_input *input, uint32_t near)
{
    const uint8_t choice = fuzz_byte(input);

    if (choice < 128)
        return choice;
    if (choice < 192)
        return near + choice - 160; /* 32 less to 31 more */
    if (choice < 224)
        return near == 0 ? 0 : fuzz_below(input, near);
    return (uint32_t)fuzz_edge(input, near);
}

/** A choice out of a list of constants. */
#define FUZZ_PICK(input, list) ((list)[fuzz_below((input), sizeof(list) / sizeof((list)[0]))])

/** The rest, as bytes. */
static inline struct fuzz_input
fuzz_rest(struct fuzz_input *input)
{
    const struct fuzz_input rest = *input;

    input->at += input->left;
    input->left = 0;
    return rest;
}

#endif
