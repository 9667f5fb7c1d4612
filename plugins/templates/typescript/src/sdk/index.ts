// Helpers around the host. Nothing here is particular to one agent, and all but `sandbox.ts` runs natively.

export * from './ask.ts';
export * from './cut.ts';
export * from './failure.ts';
export * from './host.ts';
export * from './inputs.ts';
export * from './schema.ts';
export * from './text.ts';
export * from './tools.ts';
