// The second unit of units_a.cpp.
#include "units.hpp"

#include <cstdlib>
#include <utility>

ld_dynamo::Store store_of_the_other_unit(const ld_dynamo::Settings &configuration) {
    return ld_dynamo::Store(configuration);
}

std::uint64_t version_seen_by_the_other_unit(const ld_dynamo::Store &store) {
    return ld_dynamo::detail::descriptor(store.get("features", "a").value()).value().version;
}

void log_from_the_other_unit(const ld_dynamo::Store &store, ld_dynamo::Logger logger) {
    store.set_logger(std::move(logger));
    store.init(R"({"things": {}})");
    store.set_logger({});
}

void fail_in_the_other_unit() {
    ld_dynamo::Result<void>(ld_dynamo::Error("from the other unit", LD_DYNAMO_NO_REGION)).value();
    std::abort();
}
