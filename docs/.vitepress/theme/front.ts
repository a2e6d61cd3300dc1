import { withBase } from "vitepress";
import { h, type VNode } from "vue";

const actions = [
  { text: "Start in five minutes", link: "/start.html", class: "brand" },
  { text: "How it works", link: "/ideas.html", class: "alt" },
  { text: "Questions", link: "/questions.html", class: "alt" },
];

/** The first thing that is seen of the site: what it is, in one sentence, and where to go. */
export function front(): VNode {
  return h("section", { class: "front" }, [
    h("p", { class: "front-name" }, "Skein"),
    h("h1", { class: "front-claim" }, "Programs talk to each other directly"),
    h(
      "p",
      { class: "front-more" },
      "Typed messages between browser tabs, Node programs and agents in any language: over WebRTC where it can be, over an end-to-end encrypted relay where it can't, and from one to the other without losing any.",
    ),
    h(
      "p",
      { class: "front-actions" },
      actions.map(({ text, link, class: kind }) =>
        h("a", { class: `front-action ${kind}`, href: withBase(link) }, text),
      ),
    ),
  ]);
}
