// The plugin: gives `agent.ts` to the host, and the host to `agent.ts`.

import * as agent from './agent.ts';
import { plugin } from './sdk/sandbox.ts';

export const agentApi = plugin(agent);
