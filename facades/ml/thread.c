/* SPDX-License-Identifier: MIT */
#include "facades/ml/thread.h"

#include <signal.h>

int
rondo__ml_thread_create(pthread_t *thread, const char *name, void *(*run)(void *), void *context)
{
    sigset_t all, before;
    int error;

    /* A thread inherits the mask; there is no moment at which it could take a signal. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(thread, NULL, run, context);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error != 0)
        return -error;
    /* Only for who looks at the threads of a program; it does not matter if it fails. */
    pthread_setname_np(*thread, name);
    return 0;
}
