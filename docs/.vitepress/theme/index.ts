import type { Theme } from "vitepress";
import DefaultTheme from "vitepress/theme";
import { h } from "vue";
import { Diagram } from "./diagram.ts";
import { front } from "./front.ts";
import "./style.css";

const theme: Theme = {
  extends: DefaultTheme,
  Layout: () => h(DefaultTheme.Layout, null, { "home-hero-before": front }),
  enhanceApp: ({ app }) => {
    app.component("Diagram", Diagram);
  },
};

export default theme;
