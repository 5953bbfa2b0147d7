/* SPDX-License-Identifier: MIT */
/*
 * Converters: format, then channels, then rate.
 *
 * Without a change of rate a block goes through at most three steps: to the format in which
 * channels are mapped, the map, to the format asked for. A map that only selects moves samples
 * whatever their format, so it works on the side that has fewer channels; an average needs
 * arithmetic, in S32 between integers and in F32 otherwise.
 *
 * With a change of rate everything between the ends is F32, and the map stands on that side of the
 * resampler which leaves it the smaller number of channels. The resampler alone has a memory. What
 * it does not take of a block is converted again in the next call, so nothing else has to be kept,
 * and how a caller slices a stream does not show.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#if defined(RONDO_WITH_SAMPLERATE)
#include <samplerate.h>
#endif

#include <rondo/convert.h>

#define DEFAULT_MAX_FRAMES 4096u
#define RATE_RATIO_MAX     256u
/* The most that libsamplerate's sinc converters take. */
#define RATE_CHANNELS_MAX 128u
/* Samples of a block: three of these buffers stay in a first-level cache. */
#define BLOCK_SAMPLES 2048u
/* Whatever a sample is, it fits this. */
#define SAMPLE_BYTES_MAX 4u

enum map_kind {
    MAP_NONE,
    MAP_SELECT,
    MAP_AVERAGE
};

struct rondo_converter {
    struct rondo_format from;
    struct rondo_format to;
    size_t from_frame_bytes;
    size_t to_frame_bytes;
    uint32_t max_frames;
    uint32_t block_frames;
    int is_copy;

    enum map_kind map_kind;
    enum rondo_sample_format
        map_sample; /* the format in which channels are mapped and rates changed */
    int16_t map[RONDO_CHANNELS_MAX];

    void *buffer[3]; /* block_frames of the larger channel count; buffer[0] owns all three */
#if defined(RONDO_WITH_SAMPLERATE)
    SRC_STATE *resampler; /* NULL: rates are equal */
    int map_first;        /* the map comes before the resampler */
    double ratio;         /* output frames of an input frame */
#endif
};

/* ---- channels ---- */

/* The rules of rondo_converter_config.channel_map. */
static int
set_map(struct rondo_converter *converter, const int16_t *map)
{
    const uint32_t from = converter->from.channels;
    const uint32_t to = converter->to.channels;

    converter->map_kind = from == to ? MAP_NONE : MAP_SELECT;
    if (map == NULL && to == 1 && from > 1)
        converter->map_kind = MAP_AVERAGE;
    for (uint32_t c = 0; c < to; c++) {
        if (map != NULL)
            converter->map[c] = map[c];
        else if (from == 1)
            converter->map[c] = 0;
        else
            converter->map[c] = c < from ? (int16_t)c : RONDO_CHANNEL_SILENT;

        if (converter->map[c] != RONDO_CHANNEL_SILENT &&
            (converter->map[c] < 0 || (uint32_t)converter->map[c] >= from))
            return -EINVAL;
        if (converter->map[c] != (int32_t)c && converter->map_kind == MAP_NONE)
            converter->map_kind = MAP_SELECT;
    }
    return 0;
}

/* Inlined with a constant, so that a sample is moved by an instruction and not by a call. */
static inline __attribute__((always_inline)) void
select_samples(const struct rondo_converter *converter, unsigned char *dst,
               const unsigned char *src, uint32_t frames, size_t sample_bytes)
{
    const size_t src_bytes = converter->from.channels * sample_bytes;
    const uint32_t channels = converter->to.channels;

    for (uint32_t i = 0; i < frames; i++, src += src_bytes) {
        for (uint32_t c = 0; c < channels; c++, dst += sample_bytes) {
            const int16_t source = converter->map[c];

            if (source == RONDO_CHANNEL_SILENT)
                memset(dst, 0, sample_bytes);
            else
                memcpy(dst, src + (size_t)source * sample_bytes, sample_bytes);
        }
    }
}

