/* SPDX-License-Identifier: MIT */
/**
 * @file
 * The device that is always there: records silence, plays nothing.
 */
#ifndef RONDO_BACKENDS_NULL_H
#define RONDO_BACKENDS_NULL_H

#include <rondo/backend.h>

/** `null:` */
extern const struct rondo_backend_ops rondo__backend_null;

#endif
