// The secret of an invitation stands behind the # of its link, where no server sees it.
// It goes into the form and out of the address, so that going back does not show it.
function take() {
  const form = document.querySelector("form[data-join]");
  const secret = /^#?(spi_.+)/.exec(location.hash || form?.elements.link.value)?.[1];
  if (!secret || document.querySelector(".trouble")) return;
  form.elements.link.value = secret;
  history.replaceState(null, "", "/join");
  form.requestSubmit();
}
if (document.querySelector("form[data-join]")) {
  take();
  addEventListener("hashchange", take);
}
