/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Sound files as devices: capture reads one, render writes one.
 */
#ifndef RONDO_BACKENDS_FILE_H
#define RONDO_BACKENDS_FILE_H

#include <rondo/backend.h>

/** `file:` */
extern const struct rondo_backend_ops rondo__backend_file;

#endif
