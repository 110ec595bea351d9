/** The rules for secret scanners in docs/scanners find service tokens and nothing else. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { newServiceToken, serviceTokenHash } from '../core/crypto/service-token.ts';
import { serviceTokenVectors } from '../core/crypto/service-token-vectors.ts';
import { findProgram, goProgram, needTool, run, type Tool } from '../testing/tools.ts';

const read = (name: string) => readFileSync(join(import.meta.dirname, name), 'utf8');

/** The regular expression of each rule, as the scanner reads it. Go's RE2 and JavaScript agree on all that is used here. */
const rules: [file: string, pattern: string][] = [
  ['scanners/gitleaks.toml', /^regex = '''(.*)'''$/m.exec(read('scanners/gitleaks.toml'))?.[1] ?? ''],
  ['scanners/trufflehog.yaml', /^ +token: '(.*)'$/m.exec(read('scanners/trufflehog.yaml'))?.[1] ?? ''],
];

/** What is no token, though it begins like one or is as long. */
const others = [
  'ks_',
  'ks_too_short',
  `ks_${'a'.repeat(35)}`,
  `ks_${'a'.repeat(37)}`,
  `tasks_${'a'.repeat(36)}`,
  `KS_${'a'.repeat(36)}`,
  `ks_${'a'.repeat(20)}_${'a'.repeat(15)}`,
  'const ks_internationalization_of_every_single_module = 1',
];

test('docs/TOKENS.md shows the same regular expression', () => {
  for (const [, pattern] of rules) expect(read('TOKENS.md')).toContain(pattern.replaceAll(/[()]/g, ''));
});

describe.each(rules)('the rule in %s', (_, pattern) => {
  const found = (text: string) => [...text.matchAll(new RegExp(pattern, 'g'))].map(([, token]) => token);

  test.each(serviceTokenVectors.filter(({ fault }) => fault === null))('finds $text wherever it stands', ({ text }) => {
    for (const around of [
      text,
      `KEYSTORE_TOKEN=${text}`,
      `"token": "${text}",`,
      `Authorization: Bearer ${text}\r\n`,
      `curl -H 'X-Vault-Token:${text}'`,
      `https://x.test/?t=${text}&u=1`,
      `(${text})`,
      `a ${text}, b`,
    ]) {
      expect(found(around), around).toEqual([text]);
    }
  });

  test('finds every new token', () => {
    for (let round = 0; round < 100; round++) {
      const token = newServiceToken();
      expect(found(`x=${token};`)).toEqual([token]);
    }
  });

  test.each(others)('does not find %s', (text) => {
    expect(found(text)).toEqual([]);
  });
});
/** The programs themselves, on a folder with tokens, and with texts that only look like some. */
describe('a run over files', () => {
  const tokens = [
    ...serviceTokenVectors.flatMap(({ text, fault }) => (fault === null ? [text] : [])),
    newServiceToken(),
  ];
  const lines = [...tokens.map((token, index) => `const token${index} = "${token}";`), ...others];

  /** What a program prints about that folder. Both end with an error code if they have found something. */
  async function scan(program: string, args: (folder: string) => string[]): Promise<string> {
    const folder = mkdtempSync(join(tmpdir(), 'keystore-scan-'));
    try {
      writeFileSync(join(folder, 'settings.js'), `${lines.join('\n')}\n`);
      const ran = run(program, args(folder), { cwd: folder, timeout: 50_000 });
      return (await ran.catch((error: { stdout: string }) => error)).stdout;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  const rule = (name: string) => join(import.meta.dirname, 'scanners', name);

  let gitleaks: Tool;
  beforeAll(async () => {
    gitleaks = await goProgram('gitleaks', 'github.com/zricethezav/gitleaks/v8', 'v8.30.1');
  }, 600_000);

  test('gitleaks finds each token by this rule, once, and nothing else', async ({ skip }) => {
    const program = needTool(gitleaks, skip);
    const args = ['dir', '.', '--config', rule('gitleaks.toml'), '--report-format', 'json', '--report-path', '-'];
    const found = JSON.parse(await scan(program, () => args)) as { RuleID: string; Secret: string }[];
    const ours = found.filter(({ RuleID }) => RuleID === 'keystore-service-token');
    expect(ours.map(({ Secret }) => Secret).toSorted()).toEqual(tokens.toSorted());
  });

  test('TruffleHog finds each token by this rule, once, and nothing else', async ({ skip }) => {
    const path = findProgram('trufflehog');
    // It cannot be installed from where Go's modules come from.
    const program = needTool(path ? { path } : { missing: 'trufflehog is not installed' }, skip, true);
    const options = ['--config', rule('trufflehog.yaml'), '--json', '--no-update', '--no-verification'];
    const printed = await scan(program, (folder) => ['filesystem', folder, ...options]);
    const found = printed.split('\n').filter((line) => line.includes('"DetectorName":"CustomRegex"'));
    const secrets = found.map((line) => (JSON.parse(line) as { Raw: string }).Raw);
    expect(secrets.toSorted()).toEqual(tokens.toSorted());
  });
});

test('a scanner that checks the last six digits finds no false ones', () => {
  for (const { text, fault } of serviceTokenVectors) expect(serviceTokenHash(text) === null, text).toBe(fault !== null);
});
