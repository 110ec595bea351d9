/** Asks SQLite how it would run every statement of the worker. */
import { beforeAll, expect, test } from 'vitest';
import { forgetModules } from '../testing/fresh-modules.ts';
import type { Statement } from './statement.ts';

// The statements of the worker and no others, in the order in which it loads them.
await forgetModules();
await import('../app.ts');
const { applyTestMigrations, testDb } = await import('../testing/test-database.ts');
const { compileAll } = await import('./statement.ts');

beforeAll(applyTestMigrations);

/**
 * The tables of one row, lists of bounded length (`line` is a child with what has made it), and the accounts may be scanned; and what a query makes of these for itself; and the
 * newest events of `log_removals`, an index of nothing else. All else must be
 * found through an index.
 */
const mayBeScanned =
  /SCAN (?:(?:instance|broken|broken_seals|sqlite_sequence|log_tree|next|wanted_level|wanted_place|listed|twice|chosen|newest|readable|below|seat|line|asker|who|here|gone|live|one|step|kids|sums|noted|told|is_list|found|there|trashed|CONSTANT|json_each|made|noted|other|sealing_keys|bound|audit_events USING INDEX log_removals)\b|\(|\d|users$)/;

/** This one only asks whether a table has a row, so that its scan ends at the first. */
const asksForAnyRow = ({ text }: Statement) => text.includes('d1_migrations');

/** The totals for the metrics add up what triggers have counted for each account and each project. */
const isTotals = ({ text }: Statement) => text.includes('log_rows');

test('the verdict on a secret looks up the membership by its key, and nothing else that a verdict without projects would not', async () => {
  const verdict = compileAll().find(
    ({ text, params }) =>
      text.includes("'secret.read'") &&
      params.includes('padded') &&
      text.startsWith('insert') &&
      !text.includes('token_secrets'),
  );
  const { results } = await testDb()
    .prepare(`EXPLAIN QUERY PLAN ${verdict?.text}`)
    .bind(...Array<null>(verdict?.params.length ?? 0).fill(null))
    .all<{ detail: string }>();
  const looked = results.map(({ detail }) => detail).filter((detail) => /^(SEARCH|SCAN)/.test(detail));
  expect(looked.map((detail) => detail.replace(/ USING.*| LEFT-JOIN/g, ''))).toEqual([
    'SCAN instance',
    'SEARCH session',
    'SEARCH principal',
    'SEARCH target',
    'SEARCH secrets',
    'SEARCH membership',
  ]);
  expect(looked.at(-1)).toMatch(/USING PRIMARY KEY \(project_id=\? AND user_id=\?\)/);
});

test('the verdict on a secret with a service token finds the token by its hash, and everything else by an index', async () => {
  const verdict = compileAll().find(
    ({ text, params }) =>
      text.includes("'secret.read'") &&
      params.includes('padded') &&
      text.startsWith('insert') &&
      text.includes('token_secrets'),
  );
  const { results } = await testDb()
    .prepare(`EXPLAIN QUERY PLAN ${verdict?.text}`)
    .bind(...Array<null>(verdict?.params.length ?? 0).fill(null))
    .all<{ detail: string }>();
  const looked = results.map(({ detail }) => detail).filter((detail) => /^(SEARCH|SCAN)/.test(detail));
  const tables = looked.map((detail) => /^SEARCH (held|token|person|team|scope|membership|target)\b/.exec(detail)?.[1]);
  expect(new Set(tables.filter((table) => table !== undefined)).size).toBe(7);
  expect(looked.filter((detail) => detail.includes('audit_events'))).toEqual([
    expect.stringMatching(/refused_tokens \(token_id=\? AND address=\? AND at>\?\)/),
  ]);
  expect(looked.filter((detail) => detail.startsWith('SCAN')).map((detail) => detail.split(' ')[1])).toEqual(
    expect.arrayContaining(['instance', 'principal']),
  );
});

test('no statement scans a table that grows', async () => {
  const statements = compileAll().filter((statement) => !asksForAnyRow(statement));
  expect(statements.length).toBeGreaterThan(50);
  const db = testDb();
  const plans = await db.batch<{ detail: string }>(
    statements.map(({ text, params }) =>
      db.prepare(`EXPLAIN QUERY PLAN ${text}`).bind(...Array<null>(params.length).fill(null)),
    ),
  );
  for (const [index, { results }] of plans.entries()) {
    const scans = results
      .map(({ detail }) => detail)
      .filter((detail) => /^SCAN/.test(detail) && !mayBeScanned.test(detail))
      .filter((detail) => !(/^SCAN (usage|projects)$/.test(detail) && isTotals(statements[index] as Statement)))
      // For a service token it is a query of one row, and no table.
      .filter((detail) => !(detail.startsWith('SCAN principal') && statements[index]?.text.includes('token_secrets')));
    expect.soft(scans, statements[index]?.text).toEqual([]);
    // To make an index for one statement, SQLite goes through the whole table.
    const indexed = results.map(({ detail }) => detail).filter((detail) => /AUTOMATIC/.test(detail));
    expect.soft(indexed, statements[index]?.text).toEqual([]);
  }
});

test('keys of all accounts are found by their labels and by when they are due, and not by going through all names', async () => {
  const [marked] = compileAll().filter(({ text }) => text.includes('secret_labels') && text.includes('group_concat'));
  const { results } = await testDb()
    .prepare(`EXPLAIN QUERY PLAN ${marked?.text}`)
    .bind(...Array<null>(marked?.params.length ?? 0).fill(null))
    .all<{ detail: string }>();
  const details = results.map(({ detail }) => detail);
  expect(details).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/secret_labels_by_label \(label=\?\)/),
      expect.stringMatching(/secrets_by_due_time/),
    ]),
  );
  expect(details.filter((detail) => detail.includes('secrets_by_name'))).toEqual([]);
});

