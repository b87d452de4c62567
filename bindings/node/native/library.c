#include "library.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER;
static struct library *loaded;

static void *symbol(void *handle, struct library *library, const char *name) {
    void *address = dlsym(handle, name);
    if (address == NULL && library->missing == NULL) {
        library->missing = name;
    }
    return address;
}

static struct library *open_library(const char *path, char **message) {
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    struct library *library;
    __typeof__(&ld_dynamo_abi_version) abi_version;
    if (handle == NULL) {
        *message = strdup(dlerror());
        return NULL;
    }
    library = calloc(1, sizeof *library);
    library->path = strdup(path);
    abi_version = (__typeof__(abi_version))symbol(handle, library, "ld_dynamo_abi_version");
    if (abi_version != NULL) {
        library->abi_version = abi_version();
    }
#define LOAD(name) library->name = (__typeof__(library->name))symbol(handle, library, "ld_dynamo_" #name);
    LIBRARY_FUNCTIONS(LOAD)
    return library;
}

const struct library *library_load(const char *path, char **message) {
    struct library *library;
    *message = NULL;
    pthread_mutex_lock(&loading);
    for (library = loaded; library != NULL && strcmp(library->path, path) != 0; library = library->next) {
    }
    if (library == NULL && (library = open_library(path, message)) != NULL) {
        library->next = loaded;
        loaded = library;
    }
    pthread_mutex_unlock(&loading);
    return library;
}
