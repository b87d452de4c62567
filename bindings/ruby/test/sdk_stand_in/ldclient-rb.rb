# frozen_string_literal: true

require "logger"

# What the adapter uses of LaunchDarkly's SDK for Ruby 8, as small as it can be: the tests run with it where no checkout of the SDK is named.
module LaunchDarkly
  VERSION = "8.0.0"

  class Config
    def self.default_logger
      ::Logger.new($stdout, level: ::Logger::WARN)
    end
  end

  module Interfaces
    module FeatureStore; end
    module BigSegmentStore; end

    BigSegmentStoreMetadata = Struct.new(:last_up_to_date)
  end

  module Impl
    module DataStore
      FEATURES = { namespace: "features" }.freeze
      SEGMENTS = { namespace: "segments" }.freeze
    end
  end
end
