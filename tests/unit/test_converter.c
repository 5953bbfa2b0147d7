/* SPDX-License-Identifier: MIT */
/*
 * Converters: channel maps, rates, and that neither the slicing of a stream nor a call shows.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <rondo/convert.h>

/* ---- allocations of the whole process ---- */

/* Sanitizers bring their own malloc(). */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#endif

/* Volatile, for compilers know that malloc() changes no variable of ours. */
static volatile int counting;
static volatile long allocations; /* while counting */
static volatile long living;      /* allocations while counting that were not freed */
static volatile long failing;     /* this allocation from now fails; 0: none */

#if defined(__GLIBC__) && !defined(SANITIZED)
#define CAN_COUNT 1

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *memory, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);
void __libc_free(void *memory);

static int
refuse_allocation(void)
{
    if (!counting)
        return 0;
    allocations++;
    if (failing > 0 && --failing == 0)
        return 1;
    living++;
    return 0;
}

void *
malloc(size_t bytes)
{
    return refuse_allocation() ? NULL : __libc_malloc(bytes);
}

void *
calloc(size_t count, size_t bytes)
{
    return refuse_allocation() ? NULL : __libc_calloc(count, bytes);
}

void *
realloc(void *memory, size_t bytes)
{
    return refuse_allocation() ? NULL : __libc_realloc(memory, bytes);
}

void *
aligned_alloc(size_t alignment, size_t bytes)
{
    return refuse_allocation() ? NULL : __libc_memalign(alignment, bytes);
}

void
free(void *memory)
{
    if (counting && memory != NULL)
        living--;
    __libc_free(memory);
}
#endif

static void
start_counting(long fail_at)
{
    allocations = 0;
    living = 0;
    failing = fail_at;
    counting = 1;
}

/* Not under valgrind either. */
static int
can_count(void)
{
    char *volatile probe = NULL;

    start_counting(0);
    probe = strdup("from inside a library");
    free(probe);
    counting = 0;
    return allocations == 1 && living == 0;
}

/* ---- numbers ---- */

static uint64_t random_state = 0x2545f4914f6cdd1du;

static uint32_t
random_below(uint32_t limit)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33) % limit;
}

/* The rotation by `turns` of a circle, |turns| < 0.5, by the first terms of its series. */
static void
rotation(double turns, double *cosine, double *sine)
{
    const double angle = turns * 6.283185307179586;
    double term = 1;

    *cosine = 0;
    *sine = 0;
    for (int n = 0; n < 40; n += 2) {
        *cosine += n % 4 == 0 ? term : -term;
        term *= angle / (n + 1);
        *sine += n % 4 == 0 ? term : -term;
        term *= angle / (n + 2);
    }
}

static void *
allocate(size_t bytes)
{
    void *const memory = calloc(1, bytes + 1);

    assert_non_null(memory);
    return memory;
}

/* ---- converters ---- */

static struct rondo_format
format(enum rondo_sample_format sample, uint32_t channels, uint32_t rate_hz)
{
    const struct rondo_format result = {sample, channels, rate_hz};

    return result;
}

static struct rondo_converter_config
configure(struct rondo_format from, struct rondo_format to)
{
    struct rondo_converter_config config = {.from = from, .to = to};

    return config;
}

static struct rondo_converter *
create(const struct rondo_converter_config *config)
{
    struct rondo_converter *converter = NULL;

    assert_int_equal(rondo_converter_create(&converter, config), 0);
    assert_non_null(converter);
    return converter;
}

static int
create_result(const struct rondo_converter_config *config)
{
    struct rondo_converter *converter = NULL;
    const int result = rondo_converter_create(&converter, config);

    assert_true((result == 0) == (converter != NULL));
    rondo_converter_destroy(converter);
    return result;
}

static int
converts_rates(void)
{
    const struct rondo_converter_config config =
        configure(format(RONDO_F32, 1, 44100), format(RONDO_F32, 1, 48000));

    return create_result(&config) == 0;
}

/* Everything that comes out of `frames` frames given at once, and what is ready afterwards. */
static uint32_t
convert_all(struct rondo_converter *converter, const void *in, uint32_t frames, void *out,
            uint32_t room, uint32_t in_frame_bytes, uint32_t out_frame_bytes)
{
    uint32_t used = 0;
    uint32_t made = 0;

    for (;;) {
        uint32_t step_used = 0;
        const uint32_t step = rondo_converter_process(
            converter, (const char *)in + (size_t)used * in_frame_bytes, frames - used, &step_used,
            (char *)out + (size_t)made * out_frame_bytes, room - made);

        used += step_used;
        made += step;
        if (step == 0 && step_used == 0)
            break;
    }
    assert_int_equal(used, frames);
    return made;
}

