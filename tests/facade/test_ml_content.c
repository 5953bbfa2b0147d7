/* SPDX-License-Identifier: MIT */
/* What inputs deliver: every sample under the offline clock, conversions, several inputs at once. */
#include "support/ml_test.h"

#include <math.h>

#define PI 3.14159265358979323846

/* Get a buffer; under the offline clock the device is another thread that is as fast as it can. */
static MLAudioBuffer
wait_for_buffer(MLHandle handle)
{
    MLAudioBuffer buffer = {NULL, 0};

    ml_wait_until(MLAudioGetInputBuffer(handle, &buffer) == MLResult_Ok);
    return buffer;
}

static struct rondo_ml_input_stats
stats_of(MLHandle handle)
{
    struct rondo_ml_input_stats stats;

    assert_int_equal(rondo_ml_query_input_stats(handle, &stats), 0);
    return stats;
}

/* ---- the offline clock ---- */

#define OFFLINE_FRAMES 100000u

/* Read the whole file and see that nothing of it is missing, nor anything else in it. */
static void
read_offline(MLHandle handle, bool slowly)
{
    uint64_t next = 0;

    while (next < OFFLINE_FRAMES) {
        const MLAudioBuffer buffer = wait_for_buffer(handle);
        const int16_t *const samples = (const int16_t *)(const void *)buffer.ptr;

        for (uint32_t frame = 0; frame < buffer.size / 4; frame++, next++) {
            assert_int_equal(samples[2 * frame], next < OFFLINE_FRAMES ? ml_ramp(next, 0) : 0);
            assert_int_equal(samples[2 * frame + 1], next < OFFLINE_FRAMES ? ml_ramp(next, 1) : 0);
        }
        if (slowly && next % 7 == 0)
            ml_yield();
        ml_assert_ok(MLAudioReleaseInputBuffer(handle));
    }
}

static void
ml_offline_clock_delivers_every_sample_of_a_file(void **state)
{
    struct ml_file file;
    char device[400];

    (void)state;
    ml_write_ramp(&file, 2, 48000, OFFLINE_FRAMES);
    for (int i = 0; i < 2; i++) {
        MLHandle handle;

        /* Asked for by the device string, and by the configuration. */
        snprintf(device, sizeof device, "%s?clock=offline", file.device);
        ml_use(i == 0 ? device : file.device, i == 0 ? NULL : rondo_clock_offline());
        handle = ml_create(MLAudioMicCaptureType_WorldCapture, i == 0 ? 0 : 1000 * 4, NULL, NULL);
        assert_int_equal(stats_of(handle).device_length_frames, OFFLINE_FRAMES);
        assert_true(stats_of(handle).bit_exact);
        ml_assert_ok(MLAudioStartInput(handle));
        read_offline(handle, i == 1);
        ml_assert_ok(MLAudioStopInput(handle));
        ml_assert_ok(MLAudioStartInput(handle)); /* from its beginning again */
        read_offline(handle, false);
        assert_int_equal(stats_of(handle).frames_dropped, 0);
        assert_int_equal(stats_of(handle).xruns, 0);
        ml_assert_ok(MLAudioDestroyInput(handle));
    }
    ml_remove(&file);
}

static void
ml_offline_clock_drives_callbacks(void **state)
{
    struct ml_recorder recorder = ML_RECORDER_INIT;
    MLHandle handle;

    (void)state;
    recorder.reads = true;
    ml_use("null:", rondo_clock_offline());
    handle = ml_create_20ms(ml_record, &recorder);
    ml_assert_ok(MLAudioStartInput(handle));
    ml_wait_until(ml_returned(&recorder) >= 1000); /* 20 s of sound */
    ml_assert_ok(MLAudioDestroyInput(handle));
    /* At most the one that was inside when the input died got nothing. */
    assert_in_range(recorder.got, recorder.returned - 1, recorder.returned);
    assert_in_range(recorder.released, recorder.got - 1, recorder.got);
}

static void
ml_offline_input_that_nobody_reads_stops_and_goes_away(void **state)
{
    MLHandle handle;

    (void)state;
    ml_use("null:", rondo_clock_offline());
    handle = ml_create_20ms(NULL, NULL);
    ml_assert_ok(MLAudioStartInput(handle));
    ml_wait_until(stats_of(handle).buffers_filled == 2);
    ml_assert_ok(MLAudioStopInput(handle));
    ml_assert_ok(MLAudioStartInput(handle));
    ml_wait_until(stats_of(handle).buffers_filled == 4);
    assert_int_equal(stats_of(handle).frames_dropped, 0);
    ml_assert_ok(MLAudioDestroyInput(handle));
}

