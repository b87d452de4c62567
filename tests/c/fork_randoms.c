/*
 * Opens connections over TLS from a process and from two children that inherited its random number generator. The other side looks at the random
 * numbers and closes, so every call fails.
 *
 *   fork_randoms CONFIGURATION
 */
#define _POSIX_C_SOURCE 200809L

#include "calls.h"

static int fails_to_get(const ld_dynamo_store *store) {
    char *item = NULL;
    ld_dynamo_status status = ld_dynamo_store_get(store, "features", "flag", &item, NULL);
    ld_dynamo_string_free(item);
    return status < 0;
}

int main(int count, char **arguments) {
    if (count != 2) {
        fprintf(stderr, "usage: fork_randoms CONFIGURATION\n");
        return 2;
    }
    watch(60);
    ld_dynamo_store *store = open_store(arguments[1]);
    int failed = fails_to_get(store);
    for (int number = 0; number < 2; number++) {
        if (fork() == 0) {
            watch(30);
            exit(fails_to_get(store) ? 0 : 1);
        }
    }
    failed = reap() && failed;
    failed = reap() && failed;
    failed = fails_to_get(store) && failed;
    ld_dynamo_store_free(store);
    return failed ? 0 : 1;
}
