/** From keys to environment variables: which ones, and under which names. */

import { exitCodes, Failure, usageFailure } from '../terminal/failure.ts';
import type { Layer } from '../vault/values.ts';
import { isRefusedName } from './refused-names.ts';

/** How the command line wants variables to be named. A key is given by its full name, or by the rest of it below its folder. */
export interface Naming {
  /** Only these, by key or by variable. */
  only: readonly string[];
  except: readonly string[];
  /** Keys and the variables that they become, as `KEY=VARIABLE`. */
  map: readonly string[];
  /** Put before each name that is not mapped. */
  prefix: string;
  /** Variables that are taken though programs act upon them. */
  allow: readonly string[];
}

export interface Variable {
  variable: string;
  key: string;
  value: string;
}

/**
 * The variables that layers of keys make. Of one name in two layers the later one counts.
 *
 * @throws Failure if two keys of a layer make the same variable, a name is none or is refused, or an option names nothing.
 */
export function variablesOf(layers: readonly Layer[], naming: Naming): Variable[] {
  const uses = new Uses(naming);
  const all = new Map<string, Variable>();
  for (const layer of layers) {
    const own = new Map<string, Variable>();
    for (const [key, value] of Object.entries(layer.values)) {
      const variable = uses.variableOf(layer.folder, key);
      if (variable === undefined) continue;
      checkName(variable, key, naming.allow);
      const other = own.get(variable);
      if (other !== undefined) {
        throw usageFailure(
          `${other.key} and ${key} both become ${variable}. Rename one with --map, or leave one out with --except.`,
        );
      }
      own.set(variable, { variable, key, value });
    }
    for (const [variable, found] of own) all.set(variable, found);
  }
  uses.checkAllUsed();
  return [...all.values()];
}

/** The options, and which of them have met a key. */
class Uses {
  readonly #naming: Naming;
  readonly #map: [key: string, variable: string][];
  readonly #unused: Set<string>;

  constructor(naming: Naming) {
    this.#naming = naming;
    this.#map = naming.map.map((entry) => pairOf(entry, '--map'));
    this.#unused = new Set([...naming.only, ...naming.except, ...this.#map.map(([key]) => key)]);
  }

  /** What a key becomes; undefined if it is left out. */
  variableOf(folder: string, key: string): string | undefined {
    const names = [key, key.slice(folder.length)];
    const mapped = this.#map.find(([name]) => names.includes(name));
    if (mapped) this.#unused.delete(mapped[0]);
    const variable = mapped?.[1] ?? this.#naming.prefix + key.slice(key.lastIndexOf('/') + 1);
    const isNamed = (list: readonly string[]) => this.#find(list, [...names, variable]);
    if (isNamed(this.#naming.except)) return undefined;
    return this.#naming.only.length === 0 || isNamed(this.#naming.only) ? variable : undefined;
  }

  #find(list: readonly string[], names: readonly string[]): boolean {
    const found = list.filter((name) => names.includes(name));
    for (const name of found) this.#unused.delete(name);
    return found.length > 0;
  }

  checkAllUsed(): void {
    const [name] = this.#unused;
    if (name === undefined) return;
    throw new Failure(`There is no key ${name} among those that were read. See: keystore ls`, exitCodes.notFound);
  }
}

/** `LEFT=RIGHT`; names of keys may hold `=`, so the last one counts. */
export function pairOf(text: string, option: string): [left: string, right: string] {
  const equals = text.lastIndexOf('=');
  if (equals < 1 || equals === text.length - 1)
    throw usageFailure(`${option} ${text} lacks a part: write it as KEY=NAME.`);
  return [text.slice(0, equals), text.slice(equals + 1)];
}

function checkName(variable: string, key: string, allow: readonly string[]): void {
  // https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap08.html
  if (!/^[A-Za-z_]\w*$/.test(variable)) {
    throw usageFailure(
      `${key} would become the variable ${variable}, but such a name has only letters, digits and _. Give it another one: ` +
        `--map '${key}=NAME', or leave it out: --except '${key}'`,
    );
  }
  if (isRefusedName(variable) && !allow.includes(variable)) {
    throw usageFailure(
      `${key} would become ${variable}, which changes how programs run. Leave it out: --except '${key}'. If you trust ` +
        `whoever can change this key: --allow ${variable}`,
    );
  }
}
