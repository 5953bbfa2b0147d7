/* SPDX-License-Identifier: MIT */
#include "support/probe_backend.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

struct probe probe;

static void
enter(void)
{
    if (atomic_fetch_add(&probe.inside, 1) != 0)
        atomic_fetch_add(&probe.overlapped, 1);
}

static void
leave(void)
{
    atomic_fetch_sub(&probe.inside, 1);
}

static int
probe_open(void **device, const struct rondo_device_request *request,
           struct rondo_device_info *granted, struct rondo_error *error)
{
    if (probe.open_code != 0)
        return rondo_error_set(error, probe.open_code, "probe: told to fail");
    granted->format.sample = RONDO_S32;
    granted->format.channels = 1;
    granted->format.rate_hz = request->format.rate_hz == 0 ? 48000 : request->format.rate_hz;
    granted->length_frames = probe.end_at;
    granted->latency_frames = 7;
    atomic_fetch_add(&probe.opens, 1);
    *device = &probe;
    return 0;
}

static int
probe_close(void *device, struct rondo_error *error)
{
    (void)device;
    (void)error;
    enter();
    atomic_fetch_add(&probe.closes, 1);
    leave();
    return 0;
}

static int
probe_set_state(void *device, enum rondo_engine_state state, struct rondo_error *error)
{
    int result = 0;

    (void)device;
    enter();
    switch (state) {
    case RONDO_ENGINE_RESET:
        atomic_fetch_add(&probe.resets, 1);
        probe.pos = 0;
        if (probe.reset_code != 0)
            result = rondo_error_set(error, probe.reset_code, "probe: told to fail");
        break;
    case RONDO_ENGINE_STOPPED:
        atomic_fetch_add(&probe.stops, 1);
        break;
    case RONDO_ENGINE_RUNNING:
        atomic_fetch_add(&probe.runs, 1);
        break;
    }
    leave();
    return result;
}

static int32_t
probe_transfer(void *device, void *frames, uint32_t count, struct rondo_error *error)
{
    (void)device;
    enter();
    while (atomic_load(&probe.blocked))
        sched_yield();
    if (probe.fail_at != 0 && probe.pos + count > probe.fail_at) {
        const int code = rondo_error_set(error, probe.fail_code, "probe: told to fail");

        if (!probe.fail_short || probe.pos >= probe.fail_at) {
            leave();
            return code;
        }
        count = (uint32_t)(probe.fail_at - probe.pos);
    }
    if (probe.end_at != 0 && count > probe.end_at - probe.pos)
        count = (uint32_t)(probe.end_at - probe.pos);
    leave();
    for (uint32_t frame = 0; frame < count; frame++, probe.pos++)
        ((int32_t *)frames)[frame] = (int32_t)(probe.pos + 1);
    return (int32_t)count;
}

static int32_t
probe_take(void *device, void *frames, uint32_t count, struct rondo_error *error)
{
    (void)device;
    enter();
    while (atomic_load(&probe.blocked))
        sched_yield();
    leave();
    if (probe.fail_at != 0 && probe.pos + count > probe.fail_at)
        return rondo_error_set(error, probe.fail_code, "probe: told to fail");
    if (probe.rendered_frames + count <= PROBE_RENDERED_MAX)
        memcpy(probe.rendered + probe.rendered_frames, frames, (size_t)count * sizeof(int32_t));
    probe.rendered_frames += count;
    probe.pos += count;
    return (int32_t)count;
}

/* The direction is not told to transfer: each has a table of its own. */
static const struct rondo_backend_ops tables[] = {
    {
        .version = RONDO_BACKEND_VERSION,
        .size = sizeof(struct rondo_backend_ops),
        .name = "probe",
        .summary = "numbered frames",
        .open = probe_open,
        .close = probe_close,
        .set_state = probe_set_state,
        .transfer = probe_transfer,
    },
    {
        .version = RONDO_BACKEND_VERSION,
        .size = sizeof(struct rondo_backend_ops),
        .name = "probe-blocking",
        .summary = "numbered frames that may be late",
        .blocking = true,
        .open = probe_open,
        .close = probe_close,
        .set_state = probe_set_state,
        .transfer = probe_transfer,
    },
    {
        .version = RONDO_BACKEND_VERSION,
        .size = sizeof(struct rondo_backend_ops),
        .name = "probe-sink",
        .summary = "keeps what is rendered",
        .open = probe_open,
        .close = probe_close,
        .set_state = probe_set_state,
        .transfer = probe_take,
    },
    {
        .version = RONDO_BACKEND_VERSION,
        .size = sizeof(struct rondo_backend_ops),
        .name = "probe-sink-blocking",
        .summary = "keeps what is rendered, and may be late",
        .blocking = true,
        .open = probe_open,
        .close = probe_close,
        .set_state = probe_set_state,
        .transfer = probe_take,
    },
};

void
probe_reset(void)
{
    memset((void *)&probe, 0, sizeof probe);
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        rondo_backend_register(&tables[i]); /* -EEXIST the second time */
}