static void
select_channels(const struct rondo_converter *converter, void *to, const void *from,
                uint32_t frames)
{
    switch (rondo_sample_bytes(converter->map_sample)) {
    case 2:
        select_samples(converter, to, from, frames, 2);
        break;
    case 3:
        select_samples(converter, to, from, frames, 3);
        break;
    default:
        select_samples(converter, to, from, frames, 4);
        break;
    }
}

static void
average_s32(int32_t *dst, const int32_t *src, uint32_t frames, uint32_t channels)
{
    const int64_t divisor = channels;

    for (uint32_t i = 0; i < frames; i++, src += channels) {
        int64_t sum = 0;

        for (uint32_t c = 0; c < channels; c++)
            sum += src[c];
        dst[i] = (int32_t)((sum + (sum < 0 ? -divisor / 2 : divisor / 2)) / divisor);
    }
}

static void
average_f32(float *dst, const float *src, uint32_t frames, uint32_t channels)
{
    for (uint32_t i = 0; i < frames; i++, src += channels) {
        double sum = 0;

        for (uint32_t c = 0; c < channels; c++)
            sum += (double)src[c];
        dst[i] = (float)(sum / channels);
    }
}

static void
map_channels(const struct rondo_converter *converter, void *to, const void *from, uint32_t frames)
{
    if (converter->map_kind == MAP_SELECT)
        select_channels(converter, to, from, frames);
    else if (converter->map_sample == RONDO_S32)
        average_s32(to, from, frames, converter->from.channels);
    else
        average_f32(to, from, frames, converter->from.channels);
}

/* ---- one block ---- */

/* From the format of the input to the one of the map. */
static const void *
enter(const struct rondo_converter *converter, const void *in, uint32_t frames)
{
    if (converter->from.sample == converter->map_sample)
        return in;
    rondo_convert_samples(converter->buffer[0], converter->map_sample, in, converter->from.sample,
                          (size_t)frames * converter->from.channels);
    return converter->buffer[0];
}

/* Where the last step before leave() may put its frames. */
static void *
exit_buffer(const struct rondo_converter *converter, void *out, void *buffer)
{
    return converter->to.sample == converter->map_sample ? out : buffer;
}

/* From the format of the map to the one of the output, unless the frames are there already. */
static void
leave(const struct rondo_converter *converter, void *out, const void *frames_at, uint32_t frames)
{
    if (frames_at != out)
        rondo_convert_samples(out, converter->to.sample, frames_at, converter->map_sample,
                              (size_t)frames * converter->to.channels);
}

static void
convert_block(const struct rondo_converter *converter, void *out, const void *in, uint32_t frames)
{
    const void *const entered = enter(converter, in, frames);
    void *const mapped = exit_buffer(converter, out, converter->buffer[1]);

    map_channels(converter, mapped, entered, frames);
    leave(converter, out, mapped, frames);
}

/* ---- rates ---- */

#if defined(RONDO_WITH_SAMPLERATE)

static int
create_resampler(struct rondo_converter *converter)
{
    const uint32_t from_hz = converter->from.rate_hz;
    const uint32_t to_hz = converter->to.rate_hz;
    const uint32_t from = converter->from.channels;
    const uint32_t to = converter->to.channels;
    int error = 0;

    if (from_hz == to_hz)
        return 0;
    if ((uint64_t)from_hz > (uint64_t)to_hz * RATE_RATIO_MAX ||
        (uint64_t)to_hz > (uint64_t)from_hz * RATE_RATIO_MAX)
        return -ENOTSUP;
    if (from > RATE_CHANNELS_MAX && to > RATE_CHANNELS_MAX)
        return -ENOTSUP;
    converter->map_first = to <= from;
    converter->ratio = (double)to_hz / from_hz;
    converter->resampler = src_new(SRC_SINC_FASTEST, (int)(to < from ? to : from), &error);
    if (converter->resampler == NULL)
        return -ENOMEM;
    /* Touches its memory, as create_buffers() does. */
    src_reset(converter->resampler);
    return 0;
}

