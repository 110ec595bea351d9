/** What is known of the seals over the log, for admins: the newest checkpoint, the vault's own check, and proofs of entries. */
import { signal } from '@preact/signals';
import { api } from '../api/client.ts';
import { asProblem, loaded } from '../api/loaded.ts';
import type { LogEntry } from '../api/wire.ts';
import { complain } from '../parts/toast.ts';
import { checkProof, type Finding } from './proof.ts';

/** How the vault's check of its own log goes, or how it ended. */
export interface Check {
  checked: number;
  size: number;
  /** When it ended, in ms; null while it runs. */
  ended: number | null;
  wrong: { id: number | null; kind: string } | null;
  /** Why it ended before the end. */
  problem: string | null;
}

export type Proved = Finding | { is: 'waiting' } | { is: 'unsealed' } | { is: 'unknown'; why: string };

export const sealModel = () => {
  /** How many entries are sealed; 0 if none is yet. */
  const sealed = loaded(async () => sizeIn(await api.logCheckpoint()));
  const check = signal<Check | null>(null);
  let run = 0;
  let key: string | null = null;
  /** By the id of the entry. */
  const proofs = signal<ReadonlyMap<number, Proved>>(new Map());

  /** Asks the vault to check its log, part by part. What had been checked before `stop` is kept on screen. */
  const verify = async (): Promise<void> => {
    run += 1;
    const mine = run;
    let now: Check = { checked: 0, size: sealed.answer.value ?? 0, ended: null, wrong: null, problem: null };
    const tell = (change: Partial<Check>) => {
      now = { ...now, ...change };
      if (mine === run) check.value = now;
    };
    tell({});
    try {
      for (let after: number | null = 0; after !== null && mine === run; ) {
        const { checked_to, size, next, wrong }: Awaited<ReturnType<typeof api.verifyLog>> = await api.verifyLog(after);
        tell({ checked: checked_to, size, wrong });
        after = wrong ? null : next;
      }
      tell({ ended: Date.now() });
    } catch (problem) {
      tell({ ended: Date.now(), problem: asProblem(problem).message });
    }
  };

  const stop = () => {
    run += 1;
    check.value = null;
  };

  /** What is not sealed yet has no proof. The vault is not asked for one: that would be a refused entry in the log. */
  const isSealed = async ({ id }: LogEntry): Promise<boolean> => {
    if (id > (sealed.answer.value ?? 0)) await sealed.load();
    if (sealed.error.value) throw sealed.error.value;
    return id <= (sealed.answer.value ?? 0);
  };

  const proofOf = async (entry: LogEntry): Promise<Proved> => {
    try {
      if (!(await isSealed(entry))) return { is: 'unsealed' };
      key ??= await api.logKey();
      return await checkProof(entry, await api.logProof(entry.id), key);
    } catch (error) {
      return { is: 'unknown', why: asProblem(error).message };
    }
  };

  /** Proves an entry once; again if that was not possible. */
  const prove = (entry: LogEntry): void => {
    const known = proofs.value.get(entry.id)?.is ?? 'unsealed';
    if (known !== 'unsealed' && known !== 'unknown') return;
    const tell = (found: Proved) => {
      proofs.value = new Map(proofs.value).set(entry.id, found);
    };
    tell({ is: 'waiting' });
    void proofOf(entry).then(tell);
  };

  /** Seals what is not sealed yet, this entry too. */
  const sealNow = async (entry: LogEntry): Promise<void> => {
    await api.sealLog().catch(complain);
    prove(entry);
  };

  return { sealed, check, verify, stop, proofs, prove, sealNow };
};

/** The second line of a checkpoint. */
const sizeIn = (checkpoint: string): number => Number(checkpoint.split('\n')[1] ?? 0);
