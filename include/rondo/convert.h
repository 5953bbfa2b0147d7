/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Conversion beside the ring: sample formats, channel maps, rates.
 *
 * Integer samples are fractions of full scale: widening shifts, narrowing to fewer bits rounds to
 * nearest and clips, float full scale is [-1, 1). Integer to wider integer and back is exact; so is
 * S16 and S24 to F32 and back. F32 to an integer rounds to nearest and clips, infinities too; NaN
 * becomes 0. Ties go up between integers, and to even from F32 in the default rounding mode. S24 in
 * 32 is written sign extended; its top byte is ignored when read.
 *
 * Samples stand at addresses that suit their type: any for S24 packed, even ones for S16, multiples
 * of 4 for the others.
 */
#ifndef RONDO_CONVERT_H
#define RONDO_CONVERT_H

#include <stddef.h>
#include <stdint.h>

#include <rondo/format.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Convert samples from one format to another; a copy when they are the same.
 *
 * @param dst      samples * rondo_sample_bytes(dst_sample) bytes; must not overlap src
 * @param samples  samples, not frames
 * @return 0; -EINVAL: no such format (nothing is written)
 * @rt     rt-bounded: linear in samples
 */
int rondo_convert_samples(void *dst, enum rondo_sample_format dst_sample, const void *src,
                          enum rondo_sample_format src_sample, size_t samples) RONDO_RT;

/** In a channel map: this channel of the output is silent. */
#define RONDO_CHANNEL_SILENT (-1)

/** Configuration of a converter. */
struct rondo_converter_config {
    struct rondo_format from; /**< complete */
    struct rondo_format to;   /**< complete */
    /**
     * For each output channel the input channel that it takes, or RONDO_CHANNEL_SILENT. NULL: the
     * same channels if there are as many; one input channel goes to every output channel; many to
     * one are averaged; otherwise output channels beyond the input's are silent and input channels
     * beyond the output's are left out.
     */
    const int16_t *channel_map;
    uint32_t max_frames; /**< most input frames of one rondo_converter_process(); 0: 4096 */
};

struct rondo_converter;

/**
 * Make a converter. Rates are converted by libsamplerate (SRC_SINC_FASTEST).
 *
 * @return 0; -EINVAL: NULL, an incomplete format, a map entry that is no input channel; -ENOTSUP:
 *         rates differ and the library was built without libsamplerate, or differ by more than 256
 *         times, or both formats have more than 128 channels; -ENOMEM
 *
 * @thread any; a converter is used by one thread at a time
 * @rt not-rt
 */
int rondo_converter_create(struct rondo_converter **out,
                           const struct rondo_converter_config *config);

/**
 * Forget the past (the resampler's history): the next frame is the first of a stream.
 *
 * @rt rt-bounded
 */
void rondo_converter_reset(struct rondo_converter *converter) RONDO_RT;

/** Allows NULL. @rt not-rt */
void rondo_converter_destroy(struct rondo_converter *converter);

/** Whether the converter only copies: output is bit-exact. @rt wait-free */
int rondo_converter_is_copy(const struct rondo_converter *converter) RONDO_RT;

/**
 * Convert frames.
 *
 * How a stream is cut into calls never changes what comes out. With a change of rate the newest
 * input frames, half the resampler's filter, stay inside until others follow: give silence at the
 * end of a stream to have them all.
 *
 * @param in          in_frames frames of the `from` format; must not overlap out; NULL when 0 frames
 * @param in_frames   at most max_frames of them are taken; 0 asks for what is ready inside
 * @param in_used     receives the input frames consumed; without a change of rate: those made
 * @param out         receives at most out_frames frames of the `to` format
 * @param out_frames  room; 0 consumes nothing
 * @return output frames made; it is called again with the rest of the input until it is consumed
 * @rt     rt-bounded: linear in frames, never allocates
 */
uint32_t rondo_converter_process(struct rondo_converter *converter, const void *in,
                                 uint32_t in_frames, uint32_t *in_used, void *out,
                                 uint32_t out_frames) RONDO_RT;

#ifdef __cplusplus
}
#endif
#endif
