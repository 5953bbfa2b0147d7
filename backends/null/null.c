/* SPDX-License-Identifier: MIT */
#include "backends/null/null.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct null_device {
    enum rondo_direction direction;
    uint32_t frame_bytes;
};

static int
null_open(void **out, const struct rondo_device_request *request, struct rondo_device_info *granted,
          struct rondo_error *error)
{
    struct rondo_format format = {RONDO_S16, 2, 48000};
    struct null_device *device = NULL;
    const int result = rondo_device_parameter_format(request, &format, error);

    if (result < 0)
        return result;
    if (request->address[0] != '\0')
        return rondo_error_set(error, -EINVAL,
                               "null: has no address, but '%s' is given; "
                               "parameters stand behind '?'",
                               request->address);
    /* What the stream asks for comes before what the parameters say. */
    if (request->format.sample != RONDO_SAMPLE_DEFAULT)
        format.sample = request->format.sample;
    if (request->format.channels != 0)
        format.channels = request->format.channels;
    if (request->format.rate_hz != 0)
        format.rate_hz = request->format.rate_hz;
    if (rondo_format_check(&format) < 0)
        return rondo_error_set(error, -EINVAL,
                               "null: cannot have this format: channels 1 to %u, rate 1 to %u Hz",
                               RONDO_CHANNELS_MAX, RONDO_RATE_HZ_MAX);

    device = malloc(sizeof(*device));
    if (device == NULL)
        return rondo_error_set(error, -ENOMEM, "no memory left");
    device->direction = request->direction;
    device->frame_bytes = rondo_frame_bytes(&format);
    memset(granted, 0, sizeof(*granted));
    granted->format = format;
    *out = device;
    return 0;
}

static int
null_close(void *device, struct rondo_error *error)
{
    (void)error;
    free(device);
    return 0;
}

static int32_t
null_transfer(void *opaque, void *frames, uint32_t count, struct rondo_error *error)
{
    const struct null_device *device = opaque;

    (void)error;
    if (device->direction == RONDO_CAPTURE)
        memset(frames, 0, (size_t)count * device->frame_bytes);
    return (int32_t)count;
}

static const struct rondo_backend_parameter null_parameters[] = {
    {"rate", "Hz, unless the stream asks for another; default 48000"},
    {"channels", "unless the stream asks for another number; default 2"},
    {"format", "s16, s24, s24_32, s32 or f32, unless the stream asks for another; default s16"},
    {NULL, NULL},
};

const struct rondo_backend_ops rondo__backend_null = {
    .version = RONDO_BACKEND_VERSION,
    .size = sizeof(struct rondo_backend_ops),
    .name = "null",
    .summary = "records silence, plays nothing, for ever",
    .parameters = null_parameters,
    .open = null_open,
    .close = null_close,
    .transfer = null_transfer,
};
