/* SPDX-License-Identifier: MIT */
#include "backends/file/file.h"

#include <errno.h>
#include <string.h>

#include "backends/file/file_private.h"
#include "backends/file/file_type.h"

static int
file_open(void **device, const struct rondo_device_request *request,
          struct rondo_device_info *granted, struct rondo_error *error)
{
    memset(granted, 0, sizeof(*granted));
    if (request->address[0] == '\0')
        return rondo_error_set(error, -EINVAL, "file: needs a path, such as file:take.wav");
    if (request->direction == RONDO_CAPTURE)
        return rondo__file_capture_open(device, request, granted, error);
    return rondo__file_render_open(device, request, granted, error);
}

static int
file_close(void *device, struct rondo_error *error)
{
    const struct rondo__file_device *kind = device;

    if (kind->direction == RONDO_CAPTURE)
        return rondo__file_capture_close(device);
    return rondo__file_render_close(device, error);
}

static int
file_set_state(void *device, enum rondo_engine_state state, struct rondo_error *error)
{
    const struct rondo__file_device *kind = device;

    if (kind->direction == RONDO_CAPTURE)
        return state == RONDO_ENGINE_RESET ? rondo__file_capture_reset(device, error) : 0;
    if (state == RONDO_ENGINE_RUNNING)
        return rondo__file_render_run(device, error);
    return state == RONDO_ENGINE_RESET ? rondo__file_render_reset(device, error) : 0;
}

static int32_t
file_transfer(void *device, void *frames, uint32_t count, struct rondo_error *error)
{
    const struct rondo__file_device *kind = device;

    if (kind->direction == RONDO_CAPTURE)
        return rondo__file_capture_transfer(device, frames, count, error);
    return rondo__file_render_transfer(device, frames, count, error);
}

static const struct rondo_backend_parameter file_parameters[] = {
    {"loop", "capture: 1 repeats the file for ever; default 0"},
    {"type", "render: " RONDO__FILE_TYPES "; default: the extension"},
    {"format", "render: how samples are stored: s16, s24, s32 or f32; default: as the stream asks, "
               "else s16; capture: of a file without a header, together with rate and channels"},
    {"rate", "render: Hz, unless the stream asks for another; default 48000; capture: see format"},
    {"channels",
     "render: unless the stream asks for another number; default 2; capture: see format"},
    {NULL, NULL},
};

const struct rondo_backend_ops rondo__backend_file = {
    .version = RONDO_BACKEND_VERSION,
    .size = sizeof(struct rondo_backend_ops),
    .name = "file",
    .summary = "reads or writes a sound file",
    .parameters = file_parameters,
    .blocking = true,
    .open = file_open,
    .close = file_close,
    .set_state = file_set_state,
    .transfer = file_transfer,
};