static void
create_refuses_each_bad_argument(void **state)
{
    static const int16_t below[] = {0, -2};
    static const int16_t beyond[] = {2, 0};
    const struct rondo_converter_config good =
        configure(format(RONDO_S16, 2, 48000), format(RONDO_F32, 2, 48000));
    struct rondo_converter_config bad[12];
    struct rondo_converter *converter = (struct rondo_converter *)&bad;

    (void)state;
    for (int i = 0; i < 12; i++)
        bad[i] = good;
    bad[0].from.sample = RONDO_SAMPLE_DEFAULT;
    bad[1].from.sample = (enum rondo_sample_format)6;
    bad[2].from.channels = 0;
    bad[3].from.channels = RONDO_CHANNELS_MAX + 1;
    bad[4].from.rate_hz = 0;
    bad[5].from.rate_hz = RONDO_RATE_HZ_MAX + 1;
    bad[6].to.sample = RONDO_SAMPLE_DEFAULT;
    bad[7].to.channels = 0;
    bad[8].to.channels = RONDO_CHANNELS_MAX + 1;
    bad[9].to.rate_hz = 0;
    bad[10].channel_map = below;
    bad[11].channel_map = beyond;
    for (int i = 0; i < 12; i++)
        assert_int_equal(create_result(&bad[i]), -EINVAL);
    assert_int_equal(create_result(NULL), -EINVAL);
    assert_int_equal(rondo_converter_create(NULL, &good), -EINVAL);

    assert_int_equal(rondo_converter_create(&converter, &bad[0]), -EINVAL);
    assert_null(converter);
    assert_int_equal(create_result(&good), 0);
}

static void
create_refuses_rates_that_cannot_be_converted(void **state)
{
    struct rondo_converter_config config =
        configure(format(RONDO_F32, 1, 1000), format(RONDO_F32, 1, 256001));

    (void)state;
    assert_int_equal(create_result(&config), -ENOTSUP);
    config = configure(config.to, config.from);
    assert_int_equal(create_result(&config), -ENOTSUP);
    config = configure(format(RONDO_F32, 129, 44100), format(RONDO_F32, 256, 48000));
    assert_int_equal(create_result(&config), -ENOTSUP);
    if (!converts_rates())
        return;
    config = configure(format(RONDO_F32, 1, 1000), format(RONDO_F32, 1, 256000));
    assert_int_equal(create_result(&config), 0);
    config = configure(config.to, config.from);
    assert_int_equal(create_result(&config), 0);
    config = configure(format(RONDO_F32, 128, 44100), format(RONDO_F32, 256, 48000));
    assert_int_equal(create_result(&config), 0);
}

static void
destroy_allows_null(void **state)
{
    (void)state;
    rondo_converter_destroy(NULL);
}

static int
is_copy(struct rondo_format from, struct rondo_format to, const int16_t *map)
{
    struct rondo_converter_config config = configure(from, to);
    struct rondo_converter *converter = NULL;
    int result = 0;

    config.channel_map = map;
    converter = create(&config);
    result = rondo_converter_is_copy(converter);
    rondo_converter_destroy(converter);
    return result;
}

static void
it_is_a_copy_only_when_nothing_changes(void **state)
{
    static const int16_t same[] = {0, 1};
    static const int16_t swapped[] = {1, 0};
    static const int16_t half[] = {0, RONDO_CHANNEL_SILENT};
    const struct rondo_format s16 = format(RONDO_S16, 2, 48000);

    (void)state;
    assert_true(is_copy(s16, s16, NULL));
    assert_true(is_copy(s16, s16, same));
    assert_false(is_copy(s16, s16, swapped));
    assert_false(is_copy(s16, s16, half));
    assert_false(is_copy(s16, format(RONDO_S32, 2, 48000), NULL));
    assert_false(is_copy(s16, format(RONDO_S16, 1, 48000), NULL));
    if (converts_rates())
        assert_false(is_copy(s16, format(RONDO_S16, 2, 44100), NULL));
}

static void
a_copy_keeps_every_bit(void **state)
{
    enum {
        FRAMES = 3000
    };
    const struct rondo_converter_config config =
        configure(format(RONDO_F32, 2, 48000), format(RONDO_F32, 2, 48000));
    struct rondo_converter *const converter = create(&config);
    unsigned char *const in = allocate(FRAMES * 8);
    unsigned char *const out = allocate(FRAMES * 8);
    uint32_t used = 0;

    (void)state;
    for (size_t i = 0; i < (size_t)FRAMES * 8; i++)
        in[i] = (unsigned char)random_below(256);
    assert_int_equal(rondo_converter_process(converter, in, FRAMES, &used, out, FRAMES), FRAMES);
    assert_int_equal(used, FRAMES);
    assert_memory_equal(out, in, FRAMES * 8);
    rondo_converter_destroy(converter);
    free(in);
    free(out);
}

