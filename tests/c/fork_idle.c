/*
 * Forks while the parent's connection rests: what the children do with the handle must not reach the connection.
 *
 *   fork_idle CONFIGURATION     the table holds the flags of calls.h
 *
 * The first child frees the handle without using it, the second uses it, the third only exits. The parent opens one connection, the second child another.
 */
#define _POSIX_C_SOURCE 200809L

#include "calls.h"

enum { FREES, USES, EXITS, CHILDREN };

static void run_child(ld_dynamo_store *store, int number) {
    int right = 1;
    watch(30);
    if (number == USES) {
        right = get_flag(store, 1, "a child") && get_flag(store, 2, "a child");
    }
    if (number != EXITS) {
        ld_dynamo_store_free(store);
    }
    exit(right ? 0 : 1);
}

int main(int count, char **arguments) {
    if (count != 2) {
        fprintf(stderr, "usage: fork_idle CONFIGURATION\n");
        return 2;
    }
    watch(60);
    ld_dynamo_store *store = open_store(arguments[1]);
    int right = get_flag(store, 0, "the parent");
    for (int number = 0; number < CHILDREN; number++) {
        if (fork() == 0) {
            run_child(store, number);
        }
        right = reap() && right;
        right = get_flag(store, 0, "the parent afterwards") && right;
    }
    ld_dynamo_store_free(store);
    return right ? 0 : 1;
}
