/* SPDX-License-Identifier: MIT */
/**
 * @file
 * A helper thread and a ring between a device that may block (a file) and the device thread that
 * must not.
 *
 * Capture: the helper reads ahead; render: it writes behind. The device thread only copies. Used in
 * real time alone: under the other clocks nothing is lost by waiting, and the device thread calls
 * the backend itself.
 */
#ifndef RONDO_CORE_STAGING_H
#define RONDO_CORE_STAGING_H

#include <stdbool.h>
#include <stdint.h>

#include <rondo/backend.h>

struct rondo__staging;

/** Start the helper; it does nothing before the first set_state. @return 0; negative errno */
int rondo__staging_create(struct rondo__staging **out, const struct rondo_backend_ops *ops,
                          void *device, enum rondo_direction direction, uint32_t frame_bytes,
                          uint32_t capacity_frames);

/** Stop the helper; frames in between are dropped. Allows NULL. The device stays. */
void rondo__staging_destroy(struct rondo__staging *staging);

/**
 * Tell the device its state, with nothing else going on in it. The device thread rests.
 *
 * RESET empties the ring. Capture, RUNNING: reads ahead as far as there is room. Render, STOPPED
 * and RESET: writes all there is.
 *
 * @return 0; the device's error
 */
int rondo__staging_set_state(struct rondo__staging *staging, enum rondo_engine_state state,
                             struct rondo_error *error);

/**
 * Capture, device thread: frames that were read ahead.
 *
 * @param ended  receives whether the device has no more frames behind these
 * @return frames copied; fewer than asked without having ended: the device is late
 * @rt rt-bounded; wakes the helper if it sleeps
 */
uint32_t rondo__staging_read(struct rondo__staging *staging, void *frames, uint32_t count,
                             bool *ended);

/** Render, device thread. @return frames copied; fewer than asked: the device is late @rt as above
 */
uint32_t rondo__staging_write(struct rondo__staging *staging, const void *frames, uint32_t count);

/** The device's error, 0: none. @param error receives it in words if there is one; NULL: not wanted
 * (rt wait-free then) */
int rondo__staging_error(struct rondo__staging *staging, struct rondo_error *error);

#endif
