// The plugin: gives `agent.ts` to the host.

import { description, run } from './agent';
import { serve } from './sdk';

serve(description, run);
