#!/usr/bin/env ruby
# frozen_string_literal: true

# A first program in Ruby: shows a LaunchDarkly flag in a DynamoDB table, or switches it on or off.
#
#   main.rb show KEY
#   main.rb switch KEY [VERSION]     VERSION is that of the change; without it, the next one
#
# The environment says where: TABLE names the table; PREFIX, when set, goes before its namespaces; ENDPOINT, when set, is the address of a local
# engine instead of AWS; region and credentials come from AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY or wherever else AWS programs find
# them. A local engine takes any credentials.

require "json"
$LOAD_PATH.unshift(File.expand_path("../../bindings/ruby/lib", __dir__))
require "ld_dynamo_store"

def read(store, key)
  text = store.get("features", key)
  abort "there is no flag #{key}" if text.nil?
  JSON.parse(text)
end

def describe(flag)
  "version #{flag["version"]}, #{flag["on"] ? "on" : "off"}"
end

def show(store, key)
  puts "#{key}: #{describe(read(store, key))}"
end

def switch(store, key, version = nil)
  flag = read(store, key)
  change = flag.merge("on" => !flag["on"], "version" => version ? Integer(version) : flag["version"] + 1)
  result = store.upsert("features", key, change)
  if result.written?
    puts "#{key}: written, #{describe(change)}"
  else
    puts "#{key}: version #{change["version"]} was refused, the table keeps #{describe(JSON.parse(result.stored))}"
  end
end

command, *arguments = ARGV
unless ENV["TABLE"] && ((command == "show" && arguments.size == 1) || (command == "switch" && [1, 2].include?(arguments.size)))
  abort "usage: TABLE=… main.rb show KEY | switch KEY [VERSION]"
end
begin
  LdDynamoStore::Store.open(ENV["TABLE"], prefix: ENV["PREFIX"], endpoint: ENV["ENDPOINT"]) { |store| send(command, store, *arguments) }
rescue LdDynamoStore::StoreError => e
  abort "status #{e.status}, #{e.retriable? ? "may succeed later" : "final"}: #{e.message}"
end
