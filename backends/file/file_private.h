/* SPDX-License-Identifier: MIT */
/**
 * @file
 * The two kinds of devices behind `file:`, and what they share.
 */
#ifndef RONDO_BACKENDS_FILE_PRIVATE_H
#define RONDO_BACKENDS_FILE_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

#include <rondo/backend.h>

/** Frames that are converted in one go. */
#define RONDO__FILE_CHUNK_FRAMES 1024u

/** How long a pipe may be without anybody at its other end. */
#define RONDO__FILE_PIPE_PEER_MS 3000

struct rondo__file_capture;
struct rondo__file_render;

/** What begins every device: which of the two it is. */
struct rondo__file_device {
    enum rondo_direction direction;
};

/* The backend's functions, for each of the two kinds: see struct rondo_backend_ops. */

int rondo__file_capture_open(void **out, const struct rondo_device_request *request,
                             struct rondo_device_info *granted, struct rondo_error *error);
int rondo__file_capture_close(struct rondo__file_capture *capture);
int rondo__file_capture_reset(struct rondo__file_capture *capture, struct rondo_error *error);
int32_t rondo__file_capture_transfer(struct rondo__file_capture *capture, void *frames,
                                     uint32_t count, struct rondo_error *error);

int rondo__file_render_open(void **out, const struct rondo_device_request *request,
                            struct rondo_device_info *granted, struct rondo_error *error);
int rondo__file_render_close(struct rondo__file_render *render, struct rondo_error *error);
int rondo__file_render_run(struct rondo__file_render *render, struct rondo_error *error);
int rondo__file_render_reset(struct rondo__file_render *render, struct rondo_error *error);
int32_t rondo__file_render_transfer(struct rondo__file_render *render, const void *frames,
                                    uint32_t count, struct rondo_error *error);

#endif
