/** The answers about many keys at once. */

import type { InferOutput } from 'valibot';
import type * as answers from '../answers/keys.ts';
import type { Imported } from '../operations/import-states.ts';
import type { ResultOf } from '../operations/operation.ts';
import type { readValues } from '../operations/read-values.ts';
import type { Reply } from './reply.ts';

/** Every name is an ordinary one, `__proto__` too: `fromEntries` defines properties, and assigns none. */
export const values = ({
  values: found,
  missing,
}: ResultOf<typeof readValues>): InferOutput<typeof answers.manyValues> => ({
  values: Object.fromEntries(found),
  missing,
});

const problems = {
  invalid: {
    status: 400,
    error: 'Nothing was imported: some entries are not valid. Their reasons say what to change.',
  },
  conflict: {
    status: 409,
    error:
      'Nothing was imported: some keys exist already. Leave those entries out, or send on_conflict "skip" or "update".',
  },
} as const;

/** What became of each entry, in their order, with the names as they were sent. */
export const imported = ({ applied, states, problem }: Imported): Reply => ({
  status: problem === null ? 200 : problems[problem].status,
  isList: true,
  body: {
    ...(problem !== null && { error: problems[problem].error }),
    applied,
    entries: states.map(({ sent, state, reason, sameValueAs = [] }) => ({
      key_name: sent,
      state,
      ...(reason !== null && { reason }),
      ...(sameValueAs.length > 0 && { same_value_as: sameValueAs }),
    })),
  } satisfies Partial<InferOutput<typeof answers.notImported>> & InferOutput<typeof answers.imported>,
});
