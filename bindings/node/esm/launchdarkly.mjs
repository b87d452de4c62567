// The same objects as require() gives.
export * from '../dist/launchdarkly.js';
