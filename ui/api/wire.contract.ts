/** Compiles only while what the UI asks fits the worker's schemas of requests. Answers have the worker's own types. */
import type { InferInput } from 'valibot';
import type * as bulkRequests from '../../worker/wire/bulk-requests.ts';
import type * as exposureRequests from '../../worker/wire/exposure-json.ts';
import type * as keyRequests from '../../worker/wire/key-requests.ts';
import type * as projectRequests from '../../worker/wire/project-requests.ts';
import type * as requests from '../../worker/wire/requests.ts';
import type * as tokenRequests from '../../worker/wire/token-requests.ts';
import type * as wire from './wire.ts';

type Is<Given extends Wanted, Wanted> = Given;

export type Requests = [
  Is<wire.NewKey, InferInput<typeof keyRequests.newKey>>,
  Is<wire.KeyChange, InferInput<typeof keyRequests.keyChange>>,
  Is<wire.ImportRequest, InferInput<typeof bulkRequests.keyImport>>,
  Is<{ version: number }, InferInput<typeof keyRequests.versionRestore>>,
  Is<wire.NewToken, InferInput<typeof tokenRequests.newToken>>,
  Is<wire.NewProject, InferInput<typeof projectRequests.newProject>>,
  Is<Pick<wire.Member, 'role'>, InferInput<typeof projectRequests.memberChange>>,
  Is<wire.NewUser, InferInput<typeof requests.newUser>>,
  Is<{ key_id: number; mark: wire.ExposureMark }, InferInput<typeof exposureRequests.exposureMark>>,
  Is<wire.UserChange, InferInput<typeof requests.userChange>>,
];
