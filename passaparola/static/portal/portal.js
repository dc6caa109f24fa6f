// Copying and the device's own share sheet. Everything else on these pages works without script.
(function () {
  "use strict";
  var field = document.querySelector("input[name=csrfmiddlewaretoken]");

  // That she shared is worth knowing, but never worth making her wait for.
  function tell(address) {
    fetch(address, { method: "POST", headers: { "X-CSRFToken": field ? field.value : "" }, keepalive: true }).catch(function () {});
  }

  function copy(text) {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    return new Promise(function (done, failed) {
      var area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      var worked = document.execCommand("copy");
      area.remove();
      worked ? done() : failed();
    });
  }

  document.querySelectorAll("[data-copy]").forEach(function (button) {
    var label = button.querySelector("span");
    var before = label.textContent;
    label.setAttribute("role", "status");
    button.hidden = false;
    button.addEventListener("click", function () {
      copy(button.dataset.copy).then(function () {
        tell(button.dataset.tell);
        label.textContent = button.dataset.done;
        setTimeout(function () { label.textContent = before; }, 2500);
      }, function () { button.parentElement.querySelector("input").select(); });
    });
  });

  if (navigator.share) document.querySelectorAll("[data-share]").forEach(function (button) {
    button.parentElement.hidden = false;
    button.addEventListener("click", function () {
      navigator.share({ title: button.dataset.title, text: button.dataset.text, url: button.dataset.share }).then(function () {
        tell(button.dataset.tell);
      }, function () {});
    });
  });

  document.querySelectorAll("input.link").forEach(function (input) {
    input.addEventListener("focus", function () { input.select(); });
  });
})();
