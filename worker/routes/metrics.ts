/** `/metrics`, for Prometheus. It exists only where METRICS_TOKEN is set, and takes no other credential. */
import { newestBackupHeader } from '../../core/newest-backup.ts';
import { StoreFailure } from '../../core/store-failure.ts';
import { contextOf, router } from '../http/context.ts';
import { tokenIn } from '../http/credential.ts';
import { send } from '../http/send.ts';
import { readGauges } from '../operations/gauges.ts';
import type { Metrics } from '../operations/metrics.ts';
import type { Context } from '../operations/vault.ts';
import { metricsContentType, metricsText } from '../wire/metrics-text.ts';
import { failed } from '../wire/reply.ts';

export const metricsRoute = (metrics: Metrics, token: string) =>
  router().get('/metrics', async (c) => {
    if (!(await isSame(tokenIn(c.req.raw.headers), token))) return send(c, wrongToken);
    const context = contextOf(c);
    const gauges = await gaugesOf(context);
    const { now } = context.caller;
    const text = metricsText(metrics, gauges, backupAge(c.req.raw.headers.get(newestBackupHeader), now), now);
    return new Response(text, { headers: { 'Content-Type': metricsContentType, 'Cache-Control': 'no-store' } });
  });

const wrongToken = failed(401, 'This needs the token that METRICS_TOKEN sets, as a bearer token.', {
  'WWW-Authenticate': 'Bearer',
});

const encoder = new TextEncoder();

/** Compares hashes, so that the time tells nothing of the token, not even how long it is. */
const isSame = async (given: string | null | undefined, token: string): Promise<boolean> => {
  const [a, b] = await Promise.all(
    [given ?? '', token].map((text) => crypto.subtle.digest('SHA-256', encoder.encode(text))),
  );
  return crypto.subtle.timingSafeEqual(a as ArrayBuffer, b as ArrayBuffer);
};

/** Null while the database does not answer. */
const gaugesOf = async (context: Context) => {
  try {
    return await readGauges(context);
  } catch (error) {
    if (!(error instanceof StoreFailure)) throw error;
    return null;
  }
};

/** In ms; null if no backup is known of. A clock that was set back makes no backup come from the future. */
const backupAge = (said: string | null, now: number): number | null =>
  said !== null && /^\d{1,15}$/.test(said) ? Math.max(0, now - Number(said)) : null;
