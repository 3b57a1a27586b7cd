// Shows messages of Gradio itself, such as one on a file that is too large, as a line of the page, until the next click.
(() => {
  const line = () => document.querySelector(".own-fault");
  new MutationObserver(() => {
    const texts = [...document.querySelectorAll(".toast-wrap [data-testid=toast-text]")].map((text) => text.textContent.trim());
    if (texts.length && line()) Object.assign(line(), { textContent: texts[texts.length - 1], hidden: false });
  }).observe(document, { childList: true, subtree: true });
  document.addEventListener("pointerdown", () => line() && (line().hidden = true));
})();