/* ---- conversions ---- */

/* A second of a tone of 440 Hz at half of full scale; each channel is it times a gain. */
static void
write_tone(struct ml_file *file, uint32_t channels, uint32_t rate_hz, const double *gains)
{
    int16_t *const samples = malloc((size_t)rate_hz * channels * sizeof *samples);

    assert_non_null(samples);
    for (uint32_t frame = 0; frame < rate_hz; frame++)
        for (uint32_t channel = 0; channel < channels; channel++)
            samples[frame * channels + channel] =
                (int16_t)(16384 * gains[channel] * sin(2 * PI * 440 * frame / rate_hz));
    ml_write_wav(file, samples, channels, rate_hz, rate_hz);
    free(samples);
}

/* What an input made of a device. */
struct heard {
    int16_t *samples; /* of channel 0 */
    uint32_t frames;
    uint32_t sounding; /* frames up to the last one that is not silent */
    double level;      /* RMS of the middle half of what sounds */
    bool channels_equal;
};

/* Listen for some buffers of 20 ms on the virtual clock. */
static struct heard
listen_to(MLHandle handle, uint32_t channels, uint32_t frames_each, uint32_t buffers)
{
    struct heard heard = {.channels_equal = true};
    double sum = 0;

    heard.samples = calloc((size_t)frames_each * buffers, sizeof *heard.samples);
    assert_non_null(heard.samples);
    ml_assert_ok(MLAudioStartInput(handle));
    for (uint32_t i = 0; i < buffers;) {
        MLAudioBuffer buffer;
        const int16_t *samples;

        if (MLAudioGetInputBuffer(handle, &buffer) != MLResult_Ok) {
            ml_advance_ms(10);
            continue;
        }
        i++;
        assert_int_equal(buffer.size, frames_each * channels * 2);
        samples = (const int16_t *)(const void *)buffer.ptr;
        for (uint32_t frame = 0; frame < frames_each; frame++) {
            heard.samples[heard.frames++] = samples[frame * channels];
            if (abs(samples[frame * channels]) > 2)
                heard.sounding = heard.frames;
            for (uint32_t channel = 1; channel < channels; channel++)
                if (samples[frame * channels + channel] != samples[frame * channels])
                    heard.channels_equal = false;
        }
        ml_assert_ok(MLAudioReleaseInputBuffer(handle));
    }
    for (uint32_t frame = heard.sounding / 4; frame < heard.sounding * 3 / 4; frame++)
        sum += (double)heard.samples[frame] * heard.samples[frame];
    if (heard.sounding > 0)
        heard.level = sqrt(sum / (heard.sounding / 2));
    return heard;
}

/* RMS of the tone. */
#define TONE_LEVEL (16384 / 1.41421356)

static void
assert_near(double value, double wanted, double relative)
{
    if (fabs(value - wanted) > relative * wanted)
        fail_msg("%g is not within %g of %g", value, relative, wanted);
}

static void
ml_voice_comm_resamples_and_mixes_a_stereo_file(void **state)
{
    const double gains[] = {1, 1};
    struct ml_file file;
    struct heard heard;
    uint32_t crossings = 0;
    MLHandle handle;

    (void)state;
    write_tone(&file, 2, 44100, gains);
    ml_use(file.device, ml_clock);
    handle = ml_create(MLAudioMicCaptureType_VoiceComm, 320 * 2, NULL, NULL);
    assert_false(stats_of(handle).bit_exact);
    assert_int_equal(stats_of(handle).device_rate_hz, 44100);
    assert_int_equal(stats_of(handle).device_channels, 2);
    assert_int_equal(stats_of(handle).device_length_frames, 44100);
    heard = listen_to(handle, 1, 320, 60); /* 1.2 s */
    assert_in_range(heard.sounding, 16000 - 60, 16000 + 60);
    assert_near(heard.level, TONE_LEVEL, 0.01);
    for (uint32_t frame = 160; frame < 15840; frame++) /* 0.98 s, away from both ends */
        crossings += heard.samples[frame - 1] < 0 && heard.samples[frame] >= 0;
    assert_in_range(crossings, 430, 432); /* still 440 Hz */
    assert_int_equal(stats_of(handle).frames_dropped, 0);
    free(heard.samples);
    ml_assert_ok(MLAudioDestroyInput(handle));
    ml_remove(&file);
}

