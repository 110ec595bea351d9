/** Runs before the first paint, so that nobody who chose dark sees a flash of light. */
try {
  const name = localStorage.getItem('keystore-theme');
  if (name === 'light' || name === 'dark') document.documentElement.dataset.theme = name;
} catch {
  // Storage may be switched off: the system's theme it is.
}
