/** Notices the end of npm, which passes on SIGTERM and SIGINT to the program that it runs, but no other signal. */

const checkIntervalMs = 500;

/**
 * Calls `onEnd` when the npm that has started this program has ended. The scripts in package.json begin with `exec`, so npm is
 * the parent; a program that was started otherwise may outlive its parent.
 */
export function whenNpmEnds(env: NodeJS.ProcessEnv, onEnd: () => void): void {
  if (!env.npm_lifecycle_script?.startsWith('exec node ')) return;
  const npm = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === npm) return;
    clearInterval(timer);
    onEnd();
  }, checkIntervalMs).unref();
}
