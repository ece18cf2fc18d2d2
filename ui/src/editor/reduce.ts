/** What each action makes of the editor. Pure: no clock, no network, no chance. An action about what is no longer there,
 * or about another picture than it was asked for, changes nothing. */

import type { Action, RunNews } from "./actions";
import { pictureOf, type Document, type Editor, type Moment, type Run } from "./document";
import { fitted, isArea, withFound, type Area, type Mark } from "./marks";

const MOMENTS = 100;

export function reduce(editor: Editor, action: Action): Editor {
  switch (action.type) {
    case "opened":
      return opened(editor, action);
    case "restored":
      return { documents: [...action.documents, ...editor.documents], current: editor.current ?? action.current };
    case "closed":
      return closed(editor, action.id);
    case "chosen":
      return editor.documents.some(({ id }) => id === action.id) ? { ...editor, current: action.id } : editor;
    default:
      return change(editor, action.id, (document) => changed(document, action));
  }
}

type Inner = Exclude<Action, { type: "opened" | "restored" | "closed" | "chosen" }>;

function changed(document: Document, action: Inner): Document {
  switch (action.type) {
    case "selected":
      return { ...document, selected: document.marks.some(({ id }) => id === action.mark) ? action.mark : null };
    case "told":
      return { ...document, problem: action.problem };
    case "findStarted":
      if (document.run) return document;
      return { ...document, finding: { id: action.find, picture: pictureOf(document).key }, problem: null };
    case "found":
      return found(document, action.find, action.areas);
    case "findFailed":
      return document.finding?.id === action.find ? { ...document, finding: null, problem: action.problem } : document;
    case "runStarted":
    case "runTold":
    case "runFinished":
    case "runEnded":
      return ran(document, action);
    default:
      return document.run ? document : edited(document, action);
  }
}

type Edit = Extract<
  Inner,
  { type: "marked" | "moved" | "toggled" | "deleted" | "cleared" | "undone" | "redone" | "stepped" }
>;

/** While a run works on the marks nothing changes them. */
function edited(document: Document, action: Edit): Document {
  switch (action.type) {
    case "marked": {
      const mark = fitted(action.mark, pictureOf(document));
      if (!mark) return document;
      const selected = isArea(mark) ? mark.id : null;
      return { ...remember(document, { marks: [...document.marks, mark] }), selected };
    }
    case "moved":
      return changeArea(document, action.mark, (area) => {
        const { confidence: _, ...rest } = area;
        return { ...rest, points: action.points, origin: "drawn" };
      });
    case "toggled":
      return changeArea(document, action.mark, (area) => ({
        ...area,
        effect: area.effect === "erase" ? "keep" : "erase",
      }));
    case "deleted": {
      const marks = document.marks.filter(({ id }) => id !== action.mark);
      if (marks.length === document.marks.length) return document;
      return { ...remember(document, { marks }), selected: null };
    }
    case "cleared":
      return document.marks.length ? { ...remember(document, { marks: [] }), selected: null } : document;
    case "undone":
      return wentBack(document);
    case "redone":
      return wentForward(document);
    case "stepped": {
      if (action.at === document.at || !document.steps[action.at]) return document;
      return { ...remember(document, { at: action.at, marks: [] }), selected: null, finding: null };
    }
  }
}

function opened(editor: Editor, action: Extract<Action, { type: "opened" }>): Editor {
  const document: Document = {
    id: action.id,
    name: action.name,
    format: action.format,
    steps: [{ picture: action.picture, facts: null }],
    at: 0,
    marks: [],
    past: [],
    future: [],
    selected: null,
    finding: null,
    searched: [],
    run: null,
    problem: null,
  };
  return { documents: [...editor.documents, document], current: editor.current ?? action.id };
}

function closed(editor: Editor, id: string): Editor {
  const place = editor.documents.findIndex((document) => document.id === id);
  if (place < 0) return editor;
  const documents = editor.documents.filter((document) => document.id !== id);
  const next = documents[Math.min(place, documents.length - 1)]?.id ?? null;
  return { documents, current: editor.current === id ? next : editor.current };
}

function found(document: Document, find: string, areas: readonly Area[]): Document {
  const picture = pictureOf(document);
  if (document.finding?.id !== find || document.run) return document;
  if (document.finding.picture !== picture.key) return { ...document, finding: null };
  const inside = areas.map((area) => fitted(area, picture)).filter((mark) => mark !== null) as Area[];
  const searched = [...new Set([...document.searched, picture.key])];
  const done = { ...document, finding: null, searched };
  return inside.length || document.marks.length ? remember(done, { marks: withFound(document.marks, inside) }) : done;
}

type RunAction = Extract<Inner, { type: "runStarted" | "runTold" | "runFinished" | "runEnded" }>;

function ran(document: Document, action: RunAction): Document {
  if (action.type === "runStarted") {
    if (document.run) return document;
    return { ...document, run: freshRun(action.run, pictureOf(document).key, action.now), finding: null, problem: null };
  }
  const run = document.run;
  if (!run || run.id !== action.run) return document;
  switch (action.type) {
    case "runTold":
      return { ...document, run: told(run, action.news) };
    case "runEnded":
      return { ...document, run: null, problem: action.problem };
    case "runFinished": {
      const steps = [
        ...document.steps.slice(0, document.at + 1),
        { picture: action.picture, facts: action.facts },
      ];
      const next = remember({ ...document, run: null }, { steps, at: steps.length - 1, marks: [] });
      return { ...next, selected: null };
    }
  }
}

const freshRun = (id: string, picture: string, startedAt: number): Run => ({
  id,
  picture,
  stage: "queued",
  part: 0,
  done: null,
  overall: 0,
  place: null,
  remaining: null,
  startedAt,
  lost: false,
  cancelling: false,
});

const told = (run: Run, news: RunNews): Run => ({
  ...run,
  ...news,
  overall: Math.max(run.overall, news.overall ?? 0),
  cancelling: run.cancelling || (news.cancelling ?? false),
});

const moment = ({ steps, at, marks }: Moment): Moment => ({ steps, at, marks });

function remember(document: Document, next: Partial<Moment>): Document {
  return { ...document, ...next, past: [...document.past.slice(1 - MOMENTS), moment(document)], future: [] };
}

function wentBack(document: Document): Document {
  const last = document.past.at(-1);
  if (!last) return document;
  return arrived(document, last, document.past.slice(0, -1), [moment(document), ...document.future]);
}

function wentForward(document: Document): Document {
  const [next, ...future] = document.future;
  if (!next) return document;
  return arrived(document, next, [...document.past, moment(document)], future);
}

/** A search for text in a picture that is no longer shown is of no use. */
function arrived(document: Document, at: Moment, past: readonly Moment[], future: readonly Moment[]): Document {
  const finding = pictureOf(at).key === document.finding?.picture ? document.finding : null;
  return { ...document, ...at, past, future, finding, selected: null, problem: null };
}

function changeArea(document: Document, id: string, how: (area: Area) => Area): Document {
  const old = document.marks.find((mark): mark is Area => mark.id === id && isArea(mark));
  const next = old && fitted(how(old), pictureOf(document));
  if (!old || !next) return document;
  const marks: Mark[] = document.marks.map((mark) => (mark.id === id ? next : mark));
  return { ...remember(document, { marks }), selected: id };
}

function change(editor: Editor, id: string, how: (document: Document) => Document): Editor {
  const old = editor.documents.find((document) => document.id === id);
  const next = old && how(old);
  if (!old || !next || next === old) return editor;
  return { ...editor, documents: editor.documents.map((document) => (document === old ? next : document)) };
}
