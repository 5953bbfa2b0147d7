/* SPDX-License-Identifier: MIT */
/* What stands behind the API: environment, configuration, errors of devices, the end of a program. */
#include "support/ml_test.h"

#include <errno.h>
#include <spawn.h>
#include <sys/wait.h>

#include "support/probe_backend.h"

extern char **environ;

static MLResult
create_stereo(MLHandle *handle)
{
    const MLAudioBufferFormat format = ml_format(2, 48000);
    const MLResult result = MLAudioCreateInputFromMicCapture(MLAudioMicCaptureType_WorldCapture,
                                                             &format, 0, NULL, NULL, handle);

    if (result == MLResult_Ok)
        ml_keep(*handle);
    return result;
}

/* Frames of the device that inputs get now. */
static uint64_t
device_length(void)
{
    struct rondo_ml_input_stats stats;
    MLHandle handle;

    ml_assert_ok(create_stereo(&handle));
    assert_int_equal(rondo_ml_query_input_stats(handle, &stats), 0);
    ml_assert_ok(MLAudioDestroyInput(handle));
    return stats.device_length_frames;
}

/* ---- environment ---- */

static void
ml_environment_names_the_microphone(void **state)
{
    struct ml_file file, other;
    struct rondo_ml_config config = RONDO_ML_CONFIG_INIT;

    (void)state;
    ml_write_ramp(&file, 2, 48000, 1234);
    ml_write_ramp(&other, 2, 48000, 4321);
    setenv("RONDO_ML_MIC", file.device, 1);
    assert_int_equal(rondo_ml_configure(NULL), 0);
    assert_int_equal(device_length(), 1234);
    assert_int_equal(rondo_ml_configure(&config), 0); /* no microphone in it */
    assert_int_equal(device_length(), 1234);
    config.mic = other.device;
    assert_int_equal(rondo_ml_configure(&config), 0);
    assert_int_equal(device_length(), 4321);
    setenv("RONDO_ML_MIC", "", 1);
    assert_int_equal(rondo_ml_configure(NULL), 0);
    assert_int_equal(device_length(), 0); /* null: */
    unsetenv("RONDO_ML_MIC");
    assert_int_equal(rondo_ml_configure(NULL), 0);
    assert_int_equal(device_length(), 0);
    ml_remove(&file);
    ml_remove(&other);
}

static void
ml_environment_denies_a_permission(void **state)
{
    static const struct {
        const char *list;
        bool denied;
    } cases[] = {
        {"RECORD_AUDIO", true},
        {"CAMERA,RECORD_AUDIO", true},
        {"android.permission.RECORD_AUDIO CAMERA", true},
        {"CAMERA", false},
        {"NOT_RECORD_AUDIO", false},
        {"RECORD_AUDIO_NOT", false},
        {"", false},
    };
    struct rondo_ml_config config = RONDO_ML_CONFIG_INIT;
    MLHandle handle;
    bool muted;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        setenv("RONDO_ML_DENY", cases[i].list, 1);
        assert_int_equal(rondo_ml_configure(NULL), 0);
        if (cases[i].denied) {
            ml_assert_result(create_stereo(&handle), MLResult_PermissionDenied);
            ml_assert_result(MLAudioGetMicMute(&muted), MLResult_PermissionDenied);
        } else {
            ml_assert_ok(create_stereo(&handle));
            ml_assert_ok(MLAudioDestroyInput(handle));
            ml_assert_ok(MLAudioGetMicMute(&muted));
        }
    }
    setenv("RONDO_ML_DENY", "RECORD_AUDIO", 1);
    assert_int_equal(rondo_ml_configure(&config), 0);
    ml_assert_result(create_stereo(&handle), MLResult_PermissionDenied);
    unsetenv("RONDO_ML_DENY");
    config.deny_record_audio = true;
    assert_int_equal(rondo_ml_configure(&config), 0);
    ml_assert_result(create_stereo(&handle), MLResult_PermissionDenied);
}

/* ---- configuration ---- */

