/* The calls of a store: some by its threads, for a promise, and those that never wait at once. */
#ifndef CALLS_H
#define CALLS_H

#include "store.h"

/* Adds a function to `exports` for each call: its arguments are a store and texts. */
void calls_export(napi_env env, napi_value exports);

#endif
