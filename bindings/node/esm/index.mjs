// The same objects as require() gives.
export * from '../dist/index.js';
