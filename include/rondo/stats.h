/* SPDX-License-Identifier: MIT */
/**
 * @file
 * What a stream counts, and what it tells of xruns.
 */
#ifndef RONDO_STATS_H
#define RONDO_STATS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What an xrun did. */
enum rondo_xrun_kind {
    RONDO_XRUN_LOST =
        1, /**< frames were lost (capture), or silence was played in their place (render) */
    RONDO_XRUN_RECOVERED =
        2 /**< somebody was later than the buffer allows, yet no frame was lost */
};

/** Who was late. */
enum rondo_xrun_cause {
    RONDO_CAUSE_APPLICATION = 1, /**< the application did not take or give frames in time */
    RONDO_CAUSE_THREAD = 2,      /**< the device thread got the processor too late */
    RONDO_CAUSE_STORAGE = 3,     /**< the file did not deliver or take frames in time */
    RONDO_CAUSE_DEVICE = 4       /**< the device said so */
};

/** One xrun. */
struct rondo_xrun {
    enum rondo_xrun_kind kind;
    enum rondo_xrun_cause cause;
    uint64_t position; /**< stream position of the first frame that was lost */
    uint64_t time_ns;  /**< when it was noticed, by the stream's clock */
    uint64_t frames;   /**< frames lost; RECOVERED: by how many frames somebody was later than the
                          buffer allows */
};

/** Buckets of a wake-up histogram. */
#define RONDO_WAKE_BUCKETS 24

/** Counters since open, each a consistent value of its own. */
struct rondo_stats {
    uint64_t frames;          /**< moved by the device */
    uint64_t periods;         /**< completed */
    uint64_t wakeups;         /**< of the device thread while running */
    uint64_t xruns_lost;      /**< events */
    uint64_t xruns_recovered; /**< events */
    uint64_t frames_lost;     /**< frames over all RONDO_XRUN_LOST */
    uint64_t xruns_untold; /**< events that rondo_stream_next_xrun() cannot deliver, because nobody
                              asked for long */
    uint64_t wake_late_ns_max; /**< worst lateness of the device thread against the moment it asked
                                  for */
    /** Wake-ups by lateness: bucket 0 below 1 us, bucket b from 2^(b-1) us on, the last one all
     * above. */
    uint64_t wake_late[RONDO_WAKE_BUCKETS];
};

#ifdef __cplusplus
}
#endif
#endif
