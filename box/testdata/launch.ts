/** Runs a vault of a test's own: `node launch.ts <project folder>`. */
import { main } from '../commands/start.ts';

await main(process.argv[2] ?? '.');
