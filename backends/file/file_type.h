/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Kinds of files, and the sample formats that belong to them.
 */
#ifndef RONDO_BACKENDS_FILE_TYPE_H
#define RONDO_BACKENDS_FILE_TYPE_H

#include <stdbool.h>
#include <stdint.h>

#include <rondo/format.h>

/** A kind of file that can be written. */
struct rondo__file_type {
    const char *name;    /**< as `type=` and as extension */
    int major;           /**< libsndfile's */
    uint64_t data_bytes; /**< its header cannot tell of more samples than this; 0: no limit */
    bool appends;        /**< can be written from beginning to end, into a pipe */
};

/** All names, for messages. */
#define RONDO__FILE_TYPES "wav, aif, aiff, flac, ogg, w64, rf64, caf, au, raw"

/** Find a kind by its name, in any case. @return NULL: there is none */
const struct rondo__file_type *rondo__file_type_find(const char *name);

/** Find a kind by the extension of a path. @return NULL: there is none */
const struct rondo__file_type *rondo__file_type_of_path(const char *path);

/**
 * How a file of this kind stores samples.
 *
 * @param stored  the format asked for the file: never DEFAULT
 * @param sample  receives the format in which the stream brings them
 * @return libsndfile's subtype; 0: such a file cannot hold them
 */
int rondo__file_subtype(const struct rondo__file_type *type, enum rondo_sample_format stored,
                        enum rondo_sample_format *sample);

/** Bytes of one stored sample; 0: not the same for every sample. libsndfile's format. */
uint32_t rondo__file_stored_bytes(int format);

/** Whether samples are stored as numbers in [-1, 1): libsndfile's format. */
bool rondo__file_is_float(int format);

/** The sample format that holds all of what is stored: libsndfile's format. */
enum rondo_sample_format rondo__file_sample(int format);

/**
 * Whether libsndfile 1.2 reads a file of its format @p format to the end, whatever the portions.
 *
 * Not 24-bit PAF and MIDI sample dumps: what is left of the last block when a call ends there is not
 * read by the next one.
 */
bool rondo__file_can_be_read(int format);

#endif
