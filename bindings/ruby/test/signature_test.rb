# frozen_string_literal: true

require "sdk"
require "open3"
require "rbs"

# The signatures are valid, and say what the sources say.
class SignatureTest < Minitest::Test
  FOLDER = File.expand_path("../sig", __dir__)
  PUBLIC = [LdDynamoStore, LdDynamoStore::LaunchDarkly].flat_map do |space|
    space.constants.map { |name| space.const_get(name) }.grep(Module) << space
  end.uniq.freeze

  def environment
    @@environment ||= begin
      loader = RBS::EnvironmentLoader.new
      loader.add(path: Pathname(FOLDER))
      RBS::Environment.from_loader(loader).resolve_type_names
    end
  end

  def builder
    @@builder ||= RBS::DefinitionBuilder.new(env: environment)
  end

  def type_name(mod)
    RBS::TypeName.new(name: mod.name.split("::").last.to_sym, namespace: RBS::Namespace.parse("::#{mod.name}").parent)
  end

  def of_ours(definition)
    definition.methods.select { |_, method| method.defined_in.to_s.start_with?("::LdDynamoStore") && !method.private? }.keys
  end

  def test_every_public_module_has_a_signature_and_its_methods_as_well
    assert_operator PUBLIC.size, :>, 30
    PUBLIC.each do |mod|
      name = type_name(mod)
      assert environment.class_decls.key?(name), "#{mod} has no signature"
      own = (mod.is_a?(Class) ? mod.public_instance_methods(false) : []) - %i[inspect]
      signed = mod.is_a?(Class) ? of_ours(builder.build_instance(name)) - %i[initialize] : []
      assert_empty own - signed, "#{mod}: methods without a signature"
      assert_empty signed - mod.instance_methods, "#{mod}: signatures without a method" if mod.is_a?(Class)
      singleton = mod.singleton_methods(false) - %i[[] new members keyword_init? inspect yaml_tag]
      assert_empty singleton - of_ours(builder.build_singleton(name)), "#{mod}: methods of the module without a signature"
    end
  end

  def test_every_signature_has_a_module
    environment.class_decls.each_key do |name|
      next unless name.to_s.start_with?("::LdDynamoStore")

      assert Object.const_defined?(name.to_s.delete_prefix("::")), name.to_s
    end
  end

  def test_every_superclass_is_the_one_in_the_signature
    PUBLIC.grep(Class).each do |mod|
      signed = builder.ancestor_builder.instance_ancestors(type_name(mod)).ancestors.map { |ancestor| ancestor.name.to_s.delete_prefix("::") }
      assert_includes signed, mod.superclass.name || "Struct", mod.name
    end
  end

  # The types themselves: every call of a small program is compared with them.
  def test_calls_are_of_the_types_in_the_signatures
    program = <<~RUBY
      require "sdk"
      store = Engine.store("signatures", logger: Logger.new(File::NULL))
      store.init({ features: {}, "segments" => {} })
      store.upsert("features", :a, { version: 1 }).then { |result| [result.written?, result.status, result.stored] }
      store.upsert(:features, "a", '{"version":0}').stored
      [store.get(:features, "a"), store.get("features", "b"), store.all("features"), store.initialized?, store.available?, store.stats]
      [store.check_available, store.big_segments_metadata, store.big_segments_membership("hash"), store.closed?, store.logger = nil]
      contexts = [LdDynamoStore.context_hash("a"), LdDynamoStore.context_hash(:b)]
      patch = { segmentId: "segment.g1", version: "v1", changes: { included: { add: contexts } } }
      store.big_segments_apply_patch(patch).then { |result| [result.applied?, result.out_of_order?, result.status] }
      store.big_segments_apply_patch(JSON.generate(patch)).status
      [store.big_segments_set_synchronized(1), store.big_segments_set_synchronized(Time.now)]
      begin
        LdDynamoStore::Store.open("no-such-table", **Engine.options("x")) { |other| other.get("features", "a") }
      rescue LdDynamoStore::StoreError => e
        [e.retriable?, e.status, e.service_code]
      end
      LdDynamoStore::Store.from_json('{"table":"table","credentials":"pushed"}').set_credentials({ access_key_id: "a", secret_access_key: "b" })
      opts = { dynamodb_opts: { endpoint: Engine.running.endpoint, region: "us-east-1", access_key_id: "a", secret_access_key: "b" } }
      wrapper = LdDynamoStore::LaunchDarkly.new_feature_store(Engine::TABLE, opts.merge(expiration: 0, prefix: "signatures"))
      kind = AdapterTest::FEATURES
      item = LaunchDarkly::Impl::Model.deserialize(kind, { key: "a", version: 1 })
      wrapper.init({ kind => { a: item } })
      [wrapper.get(kind, "a"), wrapper.get(kind, "b"), wrapper.all(kind), wrapper.upsert(kind, item), wrapper.delete(kind, "a", 2)]
      [wrapper.initialized?, wrapper.available?, wrapper.stop]
      segments = LdDynamoStore::LaunchDarkly.new_big_segment_store(Engine::TABLE, opts)
      [segments.get_metadata, segments.get_membership("hash"), segments.stop, store.close]
      puts "done"
    RUBY
    environment = {
      "RBS_TEST_TARGET" => "LdDynamoStore,LdDynamoStore::*", "RBS_TEST_OPT" => "-I #{FOLDER}", "RBS_TEST_RAISE" => "true", "RBS_TEST_LOGLEVEL" => "error",
      "RUBYOPT" => "-rrbs/test/setup", "RUBYLIB" => [__dir__, ENV.fetch("RUBYLIB", nil)].compact.join(":")
    }
    output, = Open3.capture2e(environment, RbConfig.ruby, "-W0", "-e", program)
    assert_match(/^done$/, output)
  end
end
