/* SPDX-License-Identifier: MIT */
/**
 * @file
 * The conversions that libsndfile does not do, or does by the peak of the file instead of full
 * scale.
 *
 * Integers are left-justified, [-1, 1) is full scale. Towards fewer bits values are rounded to the
 * nearest, halves up, and stop at full scale.
 */
#ifndef RONDO_BACKENDS_FILE_SAMPLE_H
#define RONDO_BACKENDS_FILE_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

void rondo__file_s32_to_s16(int16_t *to, const int32_t *from, size_t samples);
void rondo__file_f64_to_s16(int16_t *to, const double *from, size_t samples);
void rondo__file_f64_to_s32(int32_t *to, const double *from, size_t samples);
void rondo__file_s16_to_f64(double *to, const int16_t *from, size_t samples);
void rondo__file_s32_to_f64(double *to, const int32_t *from, size_t samples);

#endif
