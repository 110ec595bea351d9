/** On D1 only, which says how many rows a statement has read. */
import { beforeAll, expect, test } from 'vitest';
import { forgetModules } from '../testing/fresh-modules.ts';
import { applyTestMigrations, testDb } from '../testing/test-database.ts';

// The statements of this module and no others.
await forgetModules();
await import('./events.ts');
const { compileAll } = await import('../store/statement.ts');

beforeAll(applyTestMigrations);

test.each(['admin', 'user'])(
  'a list of the log reads hardly more rows than it shows, however many the %s has',
  async (role) => {
    await testDb()
      .prepare(
        `INSERT INTO audit_events (at, request_id, actor_id, actor_name, actor_role, action, outcome, address, user_agent)
       SELECT 1, 'of ' || ?1, 1, ?1, ?1, 'event.list', 'allowed', '', '' FROM json_each(?2)`,
      )
      .bind(role, JSON.stringify(Array(3_000).fill(0)))
      .run();
    const list = compileAll().find(({ params }) => params.includes('user_limit') && !params.includes('actor'));
    const given: Record<string, unknown> = {
      'request.id': `of ${role}`,
      before: null,
      after: null,
      admin_limit: 50,
      user_limit: 50,
    };
    const { results, meta } = await testDb()
      .prepare(list?.text ?? '')
      .bind(...(list?.params ?? []).map((param) => given[param]))
      .all();
    expect(results).toMatchObject([{ rows: 50 }]);
    expect(meta.rows_read).toBeLessThan(400);
  },
);
