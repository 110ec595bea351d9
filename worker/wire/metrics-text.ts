/** Metrics in the text form of Prometheus, version 0.0.4. No label has a name or a value that somebody has stored. */
import { answerTimeBoundsMs } from '../../core/limits.ts';
import { version } from '../../core/version.ts';
import type { Gauges } from '../operations/gauges.ts';
import type { Metrics, RouteCounts } from '../operations/metrics.ts';

export const metricsContentType = 'text/plain; version=0.0.4; charset=utf-8';

type Labels = Record<string, string | number>;
type Sample = [suffix: string, labels: Labels, value: number];

/**
 * @param gauges null if the database does not answer: the counts of this process are of use then as well.
 * @param now in ms since 1970.
 * @param newestBackupMs how old the newest backup is; null if that is not known.
 */
export const metricsText = (
  metrics: Metrics,
  gauges: Gauges | null,
  newestBackupMs: number | null,
  now: number,
): string => {
  const routes = metrics.routes();
  const { refused, throttled } = metrics.failedSignIns;
  return [
    family('keystore_build_info', 'gauge', 'The version that runs.', [['', { version }, 1]]),
    family('keystore_database_up', 'gauge', 'Whether the database answers.', only(gauges ? 1 : 0)),
    family(
      'keystore_http_requests_total',
      'counter',
      'Requests by route, method and status; the route /* is that of files and of paths that do not exist.',
      routes.flatMap(({ route, method, answers }) =>
        [...answers].map(([status, count]): Sample => ['', { route, method, status }, count]),
      ),
    ),
    family(
      'keystore_http_request_duration_seconds',
      'histogram',
      'Time from the arrival of a request in the worker to the beginning of its answer.',
      routes.flatMap(histogram),
    ),
    family('keystore_failed_sign_ins_total', 'counter', 'Sign-ins that failed, by why: not right, or too many.', [
      ['', { reason: 'refused' }, refused],
      ['', { reason: 'throttled' }, throttled],
    ]),
    family(
      'keystore_broken_seals_total',
      'counter',
      'Requests that relied on a record which something other than the vault has changed.',
      only(metrics.brokenSeals),
    ),
    ...(gauges ? stored(gauges, now) : []),
    ...(newestBackupMs === null
      ? []
      : [
          family(
            'keystore_newest_backup_age_seconds',
            'gauge',
            'Age of the newest backup.',
            only(newestBackupMs / 1000),
          ),
        ]),
  ].join('');
};

const stored = ({ keys, trashed, versions, logRows, unsealed, sealedAt }: Gauges, now: number): string[] => [
  family('keystore_keys', 'gauge', 'Keys in use.', only(keys)),
  family('keystore_trashed_keys', 'gauge', 'Keys in the trash.', only(trashed)),
  family(
    'keystore_versions',
    'gauge',
    'Values that are kept, earlier ones included; counted every 5 minutes.',
    only(versions),
  ),
  family('keystore_log_rows', 'gauge', 'Rows of the access log.', only(logRows)),
  family('keystore_log_unsealed', 'gauge', 'Rows of the access log that no checkpoint covers yet.', only(unsealed)),
  ...(sealedAt === null
    ? []
    : [
        family(
          'keystore_log_checkpoint_age_seconds',
          'gauge',
          'Age of the newest checkpoint of the access log.',
          only(Math.max(0, now - sealedAt) / 1000),
        ),
      ]),
];

const only = (value: number): Sample[] => [['', {}, value]];

/** Buckets count what is below their bound, all smaller buckets included. */
const histogram = ({ route, method, answers, times, totalMs }: RouteCounts): Sample[] => {
  const labels = { route, method };
  const count = [...answers.values()].reduce((sum, each) => sum + each, 0);
  let below = 0;
  const buckets = answerTimeBoundsMs.map((bound, slot): Sample => {
    below += times[slot] ?? 0;
    return ['_bucket', { ...labels, le: bound / 1000 }, below];
  });
  return [
    ...buckets,
    ['_bucket', { ...labels, le: '+Inf' }, count],
    ['_sum', labels, totalMs / 1000],
    ['_count', labels, count],
  ];
};

const family = (name: string, type: string, help: string, samples: Sample[]): string =>
  `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${samples
    .map(([suffix, labels, value]) => `${name}${suffix}${written(labels)} ${value}\n`)
    .join('')}`;

const written = (labels: Labels): string => {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(String(value))}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
};

/** A pattern may have a regular expression in it. */
const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