/* One round: at most a block in and a block out. */
static void
resample_block(struct rondo_converter *converter, const void *in, uint32_t *in_frames, void *out,
               uint32_t *out_frames)
{
    const int map_first = converter->map_first && converter->map_kind != MAP_NONE;
    const int map_last = !converter->map_first && converter->map_kind != MAP_NONE;
    SRC_DATA data;

    memset(&data, 0, sizeof(data));
    data.src_ratio = converter->ratio;
    data.input_frames = (long)*in_frames;
    data.output_frames = (long)*out_frames;
    data.data_in = enter(converter, in, *in_frames);
    if (map_first) {
        map_channels(converter, converter->buffer[1], data.data_in, *in_frames);
        data.data_in = converter->buffer[1];
    }
    data.data_out =
        map_last ? converter->buffer[2] : exit_buffer(converter, out, converter->buffer[2]);

    if (src_process(converter->resampler, &data) != 0) {
        data.input_frames_used = 0;
        data.output_frames_gen = 0;
    }
    *in_frames = (uint32_t)data.input_frames_used;
    *out_frames = (uint32_t)data.output_frames_gen;

    if (map_last) {
        void *const mapped = exit_buffer(converter, out, converter->buffer[0]);

        map_channels(converter, mapped, data.data_out, *out_frames);
        leave(converter, out, mapped, *out_frames);
    } else {
        leave(converter, out, data.data_out, *out_frames);
    }
}

static uint32_t
resample(struct rondo_converter *converter, const unsigned char *in, uint32_t in_frames,
         uint32_t *in_used, unsigned char *out, uint32_t out_frames)
{
    uint32_t used = 0;
    uint32_t made = 0;

    while (made < out_frames) {
        uint32_t take = in_frames - used;
        uint32_t make = out_frames - made;

        if (make > converter->block_frames)
            make = converter->block_frames;
        if (take > converter->block_frames)
            take = converter->block_frames;
        /* Not much more than the room is worth, or small rooms would convert the same input over
         * and over. */
        if (take > make / converter->ratio + 32)
            take = (uint32_t)(make / converter->ratio) + 32;

        resample_block(converter, in + used * converter->from_frame_bytes, &take,
                       out + made * converter->to_frame_bytes, &make);
        if (take == 0 && make == 0)
            break;
        used += take;
        made += make;
    }
    *in_used = used;
    return made;
}

#else

static int
create_resampler(struct rondo_converter *converter)
{
    return converter->from.rate_hz == converter->to.rate_hz ? 0 : -ENOTSUP;
}

#endif

/* ---- the converter ---- */

static int
create_buffers(struct rondo_converter *converter)
{
    const uint32_t from = converter->from.channels;
    const uint32_t to = converter->to.channels;
    const uint32_t channels = from > to ? from : to;
    size_t bytes = 0;

    converter->block_frames = BLOCK_SAMPLES / channels;
    if (converter->block_frames > converter->max_frames)
        converter->block_frames = converter->max_frames;

    bytes = (size_t)converter->block_frames * channels * SAMPLE_BYTES_MAX;
    bytes = (bytes + RONDO_CACHELINE_BYTES - 1) / RONDO_CACHELINE_BYTES * RONDO_CACHELINE_BYTES;
    converter->buffer[0] = aligned_alloc(RONDO_CACHELINE_BYTES, 3 * bytes);
    if (converter->buffer[0] == NULL)
        return -ENOMEM;
    /* Touched here, so that no page is missing later. */
    memset(converter->buffer[0], 0, 3 * bytes);
    converter->buffer[1] = (unsigned char *)converter->buffer[0] + bytes;
    converter->buffer[2] = (unsigned char *)converter->buffer[1] + bytes;
    return 0;
}

