#!/usr/bin/env ruby
# frozen_string_literal: true

# Evaluates flags with LaunchDarkly's Ruby SDK, which reads them from a DynamoDB table through ld-dynamo-store.
#
#   ENDPOINT=http://127.0.0.1:8000 TABLE=my-table ruby evaluate.rb
#
# The SDK runs in daemon mode: it never connects to LaunchDarkly, and takes what some other program wrote into the table. Without ENDPOINT it uses
# the table in AWS, with the usual AWS settings. PREFIX goes before the namespace of every row.

require "json"
$LOAD_PATH.unshift(File.expand_path("../../bindings/ruby/lib", __dir__))
require "ldclient-rb"
require "ld_dynamo_store"

VISITOR = { key: "user-5150", kind: "user", name: "a visitor from Greece", country: "GR" }.freeze
EMPLOYEE = { key: "zoë.müller", kind: "user", name: "an employee in Austria", country: "AT" }.freeze
CUSTOMER = { key: "user-0007", kind: "user", name: "a gold customer", country: "DE", loyalty: { tier: "gold" } }.freeze

QUESTIONS = [
  ["home-greeting", VISITOR, "Hello!"],
  ["home-greeting", EMPLOYEE, "Hello!"],
  ["checkout-redesign", VISITOR, "control"],
  ["pricing-loyalty-discount", CUSTOMER, 0],
  ["guest-checkout", VISITOR, false],
  ["seasonal-gift-wrap", VISITOR, "the default"]
].freeze

def open_client
  store = LdDynamoStore::LaunchDarkly.new_feature_store(
    ENV.fetch("TABLE"),
    prefix: ENV.fetch("PREFIX", nil),
    dynamodb_opts: { endpoint: ENV.fetch("ENDPOINT", nil) },
    # A service in daemon mode needs no more than GetItem and Query.
    options: { read_only: true }
  )
  config = LaunchDarkly::Config.new(feature_store: store, use_ldd: true, send_events: false, logger: Logger.new($stderr, level: Logger::WARN))
  LaunchDarkly::LDClient.new("no-sdk-key", config)
end

# Why the SDK came to a value, in one word or two.
def reason(detail)
  [detail.reason.kind, detail.reason.error_kind || detail.reason.prerequisite_key || detail.reason.rule_index].compact.join(" ")
end

abort "usage: TABLE=… evaluate.rb" if ENV["TABLE"].nil? || !ARGV.empty?
client = open_client
QUESTIONS.each do |flag, context, default|
  detail = client.variation_detail(flag, LaunchDarkly::LDContext.create(context), default)
  puts "#{flag} for #{context[:name]}: #{JSON.generate(detail.value)} (#{reason(detail)})"
end
client.close