static void
ml_configuration_of_another_size_is_refused(void **state)
{
    struct rondo_ml_config config = RONDO_ML_CONFIG_INIT;

    (void)state;
    config.deny_record_audio = true;
    config.size--;
    assert_int_equal(rondo_ml_configure(&config), -EINVAL);
    config.size = 0;
    assert_int_equal(rondo_ml_configure(&config), -EINVAL);
    assert_int_equal(device_length(), 0); /* nothing changed */
}

static void
ml_configuration_copies_the_device_string(void **state)
{
    char device[] = "null:";

    (void)state;
    ml_use(device, ml_clock);
    memset(device, 'x', sizeof device - 1);
    assert_int_equal(device_length(), 0);
}

/* ---- errors ---- */

/* The last message of each level. */
struct messages {
    char text[RONDO_LOG_ERROR + 1][512];
};

static void
keep_message(enum rondo_log_level level, const char *text, void *context)
{
    struct messages *const messages = context;

    snprintf(messages->text[level], sizeof messages->text[level], "%s", text);
}

static void
use_with_log(const char *mic, struct messages *messages)
{
    struct rondo_ml_config config = RONDO_ML_CONFIG_INIT;

    memset(messages, 0, sizeof *messages);
    config.mic = mic;
    config.clock = ml_clock;
    config.log.callback = keep_message;
    config.log.context = messages;
    assert_int_equal(rondo_ml_configure(&config), 0);
}

static void
ml_a_device_that_cannot_be_opened_is_told_to_the_log(void **state)
{
    static const char *const devices[] = {"file:/nonexistent/take.wav", "nosuch:thing", "null",
                                          "null:?colour=red"};
    struct messages messages;
    MLHandle handle;

    (void)state;
    for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++)
        for (int times = 0; times < 20; times++) { /* more than there are places */
            use_with_log(devices[i], &messages);
            handle = 5;
            ml_assert_result(create_stereo(&handle), MLAudioResult_InternalConfigError);
            assert_true(handle == ML_INVALID_HANDLE);
            assert_non_null(strstr(messages.text[RONDO_LOG_ERROR], devices[i]));
        }
    use_with_log("null:", &messages);
    ml_assert_ok(create_stereo(&handle));
    ml_assert_ok(MLAudioDestroyInput(handle));
    assert_string_equal(messages.text[RONDO_LOG_ERROR], "");
}

static void
ml_a_device_out_of_memory_is_an_allocation_failure(void **state)
{
    struct messages messages;
    MLHandle handle;

    (void)state;
    probe_reset();
    probe.open_code = -ENOMEM;
    use_with_log("probe:", &messages);
    ml_assert_result(create_stereo(&handle), MLResult_AllocFailed);
    probe.open_code = -EACCES;
    ml_assert_result(create_stereo(&handle), MLAudioResult_InternalConfigError);
    probe_reset();
}

static void
ml_a_device_that_cannot_be_reset_is_an_unspecified_failure(void **state)
{
    struct messages messages;
    MLHandle handle;

    (void)state;
    probe_reset();
    use_with_log("probe:", &messages);
    ml_assert_ok(create_stereo(&handle));
    ml_assert_ok(MLAudioStartInput(handle));
    probe.reset_code = -EIO;
    ml_assert_result(MLAudioStopInput(handle), MLResult_UnspecifiedFailure);
    assert_int_equal(ml_state(handle), MLAudioState_Stopped);
    assert_string_not_equal(messages.text[RONDO_LOG_ERROR], "");
    probe.reset_code = 0;
    ml_assert_ok(MLAudioStopInput(handle));
    ml_assert_ok(MLAudioDestroyInput(handle));
    probe_reset();
}

