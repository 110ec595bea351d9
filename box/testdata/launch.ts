/** Runs the vault of a test: `node launch.ts <project folder>`. */
import { main } from '../commands/start.ts';

await main(process.argv[2] ?? '.');
