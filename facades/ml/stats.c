/* SPDX-License-Identifier: MIT */
/*
 * What rondo itself lets a program ask: counters, and preparing a thread.
 */
#include <errno.h>
#include <stddef.h>

#include <rondo/handle.h>
#include <rondo/ml.h>

#include "facades/ml/input.h"

int
rondo_ml_query_input_stats(uint64_t handle, struct rondo_ml_input_stats *stats)
{
    const struct rondo__ml_input *input;

    if (stats == NULL)
        return -EINVAL;
    rondo_handle_enter();
    input = rondo__ml_input_find(handle);
    if (input != NULL) {
        struct rondo_stats counted;

        rondo_stream_query_stats(input->stream, &counted);
        *stats = (struct rondo_ml_input_stats){
            /* relaxed: numbers on their own. */
            .buffers_filled = rondo_load_relaxed(&input->buffers_filled),
            .frames_dropped = rondo_load_relaxed(&input->frames_dropped),
            .xruns = counted.xruns_lost,
            .xrun_frames = counted.frames_lost,
            .bit_exact = input->converter == NULL,
            .device_rate_hz = input->device_format.rate_hz,
            .device_channels = input->device_format.channels,
            .device_length_frames = input->device_length_frames,
        };
    }
    rondo_handle_leave();
    return input != NULL ? 0 : -ESTALE;
}

void
rondo_ml_prepare_thread(void)
{
    rondo_handle_prepare_thread();
}
