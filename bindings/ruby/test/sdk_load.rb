# frozen_string_literal: true

require_relative "local_engine"

# LaunchDarkly's SDK out of the checkout that LAUNCHDARKLY_RUBY_SDK names, else its stand-in.
checkout = ENV["LAUNCHDARKLY_RUBY_SDK"]
$LOAD_PATH.unshift(checkout ? File.join(checkout, "lib") : File.join(__dir__, "sdk_stand_in"))
# The SDK's sources are not written for Ruby's warnings.
verbose = $VERBOSE
$VERBOSE = false
require "ldclient-rb"
$VERBOSE = verbose
