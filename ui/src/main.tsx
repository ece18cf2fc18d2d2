import { render } from "preact";

import "./style.css";
import { language, words } from "./words";
import { App } from "./views/App";
import { announce } from "./views/announce";
import { listen } from "./views/keys";
import { followSteps } from "./views/ui";
import { start } from "./work/session";

document.documentElement.lang = language;
document.title = words.title;
render(<App />, document.getElementById("app") as HTMLElement);
listen();
followSteps();
announce();
void start();
