# frozen_string_literal: true

require_relative "ld_dynamo_store/version"
require_relative "ld_dynamo_store/errors"
require_relative "ld_dynamo_store/native"
require_relative "ld_dynamo_store/log"
require_relative "ld_dynamo_store/foreign_error"
require_relative "ld_dynamo_store/handle"
require_relative "ld_dynamo_store/credentials"
require_relative "ld_dynamo_store/native_calls"
require_relative "ld_dynamo_store/store"
require_relative "ld_dynamo_store/big_segments"

# LaunchDarkly's flag data in a DynamoDB table, through the native library +libld_dynamo_store+. Begin with Store.
module LdDynamoStore
  # The adapter is read when it is named, as it needs LaunchDarkly's SDK.
  autoload :LaunchDarkly, "ld_dynamo_store/launchdarkly"
end
