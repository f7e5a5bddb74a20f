// Runs before the first paint, so that a dark page does not flash white. A file, because inline scripts are forbidden.
(function () {
  var stored = null;
  try {
    stored = localStorage.getItem("lanyard.scheme");
  } catch (_) {
    // Storage may be switched off; the system's choice is then the answer.
  }
  var dark = stored === "dark" || (stored !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.setAttribute("data-mantine-color-scheme", dark ? "dark" : "light");
})();
