// The plugin: gives `agent.ts` to the host, and the host to `agent.ts`.

import { plugin } from '../../templates/typescript/src/sdk/sandbox.ts';
import { run } from './agent.ts';
import { description } from './description.ts';

export const agentApi = plugin({ description, run });
