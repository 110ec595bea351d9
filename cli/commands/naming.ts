/** The options that name variables. */

import type { Naming } from '../formats/variables.ts';
import type { Given } from './arguments.ts';

export function namingOf(given: Given): Naming {
  return {
    only: given.parts('only'),
    except: given.parts('except'),
    map: given.list('map'),
    prefix: given.text('prefix') ?? '',
    allow: given.parts('allow'),
  };
}