static void
ml_voice_is_the_mean_of_all_channels(void **state)
{
    const double left_only[] = {1, 0};
    const double opposed[] = {1, -1};
    struct ml_file file;
    struct heard heard;
    MLHandle handle;

    (void)state;
    write_tone(&file, 2, 48000, left_only);
    ml_use(file.device, ml_clock);
    handle = ml_create(MLAudioMicCaptureType_VoiceCapture, 960 * 2, NULL, NULL);
    heard = listen_to(handle, 1, 960, 55);
    assert_near(heard.level, TONE_LEVEL / 2, 0.01);
    assert_in_range(heard.sounding, 48000 - 100, 48000);
    free(heard.samples);
    ml_assert_ok(MLAudioDestroyInput(handle));
    ml_remove(&file);

    write_tone(&file, 2, 48000, opposed);
    ml_use(file.device, ml_clock);
    handle = ml_create(MLAudioMicCaptureType_VoiceCapture, 960 * 2, NULL, NULL);
    heard = listen_to(handle, 1, 960, 55);
    assert_int_equal(heard.sounding, 0);
    free(heard.samples);
    ml_assert_ok(MLAudioDestroyInput(handle));
    ml_remove(&file);
}

static void
ml_raw_capture_of_a_mono_device_has_it_on_every_channel(void **state)
{
    const double gain = 1;
    struct ml_file file;
    struct heard heard;
    MLHandle handle;

    (void)state;
    write_tone(&file, 1, 48000, &gain);
    ml_use(file.device, ml_clock);
    handle = ml_create(MLAudioMicCaptureType_RawMicsAndAECRef, 960 * 12, NULL, NULL);
    heard = listen_to(handle, 6, 960, 55);
    assert_true(heard.channels_equal);
    assert_near(heard.level, TONE_LEVEL, 0.01);
    free(heard.samples);
    ml_assert_ok(MLAudioDestroyInput(handle));
    ml_remove(&file);
}

static void
ml_a_mono_file_goes_through_voice_capture_bit_by_bit(void **state)
{
    struct ml_file file;
    struct heard heard;
    MLHandle handle;

    (void)state;
    ml_write_ramp(&file, 1, 48000, 9600);
    ml_use(file.device, ml_clock);
    handle = ml_create(MLAudioMicCaptureType_VoiceCapture, 960 * 2, NULL, NULL);
    assert_true(stats_of(handle).bit_exact);
    heard = listen_to(handle, 1, 960, 12);
    for (uint32_t frame = 0; frame < heard.frames; frame++)
        assert_int_equal(heard.samples[frame], frame < 9600 ? ml_ramp(frame, 0) : 0);
    free(heard.samples);
    ml_assert_ok(MLAudioDestroyInput(handle));
    ml_remove(&file);
}

static void
ml_a_file_that_loops_has_no_seam(void **state)
{
    struct ml_file file;
    char device[400];
    uint64_t next = 0;
    MLHandle handle;

    (void)state;
    ml_write_ramp(&file, 2, 48000, 1000);
    snprintf(device, sizeof device, "%s?loop=1", file.device);
    ml_use(device, ml_clock);
    handle = ml_create_20ms(NULL, NULL);
    ml_assert_ok(MLAudioStartInput(handle));
    while (next < 10000) {
        MLAudioBuffer buffer;
        const int16_t *samples;

        if (MLAudioGetInputBuffer(handle, &buffer) != MLResult_Ok) {
            ml_advance_ms(20);
            continue;
        }
        samples = (const int16_t *)(const void *)buffer.ptr;
        for (uint32_t frame = 0; frame < buffer.size / 4; frame++, next++)
            assert_int_equal(samples[2 * frame], ml_ramp(next % 1000, 0));
        ml_assert_ok(MLAudioReleaseInputBuffer(handle));
    }
    ml_assert_ok(MLAudioDestroyInput(handle));
    ml_remove(&file);
}

