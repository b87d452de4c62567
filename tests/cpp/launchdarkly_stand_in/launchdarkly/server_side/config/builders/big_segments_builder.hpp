// The builder of what reads Big Segments, which takes a store.
#pragma once

#include <launchdarkly/server_side/integrations/big_segments/ibig_segment_store.hpp>

#include <memory>
#include <utility>

namespace launchdarkly::server_side::config::builders {

class BigSegmentsBuilder {
public:
    explicit BigSegmentsBuilder(std::shared_ptr<integrations::IBigSegmentStore> store) : store_(std::move(store)) {}

private:
    std::shared_ptr<integrations::IBigSegmentStore> store_;
};

}  // namespace launchdarkly::server_side::config::builders
