/*
 * A child of fork, a child of that child, and one of a bare `clone`, which runs no handlers, each notice that they are another process: their stores
 * count for themselves and have connections of their own.
 *
 *   fork_noticed CONFIGURATION     the table holds the flags of calls.h; no cache
 *
 * Prints how many mappings of this process the kernel wipes in a child, before the first request.
 */
#define _GNU_SOURCE

#include "calls.h"

#include <sys/syscall.h>

#define WHOLE_SECONDS 60

static ld_dynamo_store *store;

static long generation(void) {
    char *stats = NULL;
    if (ld_dynamo_store_stats(store, &stats, NULL) != LD_DYNAMO_OK) {
        exit(1);
    }
    const char *member = strstr(stats, "\"generation\":");
    long number = member == NULL ? 0 : strtol(member + strlen("\"generation\":"), NULL, 10);
    ld_dynamo_string_free(stats);
    return number;
}

static int wiped_mappings(void) {
    char line[4096];
    int count = 0;
    FILE *maps = fopen("/proc/self/smaps", "r");
    while (maps != NULL && fgets(line, sizeof line, maps) != NULL) {
        count += strncmp(line, "VmFlags:", 8) == 0 && strstr(line, " wf") != NULL;
    }
    if (maps == NULL || fclose(maps) != 0) {
        exit(1);
    }
    return count;
}

/* Of a child: its own generation, or 0 where something is wrong. */
static long noticed(long inherited, const char *step) {
    watch(WHOLE_SECONDS);
    int right = get_flag(store, 1, step) && get_flag(store, 2, step);
    long own = generation();
    if (own == inherited) {
        fprintf(stderr, "%s: generation %ld is its parent's\n", step, own);
        right = 0;
    }
    return right ? own : 0;
}

static void end_child(long inherited, const char *step) {
    long own = noticed(inherited, step);
    pid_t grandchild = fork();
    if (grandchild == 0) {
        _exit(noticed(own, "a grandchild") == 0);
    }
    int right = grandchild > 0 && reap() && own != 0;
    ld_dynamo_store_free(store);
    _exit(right ? 0 : 1);
}

int main(int count, char **arguments) {
    if (count != 2) {
        fprintf(stderr, "usage: fork_noticed CONFIGURATION\n");
        return 2;
    }
    watch(WHOLE_SECONDS);
    store = open_store(arguments[1]);
    int wiped = wiped_mappings();
    if (!get_flag(store, 0, "the parent")) {
        return 1;
    }
    long own = generation();
    pid_t child = fork();
    if (child == 0) {
        end_child(own, "a child");
    }
    int right = child > 0 && reap();
    child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (child == 0) {
        end_child(own, "a child of clone");
    }
    right = child > 0 && reap() && right;
    right = get_flag(store, 3, "the parent afterwards") && generation() == own && right;
    ld_dynamo_store_free(store);
    printf("%d\n", wiped);
    return right ? 0 : 1;
}
