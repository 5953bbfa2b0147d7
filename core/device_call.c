/* SPDX-License-Identifier: MIT */
#include "core/device_call.h"

#include <errno.h>

#define ERRNO_MAX 4095 /* the kernel's own limit */

int
rondo__device_result(const struct rondo_backend_ops *ops, int result, struct rondo_error *error)
{
    if (result == 0) {
        error->code = 0;
        error->text[0] = '\0';
        return 0;
    }
    if (result > 0 || result < -ERRNO_MAX)
        return rondo_error_set(error, -EIO, "%s: returned %d, which is no error", ops->name,
                               result);
    if (error->code == 0 || error->text[0] == '\0')
        return rondo_error_set(error, result, "%s: failed without a reason", ops->name);
    return error->code = result;
}

int32_t
rondo__device_transfer(const struct rondo_backend_ops *ops, void *device,
                       enum rondo_direction direction, void *frames, uint32_t count,
                       struct rondo_error *error)
{
    const int32_t moved = ops->transfer(device, frames, count, error);

    if (moved < 0)
        return rondo__device_result(ops, moved, error);
    if ((uint32_t)moved > count || (direction == RONDO_RENDER && (uint32_t)moved < count))
        return rondo_error_set(error, -EIO, "%s: moved %d frames of %u", ops->name, (int)moved,
                               count);
    /* The last frames before an error keep it. */
    rondo__device_result(ops, (uint32_t)moved < count && error->code < 0 ? error->code : 0, error);
    return moved;
}
