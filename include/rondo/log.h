/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Where rondo says what it does. It prints nothing by itself.
 */
#ifndef RONDO_LOG_H
#define RONDO_LOG_H

#ifdef __cplusplus
extern "C" {
#endif

/** How much a message matters. */
enum rondo_log_level {
    RONDO_LOG_DEBUG = 0,
    RONDO_LOG_INFO = 1,
    RONDO_LOG_WARNING =
        2, /**< it goes on, but not as asked: no real-time priority, memory not locked */
    RONDO_LOG_ERROR = 3 /**< something failed that no call could report: an error while closing */
};

/**
 * Receives one message: a sentence without newline, valid during the call.
 *
 * Called from the thread that made the call, or from a helper thread of the stream; never from a
 * real-time thread. It may be called from several threads at once, and must not call into the
 * stream that it is about.
 */
typedef void (*rondo_log_callback)(enum rondo_log_level level, const char *text, void *context);

/** A log callback and its context. Zero-initialised: no log. */
struct rondo_log {
    rondo_log_callback callback;
    void *context;
};

#ifdef __cplusplus
}
#endif
#endif
