/* SPDX-License-Identifier: MIT */
/*
 * Names of result codes: each is spelled as its identifier.
 */
#include "ml_audio.h"

#define GLOBAL_CODES(X)                                                                            \
    X(MLResult_Ok)                                                                                 \
    X(MLResult_Pending)                                                                            \
    X(MLResult_Timeout)                                                                            \
    X(MLResult_Locked)                                                                             \
    X(MLResult_UnspecifiedFailure)                                                                 \
    X(MLResult_InvalidParam)                                                                       \
    X(MLResult_AllocFailed)                                                                        \
    X(MLResult_PermissionDenied)                                                                   \
    X(MLResult_NotImplemented)                                                                     \
    X(MLResult_ClientLimitExceeded)                                                                \
    X(MLResult_PoseNotFound)                                                                       \
    X(MLResult_IncompatibleSKU)                                                                    \
    X(MLResult_PerceptionSystemNotStarted)                                                         \
    X(MLResult_IllegalState)                                                                       \
    X(MLResult_LicenseError)                                                                       \
    X(MLResult_InvalidTimestamp)

#define AUDIO_CODES(X)                                                                             \
    X(MLAudioResult_NotImplemented)                                                                \
    X(MLAudioResult_HandleNotFound)                                                                \
    X(MLAudioResult_InvalidSampleRate)                                                             \
    X(MLAudioResult_InvalidBitsPerSample)                                                          \
    X(MLAudioResult_InvalidValidBits)                                                              \
    X(MLAudioResult_InvalidSampleFormat)                                                           \
    X(MLAudioResult_InvalidChannelCount)                                                           \
    X(MLAudioResult_InvalidBufferSize)                                                             \
    X(MLAudioResult_BufferNotReady)                                                                \
    X(MLAudioResult_FileNotFound)                                                                  \
    X(MLAudioResult_FileNotRecognized)                                                             \
    X(MLAudioResult_ResourceNotFound)                                                              \
    X(MLAudioResult_ResourceDiscarded)                                                             \
    X(MLAudioResult_OperationUnavailable)                                                          \
    X(MLAudioResult_OperationNotReady)                                                             \
    X(MLAudioResult_InternalConfigError)

#define CASE(code)                                                                                 \
    case code:                                                                                     \
        return #code;

const char *ML_CALL
MLGlobalGetResultString(MLResult result_code)
{
    switch (result_code) {
        GLOBAL_CODES(CASE)
    default:
        return "Unknown";
    }
}

const char *ML_CALL
MLAudioGetResultString(MLResult result_code)
{
    switch (result_code) {
        AUDIO_CODES(CASE)
    default:
        return MLGlobalGetResultString(result_code);
    }
}
