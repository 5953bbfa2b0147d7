/* SPDX-License-Identifier: MIT */
/*
 * The real-time calls of the Magic Leap facade, on a thread that was prepared, with every kind of
 * device behind the microphone, beside the device thread and the calls that may block.
 */
#include <string.h>
#include <unistd.h>

#include <rondo/atomic.h>
#include <rondo/ml.h>

#include "rt/realtime.h"
#include "support/file_test.h"
#include "support/ml_test.h"

/* What the microphone is. */
struct setting {
    const char *mic;
    MLAudioMicCaptureType type;
    bool has_callback;
    bool is_real; /* its clock; otherwise virtual, or offline by the device string */
};

struct client {
    const struct setting *setting;
    MLHandle input;
    uint64_t turn;
    uint64_t other_turn;
    uint64_t starts;
    uint32_t sum;                                       /* of what was got */
    RONDO_ATOMIC(uint64_t) buffers RONDO_CACHE_ALIGNED; /* got and released */
    RONDO_ATOMIC(uint64_t) not_ready;
    RONDO_ATOMIC(uint64_t) announced RONDO_CACHE_ALIGNED;
};

static void
count(RONDO_ATOMIC(uint64_t) * counter, uint64_t by)
{
    rondo_store_relaxed(counter, rondo_load_relaxed(counter) + by);
}

static void
hear(MLHandle handle, void *context)
{
    struct client *const client = context;

    (void)handle;
    count(&client->announced, 1);
}

static bool
is_offline(const struct setting *setting)
{
    return strstr(setting->mic, "clock=offline") != NULL;
}

static void *
set_up(const void *parameter)
{
    static int16_t samples[44100];
    const struct setting *const setting = parameter;
    struct client *const client = rt_memory(sizeof *client);
    struct rondo_ml_config config = RONDO_ML_CONFIG_INIT;
    const MLAudioBufferFormat format = ml_format_of(setting->type);

    file_test_enter_folder();
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
        samples[i] = (int16_t)(i * 31);
    file_test_store("take.raw", samples, sizeof samples);
    client->setting = setting;
    config.mic = setting->mic;
    if (!setting->is_real && !is_offline(setting)) {
        RT_ASSERT(rondo_clock_virtual_create(&ml_clock) == 0);
        config.clock = ml_clock;
    }
    RT_ASSERT(rondo_ml_configure(&config) == 0);
    /* 10 ms, which is above the minimum. */
    RT_ASSERT(MLAudioCreateInputFromMicCapture(
                  setting->type, &format,
                  format.samples_per_second / 100 * format.channel_count * 2,
                  setting->has_callback ? hear : NULL, client, &client->input) == MLResult_Ok);
    RT_ASSERT(MLAudioStartInput(client->input) == MLResult_Ok);
    client->starts = 1;
    return client;
}

static void
prepare(void *context)
{
    (void)context;
    rondo_ml_prepare_thread();
}

static void
get_and_release(void *context)
{
    struct client *const client = context;
    const MLAudioBufferFormat format = ml_format_of(client->setting->type);
    MLAudioBuffer buffer;
    MLAudioBufferFormat defaults;
    MLAudioState state;
    float latency_ms;
    uint32_t bytes;
    MLResult result = RT_CALL(MLAudioGetInputBuffer)(client->input, &buffer);

    if (result == MLResult_Ok) {
        for (uint32_t i = 0; i < buffer.size; i++)
            client->sum += buffer.ptr[i];
        /* Between the two there may have been a stop and two starts. */
        result = RT_CALL(MLAudioReleaseInputBuffer)(client->input);
        RT_REQUIRE(result == MLResult_Ok || result == MLAudioResult_BufferNotReady);
        count(&client->buffers, result == MLResult_Ok);
    } else {
        RT_REQUIRE(result == MLAudioResult_BufferNotReady);
        RT_REQUIRE(RT_CALL(MLAudioReleaseInputBuffer)(client->input) == result);
        count(&client->not_ready, 1);
    }
    RT_REQUIRE(RT_CALL(MLAudioGetInputState)(client->input, &state) == MLResult_Ok);
    RT_REQUIRE(RT_CALL(MLAudioGetBufferedInputLatency)(client->input, &latency_ms) == MLResult_Ok);
    RT_REQUIRE(RT_CALL(MLAudioGetBufferedInputDefaults)(format.channel_count,
                                                        format.samples_per_second, &defaults,
                                                        &bytes, NULL) == MLResult_Ok);
    RT_REQUIRE(RT_CALL(MLAudioGetResultString)(result)[0] == 'M');
    RT_REQUIRE(RT_CALL(MLGlobalGetResultString)(MLResult_Ok)[0] == 'M');
    /* A wrong handle is looked up like a right one. */
    RT_REQUIRE(RT_CALL(MLAudioGetInputBuffer)(client->input ^ 1u << 30, &buffer) ==
               MLAudioResult_HandleNotFound);
    client->turn++;
}

