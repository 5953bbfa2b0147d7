/* SPDX-License-Identifier: MIT */
/*
 * Conversion in real time: every pair of formats, every kind of converter.
 */
#include <errno.h>

#include <rondo/atomic.h>
#include <rondo/convert.h>

#include "core/convert_vector.h"
#include "rt/realtime.h"

#define SAMPLES      1000u
#define FRAMES       1024u
#define CHANNELS_MAX 8u

struct work {
    struct rondo_converter *converter;
    uint32_t from_bytes, to_bytes;
    bool is_copy;
    uint64_t turn;
    unsigned char *in;
    unsigned char *out;
    RONDO_ATOMIC(uint64_t) made;
};

/* What a case converts. */
struct setting {
    struct rondo_format from, to;
};

static void *
set_up(const void *parameter)
{
    const struct setting *const setting = parameter;
    struct work *const work = rt_memory(sizeof *work);

    work->in = rt_memory(FRAMES * CHANNELS_MAX * 4);
    work->out = rt_memory(FRAMES * CHANNELS_MAX * 4);
    if (setting != NULL) {
        const struct rondo_converter_config config = {
            .from = setting->from, .to = setting->to, .max_frames = FRAMES};
        const int result = rondo_converter_create(&work->converter, &config);

        if (result == -ENOTSUP)
            return NULL; /* built without a resampler */
        RT_ASSERT(result == 0);
        work->from_bytes = rondo_frame_bytes(&setting->from);
        work->to_bytes = rondo_frame_bytes(&setting->to);
        work->is_copy = setting->from.sample == setting->to.sample &&
                        setting->from.channels == setting->to.channels &&
                        setting->from.rate_hz == setting->to.rate_hz;
    }
    return work;
}

static void
convert_all_pairs(void *context)
{
    struct work *const work = context;
    const size_t samples = SAMPLES - work->turn++ % 64;

    for (int from = RONDO_S16; from <= RONDO_F32; from++)
        for (int to = RONDO_S16; to <= RONDO_F32; to++) {
            RT_REQUIRE(RT_CALL(rondo_convert_samples)(work->out, (enum rondo_sample_format)to,
                                                      work->in, (enum rondo_sample_format)from,
                                                      samples) == 0);
            if (from != to)
                RT_REQUIRE(RT_CALL(rondo__convert_vector)(work->out, (enum rondo_sample_format)to,
                                                          work->in, (enum rondo_sample_format)from,
                                                          samples) <= samples);
        }
}

static void
convert(void *context)
{
    struct work *const work = context;
    const uint32_t frames = 1 + (uint32_t)(work->turn * 37 % FRAMES);
    uint32_t used = 0;
    uint32_t made;

    if (work == NULL)
        return;
    RT_REQUIRE((RT_CALL(rondo_converter_is_copy)(work->converter) != 0) == work->is_copy);
    made = RT_CALL(rondo_converter_process)(work->converter, work->in, frames, &used, work->out,
                                            FRAMES);
    RT_REQUIRE(used <= frames && made <= FRAMES);
    rondo_store_relaxed(&work->made, rondo_load_relaxed(&work->made) + made);
    if (work->turn++ % 16 == 0)
        RT_CALL(rondo_converter_reset)(work->converter);
}

static bool
has_made_much(const void *context)
{
    const struct work *const work = context;

    return work == NULL || rondo_load_relaxed(&work->made) > (uint64_t)20 * FRAMES;
}

int
main(void)
{
    static const struct setting copy = {{RONDO_S16, 2, 48000}, {RONDO_S16, 2, 48000}};
    static const struct setting widen = {{RONDO_S16, 2, 48000}, {RONDO_S32, 2, 48000}};
    static const struct setting select = {{RONDO_S24_PACKED, 1, 48000}, {RONDO_F32, 8, 48000}};
    static const struct setting average = {{RONDO_F32, 6, 48000}, {RONDO_S16, 1, 48000}};
    static const struct setting down = {{RONDO_S16, 1, 44100}, {RONDO_S16, 1, 16000}};
    static const struct setting up = {{RONDO_S32, 1, 16000}, {RONDO_S16, 6, 48000}};
    static const struct setting fold = {{RONDO_F32, 8, 48000}, {RONDO_S24_IN_32, 2, 44100}};
#define CONVERTER(setting)                                                                         \
    {                                                                                              \
        .name = "converter_" #setting, .set_up = set_up, .parameter = &(setting),                  \
        .realtime = convert, .enough = has_made_much                                               \
    }
    static const struct rt_case cases[] = {
        {.name = "samples_of_every_pair", .set_up = set_up, .realtime = convert_all_pairs},
        CONVERTER(copy),
        CONVERTER(widen),
        CONVERTER(select),
        CONVERTER(average),
        CONVERTER(down),
        CONVERTER(up),
        CONVERTER(fold),
    };

    return rt_run(cases, sizeof cases / sizeof cases[0]);
}
