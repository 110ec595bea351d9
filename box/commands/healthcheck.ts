/** For Docker's HEALTHCHECK, in an image without curl: exits with 0 if the vault is healthy. */
const port = process.env.PORT || '5000';
const healthy = await fetch(`http://127.0.0.1:${port}/health`, { signal: AbortSignal.timeout(4_000) }).then(
  (response) => response.ok,
  () => false,
);
process.exitCode = healthy ? 0 : 1;

export {};
