/** Speaks to a vault in memory as clients of HashiCorp Vault do. */
import type { startVault } from './vault.ts';

type Started = Pick<Awaited<ReturnType<typeof startVault>>, 'raw'>;

/** The envelope, with every field that a test may look at. */
interface VaultBody {
  request_id?: string;
  data?: {
    data?: Record<string, string> | null;
    metadata?: Record<string, unknown>;
    keys?: string[];
    versions?: Record<string, Record<string, unknown>>;
    [field: string]: unknown;
  } | null;
  warnings?: string[] | null;
  auth?: Record<string, unknown> | null;
  errors?: string[];
}

interface VaultAnswer {
  status: number;
  headers: Headers;
  text: string;
  body: VaultBody;
}

export type VaultClient = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<VaultAnswer>;

const mergePatch = 'application/merge-patch+json';

/** A client with this token, which asks for paths below `/v1/`. */
export const vaultClient =
  ({ raw }: Started, token: string): VaultClient =>
  async (method, path, body, headers = {}) => {
    const type = method === 'PATCH' ? { 'Content-Type': mergePatch } : {};
    const response = await raw(
      new Request(`http://vault.test/v1/${path}`, {
        method,
        headers: { ...(token && { 'X-Vault-Token': token }), ...type, ...headers },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    );
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: text ? JSON.parse(text) : {} };
  };
