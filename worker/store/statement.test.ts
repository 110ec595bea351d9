import { eq, sql } from 'drizzle-orm';
import { describe, expect, test } from 'vitest';
import { secrets, users } from './schema.ts';
import { fill, insertFrom, integer, query, statement } from './statement.ts';

const byName = (column: object) => () => query.select(column as { name: typeof secrets.name }).from(secrets);

describe('a compiled statement', () => {
  test('has each of its parameters once, in the order of their numbers', () => {
    const { text, params, columns } = statement(['after', 'name'], ({ after, name }) =>
      query
        .select({ id: secrets.id })
        .from(secrets)
        .where(sql`${secrets.name} = ${name} or ${secrets.name} > ${after} or ${secrets.created_by} = ${name}`),
    )();
    expect(text).toBe('select id from secrets where secrets.name = ?1 or secrets.name > ?2 or secrets.created_by = ?1');
    expect(params).toEqual(['name', 'after']);
    expect(columns).toEqual(['id']);
  });

  test('holds constants as literals, with quotes escaped', () => {
    const { text, params } = statement([], () => query.delete(secrets).where(eq(secrets.name, "o'clock")))();
    expect(text).toBe("delete from secrets where secrets.name = 'o''clock'");
    expect(params).toEqual([]);
  });

  test('has no layout', () => {
    const { text } = statement([], () =>
      query.delete(secrets).where(sql`
        ${secrets.id} = 1`),
    )();
    expect(text).toBe('delete from secrets where secrets.id = 1');
  });

  test('inserts by position: every column of the table in order, null where none is given', () => {
    const { text } = statement(['name'], ({ name }) =>
      insertFrom(
        secrets,
        {
          created_by: users.name,
          name,
          owner_id: users.id,
          description: '',
          created_at: 1,
          updated_at: 2,
          current_version: 3,
          revision: 4,
          value_changed_at: 5,
        },
        users,
        eq(users.id, 4),
      ),
    )();
    expect(text).toBe(
      'insert into secrets (id, name, description, owner_id, project_id, created_by, created_at, updated_at, ' +
        'current_version, likeness, revision, value_changed_at, expires_at, rotate_every_days, labels, deleted_at, ' +
        "deleted_by, last_used_at, value_imprint, seal) select null, ?1, '', id, null, name, 1, 2, 3, null, 4, 5, null, null, null, null, null, null, null, null " +
        'from users where users.id = 4',
    );
  });
});

describe('a statement is refused', () => {
  test('if it does not use a declared parameter', () => {
    expect(statement(['name', 'other'], ({ name }) => query.delete(secrets).where(eq(secrets.name, name)))).toThrow(
      'without a use: other',
    );
  });

  test('if it uses a parameter that is not declared', () => {
    expect(statement([], () => query.delete(secrets).where(sql`name = ${sql.placeholder('nmae')}`))).toThrow(
      'without a value: nmae',
    );
  });

  test.each([
    ['a column under another name', { title: secrets.name }],
    ['SQL without a name', { name: sql`1` }],
    ['SQL whose type is only claimed', { name: sql<string>`1`.as('name') }],
    ['an integer under another name', { count: integer('number', sql`1`) }],
  ])('if it returns %s', (_, columns) => {
    expect(statement([], byName(columns))).toThrow(/must be a column of the schema with this name/);
  });

  test('if `returning` renames a column', () => {
    expect(statement([], () => query.delete(secrets).returning({ title: secrets.name }))).toThrow(/"title"/);
  });
});

test('a filled statement has the values in the order of the question marks', () => {
  const named = statement(['name', 'id'], ({ name, id }) =>
    query.delete(secrets).where(sql`${secrets.id} = ${id} and ${secrets.name} = ${name}`),
  )();
  expect(fill(named, { name: 'x', id: null }).values).toEqual([null, 'x']);
  // @ts-expect-error A value is missing, which TypeScript sees as well.
  expect(() => fill(named, { name: 'x' })).toThrow('Statement value missing: id');
});