test('keys that need care are found by an index for each reason, or among those of the caller', async () => {
  const statements = compileAll().filter(({ text }) => text.includes('with twice'));
  expect(statements).toHaveLength(2);
  for (const { text, params } of statements) {
    const { results } = await testDb()
      .prepare(`EXPLAIN QUERY PLAN ${text}`)
      .bind(...Array<null>(params.length).fill(null))
      .all<{ detail: string }>();
    const used = results.flatMap(({ detail }) => / secrets_by_\w+/.exec(detail)?.[0].trim() ?? []);
    const indexes = ['due_time', 'value_age', 'last_use', 'imprint', 'owner', 'project'].map(
      (end) => `secrets_by_${end}`,
    );
    expect(new Set(used)).toEqual(new Set(indexes));
    expect(results.filter(({ detail }) => /^SCAN secrets/.test(detail))).toEqual([]);
  }
});

test('a key with the same value is found by its imprint', async () => {
  const statements = compileAll().filter(
    ({ text }) => text.includes('json_group_array(name)') && !text.startsWith('insert') && !text.startsWith('update'),
  );
  expect(statements.length).toBeGreaterThan(2);
  for (const { text, params } of statements) {
    const { results } = await testDb()
      .prepare(`EXPLAIN QUERY PLAN ${text}`)
      .bind(...Array<null>(params.length).fill(null))
      .all<{ detail: string }>();
    const found = results.filter(({ detail }) => detail.includes('secrets_by_imprint')).map(({ detail }) => detail);
    expect(found).toEqual([
      expect.stringContaining('(value_imprint=?)'),
      expect.stringContaining('(value_imprint=? AND owner_id=?)'),
      expect.stringContaining('(value_imprint=? AND owner_id=? AND project_id=?)'),
    ]);
  }
});

test('a search of the log finds where a span of time begins and ends by the times of the blocks', async () => {
  const searches = compileAll().filter(({ text }) => text.includes(') bound') && text.startsWith('select'));
  expect(searches.length).toBeGreaterThan(3);
  for (const { text, params } of searches) {
    const { results } = await testDb()
      .prepare(`EXPLAIN QUERY PLAN ${text}`)
      .bind(...Array<null>(params.length).fill(null))
      .all<{ detail: string }>();
    const details = results.map(({ detail }) => detail);
    expect(details).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/COVERING INDEX log_blocks_by_oldest \(oldest_at<\?\)/),
        expect.stringMatching(/COVERING INDEX log_blocks_by_newest \(newest_at>\?\)/),
        expect.stringMatching(/SEARCH log_blocks USING INTEGER PRIMARY KEY \(rowid>\? AND rowid<\?\)/),
      ]),
    );
    // Without words behind it, it is the newest id of all.
    const events = details.filter((detail) => /^(?:SEARCH|SCAN) audit_events ./.test(detail));
    for (const detail of events) expect(detail).toMatch(/rowid[>=<]|actor_id=|token_id=/);
  }
});

test('noting a use takes one look into the index of names', async () => {
  const trigger = await testDb()
    .prepare("SELECT sql FROM sqlite_schema WHERE name = 'uses_are_noted'")
    .first<string>('sql');
  const body = /UPDATE[^;]+/.exec(trigger ?? '')?.[0].replace(/new\.\w+/g, '?');
  const { results } = await testDb()
    .prepare(`EXPLAIN QUERY PLAN ${body}`)
    .bind(...Array<null>(3).fill(null))
    .all<{ detail: string }>();
  expect(results.map(({ detail }) => detail)).toEqual([
    expect.stringMatching(/^SEARCH secrets USING INDEX secrets_by_name \(name=\?\)/),
  ]);
});
