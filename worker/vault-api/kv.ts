/** The secrets engine KV version 2, mounted at `secret/`: a table of contents, one line for each route. */
import { type AppContext, router } from '../http/context.ts';
import { send } from '../http/send.ts';
import { readKeptVersions } from '../operations/kv-settings.ts';
import { annotatePath } from '../operations/path-annotate.ts';
import { describePath } from '../operations/path-describe.ts';
import { destroyVersions, erasePath } from '../operations/path-destroy.ts';
import { listPath } from '../operations/path-list.ts';
import { readPath } from '../operations/path-read.ts';
import { deletePath, undeletePath } from '../operations/path-trash.ts';
import { writePath } from '../operations/path-write.ts';
import { answer } from './answer.ts';
import { errors, noContent } from './envelope.ts';
import * as json from './kv-json.ts';
import * as asked from './kv-requests.ts';

const root = '/v1/secret';
const done = () => noContent;
const write = answer(writePath, asked.dataWrite, json.pathWritten);
const remove = answer(deletePath, asked.versionsDelete, done);
const destroy = answer(destroyVersions, asked.versionsDestroy, done);
const list = answer(listPath, asked.metadataList, json.pathList);
const describe = answer(describePath, asked.metadataRead, json.metadata);
const annotate = answer(annotatePath, asked.metadataWrite, (result, input, c) =>
  json.annotated(result, input, c.get('vault').limits.keptVersions),
);
const undelete = answer(undeletePath, asked.versionsUndelete, done);

/** A LIST arrives as a GET that asks for a list. Where there is none, it must not be answered like a GET. */
const unlessList =
  (get: (c: AppContext) => Promise<Response>) =>
  (c: AppContext): Response | Promise<Response> =>
    asked.asksForList(c) ? send(c, noList) : get(c);
const noList = errors(405, ['unsupported operation', `Lists are at ${root}/metadata/.`], { Allow: 'GET, HEAD' });

export const kv = router()
  .get(
    `${root}/config`,
    answer(readKeptVersions, () => ({ input: {} }), json.config),
  )
  .get(`${root}/data/*`, unlessList(answer(readPath, asked.dataRead, json.pathRead)))
  .post(`${root}/data/*`, write)
  .put(`${root}/data/*`, write)
  .patch(`${root}/data/*`, write)
  .delete(`${root}/data/*`, answer(deletePath, asked.dataDelete, done))
  .post(`${root}/delete/*`, remove)
  .put(`${root}/delete/*`, remove)
  .post(`${root}/undelete/*`, undelete)
  .put(`${root}/undelete/*`, undelete)
  .post(`${root}/destroy/*`, destroy)
  .put(`${root}/destroy/*`, destroy)
  .get(`${root}/metadata/*`, (c) => (asked.asksForList(c) ? list(c) : describe(c)))
  .post(`${root}/metadata/*`, annotate)
  .put(`${root}/metadata/*`, annotate)
  .patch(`${root}/metadata/*`, annotate)
  .delete(`${root}/metadata/*`, answer(erasePath, asked.pathErase, done))
  .get(`${root}/subkeys/*`, unlessList(answer(describePath, asked.subkeysRead, json.subkeys)));
