import { DurableObject } from 'cloudflare:workers';

/**
 * Holds the data folder against `npm start`, by SQLite's own lock on a file that both know (see box/data/lock.ts): an open
 * database in WAL mode is locked for sharing, and `npm start` locks the file for itself alone. Both are locks of the kernel's
 * and end with the process. Two standalone vaults are kept apart by the launcher.
 */
export class FolderLock extends DurableObject {
  override async fetch(): Promise<Response> {
    this.ctx.storage.sql.exec('CREATE TABLE IF NOT EXISTS holder (since TEXT NOT NULL)');
    this.ctx.storage.sql.exec('DELETE FROM holder');
    this.ctx.storage.sql.exec('INSERT INTO holder VALUES (?)', new Date().toISOString());
    await this.ctx.storage.sync();
    return new Response(null);
  }
}
