/** Which button was pressed: it is marked as busy while the request is under way that the press began. */

/** In a row that has the focus, the last button stands for what a letter does. */
const buttonOf = (target: Element): Element | null =>
  target.closest('button') ?? target.closest('[role="row"]')?.querySelector('.cell-actions > button') ?? null;

let pressed: Element | null = null;

const onPress = ({ target }: Event) => {
  pressed = target instanceof Element ? buttonOf(target) : null;
  // A request that the press begins is sent before the next task.
  setTimeout(() => {
    pressed = null;
  });
};

if (globalThis.document) for (const type of ['click', 'keydown']) document.addEventListener(type, onPress, true);

/** @returns a function to call when the request is over. The style sheets show the mark only after a moment. */
export const markPressed = (): (() => void) => {
  const mine = pressed;
  if (!mine || mine.ariaBusy) return () => {};
  mine.ariaBusy = 'true';
  return () => {
    mine.ariaBusy = null;
  };
};
