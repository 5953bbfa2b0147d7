/* SPDX-License-Identifier: MIT */
/**
 * @file
 * The vector half of rondo_convert_samples().
 */
#ifndef RONDO_CORE_CONVERT_VECTOR_H
#define RONDO_CORE_CONVERT_VECTOR_H

#include <stddef.h>

#include <rondo/convert.h>

/**
 * Convert the first part of a buffer, as much as whole vectors can do inside it.
 *
 * @param dst_sample  a sample format
 * @param src_sample  a sample format
 * @return            samples done, at most @p samples; 0 for a pair of formats or a machine without
 * a vector form
 * @rt                rt-bounded: linear in samples
 */
size_t rondo__convert_vector(void *dst, enum rondo_sample_format dst_sample, const void *src,
                             enum rondo_sample_format src_sample, size_t samples) RONDO_RT;

#endif
