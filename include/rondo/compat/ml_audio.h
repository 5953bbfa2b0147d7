/* SPDX-License-Identifier: MIT */
/**
 * @file
 * The audio input part of the Magic Leap C API, on Linux.
 *
 * Names, values and layouts are those of API level 30; text and code are rondo's own. Only what
 * exists here is declared. Where the sound comes from is told by rondo/ml.h; every difference from
 * the original is in facades/ml/MAPPING.md.
 *
 * An input has two buffers. Capture fills one while the program has the other:
 *
 *     MLAudioBufferFormat format;
 *     uint32_t size;
 *     MLHandle input;
 *     MLAudioGetBufferedInputDefaults(1, 48000, &format, &size, NULL);
 *     MLAudioCreateInputFromMicCapture(MLAudioMicCaptureType_VoiceCapture, &format, size,
 *                                      on_buffer, NULL, &input);
 *     MLAudioStartInput(input);
 *         // on_buffer(input, NULL) is called whenever a buffer is full:
 *         MLAudioBuffer buffer;
 *         if (MLAudioGetInputBuffer(input, &buffer) == MLResult_Ok) {
 *             use(buffer.ptr, buffer.size);
 *             MLAudioReleaseInputBuffer(input);
 *         }
 *     MLAudioDestroyInput(input);
 *
 * Who may call what beside whom:
 *
 *     | calls                                | by                         | beside          |
 *     | GetInputBuffer, ReleaseInputBuffer   | one thread at a time       | everything else |
 *     |                                      | for each input             |                 |
 *     | everything else                      | any thread, also from      | everything else |
 *     |                                      | inside any callback        |                 |
 *
 * Two threads that get and release at once are in each other's way, but do no harm.
 *
 * Every function returns MLResult_Ok, or a code that its @return names. A pointer to a result that
 * is NULL is MLResult_InvalidParam unless it says otherwise.
 */
#ifndef RONDO_COMPAT_ML_AUDIO_H
#define RONDO_COMPAT_ML_AUDIO_H

#include "ml_api.h"
#include "ml_types.h"

ML_EXTERN_C_BEGIN

/** Result codes of the audio part. Negative as numbers. */
typedef enum MLAudioResult {
    MLAudioResult_NotImplemented = MLResultAPIPrefix_Audio, /**< does not exist here */
    MLAudioResult_HandleNotFound,                           /**< the handle stands for no input */
    MLAudioResult_InvalidSampleRate,
    MLAudioResult_InvalidBitsPerSample,
    MLAudioResult_InvalidValidBits,
    MLAudioResult_InvalidSampleFormat,
    MLAudioResult_InvalidChannelCount,
    MLAudioResult_InvalidBufferSize, /**< too small */
    MLAudioResult_BufferNotReady,    /**< nothing now: try later */
    MLAudioResult_FileNotFound,
    MLAudioResult_FileNotRecognized,
    MLAudioResult_ResourceNotFound,
    MLAudioResult_ResourceDiscarded,
    MLAudioResult_OperationUnavailable,
    MLAudioResult_OperationNotReady,
    MLAudioResult_InternalConfigError, /**< the device behind it could not be opened */
    MLAudioResult_Ensure32Bits = 0x7FFFFFFF
} MLAudioResult;

/** State of an input. */
typedef enum MLAudioState {
    MLAudioState_Stopped,
    MLAudioState_Playing, /**< started: it captures */
    MLAudioState_Paused,  /**< no input is ever in this state */
    MLAudioState_Ensure32Bits = 0x7FFFFFFF
} MLAudioState;

/** What a microphone input captures. Each has one format, always 16-bit integers. */
typedef enum MLAudioMicCaptureType {
    MLAudioMicCaptureType_VoiceComm = 0,        /**< voice for communication: 1 channel, 16 kHz */
    MLAudioMicCaptureType_VoiceCapture = 1,     /**< voice for recording: 1 channel, 48 kHz */
    MLAudioMicCaptureType_WorldCapture = 4,     /**< surroundings: 2 channels, 48 kHz */
    MLAudioMicCaptureType_RawMicsAndAECRef = 5, /**< 4 microphones, 2 references: 6 at 48 kHz */
    MLAudioMicCaptureType_Ensure32Bits = 0x7FFFFFFF
} MLAudioMicCaptureType;

/** How a sample is stored. */
typedef enum MLAudioSampleFormat {
    MLAudioSampleFormat_Int,
    MLAudioSampleFormat_Float, /**< no input has it */
    MLAudioSampleFormat_Ensure32Bits = 0x7FFFFFFF
} MLAudioSampleFormat;

