/**
 * Exporting the log, the oldest entries first, however many there are: step by step while the client reads, each step a bounded part of
 * the log, in the turns of searches. The export is one event. Every step asks again whether the one who asked may still read this.
 */
import { and, asc, eq, exists, gte, lt, lte, ne, type SQL, sql } from 'drizzle-orm';
import { unionAll } from 'drizzle-orm/sqlite-core';
import {
  eventsPerListPart,
  exportBytes,
  exportSilenceMs,
  maxBlocksPerLook,
  maxBlocksPerSearch,
  maxEventsPerBlock,
  maxExportWaitMs,
} from '../../core/limits.ts';
import { StoreFailure } from '../../core/store-failure.ts';
import { formOf, isForToken } from '../store/form.ts';
import { granted, reachesAny, verdict, verdictId } from '../store/granted.ts';
import { jsonRows } from '../store/json.ts';
import { ofPrincipal } from '../store/principal.ts';
import { reach } from '../store/reach.ts';
import { request, requestValues } from '../store/request.ts';
import { auditEvents, instance, logBlocks } from '../store/schema.ts';
import { atFirstUse, compile, fill, integer, type Params, params, query, textColumn } from '../store/statement.ts';
import { ofTokenPrincipal } from '../store/token-principal.ts';
import { read } from '../store/transact.ts';
import { accountOf, refuseTurn } from './admission.ts';
import { type EventFilter, type FilterParam, filterParams, filterValues, matches, mayMatch } from './event-filter.ts';
import { edgeBefore, lowestFrom } from './event-search.ts';
import { eventJson, listedEvents } from './listed.ts';
import { sealAll } from './log-sealer.ts';
import { whySealingFails } from './log-sealing.ts';
import { type HeldList, makeInTurn } from './long-lists.ts';
import { type Operation, operation } from './operation.ts';
import { searchInTurn } from './searching.ts';
import { TurnsBusy } from './turns.ts';
import type { Context } from './vault.ts';

type ExportFormat = 'jsonl' | 'csv';

export interface ExportQuery extends EventFilter {
  format: ExportFormat;
  /** Only events after the one with this id, and before that one. */
  after: number | null;
  before: number | null;
}

export interface EventExport {
  format: ExportFormat;
  /** The entries as lines of JSON, some at a time; the empty text now and then, while none is found. It throws if the export cannot go on. */
  parts: AsyncGenerator<string, void>;
  /** A checkpoint of the log with everything that is exported; null in a user's own export, and where the log cannot be sealed. */
  checkpoint: string | null;
}

const action = 'event.export';

/** Decides and records. The event is the newest one, and the export ends before it. */
const begin = operation({
  action,
  params: ['format'],
  sql: ({ format }) => ({
    detail: sql`${format}`,
    answer: query
      .select({ id: integer('id', verdict.id), of_all: integer('of_all', reachesAny(action)) })
      .from(verdict)
      .where(and(eq(verdict.id, verdictId), granted)),
  }),
  values: ({ format }: { format: ExportFormat }) => ({ format }),
  result: ([row]) => ({ id: row?.id ?? 0, isOfAll: row?.of_all === 1 }),
});

type StepParam = FilterParam | 'export_id' | 'of_all' | 'low' | 'edge';
type Given = Params<StepParam>;

const of = (name: string) => sql.raw(`bound.${name}`);
const [top, bottom, end] = [of('top'), of('bottom'), of('ending')];

/** One row: the step reads events from `bottom` on and before `ending`, of those before `top`. */
const boundBy = (given: Given, endOf: SQL) =>
  sql`(select top, bottom, min(top, ${endOf}) as ending
    from (select ${edgeBefore(given, sql`${given.edge}`)} as top, ${lowestFrom(given, sql`${given.low} - 1`)} as bottom) bound) bound`;

