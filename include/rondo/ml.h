/* SPDX-License-Identifier: MIT */
/**
 * @file
 * What stands behind the Magic Leap audio API (rondo/compat/ml_audio.h) on Linux: devices,
 * permissions, a clock.
 *
 * An unchanged program configures it by its environment, which is read at the first call of the
 * API:
 *
 *     RONDO_ML_MIC=alsa:default    device string of the microphone; default "null:", a silent room
 *     RONDO_ML_DENY=RECORD_AUDIO   answer as if the user had denied that permission
 *
 * A program that knows rondo calls rondo_ml_configure() instead.
 */
#ifndef RONDO_ML_H
#define RONDO_ML_H

#include <stdbool.h>
#include <stdint.h>

#include <rondo/clock.h>
#include <rondo/error.h>
#include <rondo/log.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Configuration. Zero-initialised except for size: everything from the environment. */
struct rondo_ml_config {
    uint32_t size;             /**< sizeof this struct, by RONDO_ML_CONFIG_INIT */
    const char *mic;           /**< device string, copied; NULL: RONDO_ML_MIC, else "null:" */
    bool deny_record_audio;    /**< true: deny; false: as RONDO_ML_DENY says */
    struct rondo_clock *clock; /**< paces every input created from now on; NULL: as the device
                                  string says, else real */
    struct rondo_log log; /**< zero: no log. Tells, among others, why a device cannot be opened. */
};

/** Initialiser of struct rondo_ml_config. */
#ifdef __cplusplus
#define RONDO_ML_CONFIG_INIT rondo__ml_config_init()
extern "C++" inline rondo_ml_config
rondo__ml_config_init()
{
    rondo_ml_config config{};
    config.size = sizeof config;
    return config;
}
#else
#define RONDO_ML_CONFIG_INIT                                                                       \
    {                                                                                              \
        .size = sizeof(struct rondo_ml_config)                                                     \
    }
#endif

/**
 * Configure; counts for inputs created afterwards, and the permission at once.
 *
 * @param config  NULL: back to the environment, which is read again
 * @return 0; -EINVAL: config->size is wrong; -ENOMEM: nothing changed
 * @thread any
 * @rt     not-rt
 */
int rondo_ml_configure(const struct rondo_ml_config *config);

/** What rondo counts for an input. */
struct rondo_ml_input_stats {
    uint64_t buffers_filled; /**< handed to the client since the first start */
    uint64_t frames_dropped; /**< frames of the input's format that found both buffers taken */
    uint64_t xruns;          /**< events of the device's stream that lost frames */
    uint64_t xrun_frames;    /**< device frames lost by them */
    bool bit_exact; /**< the device has the input's format: samples are copied, not converted */
    uint32_t device_rate_hz;
    uint32_t device_channels;
    uint64_t device_length_frames; /**< frames that the device has in all; 0: unknown or endless */
};

/**
 * Counters of an input.
 *
 * @param handle  an MLHandle of an input
 * @return 0; -EINVAL: NULL; -ESTALE: no such input
 * @thread any
 * @rt     not-rt
 */
int rondo_ml_query_input_stats(uint64_t handle, struct rondo_ml_input_stats *stats);

/**
 * Prepare the calling thread for the real-time calls MLAudioGetInputBuffer and
 * MLAudioReleaseInputBuffer.
 *
 * Each thread's very first call registers it for safe look-up of handles, which may take a lock and
 * memory. A real-time thread calls this once before it becomes real-time; other threads need not.
 *
 * @rt not-rt
 */
void rondo_ml_prepare_thread(void);

#ifdef __cplusplus
}
#endif
#endif