/** What channels mean. Inputs do not look at it. */
typedef enum MLAudioChannelFormat {
    MLAudioChannelFormat_Default,
    MLAudioChannelFormat_AmbisonicAmbix,
    MLAudioChannelFormat_Ensure32Bits = 0x7FFFFFFF
} MLAudioChannelFormat;

/** Format of a buffer: interleaved samples in the machine's byte order. */
typedef struct MLAudioBufferFormat {
    uint32_t channel_count;
    uint32_t samples_per_second;    /**< Hz, of each channel */
    uint32_t bits_per_sample;       /**< that a sample takes */
    uint32_t valid_bits_per_sample; /**< that mean something */
    MLAudioSampleFormat sample_format;
    MLAudioChannelFormat channel_format;
} MLAudioBufferFormat;

/** A buffer that is lent. */
typedef struct MLAudioBuffer {
    uint8_t *ptr;
    uint32_t size; /**< bytes */
} MLAudioBuffer;

/**
 * Tells that a buffer of an input is full: once for each.
 *
 * Called on a thread of the input's own, never from inside a call of the program and never twice at
 * once for one input. It may call everything, destroying the input included. Taking long delays the
 * next callback, and loses audio when both buffers are full, but does not disturb the device.
 */
typedef void (*MLAudioBufferCallback)(MLHandle handle, void *context);

/**
 * Tells that the microphones were muted or unmuted: once for each change, in order.
 *
 * Called on a thread of its own; it may call everything.
 */
typedef void (*MLAudioMicMuteCallback)(bool is_muted, void *context);

/**
 * Make an input that captures from the microphone; it is stopped.
 *
 * @param mic_capture_type      what to capture
 * @param format                the format of that type; its channel_format is not looked at
 * @param buffer_size_in_bytes  of each of the two buffers, rounded down to whole frames; 0: the
 *                              recommended size
 * @param callback              NULL: the program polls
 * @param context               handed to the callback
 * @param out_handle            receives the input; ML_INVALID_HANDLE on error
 * @return MLResult_InvalidParam: NULL, or no such type; MLResult_PermissionDenied; Invalid...: a
 *         field of the format does not fit the type, or the size is below the minimum;
 *         MLResult_AllocFailed: no memory, a size above 32 MiB, or 16 inputs exist;
 *         MLAudioResult_InternalConfigError: the device cannot be opened (the log of rondo/ml.h
 *         tells why)
 * @rt not-rt
 */
ML_API MLResult ML_CALL MLAudioCreateInputFromMicCapture(MLAudioMicCaptureType mic_capture_type,
                                                         const MLAudioBufferFormat *format,
                                                         uint32_t buffer_size_in_bytes,
                                                         MLAudioBufferCallback callback,
                                                         void *context, MLHandle *out_handle);

/**
 * Make an input that captures what is being played. There is nothing that plays yet.
 *
 * @return MLResult_InvalidParam: format or out_handle is NULL; otherwise
 *         MLAudioResult_NotImplemented, and out_handle receives ML_INVALID_HANDLE
 * @rt not-rt
 */
ML_API MLResult ML_CALL MLAudioCreateInputFromVirtualCapture(const MLAudioBufferFormat *format,
                                                             uint32_t buffer_size,
                                                             MLAudioBufferCallback callback,
                                                             void *callback_context,
                                                             MLHandle *out_handle);

/**
 * Make an input that captures what is being played, and the voice. There is nothing that plays yet.
 *
 * @return as MLAudioCreateInputFromVirtualCapture()
 * @rt not-rt
 */
ML_API MLResult ML_CALL MLAudioCreateInputFromMixedCapture(const MLAudioBufferFormat *format,
                                                           uint32_t buffer_size,
                                                           MLAudioBufferCallback callback,
                                                           void *callback_context,
                                                           MLHandle *out_handle);

/**
 * Stop and destroy an input.
 *
 * Waits for a running callback of the input, unless it is called from inside that callback. None
 * runs afterwards. A buffer that is held is gone.
 *
 * @return MLAudioResult_HandleNotFound
 * @rt not-rt
 */
ML_API MLResult ML_CALL MLAudioDestroyInput(MLHandle handle);

/**
 * Start to capture, with both buffers empty. No effect on an input that captures.
 *
 * @return MLAudioResult_HandleNotFound; MLResult_PermissionDenied: it was taken back since the
 *         input was made; MLResult_UnspecifiedFailure: the device cannot start
 * @rt not-rt
 */
ML_API MLResult ML_CALL MLAudioStartInput(MLHandle handle);

