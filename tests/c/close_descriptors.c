/*
 * A host that turns into a daemon: the child closes every descriptor above 2 before it uses what it inherited, and opens others in their places.
 *
 *   close_descriptors CONFIGURATION     the table holds the flags of calls.h
 */
#define _POSIX_C_SOURCE 200809L

#include "calls.h"

#include <errno.h>
#include <fcntl.h>

#define DESCRIPTORS 64

/* One pipe lies wherever the inherited sockets were; whoever still uses those writes into it. */
static void replace_descriptors(int pipe_ends[2]) {
    for (int descriptor = 3; descriptor < 1024; descriptor++) {
        close(descriptor);
    }
    if (pipe(pipe_ends) != 0 || fcntl(pipe_ends[0], F_SETFL, O_NONBLOCK) != 0) {
        exit(1);
    }
    for (int descriptor = 5; descriptor < DESCRIPTORS; descriptor++) {
        dup2(pipe_ends[1], descriptor);
    }
}

static void run_child(ld_dynamo_store *store, const char *configuration) {
    int ends[2];
    char byte;
    watch(30);
    replace_descriptors(ends);
    for (int number = 0; number < FLAGS; number++) {
        if (!get_flag(store, number, "the child")) {
            exit(1);
        }
    }
    ld_dynamo_store_free(store);
    ld_dynamo_store *own = open_store(configuration);
    int right = get_flag(own, 0, "the child's own handle");
    ld_dynamo_store_free(own);
    if (read(ends[0], &byte, 1) != -1 || errno != EAGAIN) {
        fprintf(stderr, "something was written to a descriptor that is not the library's any more\n");
        right = 0;
    }
    for (int descriptor = 5; descriptor < DESCRIPTORS; descriptor++) {
        if (fcntl(descriptor, F_GETFD) == -1) {
            fprintf(stderr, "descriptor %d was closed\n", descriptor);
            right = 0;
        }
    }
    exit(right ? 0 : 1);
}

int main(int count, char **arguments) {
    if (count != 2) {
        fprintf(stderr, "usage: close_descriptors CONFIGURATION\n");
        return 2;
    }
    watch(60);
    ld_dynamo_store *store = open_store(arguments[1]);
    int right = get_flag(store, 0, "the parent");
    if (fork() == 0) {
        run_child(store, arguments[1]);
    }
    right = reap() && right;
    right = get_flag(store, 0, "the parent afterwards") && right;
    ld_dynamo_store_free(store);
    return right ? 0 : 1;
}