/* ---- channel maps ---- */

static void
check_map_s16(uint32_t from, uint32_t to, const int16_t *map, const int16_t *in,
              const int16_t *want)
{
    struct rondo_converter_config config =
        configure(format(RONDO_S16, from, 8000), format(RONDO_S16, to, 8000));
    struct rondo_converter *converter = NULL;
    int16_t out[64];
    uint32_t used = 0;

    config.channel_map = map;
    converter = create(&config);
    memset(out, 0x55, sizeof(out));
    assert_int_equal(rondo_converter_process(converter, in, 2, &used, out, 2), 2);
    assert_int_equal(used, 2);
    assert_memory_equal(out, want, 2 * to * sizeof(*out));
    rondo_converter_destroy(converter);
}

static void
one_channel_goes_to_every_output(void **state)
{
    (void)state;
    check_map_s16(1, 3, NULL, (const int16_t[]){5, -6}, (const int16_t[]){5, 5, 5, -6, -6, -6});
}

static void
outputs_beyond_the_input_are_silent(void **state)
{
    (void)state;
    check_map_s16(2, 4, NULL, (const int16_t[]){1, 2, 3, 4},
                  (const int16_t[]){1, 2, 0, 0, 3, 4, 0, 0});
}

static void
inputs_beyond_the_output_are_left_out(void **state)
{
    (void)state;
    check_map_s16(4, 2, NULL, (const int16_t[]){1, 2, 3, 4, 5, 6, 7, 8},
                  (const int16_t[]){1, 2, 5, 6});
}

static void
many_to_one_are_averaged(void **state)
{
    (void)state;
    check_map_s16(2, 1, NULL, (const int16_t[]){100, 200, -100, -300},
                  (const int16_t[]){150, -200});
    check_map_s16(2, 1, NULL, (const int16_t[]){32767, 32767, -32768, -32768},
                  (const int16_t[]){32767, -32768});
    check_map_s16(3, 1, NULL, (const int16_t[]){1, 1, 0, -1, -1, 0}, (const int16_t[]){1, -1});
}

static void
averages_round_to_nearest(void **state)
{
    const struct rondo_converter_config config =
        configure(format(RONDO_S32, 3, 8000), format(RONDO_S32, 1, 8000));
    struct rondo_converter *const converter = create(&config);
    const int32_t in[] = {1, 1, 0, -1, -1, 0, 1, 0, 0, INT32_MAX, INT32_MAX, INT32_MAX};
    const int32_t want[] = {1, -1, 0, INT32_MAX};
    int32_t out[4];
    uint32_t used = 0;

    (void)state;
    rondo_converter_process(converter, in, 4, &used, out, 4);
    assert_memory_equal(out, want, sizeof(want));
    rondo_converter_destroy(converter);
}

static void
many_to_one_are_averaged_in_float(void **state)
{
    const struct rondo_converter_config config =
        configure(format(RONDO_F32, 3, 8000), format(RONDO_F32, 1, 8000));
    struct rondo_converter *const converter = create(&config);
    const float in[] = {1.5f, -0.25f, 0.25f, 3e38f, 3e38f, 3e38f};
    float out[2];
    uint32_t used = 0;

    (void)state;
    rondo_converter_process(converter, in, 2, &used, out, 2);
    assert_true(out[0] == 0.5f);
    assert_true(out[1] == 3e38f);
    rondo_converter_destroy(converter);
}

static void
an_explicit_map_is_followed(void **state)
{
    (void)state;
    check_map_s16(3, 3, (const int16_t[]){2, RONDO_CHANNEL_SILENT, 0},
                  (const int16_t[]){1, 2, 3, 4, 5, 6}, (const int16_t[]){3, 0, 1, 6, 0, 4});
    check_map_s16(2, 1, (const int16_t[]){1}, (const int16_t[]){1, 2, 3, 4},
                  (const int16_t[]){2, 4});
    check_map_s16(1, 2, (const int16_t[]){RONDO_CHANNEL_SILENT, 0}, (const int16_t[]){1, 2},
                  (const int16_t[]){0, 1, 0, 2});
}

