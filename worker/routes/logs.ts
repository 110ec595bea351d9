import { answer, list, router } from '../http/route.ts';
import { countEvents, listEvents } from '../operations/events.ts';
import * as json from '../wire/json.ts';
import { activityQuery, logQuery } from '../wire/requests.ts';

export const logs = router()
  .get('/logs', answer(listEvents, { query: logQuery }, list(json.logList)))
  .get('/logs/activity', answer(countEvents, { query: activityQuery }, list(json.activity)));
