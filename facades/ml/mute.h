/* SPDX-License-Identifier: MIT */
/*
 * The mute of all microphone inputs.
 */
#ifndef RONDO_FACADES_ML_MUTE_H
#define RONDO_FACADES_ML_MUTE_H

#include <stdbool.h>

#include <rondo/cacheline.h>

/* Whether microphone inputs deliver silence now. Any thread; wait-free. */
bool rondo__ml_mic_is_muted(void) RONDO_RT;

#endif
