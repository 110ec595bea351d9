/** Leaves of events that are in archive files. */
export interface ArchivedLeaves {
  digest(id: number): string | undefined;
}
export const noArchives: ArchivedLeaves = { digest: () => undefined };
