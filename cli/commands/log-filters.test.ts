import { expect, test } from 'vitest';
import { readArguments } from './arguments.ts';
import { readFilters } from './log-filters.ts';
import { commands } from './table.ts';

const now = Date.parse('2026-11-26T12:00:00Z');

function read(...line: string[]) {
  const command = commands.find(({ name }) => name === 'logs');
  if (!command) throw new Error('no such command');
  return Object.fromEntries(
    Object.entries(readFilters(readArguments(command, line), now)).filter(([, value]) => value !== undefined),
  );
}

test.each<[string[], object]>([
  [[], {}],
  [['--user', 'ann'], { user_name: 'ann' }],
  [['--key', 'shop/prod/', '--match', 'prefix'], { key_name: 'shop/prod/', match: 'prefix' }],
  [['--token', 'ci', '--project', 'shop'], { token: 'ci', project: 'shop' }],
  [['--token-id', '12'], { token_id: 12 }],
  [['--address', '192.0.2.', '--failed'], { ip_address: '192.0.2.', success: 'false' }],
  [['--action', 'view_key,add_key', '--action', 'delete_key'], { action: 'view_key,add_key,delete_key' }],
  [['--outcome', 'denied,not_found'], { outcome: 'denied,not_found' }],
  [['--from', '2026-11-25', '--to', '2026-11-25T09:30:00Z'], { from: '2026-11-25', to: '2026-11-25T09:30:00Z' }],
  [['--from', '30m'], { from: now - 30 * 60_000 }],
  [['--from', '7d', '--to', '12h'], { from: now - 7 * 86_400_000, to: now - 12 * 3_600_000 }],
  [['--follow', '--from', '999999d'], { from: 0 }],
])('%j are filters of GET /logs', (line, expected) => {
  expect(read(...line)).toEqual(expected);
});

test.each([
  [['--match', 'like'], '--match takes one of: contains, exact, prefix.'],
  [['--follow', '--to', '1h'], '--follow shows new entries until you stop it'],
  [['--token-id', 'x'], '--token-id takes a whole number'],
])('%j is refused', (line, why) => {
  expect(() => read(...line)).toThrow(why);
});
