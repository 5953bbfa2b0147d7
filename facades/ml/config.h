/* SPDX-License-Identifier: MIT */
/*
 * What stands behind the API: devices, permissions, a clock. See rondo/ml.h.
 */
#ifndef RONDO_FACADES_ML_CONFIG_H
#define RONDO_FACADES_ML_CONFIG_H

#include <stdbool.h>

#include <rondo/clock.h>
#include <rondo/error.h>
#include <rondo/log.h>

/* What a call needs a permission for. */
enum rondo__ml_permission {
    RONDO__ML_PERMISSION_MIC, /* to capture from the microphone */
    RONDO__ML_PERMISSION_MUTE /* to see and to change the mute */
};

/* Whether the user allows it. Any thread. Reads the environment if nobody did. */
bool rondo__ml_allowed(enum rondo__ml_permission permission);

/* What a new input is made of. */
struct rondo__ml_source {
    char *mic;                 /* device string; the caller frees it */
    struct rondo_clock *clock; /* may be NULL */
    struct rondo_log log;
};

/* Returns 0, or -ENOMEM. Any thread. Reads the environment if nobody did. */
int rondo__ml_source(struct rondo__ml_source *source);

/* Tell the log; nothing without one. Not from a real-time thread. */
void rondo__ml_log(const struct rondo_log *log, enum rondo_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
