// Shows messages of Gradio itself, such as one on a file that is too large, as a line of the page, until the next click.
(() => {
  const line = () => document.querySelector(".own-fault");
  let told = 0;
  new MutationObserver(() => {
    const texts = document.querySelectorAll(".toast-wrap [data-testid=toast-text]");
    // Writing the line is a change, too.
    if (texts.length > told && line()) {
      Object.assign(line(), { textContent: texts[texts.length - 1].textContent.trim(), hidden: false });
    }
    told = texts.length;
  }).observe(document, { childList: true, subtree: true });
  document.addEventListener("pointerdown", () => line() && (line().hidden = true));
})();
