/** Compiles only while the worker's answers and requests match the types that the UI uses. */
import type { InferInput } from 'valibot';
import type * as bulkJson from '../../worker/wire/bulk-json.ts';
import type * as bulkRequests from '../../worker/wire/bulk-requests.ts';
import type * as json from '../../worker/wire/json.ts';
import type * as keyJson from '../../worker/wire/key-json.ts';
import type * as keyRequests from '../../worker/wire/key-requests.ts';
import type * as projectJson from '../../worker/wire/project-json.ts';
import type * as projectRequests from '../../worker/wire/project-requests.ts';
import type * as requests from '../../worker/wire/requests.ts';
import type * as tokenJson from '../../worker/wire/token-json.ts';
import type * as tokenRequests from '../../worker/wire/token-requests.ts';
import type * as wire from './wire.ts';

type Is<Given extends Wanted, Wanted> = Given;

export type Answers = [
  Is<NonNullable<ReturnType<typeof json.session>>, wire.Session>,
  Is<json.KeyList, wire.KeyList>,
  Is<ReturnType<typeof keyJson.key>, wire.Key>,
  Is<ReturnType<typeof keyJson.careList>, wire.CareList>,
  Is<ReturnType<typeof keyJson.versionList>, wire.VersionList>,
  Is<ReturnType<typeof keyJson.trashList>, wire.Trash>,
  Is<ReturnType<typeof bulkJson.values>, wire.ManyValues>,
  Is<ReturnType<typeof projectJson.projectList>, wire.ProjectList>,
  Is<ReturnType<typeof projectJson.project>, wire.ProjectWithMembers>,
  Is<ReturnType<typeof tokenJson.tokenList>, wire.TokenList>,
  Is<NonNullable<ReturnType<typeof tokenJson.madeToken>>, wire.MadeToken>,
  Is<json.LogList, wire.LogList>,
  Is<ReturnType<typeof json.activity>, wire.Activity>,
  Is<ReturnType<typeof json.lastUses>, wire.LastUses>,
  Is<ReturnType<typeof json.userList>, wire.UserList>,
  Is<ReturnType<typeof json.sessionList>, wire.SessionList>,
];

export type Requests = [
  Is<wire.NewKey, InferInput<typeof keyRequests.newKey>>,
  Is<wire.KeyChange, InferInput<typeof keyRequests.keyChange>>,
  Is<wire.ImportRequest, InferInput<typeof bulkRequests.keyImport>>,
  Is<{ version: number }, InferInput<typeof keyRequests.versionRestore>>,
  Is<wire.NewToken, InferInput<typeof tokenRequests.newToken>>,
  Is<wire.NewProject, InferInput<typeof projectRequests.newProject>>,
  Is<Pick<wire.Member, 'role'>, InferInput<typeof projectRequests.memberChange>>,
  Is<wire.NewUser, InferInput<typeof requests.newUser>>,
  Is<wire.UserChange, InferInput<typeof requests.userChange>>,
];
