// Before the first paint: follow the system where nobody chose (the choice comes from the server, by cookie).
(function () {
  var root = document.documentElement;
  root.classList.add("js");
  if (root.dataset.bsTheme) return;
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  function follow() { root.dataset.bsTheme = dark.matches ? "dark" : "light"; }
  follow();
  dark.addEventListener("change", follow);
})();
