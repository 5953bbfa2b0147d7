/* SPDX-License-Identifier: MIT */
/**
 * @file
 * What the tests of sound files share: a folder of their own, sox, and whole files through streams.
 */
#ifndef RONDO_TESTS_SUPPORT_FILE_TEST_H
#define RONDO_TESTS_SUPPORT_FILE_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rondo/stream.h>

/** No wait in a test is longer. */
#define FILE_TEST_DEADLINE_NS INT64_C(20000000000)

/** Frames in memory. */
struct file_take {
    struct rondo_format format;
    uint64_t frames;
    void *data;             /**< to be freed */
    uint64_t length_frames; /**< capture: what the device promised */
};

/** Make an empty folder and go there. Ends the program if that fails. */
void file_test_enter_folder(void);

/** Leave the folder and remove it with all that is in it. */
void file_test_leave_folder(void);

/** Run a shell command. @return its exit code */
int file_test_run(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** Whether there is a sox. */
bool file_test_has_sox(void);

/** Read or write a whole file as bytes; write replaces. Ends the test on an error. */
void *file_test_load(const char *path, size_t *bytes);
void file_test_store(const char *path, const void *data, size_t bytes);

/** Whether there is something of this name. */
bool file_test_exists(const char *path);

/**
 * Samples that show every mistake: full scale at the beginning, noise, and all channels different.
 *
 * @param bits  valid bits of the int32_t samples, left-justified
 */
int32_t *file_test_samples(uint64_t frames, uint32_t channels, unsigned bits, uint64_t seed);

/** Convert such samples to the format of a take, exactly (S16: of 16 valid bits, F32: of 24). */
void *file_test_convert(const int32_t *samples, size_t count, enum rondo_sample_format sample);

/**
 * Read a device to its end, through a stream under the offline clock.
 *
 * @param sample      asked for
 * @param frames_max  stop there
 * @return 0, or what ended the stream instead of its end, told in @p error
 */
int file_test_capture(struct file_take *take, const char *device, enum rondo_sample_format sample,
                      uint64_t frames_max, struct rondo_error *error);

/**
 * Write a take to a device, through a stream under the offline clock, and finish it.
 *
 * @param granted  receives what was granted; NULL: not wanted. If its frames have another size than
 * those of the take, nothing is written.
 * @return 0, or the first error, told in @p error
 */
int file_test_render(const struct file_take *take, const char *device, struct rondo_format *granted,
                     struct rondo_error *error);

/** Free the data. */
void file_test_free(struct file_take *take);

#endif