static void
ml_a_device_that_fails_ends_capture_and_nothing_else(void **state)
{
    struct messages messages;
    MLHandle handle;

    (void)state;
    probe_reset();
    probe.fail_code = -ENODEV;
    probe.fail_at = 4000; /* after a buffer of 3200 frames */
    use_with_log("probe:", &messages);
    ml_assert_ok(create_stereo(&handle));
    ml_assert_ok(MLAudioStartInput(handle));
    ml_advance_ms(1000);
    assert_int_equal(ml_state(handle), MLAudioState_Playing); /* by the last start */
    ml_assert_ok(ml_get(handle));
    ml_assert_result(ml_get(handle), MLAudioResult_BufferNotReady);
    ml_assert_ok(MLAudioReleaseInputBuffer(handle));
    (void)MLAudioStopInput(handle);
    assert_int_equal(ml_state(handle), MLAudioState_Stopped);
    probe.fail_at = 0; /* it is plugged in again */
    ml_assert_ok(MLAudioStartInput(handle));
    ml_advance_ms(100);
    ml_assert_ok(ml_get(handle));
    ml_assert_ok(MLAudioDestroyInput(handle));
    probe_reset();
}

/* A silent device with a latency of 10 ms, which starts only if it may. */
static int stub_start_code;

static int
stub_open(void **device, const struct rondo_device_request *request,
          struct rondo_device_info *granted, struct rondo_error *error)
{
    (void)request;
    (void)error;
    *device = &stub_start_code;
    granted->format = (struct rondo_format){RONDO_S16, 2, 48000};
    granted->length_frames = 0;
    granted->latency_frames = 480;
    return 0;
}

static int
stub_close(void *device, struct rondo_error *error)
{
    (void)device;
    (void)error;
    return 0;
}

static int
stub_set_state(void *device, enum rondo_engine_state state, struct rondo_error *error)
{
    (void)device;
    if (state == RONDO_ENGINE_RUNNING && stub_start_code != 0)
        return rondo_error_set(error, stub_start_code, "mlstub: may not start");
    return 0;
}

static int32_t
stub_transfer(void *device, void *frames, uint32_t count, struct rondo_error *error)
{
    (void)device;
    (void)error;
    memset(frames, 0, (size_t)count * 4);
    return (int32_t)count;
}

static const struct rondo_backend_ops stub = {
    .version = RONDO_BACKEND_VERSION,
    .size = sizeof(struct rondo_backend_ops),
    .name = "mlstub",
    .summary = "silence with a latency",
    .open = stub_open,
    .close = stub_close,
    .set_state = stub_set_state,
    .transfer = stub_transfer,
};

static void
ml_a_device_that_cannot_start_is_an_unspecified_failure(void **state)
{
    struct ml_recorder recorder = ML_RECORDER_INIT;
    struct messages messages;
    MLHandle handle;

    (void)state;
    use_with_log("mlstub:", &messages);
    handle = ml_create_20ms(ml_record, &recorder);
    stub_start_code = -EBUSY;
    ml_assert_result(MLAudioStartInput(handle), MLResult_UnspecifiedFailure);
    assert_int_equal(ml_state(handle), MLAudioState_Stopped);
    assert_string_not_equal(messages.text[RONDO_LOG_ERROR], "");
    ml_assert_result(ml_get(handle), MLAudioResult_BufferNotReady);
    ml_assert_result(MLAudioReleaseInputBuffer(handle), MLAudioResult_BufferNotReady);
    ml_assert_ok(MLAudioStopInput(handle));
    stub_start_code = 0;
    ml_assert_ok(MLAudioStartInput(handle));
    ml_advance_ms(20);
    ml_assert_ok(ml_get(handle));
    ml_wait_until(ml_returned(&recorder) == 1);
    ml_assert_ok(MLAudioDestroyInput(handle));
}

static void
ml_latency_is_buffer_and_device_and_period(void **state)
{
    struct messages messages;
    MLHandle handle;
    float latency_ms = 0;

    (void)state;
    use_with_log("mlstub:", &messages);
    handle = ml_create_20ms(NULL, NULL);
    ml_assert_ok(MLAudioGetBufferedInputLatency(handle, &latency_ms));
    assert_true(latency_ms > 39.9f && latency_ms < 40.1f); /* 20 + 10 + 10 */
    ml_assert_ok(MLAudioDestroyInput(handle));
}

