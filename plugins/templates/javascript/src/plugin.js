// The plugin: gives `agent.js` to the host, and the host to `agent.js`.

import * as agent from './agent.js';
import { plugin } from './sdk/sandbox.js';

export const agentApi = plugin(agent);
