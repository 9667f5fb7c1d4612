// What stands between an agent and its host. Nothing here is particular to one agent.

export { Json, parsed } from './json';
export { Answer, artifact, call, fail, log, progress, setting, tryCall } from './host';
export { ask, complete, completeJson, request } from './claude';
export { Tool, Used, toolLoop } from './tools';
export { serve } from './serve';
