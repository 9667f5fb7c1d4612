// Helpers around the host. Nothing here is particular to one agent, and all but `sandbox.js` runs natively.

export * from './ask.js';
export * from './cut.js';
export * from './failure.js';
export * from './inputs.js';
export * from './schema.js';
export * from './text.js';
export * from './tools.js';
