// The second unit of header_twice_a.cpp.
#include <ld_dynamo_store.h>

uint32_t abi_version_seen_by_the_other_unit();
ld_dynamo_status status_seen_by_the_other_unit();

uint32_t abi_version_seen_by_the_other_unit() {
    return ld_dynamo_abi_version();
}

// A call without a store: C linkage and the error object work from C++.
ld_dynamo_status status_seen_by_the_other_unit() {
    ld_dynamo_error *error = nullptr;
    const ld_dynamo_status status = ld_dynamo_store_available(nullptr, &error);
    const bool agree = ld_dynamo_error_status(error) == status;
    ld_dynamo_error_free(error);
    return agree ? status : LD_DYNAMO_INTERNAL;
}
