/* SPDX-License-Identifier: MIT */
/*
 * MLAudioSetMicMute and its kin.
 *
 * The flag is one word that device threads read. Who wants to know of changes is told by a thread
 * that exists as long as the registration: a change only counts itself and wakes it, so that no
 * program's callback ever runs inside a call. Since equal values are no changes, the values that
 * are still to be told alternate, and a count of them is all the queue there is.
 */
#include "facades/ml/mute.h"

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <rondo/atomic.h>

#include "facades/ml/config.h"
#include "facades/ml/thread.h"
#include "ml_audio.h"

/* One registration. Belongs to its thread, which frees it. */
struct listener {
    pthread_cond_t changed;
    MLAudioMicMuteCallback callback;
    void *context;
    uint64_t untold; /* changes */
    bool told;       /* the value that it knows */
    bool replaced;   /* nothing more is to be told */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static RONDO_ATOMIC(uint32_t) muted; /* written under the lock, read by device threads */
static struct listener *listening;   /* under the lock; NULL: nobody */

bool
rondo__ml_mic_is_muted(void)
{
    /* relaxed: a flag of its own; nothing else is handed over by it. */
    return rondo_load_relaxed_u32(&muted) != 0;
}

static void *
tell(void *context)
{
    struct listener *const listener = context;

    pthread_mutex_lock(&lock);
    while (!listener->replaced) {
        if (listener->untold == 0) {
            pthread_cond_wait(&listener->changed, &lock);
            continue;
        }
        listener->untold--;
        listener->told = !listener->told;
        {
            const bool value = listener->told;

            pthread_mutex_unlock(&lock);
            listener->callback(value, listener->context);
            pthread_mutex_lock(&lock);
        }
    }
    pthread_mutex_unlock(&lock);
    pthread_cond_destroy(&listener->changed);
    free(listener);
    return NULL;
}

MLResult ML_CALL
MLAudioSetMicMute(bool is_muted)
{
    if (!rondo__ml_allowed(RONDO__ML_PERMISSION_MUTE))
        return MLResult_PermissionDenied;
    pthread_mutex_lock(&lock);
    if (rondo__ml_mic_is_muted() != is_muted) {
        /* relaxed: see rondo__ml_mic_is_muted(). */
        rondo_store_relaxed_u32(&muted, is_muted);
        if (listening != NULL) {
            listening->untold++;
            pthread_cond_signal(&listening->changed);
        }
    }
    pthread_mutex_unlock(&lock);
    return MLResult_Ok;
}

MLResult ML_CALL
MLAudioGetMicMute(bool *out_is_muted)
{
    if (out_is_muted == NULL)
        return MLResult_InvalidParam;
    if (!rondo__ml_allowed(RONDO__ML_PERMISSION_MUTE))
        return MLResult_PermissionDenied;
    *out_is_muted = rondo__ml_mic_is_muted();
    return MLResult_Ok;
}

/* A registration with its thread, or NULL. The lock is held. */
static struct listener *
listen_to(MLAudioMicMuteCallback callback, void *context)
{
    struct listener *const listener = calloc(1, sizeof *listener);
    pthread_t thread;

    if (listener == NULL)
        return NULL;
    listener->callback = callback;
    listener->context = context;
    listener->told = rondo__ml_mic_is_muted();
    pthread_cond_init(&listener->changed, NULL);
    if (rondo__ml_thread_create(&thread, "rondo-ml-mute", tell, listener) != 0) {
        pthread_cond_destroy(&listener->changed);
        free(listener);
        return NULL;
    }
    pthread_detach(thread);
    return listener;
}

MLResult ML_CALL
MLAudioSetMicMuteCallback(MLAudioMicMuteCallback callback, void *context)
{
    struct listener *successor = NULL;

    if (!rondo__ml_allowed(RONDO__ML_PERMISSION_MUTE))
        return MLResult_PermissionDenied;
    pthread_mutex_lock(&lock);
    if (callback != NULL) {
        successor = listen_to(callback, context);
        if (successor == NULL) {
            pthread_mutex_unlock(&lock);
            return MLResult_AllocFailed;
        }
    }
    if (listening != NULL) {
        listening->replaced = true;
        pthread_cond_signal(&listening->changed);
    }
    listening = successor;
    pthread_mutex_unlock(&lock);
    return MLResult_Ok;
}