static enum rondo_sample_format
choose_map_sample(const struct rondo_converter *converter)
{
    const struct rondo_format *const from = &converter->from;
    const struct rondo_format *const to = &converter->to;

    if (from->rate_hz != to->rate_hz)
        return RONDO_F32;
    if (converter->map_kind == MAP_AVERAGE)
        return from->sample == RONDO_F32 || to->sample == RONDO_F32 ? RONDO_F32 : RONDO_S32;
    return to->channels <= from->channels ? from->sample : to->sample;
}

int
rondo_converter_create(struct rondo_converter **out, const struct rondo_converter_config *config)
{
    struct rondo_converter *converter = NULL;
    int result = 0;

    if (out == NULL)
        return -EINVAL;
    *out = NULL;
    if (config == NULL || rondo_format_check(&config->from) != 0 ||
        rondo_format_check(&config->to) != 0)
        return -EINVAL;

    converter = calloc(1, sizeof(*converter));
    if (converter == NULL)
        return -ENOMEM;
    converter->from = config->from;
    converter->to = config->to;
    converter->from_frame_bytes = rondo_frame_bytes(&config->from);
    converter->to_frame_bytes = rondo_frame_bytes(&config->to);
    converter->max_frames = config->max_frames == 0 ? DEFAULT_MAX_FRAMES : config->max_frames;

    result = set_map(converter, config->channel_map);
    if (result == 0) {
        converter->map_sample = choose_map_sample(converter);
        converter->is_copy = converter->from.sample == converter->to.sample &&
                             converter->from.rate_hz == converter->to.rate_hz &&
                             converter->map_kind == MAP_NONE;
        result = create_buffers(converter);
    }
    if (result == 0)
        result = create_resampler(converter);
    if (result != 0) {
        rondo_converter_destroy(converter);
        return result;
    }
    *out = converter;
    return 0;
}

void
rondo_converter_reset(struct rondo_converter *converter)
{
#if defined(RONDO_WITH_SAMPLERATE)
    if (converter->resampler != NULL)
        src_reset(converter->resampler);
#else
    (void)converter;
#endif
}

void
rondo_converter_destroy(struct rondo_converter *converter)
{
    if (converter == NULL)
        return;
#if defined(RONDO_WITH_SAMPLERATE)
    if (converter->resampler != NULL)
        src_delete(converter->resampler);
#endif
    free(converter->buffer[0]);
    free(converter);
}

int
rondo_converter_is_copy(const struct rondo_converter *converter)
{
    return converter->is_copy;
}

uint32_t
rondo_converter_process(struct rondo_converter *converter, const void *in, uint32_t in_frames,
                        uint32_t *in_used, void *out, uint32_t out_frames)
{
    /* No arithmetic on NULL, which is allowed where there are no frames. */
    const unsigned char *src = in_frames == 0 ? converter->buffer[0] : in;
    unsigned char *dst = out;
    uint32_t frames = in_frames < converter->max_frames ? in_frames : converter->max_frames;

#if defined(RONDO_WITH_SAMPLERATE)
    if (converter->resampler != NULL)
        return resample(converter, src, frames, in_used, dst, out_frames);
#endif
    if (frames > out_frames)
        frames = out_frames;
    *in_used = frames;
    if (converter->map_kind == MAP_NONE) {
        rondo_convert_samples(dst, converter->to.sample, src, converter->from.sample,
                              (size_t)frames * converter->from.channels);
        return frames;
    }
    for (uint32_t left = frames; left > 0;) {
        const uint32_t block = left < converter->block_frames ? left : converter->block_frames;

        convert_block(converter, dst, src, block);
        src += block * converter->from_frame_bytes;
        dst += block * converter->to_frame_bytes;
        left -= block;
    }
    return frames;
}
