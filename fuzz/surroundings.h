/* SPDX-License-Identifier: MIT */
/**
 * @file
 * What surrounds a fuzz target: limits that keep it harmless, a folder of its own, counts of what it
 * must give back.
 */
#ifndef RONDO_FUZZ_SURROUNDINGS_H
#define RONDO_FUZZ_SURROUNDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** No wait for another thread is longer: beyond it, that thread hangs. */
#define FUZZ_DEADLINE_NS INT64_C(8000000000)

/** Files, and the memory of rings, are no larger in here: more is "no memory left". */
#define FUZZ_FILE_BYTES_MAX (8u << 20)

/**
 * Give up what a program that calls nonsense must not have: real-time priority, files and shared
 * memory above FUZZ_FILE_BYTES_MAX, real devices by the environment. Call it once, before any thread
 * is made.
 */
void fuzz_confine(void);

/** An empty folder, an absolute path; removed with its files when the program ends. */
const char *fuzz_folder(void);

/** Remove all files in the folder but those whose name begins with '+'. */
void fuzz_folder_clear(void);

/** Make a file in the folder. */
void fuzz_folder_store(const char *name, const void *data, size_t bytes);

/** Nanoseconds of CLOCK_MONOTONIC. */
int64_t fuzz_now_ns(void);

/** What a process has. */
struct fuzz_census {
    unsigned descriptors;
    unsigned threads;
    int sounds;            /**< open in libsndfile */
    uint64_t mapped_bytes; /**< by mmap() in this program and its static libraries */
};

/** Count. */
struct fuzz_census fuzz_census(void);

/** Wait until everything is as it was; abort if that does not happen, saying what is still there. */
void fuzz_census_check(const struct fuzz_census *before);

/**
 * Until it is switched off, surround each mapping of a descriptor by pages that cannot be touched.
 * Behind the bytes asked for, up to the end of their last page, the address sanitizer watches.
 */
void fuzz_guard_mappings(bool on);

/** Write a WAV file of 16 bits into memory: 44 bytes and the samples. @return its bytes */
size_t fuzz_wav(unsigned char *out, const int16_t *samples, uint32_t channels, uint32_t rate_hz,
                uint32_t frames);

#endif
