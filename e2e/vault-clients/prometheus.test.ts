/** What Prometheus's own client for Python makes of the metrics of a live vault. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { needTool, run } from '../../testing/tools.ts';
import { type RunningVault, signIn, startVault } from '../../testing/vault.ts';
import { installMs, pythonTools } from './client-tools.ts';

const token = 'token-of-the-metrics-of-this-test';

const parse = `
import json, sys
from prometheus_client.parser import text_string_to_metric_families
families = text_string_to_metric_families(sys.argv[1])
print(json.dumps({family.name: [family.type, len(family.samples)] for family in families}))
`;

let vault: RunningVault;

beforeAll(async () => {
  vault = await startVault({ runtime: 'standalone', env: { METRICS_TOKEN: token } });
});

afterAll(() => vault?.dispose());

test('the parser of prometheus_client reads every metric, with its type', { timeout: installMs }, async ({ skip }) => {
  const python = needTool(await pythonTools(), skip);
  await signIn(vault.url, 'admin', 'admin123');
  const answer = await fetch(`${vault.url}/metrics`, { headers: { Authorization: `Bearer ${token}` } });
  const { stdout } = await run(`${python}/venv/bin/python`, ['-c', parse, await answer.text()]);
  expect(JSON.parse(stdout)).toMatchObject({
    keystore_build_info: ['gauge', 1],
    keystore_database_up: ['gauge', 1],
    keystore_http_requests: ['counter', expect.any(Number)],
    keystore_http_request_duration_seconds: ['histogram', expect.any(Number)],
    keystore_failed_sign_ins: ['counter', 2],
    keystore_keys: ['gauge', 1],
    keystore_trashed_keys: ['gauge', 1],
    keystore_versions: ['gauge', 1],
    keystore_log_rows: ['gauge', 1],
    keystore_log_unsealed: ['gauge', 1],
  });
});
