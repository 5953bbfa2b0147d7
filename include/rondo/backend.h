/* SPDX-License-Identifier: MIT */
/**
 * @file
 * For authors of backends: the table of functions that makes something a DMA engine.
 *
 * A backend moves frames and owns no thread. The core calls it, checks every argument and every
 * state before, and paces software devices by the stream's clock. A software backend is open,
 * close, transfer, and set_state if it must know.
 *
 * Threads: the core never runs two functions of one device at the same time.
 */
#ifndef RONDO_BACKEND_H
#define RONDO_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rondo/engine.h>
#include <rondo/error.h>
#include <rondo/format.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Version of struct rondo_backend_ops. */
#define RONDO_BACKEND_VERSION 1u

/** A parameter of a device string that a backend understands. */
struct rondo_backend_parameter {
    const char *key;
    const char *help; /**< values and default, one line */
};

/** What is asked of a device. */
struct rondo_device_request {
    enum rondo_direction direction;
    struct rondo_format
        format; /**< fields 0: the device's own; the others in range, but perhaps not to be had */
    const char *address;    /**< behind "backend:", without parameters; never NULL */
    const void *parameters; /**< for rondo_device_parameter() */
};

/** What a device grants. */
struct rondo_device_info {
    struct rondo_format format; /**< complete */
    uint64_t length_frames;     /**< capture: frames that there are; 0: unknown or endless */
    uint32_t latency_frames;    /**< between the buffer and the converter */
};

/** A backend. */
struct rondo_backend_ops {
    uint32_t version; /**< RONDO_BACKEND_VERSION */
    uint32_t size;    /**< sizeof this struct */
    const char *name; /**< what stands before ':' in device strings; lower case */
    const char *summary;
    const struct rondo_backend_parameter
        *parameters; /**< ends with a key of NULL; the core refuses all other keys */
    /** transfer() may block (disk, network): in real time the core calls it from a helper thread,
     * through a staging ring, so that it can be late without the device thread being late. */
    bool blocking;

    /**
     * Reserve a device for a format.
     *
     * @param device   receives the backend's own object
     * @param granted  to be filled in completely; may differ from what was asked
     * @return 0, or a negative errno with @p error filled in (rondo_error_set()) and nothing
     * reserved
     */
    int (*open)(void **device, const struct rondo_device_request *request,
                struct rondo_device_info *granted, struct rondo_error *error);

    /** Give everything back. An error that nobody can be told any more is returned with @p error,
     * and logged. */
    int (*close)(void *device, struct rondo_error *error);

    /**
     * The state has changed: RESET begins anew at frame 0 (also called once before the first
     * STOPPED), STOPPED and RUNNING may be of no interest. May be NULL.
     *
     * @return 0, or a negative errno: the state does not change (RESET, and STOPPED after RUNNING:
     * it does)
     */
    int (*set_state)(void *device, enum rondo_engine_state state, struct rondo_error *error);

    /**
     * Move frames: capture fills @p frames, render takes them.
     *
     * @param frames  interleaved, in the granted format
     * @param count   [1, INT32_MAX]
     * @return frames moved. Capture: fewer than count means that the device has no more, ever
     * (until RESET); with @p error filled in that these are the last frames before that error.
     * Render: count, or an error. A negative errno with @p error filled in: the device is gone.
     */
    int32_t (*transfer)(void *device, void *frames, uint32_t count, struct rondo_error *error);
};

/** Value of a parameter of the device string; NULL: not given. Valid during open(). @rt not-rt */
const char *rondo_device_parameter(const struct rondo_device_request *request, const char *key);

/**
 * Value of a numeric parameter.
 *
 * @param value  receives it; untouched when it is not given
 * @return 0; -EINVAL with @p error filled in: not a decimal number in [min, max]
 * @rt not-rt
 */
int rondo_device_parameter_u32(const struct rondo_device_request *request, const char *key,
                               uint32_t min, uint32_t max, uint32_t *value,
                               struct rondo_error *error);

/**
 * Format given by the parameters rate, channels and format ("s16", "s24", "s24_32", "s32", "f32").
 *
 * @param format  receives what is given; other fields untouched
 * @return 0; -EINVAL with @p error filled in
 * @rt not-rt
 */
int rondo_device_parameter_format(const struct rondo_device_request *request,
                                  struct rondo_format *format, struct rondo_error *error);

/**
 * Add a backend from outside the library. It cannot be removed.
 *
 * @param ops  alive for ever
 * @return 0; -EINVAL: NULL, or something is missing in it; -EPROTO: another version; -EEXIST: the
 * name is taken; -ENOMEM
 * @rt not-rt
 */
int rondo_backend_register(const struct rondo_backend_ops *ops);

/**
 * The backends there are, built in or added.
 *
 * @param index  from 0 on
 * @return NULL behind the last one
 * @rt not-rt
 */
const struct rondo_backend_ops *rondo_backend_list(uint32_t index);

#ifdef __cplusplus
}
#endif
#endif