static void
the_map_is_copied_at_creation(void **state)
{
    struct rondo_converter_config config =
        configure(format(RONDO_S16, 2, 8000), format(RONDO_S16, 2, 8000));
    int16_t map[] = {1, 0};
    const int16_t in[] = {1, 2};
    int16_t out[2];
    uint32_t used = 0;
    struct rondo_converter *converter = NULL;

    (void)state;
    config.channel_map = map;
    converter = create(&config);
    map[0] = map[1] = 77;
    rondo_converter_process(converter, in, 1, &used, out, 1);
    assert_int_equal(out[0], 2);
    assert_int_equal(out[1], 1);
    rondo_converter_destroy(converter);
}

/* Between all pairs of formats a selected channel is what rondo_convert_samples() makes of it. */
static void
maps_and_formats_change_together(void **state)
{
    enum {
        FRAMES = 1500
    };
    static const uint32_t channels[][2] = {{3, 2}, {2, 3}, {2, 2}, {1, 2}};
    static const int16_t map[] = {1, 0, RONDO_CHANNEL_SILENT};
    unsigned char *const in = allocate(FRAMES * 12);
    unsigned char *const out = allocate(FRAMES * 12);

    (void)state;
    for (size_t i = 0; i < FRAMES * 12; i++)
        in[i] = (unsigned char)random_below(256);
    for (enum rondo_sample_format from = RONDO_S16; from <= RONDO_F32; from++) {
        for (enum rondo_sample_format to = RONDO_S16; to <= RONDO_F32; to++) {
            for (size_t n = 0; n < 4; n++) {
                const uint32_t ins = channels[n][0];
                const uint32_t outs = channels[n][1];
                const uint32_t in_bytes = rondo_sample_bytes(from);
                const uint32_t out_bytes = rondo_sample_bytes(to);
                struct rondo_converter_config config =
                    configure(format(from, ins, 48000), format(to, outs, 48000));
                struct rondo_converter *converter = NULL;

                config.channel_map = ins == 1 ? NULL : map;
                converter = create(&config);
                memset(out, 0x55, FRAMES * 12);
                assert_int_equal(convert_all(converter, in, FRAMES, out, FRAMES, ins * in_bytes,
                                             outs * out_bytes),
                                 FRAMES);
                for (size_t i = 0; i < FRAMES; i++) {
                    for (size_t c = 0; c < outs; c++) {
                        const int source = ins == 1 ? 0 : map[c];
                        unsigned char want[4] = {0, 0, 0, 0};

                        if (source >= 0)
                            rondo_convert_samples(
                                want, to, in + (i * ins + (size_t)source) * in_bytes, from, 1);
                        assert_memory_equal(out + (i * outs + c) * out_bytes, want, out_bytes);
                    }
                }
                rondo_converter_destroy(converter);
            }
        }
    }
    free(in);
    free(out);
}

/* ---- slices ---- */

/* In random slices, with the canary of a guard behind each; what comes out and what was used. */
static uint32_t
convert_in_slices(struct rondo_converter *converter, const unsigned char *in, uint32_t frames,
                  unsigned char *out, uint32_t in_frame_bytes, uint32_t out_frame_bytes,
                  uint32_t in_slice, uint32_t out_slice)
{
    uint32_t used = 0;
    uint32_t made = 0;

    for (;;) {
        uint32_t give = random_below(in_slice + 1);
        const uint32_t room = random_below(out_slice + 1);
        unsigned char *const guard = out + (size_t)(made + room) * out_frame_bytes;
        uint32_t step_used = 0x55555555;
        uint32_t step = 0;

        if (give > frames - used)
            give = frames - used;
        guard[0] = 0xa5;
        step = rondo_converter_process(converter,
                                       give == 0 ? NULL : in + (size_t)used * in_frame_bytes, give,
                                       &step_used, out + (size_t)made * out_frame_bytes, room);
        assert_true(step <= room);
        assert_true(step_used <= give);
        assert_int_equal(guard[0], 0xa5);
        used += step_used;
        made += step;
        if (used == frames && room > 0 && step < room)
            return made;
    }
}

