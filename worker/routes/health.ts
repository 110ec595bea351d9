/** Probes: is the worker running, and can the vault serve. */
import { router } from '../http/context.ts';
import { always, report } from '../http/route.ts';
import { examineHealth } from '../operations/health.ts';
import { alive, healthReply } from '../wire/health.ts';

export const health = router().get('/health/live', always(alive)).get('/health', report(examineHealth, healthReply));
