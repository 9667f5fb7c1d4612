/* Loaded before componentize-qjs (LD_PRELOAD), so that it makes the same bytes each time: it runs the plugin's start once and
 * keeps its memory, in which the seeds of hash tables and the time of the start would else be others with every build. */
#include <string.h>
#include <sys/types.h>
#include <time.h>

ssize_t getrandom(void *to, size_t bytes, unsigned flags) {
    (void)flags;
    memset(to, 7, bytes);
    return (ssize_t)bytes;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    (void)clock;
    now->tv_sec = 1767225600; /* 2026-01-01 */
    now->tv_nsec = 0;
    return 0;
}