static void
check_slices(const struct rondo_converter_config *wanted)
{
    enum {
        FRAMES = 1500
    };
    const uint32_t in_bytes = rondo_frame_bytes(&wanted->from);
    const uint32_t out_bytes = rondo_frame_bytes(&wanted->to);
    const uint32_t room =
        (uint32_t)((uint64_t)FRAMES * wanted->to.rate_hz / wanted->from.rate_hz) + 300;
    unsigned char *const in = allocate((size_t)FRAMES * in_bytes);
    unsigned char *const whole = allocate((size_t)room * out_bytes);
    unsigned char *const sliced = allocate((size_t)(room + 300) * out_bytes);
    struct rondo_converter_config config = *wanted;
    struct rondo_converter *converter = NULL;
    uint32_t frames = 0;
    uint32_t used = 0;

    for (size_t i = 0; i < (size_t)FRAMES * in_bytes; i++)
        in[i] = (unsigned char)random_below(config.from.sample == RONDO_F32 ? 64 : 256);
    config.max_frames = FRAMES;
    converter = create(&config);
    frames = rondo_converter_process(converter, in, FRAMES, &used, whole, room);
    assert_int_equal(used, FRAMES);
    assert_true(frames > 0 && frames < room);
    rondo_converter_destroy(converter);

    for (int round = 0; round < 6; round++) {
        static const uint32_t slices[][2] = {{1, 1},   {7, 300},   {300, 7},
                                             {64, 64}, {300, 300}, {3, 2}};

        config.max_frames = 1 + random_below(400);
        converter = create(&config);
        memset(sliced, 0, (size_t)(room + 300) * out_bytes);
        assert_int_equal(convert_in_slices(converter, in, FRAMES, sliced, in_bytes, out_bytes,
                                           slices[round][0], slices[round][1]),
                         frames);
        assert_memory_equal(sliced, whole, (size_t)frames * out_bytes);
        rondo_converter_destroy(converter);
    }
    free(in);
    free(whole);
    free(sliced);
}

static void
slices_do_not_show_without_a_change_of_rate(void **state)
{
    static const uint32_t channels[][2] = {{2, 2}, {2, 1}, {1, 2}, {3, 2}, {2, 5}, {9, 1}};

    (void)state;
    for (enum rondo_sample_format from = RONDO_S16; from <= RONDO_F32; from++) {
        for (enum rondo_sample_format to = RONDO_S16; to <= RONDO_F32; to++) {
            const size_t n = random_below(6);
            const struct rondo_converter_config config =
                configure(format(from, channels[n][0], 48000), format(to, channels[n][1], 48000));

            check_slices(&config);
        }
    }
}

static void
slices_do_not_show_with_a_change_of_rate(void **state)
{
    const struct rondo_converter_config configs[] = {
        configure(format(RONDO_F32, 1, 44100), format(RONDO_F32, 1, 48000)),
        configure(format(RONDO_S16, 2, 44100), format(RONDO_S16, 2, 48000)),
        configure(format(RONDO_S16, 2, 48000), format(RONDO_F32, 2, 16000)),
        configure(format(RONDO_F32, 2, 16000), format(RONDO_S24_PACKED, 2, 48000)),
        configure(format(RONDO_S24_IN_32, 2, 48000), format(RONDO_S16, 1, 44100)),
        configure(format(RONDO_S16, 1, 8000), format(RONDO_S32, 6, 96000)),
        configure(format(RONDO_F32, 1, 8000), format(RONDO_F32, 2, 11025)),
        configure(format(RONDO_F32, 5, 96000), format(RONDO_F32, 2, 44100)),
        configure(format(RONDO_S16, 1, 192000), format(RONDO_S16, 1, 8000)),
    };

    (void)state;
    if (!converts_rates())
        skip();
    for (size_t i = 0; i < sizeof(configs) / sizeof(configs[0]); i++)
        check_slices(&configs[i]);
}

static void
no_room_consumes_nothing(void **state)
{
    const uint32_t rates = converts_rates() ? 2 : 1;
    const int16_t in[64] = {1, 2, 3};

    (void)state;
    for (uint32_t i = 0; i < rates; i++) {
        const struct rondo_converter_config config =
            configure(format(RONDO_S16, 1, 48000), format(RONDO_F32, 1, i == 0 ? 48000 : 44100));
        struct rondo_converter *const converter = create(&config);
        uint32_t used = 99;

        assert_int_equal(rondo_converter_process(converter, in, 64, &used, NULL, 0), 0);
        assert_int_equal(used, 0);
        rondo_converter_destroy(converter);
    }
}

static void
no_more_than_max_frames_are_taken_at_once(void **state)
{
    const uint32_t rates = converts_rates() ? 2 : 1;
    const int16_t in[100] = {1, 2, 3};
    float out[300];

    (void)state;
    for (uint32_t i = 0; i < rates; i++) {
        struct rondo_converter_config config =
            configure(format(RONDO_S16, 1, 48000), format(RONDO_F32, 1, i == 0 ? 48000 : 96000));
        struct rondo_converter *converter = NULL;
        uint32_t used = 0;

        config.max_frames = 60;
        converter = create(&config);
        rondo_converter_process(converter, in, 100, &used, out, 300);
        assert_int_equal(used, 60);
        rondo_converter_destroy(converter);
    }
}

