// The header is included twice here and again in header_twice_b.cpp: it must be guarded, and must define nothing twice when both are linked.
#include <ld_dynamo_store.h>
#include <ld_dynamo_store.h>

#include <cstdio>
#include <type_traits>

static_assert(std::is_same<ld_dynamo_status, int32_t>::value, "a status is a 32-bit number, never an enum");

uint32_t abi_version_seen_by_the_other_unit();
ld_dynamo_status status_seen_by_the_other_unit();

int main() {
    const bool agree = ld_dynamo_abi_version() == LD_DYNAMO_ABI_VERSION && abi_version_seen_by_the_other_unit() == LD_DYNAMO_ABI_VERSION &&
                       status_seen_by_the_other_unit() == LD_DYNAMO_NULL_ARGUMENT;
    std::printf("ABI version %u, %s\n", static_cast<unsigned>(ld_dynamo_abi_version()), agree ? "the same in both units" : "but the units differ");
    return agree ? 0 : 1;
}
