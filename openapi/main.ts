/** Prints the API document and its page, as JSON. The build bundles this, since Node.js alone does not load the worker, and runs it. */
import { makeDocument } from './document.ts';
import { pageOf } from './page.ts';

const document = makeDocument();
process.stdout.write(JSON.stringify({ document: `${JSON.stringify(document)}\n`, page: pageOf(document) }));
