# frozen_string_literal: true

module LaunchDarkly
  module Integrations
    module Util
      # The SDK's wrapper: caches what a core reads and writes, absent and deleted items too, and hides what is deleted.
      class CachingStoreWrapper
        include Interfaces::FeatureStore

        def initialize(core, opts)
          @core = core
          @seconds = opts[:expiration] || 15
          @cache = {}
          @inited = false
        end

        def monitoring_enabled?
          @core.respond_to?(:available?)
        end

        def available?
          @core.available?
        end

        def init(all_data)
          @core.init_internal(all_data)
          @inited = true
          @cache.clear
          all_data.each do |kind, items|
            cached(kind[:namespace], renew: true) { alive(items) }
            items.each { |key, item| cached([kind[:namespace], key.to_s], renew: true) { item } }
          end
        end

        def get(kind, key)
          item = cached([kind[:namespace], key.to_s]) { @core.get_internal(kind, key) }
          item.nil? || item[:deleted] ? nil : item
        end

        def all(kind)
          cached(kind[:namespace]) { alive(@core.get_all_internal(kind)) }
        end

        def upsert(kind, item)
          stored = @core.upsert_internal(kind, item)
          cached([kind[:namespace], item[:key].to_s], renew: true) { stored }
          @cache.delete(kind[:namespace])
        end

        def delete(kind, key, version)
          upsert(kind, { key: key, version: version, deleted: true })
        end

        def initialized?
          @inited ||= cached("$inited") { @core.initialized_internal? }
        end

        def stop
          @core.stop
        end

        private

        def alive(items)
          items.reject { |_, item| item[:deleted] }
        end

        def cached(name, renew: false)
          now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
          value, expiry = @cache[name]
          return value if expiry && now < expiry && !renew

          value = yield
          @cache[name] = [value, now + @seconds] if @seconds.positive?
          value
        end
      end
    end
  end
end
