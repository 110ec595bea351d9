/** Probes: is the worker running, and can the vault serve. */
import { contextOf, router } from '../http/context.ts';
import { send } from '../http/send.ts';
import { examineHealth } from '../operations/health.ts';
import { alive, healthReply } from '../wire/health.ts';

export const health = router()
  .get('/health/live', (c) => send(c, alive))
  .get('/health', async (c) => send(c, healthReply(await examineHealth(contextOf(c)))));
