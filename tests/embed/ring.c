/* SPDX-License-Identifier: MIT */
#include <rondo/ring.h>

int
main(void)
{
    static struct rondo_ring ring;
    static int memory[16] RONDO_CACHE_ALIGNED;
    int value = 7;

    if (rondo_ring_init(&ring, memory, 16, sizeof(int)) != 0 ||
        rondo_ring_write(&ring, &value, 1) != 1)
        return 1;
    value = 0;
    return rondo_ring_read(&ring, &value, 1) == 1 && value == 7 ? 0 : 1;
}
