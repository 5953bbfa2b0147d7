/* SPDX-License-Identifier: MIT */
/*
 * All cases of a ring, instantiated for the one that the including file defines (ring_ops.h).
 */
#include "bench/cases/ring_ops.h"
#include "bench/pair.h"
#include "bench/timing.h"

#ifdef __cplusplus
namespace
{
#endif

#ifdef RING_HAS_ITEMS
#include "bench/cases/item_cases.h"
#endif

#ifdef RING_HAS_BLOCKS
#ifndef BLOCK_OP
#define BLOCK_OP(op) block_##op
#endif
#define BLOCK_BYTES 64
#include "bench/cases/block_cases.h"
#define BLOCK_BYTES 128
#include "bench/cases/block_cases.h"
#define BLOCK_BYTES 256
#include "bench/cases/block_cases.h"
#define BLOCK_BYTES 512
#include "bench/cases/block_cases.h"
#define BLOCK_BYTES 1024
#include "bench/cases/block_cases.h"
#define BLOCK_BYTES 2048
#include "bench/cases/block_cases.h"
#define BLOCK_BYTES 4096
#include "bench/cases/block_cases.h"
#define BLOCK_BYTES 8192
#include "bench/cases/block_cases.h"
#define BLOCK_BYTES 16384
#include "bench/cases/block_cases.h"
#endif

#ifdef __cplusplus
} // namespace
#endif
