/** Lists that the vault answers page by page. */

/**
 * All items of a list.
 *
 * @param fetchPage fetches what follows after `after` ('' for the beginning), and says where the next page begins, if there is one.
 */
export const fetchAll = async <Item>(
  fetchPage: (after: string) => Promise<{ items: readonly Item[]; next: string | undefined }>,
  onProgress: (count: number) => void = () => {},
): Promise<Item[]> => {
  const found: Item[] = [];
  let after: string | undefined = '';
  while (after !== undefined) {
    const page: { items: readonly Item[]; next: string | undefined } = await fetchPage(after);
    for (const item of page.items) found.push(item);
    onProgress(found.length);
    after = page.next;
  }
  return found;
};
