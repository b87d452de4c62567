#!/usr/bin/env ruby
# frozen_string_literal: true

# Reads flags as LaunchDarkly's Ruby SDK does: through the adapter that its configuration takes as `feature_store`.
#
#   ENDPOINT=http://127.0.0.1:8000 TABLE=my-table ruby adapter.rb
#
# It needs of the SDK only the interfaces of a store, which `require "ldclient-rb"` has to find. Without ENDPOINT it uses the table in AWS, with the
# usual AWS settings. PREFIX goes before the namespace of every row.

$LOAD_PATH.unshift(File.expand_path("../../bindings/ruby/lib", __dir__))
require "ldclient-rb"
require "ld_dynamo_store"

abort "usage: TABLE=… adapter.rb" if ENV["TABLE"].nil? || !ARGV.empty?
features = LaunchDarkly::Impl::DataStore::FEATURES
store = LdDynamoStore::LaunchDarkly.new_feature_store(
  ENV.fetch("TABLE"),
  prefix: ENV.fetch("PREFIX", nil),
  dynamodb_opts: { endpoint: ENV.fetch("ENDPOINT", nil) },
  options: { read_only: true }
)
puts "initialized? #{store.initialized?}"
puts "all: #{store.all(features).size} flags"
%w[home-greeting guest-checkout seasonal-gift-wrap].each do |key|
  flag = store.get(features, key)
  puts "get #{key}: #{flag ? "version #{flag[:version]}" : "nil"}"
end
store.stop
