// Runs before the first paint, so that a chosen theme does not flash.
(() => {
  try {
    const chosen = localStorage.getItem("anvil-theme");
    if (chosen) document.documentElement.dataset.theme = chosen;
  } catch {
    // Storage may be switched off: the system's theme is used.
  }
})();