/* ---- rates ---- */

static const uint32_t rates_hz[][2] = {{44100, 48000}, {48000, 16000}, {16000, 48000}};

/* Input frames that the resampler's filter may keep: 24 of the lower rate. */
static uint32_t
filter_frames(uint32_t from_hz, uint32_t to_hz)
{
    return from_hz > to_hz ? 24 * from_hz / to_hz : 24;
}

static void
the_output_is_as_long_as_the_input_lasts(void **state)
{
    enum {
        FRAMES = 20000
    };
    static float in[FRAMES];
    static float out[4 * FRAMES];

    (void)state;
    if (!converts_rates())
        skip();
    for (size_t i = 0; i < 3; i++) {
        const uint32_t from_hz = rates_hz[i][0];
        const uint32_t to_hz = rates_hz[i][1];
        const struct rondo_converter_config config =
            configure(format(RONDO_F32, 1, from_hz), format(RONDO_F32, 1, to_hz));
        struct rondo_converter *const converter = create(&config);
        const uint32_t frames = convert_all(converter, in, FRAMES, out, 4 * FRAMES, 4, 4);
        const uint32_t kept = filter_frames(from_hz, to_hz);

        assert_true((uint64_t)frames * from_hz <= (uint64_t)FRAMES * to_hz);
        assert_true((uint64_t)(frames + 1) * from_hz >= (uint64_t)(FRAMES - kept) * to_hz);
        rondo_converter_destroy(converter);
    }
}

/* The first sample out belongs to the first sample in: a sine comes out as the same function of time. */
static void
a_sine_keeps_its_level_frequency_and_phase(void **state)
{
    enum {
        FRAMES = 20000
    };
    static const double frequencies_hz[] = {100, 1000, 5000};
    static float in[2 * FRAMES];
    static float out[8 * FRAMES];

    (void)state;
    if (!converts_rates())
        skip();
    for (size_t i = 0; i < 9; i++) {
        const double hz = frequencies_hz[i / 3];
        const uint32_t from_hz = rates_hz[i % 3][0];
        const uint32_t to_hz = rates_hz[i % 3][1];
        const struct rondo_converter_config config =
            configure(format(RONDO_F32, 2, from_hz), format(RONDO_F32, 2, to_hz));
        struct rondo_converter *const converter = create(&config);
        double c, s, x = 1, y = 0, x2;
        double power = 0, want_power = 0, product = 0, error = 0;
        uint32_t frames = 0;

        rotation(hz / from_hz, &c, &s);
        for (size_t n = 0; n < FRAMES; n++) {
            in[2 * n] = (float)(0.5 * y);
            in[2 * n + 1] = -in[2 * n];
            x2 = x * c - y * s;
            y = x * s + y * c;
            x = x2;
        }
        frames = convert_all(converter, in, FRAMES, out, 4 * FRAMES, 8, 8);
        rotation(hz / to_hz, &c, &s);
        x = 1;
        y = 0;
        for (size_t n = 0; n < frames; n++) {
            const double want = 0.5 * y;
            const double got = (double)out[2 * n];

            assert_true(out[2 * n + 1] == -out[2 * n]);
            if (n > 100 && n < frames - 100) {
                power += got * got;
                want_power += want * want;
                product += got * want;
                error += (got - want) * (got - want);
            }
            x2 = x * c - y * s;
            y = x * s + y * c;
            x = x2;
        }
        /* The level within 0.02 dB, a correlation of at least 0.99999, an error below -54 dB. */
        assert_true(power > want_power * 0.9954 && power < want_power * 1.0046);
        assert_true(product * product > 0.99998 * power * want_power);
        assert_true(error < want_power * 4e-6);
        rondo_converter_destroy(converter);
    }
}

static void
a_constant_keeps_its_value(void **state)
{
    enum {
        FRAMES = 4000
    };
    static int16_t in[FRAMES];
    static int16_t out[4 * FRAMES];

    (void)state;
    if (!converts_rates())
        skip();
    for (size_t i = 0; i < FRAMES; i++)
        in[i] = 10000;
    for (size_t i = 0; i < 3; i++) {
        const struct rondo_converter_config config =
            configure(format(RONDO_S16, 1, rates_hz[i][0]), format(RONDO_S16, 1, rates_hz[i][1]));
        struct rondo_converter *const converter = create(&config);
        const uint32_t frames = convert_all(converter, in, FRAMES, out, 4 * FRAMES, 2, 2);

        for (uint32_t n = 100; n < frames; n++)
            assert_in_range(out[n], 9990, 10010);
        rondo_converter_destroy(converter);
    }
}