static void
ml_stats_check_their_arguments(void **state)
{
    struct rondo_ml_input_stats stats;
    MLHandle handle;

    (void)state;
    ml_assert_ok(create_stereo(&handle));
    assert_int_equal(rondo_ml_query_input_stats(handle, NULL), -EINVAL);
    assert_int_equal(rondo_ml_query_input_stats(0, &stats), -ESTALE);
    assert_int_equal(rondo_ml_query_input_stats(handle + 1, &stats), -ESTALE);
    assert_int_equal(rondo_ml_query_input_stats(handle, &stats), 0);
    ml_assert_ok(MLAudioDestroyInput(handle));
    rondo_ml_prepare_thread();
    rondo_ml_prepare_thread();
}

/* ---- programs ---- */

/* Run this program again, to do one thing; returns its exit status, or 128 if it was killed. */
static int
run_self(const char *what)
{
    char *const arguments[] = {(char *)(uintptr_t) "ml", (char *)(uintptr_t)what, NULL};
    pid_t child;
    int status;

    assert_int_equal(posix_spawn(&child, "/proc/self/exe", NULL, NULL, arguments, environ), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static void
ml_environment_is_read_at_the_first_call(void **state)
{
    struct ml_file file;

    (void)state;
    ml_write_ramp(&file, 2, 48000, 77);
    setenv("RONDO_ML_MIC", file.device, 1);
    assert_int_equal(run_self("first-call"), 77);
    setenv("RONDO_ML_DENY", "RECORD_AUDIO", 1);
    assert_int_equal(run_self("first-call"), 99);
    unsetenv("RONDO_ML_DENY");
    unsetenv("RONDO_ML_MIC");
    ml_remove(&file);
}

static int
do_first_call(void)
{
    struct rondo_ml_input_stats stats;
    MLHandle handle;
    const MLResult result = create_stereo(&handle);

    if (result == MLResult_PermissionDenied)
        return 99;
    if (result != MLResult_Ok || rondo_ml_query_input_stats(handle, &stats) != 0)
        return 98;
    return (int)stats.device_length_frames;
}

static void
ml_a_program_may_exit_with_live_inputs(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(run_self("exit-live"), 42);
        assert_int_equal(run_self("exit-live-offline"), 42);
    }
}

static struct ml_recorder live[4] = {ML_RECORDER_INIT, ML_RECORDER_INIT, ML_RECORDER_INIT,
                                     ML_RECORDER_INIT};

static void
ignore_mute(bool muted, void *context)
{
    (void)muted;
    (void)context;
}

static int
do_exit_live(struct rondo_clock *clock)
{
    ml_use("null:", clock);
    MLAudioSetMicMuteCallback(ignore_mute, NULL);
    for (int i = 0; i < 4; i++) {
        live[i].reads = true;
        ml_assert_ok(MLAudioStartInput(ml_create_20ms(ml_record, &live[i])));
    }
    for (int i = 0; i < 4; i++)
        ml_wait_until(ml_returned(&live[i]) > 0);
    return 42; /* out of main, with everything running */
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        ml_test(ml_environment_names_the_microphone),
        ml_test(ml_environment_denies_a_permission),
        ml_test(ml_configuration_of_another_size_is_refused),
        ml_test(ml_configuration_copies_the_device_string),
        ml_test(ml_a_device_that_cannot_be_opened_is_told_to_the_log),
        ml_test(ml_a_device_out_of_memory_is_an_allocation_failure),
        ml_test(ml_a_device_that_cannot_be_reset_is_an_unspecified_failure),
        ml_test(ml_a_device_that_fails_ends_capture_and_nothing_else),
        ml_test(ml_a_device_that_cannot_start_is_an_unspecified_failure),
        ml_test(ml_latency_is_buffer_and_device_and_period),
        ml_test(ml_stats_check_their_arguments),
        ml_test(ml_environment_is_read_at_the_first_call),
        ml_test(ml_a_program_may_exit_with_live_inputs),
    };

    if (argc == 2 && strcmp(argv[1], "first-call") == 0)
        return do_first_call();
    if (argc == 2 && strcmp(argv[1], "exit-live") == 0)
        return do_exit_live(NULL);
    if (argc == 2 && strcmp(argv[1], "exit-live-offline") == 0)
        return do_exit_live(rondo_clock_offline());
    if (rondo_backend_register(&stub) != 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
