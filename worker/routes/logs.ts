/** The access log, the counts behind its chart, and exports of it. */
import { router } from '../http/context.ts';
import { answer } from '../http/route.ts';
import { exportEvents } from '../operations/event-export.ts';
import { countEvents, listEvents } from '../operations/events.ts';
import { listLastUses } from '../operations/last-uses.ts';
import * as json from '../wire/json.ts';
import { logExport } from '../wire/log-export.ts';
import { activityQuery, exportQuery, logQuery } from '../wire/log-requests.ts';
import { list, listText } from '../wire/reply.ts';

export const logs = router()
  .get('/logs', answer(listEvents, { query: logQuery }, listText(json.logList)))
  .get('/logs/activity', answer(countEvents, { query: activityQuery }, list(json.activity)))
  .get('/logs/export', answer(exportEvents, { query: exportQuery }, logExport))
  .get('/logs/uses', answer(listLastUses, {}, list(json.lastUses)));