/* Full-scale steps overshoot in any band-limited filter. */
static void
overshoot_is_clipped_and_does_not_wrap(void **state)
{
    enum {
        FRAMES = 2000
    };
    int16_t in[FRAMES];
    int16_t out[FRAMES * 2];
    const struct rondo_converter_config config =
        configure(format(RONDO_S16, 1, 44100), format(RONDO_S16, 1, 48000));
    struct rondo_converter *converter = NULL;
    uint32_t frames = 0;
    uint32_t clipped = 0;

    (void)state;
    if (!converts_rates())
        skip();
    converter = create(&config);
    for (size_t i = 0; i < FRAMES; i++)
        in[i] = i < 1000 ? -32768 : 32767;
    frames = convert_all(converter, in, FRAMES, out, FRAMES * 2, 2, 2);
    for (uint32_t n = 100; n < 1060; n++)
        assert_true(out[n] < -28000);
    for (uint32_t n = 1120; n < frames; n++) {
        assert_true(out[n] > 28000);
        clipped += out[n] == 32767;
    }
    assert_true(clipped > 0);
    rondo_converter_destroy(converter);
}

static void
rates_and_channels_change_together(void **state)
{
    enum {
        FRAMES = 3000
    };
    struct rondo_converter_config mono =
        configure(format(RONDO_F32, 1, 44100), format(RONDO_F32, 1, 48000));
    static float one[FRAMES];
    static float two[2 * FRAMES];
    static float want[2 * FRAMES];
    static float out[4 * FRAMES];
    struct rondo_converter *converter = NULL;
    uint32_t frames = 0;

    (void)state;
    if (!converts_rates())
        skip();
    for (size_t i = 0; i < FRAMES; i++) {
        one[i] = (float)random_below(1000) / 1000;
        two[2 * i] = one[i] + 0.25f;
        two[2 * i + 1] = one[i] - 0.25f;
    }
    converter = create(&mono);
    frames = convert_all(converter, one, FRAMES, want, 2 * FRAMES, 4, 4);
    rondo_converter_destroy(converter);

    mono.to.channels = 2;
    mono.channel_map = (const int16_t[]){RONDO_CHANNEL_SILENT, 0};
    converter = create(&mono);
    assert_int_equal(convert_all(converter, one, FRAMES, out, 2 * FRAMES, 4, 8), frames);
    for (size_t i = 0; i < frames; i++)
        assert_true(out[2 * i] == 0 && out[2 * i + 1] == want[i]);
    rondo_converter_destroy(converter);

    mono = configure(format(RONDO_F32, 2, 44100), format(RONDO_F32, 1, 48000));
    converter = create(&mono);
    assert_int_equal(convert_all(converter, two, FRAMES, out, 2 * FRAMES, 8, 4), frames);
    for (size_t i = 0; i < frames; i++)
        assert_true(out[i] - want[i] < 1e-5f && want[i] - out[i] < 1e-5f);
    rondo_converter_destroy(converter);

    mono.to.channels = 2;
    mono.channel_map = (const int16_t[]){1, 1};
    for (size_t i = 0; i < FRAMES; i++)
        two[2 * i + 1] = one[i];
    converter = create(&mono);
    assert_int_equal(convert_all(converter, two, FRAMES, out, 2 * FRAMES, 8, 8), frames);
    for (size_t i = 0; i < frames; i++)
        assert_true(out[2 * i] == want[i] && out[2 * i + 1] == want[i]);
    rondo_converter_destroy(converter);
}

static void
reset_forgets_the_past(void **state)
{
    enum {
        FRAMES = 1000
    };
    const struct rondo_converter_config config =
        configure(format(RONDO_F32, 1, 44100), format(RONDO_F32, 1, 48000));
    struct rondo_converter *converter = NULL;
    float in[FRAMES], want[2 * FRAMES], got[2 * FRAMES];
    uint32_t frames = 0;
    uint32_t used = 0;

    (void)state;
    if (!converts_rates())
        skip();
    converter = create(&config);
    for (size_t i = 0; i < FRAMES; i++)
        in[i] = (float)random_below(1000) / 1000;
    frames = convert_all(converter, in, FRAMES, want, 2 * FRAMES, 4, 4);
    rondo_converter_process(converter, in, 333, &used, got, 77);
    rondo_converter_reset(converter);
    assert_int_equal(convert_all(converter, in, FRAMES, got, 2 * FRAMES, 4, 4), frames);
    assert_memory_equal(got, want, frames * sizeof(*got));
    rondo_converter_destroy(converter);
}

