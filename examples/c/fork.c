/*
 * A store that was made before a fork serves parent and children; nothing has to be called after the fork.
 *
 *   fork     TABLE names the table and ENDPOINT, when set, a local engine; region and credentials come from the environment
 *
 *   cc -std=c11 fork.c $(pkg-config --cflags --libs ld_dynamo_store) -o fork
 */
#define _POSIX_C_SOURCE 200809L

#include <ld_dynamo_store.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILDREN 3

/* Whether the flag can be read in this process. */
static int read_flag(const ld_dynamo_store *store) {
    char *item = NULL;
    ld_dynamo_error *error = NULL;
    ld_dynamo_status status = ld_dynamo_store_get(store, "features", "flag", &item, &error);
    if (status < 0) {
        fprintf(stderr, "get: %s\n", ld_dynamo_error_message(error));
        ld_dynamo_error_free(error);
    }
    ld_dynamo_string_free(item);
    return status == LD_DYNAMO_OK;
}

/* The child has connections, credentials and a cache of its own; its first call makes them. */
static void work(ld_dynamo_store *store) {
    int is_read = read_flag(store);
    /* It may free the store, or leave that to the end of its process. The parent's store is another one. */
    ld_dynamo_store_free(store);
    _exit(is_read ? 0 : 1);
}

int main(void) {
    const char *table = getenv("TABLE"), *endpoint = getenv("ENDPOINT");
    char configuration[1024], *stored = NULL;
    ld_dynamo_store *store = NULL;
    ld_dynamo_error *error = NULL;
    int well = 0;
    snprintf(configuration, sizeof configuration, "{\"table\":\"%s\",\"prefix\":\"fork\"%s%s%s}", table == NULL ? "" : table,
             endpoint == NULL ? "" : ",\"endpoint\":\"", endpoint == NULL ? "" : endpoint, endpoint == NULL ? "" : "\"");
    ld_dynamo_status status = ld_dynamo_store_new(configuration, &store, &error);
    if (status == LD_DYNAMO_OK) {
        /* The parent uses the store before it forks. */
        status = ld_dynamo_store_upsert(store, "features", "flag", "{\"key\":\"flag\",\"version\":1}", &stored, &error);
        ld_dynamo_string_free(stored);
    }
    if (status < 0) {
        fprintf(stderr, "%s\n", ld_dynamo_error_message(error));
        ld_dynamo_error_free(error);
        ld_dynamo_store_free(store);
        return 1;
    }
    for (int child = 0; child < CHILDREN; child++) {
        pid_t process = fork();
        if (process == 0) {
            work(store);
        }
        int result = 0;
        if (process > 0 && waitpid(process, &result, 0) == process && WIFEXITED(result) && WEXITSTATUS(result) == 0) {
            well++;
        }
    }
    printf("%d children read the flag, and the parent %s\n", well, read_flag(store) ? "does, too" : "does not");
    ld_dynamo_store_free(store);
    return well == CHILDREN ? 0 : 1;
}