const ofAll = (given: Given) => {
  const first = sql`cast(${bottom} / ${maxEventsPerBlock} as integer)`;
  const bound = boundBy(
    given,
    sql`(coalesce(${query
      .select({ block: logBlocks.block })
      .from(logBlocks)
      .where(
        and(gte(logBlocks.block, first), lt(logBlocks.block, sql`${first} + ${maxBlocksPerLook}`), mayMatch(given)),
      )
      .orderBy(asc(logBlocks.block))
      .limit(1)
      .offset(maxBlocksPerSearch - 1)}, ${first} + ${maxBlocksPerLook} - 1) + 1) * ${maxEventsPerBlock}`,
  );
  const rows = query
    .select({ id: auditEvents.id, mark: sql`0`.as('mark') })
    .from(bound)
    .crossJoin(logBlocks)
    .crossJoin(auditEvents)
    .where(
      and(
        gte(logBlocks.block, first),
        lte(logBlocks.block, sql`(${end} - 1) / ${maxEventsPerBlock}`),
        mayMatch(given),
        gte(auditEvents.id, sql`max(${logBlocks.block} * ${maxEventsPerBlock}, ${bottom})`),
        lt(auditEvents.id, sql`min(${logBlocks.block} * ${maxEventsPerBlock} + ${maxEventsPerBlock}, ${end})`),
        matches(given, false),
      ),
    )
    .orderBy(asc(logBlocks.block), asc(auditEvents.id));
  return { bound, rows };
};

/** Of the event of the export. */
const asked = (given: Given, column: 'actor_id' | 'token_id') =>
  sql`${query
    .select({ [column]: verdict[column] })
    .from(verdict)
    .where(eq(verdict.id, given.export_id))}`;

const isOwnEvent = (given: Given) =>
  isForToken()
    ? and(eq(auditEvents.token_id, asked(given, 'token_id')), ne(auditEvents.outcome, 'unauthenticated'))
    : eq(auditEvents.actor_id, asked(given, 'actor_id'));

const ofOwn = (given: Given) => {
  const bound = boundBy(
    given,
    sql`coalesce(${query
      .select({ id: auditEvents.id })
      .from(auditEvents)
      .where(and(isOwnEvent(given), gte(auditEvents.id, bottom), lt(auditEvents.id, top)))
      .orderBy(asc(auditEvents.id))
      .limit(1)
      .offset(maxBlocksPerSearch * maxEventsPerBlock)}, ${top})`,
  );
  const rows = query
    .select({ id: auditEvents.id, mark: sql`1`.as('mark') })
    .from(bound)
    .crossJoin(auditEvents)
    .where(and(isOwnEvent(given), gte(auditEvents.id, bottom), lt(auditEvents.id, end), matches(given, true)))
    .orderBy(asc(auditEvents.id));
  return { bound, rows };
};

/** Whether the event of the export is this request's, and the one who asked may still read as much. */
const isStillGranted = (given: Given) => {
  const mayRead = sql`${reach(action, ofPrincipal('role'), ofTokenPrincipal('access'))} = iif(${given.of_all}, 'any', 'own')`;
  return and(
    exists(
      query
        .select({ id: verdict.id })
        .from(verdict)
        .where(
          and(
            eq(verdict.id, given.export_id),
            eq(verdict.request_id, request.id),
            eq(verdict.action, action),
            eq(verdict.outcome, 'allowed'),
            eq(verdict.actor_id, ofPrincipal('id')),
          ),
        ),
    ),
    mayRead,
  );
};

