/* SPDX-License-Identifier: MIT */
/**
 * @file
 * The backends by name (private to core/).
 */
#ifndef RONDO_CORE_REGISTRY_H
#define RONDO_CORE_REGISTRY_H

#include <stddef.h>

#include <rondo/backend.h>

/**
 * Find a backend.
 *
 * @param name  as it stands before ':'
 * @return NULL: there is none
 * @thread any
 * @rt     not-rt: takes a lock
 */
const struct rondo_backend_ops *rondo__backend_find(const char *name);

/**
 * Write the names of all backends, such as "null, file", for messages.
 *
 * @param text        receives them; cut to fit
 * @param text_bytes  at least 1
 * @return @p text
 */
const char *rondo__backend_names(char *text, size_t text_bytes);

#endif
