/* SPDX-License-Identifier: MIT */
/**
 * @file
 * How a fuzz target says that something is wrong: it prints what, and aborts.
 */
#ifndef RONDO_FUZZ_CHECK_H
#define RONDO_FUZZ_CHECK_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/** One input; what every target defines. @return 0; -1: not worth keeping */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** Called once before the first input; a target may define it. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

#define FUZZ_CHECK(condition)                                                                      \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);              \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#define FUZZ_CHECK_EQUAL(is, should)                                                               \
    do {                                                                                           \
        const long long is_ = (long long)(is);                                                     \
        const long long should_ = (long long)(should);                                             \
        if (is_ != should_) {                                                                      \
            fprintf(stderr, "%s:%d: %s is %lld, not %lld\n", __FILE__, __LINE__, #is, is_,         \
                    should_);                                                                      \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/** A return code must be one of those that are documented: a list of int, ended by 0. */
#define FUZZ_CHECK_ONE_OF(code, ...) fuzz_check_one_of(__FILE__, __LINE__, (code), __VA_ARGS__, 0)

void fuzz_check_one_of(const char *file, int line, int code, ...);

#endif