/* The calls that may block. */
static void
control(void *context)
{
    struct client *const client = context;
    struct rondo_ml_input_stats stats;

    if (ml_clock != NULL)
        RT_ASSERT(
            rondo_clock_advance(ml_clock, client->other_turn % 16 == 0 ? 100000000 : 5000000) == 0);
    client->other_turn++;
    /* When the client has got a few buffers since the last start. */
    if (rondo_load_relaxed(&client->buffers) >= 5 * client->starts) {
        client->starts++;
        RT_ASSERT(MLAudioStopInput(client->input) == MLResult_Ok);
        RT_ASSERT(MLAudioStartInput(client->input) == MLResult_Ok);
        RT_ASSERT(MLAudioSetMicMute(client->starts % 4 == 0) == MLResult_Ok);
    }
    RT_ASSERT(rondo_ml_query_input_stats(client->input, &stats) == 0);
    rt_yield();
}

static bool
has_got_much(const void *context)
{
    const struct client *const client = context;

    return rondo_load_relaxed(&client->buffers) > 20 &&
           rondo_load_relaxed(&client->not_ready) > 0 &&
           (!client->setting->has_callback || rondo_load_relaxed(&client->announced) > 0);
}

static void
destroy(void *context)
{
    struct client *const client = context;

    RT_ASSERT(MLAudioDestroyInput(client->input) == MLResult_Ok);
    rondo_clock_destroy(ml_clock);
    file_test_leave_folder();
}

#define RECORDING "file:take.raw?format=s16&channels=1&rate=44100&loop=1"

#define INPUT(text, its_mic, its_type, calls_back, real, ...)                                      \
    {                                                                                              \
        .name = (text), .set_up = set_up,                                                          \
        .parameter =                                                                               \
            &(const struct setting){its_mic, MLAudioMicCaptureType_##its_type, calls_back, real},  \
        .prepare = prepare, .realtime = get_and_release, .beside = control,                        \
        .enough = has_got_much, .tear_down = destroy, __VA_ARGS__                                  \
    }

int
main(void)
{
    const struct rt_case cases[] = {
        INPUT("null_virtual", "null:", WorldCapture, false, false, .allowance = RT_NOTHING),
        INPUT("null_real", "null:", VoiceCapture, false, true, .reads_clock = true),
        INPUT("null_with_a_callback", "null:", RawMicsAndAECRef, true, false,
              .allowance = RT_NOTHING),
        INPUT("file_resampled_virtual", RECORDING, VoiceComm, false, false,
              .allowance = RT_NOTHING),
        INPUT("file_resampled_real", RECORDING, WorldCapture, true, true, .reads_clock = true),
        INPUT("null_offline", "null:?clock=offline", WorldCapture, false, false,
              .allowance = RT_TO_WAKE),
        INPUT("file_resampled_offline", RECORDING "&clock=offline", VoiceComm, true, false,
              .allowance = RT_TO_WAKE),
    };

    return rt_run(cases, sizeof cases / sizeof cases[0]);
}
