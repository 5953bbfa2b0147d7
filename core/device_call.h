/* SPDX-License-Identifier: MIT */
/**
 * @file
 * What a backend returns, held against backend.h: behind these calls a result is one that the
 * contract allows, and an error has words.
 */
#ifndef RONDO_CORE_DEVICE_CALL_H
#define RONDO_CORE_DEVICE_CALL_H

#include <stdint.h>

#include <rondo/backend.h>

/**
 * Judge what open() or set_state() returned.
 *
 * @param error  as the backend left it; afterwards it says what is returned
 * @return 0, or a negative errno
 */
int rondo__device_result(const struct rondo_backend_ops *ops, int result,
                         struct rondo_error *error);

/**
 * transfer().
 *
 * @param error  code 0 before; afterwards 0 too unless the device has failed
 * @return [0, count]; render: count; or a negative errno with @p error filled in. Capture, fewer
 * than count with @p error filled in: the last frames before that error.
 */
int32_t rondo__device_transfer(const struct rondo_backend_ops *ops, void *device,
                               enum rondo_direction direction, void *frames, uint32_t count,
                               struct rondo_error *error);

#endif
