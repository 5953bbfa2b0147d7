/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Device strings: "backend:address?key=value&key=value" (private to core/).
 *
 * The first ':' ends the backend's name, the last '?' begins the parameters. An address with a '?'
 * in it therefore ends with a lone '?': "file:what?.wav?". Nothing is escaped: all other characters
 * stand for themselves. A value holds neither '?' nor '&'.
 *
 * The key `clock` (real or offline) belongs to the core and works for every backend; it never
 * reaches one.
 */
#ifndef RONDO_CORE_DEVICE_STRING_H
#define RONDO_CORE_DEVICE_STRING_H

#include <stdbool.h>
#include <stdint.h>

#include <rondo/backend.h>
#include <rondo/clock.h>
#include <rondo/error.h>

struct rondo__device_parameter {
    const char *key;
    const char *value;
};

struct rondo__device_parameters {
    uint32_t count;
    struct rondo__device_parameter list[];
};

/** A device string, taken apart. It owns its memory; zero-initialised it owns nothing. */
struct rondo__device_string {
    const struct rondo_backend_ops *ops; /**< never NULL after rondo__device_string_parse() */
    const char *backend;
    const char *address;         /**< without the parameters; perhaps empty */
    const void *parameters;      /**< for rondo_device_request: all but `clock` */
    enum rondo_clock_kind clock; /**< RONDO_CLOCK_REAL unless given */
    bool clock_given;
    void *memory;
};

/**
 * Take a device string apart and find its backend.
 *
 * @param parsed  receives it, to be finished; needs no finishing on error
 * @param error   receives what was wrong and what is allowed; may be NULL
 * @return 0; -EINVAL: NULL, or not of the form; -ENOENT: no such backend; -ENOMEM
 * @rt not-rt
 */
int rondo__device_string_parse(struct rondo__device_string *parsed, const char *device,
                               struct rondo_error *error);

/**
 * Refuse what the backend does not understand.
 *
 * @return 0; -EINVAL with @p error filled in: a key that the backend does not list
 * @rt not-rt
 */
int rondo__device_string_check(const struct rondo__device_string *parsed,
                               const struct rondo_backend_ops *ops, struct rondo_error *error);

/** Give the memory back. Allows NULL and what is zero-initialised or finished. @rt not-rt */
void rondo__device_string_finish(struct rondo__device_string *parsed);

#endif
