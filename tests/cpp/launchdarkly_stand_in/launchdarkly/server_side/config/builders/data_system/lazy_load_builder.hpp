// The builder of the Lazy Load system, which takes a source.
#pragma once

#include <launchdarkly/server_side/integrations/data_reader/iserialized_data_reader.hpp>

#include <chrono>
#include <memory>
#include <utility>

namespace launchdarkly::server_side::config::builders {

struct LazyLoadBuilder {
    using SourcePtr = std::shared_ptr<integrations::ISerializedDataReader>;
    LazyLoadBuilder &Source(SourcePtr source) {
        source_ = std::move(source);
        return *this;
    }
    LazyLoadBuilder &CacheRefresh(std::chrono::milliseconds ttl) {
        ttl_ = ttl;
        return *this;
    }

private:
    SourcePtr source_;
    std::chrono::milliseconds ttl_{};
};

}  // namespace launchdarkly::server_side::config::builders