/** The rows of a step, and one more: where the next step begins, 0 after the last one, -1 if the export must not go on. */
const step = atFirstUse(() => {
  const given = params<StepParam>([...filterParams, 'export_id', 'of_all', 'low', 'edge']);
  const all = ofAll(given);
  const own = ofOwn(given);
  const isGranted = isStillGranted(given);
  const most = maxBlocksPerSearch * maxEventsPerBlock + 1;
  const nextOf = (bound: SQL) => sql`(select iif(ending >= top, 0, ending) from ${bound})`;
  const found = jsonRows({
    sources: [
      { rows: all.rows, when: and(isGranted, sql`${given.of_all}`), most },
      { rows: own.rows, when: and(isGranted, sql`not ${given.of_all}`), most },
    ],
    table: listedEvents,
    json: eventJson,
    perPart: eventsPerListPart,
    between: sql`char(10)`,
  });
  const next = query
    .select({
      json: textColumn('json', sql`''`),
      rows: integer('rows', sql`-1`),
      last: integer(
        'last',
        sql`iif(${isGranted}, iif(${given.of_all}, ${nextOf(all.bound)}, ${nextOf(own.bound)}), -1)`,
      ),
    })
    .from(instance);
  return compile(unionAll(found, next));
});

interface Begun {
  id: number;
  isOfAll: boolean;
}

const partsOf = async function* (context: Context, query: ExportQuery, begun: Begun, list: HeldList | null) {
  const { vault, caller } = context;
  const edge = Math.min(query.before ?? begun.id, begun.id);
  let said = Date.now();
  try {
    for (let low = (query.after ?? 0) + 1; low !== 0; ) {
      list?.touch();
      const values = {
        ...filterValues(query),
        ...{ export_id: begun.id, of_all: Number(begun.isOfAll), low, edge },
        ...requestValues({ ...caller, now: Date.now() }, vault.keyring.primary.id),
      };
      const rows = await inTurn(context, list, () => read(vault.db, fill(step(formOf(caller)), values)));
      const last = rows.at(-1)?.last ?? -1;
      if (last < 0) throw new ExportEnded();
      low = last;
      if (rows.length === 1 && Date.now() - said < exportSilenceMs) continue;
      if (rows.length === 1) yield '';
      for (const { json } of rows.slice(0, -1)) yield json;
      said = Date.now();
    }
  } finally {
    list?.release();
  }
};

/** Whoever asked may no longer read the log, or too many search it. */
class ExportEnded extends Error {
  override name = 'ExportEnded';
}

/** Waits for the turn of a search. Its answer has begun, so a full queue is no refusal any more. */
const inTurn = async <Result>(context: Context, list: HeldList | null, work: () => Promise<Result>) => {
  const until = Date.now() + maxExportWaitMs;
  for (;;) {
    try {
      list?.touch();
      return await searchInTurn(accountOf(context), work);
    } catch (error) {
      if (!(error instanceof TurnsBusy)) throw error;
      if (Date.now() > until) throw new ExportEnded();
      await scheduler.wait(1_000);
    }
  }
};

/**
 * What keeps the log from being sealed is told by `POST /logs/checkpoint`, and does not keep it from being exported. A checkpoint that does not
 * cover everything, as in the first minutes after an upgrade, would prove less than it seems to.
 */
const sealed = async ({ vault }: Context): Promise<string | null> => {
  try {
    const { checkpoint, rest } = await sealAll(vault);
    return rest === 0 ? checkpoint : null;
  } catch (error) {
    if (whySealingFails(error) === null && !(error instanceof StoreFailure)) throw error;
    return null;
  }
};

/** Exports the log of all or of the caller. Several at once share the memory that long lists may take. */
export const exportEvents: Operation<ExportQuery, EventExport> = {
  ...begin,
  async perform(context, asked) {
    try {
      const { made, list } = await makeInTurn(
        accountOf(context),
        () => begin.perform(context, asked),
        ({ outcome }) => (outcome === 'allowed' ? exportBytes : 0),
      );
      if (made.outcome !== 'allowed') return made;
      const parts = partsOf(context, asked, made.result, list);
      const checkpoint = made.result.isOfAll ? await sealed(context) : null;
      return { ...made, result: { format: asked.format, parts, checkpoint } };
    } catch (error) {
      if (error instanceof TurnsBusy) return refuseTurn(context, action, 'too_many_lists');
      throw error;
    }
  },
};