static void
ml_frames_dropped_are_counted_in_the_inputs_own_rate(void **state)
{
    MLHandle handle;
    uint64_t dropped;

    (void)state;
    ml_use("null:", ml_clock); /* grants what is asked */
    handle = ml_create(MLAudioMicCaptureType_VoiceComm, 320 * 2, NULL, NULL);
    ml_assert_ok(MLAudioStartInput(handle));
    ml_advance_ms(1000);
    assert_int_equal(stats_of(handle).frames_dropped, 16000 - 640);
    ml_assert_ok(MLAudioDestroyInput(handle));

    {
        const double gains[] = {1, 1};
        struct ml_file file;

        write_tone(&file, 2, 44100, gains);
        ml_use(file.device, ml_clock);
        handle = ml_create(MLAudioMicCaptureType_VoiceComm, 320 * 2, NULL, NULL);
        ml_assert_ok(MLAudioStartInput(handle));
        ml_advance_ms(1000);
        dropped = stats_of(handle).frames_dropped;
        assert_in_range(dropped, 16000 - 640 - 60, 16000 - 640);
        ml_assert_ok(MLAudioDestroyInput(handle));
        ml_remove(&file);
    }
}

static void
ml_restart_forgets_what_the_resampler_heard(void **state)
{
    const double gains[] = {1, 1};
    struct ml_file file;
    int16_t first[320];
    MLAudioBuffer buffer;
    MLHandle handle;

    (void)state;
    write_tone(&file, 2, 44100, gains);
    ml_use(file.device, ml_clock);
    handle = ml_create(MLAudioMicCaptureType_VoiceComm, sizeof first, NULL, NULL);
    ml_assert_ok(MLAudioStartInput(handle));
    ml_advance_ms(50);
    ml_assert_ok(MLAudioGetInputBuffer(handle, &buffer));
    memcpy(first, buffer.ptr, sizeof first);
    ml_advance_ms(77); /* into the tone */
    ml_assert_ok(MLAudioStopInput(handle));
    ml_assert_ok(MLAudioStartInput(handle));
    ml_advance_ms(50);
    ml_assert_ok(MLAudioGetInputBuffer(handle, &buffer));
    assert_memory_equal(buffer.ptr, first, sizeof first);
    ml_assert_ok(MLAudioDestroyInput(handle));
    ml_remove(&file);
}

/* ---- several inputs ---- */

static void
ml_inputs_hear_their_devices_independently(void **state)
{
    struct ml_file ramp, other;
    MLHandle a, b, c;

    (void)state;
    ml_write_ramp(&ramp, 2, 48000, 48000);
    ml_write_ramp(&other, 2, 48000, 48000);
    ml_use(ramp.device, ml_clock);
    a = ml_create_20ms(NULL, NULL);
    b = ml_create_20ms(NULL, NULL); /* the same file */
    ml_use(other.device, ml_clock);
    c = ml_create_20ms(NULL, NULL);
    ml_assert_ok(MLAudioStartInput(a));
    ml_advance_ms(10);
    ml_assert_ok(MLAudioStartInput(b));
    ml_advance_ms(20);
    ml_assert_ok(MLAudioStartInput(c));
    (void)ml_get_ramp(a, 0);
    ml_assert_ok(MLAudioReleaseInputBuffer(a));
    (void)ml_get_ramp(b, 0);
    ml_assert_ok(MLAudioStopInput(b));
    ml_advance_ms(20);
    (void)ml_get_ramp(a, ML_20MS_FRAMES);
    (void)ml_get_ramp(c, 0);
    ml_assert_ok(MLAudioDestroyInput(a));
    ml_advance_ms(20);
    (void)ml_get_ramp(c, ML_20MS_FRAMES);
    ml_assert_result(ml_get(b), MLAudioResult_BufferNotReady);
    ml_assert_ok(MLAudioDestroyInput(b));
    ml_assert_ok(MLAudioDestroyInput(c));
    ml_remove(&ramp);
    ml_remove(&other);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        ml_test(ml_offline_clock_delivers_every_sample_of_a_file),
        ml_test(ml_offline_clock_drives_callbacks),
        ml_test(ml_offline_input_that_nobody_reads_stops_and_goes_away),
        ml_test(ml_voice_comm_resamples_and_mixes_a_stereo_file),
        ml_test(ml_voice_is_the_mean_of_all_channels),
        ml_test(ml_raw_capture_of_a_mono_device_has_it_on_every_channel),
        ml_test(ml_a_mono_file_goes_through_voice_capture_bit_by_bit),
        ml_test(ml_a_file_that_loops_has_no_seam),
        ml_test(ml_frames_dropped_are_counted_in_the_inputs_own_rate),
        ml_test(ml_restart_forgets_what_the_resampler_heard),
        ml_test(ml_inputs_hear_their_devices_independently),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
