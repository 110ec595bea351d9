/** docs/METRICS.md and the dashboard name the metrics that there are, with labels that they have. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

const read = (name: string) => readFileSync(join(import.meta.dirname, name), 'utf8');

/** Code of the worker, which this room's types do not know. */
const load = (path: string) => import(join(import.meta.dirname, '../worker', path));
interface Counted {
  noteAnswer: (route: string, method: string, status: number, tookMs: number) => void;
}
const { Metrics } = (await load('operations/metrics.ts')) as { Metrics: new () => Counted };
const { metricsText } = (await load('wire/metrics-text.ts')) as {
  metricsText: (metrics: Counted, gauges: Record<string, number>, newestBackupMs: number, now: number) => string;
};

/** The labels of each metric by its name, of which a histogram has three. */
function metricsThatExist(): Map<string, Set<string>> {
  const metrics = new Metrics();
  metrics.noteAnswer('/keys/:name', 'GET', 200, 3);
  const text = metricsText(metrics, { keys: 1, trashed: 1, versions: 1, logRows: 1, unsealed: 1, sealedAt: 1 }, 1, 2);
  const labels = new Map<string, Set<string>>();
  for (const [, name = '', list = ''] of text.matchAll(/^(\w+)(?:\{(.*)\})? /gm)) {
    const known = labels.get(name) ?? new Set(['job', 'instance']);
    for (const [, label = ''] of list.matchAll(/(\w+)="/g)) known.add(label);
    labels.set(name, known);
  }
  return labels;
}

const existing = metricsThatExist();

/** Each metric in a PromQL expression, with the labels that it is selected by. */
function selectorsOf(expression: string): [name: string, labels: string[]][] {
  return [...expression.matchAll(/\b(keystore_\w+)(?:\{([^}]*)\})?/g)].map(([, name = '', list = '']) => [
    name,
    [...list.matchAll(/(\w+)\s*[=!]/g)].map(([, label = '']) => label),
  ]);
}

function expectToExist(expression: string): void {
  const selectors = selectorsOf(expression);
  expect(selectors, expression).not.toEqual([]);
  for (const [name, labels] of selectors) {
    expect([...existing.keys()], expression).toContain(name);
    for (const label of labels) expect([...(existing.get(name) ?? [])], expression).toContain(label);
    for (const [, list = ''] of expression.matchAll(/\bby \(([^)]*)\)/g))
      for (const label of list.split(', ')) expect([...(existing.get(name) ?? [])], expression).toContain(label);
  }
}

interface Dashboard {
  panels: { title: string; targets: { expr: string; legendFormat: string }[] }[];
  templating: { list: { query: string }[] };
}

test('every query of the dashboard asks for metrics and labels that exist, and every metric is on it', () => {
  const { panels, templating } = JSON.parse(read('metrics/grafana-dashboard.json')) as Dashboard;
  const asked = panels.flatMap(({ targets }) => targets);
  for (const { expr, legendFormat } of asked) {
    expectToExist(expr);
    for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) {
      const [[name = ''] = []] = selectorsOf(expr);
      expect([...(existing.get(name) ?? [])], expr).toContain(label);
    }
  }
  expectToExist(templating.list.map(({ query }) => query).join(' '));
  const shown = asked.flatMap(({ expr }) => selectorsOf(expr).map(([name]) => name));
  expect([...existing.keys()].filter((name) => !shown.includes(name))).toEqual([]);
});

test('the page has every metric in its table, and no other', () => {
  const described = [...read('METRICS.md').matchAll(/^\| (`keystore_.*?) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`(keystore_\w+)/g)].map(([, name = '']) => name),
  );
  const families = [...existing.keys()].map((name) => name.replace(/_(?:bucket|sum|count)$/, ''));
  expect(described.toSorted()).toEqual([...new Set(families)].toSorted());
});

test('the examples for Prometheus are YAML, and their alarms ask for what exists', () => {
  const [scrape, rules] = [...read('METRICS.md').matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text]) =>
    parse(text ?? ''),
  );
  expect(scrape).toMatchObject({ scrape_configs: [{ authorization: { type: 'Bearer' } }] });
  for (const { expr } of rules.groups[0].rules as { expr: string }[]) expectToExist(expr);
});
