import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { ShoppingList } from "./shopping-list.tsx";

createRoot(document.getElementById("root") as HTMLElement).render(
  <StrictMode>
    <ShoppingList />
  </StrictMode>,
);