static void
reset_is_allowed_without_a_change_of_rate(void **state)
{
    const struct rondo_converter_config config =
        configure(format(RONDO_S16, 1, 8000), format(RONDO_S16, 1, 8000));
    struct rondo_converter *const converter = create(&config);

    (void)state;
    rondo_converter_reset(converter);
    rondo_converter_destroy(converter);
}

/* ---- allocations ---- */

static void
nothing_is_allocated_after_creation(void **state)
{
    enum {
        FRAMES = 1000
    };
    const uint32_t to_hz = converts_rates() ? 44100 : 48000;
    const struct rondo_converter_config configs[] = {
        configure(format(RONDO_S16, 2, 48000), format(RONDO_S16, 2, 48000)),
        configure(format(RONDO_S16, 2, 48000), format(RONDO_S24_PACKED, 1, 48000)),
        configure(format(RONDO_S16, 2, 48000), format(RONDO_F32, 2, to_hz)),
        configure(format(RONDO_S24_PACKED, 1, 48000), format(RONDO_S32, 4, to_hz)),
    };
    static uint32_t in[FRAMES * 4];
    static uint32_t out[FRAMES * 4];

    (void)state;
    if (!can_count())
        skip();
    for (size_t i = 0; i < 4; i++) {
        struct rondo_converter *const converter = create(&configs[i]);

        start_counting(0);
        for (int round = 0; round < 20; round++) {
            uint32_t used = 0;

            rondo_converter_process(converter, in, FRAMES, &used, out, FRAMES);
            rondo_converter_is_copy(converter);
            if (round == 10)
                rondo_converter_reset(converter);
        }
        counting = 0;
        assert_int_equal(allocations, 0);
        rondo_converter_destroy(converter);
    }
}

static void
each_failing_allocation_is_told_and_leaks_nothing(void **state)
{
    const uint32_t to_hz = converts_rates() ? 44100 : 48000;
    const struct rondo_converter_config config =
        configure(format(RONDO_S16, 2, 48000), format(RONDO_F32, 1, to_hz));
    int result = -ENOMEM;
    long failures = 0;

    (void)state;
    if (!can_count())
        skip();
    for (long nth = 1; result != 0; nth++) {
        struct rondo_converter *converter = NULL;

        start_counting(nth);
        result = rondo_converter_create(&converter, &config);
        rondo_converter_destroy(converter);
        counting = 0;
        assert_true(result == 0 || result == -ENOMEM);
        assert_int_equal(living, 0);
        failures += result != 0;
    }
    assert_true(failures >= (to_hz == 48000 ? 2 : 4));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(create_refuses_each_bad_argument),
        cmocka_unit_test(create_refuses_rates_that_cannot_be_converted),
        cmocka_unit_test(destroy_allows_null),
        cmocka_unit_test(it_is_a_copy_only_when_nothing_changes),
        cmocka_unit_test(a_copy_keeps_every_bit),
        cmocka_unit_test(one_channel_goes_to_every_output),
        cmocka_unit_test(outputs_beyond_the_input_are_silent),
        cmocka_unit_test(inputs_beyond_the_output_are_left_out),
        cmocka_unit_test(many_to_one_are_averaged),
        cmocka_unit_test(averages_round_to_nearest),
        cmocka_unit_test(many_to_one_are_averaged_in_float),
        cmocka_unit_test(an_explicit_map_is_followed),
        cmocka_unit_test(the_map_is_copied_at_creation),
        cmocka_unit_test(maps_and_formats_change_together),
        cmocka_unit_test(slices_do_not_show_without_a_change_of_rate),
        cmocka_unit_test(slices_do_not_show_with_a_change_of_rate),
        cmocka_unit_test(no_room_consumes_nothing),
        cmocka_unit_test(no_more_than_max_frames_are_taken_at_once),
        cmocka_unit_test(the_output_is_as_long_as_the_input_lasts),
        cmocka_unit_test(a_sine_keeps_its_level_frequency_and_phase),
        cmocka_unit_test(a_constant_keeps_its_value),
        cmocka_unit_test(overshoot_is_clipped_and_does_not_wrap),
        cmocka_unit_test(rates_and_channels_change_together),
        cmocka_unit_test(reset_forgets_the_past),
        cmocka_unit_test(reset_is_allowed_without_a_change_of_rate),
        cmocka_unit_test(nothing_is_allocated_after_creation),
        cmocka_unit_test(each_failing_allocation_is_told_and_leaks_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
