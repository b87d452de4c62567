/*
 * A host that loads the library at run time and closes it, as PHP does at the end of each request: the library stays, and so does what it made.
 *
 *   unload LIBRARY CONFIGURATION     the table holds the flags of calls.h
 */
#define _POSIX_C_SOURCE 200809L

#include <ld_dynamo_store.h>

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static ld_dynamo_status (*make)(const char *, ld_dynamo_store **, ld_dynamo_error **);
static ld_dynamo_status (*get)(const ld_dynamo_store *, const char *, const char *, char **, ld_dynamo_error **);
static void (*free_store)(ld_dynamo_store *);
static void (*free_string)(char *);

static void *load(const char *path) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return NULL;
    }
    *(void **)&make = dlsym(library, "ld_dynamo_store_new");
    *(void **)&get = dlsym(library, "ld_dynamo_store_get");
    *(void **)&free_store = dlsym(library, "ld_dynamo_store_free");
    *(void **)&free_string = dlsym(library, "ld_dynamo_string_free");
    return library;
}

static int answers(const ld_dynamo_store *store) {
    char *item = NULL;
    ld_dynamo_status status = get(store, "features", "flag-1", &item, NULL);
    int right = status == LD_DYNAMO_OK && strcmp(item, "{\"key\":\"flag-1\",\"version\":1}") == 0;
    free_string(item);
    return right;
}

static const char *configuration;
static ld_dynamo_store *first;
static int works;

/* On a thread that ends: as long as a thread that has used a library lives, the system may keep the library for its sake. */
static void *use(void *argument) {
    works = make(configuration, &first, NULL) == LD_DYNAMO_OK && answers(first);
    return argument;
}

int main(int count, char **arguments) {
    ld_dynamo_store *second = NULL;
    pthread_t user;
    if (count != 3) {
        fprintf(stderr, "usage: unload LIBRARY CONFIGURATION\n");
        return 2;
    }
    alarm(60);
    void *library = load(arguments[1]);
    configuration = arguments[2];
    if (library == NULL || pthread_create(&user, NULL, use, NULL) != 0 || pthread_join(user, NULL) != 0 || !works) {
        fprintf(stderr, "the library does not work\n");
        return 1;
    }
    if (dlclose(library) != 0 || dlopen(arguments[1], RTLD_NOW | RTLD_NOLOAD) == NULL) {
        fprintf(stderr, "the library was unloaded\n");
        return 1;
    }
    if (!answers(first)) {
        fprintf(stderr, "a store does not work after dlclose\n");
        return 1;
    }
    if (load(arguments[1]) == NULL || make(arguments[2], &second, NULL) != LD_DYNAMO_OK || !answers(second) || !answers(first)) {
        fprintf(stderr, "the library does not work when it is opened again\n");
        return 1;
    }
    free_store(first);
    free_store(second);
    return 0;
}
