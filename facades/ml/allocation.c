/* SPDX-License-Identifier: MIT */
/*
 * Creating and destroying inputs: arguments, permission, codes.
 */
#include <stdlib.h>

#include "facades/ml/config.h"
#include "facades/ml/flavour.h"
#include "facades/ml/input.h"
#include "ml_audio.h"

MLResult ML_CALL
MLAudioCreateInputFromMicCapture(MLAudioMicCaptureType mic_capture_type,
                                 const MLAudioBufferFormat *format, uint32_t buffer_size_in_bytes,
                                 MLAudioBufferCallback callback, void *context,
                                 MLHandle *out_handle)
{
    const struct rondo__ml_flavour *const flavour = rondo__ml_flavour(mic_capture_type);
    struct rondo__ml_source source;
    uint32_t buffer_frames = 0;
    MLResult result;

    if (out_handle != NULL)
        *out_handle = ML_INVALID_HANDLE;
    if (format == NULL || out_handle == NULL || flavour == NULL)
        return MLResult_InvalidParam;
    if (!rondo__ml_allowed(RONDO__ML_PERMISSION_MIC))
        return MLResult_PermissionDenied;
    result = rondo__ml_flavour_check(flavour, format);
    if (result != MLResult_Ok)
        return result;
    result = rondo__ml_buffer_frames(flavour, buffer_size_in_bytes, &buffer_frames);
    if (result != MLResult_Ok)
        return result;

    if (rondo__ml_source(&source) != 0)
        return MLResult_AllocFailed;
    result = rondo__ml_input_create(&source, flavour, buffer_frames, callback, context, out_handle);
    free(source.mic);
    return result;
}

/* Virtual and mixed capture need something that plays. */
static MLResult
not_implemented(const MLAudioBufferFormat *format, MLHandle *out_handle)
{
    if (out_handle != NULL)
        *out_handle = ML_INVALID_HANDLE;
    if (format == NULL || out_handle == NULL)
        return MLResult_InvalidParam;
    return MLAudioResult_NotImplemented;
}

MLResult ML_CALL
MLAudioCreateInputFromVirtualCapture(const MLAudioBufferFormat *format, uint32_t buffer_size,
                                     MLAudioBufferCallback callback, void *callback_context,
                                     MLHandle *out_handle)
{
    (void)buffer_size;
    (void)callback;
    (void)callback_context;
    return not_implemented(format, out_handle);
}

MLResult ML_CALL
MLAudioCreateInputFromMixedCapture(const MLAudioBufferFormat *format, uint32_t buffer_size,
                                   MLAudioBufferCallback callback, void *callback_context,
                                   MLHandle *out_handle)
{
    (void)buffer_size;
    (void)callback;
    (void)callback_context;
    return not_implemented(format, out_handle);
}

MLResult ML_CALL
MLAudioDestroyInput(MLHandle handle)
{
    return rondo__ml_input_destroy(handle) ? MLResult_Ok : MLAudioResult_HandleNotFound;
}
