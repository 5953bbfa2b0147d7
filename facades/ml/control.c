/* SPDX-License-Identifier: MIT */
/*
 * Start, stop, state.
 */
#include <rondo/handle.h>

#include "facades/ml/config.h"
#include "facades/ml/input.h"
#include "ml_audio.h"

static bool
is_playing(const struct rondo__ml_input *input)
{
    /* relaxed: the answer is the word itself; it is written under the control lock. */
    return rondo_load_relaxed_u32(&input->playing) != 0;
}

/* Tell get, release and the announcer that the run is over. */
static void
end_run(struct rondo__ml_run *run)
{
    /* PAIR-OVER release. */
    rondo_store_release_u32(&run->over, 1);
}

/* Publish the run that nobody sees, empty. The stream stands still. */
static struct rondo__ml_run *
new_run(struct rondo__ml_input *input)
{
    struct rondo__ml_run *const run = &input->runs[input->starts++ % 2];

    rondo__ml_run_init(input, run);
    run->serial = input->starts;
    /* PAIR-RUN release: the run is ready before anybody sees it. */
    rondo_store_release(&input->run, (uint64_t)(uintptr_t)run);
    /* Afterwards nobody is in the other run, which the next start will empty. */
    rondo_handle_wait_for_readers();
    return run;
}

/* The control lock is held. */
static MLResult
start(struct rondo__ml_input *input)
{
    struct rondo__ml_run *run;
    int error;

    if (input->destroyed)
        return MLAudioResult_HandleNotFound;
    if (!rondo__ml_allowed(RONDO__ML_PERMISSION_MIC))
        return MLResult_PermissionDenied;
    if (is_playing(input))
        return MLResult_Ok;

    run = new_run(input);
    if (input->converter != NULL)
        rondo_converter_reset(input->converter);
    error = rondo_stream_start(input->stream);
    if (error != 0) {
        end_run(run);
        rondo__ml_log(&input->log, RONDO_LOG_ERROR, "ml: the microphone cannot start: %s",
                      rondo_error_name(error));
        return MLResult_UnspecifiedFailure;
    }
    /* relaxed: see is_playing(). */
    rondo_store_relaxed_u32(&input->playing, 1);
    return MLResult_Ok;
}

/* The control lock is held. */
static MLResult
stop(struct rondo__ml_input *input)
{
    int error;

    if (input->destroyed)
        return MLAudioResult_HandleNotFound;
    if (!is_playing(input))
        return MLResult_Ok;

    end_run(rondo__ml_input_run(input));
    /* relaxed: see is_playing(). */
    rondo_store_relaxed_u32(&input->playing, 0);
    error = rondo_stream_stop(input->stream);
    /* Back to the beginning: the next start captures nothing that was before it. */
    if (error == 0)
        error = rondo_stream_reset(input->stream);
    if (error != 0) {
        rondo__ml_log(&input->log, RONDO_LOG_ERROR,
                      "ml: the microphone cannot go back to its beginning: %s",
                      rondo_error_name(error));
        return MLResult_UnspecifiedFailure;
    }
    return MLResult_Ok;
}

/* Do something with an input, alone. */
static MLResult
control(MLHandle handle, MLResult (*action)(struct rondo__ml_input *))
{
    struct rondo__ml_input *const input = rondo__ml_input_use(handle);
    MLResult result;

    if (input == NULL)
        return MLAudioResult_HandleNotFound;
    pthread_mutex_lock(&input->control);
    result = action(input);
    pthread_mutex_unlock(&input->control);
    rondo__ml_input_put(input);
    return result;
}

MLResult ML_CALL
MLAudioStartInput(MLHandle handle)
{
    return control(handle, start);
}

MLResult ML_CALL
MLAudioStopInput(MLHandle handle)
{
    return control(handle, stop);
}

MLResult ML_CALL
MLAudioGetInputState(MLHandle handle, MLAudioState *out_state)
{
    const struct rondo__ml_input *input;

    if (out_state == NULL)
        return MLResult_InvalidParam;
    rondo_handle_enter();
    input = rondo__ml_input_find(handle);
    if (input != NULL)
        *out_state = is_playing(input) ? MLAudioState_Playing : MLAudioState_Stopped;
    rondo_handle_leave();
    return input != NULL ? MLResult_Ok : MLAudioResult_HandleNotFound;
}