/**
 * Stop to capture and forget what was captured. No effect on a stopped input.
 *
 * Does not wait for a callback that is running. Buffers that are held may still be read and released
 * until the next start.
 *
 * @return MLAudioResult_HandleNotFound; MLResult_UnspecifiedFailure: it is stopped, but the device
 *         cannot go back to its beginning
 * @rt not-rt
 */
ML_API MLResult ML_CALL MLAudioStopInput(MLHandle handle);

/**
 * The state: MLAudioState_Stopped or MLAudioState_Playing, by the last start or stop.
 *
 * @return MLAudioResult_HandleNotFound
 * @rt wait-free, but for the thread's first call
 */
ML_API MLResult ML_CALL MLAudioGetInputState(MLHandle handle, MLAudioState *out_state);

/**
 * Format and sizes for a channel count and rate.
 *
 * @param channel_count                  1, 2 or 6
 * @param samples_per_second             16000 or 48000
 * @param out_recommended_size_in_bytes  of each buffer; may be NULL
 * @param out_min_size_in_bytes          of each buffer; may be NULL
 * @return MLAudioResult_InvalidChannelCount; MLAudioResult_InvalidSampleRate
 * @rt wait-free
 */
ML_API MLResult ML_CALL MLAudioGetBufferedInputDefaults(uint32_t channel_count,
                                                        uint32_t samples_per_second,
                                                        MLAudioBufferFormat *out_format,
                                                        uint32_t *out_recommended_size_in_bytes,
                                                        uint32_t *out_min_size_in_bytes);

/**
 * Time from a sound's arrival at the microphone until a buffer with it can be got, at most, in ms.
 *
 * @return MLAudioResult_HandleNotFound
 * @rt wait-free, but for the thread's first call
 */
ML_API MLResult ML_CALL MLAudioGetBufferedInputLatency(MLHandle handle, float *out_latency_in_msec);

/**
 * Borrow the oldest full buffer that is not lent yet. At most two are lent at once.
 *
 * @param out_buf  receives the buffer, always whole; {NULL, 0} on error
 * @return MLAudioResult_BufferNotReady: none now; MLAudioResult_HandleNotFound
 * @rt       wait-free, but for the thread's first call (see rondo_ml_prepare_thread())
 * @lifetime until its release, or the next start, or the end of the input
 */
ML_API MLResult ML_CALL MLAudioGetInputBuffer(MLHandle handle, MLAudioBuffer *out_buf);

/**
 * Give the buffer that was got first back to capture.
 *
 * @return MLAudioResult_BufferNotReady: none is lent; MLAudioResult_HandleNotFound
 * @rt wait-free, but for the thread's first call; under the offline clock it may wake the device
 */
ML_API MLResult ML_CALL MLAudioReleaseInputBuffer(MLHandle handle);

/**
 * Mute or unmute all microphone inputs of this process. They go on with silence.
 *
 * @return MLResult_PermissionDenied
 * @rt not-rt
 */
ML_API MLResult ML_CALL MLAudioSetMicMute(bool is_muted);

/** Whether the microphones are muted; not at first. @return MLResult_PermissionDenied @rt not-rt */
ML_API MLResult ML_CALL MLAudioGetMicMute(bool *out_is_muted);

/**
 * Have changes of the microphones' mute told, from now on; replaces the callback that was there.
 *
 * Does not wait for a callback that is running.
 *
 * @param callback  NULL: nobody is told
 * @return MLResult_PermissionDenied; MLResult_AllocFailed
 * @rt not-rt
 */
ML_API MLResult ML_CALL MLAudioSetMicMuteCallback(MLAudioMicMuteCallback callback, void *context);

/**
 * Name of a global or audio result code, such as "MLAudioResult_BufferNotReady".
 *
 * @return static text; "Unknown" for a number that is no code
 * @rt wait-free
 */
ML_API const char *ML_CALL MLAudioGetResultString(MLResult result_code);

ML_EXTERN_C_END

/* The layouts are an ABI. */
RONDO_COMPAT_ASSERT(sizeof(MLHandle) == 8 && sizeof(MLResult) == 4, "base types");
RONDO_COMPAT_ASSERT(sizeof(MLAudioBufferFormat) == 24 &&
                        offsetof(MLAudioBufferFormat, channel_format) == 20,
                    "six words");
RONDO_COMPAT_ASSERT(sizeof(void *) != 8 ||
                        (sizeof(MLAudioBuffer) == 16 && offsetof(MLAudioBuffer, size) == 8),
                    "a pointer and a word");
RONDO_COMPAT_ASSERT(MLAudioResult_InternalConfigError == MLRESULT_PREFIX(0x9e11) + 15, "16 codes");

#endif
