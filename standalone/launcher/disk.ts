/** Files by way of a `disk` service of the runtime, which answers HTTP. Paths are absolute. */

export type Disk = ReturnType<typeof createDisk>;

const overlapBytes = 64;

export const createDisk = (service: Fetcher) => {
  const open = async (path: string, method = 'GET'): Promise<Response | undefined> => {
    const url = `http://disk${path.split('/').map(encodeURIComponent).join('/')}`;
    const response = await service.fetch(url, { method });
    if (response.status === 404) return undefined;
    // A folder is answered with a list of its files, as JSON.
    if (response.headers.get('Content-Type') !== 'application/octet-stream') throw new Error(`${path} is not a file`);
    return response;
  };
  return {
    /** The text of a file; undefined if there is none. Rejects if it is not a regular file or may not be read. */
    async read(path: string) {
      const bytes = await (await open(path))?.arrayBuffer();
      return bytes && new TextDecoder('utf-8', { fatal: false, ignoreBOM: true }).decode(bytes);
    },
    /** The first bytes of a file, or all of it; undefined if there is none. */
    async bytes(path: string, max = Number.POSITIVE_INFINITY) {
      const chunks: Uint8Array[] = [];
      let size = 0;
      const body = (await open(path))?.body;
      if (!body) return undefined;
      for await (const chunk of body) {
        chunks.push(chunk);
        size += chunk.length;
        if (size >= max) break;
      }
      return new Uint8Array(await new Blob(chunks).arrayBuffer()).slice(0, max);
    },
    /** The size of a file in bytes; else as above. */
    async size(path: string) {
      const response = await open(path, 'HEAD');
      return response && Number(response.headers.get('Content-Length'));
    },
    /** Whether a predicate holds for a part of a file, as Latin-1 text. The parts overlap by 64 bytes. */
    async find(path: string, isFound: (text: string) => boolean) {
      const decoder = new TextDecoder('latin1');
      let text = '';
      for await (const chunk of (await open(path))?.body ?? []) {
        text = text.slice(-overlapBytes) + decoder.decode(chunk);
        if (isFound(text)) return true;
      }
      return false;
    },
  };
};
