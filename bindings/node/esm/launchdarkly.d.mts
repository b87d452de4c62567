export * from '../dist/launchdarkly.js';
