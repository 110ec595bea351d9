import { DurableObject } from 'cloudflare:workers';

/**
 * Locks the data folder against `npm start`, by SQLite's lock on a file that both know (box/data/lock.ts): a database that is
 * open in WAL mode is locked for sharing, and `npm start` needs an exclusive lock. The kernel releases both when the process
 * ends. Two standalone vaults are kept apart by the launcher.
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
