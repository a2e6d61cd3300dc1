import address from "@mermaid-js/tiny/dist/mermaid.tiny.js?url";
import { useData } from "vitepress";
import { defineComponent, h, onMounted, ref, useId, watch } from "vue";

interface Mermaid {
  initialize(options: Readonly<Record<string, unknown>>): void;
  render(id: string, text: string): Promise<{ readonly svg: string }>;
}

let loading: Promise<Mermaid> | undefined;

/** It is larger than all else of the site, so that only pages with diagrams load it. */
function load(): Promise<Mermaid> {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => resolve((globalThis as unknown as { mermaid: Mermaid }).mermaid);
    script.onerror = () => reject(new Error("The diagrams' program can't be loaded."));
    document.head.append(script);
  });
  return loading;
}

/** A diagram that a page has as text, drawn in the colours of the site; the text itself, until it is drawn and where it can't be. */
export const Diagram = defineComponent({
  props: { text: { type: String, required: true } },
  setup(props) {
    const { isDark } = useData();
    const id = `diagram-${useId()}`;
    const svg = ref("");
    let drawn = 0;
    const draw = async (): Promise<void> => {
      const number = ++drawn;
      const mermaid = await load();
      mermaid.initialize({ startOnLoad: false, theme: isDark.value ? "dark" : "neutral", fontFamily: "inherit" });
      const drawing = await mermaid.render(`${id}-${number}`, decodeURIComponent(props.text));
      // The colours may have changed once more meanwhile.
      if (number === drawn) svg.value = drawing.svg;
    };
    onMounted(draw);
    watch(isDark, draw);
    return () =>
      svg.value === ""
        ? h("pre", { class: "diagram" }, decodeURIComponent(props.text))
        : h("div", { class: "diagram", innerHTML: svg.value });
  },
});
