// What units_b.cpp does for units_a.cpp.
#ifndef LD_DYNAMO_TESTS_UNITS_HPP
#define LD_DYNAMO_TESTS_UNITS_HPP

#include <ld_dynamo_store.hpp>
#include <ld_dynamo_store_launchdarkly.hpp>

#include <ld_dynamo_store.hpp>
#include <ld_dynamo_store_launchdarkly.hpp>

#include <cstdint>

ld_dynamo::Store store_of_the_other_unit(const ld_dynamo::Settings &configuration);
std::uint64_t version_seen_by_the_other_unit(const ld_dynamo::Store &store);
void log_from_the_other_unit(const ld_dynamo::Store &store, ld_dynamo::Logger logger);
[[noreturn]] void fail_in_the_other_unit();

#endif
